//! What holds when the configuration says nothing, and how far it may go.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;

use super::account::{AccountConfig, ChecksMode, CollectorConfig, KeySource, PlatformOptions, TlsOptions, is_loopback};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::Filter;
use crate::platform::{PlatformName, nsight, tactical};

/// Least time for which data are good when the configuration says nothing.
const LEAST_STALE_AFTER: Duration = Duration::from_mins(15);

/// The collectors of a platform.
#[must_use]
pub const fn collectors(platform: PlatformName) -> &'static [CollectorDefaults] {
    match platform {
        PlatformName::Nsight => nsight::COLLECTORS,
        PlatformName::Tactical => tactical::COLLECTORS,
    }
}

/// Whether a collector runs when the `collectors` section says nothing: with a monitoring token there is more to read of
/// the server than its version.
#[must_use]
pub fn is_on(defaults: &CollectorDefaults, options: &PlatformOptions) -> bool {
    defaults.enabled || (defaults.collector == Collector::Server && options.has_monitoring_token())
}

/// Least interval of a collector, besides the account's `min_interval`: an hour for the server's version, without a
/// monitoring token. Data are good for three intervals, so an interval that is not kept would leave gaps.
#[must_use]
pub fn least_interval(collector: Collector, options: &PlatformOptions) -> Duration {
    if collector == Collector::Server && !options.has_monitoring_token() {
        Duration::from_hours(1)
    } else {
        Duration::ZERO
    }
}

/// The interval of a collector when the `collectors` section says nothing.
#[must_use]
pub fn interval(defaults: &CollectorDefaults, options: &PlatformOptions) -> Duration {
    defaults.interval.max(least_interval(defaults.collector, options))
}

/// How far an account may go. A server on this machine has no limits: it is a simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Least `min_interval`.
    pub least_min_interval: Duration,
    /// `min_interval` when the configuration says nothing.
    pub min_interval: Duration,
    /// Most `requests_per_minute`.
    pub most_requests_per_minute: u32,
    /// `requests_per_minute` when the configuration says nothing.
    pub requests_per_minute: u32,
    /// Least `timeout`.
    pub least_timeout: Duration,
}

/// The limits of a platform.
#[must_use]
pub const fn limits(platform: PlatformName, loopback: bool) -> Limits {
    let limits = match platform {
        PlatformName::Nsight => Limits {
            least_min_interval: Duration::from_secs(90),
            min_interval: Duration::from_secs(90),
            most_requests_per_minute: 60,
            requests_per_minute: 30,
            least_timeout: Duration::from_secs(1),
        },
        PlatformName::Tactical => Limits {
            least_min_interval: Duration::from_secs(15),
            min_interval: Duration::from_mins(1),
            most_requests_per_minute: 600,
            requests_per_minute: 120,
            least_timeout: Duration::from_secs(1),
        },
    };
    if loopback {
        Limits {
            least_min_interval: Duration::ZERO,
            most_requests_per_minute: u32::MAX,
            least_timeout: Duration::from_millis(1),
            ..limits
        }
    } else {
        limits
    }
}

/// User-Agent when the configuration says nothing. N-sight's firewall lets only browser-like ones through.
#[must_use]
pub fn user_agent() -> String {
    format!("Mozilla/5.0 (compatible; rmm-exporter/{})", env!("CARGO_PKG_VERSION"))
}

/// How long the data of a collector are good when the account has no `stale_after`.
#[must_use]
pub fn stale_after(interval: Duration) -> Duration {
    interval.saturating_mul(3).max(LEAST_STALE_AFTER)
}

/// An account with every default: what the environment configures, and what a file starts from.
#[must_use]
pub fn account(name: &str, platform: PlatformOptions, server: Url, api_key: KeySource) -> AccountConfig {
    let mut account = AccountConfig {
        name: name.to_owned(),
        platform,
        server,
        console_url: String::new(),
        api_key,
        requests_per_minute: 0,
        max_concurrent_requests: 2,
        min_interval: Duration::ZERO,
        timeout: Duration::from_mins(1),
        max_series: 1_000_000,
        filter: Filter::default(),
        checks_mode: ChecksMode::default(),
        metrics_exclude: Vec::new(),
        tls: TlsOptions::default(),
        proxy: None,
        user_agent: user_agent(),
        collectors: BTreeMap::new(),
    };
    let limits = limits(account.platform_name(), is_loopback(&account.server));
    account.requests_per_minute = limits.requests_per_minute;
    account.min_interval = limits.min_interval;
    account.collectors = collectors(account.platform_name())
        .iter()
        .filter(|defaults| is_on(defaults, &account.platform))
        .map(|defaults| {
            let interval = interval(defaults, &account.platform);
            (defaults.collector, CollectorConfig { interval, stale_after: stale_after(interval) })
        })
        .collect();
    account
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_good_for_three_intervals_and_at_least_a_quarter_of_an_hour() {
        assert_eq!(stale_after(Duration::from_mins(2)), Duration::from_mins(15));
        assert_eq!(stale_after(Duration::from_hours(1)), Duration::from_hours(3));
    }

    #[test]
    fn default_intervals_keep_the_default_floor() {
        for platform in [PlatformName::Nsight, PlatformName::Tactical] {
            let floor = limits(platform, false).min_interval;
            assert!(collectors(platform).iter().all(|defaults| defaults.interval >= floor));
        }
    }
}
