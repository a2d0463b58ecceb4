//! Budget, concurrency, lingering calls, start jitter.

use super::*;

fn small(requests_per_minute: u32, max_concurrent: usize) -> Limits {
    Limits { requests_per_minute, max_concurrent, ..real() }
}

#[test]
fn no_more_calls_in_a_minute_than_the_budget() {
    let mut desk = Desk::planning(small(3, 10), sweeps(9));
    let starts = desk.run(seconds(200), |_| Finish::Ok);
    let times: Vec<_> = starts.iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(times, [0, 0, 0, 61, 61, 61, 122, 122, 122], "a call counts until a minute after its end");
}

#[test]
fn a_call_under_way_counts_however_long_it_takes() {
    let mut desk = Desk::planning(small(1, 2), sweeps(2));
    let first = desk.start().unwrap();
    desk.pass(seconds(100));
    assert_eq!(desk.wait(), None);
    desk.finish(first, Finish::Ok);
    assert_eq!(desk.wait(), Some(seconds(60)));
}

#[test]
fn part_of_the_budget_is_kept_for_what_fails_and_for_inventory() {
    let mut desk = Desk::planning(small(10, 20), sweeps(20));
    assert_eq!(desk.starts().len(), 9);
    desk.plan([sweeps(20), vec![inventory(1)]].concat());
    assert_eq!(desk.starts(), [inventory(1).call]);
}

#[test]
fn waiting_for_the_reserve_ends_when_a_call_of_its_sort_is_due() {
    let mut desk = Desk::planning(small(4, 20), vec![failing()]);
    desk.make(failing().call, seconds(1), Finish::Ok);
    desk.pass(seconds(150));
    desk.plan([sweeps(20), vec![failing()]].concat());
    let starts = desk.starts();
    assert_eq!(starts.len(), 3, "{starts:?}");
    assert_eq!(desk.wait(), Some(seconds(30)), "for the failing checks, not for the sweep");
    desk.pass(seconds(30));
    assert_eq!(desk.starts(), [failing().call]);
}

#[test]
fn no_more_is_kept_than_comes_due() {
    let starts = |inventories: u32, pass: u64| {
        let inventories: Vec<_> = (0..inventories).map(inventory).collect();
        let mut desk = Desk::planning(small(60, 20), inventories.clone());
        for want in &inventories {
            desk.make(want.call, seconds(0), Finish::Ok);
        }
        desk.pass(seconds(pass));
        desk.plan([sweeps(200), inventories].concat());
        let mut started = 0;
        while let Some(call) = desk.start() {
            desk.finish(call, Finish::Ok);
            started += 1;
        }
        started
    };
    assert_eq!(starts(10, 300), 59, "nothing of them within a minute: only what nobody foresees");
    assert_eq!(starts(3, 850), 57, "room for each of the three");
    assert_eq!(starts(10, 850), 54, "and for a tenth at most");
}

#[test]
fn no_budget_starts_nothing() {
    let mut desk = Desk::planning(small(0, 1), sweeps(1));
    assert_eq!(desk.wait(), None);
    desk.planner.set_limits(small(1, 1), desk.now);
    assert!(desk.start().is_some());
}

#[test]
fn a_restart_knows_the_last_minute() {
    let mut desk = Desk::planning(small(3, 3), sweeps(9));
    for call in desk.starts() {
        desk.finish(call, Finish::Ok);
    }
    desk.pass(seconds(10));
    desk.restart(sweeps(9));
    assert_eq!(desk.wait(), Some(seconds(50)));
    desk.pass(seconds(50));
    assert_eq!(desk.starts().len(), 3);
    desk.pass(seconds(10));
    desk.restart(vec![inventory(1)]);
    assert_eq!(desk.wait(), Some(seconds(60)), "calls cut off by a crash may have arrived at any time since");
}

#[test]
fn no_more_calls_at_once_than_allowed() {
    let mut desk = Desk::planning(small(60, 2), sweeps(5));
    let running = desk.starts();
    assert_eq!(running.len(), 2);
    assert_eq!(desk.wait(), None);
    desk.pass(seconds(1));
    desk.finish(running[0], Finish::Ok);
    assert_eq!(desk.starts().len(), 1);
    assert_eq!(desk.status().in_flight, 2);
}

#[test]
fn a_call_that_timed_out_lingers_with_all_of_its_name() {
    let limits = Limits { linger_after_timeout: seconds(300), ..small(60, 2) };
    let mut desk = Desk::planning(limits, [sweeps(5), vec![inventory(1)]].concat());
    assert_eq!(desk.starts(), [inventory(1).call, sweep(0).call]);
    desk.pass(seconds(30));
    desk.fail(sweep(0).call, Outcome::Timeout);
    assert_eq!(desk.wait(), Some(seconds(300)), "it fills one of the two places, inventory the other");
    desk.finish(inventory(1).call, Finish::Ok);
    desk.plan([sweeps(5), vec![inventory(1), inventory(2), inventory(3)]].concat());
    assert_eq!(desk.starts(), [inventory(2).call], "another name, one place");
    desk.finish(inventory(2).call, Finish::Ok);
    assert_eq!(desk.starts(), [inventory(3).call]);
    desk.finish(inventory(3).call, Finish::Ok);
    let (wait, call) = desk.wait_and_start();
    assert_eq!((wait, call.name), (seconds(300), "checks"), "only checks were due, and they lingered");
    assert_eq!(desk.starts().len(), 1);
}

#[test]
fn without_lingering_a_timeout_frees_its_place() {
    let mut desk = Desk::planning(small(60, 1), sweeps(2));
    desk.make(sweep(0).call, seconds(30), failed(Outcome::Timeout));
    assert_eq!(desk.start(), Some(sweep(1).call));
}

#[test]
fn the_start_is_delayed_by_a_random_part_of_the_jitter() {
    let limits = Limits { start_jitter: seconds(60), ..real() };
    let delay = |seed| {
        let mut desk = Desk::new(limits.clone());
        desk.planner = Planner::new(limits.clone(), Box::new(MemoryLedger::default()), seed, desk.now);
        desk.plan(sweeps(2));
        assert_eq!(desk.status().queue_length, 0);
        desk.wait_and_start().0
    };
    let delays: Vec<_> = (0..20).map(delay).collect();
    assert!(delays.iter().all(|delay| *delay < seconds(60)));
    assert!(delays.iter().min() < Some(&seconds(15)) && delays.iter().max() > Some(&seconds(45)), "{delays:?}");
    assert_eq!(delay(3), delay(3), "the seed decides");
}
