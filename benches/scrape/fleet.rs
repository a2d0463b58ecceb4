//! The fleet that is served: two accounts, one of them with a tenth of the devices, about 28 series a device.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rmm_exporter::collector::Collector;
use rmm_exporter::fleet::{DeviceView, StatusCounts, View};
use rmm_exporter::metrics::{AccountSetup, AccountStatus, CollectorReport, Limits, Publisher};
use rmm_exporter::planner::Outcome;
use rmm_exporter::platform::PlatformName;

use crate::views;

/// The account with nine tenths of the devices.
pub const LARGE: &str = "msp-uk";
/// The account with a tenth.
pub const SMALL: &str = "lab";

const COLLECTORS: [Collector; 6] = [
    Collector::Inventory,
    Collector::FailingChecks,
    Collector::Checks,
    Collector::Antivirus,
    Collector::Backup,
    Collector::Patches,
];
const CALLS: [&str; 8] = [
    "list_clients",
    "list_sites",
    "list_devices_at_client",
    "list_devices",
    "list_failing_checks",
    "list_checks",
    "list_agentless_assets",
    "patch_list_all",
];

/// The fleets of both accounts.
pub fn views(devices: usize) -> [(&'static str, Arc<View>); 2] {
    let small = devices / 10;
    [(LARGE, view(devices - small)), (SMALL, view(small))]
}

/// The larger fleet, where one device in a hundred has other values.
pub fn changed(views: &[(&'static str, Arc<View>)]) -> Arc<View> {
    let (_, view) = views.first().expect("an account");
    let mut view = View::clone(view);
    for device in view.devices.iter_mut().step_by(100) {
        device.record.online = device.record.online.map(|online| !online);
        device.record.last_seen = device.record.last_seen.map(|time| time - Duration::from_secs(7));
    }
    Arc::new(view)
}

/// Both accounts after some calls, with their fleets.
pub fn publisher(views: &[(&'static str, Arc<View>)]) -> Arc<Publisher> {
    let publisher = Arc::new(Publisher::new());
    let setup = |name: &'static str| AccountSetup { status: status(name), limits: Limits::default() };
    publisher.configure(views.iter().map(|(name, _)| setup(name)).collect());
    for (name, view) in views {
        for call in CALLS {
            observe(&publisher, name, call);
        }
        publisher.publish_fleet(name, view);
    }
    publisher
}

/// What follows a call: it is counted, and the account says how it does.
pub fn call_finished(publisher: &Publisher) {
    observe(publisher, LARGE, "list_checks");
    publisher.publish_status(LARGE, status(LARGE));
}

fn observe(publisher: &Publisher, account: &str, call: &str) {
    let metrics = publisher.metrics(account).expect("configured");
    metrics.observe(call, Outcome::Ok, Duration::from_millis(180), 12_345);
}

fn status(account: &str) -> AccountStatus {
    let report = CollectorReport {
        interval: Duration::from_mins(15),
        success: true,
        last_success: Some(Timestamp::now()),
        last_duration: Some(Duration::from_millis(1234)),
        targets: 1000,
        fresh: 990,
        failed: 3,
        ..CollectorReport::default()
    };
    let mut status = AccountStatus::new(PlatformName::Nsight, account, "rmm.example");
    status.up = true;
    status.ready = true;
    status.budget_per_minute = 60;
    status.collectors = COLLECTORS.into_iter().map(|collector| (collector, report)).collect();
    status
}

fn view(devices: usize) -> Arc<View> {
    let mut view = views::synthetic(devices);
    for (index, device) in (0_u32..).zip(&mut view.devices) {
        vary(device, index);
    }
    views::shared(view)
}

/// Leaves away what would be more than 28 series, and gives each device values of its own.
fn vary(device: &mut DeviceView, index: u32) {
    let number = index.wrapping_mul(0x9e37_79b9);
    let part = |shift: u32, below: u32| (number >> shift) % below;
    let ago = |seconds: u32| views::time("2026-03-04T05:06:07Z") - Duration::from_secs(seconds.into());
    let record = &mut device.record;
    record.last_seen = Some(ago(part(0, 100_000)));
    record.boot = Some(ago(part(3, 5_000_000)));
    record.online = Some(part(5, 10) > 0);
    record.memory_bytes = Some(u64::from(4 + part(7, 60)) * 1_073_741_824 - u64::from(part(2, 500)) * 1024);
    record.checks = Some(StatusCounts {
        passing: Some(part(9, 40).into()),
        failing: Some(part(11, 3).into()),
        cleared: Some(0),
        pending: None,
    });
    if part(13, 5) > 0 {
        device.checks.clear();
    }
    device.tasks.clear();
    device.backup = None;
    device.patches = None;
    if let Some(antivirus) = &mut device.antivirus {
        let failed = u64::from(part(15, 4));
        antivirus.daily_results = Some([28 - failed, failed, 0, 0, 1, 0]);
        antivirus.last_pass = Some(ago(part(4, 500_000)));
    }
}
