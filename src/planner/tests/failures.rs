//! Delays and pauses after failures.

use std::collections::BTreeSet;

use super::*;

/// The wait until the next start, after which the call started fails likewise.
fn waits(desk: &mut Desk, outcome: Outcome, times: usize) -> Vec<u64> {
    let failing = |_| {
        let (wait, call) = desk.wait_and_start();
        desk.fail(call, outcome);
        wait.as_secs()
    };
    (0..times).map(failing).collect()
}

fn throttled(retry_after: Duration) -> Finish {
    Finish::Failed { outcome: Outcome::Throttled, retry_after: Some(retry_after) }
}

fn patches(device: u32) -> Want<Call> {
    want(call("patches", device), Collector::Patches, 86_400, Priority::Sweep)
}

#[test]
fn a_failed_call_is_retried_later_and_later() {
    let mut desk = Desk::planning(real(), vec![Want { interval: seconds(86_400), ..inventory(1) }]);
    let waits = waits(&mut desk, Outcome::ApiError, 6);
    for (wait, least) in waits.iter().zip([0, 90, 90, 120, 240, 480]) {
        assert!((least..=least * 5 / 4).contains(wait), "{waits:?}");
    }
    let (_, call) = desk.wait_and_start();
    desk.finish(call, Finish::Ok);
    assert_eq!(desk.wait(), Some(seconds(86_400)));
}

#[test]
fn a_throttled_account_pauses_as_long_as_it_is_told_and_a_little_more() {
    let mut desk = Desk::planning(real(), sweeps(50));
    let mut pauses = Vec::new();
    for _ in 0..20 {
        let (_, call) = desk.wait_and_start();
        desk.finish(call, throttled(seconds(600)));
        pauses.push(desk.wait().unwrap());
    }
    assert!(pauses.iter().all(|pause| (seconds(600)..=seconds(630)).contains(pause)), "{pauses:?}");
    assert!(pauses.iter().max() > Some(&seconds(620)) && pauses.iter().min() < Some(&seconds(610)), "{pauses:?}");
    for (told, most) in [(seconds(3600), seconds(3630)), (Duration::MAX, seconds(86_430))] {
        let (_, call) = desk.wait_and_start();
        desk.finish(call, throttled(told));
        let pause = desk.wait().unwrap();
        assert!((most - seconds(30)..=most).contains(&pause), "not for ever: {pause:?}");
    }
}

#[test]
fn a_throttled_account_that_is_told_to_come_back_soon_pauses_as_if_it_had_been_told_nothing() {
    // Zero is also what is left of a date that has passed.
    for told in [Duration::ZERO, seconds(1), seconds(29)] {
        let mut desk = Desk::planning(real(), sweeps(400));
        let mut throttle = || {
            let (wait, call) = desk.wait_and_start();
            desk.finish(call, throttled(told));
            wait.as_secs()
        };
        assert_pauses(&std::array::from_fn::<_, 7, _>(|_| throttle()), &[0, 30, 60, 120, 240, 300, 300]);
        let (_, call) = desk.wait_and_start();
        desk.finish(call, Finish::Ok);
        let (_, call) = desk.wait_and_start();
        desk.finish(call, throttled(told));
        assert_pauses(&[desk.wait().unwrap().as_secs()], &[30]);
    }
}

#[test]
fn the_longer_of_what_a_server_asks_and_what_has_grown_is_the_pause() {
    let mut desk = Desk::planning(real(), sweeps(50));
    let throttle = |_| {
        let (wait, call) = desk.wait_and_start();
        desk.finish(call, throttled(seconds(100)));
        wait.as_secs()
    };
    assert_pauses(&(0..6).map(throttle).collect::<Vec<_>>(), &[0, 100, 100, 120, 240, 300]);
}

#[test]
fn a_throttled_account_that_is_told_nothing_pauses_for_longer_and_longer() {
    let mut desk = Desk::planning(real(), sweeps(50));
    assert_pauses(&waits(&mut desk, Outcome::Throttled, 7), &[0, 30, 60, 120, 240, 300, 300]);
}

#[test]
fn five_failures_in_a_row_pause_the_calls_of_that_name() {
    let mut desk = Desk::planning(real(), sweeps(50));
    assert_pauses(&waits(&mut desk, Outcome::HttpError, 8), &[0, 0, 0, 0, 0, 30, 60, 120]);
    let status = desk.status();
    assert_eq!((status.backoff_until, status.backoff_reason), (None, None), "one name is not the account");
    desk.plan([sweeps(50), vec![patches(1)]].concat());
    assert_eq!(desk.start(), Some(patches(1).call), "other names go on");
    desk.finish(patches(1).call, Finish::Ok);
    assert_pauses(&[desk.wait_and_start().0.as_secs()], &[240]);
}

#[test]
fn after_its_pause_a_name_goes_one_by_one_until_a_call_succeeds() {
    let mut desk = Desk::planning(real(), sweeps(50));
    waits(&mut desk, Outcome::HttpError, 5);
    let (_, call) = desk.wait_and_start();
    assert_eq!(desk.start(), None);
    desk.finish(call, Finish::Ok);
    assert_eq!(desk.starts().len(), 2);
}

#[test]
fn failures_in_a_row_over_two_names_pause_the_account() {
    let mut desk = Desk::planning(real(), [sweeps(50), (0..50).map(patches).collect()].concat());
    desk.planner.hurry(&patches(0).call, desk.now);
    assert_eq!(waits(&mut desk, Outcome::ConnectError, 3), [0, 0, 0]);
    assert!(desk.status().backoff_until.is_some());
    assert_eq!(desk.status().backoff_reason, Some(BackoffReason::Unreachable));
    assert_pauses(&waits(&mut desk, Outcome::Timeout, 5), &[30, 60, 120, 240, 300]);
}

#[test]
fn a_success_between_failures_spares_the_account() {
    let mut desk = Desk::planning(real(), [sweeps(50), (0..50).map(patches).collect()].concat());
    for _ in 0..3 {
        desk.planner.hurry(&patches(0).call, desk.now);
        waits(&mut desk, Outcome::ConnectError, 2);
        let call = desk.start().unwrap();
        desk.finish(call, Finish::Ok);
    }
    assert_eq!(desk.status().backoff_until, None);
}

#[test]
fn refusals_by_a_platform_that_is_well_do_not_pause_the_account() {
    for (outcome, calls) in [(Outcome::Forbidden, 2), (Outcome::ApiError, 4)] {
        let mut desk = Desk::planning(real(), [sweeps(calls), (0..calls).map(patches).collect()].concat());
        assert!(waits(&mut desk, outcome, 2 * calls as usize).iter().all(|wait| *wait == 0));
        assert_eq!(desk.status().backoff_until, None);
    }
}

#[test]
fn after_a_pause_of_the_account_one_call_at_a_time_until_one_succeeds() {
    let mut desk = Desk::planning(real(), sweeps(50));
    waits(&mut desk, Outcome::Throttled, 1);
    assert_eq!(desk.status().backoff_reason, Some(BackoffReason::Throttled));
    let (wait, call) = desk.wait_and_start();
    assert_pauses(&[wait.as_secs()], &[30]);
    assert_eq!(desk.wait(), None);
    desk.fail(call, Outcome::ApiError);
    let call = desk.start().expect("no new pause");
    assert_eq!(desk.wait(), None, "that was no success");
    desk.finish(call, Finish::Gone);
    assert_eq!(desk.starts().len(), 2);
}

#[test]
fn calls_from_before_a_pause_neither_lengthen_nor_lift_it() {
    let mut desk = Desk::planning(Limits { max_concurrent: 4, ..real() }, sweeps(50));
    let running = desk.starts();
    desk.pass(seconds(1));
    desk.fail(running[0], Outcome::AuthError);
    desk.pass(seconds(1));
    desk.fail(running[1], Outcome::AuthError);
    desk.finish(running[2], Finish::Ok);
    assert_eq!(desk.wait(), None, "one is still under way");
    desk.finish(running[3], Finish::Ok);
    let wait = desk.wait();
    assert_key_pause(wait.map(|wait| wait + seconds(1)));
    desk.pass(wait.unwrap());
    assert_eq!(desk.starts().len(), 1);
}

#[test]
fn pauses_differ_from_account_to_account() {
    let pause = |seed| {
        let mut desk = Desk::new(real());
        desk.planner = Planner::new(real(), Box::new(MemoryLedger::default()), seed, desk.now);
        desk.plan(sweeps(5));
        waits(&mut desk, Outcome::Throttled, 1);
        desk.wait().unwrap()
    };
    let pauses: BTreeSet<_> = (0..20).map(pause).collect();
    assert_eq!(pauses.len(), 20, "{pauses:?}");
    assert!(pauses.last() > Some(&seconds(36)), "{pauses:?}");
    assert_eq!(pause(3), pause(3), "the seed decides");
}

#[test]
fn a_test_account_recovers_within_seconds() {
    let limits = Limits { min_interval: Duration::ZERO, requests_per_minute: 10_000, ..real() };
    for outcome in [Outcome::HttpError, Outcome::AuthError, Outcome::Throttled, Outcome::ConnectError, Outcome::Timeout]
    {
        let device = |device| Want { interval: seconds(4), ..sweep(device) };
        let wants = (0..3).map(device).chain([Want { interval: seconds(4), ..inventory(1) }]).collect();
        let mut desk = Desk::planning(limits.clone(), wants);
        desk.run(seconds(120), |_| failed(outcome));
        desk.run(seconds(8), |_| Finish::Ok);
        let status = desk.status();
        assert!(status.collectors.values().all(|status| status.success), "{outcome:?}: {status:?}");
    }
}

#[test]
fn a_few_calls_that_always_fail_do_not_hold_up_the_good_ones() {
    let damaged = |call: Call| call.device < 12;
    let minutes = |device| Want { interval: seconds(600), ..sweep(device) };
    let mut desk = Desk::planning(real(), (0..60).map(minutes).collect());
    desk.run(seconds(1800), |call| if damaged(call) { failed(Outcome::HttpError) } else { Finish::Ok });
    let starts = desk.run(seconds(1800), |call| if damaged(call) { failed(Outcome::HttpError) } else { Finish::Ok });
    for device in 12..60 {
        let made = starts.iter().filter(|(_, call)| call.device == device).count();
        assert!(made >= 2, "device {device} was read {made} times in three intervals");
    }
}

#[test]
fn when_everything_fails_the_name_pauses_all_the_same() {
    let minutes = |device| Want { interval: seconds(600), ..sweep(device) };
    let mut desk = Desk::planning(real(), (0..60).map(minutes).collect());
    desk.run(seconds(1200), |_| Finish::Ok);
    let starts = desk.run(seconds(3600), |_| failed(Outcome::HttpError));
    assert!(starts.len() < 40, "{} calls to a server that is broken", starts.len());
}

#[test]
fn a_call_that_is_gone_and_still_wanted_is_not_asked_at_every_plan() {
    let mut desk = Desk::planning(real(), sweeps(1));
    desk.make(sweep(0).call, seconds(1), Finish::Gone);
    desk.plan(sweeps(1));
    assert_eq!(desk.wait(), Some(seconds(900)), "a quarter of its interval");
}
