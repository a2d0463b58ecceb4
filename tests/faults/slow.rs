//! Answers that do not come in time.

use std::time::Duration;

use rmm_exporter::demo::Fault::{Latency, NeverAnswer, SlowDrip, SlowFirstByte};

use crate::table::{Case, both};
use crate::trial::{Pace, run};

const SECOND: Duration = Duration::from_secs(1);

fn slow() -> Vec<Case> {
    vec![
        both("never", NeverAnswer, "timeout"),
        both("late", Latency(6 * SECOND), "timeout"),
        both("first byte late", SlowFirstByte(6 * SECOND), "timeout"),
        both("a byte a second", SlowDrip(1, SECOND), "timeout"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_too_long_is_given_up() {
    // Tactical RMM works on for minutes after a guest gave up: its calls count as running for so long.
    let pace =
        Pace { timeout: 2_000, concurrent: 8, outage: 12_000, lingers: Duration::from_secs(301), ..Pace::default() };
    run(slow(), pace).await;
}
