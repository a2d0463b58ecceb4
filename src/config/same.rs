//! Whether two configurations are the same: then a reload leaves the account alone. Regular expressions are the same when their
//! texts are.
//!
//! Everything is taken apart, so that a new option which is forgotten here does not compile.

use regex::Regex;
use secrecy::ExposeSecret;

use super::{AccountConfig, KeySource};
use crate::fleet::filter::NameFilter;
use crate::fleet::{CheckSelector, Mapping};
use crate::metrics::Limits;

impl PartialEq for AccountConfig {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            name,
            platform,
            server,
            console_url,
            api_key,
            requests_per_minute,
            max_concurrent_requests,
            min_interval,
            timeout,
            max_series,
            filter,
            checks_mode,
            metrics_exclude,
            tls,
            proxy,
            user_agent,
            collectors,
        } = self;
        *name == other.name
            && *platform == other.platform
            && *server == other.server
            && *console_url == other.console_url
            && *api_key == other.api_key
            && *requests_per_minute == other.requests_per_minute
            && *max_concurrent_requests == other.max_concurrent_requests
            && *min_interval == other.min_interval
            && *timeout == other.timeout
            && *max_series == other.max_series
            && *filter == other.filter
            && *checks_mode == other.checks_mode
            && are_same(metrics_exclude, &other.metrics_exclude)
            && *tls == other.tls
            && *proxy == other.proxy
            && *user_agent == other.user_agent
            && *collectors == other.collectors
    }
}

impl PartialEq for KeySource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Environment(one), Self::Environment(other)) => one == other,
            (Self::Inline(one), Self::Inline(other)) => one.expose_secret() == other.expose_secret(),
            (Self::File(_) | Self::Environment(_) | Self::Inline(_), _) => false,
        }
    }
}

impl PartialEq for NameFilter {
    fn eq(&self, other: &Self) -> bool {
        let Self { include, exclude } = self;
        are_same(include, &other.include) && are_same(exclude, &other.exclude)
    }
}

impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        let Self { checks, date_field, status_field, status_passing } = self;
        *checks == other.checks
            && *date_field == other.date_field
            && *status_field == other.status_field
            && status_passing.as_str() == other.status_passing.as_str()
    }
}

impl PartialEq for CheckSelector {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, check_type, script } = self;
        name.as_ref().map(Regex::as_str) == other.name.as_ref().map(Regex::as_str)
            && *check_type == other.check_type
            && *script == other.script
    }
}

impl PartialEq for Limits {
    fn eq(&self, other: &Self) -> bool {
        let Self { max_series, exclude } = self;
        *max_series == other.max_series && are_same(exclude, &other.exclude)
    }
}

fn are_same(some: &[Regex], others: &[Regex]) -> bool {
    some.iter().map(Regex::as_str).eq(others.iter().map(Regex::as_str))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    fn account(lines: &str) -> AccountConfig {
        let common = [("server", "https://api.example.com"), ("api_key", "abcdef"), ("platform", "tactical")];
        let says = |key: &str| lines.contains(&format!("{key}: ")) || lines.contains(&format!("{key}_env: "));
        let common = common.iter().filter(|(key, _)| !says(key)).map(|(key, value)| format!("{key}: {value}"));
        let lines: Vec<String> = common.chain(lines.lines().map(str::to_owned)).collect();
        let yaml = format!("accounts:\n  - name: msp\n    {}\n", lines.join("\n    "));
        let config = config::parse(&yaml, Path::new("test"), &|_| Some("key".to_owned()));
        config.unwrap_or_else(|errors| panic!("{errors}: {yaml}")).accounts.remove(0)
    }

    /// What differs in one option is not the same, whichever it is; what was read twice is.
    #[test]
    fn every_option_counts() {
        let all = [
            "",
            "platform: nsight",
            "platform: nsight\ntime_zone: Europe/Berlin",
            "platform: nsight\noffline_after: 2h",
            "platform: nsight\nantivirus_products: [sophos]",
            "server: https://api.example.org",
            "console_url: https://rmm.example.com",
            "api_key: abcdeg",
            "api_key_env: SOME_KEY",
            "api_key_env: OTHER_KEY",
            "monitoring_token: abcdef",
            "requests_per_minute: 17",
            "max_concurrent_requests: 1",
            "min_interval: 95s",
            "timeout: 31s",
            "max_series: 5",
            "stale_after: 7h",
            "filter: { clients: { include: [A] } }",
            "filter: { clients: { exclude: [A] } }",
            "filter: { sites: { include: [A] } }",
            "filter: { devices: { include: [A] } }",
            "filter: { devices: { include: [B] } }",
            "filter: { device_kinds: [server] }",
            "checks: { mode: all }",
            "metrics: { exclude: [rmm_device_info] }",
            "metrics: { exclude: [rmm_device_up] }",
            "tls: { insecure_skip_verify: true }",
            "proxy: http://proxy.example.com:3128",
            "user_agent: somebody",
            "time_zone: Europe/Berlin",
            "collectors: { checks: { interval: 45m } }",
            "collectors: { checks: { enabled: false } }",
            "mappings: { backup: { check_name: A } }",
            "mappings: { antivirus: { check_name: A } }",
            "mappings: { backup: { check_name: B } }",
            "mappings: { backup: { check_type: ping } }",
            "mappings: { backup: { script: 7 } }",
            "mappings: { backup: { date_field: A } }",
            "mappings: { backup: { status_field: A } }",
            "mappings: { backup: { status_field: A, status_passing: fine } }",
        ];
        let read = || all.iter().map(|lines| account(lines)).collect::<Vec<_>>();
        let (ones, others) = (read(), read());
        for (index, one) in ones.iter().enumerate() {
            for (place, other) in others.iter().enumerate() {
                assert_eq!(one == other, index == place, "{:?} {:?}", all[index], all[place]);
            }
        }
        assert!(AccountConfig { name: "other".to_owned(), ..account("") } != account(""));
    }
}
