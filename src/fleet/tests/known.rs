//! What is known of them, and for how long.

use super::*;
use crate::clock::processor_time;

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
    let quiet = DeviceRecord {
        online: None,
        overdue: None,
        check_interval: None,
        ..detailed("101", "1", "10", Kind::Workstation)
    };
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
    let read = DeviceChecks {
        counts: StatusCounts { pending: Some(2), ..StatusCounts::default() },
        ..DeviceChecks::default()
    };
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
fn what_is_planned_for_is_what_is_true_without_histories_and_single_checks() {
    let mut fleet = nsight();
    fleet.apply(Update::TimeZone(TimeZone::UTC), at(4));
    let history = History::new(vec![(date(2026, 3, 3), DayStatus::Pass)]).map(Arc::new);
    fleet.apply(Update::Backup(DeviceId::new("100"), history.clone()), at(5));
    fleet.apply(Update::Antivirus(DeviceId::new("100"), history), at(5));
    let check = Check {
        id: "1".into(),
        name: "Disk".into(),
        check_type: "disk_space".into(),
        state: CheckState::Failing,
        severity: Severity::Error,
        consecutive_failures: Some(2),
        last_run: None,
    };
    let task = Task {
        id: "2".into(),
        name: "Nightly".into(),
        state: CheckState::Failing,
        severity: Severity::Error,
        consecutive_failures: None,
    };
    let report = FailingDevice { checks: vec![check], tasks: vec![task], ..failing("100", false, true, false) };
    let read = DeviceChecks { performance_monitored: true, ..DeviceChecks::default() };
    fleet.apply(Update::Checks(DeviceId::new("100"), read), at(6));
    fleet.apply(Update::Failing(vec![report]), at(7));
    let (mut current, known) = (fleet.current(at(8)), fleet.known());
    let device = find(&current, "100");
    assert!(device.antivirus.is_some() && device.backup.is_some(), "{device:?}");
    assert!(!device.checks.is_empty() && !device.tasks.is_empty(), "{device:?}");
    assert_eq!((device.record.online, device.performance_monitored), (Some(false), Some(true)));
    for device in &mut current.devices {
        (device.antivirus, device.backup) = (None, None);
        device.checks.clear();
        device.tasks.clear();
    }
    assert_eq!(known.devices, current.devices);
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
fn device_lists_have_a_bound_together() {
    let mut fleet = nsight();
    fleet.most_devices = fleet.lists.values().map(|list| list.value.len()).sum::<usize>() + 1;
    let more = ["301", "302", "303"].map(|id| device(id, "2", "21", Kind::Server)).to_vec();
    fleet.apply(Update::Devices(details("21", Kind::Server), more.clone()), at(4));
    let view = fleet.current(at(5));
    assert_eq!((ids(&view).contains(&"301"), view.duplicates), (true, 2), "the others are counted");
    assert!(!ids(&view).contains(&"302"));
    fleet.most_devices += 2;
    fleet.apply(Update::Devices(details("21", Kind::Server), more), at(6));
    assert_eq!(fleet.current(at(7)).duplicates, 0, "a list takes the place of the older one");
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
    let began = processor_time();
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
    let series =
        crate::fleet::series::check_series(ChecksMode::All, true, Some((&checks, at(0))), Some((&checks, at(1))));
    assert_eq!(series.len(), 50_000);
    let took = processor_time().saturating_sub(began);
    assert!(took < Duration::from_secs(20), "{took:?}");
}
