//! A key that is not accepted.

use super::*;

const REFUSED: Finish = Finish::Failed { outcome: Outcome::AuthError, retry_after: None };

/// An account whose key was just refused; two calls were under way.
fn refused() -> Desk {
    let mut desk = Desk::planning(real(), sweeps(300));
    for call in desk.starts() {
        desk.finish(call, REFUSED);
    }
    assert!(desk.planner.is_key_refused());
    desk
}

fn keyless() -> Want<Call> {
    want(call(KEYLESS, 0), Collector::Server, 60, Priority::Failing)
}

#[test]
fn a_refused_key_is_tried_every_quarter_of_an_hour_however_much_is_due() {
    let mut desk = Desk::planning(Limits { max_concurrent: 4, ..real() }, [sweeps(500), vec![failing()]].concat());
    let starts = desk.run(seconds(24 * 3600), |_| REFUSED);
    assert!((4 + 90..=4 + 96).contains(&starts.len()), "{} calls a day", starts.len());
    let probes: Vec<_> = starts[4..].iter().map(|(at, _)| *at).collect();
    for pair in probes.windows(2) {
        assert!((seconds(901)..=seconds(931)).contains(&(pair[1] - pair[0])), "{pair:?}");
    }
    let jitters: std::collections::BTreeSet<_> = probes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(jitters.len() > 80, "every pause has its own length");
    assert_eq!(desk.status().oldest_due, seconds(24 * 3600), "the others wait");
}

#[test]
fn no_second_call_beside_the_probe() {
    let mut desk = refused();
    let (wait, probe) = desk.wait_and_start();
    assert_key_pause(Some(wait));
    assert_eq!(desk.wait(), None);
    desk.pass(seconds(2000));
    assert_eq!(desk.wait(), None, "however long it takes");
    desk.finish(probe, REFUSED);
    assert_key_pause(desk.wait());
}

#[test]
fn a_probe_that_tells_nothing_is_repeated_a_quarter_of_an_hour_later() {
    let told = Finish::Failed { outcome: Outcome::Throttled, retry_after: Some(seconds(10)) };
    let mut finishes =
        [Outcome::Timeout, Outcome::ConnectError, Outcome::HttpError, Outcome::Blocked, Outcome::ApiError]
            .map(failed)
            .to_vec();
    finishes.push(told);
    for finish in finishes {
        let mut desk = refused();
        let (_, probe) = desk.wait_and_start();
        desk.pass(seconds(5));
        desk.finish(probe, finish);
        assert_key_pause(desk.wait().map(|wait| wait + seconds(5)));
        assert!(desk.planner.is_key_refused());
    }
}

#[test]
fn a_probe_that_shows_the_key_to_be_accepted_ends_the_pause() {
    for finish in [Finish::Ok, Finish::Gone] {
        let mut desk = refused();
        let (_, probe) = desk.wait_and_start();
        desk.finish(probe, finish);
        assert!(!desk.planner.is_key_refused());
        assert_eq!(desk.starts().len(), 2);
        assert_eq!(desk.status().backoff_until, None);
    }
    let mut desk = refused();
    let (_, probe) = desk.wait_and_start();
    desk.fail(probe, Outcome::Forbidden);
    assert!(!desk.planner.is_key_refused(), "who is told what it may not do is known");
    assert_eq!(desk.starts().len(), 2);
}

#[test]
fn another_key_is_tried_at_once_and_one_call_at_a_time() {
    let mut desk = refused();
    desk.pass(seconds(20));
    assert!(desk.wait().is_some());
    desk.planner.key_changed(desk.now);
    assert!(!desk.planner.is_key_refused());
    let first = desk.start().expect("at once");
    assert_eq!(desk.wait(), None, "one goes first");
    desk.fail(first, Outcome::Timeout);
    let second = desk.start().expect("that tells nothing");
    assert_eq!(desk.wait(), None);
    desk.finish(second, Finish::Ok);
    assert_eq!(desk.starts().len(), 2);
}

#[test]
fn what_the_old_key_was_refused_for_is_due_at_the_floor() {
    let mut desk = Desk::planning(real(), vec![inventory(1)]);
    // Its own delay is far longer than the floor by now.
    for _ in 0..5 {
        let (_, call) = desk.wait_and_start();
        desk.finish(call, REFUSED);
    }
    desk.pass(seconds(20));
    desk.planner.key_changed(desk.now);
    assert_eq!(desk.wait_and_start(), (seconds(70), inventory(1).call));

    // A long floor, long past.
    desk.finish(inventory(1).call, REFUSED);
    desk.pass(seconds(200));
    desk.planner.key_changed(desk.now);
    assert_eq!(desk.start(), Some(inventory(1).call));
}

#[test]
fn another_key_breaks_neither_budget_nor_other_pauses() {
    let mut desk = Desk::planning(Limits { requests_per_minute: 2, max_concurrent: 1, ..real() }, sweeps(9));
    let call = desk.start().unwrap();
    desk.finish(call, Finish::Ok);
    let call = desk.start().unwrap();
    desk.finish(call, REFUSED);
    desk.planner.key_changed(desk.now);
    assert_eq!(desk.wait(), Some(seconds(60)));
    let (_, call) = desk.wait_and_start();
    desk.finish(call, Finish::Failed { outcome: Outcome::Throttled, retry_after: Some(seconds(500)) });
    desk.planner.key_changed(desk.now);
    assert!(desk.wait() >= Some(seconds(500)));
}

#[test]
fn what_calls_under_way_say_of_the_old_key_does_not_count() {
    let mut desk = Desk::planning(Limits { max_concurrent: 4, ..real() }, sweeps(300));
    let running = desk.starts();
    desk.finish(running[0], REFUSED);
    desk.planner.key_changed(desk.now);
    desk.finish(running[1], REFUSED);
    assert!(!desk.planner.is_key_refused());
    desk.finish(running[2], Finish::Ok);
    assert_eq!(desk.wait(), None, "nor does it show that the new one is good");
    desk.finish(running[3], REFUSED);
    let first = desk.start().expect("the new key's");
    assert_eq!(desk.wait(), None);
    desk.finish(first, REFUSED);
    assert!(desk.planner.is_key_refused());
    assert_key_pause(desk.wait());
}

#[test]
fn a_new_key_while_all_is_well_changes_nothing() {
    let mut desk = Desk::planning(real(), [sweeps(30), vec![failing()]].concat());
    desk.run(seconds(60), |_| Finish::Ok);
    let before = (desk.wait(), desk.status());
    desk.planner.key_changed(desk.now);
    assert_eq!((desk.wait(), desk.status()), before);
}

#[test]
fn calls_without_the_key_wait_too_and_are_no_probe() {
    let mut desk = Desk::planning(real(), [sweeps(300), vec![keyless()]].concat());
    assert_eq!(desk.start(), Some(keyless().call));
    let refused = desk.start().unwrap();
    desk.finish(refused, REFUSED);
    desk.finish(keyless().call, Finish::Ok);
    assert!(desk.planner.is_key_refused(), "it takes no key");
    for _ in 0..5 {
        let (wait, probe) = desk.wait_and_start();
        assert_key_pause(Some(wait));
        assert_eq!(probe.name, "checks");
        desk.finish(probe, REFUSED);
    }
    let (_, probe) = desk.wait_and_start();
    desk.finish(probe, Finish::Ok);
    assert_eq!(desk.starts()[0], keyless().call);
}

#[test]
fn where_no_call_takes_the_key_nothing_waits_for_it_for_ever() {
    let mut desk = refused();
    desk.plan(vec![keyless()]);
    let (wait, call) = desk.wait_and_start();
    assert_key_pause(Some(wait));
    desk.finish(call, Finish::Ok);
    assert_key_pause(desk.wait());
}

#[test]
fn a_simulator_is_tried_again_within_its_interval() {
    let limits = Limits { min_interval: Duration::ZERO, requests_per_minute: 10_000, ..real() };
    let wants = (0..300).map(|device| Want { interval: seconds(4), ..sweep(device) }).collect();
    let mut desk = Desk::planning(limits, wants);
    let starts = desk.run(seconds(300), |_| REFUSED);
    let spacings: Vec<_> = starts[2..].windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(spacings.len() > 80, "{}", spacings.len());
    assert!(spacings.iter().all(|spacing| (seconds(3)..=seconds(4)).contains(spacing)), "{spacings:?}");
}
