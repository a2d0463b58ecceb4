//! Size and time of a stored fleet: `cargo bench --bench state -- [devices]`.

#![allow(clippy::expect_used)] // fleets made by hand

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use jiff::{Timestamp, ToSpan as _, civil};
use rmm_exporter::collector::Collector;
use rmm_exporter::config::ChecksMode;
use rmm_exporter::fleet::{
    Check, CheckState, ClientKey, ClientRecord, DayStatus, DeviceChecks, DeviceId, DeviceInfo, DeviceList,
    DeviceRecord, DeviceTasks, Feature, Filter, Fleet, FleetOptions, History, Kind, KindCounts, Label, Mappings,
    OsFamily, PatchCounts, Severity, SiteKey, SiteRecord, StatusCounts, Task, Update,
};
use rmm_exporter::platform::PlatformName;

const DEVICES_OF_A_SITE: usize = 25;

fn main() {
    // Without optimisation (`cargo test --all-targets`) it only has to run.
    let usual = if cfg!(debug_assertions) { 100 } else { 50_000 };
    let devices = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(usual);
    for platform in [PlatformName::Nsight, PlatformName::Tactical] {
        println!("{platform:?}, {devices} devices");
        let mut before = 0;
        let mut fleet = Fleet::new(options(platform));
        for (collector, updates) in made(platform, devices) {
            for update in updates {
                fleet.apply(update, time(0));
            }
            let (plain, deflated) = sizes(&fleet.to_bytes().expect("stored"));
            println!("  {collector:<10} {:>6} bytes a device", (plain - before) / devices);
            before = plain;
            println!("             {plain:>12} bytes in all, {deflated} compressed");
        }
        let resident_before = resident();
        let start = Instant::now();
        let bytes = fleet.to_bytes().expect("stored");
        report("stored", start);
        let start = Instant::now();
        sizes(&bytes);
        report("compressed", start);
        let start = Instant::now();
        let restored = Fleet::from_bytes(&bytes, options(platform)).expect("a fleet");
        report("read", start);
        println!("  the fleet read takes {} MB more", resident().saturating_sub(resident_before));
        drop((fleet, restored));
    }
}

fn report(what: &str, start: Instant) {
    println!("  {what:<10} in {:>8.1} ms, {} MB resident", start.elapsed().as_secs_f64() * 1e3, resident());
}

fn sizes(bytes: &[u8]) -> (usize, usize) {
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::new(1));
    deflated.write_all(bytes).expect("written");
    (bytes.len(), deflated.finish().expect("compressed").len())
}

fn options(platform: PlatformName) -> FleetOptions {
    FleetOptions {
        platform,
        filter: Filter::default(),
        checks_mode: ChecksMode::Failing,
        stale_after: Collector::ALL.into_iter().map(|it| (it, Duration::from_hours(3))).collect::<BTreeMap<_, _>>(),
        time_zone: None,
        mappings: Mappings::default(),
    }
}

fn time(offset: usize) -> Timestamp {
    let offset = i64::try_from(offset).expect("small");
    Timestamp::new(1_772_600_000 + offset * 7, 123_456_789).expect("in range")
}

fn seconds(offset: usize) -> Option<Timestamp> {
    Timestamp::from_second(time(offset).as_second()).ok()
}

/// What every collector says that is on by default.
fn made(platform: PlatformName, devices: usize) -> Vec<(&'static str, Vec<Update>)> {
    let nsight = platform == PlatformName::Nsight;
    let sites = devices.div_ceil(DEVICES_OF_A_SITE);
    let mut inventory = inventory(nsight, sites);
    let numbers = || 0..devices;
    let of_site = |site: usize| site * DEVICES_OF_A_SITE..((site + 1) * DEVICES_OF_A_SITE).min(devices);
    if nsight {
        for site in 0..sites {
            let records = |detailed: bool| of_site(site).map(|n| record(nsight, detailed, n)).collect();
            let roster = DeviceList::Client(ClientKey::new(&client_id(site)), Kind::Workstation);
            inventory.push(Update::Devices(roster, records(false)));
            let details = DeviceList::Site(SiteKey::new(&(50_000 + site).to_string()), Kind::Workstation);
            inventory.push(Update::Devices(details, records(true)));
        }
    } else {
        let all = numbers().map(|n| record(nsight, true, n)).collect();
        inventory.push(Update::Devices(DeviceList::Account, all));
    }
    let checks = numbers().map(|n| Update::Checks(id(nsight, n), checks(nsight, n))).collect();
    let tasks = numbers().map(|n| Update::Tasks(id(nsight, n), DeviceTasks { counts: counts(n), tasks: tasks(n) }));
    let patches = numbers().map(|n| Update::Patches(id(nsight, n), Some(patch_counts(n))));
    let mut made = vec![
        ("inventory", inventory),
        ("checks", checks),
        ("tasks", tasks.collect::<Vec<_>>()),
        ("patches", patches.collect()),
    ];
    if nsight {
        made.push(("antivirus", numbers().map(|n| Update::Antivirus(id(nsight, n), Some(history(n)))).collect()));
        made.push(("backup", numbers().map(|n| Update::Backup(id(nsight, n), Some(history(n + 3)))).collect()));
    }
    made
}

fn client_id(site: usize) -> String {
    (40_000 + site / 2).to_string()
}

fn inventory(nsight: bool, sites: usize) -> Vec<Update> {
    let client = |n: usize| ClientRecord {
        key: ClientKey::new(&client_id(n)),
        id: Label::new(&client_id(n)),
        name: Label::new(&format!("Customer {n} Ltd")),
        timezone: nsight.then(Label::default),
        devices: nsight.then_some(KindCounts { server: Some(0), workstation: Some(50), mobile: Some(0) }),
    };
    let clients: Vec<ClientRecord> = (0..sites).step_by(2).map(client).collect();
    let site = |n: usize| SiteRecord {
        key: SiteKey::new(&(50_000 + n).to_string()),
        client: ClientKey::new(&client_id(n)),
        id: Label::new(&(50_000 + n).to_string()),
        name: Label::new(&format!("Office {n}")),
        connection_up: nsight.then_some(true),
    };
    if !nsight {
        return vec![Update::ClientsAndSites(clients, (0..sites).map(site).collect())];
    }
    let mut updates = vec![Update::Clients(clients)];
    for first in (0..sites).step_by(2) {
        let both = (first..(first + 2).min(sites)).map(site).collect();
        updates.push(Update::Sites(ClientKey::new(&client_id(first)), both));
    }
    updates
}

fn id(nsight: bool, n: usize) -> DeviceId {
    if nsight {
        return DeviceId::new(&(1_000_000 + n).to_string());
    }
    // 40 random letters, as that server makes them.
    let mut state = n as u64 + 1;
    let letters = (0..40).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'A' + u8::try_from((state >> 33) % 26).expect("a letter"))
    });
    DeviceId::new(&letters.collect::<String>())
}

fn counts(n: usize) -> StatusCounts {
    let failing = u64::from(n.is_multiple_of(5));
    StatusCounts { passing: Some(11), failing: Some(failing), cleared: Some(0), pending: Some(1) }
}

fn record(nsight: bool, detailed: bool, n: usize) -> DeviceRecord {
    let site = n / DEVICES_OF_A_SITE;
    let name = Label::new(&format!("WS-{site:05}-{n}"));
    let place = (ClientKey::new(&client_id(site)), SiteKey::new(&(50_000 + site).to_string()));
    let bare = DeviceRecord::new(id(nsight, n), name, place.0, place.1);
    let info = DeviceInfo {
        os: Label::new("Microsoft Windows 11 Pro, 64-bit (build 26100)"),
        os_family: OsFamily::Windows,
        agent_version: Label::new("10.14.5"),
        manufacturer: Label::new("Dell Inc."),
        model: Label::new(&format!("Latitude 5{:03}", n % 40)),
    };
    if nsight && !detailed {
        let features = Some(vec![Feature::TakeControl, Feature::Patch, Feature::ManagedAntivirus, Feature::Backup]);
        return DeviceRecord { kind: Some(Kind::Workstation), features, checks: Some(counts(n)), ..bare };
    }
    DeviceRecord {
        kind: Some(Kind::Workstation),
        client_name: Some(Label::new(&format!("Customer {} Ltd", site / 2))),
        site_name: Some(Label::new(&format!("Office {site}"))),
        info: Some(info),
        agentless: Some(false),
        online: Some(true),
        overdue: Some(false),
        last_seen: seconds(n),
        boot: seconds(n * 3),
        check_interval: Some(Duration::from_mins(5)),
        memory_bytes: nsight.then_some(17_000_000_000 + n as u64),
        utc_offset: nsight.then_some(3600),
        checks: (!nsight).then(|| counts(n)),
        check_counters: (!nsight).then_some([12, 11, 1, 0, 0]),
        pending_actions: (!nsight).then_some(0),
        patches_pending: (!nsight).then_some(true),
        ..bare
    }
}

fn checks(nsight: bool, n: usize) -> DeviceChecks {
    let check = |check: usize| Check {
        id: Label::new(&(20_000_000 + n * 20 + check).to_string()),
        name: Label::new(&format!("Windows Service Check - Service {check}")),
        check_type: "windows_service".into(),
        state: CheckState::Failing,
        severity: Severity::Error,
        consecutive_failures: Some(3),
        last_run: seconds(n),
    };
    let failing = usize::from(n.is_multiple_of(5)) * 2;
    DeviceChecks {
        counts: counts(n),
        checks: (0..failing).map(check).collect(),
        performance_monitored: nsight,
        ..DeviceChecks::default()
    }
}

fn tasks(n: usize) -> Vec<Task> {
    let task = |()| Task {
        id: Label::new(&(30_000_000 + n).to_string()),
        name: Label::new("Clean up temporary files"),
        state: CheckState::Failing,
        severity: Severity::Warning,
        consecutive_failures: None,
    };
    n.is_multiple_of(20).then_some(()).map(task).into_iter().collect()
}

fn patch_counts(n: usize) -> PatchCounts {
    let n = n as u64;
    PatchCounts {
        by_status: [n % 7, 2, 0, 150 + n % 90, n % 2, 1, 0, 0],
        outstanding: [n % 3, n % 4, 1, 0, 2],
        last_installed: seconds(usize::try_from(n).unwrap_or(0)),
        reboot_required: Some(n.is_multiple_of(9)),
    }
}

fn history(n: usize) -> Arc<History> {
    let newest = civil::date(2026, 3, 4);
    let day = |back: usize| {
        let status = if (n + back).is_multiple_of(11) { DayStatus::Fail } else { DayStatus::Pass };
        (newest.saturating_sub(i64::try_from(back).unwrap_or(0).days()), status)
    };
    Arc::new(History::new((0..33).map(day).collect()).expect("days"))
}

#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let statm = procfs::process::Process::myself().and_then(|process| process.statm());
    statm.map_or(0, |statm| statm.resident * procfs::page_size() / 1_000_000)
}

#[cfg(not(target_os = "linux"))]
fn resident() -> u64 {
    0
}
