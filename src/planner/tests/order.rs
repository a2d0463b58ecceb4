//! Who goes first.

use super::*;

fn wide() -> Limits {
    Limits { max_concurrent: 100, requests_per_minute: 1000, ..real() }
}

#[test]
fn what_fails_goes_before_inventory_and_that_before_sweeps() {
    let mut desk = Desk::planning(wide(), vec![sweep(1), inventory(1), failing()]);
    assert_eq!(desk.starts(), [failing().call, inventory(1).call, sweep(1).call]);
}

#[test]
fn of_one_priority_the_first_wanted_goes_first() {
    let mut desk = Desk::planning(wide(), sweeps(6));
    assert_eq!(desk.starts(), [0, 1, 2, 3, 4, 5].map(|device| sweep(device).call));
}

#[test]
fn never_read_goes_before_read_and_old_data_before_new() {
    let mut desk = Desk::planning(wide(), sweeps(3));
    // Four, so that the fourth turn is past.
    for device in [1, 0, 2, 9] {
        desk.plan(vec![sweep(device)]);
        desk.make(sweep(device).call, seconds(1), Finish::Ok);
    }
    desk.pass(seconds(2 * 3600));
    // All become due in the same moment, now.
    desk.plan(vec![]);
    desk.plan(vec![sweep(0), sweep(1), sweep(2), sweep(3)]);
    assert_eq!(desk.starts()[..3], [sweep(3).call, sweep(1).call, sweep(0).call]);
}

#[test]
fn hurried_calls_go_first_in_their_priority_only() {
    let mut desk = Desk::planning(wide(), [sweeps(9), vec![inventory(1)]].concat());
    desk.planner.hurry(&sweep(7).call, desk.now);
    assert_eq!(desk.starts()[..3], [inventory(1).call, sweep(7).call, sweep(0).call]);
}

#[test]
fn every_fourth_start_goes_to_what_has_been_due_longest() {
    let mut desk = Desk::planning(wide(), vec![sweep(1), sweep(2)]);
    desk.pass(seconds(1));
    desk.plan((0..20).map(inventory).chain([sweep(1), sweep(2)]).collect());
    let starts = desk.starts();
    let turns: Vec<_> = starts.iter().map(|call| call.name).collect();
    let inventory = "inventory";
    let expected =
        [inventory, inventory, inventory, "checks", inventory, inventory, inventory, "checks", inventory, inventory];
    assert_eq!(turns[..10], expected);
}

#[test]
fn the_fourth_start_may_use_the_reserve() {
    let limits = Limits { requests_per_minute: 4, ..wide() };
    let mut desk = Desk::planning(limits, sweeps(10));
    assert_eq!(desk.starts().len(), 4);
}

#[test]
fn of_identical_wants_the_first_counts() {
    let other = Want { collector: Collector::Patches, ..sweep(1) };
    let mut desk = Desk::planning(wide(), vec![sweep(1), other]);
    assert_eq!(desk.starts(), [sweep(1).call]);
    assert_eq!(desk.collector(Collector::Checks).targets, 1);
    assert!(!desk.status().collectors.contains_key(&Collector::Patches));
}

#[test]
fn a_call_that_changes_its_priority_while_due_keeps_its_lateness() {
    let mut desk = Desk::planning(Limits { requests_per_minute: 0, ..wide() }, vec![sweep(1)]);
    assert_eq!(desk.start(), None);
    desk.pass(seconds(50));
    desk.plan(vec![Want { priority: Priority::Inventory, collector: Collector::Inventory, ..sweep(1) }]);
    assert_eq!(desk.status().oldest_due, seconds(50));
    assert_eq!(desk.collector(Collector::Checks).targets, 0);
    desk.planner.set_limits(wide(), desk.now);
    assert_eq!(desk.starts(), [sweep(1).call]);
}
