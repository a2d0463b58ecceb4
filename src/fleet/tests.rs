//! The store and the view, through a day in the life of two small accounts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use regex::Regex;

use super::filter::NameFilter;
use super::*;
use crate::collector::Collector;
use crate::config::ChecksMode;
use crate::platform::PlatformName;

const MINUTE: i64 = 60;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_600_000 + second).expect("in range")
}

fn options(platform: PlatformName) -> FleetOptions {
    let stale_after = Collector::ALL.into_iter().map(|collector| (collector, Duration::from_mins(45)));
    FleetOptions {
        platform,
        filter: Filter::default(),
        checks_mode: ChecksMode::Failing,
        stale_after: stale_after.collect::<BTreeMap<_, _>>(),
        time_zone: None,
    }
}

fn client(id: &str, name: &str, server: u64, workstation: u64) -> ClientRecord {
    ClientRecord {
        key: ClientKey::new(id),
        id: id.into(),
        name: name.into(),
        timezone: Some("".into()),
        devices: Some(KindCounts { server: Some(server), workstation: Some(workstation), mobile: Some(0) }),
    }
}

fn site(id: &str, client: &str, name: &str) -> SiteRecord {
    SiteRecord {
        key: SiteKey::new(id),
        client: ClientKey::new(client),
        id: id.into(),
        name: name.into(),
        connection_up: Some(true),
    }
}

fn device(id: &str, client: &str, site: &str, kind: Kind) -> DeviceRecord {
    let name = format!("PC{id}");
    DeviceRecord {
        kind: Some(kind),
        client_name: Some("old client name".into()),
        site_name: Some("old site name".into()),
        ..DeviceRecord::new(DeviceId::new(id), name.as_str().into(), ClientKey::new(client), SiteKey::new(site))
    }
}

fn detailed(id: &str, client: &str, site: &str, kind: Kind) -> DeviceRecord {
    DeviceRecord {
        agentless: Some(false),
        online: Some(true),
        overdue: Some(false),
        client_name: None,
        site_name: None,
        ..device(id, client, site, kind)
    }
}

fn roster(client: &str, kind: Kind) -> DeviceList {
    DeviceList::Client(ClientKey::new(client), kind)
}

fn details(site: &str, kind: Kind) -> DeviceList {
    DeviceList::Site(SiteKey::new(site), kind)
}

/// Client 1 with site 10 (server 100, workstation 101) and site 11 (server 102); client 2 with site 20 (server 200).
fn nsight() -> Fleet {
    let mut fleet = Fleet::new(options(PlatformName::Nsight));
    fleet.apply(Update::Clients(vec![client("1", "Acme", 2, 1), client("2", "Bolt", 1, 0)]), at(0));
    fleet.apply(Update::Sites(ClientKey::new("1"), vec![site("10", "1", "HQ"), site("11", "1", "Lab")]), at(1));
    fleet.apply(Update::Sites(ClientKey::new("2"), vec![site("20", "2", "HQ")]), at(1));
    let servers = vec![device("100", "1", "10", Kind::Server), device("102", "1", "11", Kind::Server)];
    fleet.apply(Update::Devices(roster("1", Kind::Server), servers), at(2));
    let workstations = vec![device("101", "1", "10", Kind::Workstation)];
    fleet.apply(Update::Devices(roster("1", Kind::Workstation), workstations), at(2));
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]), at(2));
    for (place, owner, id, kind) in [
        ("10", "1", "100", Kind::Server),
        ("10", "1", "101", Kind::Workstation),
        ("11", "1", "102", Kind::Server),
        ("20", "2", "200", Kind::Server),
    ] {
        fleet.apply(Update::Devices(details(place, kind), vec![detailed(id, owner, place, kind)]), at(3));
    }
    fleet
}

fn ids(view: &View) -> Vec<&str> {
    view.devices.iter().map(|device| &*device.id.0).collect()
}

fn find<'a>(view: &'a View, id: &str) -> &'a DeviceView {
    view.devices.iter().find(|device| &*device.id.0 == id).unwrap_or_else(|| panic!("no device {id}"))
}

fn failing(id: &str, overdue: bool, offline: bool, unreachable: bool) -> FailingDevice {
    FailingDevice {
        device: device(id, "1", "10", Kind::Server),
        overdue,
        offline,
        unreachable,
        checks: vec![],
        tasks: vec![],
    }
}

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
    fleet.prune(at(2 * 86_400));
    fleet.forget(&gone, at(2 * 86_400));
    assert!(fleet.known().devices.iter().all(|device| &*device.id.0 != "200"), "a day later it counts again");
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
fn parts_go_stale_one_by_one_and_the_view_says_when() {
    let mut fleet = nsight();
    let view = fleet.current(at(10));
    assert_eq!(view.valid_until, Some(at(45 * MINUTE)), "the client list is the oldest part");
    fleet.apply(
        Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]),
        at(30 * MINUTE),
    );
    let view = fleet.current(at(46 * MINUTE));
    assert_eq!(ids(&view), ["200"], "only one list is fresh");
    assert_eq!(find(&view, "200").client.as_str(), "Bolt", "names do not go stale");
    assert_eq!(find(&view, "200").record.online, None, "what the stale list said is no longer said");
    assert!(view.clients.is_empty());
    assert_eq!(ids(&fleet.current(at(75 * MINUTE))), Vec::<&str>::new());
    assert_eq!(fleet.known().devices.len(), 4, "planning goes on");
}

#[test]
fn the_failing_report_decides_who_is_overdue_offline_or_out_of_reach() {
    for (report, online, overdue) in [
        (failing("100", false, false, false), true, false),
        (failing("100", true, false, false), false, true),
        (failing("100", false, true, false), false, false),
        (failing("100", false, false, true), false, false),
    ] {
        let mut fleet = nsight();
        fleet.apply(Update::Failing(vec![report.clone()]), at(20));
        let view = fleet.current(at(21));
        let record = &find(&view, "100").record;
        assert_eq!((record.online, record.overdue), (Some(online), Some(overdue)), "{report:?}");
    }
}

#[test]
fn a_workstation_that_is_overdue_is_still_online() {
    let mut fleet = nsight();
    let report =
        FailingDevice { device: device("101", "1", "10", Kind::Workstation), ..failing("101", true, false, false) };
    fleet.apply(Update::Failing(vec![report]), at(20));
    let view = fleet.current(at(21));
    assert_eq!((find(&view, "101").record.online, find(&view, "101").record.overdue), (Some(true), Some(true)));
}

#[test]
fn a_workstation_without_active_checks_has_neither_state_whatever_the_report_says() {
    let mut fleet = nsight();
    let quiet = DeviceRecord { online: None, overdue: None, ..detailed("101", "1", "10", Kind::Workstation) };
    fleet.apply(Update::Devices(details("10", Kind::Workstation), vec![quiet]), at(15));
    let report =
        FailingDevice { device: device("101", "1", "10", Kind::Workstation), ..failing("101", true, true, false) };
    fleet.apply(Update::Failing(vec![report]), at(20));
    let view = fleet.current(at(21));
    assert_eq!((find(&view, "101").record.online, find(&view, "101").record.overdue), (None, None));
}

#[test]
fn a_failing_device_is_seen_before_the_inventory_has_reached_it() {
    let mut fleet = Fleet::new(options(PlatformName::Nsight));
    assert!(fleet.apply(Update::Failing(vec![failing("100", true, false, false)]), at(0)).objects);
    let view = fleet.current(at(1));
    let record = &find(&view, "100").record;
    assert_eq!((record.online, record.overdue, record.info.is_none()), (Some(false), Some(true), true));
    assert_eq!(find(&view, "100").client.as_str(), "old client name");
    fleet.apply(Update::Failing(vec![]), at(10));
    assert!(fleet.current(at(11)).devices.is_empty());
}

#[test]
fn counts_of_the_device_list_gain_what_only_the_checks_tell() {
    let mut fleet = nsight();
    let counts = StatusCounts { passing: Some(5), failing: Some(1), cleared: Some(0), pending: None };
    let record = DeviceRecord { checks: Some(counts), ..device("200", "2", "20", Kind::Server) };
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![record]), at(4));
    assert_eq!(find(&fleet.current(at(5)), "200").record.checks, Some(counts));
    let read = DeviceChecks { counts: StatusCounts { pending: Some(2), ..StatusCounts::default() }, checks: vec![] };
    fleet.apply(Update::Checks(DeviceId::new("200"), read.clone()), at(6));
    fleet.apply(Update::Checks(DeviceId::new("100"), read), at(6));
    let view = fleet.current(at(7));
    assert_eq!(find(&view, "200").record.checks, Some(StatusCounts { pending: Some(2), ..counts }));
    assert_eq!(find(&view, "100").record.checks, None, "without a single checkcount there is no series");
}

#[test]
fn histories_wait_for_the_time_zone_with_what_depends_on_it() {
    let mut fleet = nsight();
    let history = History::new(vec![(date(2026, 3, 3), DayStatus::Pass)]).map(Arc::new);
    fleet.apply(Update::Backup(DeviceId::new("100"), history), at(5));
    fleet.apply(Update::Antivirus(DeviceId::new("100"), None), at(5));
    let view = fleet.current(at(6));
    let backup = find(&view, "100").backup.expect("history");
    assert_eq!((backup.up_to_date, backup.last_pass, backup.daily_results), (Some(true), None, None));
    assert_eq!(find(&view, "100").antivirus, None, "no such check");
    fleet.apply(Update::TimeZone(TimeZone::get("Europe/Berlin").expect("zone")), at(7));
    let backup = find(&fleet.current(at(8)), "100").backup.expect("history");
    assert_eq!(backup.last_pass, Some("2026-03-03T23:00:00Z".parse().expect("time")));
    assert_eq!(backup.daily_results, Some([1, 0, 0, 0, 0, 0]));
}

#[test]
fn patches_tell_whether_a_restart_is_needed() {
    let mut fleet = nsight();
    let counts = PatchCounts { reboot_required: Some(true), ..PatchCounts::default() };
    fleet.apply(Update::Patches(DeviceId::new("100"), Some(counts)), at(5));
    fleet.apply(Update::Patches(DeviceId::new("102"), None), at(5));
    let view = fleet.current(at(6));
    assert_eq!(find(&view, "100").record.reboot_required, Some(true));
    assert_eq!((find(&view, "102").record.reboot_required, find(&view, "102").patches.is_some()), (None, false));
}

#[test]
fn a_mobile_device_and_an_entry_without_agent_have_info_only() {
    let info = DeviceInfo {
        os: "x".into(),
        os_family: OsFamily::Other,
        agent_version: "".into(),
        manufacturer: "".into(),
        model: "".into(),
    };
    for (kind, agentless) in [(Kind::Mobile, None), (Kind::Workstation, Some(true))] {
        let mut fleet = nsight();
        let full = DeviceRecord {
            agentless,
            info: Some(info.clone()),
            features: Some(vec![Feature::Backup]),
            checks: Some(StatusCounts { passing: Some(1), ..StatusCounts::default() }),
            boot: Some(at(0)),
            memory_bytes: Some(1),
            ..device("300", "2", "20", kind)
        };
        fleet.apply(Update::Devices(roster("2", kind), vec![full]), at(4));
        fleet.apply(Update::Patches(DeviceId::new("300"), Some(PatchCounts::default())), at(5));
        let view = fleet.current(at(6));
        let found = find(&view, "300");
        let expected = DeviceRecord {
            agentless,
            info: Some(info.clone()),
            ..DeviceRecord { client_name: None, site_name: None, ..device("300", "2", "20", kind) }
        };
        assert_eq!((&found.record, found.patches.is_none()), (&expected, true));
    }
}

#[test]
fn repeated_records_are_counted_and_the_first_one_counts() {
    let mut fleet = nsight();
    let first = device("200", "2", "20", Kind::Server);
    let second = DeviceRecord { name: "other".into(), ..first.clone() };
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![first, second]), at(4));
    let view = fleet.current(at(5));
    assert_eq!((find(&view, "200").record.name.as_str(), view.duplicates), ("PC200", 1));
}

#[test]
fn only_changes_that_matter_to_the_plan_ask_for_a_new_one() {
    let mut fleet = nsight();
    let mut same = device("200", "2", "20", Kind::Server);
    same.last_seen = Some(at(3));
    assert!(!fleet.apply(Update::Devices(roster("2", Kind::Server), vec![same.clone()]), at(4)).objects);
    same.features = Some(vec![Feature::Patch]);
    assert!(fleet.apply(Update::Devices(roster("2", Kind::Server), vec![same]), at(5)).objects);
    assert!(!fleet.apply(Update::Failing(vec![failing("100", false, true, false)]), at(6)).objects);
}

#[test]
fn the_filter_hides_from_the_view_and_from_the_plan() {
    let expression = |text: &str| vec![Regex::new(&format!("^(?:{text})$")).expect("valid")];
    let clients = NameFilter { include: expression("Ac.*"), exclude: vec![] };
    let sites = NameFilter { include: vec![], exclude: expression(".*ab") };
    let filter = Filter { clients, sites, devices: NameFilter::default(), kinds: vec![Kind::Server] };
    let mut fleet = nsight();
    fleet.options.filter = filter;
    assert_eq!(ids(&fleet.current(at(10))), ["100"]);
    assert_eq!(ids(&fleet.known()), ["100"]);
    assert_eq!(fleet.current(at(10)).clients.len(), 1);
    assert_eq!(fleet.current(at(10)).sites.len(), 1);
}

#[test]
fn clients_that_come_and_go_leave_nothing_behind() {
    let mut fleet = nsight();
    for round in 0..10 {
        let id = format!("9{round}");
        fleet.apply(Update::Clients(vec![client(&id, "Brief", 1, 0)]), at(100 + round));
        fleet.apply(Update::Sites(ClientKey::new(&id), vec![site(&id, &id, "HQ")]), at(100 + round));
        fleet.apply(
            Update::Devices(roster(&id, Kind::Server), vec![device(&id, &id, &id, Kind::Server)]),
            at(100 + round),
        );
        fleet.apply(
            Update::Devices(details(&id, Kind::Server), vec![detailed(&id, &id, &id, Kind::Server)]),
            at(100 + round),
        );
    }
    assert_eq!((fleet.lists.len(), fleet.duplicates.len(), fleet.sites.len()), (2, 2, 1));
}

/// A hundred thousand clients, each with a site, and all replaced: quadratic work would take minutes.
#[test]
fn large_lists_take_no_more_than_their_share_of_time() {
    let began = std::time::Instant::now();
    let mut fleet = Fleet::new(options(PlatformName::Tactical));
    for round in ["a", "b"] {
        let clients = (0..50_000).map(|n| client(&format!("{round}{n}"), "x", 0, 0));
        let sites = (0..50_000).map(|n| site(&format!("{n}"), &format!("{round}{n}"), "HQ"));
        fleet.apply(Update::ClientsAndSites(clients.collect(), sites.collect()), at(0));
    }
    let check = |n: usize| Check {
        id: n.to_string().as_str().into(),
        name: "x".into(),
        check_type: "script".into(),
        state: CheckState::Failing,
        severity: Severity::Error,
        consecutive_failures: None,
        last_run: None,
    };
    let checks: Vec<Check> = (0..50_000).map(check).collect();
    let series = super::series::check_series(ChecksMode::All, true, Some((&checks, at(0))), Some((&checks, at(1))));
    assert_eq!(series.len(), 50_000);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

/// A Tactical RMM account: every device in one list, keys are names.
fn tactical(agents: Vec<DeviceRecord>) -> Fleet {
    let mut fleet = Fleet::new(options(PlatformName::Tactical));
    let named = |name: &str, id: &str| ClientRecord {
        key: ClientKey::new(name),
        devices: None,
        timezone: None,
        ..client(id, name, 0, 0)
    };
    let site =
        SiteRecord { key: SiteKey::from_names("Acme ", "HQ"), client: ClientKey::new("Acme "), ..site("5", "", "HQ") };
    fleet.apply(Update::ClientsAndSites(vec![named("Acme ", "1"), named("Empty", "2")], vec![site]), at(0));
    fleet.apply(Update::Devices(DeviceList::Account, agents), at(1));
    fleet
}

fn agent(id: &str, failing: Option<u64>) -> DeviceRecord {
    let checks =
        failing.map(|failing| StatusCounts { passing: Some(3), failing: Some(failing), ..StatusCounts::default() });
    let check_counters = failing.map(|failing| [3 + failing, 3, failing, 0, 0]);
    let mut record = device(id, "Acme ", "", Kind::Workstation);
    record.site = SiteKey::from_names("Acme ", "HQ");
    DeviceRecord { checks, check_counters, ..record }
}

#[test]
fn tactical_devices_are_counted_by_client_and_an_empty_client_has_none() {
    let fleet = tactical(vec![agent("a", None), agent("b", None)]);
    let view = fleet.current(at(2));
    let counts: Vec<_> = view.clients.iter().map(|client| (client.name.as_str(), client.devices)).collect();
    let of = |workstation| KindCounts { server: Some(0), workstation: Some(workstation), mobile: None };
    assert_eq!(counts, [("Acme", of(2)), ("Empty", of(0))]);
    assert_eq!(find(&view, "a").site.as_str(), "HQ");
}

#[test]
fn devices_do_not_depend_on_the_client_list() {
    let mut fleet = Fleet::new(options(PlatformName::Tactical));
    fleet.apply(Update::Devices(DeviceList::Account, vec![agent("a", None)]), at(1));
    let view = fleet.current(at(2));
    assert_eq!(find(&view, "a").client.as_str(), "old client name");
    assert!(view.clients.is_empty());
}

#[test]
fn an_agent_missing_from_a_list_is_gone_and_finds_its_data_when_it_returns_before_they_are_stale() {
    for (back, found) in [(5, true), (46 * MINUTE, false)] {
        let mut fleet = tactical(vec![agent("a", None), agent("b", None)]);
        fleet.apply(Update::Checks(DeviceId::new("b"), DeviceChecks::default()), at(2));
        fleet.apply(Update::Devices(DeviceList::Account, vec![agent("a", None)]), at(3));
        fleet.prune(at(3));
        assert_eq!(ids(&fleet.current(at(4))), ["a"]);
        fleet.prune(at(back));
        fleet.apply(Update::Devices(DeviceList::Account, vec![agent("a", None), agent("b", None)]), at(back));
        assert_eq!(find(&fleet.current(at(back + 1)), "b").record.checks.is_some(), found);
        assert_eq!(fleet.checks.len(), usize::from(found));
    }
}

#[test]
fn a_warning_that_becomes_an_error_is_a_change() {
    let mut fleet = tactical(vec![agent("a", Some(1))]);
    fleet.apply(Update::Checks(DeviceId::new("a"), DeviceChecks::default()), at(3));
    let worse = DeviceRecord { check_counters: Some([4, 3, 0, 1, 0]), ..agent("a", Some(1)) };
    assert_eq!(fleet.apply(Update::Devices(DeviceList::Account, vec![worse]), at(4)).hurry, [DeviceId::new("a")]);
}

#[test]
fn own_checks_replace_the_counters_of_the_list_also_while_its_cache_is_cold() {
    let mut fleet = tactical(vec![agent("a", None)]);
    assert_eq!(find(&fleet.current(at(2)), "a").record.checks, None, "a cold cache is unknown, not zero");
    let counts = StatusCounts { passing: Some(2), failing: Some(0), cleared: None, pending: Some(1) };
    fleet.apply(Update::Checks(DeviceId::new("a"), DeviceChecks { counts, checks: vec![] }), at(3));
    assert_eq!(find(&fleet.current(at(4)), "a").record.checks, Some(counts));
}

#[test]
fn changed_counters_hurry_the_checks_of_that_agent() {
    let mut fleet = tactical(vec![agent("a", Some(0)), agent("b", Some(0))]);
    for id in ["a", "b"] {
        fleet.apply(Update::Checks(DeviceId::new(id), DeviceChecks::default()), at(3));
    }
    let list = |a, b| Update::Devices(DeviceList::Account, vec![agent("a", a), agent("b", b)]);
    assert_eq!(fleet.apply(list(Some(0), Some(0)), at(4)).hurry, []);
    assert_eq!(fleet.apply(list(Some(0), Some(1)), at(5)).hurry, [DeviceId::new("b")]);
    assert_eq!(fleet.apply(list(None, None), at(6)).hurry, [], "a cold cache is no change");
    fleet.apply(Update::Checks(DeviceId::new("a"), DeviceChecks::default()), at(7));
    assert_eq!(fleet.apply(list(Some(0), Some(0)), at(8)).hurry, [], "nor is the end of one");
    assert_eq!(fleet.apply(list(Some(2), Some(0)), at(9)).hurry, [DeviceId::new("a")]);
}
