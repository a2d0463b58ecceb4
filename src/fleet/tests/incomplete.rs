//! Lists of which some records cannot be read.

use super::*;
use crate::fleet::incomplete::Unnamed;

fn incomplete(update: Update) -> Update {
    update.incomplete().expect("a list")
}

#[test]
fn what_an_incomplete_list_does_not_name_stays_until_it_is_stale() {
    let stale = 45 * MINUTE + 10;
    let mut fleet = nsight();
    let only = |second| {
        let updates = [
            Update::Clients(vec![client("1", "Renamed", 2, 1)]),
            Update::Sites(ClientKey::new("1"), vec![site("10", "1", "HQ")]),
            Update::Devices(details("10", Kind::Workstation), vec![]),
            Update::Devices(details("11", Kind::Workstation), vec![]),
            Update::Devices(roster("1", Kind::Server), vec![device("100", "1", "10", Kind::Server)]),
            Update::Devices(roster("1", Kind::Workstation), vec![]),
        ];
        updates.map(|update| (incomplete(update), at(second)))
    };
    let before = fleet.current(at(10));
    for (update, at) in only(20).into_iter().chain(only(30)) {
        fleet.apply(update, at);
    }
    let view = fleet.current(at(40));
    let counts = |view: &View| (view.devices.len(), view.clients.len(), view.sites.len());
    assert_eq!(counts(&view), counts(&before));
    assert!(view.clients.iter().any(|client| client.name.as_str() == "Renamed"), "what it names is new");
    // Time goes on for what was not named, however many incomplete lists come.
    for (update, _) in only(0) {
        fleet.apply(update, at(stale));
    }
    fleet.prune(at(stale));
    let view = fleet.current(at(stale + 1));
    let names: Vec<_> = view.clients.iter().map(|client| client.name.as_str()).collect();
    assert_eq!((names, ids(&view), view.sites.len()), (vec!["Renamed"], vec!["100"], 1));
    assert!(fleet.lists[&roster("1", Kind::Workstation)].value.is_empty(), "nor is it asked for");
    assert_eq!((fleet.unnamed.clone(), fleet.known().clients.len()), (Unnamed::default(), 1));
}

#[test]
fn a_whole_list_withdraws_what_an_incomplete_one_kept() {
    let mut fleet = nsight();
    fleet.apply(incomplete(Update::Clients(vec![client("1", "Acme", 2, 1)])), at(20));
    fleet.apply(Update::Clients(vec![client("1", "Acme", 2, 1)]), at(30));
    let view = fleet.current(at(31));
    assert_eq!((view.clients.len(), ids(&view).contains(&"200")), (1, false));
    let listed = || vec![device("100", "1", "10", Kind::Server)];
    fleet.apply(incomplete(Update::Devices(roster("1", Kind::Server), listed())), at(32));
    fleet.apply(Update::Devices(roster("1", Kind::Server), listed()), at(33));
    assert!(fleet.unnamed.devices.is_empty());
}

#[test]
fn the_silence_of_an_incomplete_report_says_nothing() {
    let failing = |id: &str| {
        let check = Check {
            id: "7".into(),
            name: "Ping".into(),
            check_type: "ping".into(),
            state: CheckState::Failing,
            severity: Severity::Error,
            consecutive_failures: None,
            last_run: None,
        };
        FailingDevice { checks: vec![check], ..failing(id, false, false, false) }
    };
    let series = |fleet: &Fleet, id: &str, second| find(&fleet.current(at(second)), id).checks.len();
    let mut fleet = nsight();
    fleet.apply(Update::Failing(vec![failing("100")]), at(20));
    fleet.apply(incomplete(Update::Failing(vec![failing("101")])), at(30));
    assert_eq!(["100", "101"].map(|id| series(&fleet, id, 31)), [1, 1]);
    fleet.apply(incomplete(Update::Failing(vec![])), at(40));
    assert_eq!(["100", "101"].map(|id| series(&fleet, id, 41)), [1, 1]);
    fleet.apply(Update::Failing(vec![]), at(50));
    assert_eq!(["100", "101"].map(|id| series(&fleet, id, 51)), [0, 0]);
}
