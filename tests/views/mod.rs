//! Fleets made by hand.

#![allow(dead_code)] // each test uses some of it

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rmm_exporter::fleet::{
    AdapterLoad, Assets, CheckSeries, ClientKey, ClientView, Details, DeviceId, DeviceInfo, DeviceRecord, DeviceView,
    Drive, Feature, HistoryView, Kind, KindCounts, Label, License, OpenAlerts, OsFamily, Outages, PatchCounts,
    PatchSeverity, PatchStatus, Performance, PluginSelection, PluginSessions, ProcessorLoad, Readings, Scan, ScanType,
    ServerState, Session, SessionStatus, Severity, SiteKey, SiteView, StatusCounts, Store, TaskSeries, View,
};

pub fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A device of which nothing is known but who and where it is.
pub fn bare_device(client: &str, site: &str, name: &str, id: &str) -> DeviceView {
    let record = DeviceRecord::new(DeviceId::new(id), Label::new(name), ClientKey::new(client), SiteKey::new(site));
    DeviceView {
        id: DeviceId::new(id),
        client: Label::new(client),
        site: Label::new(site),
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

pub fn check(id: &str, name: &str) -> CheckSeries {
    CheckSeries {
        id: Label::new(id),
        name: Label::new(name),
        check_type: "service".into(),
        severity: Severity::Error,
        failing: Some(true),
        cleared: None,
        consecutive_failures: None,
        last_run: None,
    }
}

/// A device of which everything is known that the collectors tell which are on by default.
pub fn full_device(client: &str, site: &str, name: &str, id: &str) -> DeviceView {
    let mut device = bare_device(client, site, name, id);
    let record = &mut device.record;
    record.kind = Some(Kind::Server);
    record.info = Some(DeviceInfo {
        os: Label::new("Microsoft Windows Server 2022 Standard, 64-bit"),
        os_family: OsFamily::Windows,
        agent_version: Label::new("10.13.10"),
        manufacturer: Label::new("Dell Inc."),
        model: Label::new("PowerEdge R650"),
    });
    record.online = Some(true);
    record.overdue = Some(false);
    record.last_seen = Some(time("2026-03-04T05:06:07.5Z"));
    record.boot = Some(time("2026-03-01T00:00:00Z"));
    record.check_interval = Some(Duration::from_mins(5));
    record.maintenance = Some(false);
    record.reboot_required = Some(true);
    record.memory_bytes = Some(17_179_869_184);
    record.features = Some(vec![Feature::TakeControl, Feature::Patch]);
    record.pending_actions = Some(2);
    record.patches_pending = Some(true);
    record.checks = Some(StatusCounts { passing: Some(11), failing: Some(1), cleared: Some(0), pending: None });
    record.tasks = Some(StatusCounts { passing: Some(1), failing: Some(0), cleared: None, pending: Some(0) });
    device.checks = vec![CheckSeries {
        cleared: Some(false),
        consecutive_failures: Some(3),
        last_run: Some(time("2026-03-04T05:00:00Z")),
        ..check("6120044", "Windows Service Check - Print Spooler")
    }];
    device.tasks = vec![TaskSeries {
        id: Label::new("77"),
        name: Label::new("Clean up"),
        severity: Severity::Warning,
        failing: true,
        consecutive_failures: Some(1),
    }];
    let days = HistoryView {
        up_to_date: Some(true),
        last_pass: Some(time("2026-03-04T00:00:00Z")),
        consecutive_failures: Some(0),
        daily_results: Some([28, 1, 0, 0, 1, 0]),
    };
    device.antivirus = Some(days);
    device.backup = Some(HistoryView { up_to_date: Some(false), consecutive_failures: Some(2), ..days });
    let mut patches = PatchCounts { last_installed: Some(time("2026-02-28T10:00:00Z")), ..PatchCounts::default() };
    patches.count(PatchStatus::Missing, PatchSeverity::Critical);
    patches.count(PatchStatus::Installed, PatchSeverity::Low);
    device.patches = Some(patches);
    device
}

fn full_readings() -> Readings {
    let drive = Drive {
        disk: Label::new("C:"),
        used_bytes: Some(5_368_709_120),
        size_bytes: Some(10_737_418_240),
        used_ratio: Some(0.5),
    };
    let session = Session {
        status: Some(SessionStatus::CompletedWithErrors),
        duration: Some(Duration::from_secs(1572)),
        transferred_bytes: Some(524_288),
        selected_bytes: Some(812_345_678_901),
        processed_bytes: Some(2_048_576),
        errors: Some(3),
    };
    let scan =
        Scan { scan_type: ScanType::Quick, end: Some(time("2026-03-04T02:06:40Z")), threats: Some(1), errors: Some(0) };
    let plugin = Label::new("file_system");
    let sessions =
        PluginSessions { plugin: plugin.clone(), last_success: Some(time("2026-03-03T00:31:12Z")), newest: session };
    let performance = Performance {
        end: Some(time("2026-03-04T05:00:00Z")),
        processors: vec![ProcessorLoad { cpu: Label::new("0"), average: Some(0.22), most: Some(0.61) }],
        memory_available_bytes: Some(9_563_013_120.0),
        disk_queues: vec![(Label::new("C:"), 1.75)],
        adapters: vec![AdapterLoad {
            adapter: Label::new("NIC \"1\""),
            receive: Some(12_500.0),
            transmit: Some(3_000.0),
        }],
    };
    Readings {
        threats: Some([1, 2, 3, 0]),
        quarantined: Some(2),
        scans: Some(Arc::new([scan])),
        sessions: Some(Arc::new([sessions])),
        selection: Some(Arc::new([PluginSelection { plugin, bytes: 812_345_678_901 }])),
        outages: Some(Arc::new(Outages { open: [1, 0, 0, 0, 0, 0], seconds: [60.0, 0.0, 0.0, 0.0, 0.0, 0.0] })),
        performance: Some(Arc::new(performance)),
        drives: Some(Arc::new([drive])),
        stores: Some(Arc::new([Store { store: Label::new("Mailbox Database 01"), bytes: 85_899_345_920 }])),
        assets: Some(Assets { hardware: Some(12), software: Some(140), scanned: Some(time("2026-03-03T12:00:00Z")) }),
        details: Some(Arc::new(Details {
            offline_after: Some(Duration::from_mins(4)),
            overdue_after: Some(Duration::from_mins(30)),
            ..Details::default()
        })),
    }
}

pub fn client(id: &str, name: &str) -> ClientView {
    ClientView {
        key: ClientKey::new(id),
        id: Label::new(id),
        name: Label::new(name),
        timezone: Some(Label::new("Europe/London")),
        devices: KindCounts { server: Some(1), workstation: Some(0), mobile: None },
        licenses: None,
    }
}

pub fn site(client: &str, client_id: &str, id: &str, name: &str) -> SiteView {
    SiteView {
        key: SiteKey::new(id),
        client_key: ClientKey::new(client_id),
        client_id: Label::new(client_id),
        client: Label::new(client),
        id: Label::new(id),
        name: Label::new(name),
        connection_up: Some(true),
        directory_users: None,
    }
}

/// One client, one site, one device, as the collectors tell of them that are on by default.
pub fn usual_view() -> View {
    let (customer, place) = ("Larkspur Dental & Co", "Harbour Street");
    View {
        clients: vec![client("100", customer)],
        sites: vec![site(customer, "100", "2001", place)],
        devices: vec![full_device(customer, place, "LKD-DC01", "770215")],
        ..View::default()
    }
}

/// The same with everything that any collector tells: every family of the fleet has a series.
pub fn full_view() -> View {
    let mut view = usual_view();
    for client in &mut view.clients {
        client.licenses = Some(Arc::new([License { name: Label::new("CAD"), owned: Some(5), installed: Some(7) }]));
    }
    for site in &mut view.sites {
        site.directory_users = Some([20, 0, 1, 2, 0, 0]);
    }
    for device in &mut view.devices {
        device.readings = full_readings();
    }
    view.antivirus_definitions = vec![(Label::new("sophos"), time("2026-03-04T01:00:00Z"))];
    view.server = Some(server());
    view.alerts = Some(OpenAlerts::default());
    view
}

fn server() -> ServerState {
    ServerState {
        version: Some(Label::new("1.5.1")),
        agents: Some(40),
        clients: Some(13),
        sites: Some(21),
        certificate_expiry_seconds: Some(6_566_400.0),
        disk_usage: Some(0.21),
        memory_usage: Some(0.11),
        pings: [Some(true); 4],
        components: vec![(Label::new("nats-api"), true)],
        celery_queue_length: Some(0),
    }
}

/// A view of these devices, and nothing else.
pub fn of_devices(devices: Vec<DeviceView>) -> View {
    View { devices, ..View::default() }
}

/// A large fleet: one client and one site for each 50 devices.
pub fn synthetic(devices: usize) -> View {
    let places = devices.div_ceil(50);
    let customer = |place: usize| format!("Customer number {place} Limited");
    let clients = (0..places).map(|place| client(&place.to_string(), &customer(place))).collect();
    let sites = (0..places).map(|place| site(&customer(place), &place.to_string(), &place.to_string(), "Head office"));
    let sites = sites.collect();
    let device = |index: usize| {
        full_device(&customer(index / 50), "Head office", &format!("WS-{index:05}"), &format!("{}", 700_000 + index))
    };
    View { clients, sites, devices: (0..devices).map(device).collect(), ..View::default() }
}

/// The view, to be shared.
pub fn shared(view: View) -> Arc<View> {
    Arc::new(view)
}
