//! What the planner tells of its collectors.

use super::*;

/// Nobody could make calls meanwhile, so the budget is not to blame.
#[test]
fn what_became_due_while_the_machine_slept_is_late_since_it_woke() {
    let mut desk = Desk::planning(real(), sweeps(3));
    for device in 0..3 {
        desk.make(sweep(device).call, seconds(1), Finish::Ok);
    }
    desk.sleep(Duration::from_hours(10));
    assert!(desk.start().is_some());
    assert_eq!((desk.status().queue_length, desk.status().oldest_due), (2, Duration::ZERO));
    desk.pass(seconds(30));
    assert_eq!((desk.status().queue_length, desk.status().oldest_due), (2, seconds(30)));
}

fn checks(desk: &Desk) -> CollectorStatus {
    desk.collector(Collector::Checks)
}

fn ok(desk: &mut Desk, device: u32) {
    desk.make(sweep(device).call, seconds(10), Finish::Ok);
}

fn fail(desk: &mut Desk, device: u32) {
    desk.make(sweep(device).call, seconds(10), failed(Outcome::HttpError));
}

#[test]
fn nothing_to_ask_is_success() {
    let mut desk = Desk::new(real());
    assert_eq!(desk.status(), PlannerStatus::default());
    desk.plan(sweeps(1));
    desk.plan(vec![]);
    assert_eq!(checks(&desk), CollectorStatus::default());
    assert!(checks(&desk).success);
}

#[test]
fn a_sweep_ends_when_every_call_was_attempted() {
    let mut desk = Desk::planning(real(), sweeps(3));
    desk.pass(seconds(100));
    ok(&mut desk, 0);
    ok(&mut desk, 1);
    let status = checks(&desk);
    assert_eq!((status.targets, status.fresh, status.attempted, status.sweeps), (3, 2, 2, 0));
    assert_eq!((status.last_success, status.last_duration), (Some(desk.now.wall), None));
    ok(&mut desk, 2);
    let status = checks(&desk);
    assert_eq!(
        (status.sweeps, status.last_duration),
        (1, Some(seconds(30))),
        "from its first start, not from the plan"
    );
    assert_eq!(status.last_success, Some(desk.now.wall));
}

#[test]
fn a_sweep_with_a_failure_is_no_success_until_the_retry() {
    let mut desk = Desk::planning(real(), sweeps(3));
    ok(&mut desk, 0);
    ok(&mut desk, 1);
    let newest = Some(desk.now.wall);
    fail(&mut desk, 2);
    let status = checks(&desk);
    assert_eq!((status.sweeps, status.success, status.failed, status.last_success), (1, false, 1, newest));
    assert_eq!((status.attempted, status.fresh), (3, 2));
    desk.pass(seconds(100));
    ok(&mut desk, 2);
    let status = checks(&desk);
    assert_eq!((status.success, status.failed, status.last_success), (true, 0, Some(desk.now.wall)));
    assert_eq!((status.sweeps, status.last_duration), (1, Some(seconds(30))), "a retry is no sweep");
}

#[test]
fn the_last_success_is_the_newest_whatever_the_wall_clock_does() {
    let mut desk = Desk::planning(real(), sweeps(4));
    fail(&mut desk, 0);
    assert_eq!(checks(&desk).last_success, None);
    ok(&mut desk, 1);
    desk.set_wall_clock(SignedDuration::from_hours(-5));
    ok(&mut desk, 2);
    assert_eq!(checks(&desk).last_success, Some(desk.now.wall));
    desk.plan(sweeps(1));
    assert_eq!(checks(&desk).last_success, Some(desk.now.wall), "also when its call is no longer planned");
}

#[test]
fn a_collector_of_one_call_counts_every_attempt_as_a_run() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    let status = |desk: &Desk| desk.collector(Collector::FailingChecks);
    desk.make(failing().call, seconds(1), failed(Outcome::HttpError));
    assert_eq!((status(&desk).sweeps, status(&desk).success), (1, false));
    desk.wait_and_start();
    desk.pass(seconds(7));
    desk.finish(failing().call, Finish::Ok);
    assert_eq!((status(&desk).sweeps, status(&desk).last_duration), (2, Some(seconds(7))));
    let success = desk.now.wall;
    desk.wait_and_start();
    desk.fail(failing().call, Outcome::HttpError);
    assert_eq!((status(&desk).sweeps, status(&desk).last_success), (3, Some(success)));
}

#[test]
fn calls_that_join_or_leave_during_a_sweep_count() {
    let mut desk = Desk::planning(real(), sweeps(3));
    ok(&mut desk, 0);
    desk.plan(sweeps(4));
    ok(&mut desk, 1);
    ok(&mut desk, 2);
    assert_eq!(checks(&desk).sweeps, 0, "the fourth joined");
    desk.plan(sweeps(3));
    assert_eq!((checks(&desk).sweeps, checks(&desk).targets), (1, 3), "and left");
}

#[test]
fn a_sweep_that_lost_all_its_calls_unread_did_not_happen() {
    let mut desk = Desk::planning(real(), sweeps(1));
    assert!(desk.start().is_some());
    desk.plan(vec![]);
    desk.finish(sweep(0).call, Finish::Ok);
    assert_eq!(checks(&desk), CollectorStatus::default());
}

#[test]
fn a_device_that_is_gone_ends_the_sweep_like_an_answer() {
    let mut desk = Desk::planning(real(), sweeps(2));
    ok(&mut desk, 0);
    let success = desk.now.wall;
    desk.make(sweep(1).call, seconds(10), Finish::Gone);
    let status = checks(&desk);
    assert_eq!((status.sweeps, status.targets, status.failed, status.attempted), (1, 1, 0, 1));
    assert_eq!(status.last_success, Some(success), "it brought no data");
}

#[test]
fn data_are_fresh_for_so_long() {
    let mut desk = Desk::planning(real(), vec![failing()]);
    desk.make(failing().call, seconds(1), Finish::Ok);
    let fresh = |desk: &Desk| {
        let status = desk.planner.status(desk.now, |collector| {
            assert_eq!(collector, Collector::FailingChecks);
            seconds(900)
        });
        status.collectors[&Collector::FailingChecks].fresh
    };
    desk.pass(seconds(899));
    assert_eq!(fresh(&desk), 1);
    desk.pass(seconds(1));
    assert_eq!(fresh(&desk), 0);
}

#[test]
fn the_queue_holds_what_is_due() {
    let mut desk = Desk::planning(Limits { max_concurrent: 1, ..real() }, vec![failing(), inventory(1), inventory(2)]);
    desk.pass(seconds(25));
    assert_eq!((desk.status().queue_length, desk.status().oldest_due), (3, seconds(25)));
    let due = desk.collector(Collector::Inventory).next_due;
    assert_eq!(due, Some(desk.now.wall - seconds(25)), "it waits");
    for want in [failing(), inventory(1), inventory(2)] {
        assert_eq!(desk.start(), Some(want.call));
        assert_eq!(desk.status().in_flight, 1);
        desk.finish(want.call, Finish::Ok);
    }
    assert_eq!((desk.status().queue_length, desk.status().oldest_due), (0, Duration::ZERO));
    assert_eq!(desk.collector(Collector::Inventory).next_due, Some(desk.now.wall + seconds(900)));
}

#[test]
fn a_restart_knows_the_last_success() {
    let mut desk = Desk::planning(real(), sweeps(3));
    for device in 0..3 {
        ok(&mut desk, device);
    }
    let success = desk.now.wall;
    desk.pass(seconds(100));
    desk.restart(sweeps(3));
    let status = checks(&desk);
    assert_eq!((status.last_success, status.fresh, status.attempted, status.sweeps), (Some(success), 3, 0, 0));
    desk.restart(sweeps(2));
    assert_eq!(checks(&desk).last_success, Some(success - seconds(10)), "of the calls that are planned");
    desk.restart(vec![sweep(7)]);
    assert_eq!(checks(&desk).last_success, None, "never read");
}

#[test]
fn a_restart_during_failures_does_not_pretend_success() {
    let mut desk = Desk::planning(real(), sweeps(3));
    for device in 0..3 {
        ok(&mut desk, device);
    }
    let newest = desk.now.wall;
    desk.pass(seconds(100));
    desk.planner.hurry(&sweep(0).call, desk.now);
    fail(&mut desk, 0);
    desk.restart(sweeps(3));
    let status = checks(&desk);
    assert_eq!((status.success, status.failed, status.last_success), (false, 1, Some(newest)));
}

#[test]
fn a_run_waits_for_the_plan_that_its_answers_ask_for() {
    let mut desk = Desk::planning(real(), sweeps(1));
    desk.planner.expect_plan();
    ok(&mut desk, 0);
    assert_eq!(checks(&desk).sweeps, 0, "more may join");
    desk.plan(sweeps(2));
    assert_eq!(checks(&desk).sweeps, 0, "and did");
    ok(&mut desk, 1);
    assert_eq!(checks(&desk).sweeps, 1);

    let mut desk = Desk::planning(real(), sweeps(1));
    desk.planner.expect_plan();
    ok(&mut desk, 0);
    desk.plan(sweeps(1));
    assert_eq!(checks(&desk).sweeps, 1, "nothing joined");
}

#[test]
fn a_call_that_others_stand_in_for_counts_no_more_and_keeps_its_floor() {
    let stand_in = |client| want(call("failing", client), Collector::FailingChecks, 180, Priority::Inventory);
    let mut desk = Desk::planning(real(), vec![failing()]);
    desk.make(failing().call, seconds(60), failed(Outcome::Timeout));
    desk.planner.expect_plan();
    desk.plan((1..4).map(stand_in).collect());
    let status = desk.collector(Collector::FailingChecks);
    assert_eq!((status.targets, status.failed, status.success), (3, 0, true));
    for client in 1..4 {
        desk.make(stand_in(client).call, seconds(1), Finish::Ok);
    }
    assert_eq!(desk.collector(Collector::FailingChecks).fresh, 3);
    desk.plan(vec![failing()]);
    assert_eq!(desk.wait_and_start(), (seconds(87), failing().call), "90 s after its end, whatever came between");
}
