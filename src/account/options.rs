//! What the configuration of an account means for its planner and its fleet.

use std::collections::BTreeMap;
use std::time::Duration;

use super::pace;
use crate::collector::Collector;
use crate::config::{AccountConfig, CollectorConfig, PlatformOptions, defaults};
use crate::fleet::Mappings;
use crate::fleet::store::FleetOptions;
use crate::planner::{LEAST_REAL_FLOOR, Limits, Want};
use crate::platform::PlatformName;

/// How long Tactical's server goes on with a call that the client gave up: up to its own limit (uWSGI harakiri, 300 s).
const LINGERS: Duration = Duration::from_mins(5);

/// What the account may ask of its server.
#[must_use]
pub fn limits(config: &AccountConfig) -> Limits {
    let linger = match config.platform_name() {
        PlatformName::Nsight => Duration::ZERO,
        PlatformName::Tactical if config.min_interval >= LEAST_REAL_FLOOR => LINGERS,
        // As many floors as are in it by default: like every delay it shrinks with the intervals of a simulator.
        PlatformName::Tactical => config.min_interval.saturating_mul(5),
    };
    Limits {
        min_interval: config.min_interval,
        requests_per_minute: config.requests_per_minute,
        max_concurrent: config.max_concurrent_requests,
        linger_after_timeout: linger,
        // A few seconds, so that exporters restarted together do not call together; none for a simulator.
        start_jitter: if config.is_loopback() { Duration::ZERO } else { Duration::from_secs(5) },
    }
}

/// How long data are good: as configured, and longer where a collector's calls are made less often than configured, for else
/// its data would come and go: by design (one for each client in place of one for the account, say), or because the budget does
/// not suffice. What somebody configured to be shorter than by default is not lengthened by the latter.
#[must_use]
pub fn stale_after<C>(config: &AccountConfig, wants: &[Want<C>]) -> BTreeMap<Collector, Duration> {
    let configured = config.collectors.iter().map(|(collector, settings)| (*collector, settings.stale_after));
    let mut stale_after: BTreeMap<_, _> = configured.collect();
    let mut lengthen = |collector: &Collector, least: Duration| {
        if let Some(good) = stale_after.get_mut(collector) {
            *good = (*good).max(least);
        }
    };
    for want in wants {
        if config.collectors.get(&want.collector).is_some_and(|settings| want.interval > settings.interval) {
            lengthen(&want.collector, want.interval.saturating_mul(3));
        }
    }
    for (collector, round) in pace::rounds(wants, config.requests_per_minute) {
        let usual = |settings: &CollectorConfig| settings.stale_after >= defaults::stale_after(settings.interval);
        if config.collectors.get(&collector).is_some_and(|settings| round > settings.interval && usual(settings)) {
            // Long enough that data stay until their next turn, and no longer.
            lengthen(&collector, round.saturating_add(round / 2));
        }
    }
    stale_after
}

/// How the fleet of the account is kept.
#[must_use]
pub fn fleet_options(config: &AccountConfig) -> FleetOptions {
    let (time_zone, mappings) = match &config.platform {
        PlatformOptions::Nsight(options) => (options.time_zone.clone(), Mappings::default()),
        PlatformOptions::Tactical(options) => (options.time_zone.clone(), options.mappings.clone()),
    };
    FleetOptions {
        platform: config.platform_name(),
        filter: config.filter.clone(),
        checks_mode: config.checks_mode,
        stale_after: stale_after::<()>(config, &[]),
        time_zone,
        mappings,
    }
}
