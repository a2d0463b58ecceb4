//! The configuration that makes the exporter watch the demo.

use std::fmt::Write as _;

use super::Demo;
use super::server::SimulatedServer;

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
    slow: u32,
}

const LIVELY: Pace = Pace {
    min_interval: 5,
    requests_per_minute: 6_000,
    concurrent: 4,
    inventory: 15,
    failing_checks: 5,
    checks: 30,
    slow: 60,
};

const LARGE: Pace = Pace {
    min_interval: 15,
    requests_per_minute: 60_000,
    concurrent: 8,
    inventory: 120,
    failing_checks: 30,
    checks: 900,
    slow: 1_800,
};

pub(super) fn yaml(demo: &Demo) -> String {
    let pace = if demo.devices > MANY { LARGE } else { LIVELY };
    let mut yaml = "accounts:\n".to_owned();
    let nsight = [
        ("inventory", pace.inventory),
        ("failing_checks", pace.failing_checks),
        ("checks", pace.checks),
        ("antivirus", pace.slow),
        ("backup", pace.slow),
        ("patches", pace.slow),
    ];
    account(&mut yaml, "demo-nsight", "nsight", &demo.nsight, &pace, &nsight);
    let tactical =
        [("inventory", pace.inventory), ("checks", pace.checks), ("tasks", pace.checks), ("patches", pace.slow)];
    account(&mut yaml, "demo-tactical", "tactical", &demo.tactical, &pace, &tactical);
    yaml
}

fn account(
    yaml: &mut String,
    name: &str,
    platform: &str,
    server: &SimulatedServer,
    pace: &Pace,
    collectors: &[(&str, u32)],
) {
    let Pace { min_interval, requests_per_minute, concurrent, .. } = pace;
    // Writing to a String cannot fail.
    let _ = write!(
        yaml,
        "  - name: {name}\n    platform: {platform}\n    server: {url}\n    api_key: {key:?}\n    \
         min_interval: {min_interval}s\n    requests_per_minute: {requests_per_minute}\n    \
         max_concurrent_requests: {concurrent}\n    collectors:\n",
        url = server.url(),
        key = server.api_key(),
    );
    for (collector, interval) in collectors {
        let _ = writeln!(yaml, "      {collector}: {{ enabled: true, interval: {interval}s }}");
    }
}
