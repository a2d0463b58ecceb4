//! Calls that the key may not make.

use proptest::prelude::*;

use super::simulation::{Event, Fault, Scenario, Simulation};
use super::*;

const FORBIDDEN: Finish = Finish::Failed { outcome: Outcome::Forbidden, retry_after: None };

fn checks(desk: &Desk) -> CollectorStatus {
    desk.collector(Collector::Checks)
}

/// Refuses the calls of that name.
fn refusing(name: &'static str) -> impl Fn(Call) -> Finish {
    move |call| if call.name == name { FORBIDDEN } else { Finish::Ok }
}

/// Refuses those devices.
fn without(devices: std::ops::Range<u32>) -> impl Fn(Call) -> Finish {
    move |call| if devices.contains(&call.device) { FORBIDDEN } else { Finish::Ok }
}

fn names(starts: &[(Duration, Call)], name: &str) -> usize {
    starts.iter().filter(|(_, call)| call.name == name).count()
}

/// An account of which no two calls run at once, so that what is counted does not hang on chance.
fn one_by_one(wants: Vec<Want<Call>>) -> Desk {
    Desk::planning(Limits { max_concurrent: 1, ..real() }, wants)
}

#[test]
fn two_refusals_switch_a_name_off_that_never_worked() {
    let mut desk = one_by_one([sweeps(500), vec![inventory(1)]].concat());
    let starts = desk.run(seconds(3599), refusing("checks"));
    assert_eq!(names(&starts, "checks"), 2);
    assert!(names(&starts, "inventory") >= 3, "others go on");
    let status = desk.status();
    assert_eq!((status.queue_length, status.oldest_due, status.backoff_until), (0, Duration::ZERO, None));
    let status = checks(&desk);
    assert_eq!((status.success, status.targets, status.failed, status.attempted), (false, 500, 2, 2));
    assert_eq!((status.refused, status.off), (498, 500));
    assert_eq!(status.off_until, status.next_due, "nothing else is left to do");
    assert!(status.next_due.is_some_and(|due| due > desk.now.wall), "the probe");
    let inventory = desk.collector(Collector::Inventory);
    assert_eq!((inventory.success, inventory.off, inventory.off_until), (true, 0, None));
}

#[test]
fn what_is_off_is_tried_once_in_its_interval_with_another_call_each_time() {
    let mut desk = one_by_one(sweeps(500));
    let starts = desk.run(seconds(10 * 3600), refusing("checks"));
    assert!((10..=12).contains(&starts.len()), "{starts:?}");
    for pair in starts[1..].windows(2) {
        assert!(pair[1].0 - pair[0].0 >= seconds(3600), "{pair:?}");
        assert_ne!(pair[0].1, pair[1].1);
    }
}

#[test]
fn a_frequent_call_that_is_off_is_tried_every_quarter_of_an_hour() {
    let mut desk = one_by_one(vec![failing()]);
    let starts = desk.run(seconds(3600), refusing("failing"));
    assert_eq!(starts.iter().map(|(at, _)| at.as_secs()).collect::<Vec<_>>(), [0, 901, 1802, 2703]);
    assert!(!desk.collector(Collector::FailingChecks).success);
}

#[test]
fn one_refusal_is_enough_for_a_call_that_is_alone() {
    let mut desk = one_by_one([vec![failing()], sweeps(2)].concat());
    desk.make(failing().call, seconds(1), FORBIDDEN);
    let until = desk.now.wall + seconds(900);
    assert_eq!(desk.switched, Some(Switched::Off { collectors: vec![Collector::FailingChecks], until }));
    desk.make(sweep(0).call, seconds(1), FORBIDDEN);
    assert_eq!(desk.switched, None, "there is another device");
}

#[test]
fn a_probe_that_succeeds_switches_on() {
    let mut desk = one_by_one(sweeps(30));
    desk.run(seconds(3000), refusing("checks"));
    let (_, probe) = desk.wait_and_start();
    desk.finish(probe, Finish::Ok);
    assert_eq!(desk.switched, Some(Switched::On));
    let status = desk.status();
    assert_eq!((status.queue_length, status.oldest_due), (29, Duration::ZERO), "due now, and not late");
    let starts = desk.run(seconds(60), |_| Finish::Ok);
    assert_eq!(starts.len(), 29);
    let status = checks(&desk);
    assert_eq!((status.success, status.fresh, status.refused), (true, 30, 0));
}

#[test]
fn a_probe_that_fails_otherwise_changes_nothing() {
    let mut desk = one_by_one(sweeps(30));
    desk.run(seconds(3000), refusing("checks"));
    let (_, mut probe) = desk.wait_and_start();
    for finish in [failed(Outcome::Timeout), Finish::Gone] {
        desk.finish(probe, finish);
        assert_eq!(desk.switched, None);
        let (wait, next) = desk.wait_and_start();
        assert_eq!(wait, seconds(3600));
        probe = next;
    }
}

#[test]
fn hurries_and_plans_make_no_more_calls_of_a_name_that_is_off() {
    let mut desk = one_by_one(sweeps(3));
    desk.run(seconds(60), refusing("checks"));
    for device in 3..20 {
        desk.plan(sweeps(device + 1));
        desk.planner.hurry(&sweep(device).call, desk.now);
        assert_eq!(desk.start(), None);
    }
    assert_eq!((checks(&desk).targets, checks(&desk).refused, desk.status().queue_length), (20, 18, 0));
    desk.plan(sweeps(1));
    assert_eq!((checks(&desk).targets, checks(&desk).success), (1, false));
    desk.plan(vec![]);
    assert!(checks(&desk).success, "nothing to ask");
}

#[test]
fn a_key_whose_scope_leaves_devices_out_is_refused_for_those_only() {
    let mut desk = one_by_one(sweeps(20));
    desk.planner.hurry(&sweep(19).call, desk.now);
    let starts = desk.run(seconds(4 * 3600), without(0..15));
    for device in 15..20 {
        let made = starts.iter().filter(|(_, call)| call.device == device).count();
        assert!((3..=6).contains(&made), "device {device}: {made}");
    }
    // 90 s, 90 s, 2 min, 4 min … an hour, instead of a quarter of it.
    let refused = starts.iter().filter(|(_, call)| call.device == 0).count();
    assert!((6..=11).contains(&refused), "{refused}");
    assert_eq!((checks(&desk).failed, checks(&desk).refused, desk.status().backoff_until), (15, 0, None));
}

#[test]
fn a_permission_that_is_taken_away_takes_five_refusals_in_a_row() {
    let mut desk = one_by_one(sweeps(50));
    desk.run(seconds(4000), |_| Finish::Ok);
    let starts = desk.run(seconds(4000), refusing("checks"));
    let devices: std::collections::BTreeSet<_> = starts.iter().map(|(_, call)| call.device).collect();
    assert!((5..=6).contains(&devices.len()) && starts.len() < 30, "five, their retries, a probe: {starts:?}");
    assert!(!checks(&desk).success);

    // Of a single call five attempts, each later than the one before.
    let mut desk = one_by_one(vec![failing()]);
    desk.run(seconds(600), |_| Finish::Ok);
    let starts = desk.run(seconds(1200), refusing("failing"));
    assert_eq!(starts.len(), 5, "{starts:?}");
}

#[test]
fn an_answer_that_was_under_way_does_not_bring_a_permission_back() {
    let mut desk = Desk::planning(Limits { max_concurrent: 8, ..real() }, sweeps(8));
    for call in desk.starts() {
        desk.finish(call, Finish::Ok);
    }
    for device in 0..8 {
        desk.planner.hurry(&sweep(device).call, desk.now);
    }
    desk.pass(seconds(90));
    let under_way = desk.starts();
    assert_eq!(under_way.len(), 8);
    desk.pass(seconds(1));
    for call in &under_way[..5] {
        assert_eq!(desk.switched, None);
        desk.finish(*call, FORBIDDEN);
    }
    assert!(matches!(desk.switched, Some(Switched::Off { .. })));
    desk.finish(under_way[5], Finish::Ok);
    assert_eq!(desk.switched, None);
    desk.finish(under_way[6], FORBIDDEN);
    assert_eq!(desk.switched, None);
    desk.finish(under_way[7], FORBIDDEN);
    assert_eq!(desk.wait_and_start().0, seconds(3600));
}

#[test]
fn the_runs_of_a_collector_do_not_wait_for_what_is_off() {
    let other = want(call("other", 1), Collector::Checks, 600, Priority::Inventory);
    let mut desk = one_by_one([sweeps(50), vec![other]].concat());
    desk.run(seconds(60), refusing("checks"));
    assert_eq!(checks(&desk).sweeps, 1);
    desk.run(seconds(1200), refusing("checks"));
    assert_eq!(checks(&desk).sweeps, 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// However large the fleet is, and whatever is planned and hurried meanwhile: no more than the first refusals and the probes.
    #[test]
    fn a_refused_name_costs_its_probes_and_no_more(
        seed: u64,
        devices in 2_u32..200,
        max_concurrent in 1_usize..5,
        hurries in proptest::collection::vec((0_u64..20_000, 0_u32..200), 0..40),
        plans in proptest::collection::vec((0_u64..20_000, 2_u32..200), 0..5),
    ) {
        let length = seconds(20_000);
        let hurries = hurries.into_iter().map(|(at, device)| (seconds(at), Event::Hurry(sweep(device).call)));
        let plan = |devices| [sweeps(devices), vec![failing()]].concat();
        let plans = plans.into_iter().map(|(at, devices)| (seconds(at), Event::Plan(plan(devices))));
        let scenario = Scenario {
            seed,
            limits: Limits { max_concurrent, ..real() },
            wants: plan(devices),
            events: hurries.chain(plans).collect(),
            faults: vec![Fault { from: Duration::ZERO, until: length, name: Some("checks"), finish: FORBIDDEN }],
            longest_call: seconds(20),
            length,
        };
        let simulation = Simulation::play(scenario);
        simulation.audit();
        let mut starts: Vec<_> =
            simulation.records.iter().filter(|record| record.call.name == "checks").map(|record| record.started).collect();
        let first = starts.iter().filter(|at| **at < seconds(120)).count();
        prop_assert!(first <= 1 + max_concurrent, "{starts:?}");
        starts.drain(..first - 1);
        prop_assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= seconds(3600)), "{starts:?}");
        let failing = simulation.starts(failing().call).len();
        prop_assert!(failing >= 90, "the others go on: {failing}");
    }
}
