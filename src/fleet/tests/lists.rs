//! Which clients, sites and devices there are.

use super::*;

#[test]
fn lists_are_laid_over_each_other_and_names_come_from_clients_and_sites() {
    let view = nsight().current(at(10));
    assert_eq!(ids(&view), ["100", "101", "102", "200"]);
    let server = find(&view, "100");
    assert_eq!((server.client.as_str(), server.site.as_str(), server.record.name.as_str()), ("Acme", "HQ", "PC100"));
    assert_eq!((server.record.online, server.record.kind), (Some(true), Some(Kind::Server)));
    assert_eq!(view.clients[0].devices.server, Some(2));
    assert_eq!(view.sites.len(), 3);
}

#[test]
fn a_rename_reaches_every_device_with_the_next_client_list() {
    let mut fleet = nsight();
    fleet.apply(Update::Clients(vec![client("1", "Acme Ltd", 2, 1), client("2", "Bolt", 1, 0)]), at(60));
    assert_eq!(find(&fleet.current(at(61)), "102").client.as_str(), "Acme Ltd");
}

#[test]
fn a_device_gone_from_the_newer_list_is_gone_from_the_older_ones() {
    let mut fleet = nsight();
    let changed =
        fleet.apply(Update::Devices(roster("1", Kind::Server), vec![device("102", "1", "11", Kind::Server)]), at(60));
    assert!(changed.objects);
    assert_eq!(ids(&fleet.current(at(61))), ["101", "102", "200"]);

    let mut fleet = nsight();
    fleet.apply(Update::Devices(details("10", Kind::Server), vec![]), at(60));
    assert_eq!(ids(&fleet.current(at(61))), ["101", "102", "200"]);
}

#[test]
fn a_device_that_moves_between_clients_stays_whichever_list_comes_first() {
    let moved = || device("100", "2", "20", Kind::Server);
    let new_place = |fleet: &mut Fleet, second| {
        let servers = vec![device("200", "2", "20", Kind::Server), moved()];
        fleet.apply(Update::Devices(roster("2", Kind::Server), servers), at(second))
    };
    let old_place = |fleet: &mut Fleet, second| {
        let servers = vec![device("102", "1", "11", Kind::Server)];
        fleet.apply(Update::Devices(roster("1", Kind::Server), servers), at(second))
    };
    let mut fleet = nsight();
    new_place(&mut fleet, 60);
    assert_eq!(find(&fleet.current(at(61)), "100").client.as_str(), "Bolt", "the newest list says where it is");
    old_place(&mut fleet, 62);
    assert_eq!(find(&fleet.current(at(63)), "100").client.as_str(), "Bolt");

    let mut fleet = nsight();
    old_place(&mut fleet, 60);
    new_place(&mut fleet, 61);
    assert_eq!(find(&fleet.current(at(62)), "100").client.as_str(), "Bolt");
}

#[test]
fn a_client_that_is_gone_takes_its_sites_and_devices_along() {
    let mut fleet = nsight();
    fleet.apply(Update::Clients(vec![client("2", "Bolt", 1, 0)]), at(60));
    let view = fleet.current(at(61));
    assert_eq!(ids(&view), ["200"]);
    assert_eq!(view.sites.iter().map(|site| site.id.as_str()).collect::<Vec<_>>(), ["20"]);
    assert!(fleet.known().devices.iter().all(|device| &*device.id.0 == "200"), "nothing is planned for it either");
}

#[test]
fn an_empty_client_list_is_a_valid_answer() {
    let mut fleet = nsight();
    fleet.apply(Update::Clients(vec![]), at(60));
    let view = fleet.current(at(61));
    assert!(view.clients.is_empty() && view.sites.is_empty() && view.devices.is_empty());
}

#[test]
fn the_last_workstation_of_a_client_goes_with_the_count() {
    let mut fleet = nsight();
    let changed = fleet.apply(Update::Clients(vec![client("1", "Acme", 2, 0), client("2", "Bolt", 1, 0)]), at(60));
    assert!(changed.objects);
    assert_eq!(ids(&fleet.current(at(61))), ["100", "102", "200"]);
}

#[test]
fn a_site_that_is_gone_takes_its_details_along() {
    let mut fleet = nsight();
    fleet.apply(Update::Sites(ClientKey::new("1"), vec![site("10", "1", "HQ")]), at(60));
    assert_eq!(find(&fleet.current(at(61)), "102").record.online, None, "only the roster still names it");
}

#[test]
fn what_the_platform_no_longer_knows_is_withdrawn_at_once() {
    let mut fleet = nsight();
    fleet.forget(&Gone::Device(DeviceId::new("100")), at(5));
    assert_eq!(ids(&fleet.current(at(10))), ["101", "102", "200"]);
    fleet.forget(&Gone::Site(SiteKey::new("11")), at(5));
    assert_eq!(ids(&fleet.current(at(10))), ["101", "200"]);
    fleet.forget(&Gone::Client(ClientKey::new("1")), at(5));
    let view = fleet.current(at(10));
    assert_eq!((ids(&view), view.clients.len(), view.sites.len()), (vec!["200"], 1, 1));
}

#[test]
fn one_call_that_denies_a_device_withdraws_it_once_not_in_every_round() {
    let mut fleet = nsight();
    let gone = Gone::Device(DeviceId::new("200"));
    let listed = |fleet: &mut Fleet, second| {
        fleet
            .apply(Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]), at(second))
    };
    fleet.forget(&gone, at(5));
    assert!(!ids(&fleet.current(at(6))).contains(&"200"));
    listed(&mut fleet, 7);
    fleet.forget(&gone, at(8));
    assert!(ids(&fleet.current(at(9))).contains(&"200"), "the newer list knows better");
    let later = 2 * 86_400;
    fleet.prune(at(later));
    fleet.forget(&gone, at(later));
    assert!(fleet.known().devices.iter().any(|device| &*device.id.0 == "200"), "however long it is listed");
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![]), at(later + 1));
    fleet.prune(at(later + 86_400));
    listed(&mut fleet, later + 86_401);
    fleet.forget(&gone, at(later + 86_402));
    assert!(fleet.known().devices.iter().all(|device| &*device.id.0 != "200"), "it had been gone for a day");
}

#[test]
fn entries_without_agent_stay_when_the_last_workstation_goes() {
    let mut fleet = nsight();
    let printer = DeviceRecord { agentless: Some(true), ..detailed("109", "1", "10", Kind::Workstation) };
    let workstations = vec![detailed("101", "1", "10", Kind::Workstation), printer];
    fleet.apply(Update::Devices(details("10", Kind::Workstation), workstations), at(5));
    fleet.apply(Update::Clients(vec![client("1", "Acme", 2, 0), client("2", "Bolt", 1, 0)]), at(6));
    assert_eq!(ids(&fleet.current(at(7))), ["100", "109", "102", "200"]);
}

#[test]
fn of_two_lists_of_one_sort_only_the_newer_one_speaks() {
    let mut fleet = nsight();
    let booted = DeviceRecord { boot: Some(at(0)), ..detailed("100", "1", "10", Kind::Server) };
    fleet.apply(Update::Devices(details("10", Kind::Server), vec![booted]), at(5));
    let moved = DeviceRecord { online: None, ..detailed("100", "1", "11", Kind::Server) };
    fleet.apply(
        Update::Devices(details("11", Kind::Server), vec![moved, detailed("102", "1", "11", Kind::Server)]),
        at(6),
    );
    let view = fleet.current(at(7));
    let record = &find(&view, "100").record;
    assert_eq!((record.boot, record.online, &record.site), (None, None, &SiteKey::new("11")));
}

#[test]
fn sites_are_as_fresh_as_their_own_lists() {
    let mut fleet = nsight();
    fleet.apply(Update::Sites(ClientKey::new("2"), vec![site("20", "2", "HQ")]), at(30 * MINUTE));
    let view = fleet.current(at(50 * MINUTE));
    assert!(view.clients.is_empty());
    assert_eq!(
        view.sites.iter().map(|site| (site.id.as_str(), site.client.as_str())).collect::<Vec<_>>(),
        [("20", "Bolt")]
    );
}

#[test]
fn two_entries_of_a_device_in_the_failing_report_are_one() {
    let mut fleet = nsight();
    fleet.apply(Update::Failing(vec![failing("100", true, false, false), failing("100", false, true, false)]), at(20));
    let record = find(&fleet.current(at(21)), "100").record.clone();
    assert_eq!((record.online, record.overdue), (Some(false), Some(true)));
}

#[test]
fn an_answer_that_was_under_way_when_its_client_went_brings_nothing_back() {
    let mut fleet = nsight();
    fleet.apply(Update::Clients(vec![client("1", "Acme", 2, 1)]), at(60));
    fleet.apply(Update::Sites(ClientKey::new("2"), vec![site("20", "2", "HQ")]), at(61));
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]), at(61));
    fleet.apply(Update::Devices(details("20", Kind::Server), vec![detailed("200", "2", "20", Kind::Server)]), at(61));
    assert_eq!(ids(&fleet.current(at(62))), ["100", "101", "102"]);
    assert!(fleet.current(at(62)).sites.iter().all(|site| site.client.as_str() == "Acme"));
    assert!(fleet.known().devices.iter().all(|device| &*device.id.0 != "200"));
}

/// Two reports by client name the same device; which one is believed must not depend on the order of a map.
#[test]
fn of_two_reports_that_name_a_stranger_the_newer_one_says_what_it_is() {
    for _ in 0..20 {
        let mut fleet = Fleet::new(options(PlatformName::Nsight));
        for (second, client, kind) in [(2, "1", Kind::Workstation), (3, "2", Kind::Server), (1, "3", Kind::Mobile)] {
            let device = device("900", client, "10", kind);
            let reported = FailingDevice { device, ..failing("900", true, false, false) };
            fleet.apply(Update::FailingAt(ClientKey::new(client), vec![reported]), at(second));
        }
        assert_eq!(find(&fleet.current(at(10)), "900").record.kind, Some(Kind::Server));
    }
}

#[test]
fn a_site_in_the_lists_of_two_clients_has_the_newer_name() {
    for _ in 0..20 {
        let mut fleet = nsight();
        fleet.apply(Update::Sites(ClientKey::new("2"), vec![site("10", "2", "Moved")]), at(10));
        assert_eq!(find(&fleet.current(at(11)), "100").site.as_str(), "Moved");
    }
}
