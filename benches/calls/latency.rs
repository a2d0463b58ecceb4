//! How long calls take: modelled, since nobody answers. Tactical RMM's are measured (its server, 2 cores, 250 and 2,000 agents);
//! N-sight's are what its clients report of lists and single devices.

use std::time::Duration;

/// How long a call of that name takes in a fleet of so many devices.
pub fn of(name: &str, devices: usize) -> Duration {
    let thousands = u64::try_from(devices).unwrap_or(u64::MAX).div_ceil(1_000);
    let milliseconds = match name {
        "list_failing_checks" => 500 + 200 * thousands,
        "/agents/" => 300 + 2_000 * thousands,
        "/clients/" => 50 + 150 * thousands,
        "/alerts/" => 300,
        "/agents/{id}/checks/" => 100,
        "/agents/{id}/tasks/" | "/winupdate/{id}/" => 70,
        _ => 400,
    };
    Duration::from_millis(milliseconds.min(45_000))
}
