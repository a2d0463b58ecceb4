//! The configuration that makes the exporter watch the demo.

use std::fmt::Write as _;

use super::Demo;
use super::server::SimulatedServer;
use crate::collector::Collector;
use crate::config::defaults::collectors;
use crate::platform::PlatformName;

/// Devices from which a sweep takes so long that short intervals would only pile up calls.
const MANY: usize = 1_000;

/// Intervals and limits of the demo, in seconds and calls.
struct Pace {
    min_interval: u32,
    requests_per_minute: u32,
    concurrent: u32,
    inventory: u32,
    failing_checks: u32,
    checks: u32,
    /// One call for a device, about what changes within hours.
    slow: u32,
    /// What changes from day to day.
    daily: u32,
}

const LIVELY: Pace = Pace {
    min_interval: 5,
    requests_per_minute: 6_000,
    concurrent: 4,
    inventory: 15,
    failing_checks: 5,
    checks: 30,
    slow: 60,
    daily: 120,
};

const LARGE: Pace = Pace {
    min_interval: 15,
    requests_per_minute: 60_000,
    concurrent: 8,
    inventory: 120,
    failing_checks: 30,
    checks: 900,
    slow: 1_800,
    daily: 3_600,
};

/// How often the version of a server is read without monitoring token, in seconds.
const VERSION: u32 = 3_600;

/// Ids in the simulated catalogue.
const NSIGHT_OPTIONS: &str = "    antivirus_products: [sophos, bitdefender]\n";

/// What the simulated scripts write into checks and custom fields.
const TACTICAL_OPTIONS: &str = "    mappings:
      antivirus: { check_name: \"(?i)defender\" }
      backup: { check_name: \"(?i)backup\", date_field: Last Backup }
";

pub(super) fn yaml(demo: &Demo) -> String {
    let pace = if demo.devices > MANY { LARGE } else { LIVELY };
    let mut yaml = "accounts:\n".to_owned();
    account(&mut yaml, PlatformName::Nsight, &demo.nsight, None, &pace, NSIGHT_OPTIONS);
    let token = demo.tactical.monitoring_token();
    account(&mut yaml, PlatformName::Tactical, &demo.tactical, token, &pace, TACTICAL_OPTIONS);
    yaml
}

/// How often a collector runs.
const fn interval(collector: Collector, pace: &Pace) -> u32 {
    match collector {
        Collector::Inventory => pace.inventory,
        Collector::FailingChecks | Collector::Alerts => pace.failing_checks,
        Collector::Checks | Collector::Tasks | Collector::Server => pace.checks,
        Collector::Antivirus
        | Collector::ManagedAntivirus
        | Collector::Backup
        | Collector::BackupSessions
        | Collector::Patches
        | Collector::Outages
        | Collector::Performance => pace.slow,
        Collector::AntivirusDefinitions
        | Collector::BackupSelection
        | Collector::DriveSpace
        | Collector::Exchange
        | Collector::Assets
        | Collector::Licenses
        | Collector::Directory
        | Collector::Details => pace.daily,
    }
}

/// An account with every collector of its platform.
fn account(
    yaml: &mut String,
    platform: PlatformName,
    server: &SimulatedServer,
    monitoring_token: Option<&str>,
    pace: &Pace,
    options: &str,
) {
    let Pace { min_interval, requests_per_minute, concurrent, .. } = pace;
    // Writing to a String cannot fail.
    let _ = write!(
        yaml,
        "  - name: demo-{platform}\n    platform: {platform}\n    server: {url}\n    api_key: {key:?}\n    \
         min_interval: {min_interval}s\n    requests_per_minute: {requests_per_minute}\n    \
         max_concurrent_requests: {concurrent}\n    max_series: 10000000\n{options}",
        platform = platform.name(),
        url = server.url(),
        key = server.api_key(),
    );
    if let Some(token) = monitoring_token {
        let _ = writeln!(yaml, "    monitoring_token: {token:?}");
    }
    yaml.push_str("    collectors:\n");
    for collector in collectors(platform).iter().map(|defaults| defaults.collector) {
        let interval = match (collector, monitoring_token) {
            (Collector::Server, None) => VERSION,
            _ => interval(collector, pace),
        };
        let _ = writeln!(yaml, "      {}: {{ enabled: true, interval: {interval}s }}", collector.name());
    }
}
