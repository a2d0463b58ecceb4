//! What `metrics.exclude` makes superfluous.

use super::super::account::AccountConfig;
use crate::collector::Collector;
use crate::metrics::catalogue::{self, Source};

/// Whether `metrics.exclude` leaves nothing of a collector, so that its calls would be in vain. The inventory is never idle: without
/// it nobody knows whom to ask.
pub fn is_idle(account: &AccountConfig, collector: Collector) -> bool {
    nothing_left(account, collector, |_| true)
}

/// Whether a collector makes a call, by its `call` label, for any metric that is left.
pub fn asks(account: &AccountConfig, collector: Collector, call: &str) -> bool {
    !nothing_left(account, collector, |source| source.calls.contains(&call))
}

/// Whether all metrics are excluded that a collector has from such a source.
fn nothing_left(account: &AccountConfig, collector: Collector, of: impl Fn(&Source) -> bool) -> bool {
    if collector == Collector::Inventory || account.metrics_exclude.is_empty() {
        return false;
    }
    let platform = account.platform_name();
    let fed = catalogue::families().iter().filter(|family| {
        let source = family.source(platform).filter(|_| family.is_fleet());
        source.is_some_and(|source| source.collectors.contains(&collector) && of(source))
    });
    let excluded = |name: &str| account.metrics_exclude.iter().any(|exclude| exclude.is_match(name));
    fed.map(|family| family.name).all(excluded)
}
