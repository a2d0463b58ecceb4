//! The floor between identical calls, intervals, and restarts.

use super::*;

const OK: Finish = Finish::Ok;

#[test]
fn the_interval_runs_from_the_end_of_the_attempt() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    desk.make(failing().call, seconds(20), OK);
    assert_eq!(desk.wait(), Some(seconds(180)));
    assert_eq!(desk.wait_and_start(), (seconds(180), failing().call));
}

#[test]
fn the_floor_holds_when_a_call_leaves_and_comes_back() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    desk.make(failing().call, seconds(5), OK);
    desk.plan(vec![]);
    assert_eq!(desk.wait(), None);
    desk.set_wall_clock(SignedDuration::from_hours(5));
    let again = want(failing().call, Collector::FailingChecks, 1, Priority::Failing);
    desk.plan(vec![again]);
    assert_eq!(desk.wait(), Some(seconds(90)), "in the process the steady clock counts, not the ledger's wall times");
}

#[test]
fn a_call_that_leaves_and_comes_back_under_way_runs_once() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    assert_eq!(desk.start(), Some(failing().call));
    desk.plan(vec![]);
    desk.plan(vec![failing()]);
    assert_eq!(desk.wait(), None);
    desk.pass(seconds(10));
    desk.finish(failing().call, OK);
    assert_eq!(desk.wait(), Some(seconds(180)));
}

#[test]
fn a_call_that_left_under_way_still_ends() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    assert_eq!(desk.start(), Some(failing().call));
    desk.plan(vec![]);
    assert_eq!(desk.status().in_flight, 1);
    desk.pass(seconds(10));
    desk.finish(failing().call, OK);
    assert_eq!(desk.status().in_flight, 0);
    desk.plan(vec![failing()]);
    assert_eq!(desk.wait(), Some(seconds(180)));
}

#[test]
fn unequal_calls_of_one_identity_are_one_call_as_the_newest_plan_has_it() {
    let owned = |owner| Want { call: Call { owner, ..failing().call }, ..failing() };
    let mut desk = Desk::planning(real(), vec![owned(1), owned(2)]);
    assert_eq!(desk.collector(Collector::FailingChecks).targets, 1);
    assert_eq!(desk.starts(), [owned(1).call], "the first of a plan");
    desk.plan(vec![owned(3), owned(1)]);
    assert_eq!(desk.wait(), None, "under way");
    desk.pass(seconds(10));
    desk.finish(owned(1).call, OK);
    assert_eq!(desk.status().in_flight, 0);
    desk.planner.hurry(&owned(2).call, desk.now);
    assert_eq!(desk.wait_and_start(), (seconds(90), owned(3).call));
    desk.plan(vec![]);
    desk.finish(owned(3).call, OK);
    desk.plan(vec![owned(4)]);
    assert_eq!(desk.wait_and_start(), (seconds(180), owned(4).call), "the floor holds when another comes back");
    desk.finish(owned(4).call, OK);
    // Longer than it is remembered.
    desk.plan(vec![]);
    desk.pass(seconds(48 * 3600));
    desk.plan(vec![]);
    desk.plan(vec![owned(5)]);
    assert_eq!(desk.starts(), [owned(5).call]);
}

#[test]
fn a_longer_floor_holds_at_once_for_calls_that_wait_and_that_run() {
    let mut desk = Desk::planning(real(), vec![failing(), inventory(1)]);
    desk.make(failing().call, seconds(1), OK);
    assert_eq!(desk.start(), Some(inventory(1).call));
    let limits = Limits { min_interval: seconds(2000), ..real() };
    desk.planner.set_limits(limits, desk.now);
    desk.pass(seconds(1));
    desk.finish(inventory(1).call, OK);
    assert_eq!(desk.wait_and_start(), (seconds(1999), failing().call));
    assert_eq!(desk.wait_and_start(), (seconds(1), inventory(1).call));
}

#[test]
fn a_restart_polls_nothing_early() {
    let mut desk = Desk::planning(real(), vec![failing(), inventory(1)]);
    desk.make(failing().call, seconds(1), OK);
    desk.make(inventory(1).call, seconds(1), OK);
    for _ in 0..10 {
        desk.pass(seconds(10));
        desk.restart(vec![failing(), inventory(1)]);
    }
    assert_eq!(desk.wait_and_start(), (seconds(180 - 101), failing().call));
}

#[test]
fn a_restart_retries_a_failed_call_after_the_floor() {
    let mut desk = Desk::planning(real(), vec![inventory(1)]);
    desk.make(inventory(1).call, seconds(1), failed(Outcome::HttpError));
    desk.pass(seconds(10));
    desk.restart(vec![inventory(1)]);
    assert_eq!(desk.wait(), Some(seconds(80)));
    assert!(!desk.collector(Collector::Inventory).success);
}

#[test]
fn a_call_cut_off_by_a_crash_counts_as_ended_a_minute_after_its_start() {
    let mut desk = Desk::planning(real(), vec![inventory(1)]);
    assert_eq!(desk.start(), Some(inventory(1).call));
    desk.pass(seconds(5));
    desk.restart(vec![inventory(1)]);
    assert_eq!(desk.wait(), Some(seconds(55 + 90)));
    assert!(desk.collector(Collector::Inventory).success, "it did not fail, it is not known");
}

#[test]
fn a_ledger_from_the_future_counts_as_now() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    desk.make(failing().call, seconds(1), OK);
    desk.set_wall_clock(SignedDuration::from_hours(-24 * 365));
    desk.restart(vec![failing()]);
    assert_eq!(desk.wait(), Some(seconds(180)));
}

#[test]
fn the_wall_clock_moves_no_floor_within_the_process() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    desk.make(failing().call, seconds(1), OK);
    desk.set_wall_clock(SignedDuration::from_hours(-1000));
    assert_eq!(desk.wait(), Some(seconds(180)), "nothing is older than it was");
    desk.set_wall_clock(SignedDuration::from_hours(1000));
    assert_eq!(desk.wait(), Some(seconds(180)), "nor than it was before");
    desk.set_wall_clock(SignedDuration::from_secs(61));
    assert_eq!(desk.wait(), Some(seconds(180 - 61)), "due sooner by as much");
    desk.set_wall_clock(SignedDuration::from_hours(100));
    assert_eq!(desk.wait(), Some(seconds(90)), "the floor holds");
}

/// As on a machine inside another one that slept: the steady clock did not go on.
#[test]
fn data_that_are_older_than_they_seemed_are_read_again_and_count_as_old() {
    let mut desk = Desk::planning(real(), sweeps(2));
    for device in 0..2 {
        desk.make(sweep(device).call, seconds(1), OK);
    }
    let fresh = |desk: &Desk| desk.planner.status(desk.now, |_| seconds(3 * 3600)).collectors[&Collector::Checks].fresh;
    desk.pass(seconds(100));
    assert!(desk.wait() > Some(seconds(600)));
    assert_eq!(fresh(&desk), 2);
    desk.set_wall_clock(SignedDuration::from_hours(10));
    let (first, second) = (desk.start(), desk.start());
    assert!(first.is_some() && second.is_some() && first != second);
    assert_eq!(fresh(&desk), 0);
    desk.finish(first.unwrap(), OK);
    assert_eq!(fresh(&desk), 1);
}

#[test]
fn what_fails_waits_as_long_however_old_its_data_turn_out_to_be() {
    let mut desk = Desk::planning(Limits { min_interval: seconds(15), ..real() }, sweeps(1));
    let call = desk.start().unwrap();
    desk.fail(call, Outcome::InvalidResponse);
    let wait = desk.wait();
    assert!(wait >= Some(seconds(30)), "{wait:?}");
    desk.set_wall_clock(SignedDuration::from_hours(10));
    assert_eq!(desk.wait(), wait);
}

/// The ledger has wall times only, and the call is first wanted when they mean something else already.
#[test]
fn what_an_earlier_process_called_keeps_its_floor_when_the_clock_is_set_before_it_is_wanted() {
    for hours in [1, 24 * 365, -1, -24 * 365] {
        for cut_off in [false, true] {
            let mut desk = Desk::planning(real(), vec![failing()]);
            assert_eq!(desk.start(), Some(failing().call));
            if !cut_off {
                desk.finish(failing().call, OK);
            }
            desk.pass(seconds(10));
            desk.restart(vec![]);
            desk.pass(seconds(10));
            desk.set_wall_clock(SignedDuration::from_hours(hours));
            desk.plan(vec![failing()]);
            let least = if cut_off { seconds(60 + 90 - 20) } else { seconds(90 - 20) };
            let wait = desk.wait().unwrap();
            assert!((least..=seconds(240)).contains(&wait), "{hours} h, cut off {cut_off}: {wait:?}");
            desk.planner.hurry(&failing().call, desk.now);
            assert!(desk.wait() >= Some(least), "nor does a hurry break it");
        }
    }
}

#[test]
fn the_wall_clock_moves_no_pause() {
    for hours in [2, 24 * 365, -2, -24 * 365] {
        let mut desk = Desk::planning(real(), sweeps(50));
        let call = desk.start().unwrap();
        desk.fail(call, Outcome::Throttled);
        let (wait, call) = (desk.wait(), sweep(49).call);
        desk.set_wall_clock(SignedDuration::from_hours(hours));
        assert_eq!(desk.wait(), wait);
        assert_eq!(desk.status().backoff_until, Some(desk.now.wall + wait.unwrap()));
        desk.planner.hurry(&call, desk.now);
        assert_eq!(desk.wait_and_start(), (wait.unwrap(), call));
    }
}

#[test]
fn a_changed_interval_counts_from_the_last_end() {
    let mut desk = Desk::planning(real(), vec![inventory(1)]);
    desk.make(inventory(1).call, seconds(1), OK);
    desk.pass(seconds(100));
    desk.plan(vec![Want { interval: seconds(300), ..inventory(1) }]);
    assert_eq!(desk.wait(), Some(seconds(200)));
    desk.plan(vec![Want { interval: seconds(60), ..inventory(1) }]);
    assert_eq!(desk.start(), Some(inventory(1).call));
    assert_eq!(desk.status().oldest_due, Duration::ZERO);
}

#[test]
fn a_call_gone_ends_and_comes_back_only_with_a_new_plan() {
    let mut desk = Desk::planning(real(), vec![inventory(1)]);
    desk.make(inventory(1).call, seconds(1), Finish::Gone);
    assert_eq!(desk.wait(), None);
    let status = desk.collector(Collector::Inventory);
    assert_eq!((status.targets, status.failed, status.success), (0, 0, true));
    desk.pass(seconds(10));
    desk.plan(vec![inventory(1)]);
    assert_eq!(desk.wait(), Some(seconds(215)));
    assert_eq!(desk.collector(Collector::Inventory).fresh, 0);
}

#[test]
fn a_call_that_ends_twice_ends_once() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    desk.make(failing().call, seconds(1), OK);
    desk.pass(seconds(50));
    desk.finish(failing().call, failed(Outcome::HttpError));
    desk.finish(call("unknown", 1), OK);
    assert!(desk.collector(Collector::FailingChecks).success);
    assert_eq!(desk.wait(), Some(seconds(130)));
}

#[test]
fn the_first_sweep_is_due_at_once_and_later_ones_are_spread() {
    let limits = Limits { requests_per_minute: 10_000, ..real() };
    let mut desk = Desk::planning(limits, sweeps(60));
    let first = desk.run(seconds(40), |_| OK);
    assert_eq!(first.len(), 60, "two at a time, a second each");
    let second = desk.run(seconds(2 * 3600), |_| OK);
    let busiest = (0..120).map(|minute| second.iter().filter(|(at, _)| at.as_secs() / 60 == minute).count());
    assert!(busiest.max() <= Some(6), "spread over the hour");
    for want in sweeps(60) {
        let starts: Vec<_> = second.iter().filter(|(_, call)| *call == want.call).map(|(at, _)| *at).collect();
        let first = starts.first().unwrap();
        assert!((seconds(1700)..seconds(5500)).contains(first), "half to one and a half intervals after the first");
        if let [one, two, ..] = starts.as_slice() {
            assert!((*two - *one).abs_diff(seconds(3600)) < seconds(30), "then every interval");
        }
    }
}

#[test]
fn the_spread_survives_restarts() {
    let due = |restart: bool| {
        let mut desk = Desk::planning(real(), vec![sweep(1)]);
        desk.make(sweep(1).call, seconds(1), OK);
        desk.pass(seconds(600));
        if restart {
            desk.restart(vec![sweep(1)]);
        }
        desk.wait().unwrap()
    };
    assert_eq!(due(true), due(false));
}

#[test]
fn a_hurried_call_waits_for_the_floor_only() {
    let mut desk = Desk::planning(real(), vec![sweep(1)]);
    desk.make(sweep(1).call, seconds(1), OK);
    desk.pass(seconds(10));
    desk.planner.hurry(&sweep(1).call, desk.now);
    assert_eq!(desk.wait(), Some(seconds(80)));
    desk.pass(seconds(500));
    desk.planner.hurry(&sweep(1).call, desk.now);
    assert_eq!(desk.start(), Some(sweep(1).call));
}

#[test]
fn a_call_hurried_under_way_is_made_once_more() {
    let mut desk = Desk::planning(real(), vec![sweep(1)]);
    assert_eq!(desk.start(), Some(sweep(1).call));
    desk.planner.hurry(&sweep(1).call, desk.now);
    desk.finish(sweep(1).call, OK);
    assert_eq!(desk.wait_and_start(), (seconds(90), sweep(1).call));
    desk.finish(sweep(1).call, OK);
    assert!(desk.wait() > Some(seconds(1799)));
}

#[test]
fn a_hurry_does_not_shorten_the_delay_after_failures() {
    let mut desk = Desk::planning(real(), vec![sweep(1)]);
    for _ in 0..4 {
        assert_eq!(desk.wait_and_start().1, sweep(1).call);
        desk.fail(sweep(1).call, Outcome::ApiError);
    }
    desk.planner.hurry(&sweep(1).call, desk.now);
    assert!(desk.wait() >= Some(seconds(240)));
    desk.planner.hurry(&call("unknown", 1), desk.now);
}
