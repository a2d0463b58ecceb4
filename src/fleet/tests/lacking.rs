//! Devices without a check of antivirus or backup.

use super::*;

fn listed(fleet: &mut Fleet, [passing, failing]: [u64; 2], second: i64) {
    let counts =
        StatusCounts { passing: Some(passing), failing: Some(failing), cleared: Some(0), ..StatusCounts::default() };
    let record = DeviceRecord { checks: Some(counts), ..device("200", "2", "20", Kind::Server) };
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![record]), at(second));
}

fn lacking(fleet: &Fleet) -> [bool; 2] {
    let known = fleet.known().lacking;
    let id = DeviceId::new("200");
    [known.antivirus.contains(&id), known.backup.contains(&id)]
}

fn history(statuses: &[DayStatus]) -> Option<Arc<History>> {
    let days = statuses.iter().zip(1..).map(|(status, day)| (date(2026, 3, day), *status)).collect();
    History::new(days).map(Arc::new)
}

#[test]
fn a_device_without_a_history_lacks_the_check_until_the_number_of_its_checks_changes() {
    let mut fleet = nsight();
    listed(&mut fleet, [3, 1], 4);
    assert_eq!(lacking(&fleet), [false, false], "nobody asked");
    fleet.apply(Update::Backup(DeviceId::new("200"), None), at(5));
    assert_eq!(lacking(&fleet), [false, true]);
    listed(&mut fleet, [4, 0], 6);
    assert_eq!(lacking(&fleet), [false, true], "one recovered");
    listed(&mut fleet, [5, 0], 7);
    assert_eq!(lacking(&fleet), [false, false], "one was added: perhaps this one");
    fleet.apply(Update::Backup(DeviceId::new("200"), None), at(8));
    assert_eq!(lacking(&fleet), [false, true], "it was not");
    assert!(fleet.current(at(9)).lacking.backup.is_empty(), "for the plan only");
}

#[test]
fn days_of_which_nothing_is_known_do_not_tell_that_there_is_no_check() {
    use DayStatus::{NotRun, Pass, Unknown};
    for (statuses, lacks) in [(&[][..], true), (&[Unknown, Unknown], false), (&[NotRun, Unknown], false)] {
        let mut fleet = nsight();
        listed(&mut fleet, [3, 1], 4);
        fleet.apply(Update::Antivirus(DeviceId::new("200"), history(statuses)), at(5));
        assert_eq!(lacking(&fleet), [lacks, false], "{statuses:?}");
        fleet.apply(Update::Antivirus(DeviceId::new("200"), history(&[Pass])), at(6));
        assert_eq!(lacking(&fleet), [false, false]);
    }
}

#[test]
fn that_there_is_no_check_is_known_as_long_as_data_are_good() {
    let mut fleet = nsight();
    listed(&mut fleet, [3, 1], 4);
    fleet.apply(Update::Antivirus(DeviceId::new("200"), None), at(5));
    fleet.prune(at(44 * MINUTE));
    assert_eq!(lacking(&fleet), [true, false]);
    fleet.prune(at(46 * MINUTE));
    assert_eq!(lacking(&fleet), [false, false]);
}
