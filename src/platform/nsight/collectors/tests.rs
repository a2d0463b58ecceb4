use jiff::civil::date;
use jiff::tz::TimeZone;

use super::*;
use crate::config::{NsightOptions, PlatformOptions};
use crate::fleet::{
    AntivirusEngine, Check, CheckState, ClientKey, DeviceId, DeviceRecord, FailingDevice, Feature, History, Label,
    PatchCounts, Readings, Severity, SiteKey, StatusCounts, Task,
};
use crate::planner::{Outcome, ReadCall};
use crate::platform::nsight::call::AntivirusTarget;
use crate::platform::nsight::tests::account;
use crate::platform::nsight::wire::fixture;

/// When every fixture was fetched.
pub(super) const NOW: &str = "2026-03-04T09:15:00Z";

/// For how long back loads are asked for, when nothing is configured.
pub(super) const THREE_HOURS: Recent = Recent(Duration::from_hours(3));

/// The same of histories by days.
pub(super) const THREE_DAYS: Recent = Recent(Duration::from_hours(72));

/// What the fixture says as an answer to `call`, and how many records were left out.
pub(super) fn read_in(call: &Call, fixture: &str, mode: ChecksMode) -> Result<(Vec<Update>, usize), Error> {
    read_text(call, &fixture::text(fixture), mode)
}

/// The same of a text.
pub(super) fn read_text(call: &Call, text: &str, mode: ChecksMode) -> Result<(Vec<Update>, usize), Error> {
    read_noting(call, text, mode, &Noted::new("msp"))
}

/// The same, and what is not known goes into `noted`.
pub(super) fn read_noting(
    call: &Call,
    text: &str,
    mode: ChecksMode,
    noted: &Noted,
) -> Result<(Vec<Update>, usize), Error> {
    let context = Context { now: NOW.parse().expect("time"), offline_after: None, checks_mode: mode, noted };
    let mut tally = Tally::new(call.service());
    let updates = updates(call, text, &context, &mut tally)?;
    Ok((updates, tally.finish()?))
}

/// The one update in a good answer without bad records.
pub(super) fn read(call: &Call, fixture: &str) -> Update {
    let (mut updates, left_out) = read_in(call, fixture, ChecksMode::Failing).expect("good");
    assert_eq!((updates.len(), left_out), (1, 0));
    updates.remove(0)
}

pub(super) fn device_id(id: &str) -> DeviceId {
    DeviceId::new(id)
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("time")
}

fn check(id: &str, name: &str, check_type: &'static str, consecutive_failures: Option<u64>) -> Check {
    Check {
        id: id.into(),
        name: name.into(),
        check_type: check_type.into(),
        state: CheckState::Failing,
        severity: Severity::Error,
        consecutive_failures,
        last_run: None,
    }
}

fn failing_device(id: &str, name: &str, kind: Kind, place: [&str; 4]) -> FailingDevice {
    let [client, client_name, site, site_name] = place;
    let mut device = DeviceRecord::new(device_id(id), name.into(), ClientKey::new(client), SiteKey::new(site));
    device.kind = Some(kind);
    device.client_name = Some(client_name.into());
    device.site_name = Some(site_name.into());
    FailingDevice { device, overdue: false, offline: false, unreachable: false, checks: Vec::new(), tasks: Vec::new() }
}

#[test]
fn failing_checks_of_the_whole_account() {
    let Update::Failing(devices) = read(&Call::ListFailingChecks, "list_failing_checks") else {
        panic!("wrong update")
    };
    let larkspur = ["41007", "Larkspur Dental & Co", "50311", "Harbour Street"];
    let müller = ["41008", "Müller & Söhne GmbH", "50321", "Zürich Büro"];
    let task = Task {
        id: "6120050".into(),
        name: "Nightly cleanup".into(),
        state: CheckState::Failing,
        severity: Severity::Error,
        consecutive_failures: Some(2),
    };
    let expected = vec![
        FailingDevice {
            checks: vec![check("6120091", "Disk Space Check - drive C:", "disk_space", Some(12))],
            ..failing_device("770480", "LKD-FRONT2", Kind::Workstation, larkspur)
        },
        FailingDevice { offline: true, ..failing_device("770481", "LKD-FRONT3", Kind::Workstation, larkspur) },
        FailingDevice {
            // The empty <overdue/> says nothing, and the acknowledged check does not fail.
            checks: vec![check("6120044", "Windows Service Check - Print Spooler", "service", Some(3))],
            tasks: vec![task],
            ..failing_device("770215", "LKD-DC01", Kind::Server, larkspur)
        },
        FailingDevice { overdue: true, ..failing_device("770216", "LKD-FILE01", Kind::Server, larkspur) },
        FailingDevice {
            unreachable: true,
            checks: vec![Check {
                check_type: "type_2099".into(),
                ..check("6130001", "Skriptüberprüfung - \"Täglich\"", "", None)
            }],
            ..failing_device("780001", "SRV-MÜNCHEN", Kind::Server, müller)
        },
    ];
    assert_eq!(devices, expected);
}

#[test]
fn without_check_series_the_failing_report_still_tells_of_devices() {
    let (updates, _) = read_in(&Call::ListFailingChecks, "list_failing_checks", ChecksMode::None).expect("good");
    let [Update::Failing(devices)] = updates.as_slice() else { panic!("wrong update") };
    assert_eq!(devices.len(), 5);
    assert!(devices.iter().all(|device| device.checks.is_empty() && device.tasks.is_empty()));
    assert!(devices.iter().any(|device| device.overdue));
}

#[test]
fn nothing_failing_is_a_success_and_reordered_elements_are_read() {
    let Update::Failing(devices) = read(&Call::ListFailingChecks, "list_sites.41009") else { panic!("wrong update") };
    assert_eq!(devices, []);
    let (updates, left_out) =
        read_in(&Call::ListFailingChecks, "quirks/list_failing_checks.reordered", ChecksMode::Failing).expect("good");
    let [Update::Failing(devices)] = updates.as_slice() else { panic!("wrong update") };
    let expected = FailingDevice {
        checks: vec![check("1", "", "unknown", None)],
        ..failing_device("7", "", Kind::Server, ["5", "late client", "6", "late site"])
    };
    assert_eq!(devices, &[expected]);
    assert_eq!(left_out, 3, "a check, a device and a site without id");
}

#[test]
fn checks_of_a_device_by_mode() {
    let call = Call::ListChecks(device_id("770215"));
    let read = |mode| {
        let (updates, left_out) = read_in(&call, "list_checks.770215", mode).expect("good");
        assert_eq!(left_out, 0);
        let [Update::Checks(id, checks), Update::Tasks(task_id, tasks)] = updates.as_slice() else { panic!("updates") };
        assert_eq!((id, task_id), (&device_id("770215"), &device_id("770215")));
        // The counts do not depend on the mode: one check and one task never ran.
        let pending = StatusCounts { pending: Some(1), ..StatusCounts::default() };
        assert_eq!((checks.counts, tasks.counts), (pending, pending));
        (checks.checks.clone(), tasks.tasks.clone())
    };
    let (checks, tasks) = read(ChecksMode::Failing);
    let failing = Check {
        last_run: Some(time("2026-03-04T09:10:02Z")),
        ..check("6120044", "Windows Service Check - Print Spooler", "service", Some(3))
    };
    let cleared = Check {
        state: CheckState::Cleared,
        last_run: Some(time("2026-03-04T07:03:44Z")),
        ..check("6120046", "Antivirus Update Check", "antivirus", Some(7))
    };
    assert_eq!(checks, [failing, cleared]);
    let names: Vec<_> = tasks.iter().map(|task| task.name.as_str()).collect();
    assert_eq!(names, ["Nightly cleanup"]);
    let (checks, tasks) = read(ChecksMode::All);
    let states: Vec<_> = checks.iter().map(|check| (&*check.check_type, check.state)).collect();
    let expected = [
        ("service", CheckState::Failing),
        ("disk_space", CheckState::Passing),
        ("antivirus", CheckState::Cleared),
        ("ping", CheckState::Pending),
        ("snmp", CheckState::Unknown),
    ];
    assert_eq!(states, expected);
    assert_eq!(checks[3].last_run, None, "never");
    assert_eq!(tasks.iter().map(|task| task.state).collect::<Vec<_>>(), [CheckState::Failing, CheckState::Pending]);
    let (checks, tasks) = read(ChecksMode::None);
    assert!(checks.is_empty() && tasks.is_empty());
}

#[test]
fn antivirus_history_with_every_word() {
    use crate::fleet::DayStatus::*;
    let Update::Antivirus(id, history) = read(&Call::ListAvHistory(device_id("770215")), "list_av_history.770215")
    else {
        panic!("wrong update")
    };
    let statuses = [Fail, Pass, PassInactive, Cleared, Cleared, Overdue, NotRun, NotRun, Unknown, Pass];
    let days = statuses.into_iter().enumerate();
    let days = days.map(|(ago, status)| {
        (date(2026, 3, 4).saturating_sub(jiff::Span::new().days(i64::try_from(ago).expect("small"))), status)
    });
    assert_eq!(id, device_id("770215"));
    assert_eq!(history.as_deref(), History::new(days.collect()).as_ref());
    let history = history.expect("history");
    assert_eq!((history.up_to_date, history.last_pass), (Some(false), Some(date(2026, 3, 3))));
}

#[test]
fn a_device_without_such_a_check_has_no_history() {
    let call = Call::ListAvHistory(device_id("770216"));
    assert!(matches!(read(&call, "list_av_history.770216"), Update::Antivirus(_, None)));
    let call = Call::ListBackupHistory(device_id("770216"));
    assert!(matches!(read(&call, "list_backup_history.770216"), Update::Backup(_, None)));
    let list = read_in(&call, "list_sites.41009", ChecksMode::Failing);
    assert!(list.is_ok(), "an empty list of another shape is an empty list");
    let nothing = read_in(&call, "quirks/list_clients.nothing", ChecksMode::Failing).expect_err("nothing");
    assert_eq!(nothing.outcome(), Outcome::InvalidResponse);
}

#[test]
fn backup_history_counts_overdue_days_as_failures() {
    let call = Call::ListBackupHistory(device_id("770215"));
    let Update::Backup(id, Some(history)) = read(&call, "list_backup_history.770215") else { panic!("wrong update") };
    assert_eq!(id, device_id("770215"));
    assert_eq!((history.up_to_date, history.consecutive_failures), (Some(false), Some(3)));
    assert_eq!(history.last_pass, Some(date(2026, 2, 28)));
    assert_eq!(history.daily_results(&TimeZone::UTC, time(NOW)), [1, 2, 0, 1, 1, 0]);
}

#[test]
fn patches_by_status_and_severity() {
    let call = Call::PatchListAll(device_id("770215"));
    let Update::Patches(id, Some(counts)) = read(&call, "patch_list_all.770215") else { panic!("wrong update") };
    assert_eq!(id, device_id("770215"));
    let expected = PatchCounts {
        by_status: [2, 1, 1, 3, 1, 2, 1, 1],
        outstanding: [1, 1, 1, 1, 1],
        // Neither a date in words nor one in the future is a time of installation.
        last_installed: Some(Timestamp::from_second(1_772_000_000).expect("time")),
        reboot_required: Some(true),
    };
    assert_eq!(counts, expected);
    for (fixture, missing) in [("quirks/patch_list_all.in-result", 1), ("quirks/patch_list_all.empty", 0)] {
        let Update::Patches(_, Some(counts)) = read(&call, fixture) else { panic!("wrong update") };
        assert_eq!((counts.by_status[0], counts.reboot_required), (missing, Some(false)), "{fixture}");
    }
}

#[test]
fn the_time_zone_wherever_it_stands() {
    for (fixture, name) in
        [("list_general_settings", "Europe/London"), ("quirks/list_general_settings.result", "America/New_York")]
    {
        let Update::TimeZone(zone) = read(&Call::ListGeneralSettings, fixture) else { panic!("wrong update") };
        assert_eq!(zone.iana_name(), Some(name));
    }
    for (fixture, hint) in [("unknown-zone", "\"GMT Standard Thyme\""), ("no-zone", "no vartimezone")] {
        let fixture = format!("quirks/list_general_settings.{fixture}");
        let error = read_in(&Call::ListGeneralSettings, &fixture, ChecksMode::Failing).expect_err("no zone");
        assert_eq!(error.outcome(), Outcome::InvalidResponse);
        assert!(error.to_string().contains(hint) && error.to_string().contains("set time_zone"), "{error}");
    }
}

/// A device of the known fleet.
pub(super) fn known(
    id: &str,
    kind: Kind,
    client: &str,
    site: &str,
    change: impl FnOnce(&mut DeviceRecord),
) -> DeviceView {
    let mut record = DeviceRecord::new(device_id(id), "x".into(), ClientKey::new(client), SiteKey::new(site));
    record.kind = Some(kind);
    change(&mut record);
    DeviceView {
        id: device_id(id),
        client: Label::default(),
        site: Label::default(),
        record,
        checks: Vec::new(),
        tasks: Vec::new(),
        antivirus: None,
        backup: None,
        patches: None,
        performance_monitored: None,
        readings: Readings::default(),
    }
}

fn small_fleet() -> View {
    let with_patch = |record: &mut DeviceRecord| record.features = Some(vec![Feature::TakeControl, Feature::Patch]);
    View {
        devices: vec![
            known("1", Kind::Server, "10", "20", with_patch),
            known("2", Kind::Workstation, "10", "20", |record| {
                record.agentless = Some(false);
                record.features = Some(vec![Feature::Backup]);
            }),
            known("3", Kind::Workstation, "10", "20", |record| record.agentless = Some(true)),
            // Known from the roster only.
            known("4", Kind::Workstation, "10", "20", with_patch),
            known("5", Kind::Mobile, "10", "20", |_| {}),
        ],
        ..View::default()
    }
}

fn identities(wants: &[Want<Call>], collector: Collector) -> Vec<String> {
    let mine = wants.iter().filter(|want| want.collector == collector);
    mine.map(|want| want.call.identity()).collect()
}

#[test]
fn histories_are_asked_for_after_the_days_check_and_not_where_there_is_none() {
    let config = account("https://www.systemmonitor.co.uk/".parse().expect("URL"));
    let mut view = small_fleet();
    let checked = time("2026-03-04T07:03:00Z");
    view.devices.first_mut().expect("device 1").record.daily_check = Some(checked);
    view.lacking.backup.insert(device_id("1"));
    view.lacking.antivirus.insert(device_id("2"));
    let wants = wants(&config, &view, Fallbacks::default());
    let histories = |collector| {
        let mine = wants.iter().filter(|want| want.collector == collector && want.priority == Priority::Sweep);
        mine.map(|want| (want.call.identity(), want.after)).collect::<Vec<_>>()
    };
    assert_eq!(histories(Collector::Antivirus), [("list_av_history?deviceid=1".to_owned(), Some(checked))]);
    assert_eq!(histories(Collector::Backup), [("list_backup_history?deviceid=2".to_owned(), None)]);
    assert!(wants.iter().all(|want| want.after.is_none() || want.collector == Collector::Antivirus));
}

#[test]
fn each_collector_wants_its_calls_at_its_own_pace() {
    let mut config = account("https://www.systemmonitor.co.uk/".parse().expect("URL"));
    let hours = Duration::from_hours;
    let interval = hours(2);
    config.collectors.insert(Collector::Checks, crate::config::CollectorConfig { interval, stale_after: interval * 3 });
    let wants = wants(&config, &small_fleet(), Fallbacks::default());
    for (collector, priority, interval, expected) in [
        (Collector::FailingChecks, Priority::Failing, Duration::from_mins(3), vec!["list_failing_checks"]),
        (Collector::Checks, Priority::Sweep, hours(2), vec!["list_checks?deviceid=1", "list_checks?deviceid=2"]),
        (
            Collector::Backup,
            Priority::Sweep,
            hours(24),
            vec!["list_backup_history?deviceid=1", "list_backup_history?deviceid=2"],
        ),
        (
            Collector::Patches,
            Priority::Sweep,
            hours(12),
            vec!["patch_list_all?deviceid=1", "patch_list_all?deviceid=4"],
        ),
    ] {
        assert_eq!(identities(&wants, collector), expected);
        let mine = || wants.iter().filter(|want| want.collector == collector);
        assert!(mine().all(|want| want.priority == priority && want.interval == interval), "{collector:?}");
    }
    let antivirus: Vec<_> = wants.iter().filter(|want| want.collector == Collector::Antivirus).collect();
    assert_eq!(antivirus.len(), 3);
    let zone = antivirus.iter().find(|want| want.call == Call::ListGeneralSettings).expect("wanted");
    assert_eq!((zone.priority, zone.interval), (Priority::Inventory, hours(24)));
    let first: Vec<_> = wants.iter().take(2).map(|want| &want.call).collect();
    assert_eq!(first, [&Call::ListFailingChecks, &Call::ListClients], "what fails now goes first");
}

#[test]
fn a_disabled_collector_wants_nothing() {
    let mut config = account("https://www.systemmonitor.co.uk/".parse().expect("URL"));
    config.collectors.retain(|collector, _| *collector == Collector::Patches);
    let calls: Vec<_> =
        wants(&config, &small_fleet(), Fallbacks::default()).into_iter().map(|want| want.call.identity()).collect();
    assert_eq!(calls, ["patch_list_all?deviceid=1", "patch_list_all?deviceid=4"]);
}

#[test]
fn the_time_zone_is_asked_for_only_when_it_is_needed_and_not_configured() {
    let mut config = account("https://www.systemmonitor.co.uk/".parse().expect("URL"));
    let mine = config.collectors.get_mut(&Collector::Antivirus).expect("enabled");
    mine.interval = Duration::from_hours(2);
    let of = |config: &_| time_zone::want(config).map(|want| (want.collector, want.interval));
    // With a longer interval than the collector's no run of it would end in time.
    assert_eq!(of(&config), Some((Collector::Antivirus, Duration::from_hours(2))));
    config.collectors.remove(&Collector::Antivirus);
    assert_eq!(time_zone::want(&config).map(|want| want.collector), Some(Collector::Backup));
    let options = NsightOptions { time_zone: Some(TimeZone::UTC), ..NsightOptions::default() };
    let configured = AccountConfig { platform: PlatformOptions::Nsight(options), ..config.clone() };
    assert_eq!(time_zone::want(&configured), None);
    config.collectors.remove(&Collector::Backup);
    assert_eq!(time_zone::want(&config), None);
}

#[test]
fn the_table_names_each_collector_once() {
    let mut names: Vec<_> = COLLECTORS.iter().map(|defaults| defaults.collector.name()).collect();
    let enabled: Vec<_> = COLLECTORS.iter().filter(|defaults| defaults.enabled).map(|d| d.collector.name()).collect();
    assert_eq!(enabled, ["inventory", "failing_checks", "antivirus", "backup", "patches"]);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), COLLECTORS.len());
}

fn antivirus_target(id: &str) -> AntivirusTarget {
    AntivirusTarget { device: device_id(id), engine: AntivirusEngine::Bitdefender, utc_offset: None }
}

/// The call that a fixture of the small account answers.
fn call_of(file: &str) -> Call {
    let parts: Vec<_> = file.split('.').collect();
    let (client, id) = (ClientKey::new("41007"), *parts.get(1).unwrap_or(&""));
    match (parts[0], parts.get(2).copied()) {
        ("list_clients", _) => Call::ListClients,
        ("list_sites", _) => Call::ListSites(ClientKey::new(id)),
        ("list_devices_at_client", Some("server")) => Call::ListDevicesAtClient(ClientKey::new(id), Kind::Server),
        ("list_devices_at_client", Some("workstation")) => {
            Call::ListDevicesAtClient(ClientKey::new(id), Kind::Workstation)
        }
        ("list_devices_at_client", Some("mobile_device")) => {
            Call::ListDevicesAtClient(ClientKey::new(id), Kind::Mobile)
        }
        ("list_servers", _) => Call::ListServers(client, SiteKey::new(id)),
        ("list_workstations", _) => Call::ListWorkstations(client, SiteKey::new(id)),
        ("list_failing_checks", _) => Call::ListFailingChecks,
        ("list_checks", _) => Call::ListChecks(device_id(id)),
        ("list_av_history", _) => Call::ListAvHistory(device_id(id)),
        ("list_backup_history", _) => Call::ListBackupHistory(device_id(id)),
        ("patch_list_all", _) => Call::PatchListAll(device_id(id)),
        ("list_general_settings", _) => Call::ListGeneralSettings,
        ("list_mob_sessions", _) => Call::ListMobSessions(device_id(id)),
        ("mob_list_selection_size", _) => {
            Call::MobListSelectionSize(crate::platform::nsight::call::SelectionTarget { device: None, zone: None })
        }
        ("list_device_asset_details", _) => Call::ListDeviceAssetDetails(device_id(id)),
        ("list_supported_av_products", _) => Call::ListSupportedAvProducts,
        ("list_av_definitions", _) => Call::ListAvDefinitions(id.into()),
        ("list_mav_threats", _) => Call::ListMavThreats(antivirus_target(id)),
        ("list_mav_quarantine", _) => Call::ListMavQuarantine(antivirus_target(id)),
        ("list_mav_scans", _) => Call::ListMavScans(antivirus_target(id)),
        ("list_client_license_count", _) => Call::ListClientLicenseCount(ClientKey::new(id)),
        ("list_active_directory_users", _) => Call::ListActiveDirectoryUsers(SiteKey::new(id)),
        ("list_outages", _) => Call::ListOutages(device_id(id)),
        ("list_performance_history", _) => Call::ListPerformanceHistory(device_id(id), THREE_HOURS),
        ("list_drive_space_history", _) => Call::ListDriveSpaceHistory(device_id(id), THREE_DAYS),
        ("list_exchange_storage_history", _) => Call::ListExchangeStorageHistory(device_id(id), THREE_DAYS),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_answer_of_the_small_account_is_good_and_its_ids_match() {
    let directory = format!("{}/tests/fixtures/nsight", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(directory).expect("fixtures").map(|entry| entry.expect("entry").file_name());
    let names: Vec<_> = files.filter_map(|file| Some(file.to_str()?.strip_suffix(".xml")?.to_owned())).collect();
    let (mut rosters, mut details) = (Vec::new(), Vec::new());
    for name in &names {
        let (updates, left_out) = read_in(&call_of(name), name, ChecksMode::All).expect(name);
        assert_eq!(left_out, 0, "{name}");
        for update in updates {
            match update {
                Update::Devices(crate::fleet::DeviceList::Client(_, kind), devices) if kind != Kind::Mobile => {
                    rosters.extend(devices.into_iter().map(|device| (device.id, device.name, device.site)));
                }
                Update::Devices(crate::fleet::DeviceList::Site(..), devices) => {
                    let with_agent = devices.into_iter().filter(|device| device.agentless == Some(false));
                    details.extend(with_agent.map(|device| (device.id, device.name, device.site)));
                }
                _ => {}
            }
        }
    }
    assert!(names.len() > 25 && rosters.len() > 7, "{names:?}");
    rosters.sort();
    details.sort();
    assert_eq!(rosters, details);
}
