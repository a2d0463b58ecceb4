//! A quarter of a million calls.

use super::*;
use crate::clock::processor_time;

/// Not a benchmark: the bounds are wide, and only what grows with the square of the number breaks them.
#[test]
fn a_quarter_of_a_million_calls_are_no_matter() {
    const CALLS: u32 = 250_000;
    let began = processor_time();
    let limits = Limits { requests_per_minute: 1_000_000, max_concurrent: 100, ..real() };
    let mut desk = Desk::planning(limits, sweeps(CALLS));
    for _ in 0..5 {
        desk.plan(sweeps(CALLS));
    }
    for _ in 0..200 {
        for call in desk.starts() {
            desk.pass(Duration::from_millis(1));
            desk.finish(call, Finish::Ok);
        }
    }
    let status = desk.collector(Collector::Checks);
    assert_eq!((status.targets, status.attempted), (u64::from(CALLS), 20_000));
    let took = processor_time().saturating_sub(began);
    assert!(took < seconds(30), "took {took:?}");
}
