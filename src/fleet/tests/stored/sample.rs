//! Everything that can be stored, with a value in every field that is not its default. Nothing is left to `..`: a field that is
//! added must get a value here.

use std::collections::{BTreeMap, HashMap};

use super::super::*;
use crate::fleet::failing::FailingReports;
use crate::fleet::incomplete::Unnamed;
use crate::fleet::lacking::LackingThen;
use crate::fleet::readings::{AllReadings, Kept};
use crate::fleet::store::{Part, Released};

pub(super) fn counts() -> StatusCounts {
    StatusCounts { passing: Some(1), failing: Some(2), cleared: Some(3), pending: Some(300) }
}

fn client_record() -> ClientRecord {
    ClientRecord {
        key: ClientKey::new("41007"),
        id: "41007-id".into(),
        name: "Müller & Söhne".into(),
        timezone: Some("Europe/Berlin".into()),
        devices: Some(KindCounts { server: Some(4), workstation: Some(5), mobile: Some(6) }),
    }
}

fn site_record() -> SiteRecord {
    SiteRecord {
        key: SiteKey::new("50311"),
        client: ClientKey::new("41007"),
        id: "50311-id".into(),
        name: "Zentrale \"Süd\"".into(),
        connection_up: Some(true),
    }
}

pub(super) fn record() -> DeviceRecord {
    let flag = CustomField { definition: 9, value: CustomValue::Flag(true) };
    let text = CustomField { definition: 10, value: CustomValue::Text("gold".into()) };
    DeviceRecord {
        id: DeviceId::new("100"),
        name: "SRV-100".into(),
        kind: Some(Kind::Workstation),
        client: ClientKey::new("41007"),
        client_name: Some("client name".into()),
        site: SiteKey::from_names("Acme ", "HQ"),
        site_name: Some("site name".into()),
        info: Some(DeviceInfo {
            os: "Windows 11".into(),
            os_family: OsFamily::Linux,
            agent_version: "10.9.3".into(),
            manufacturer: "Dell".into(),
            model: "OptiPlex".into(),
        }),
        agentless: Some(false),
        online: Some(true),
        overdue: Some(false),
        last_seen: Some(at(-10)),
        boot: Some(at(-100_000)),
        check_interval: Some(Duration::new(300, 7)),
        maintenance: Some(true),
        reboot_required: Some(false),
        memory_bytes: Some(17_179_869_184),
        features: Some(vec![
            Feature::TakeControl,
            Feature::Patch,
            Feature::ManagedAntivirus,
            Feature::Backup,
            Feature::WebProtection,
            Feature::RiskIntelligence,
        ]),
        antivirus_engine: Some(AntivirusEngine::Bitdefender),
        utc_offset: Some(-3600),
        daily_check: Some(at(-20_000)),
        custom_fields: Some(Arc::new([flag, text])),
        pending_actions: Some(11),
        patches_pending: Some(true),
        checks: Some(counts()),
        check_counters: Some([1, 2, 3, 4, 5]),
        tasks: Some(StatusCounts { passing: Some(70), ..counts() }),
    }
}

fn check(n: u64, state: CheckState, severity: Severity) -> Check {
    Check {
        id: n.to_string().as_str().into(),
        name: format!("check {n}").as_str().into(),
        check_type: if n.is_multiple_of(2) { "script".into() } else { format!("type_{n}").into() },
        state,
        severity,
        consecutive_failures: Some(n + 20),
        last_run: Some(at(-30)),
    }
}

fn task(n: u64) -> Task {
    Task {
        id: format!("t{n}").as_str().into(),
        name: "Backup job".into(),
        state: CheckState::Pending,
        severity: Severity::Info,
        consecutive_failures: Some(8),
    }
}

pub(super) fn device_checks() -> DeviceChecks {
    DeviceChecks {
        counts: counts(),
        checks: vec![
            check(1, CheckState::Passing, Severity::Error),
            check(2, CheckState::Failing, Severity::Warning),
            check(3, CheckState::Cleared, Severity::Info),
            check(4, CheckState::Pending, Severity::Error),
            check(5, CheckState::Unknown, Severity::Error),
        ],
        signals: Signals {
            antivirus: Some(Signal { selector: 17, matched: true, well: Some(true), last_pass: Some(at(-60)) }),
            backup: Some(Signal { selector: 18, matched: true, well: Some(false), last_pass: Some(at(-61)) }),
        },
        performance_monitored: true,
    }
}

fn device_tasks() -> DeviceTasks {
    DeviceTasks { counts: counts(), tasks: vec![task(1), task(2)] }
}

pub(super) fn history() -> Arc<History> {
    use DayStatus::*;
    let statuses = [Fail, Overdue, Pass, PassInactive, Cleared, NotRun, Unknown];
    // Over the end of a year, with a day missing.
    let days =
        [(2026, 1, 2), (2026, 1, 1), (2025, 12, 31), (2025, 12, 29), (2025, 12, 28), (2025, 12, 27), (2025, 3, 1)];
    let days = days.into_iter().zip(statuses).map(|((year, month, day), status)| (date(year, month, day), status));
    Arc::new(History::new(days.collect()).expect("days"))
}

fn patch_counts() -> PatchCounts {
    PatchCounts {
        by_status: [1, 2, 3, 4, 5, 6, 7, 8],
        outstanding: [9, 10, 11, 12, 13],
        last_installed: Some("2026-02-03T04:05:06.789012345Z".parse().expect("a time")),
        reboot_required: Some(true),
    }
}

fn scans() -> Arc<[Scan]> {
    let scan = |scan_type| Scan { scan_type, end: Some(at(-200)), threats: Some(1), errors: Some(2) };
    [ScanType::Quick, ScanType::Deep, ScanType::Custom, ScanType::Other].map(scan).into()
}

fn sessions() -> Arc<[PluginSessions]> {
    let session = |status| PluginSessions {
        plugin: "file_system".into(),
        last_success: Some(at(-3000)),
        newest: Session {
            status: Some(status),
            duration: Some(Duration::from_mins(7)),
            transferred_bytes: Some(1 << 33),
            selected_bytes: Some(1 << 34),
            processed_bytes: Some(1 << 35),
            errors: Some(3),
        },
    };
    [
        SessionStatus::Completed,
        SessionStatus::CompletedWithErrors,
        SessionStatus::Failed,
        SessionStatus::Interrupted,
        SessionStatus::NotStarted,
        SessionStatus::Canceled,
    ]
    .map(session)
    .into()
}

fn selection() -> Arc<[PluginSelection]> {
    Arc::new([PluginSelection { plugin: "exchange".into(), bytes: 1 << 40 }])
}

fn outages() -> Arc<Outages> {
    Arc::new(Outages { open: [1, 2, 3, 4, 5, 6], seconds: [0.5, 1.5, 2.5, 3.5, 4.5, 5.5] })
}

fn performance() -> Arc<Performance> {
    Arc::new(Performance {
        end: Some(at(-600)),
        processors: vec![ProcessorLoad { cpu: "all".into(), average: Some(0.25), most: Some(0.75) }],
        memory_available_bytes: Some(4e9),
        disk_queues: vec![("C:".into(), 0.125)],
        adapters: vec![AdapterLoad { adapter: "Intel".into(), receive: Some(100.0), transmit: Some(200.0) }],
    })
}

fn drives() -> Arc<[Drive]> {
    let drive = Drive { disk: "C:".into(), used_bytes: Some(10), size_bytes: Some(40), used_ratio: Some(0.25) };
    Arc::new([drive])
}

fn stores() -> Arc<[Store]> {
    Arc::new([Store { store: "Mailbox Database".into(), bytes: 77 }])
}

fn assets() -> Assets {
    Assets { hardware: Some(30), software: Some(140), scanned: Some(at(-700)) }
}

fn details() -> Arc<Details> {
    Arc::new(Details {
        disks: drives().to_vec(),
        memory_bytes: Some(1 << 36),
        offline_after: Some(Duration::from_mins(4)),
        overdue_after: Some(Duration::from_mins(30)),
        patches_last_installed: Some(at(-900)),
    })
}

/// One of each sort.
pub(super) fn readings() -> Vec<Reading> {
    vec![
        Reading::Threats([1, 2, 3, 4]),
        Reading::Quarantined(5),
        Reading::Scans(scans()),
        Reading::Sessions(sessions()),
        Reading::Selection(selection()),
        Reading::Outages(outages()),
        Reading::Performance(performance()),
        Reading::Drives(drives()),
        Reading::Stores(stores()),
        Reading::Assets(assets()),
        Reading::Details(details()),
    ]
}

fn licenses() -> Arc<[License]> {
    Arc::new([License { name: "CAD".into(), owned: Some(5), installed: Some(6) }])
}

fn products() -> Arc<[AntivirusProduct]> {
    Arc::new([AntivirusProduct { id: "bitdefender".into(), name: "Bitdefender GravityZone".into() }])
}

fn server() -> ServerState {
    ServerState {
        version: Some("1.5.0".into()),
        agents: Some(1),
        clients: Some(2),
        sites: Some(3),
        certificate_expiry_seconds: Some(86_400.5),
        disk_usage: Some(0.5),
        memory_usage: Some(0.625),
        pings: [Some(true), Some(false), None, Some(true)],
        components: vec![("nginx".into(), true), ("celery".into(), false)],
        celery_queue_length: Some(4),
    }
}

fn alerts() -> OpenAlerts {
    let mut alerts = OpenAlerts::default();
    let kinds = [AlertKind::Availability, AlertKind::Check, AlertKind::Task, AlertKind::Custom];
    for (times, (severity, kind)) in
        [Severity::Error, Severity::Warning, Severity::Info].into_iter().flat_map(|s| kinds.map(|k| (s, k))).enumerate()
    {
        for _ in 0..=times {
            alerts.count(severity, kind);
        }
    }
    alerts
}

/// What tells the names of custom fields.
pub(super) fn names() -> Update {
    Update::FieldNames(field_names())
}

fn field_names() -> FieldNames {
    Arc::new([(9, "Is gold".into()), (10, "Tier ".into())])
}

fn failing_device() -> FailingDevice {
    FailingDevice {
        device: record(),
        overdue: true,
        offline: false,
        unreachable: true,
        checks: device_checks().checks,
        tasks: device_tasks().tasks,
    }
}

/// One of each sort; of lists and devices one for each place that they can name.
pub(super) fn updates() -> Vec<Update> {
    let (client, site, device) = (ClientKey::new("41007"), SiteKey::new("50311"), DeviceId::new("100"));
    let mut updates = vec![
        Update::Clients(vec![client_record()]),
        Update::ClientsAndSites(vec![client_record()], vec![site_record()]),
        Update::Sites(client.clone(), vec![site_record()]),
        Update::Devices(DeviceList::Account, vec![record(), record()]),
        Update::Devices(DeviceList::Client(client.clone(), Kind::Server), vec![record()]),
        Update::Devices(DeviceList::Site(site.clone(), Kind::Mobile), vec![record()]),
        Update::Failing(vec![failing_device()]),
        Update::FailingAt(client.clone(), vec![failing_device()]),
        Update::Checks(device.clone(), device_checks()),
        Update::Tasks(device.clone(), device_tasks()),
        Update::Antivirus(device.clone(), Some(history())),
        Update::Antivirus(DeviceId::new("101"), None),
        Update::Backup(device.clone(), Some(history())),
        Update::Patches(device.clone(), Some(patch_counts())),
        Update::Selections(vec![(device.clone(), selection())]),
        Update::TimeZone(TimeZone::get("America/New_York").expect("a zone")),
        Update::AntivirusProducts(products()),
        Update::AntivirusDefinitions("bitdefender".into(), Some(at(-5000))),
        Update::Licenses(client, licenses()),
        Update::Directory(site, [1, 2, 3, 4, 5, 6]),
        Update::Server(server()),
        Update::Alerts(alerts()),
        Update::FieldNames(field_names()),
        Update::Incomplete(Box::new(Update::Clients(vec![client_record()]))),
    ];
    updates.extend(readings().into_iter().map(|reading| Update::Reading(device.clone(), reading)));
    updates
}

pub(super) fn gone() -> [Gone; 3] {
    [Gone::Device(DeviceId::new("100")), Gone::Site(SiteKey::new("50311")), Gone::Client(ClientKey::new("41007"))]
}

fn part<T>(value: T, second: i64) -> Part<T> {
    Part { value, at: at(second) }
}

fn one<K: std::hash::Hash + Eq, V>(key: K, value: V) -> HashMap<K, V> {
    HashMap::from([(key, value)])
}

/// A fleet with one entry in every map, so that its bytes are always the same.
pub(super) fn fleet(options: FleetOptions) -> Fleet {
    let (client, site, device) = (ClientKey::new("41007"), SiteKey::new("50311"), DeviceId::new("100"));
    let mut kept = Kept::default();
    for (reading, second) in readings().into_iter().zip(20..) {
        kept.take(reading, at(second));
    }
    let mut failing = FailingReports::default();
    failing.take(None, vec![failing_device()], at(1), true);
    let mut of_client = failing_device();
    of_client.device.client = ClientKey::new("2");
    failing.take(Some(ClientKey::new("2")), vec![of_client.clone()], at(2), true);
    failing.take(None, vec![of_client], at(3), false);
    Fleet {
        most_devices: super::super::super::listed::most_devices(),
        places: HashMap::new(),
        listed_checks: HashMap::new(),
        options,
        revision: 1234,
        clients: Some(part(vec![client_record()], 3)),
        sites: one(client.clone(), part(vec![site_record()], 4)),
        lists: one(DeviceList::Client(client.clone(), Kind::Server), part(vec![record()], 5)),
        failing,
        checks: one(device.clone(), part(device_checks(), 6)),
        tasks: one(device.clone(), part(device_tasks(), 7)),
        antivirus: one(device.clone(), part(Some(history()), 8)),
        backup: one(device.clone(), part(Some(history()), 9)),
        patches: one(device.clone(), part(Some(patch_counts()), 10)),
        readings: AllReadings::of(device.clone(), kept),
        licenses: one(client.clone(), part(licenses(), 11)),
        directories: one(site, part([1, 2, 3, 4, 5, 6], 12)),
        antivirus_products: Some(products()),
        antivirus_definitions: BTreeMap::from([("bitdefender".into(), part(Released(Some(at(-5000))), 13))]),
        server: Some(part(server(), 14)),
        alerts: Some(part(alerts(), 15)),
        field_names: Some(field_names()),
        time_zone: TimeZone::get("America/New_York").ok(),
        counters_when_read: one(device.clone(), Some([5, 4, 3, 2, 1])),
        lacking: LackingThen {
            antivirus: one(device.clone(), part(Some(21), 17)),
            backup: one(device.clone(), part(None, 18)),
        },
        denied: one(device, part((), 16)),
        duplicates: one(DeviceList::Client(client.clone(), Kind::Server), 19),
        unnamed: Unnamed {
            clients: one(client.clone(), part((), 1)),
            sites: one(client.clone(), one(SiteKey::new("50311"), part((), 2))),
            devices: one(DeviceList::Client(client, Kind::Server), one(DeviceId::new("100"), part((), 3))),
        },
    }
}
