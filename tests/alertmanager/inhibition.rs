//! Who silences whom, asked of the real Alertmanager with the shipped configuration: each alert that silences others beside every
//! alert that there is, each two of them in an account of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::alertmanager::{self, Alert, Alertmanager, alert};
use crate::catcher::Catcher;
use crate::rules::{self, Rule};
use crate::support::PATIENCE;
use crate::{is_missing, shipped};

const CHECKS: [&str; 5] = [
    "RMMHardwareCheckFailing",
    "RMMServiceCheckFailing",
    "RMMDiskSpaceCheckFailing",
    "RMMScriptCheckFailing",
    "RMMCheckFailing",
];

/// What a device that is off explains, besides its checks.
const OFF: [&str; 17] = [
    "RMMCheckFlapping",
    "RMMTaskFailing",
    "RMMAntivirusOutOfDate",
    "RMMAntivirusNeverUpToDate",
    "RMMAntivirusScanOverdue",
    "RMMAntivirusNoData",
    "RMMBackupMissed",
    "RMMBackupFailedRepeatedly",
    "RMMBackupNeverSucceeded",
    "RMMBackupCompletedWithErrors",
    "RMMBackupSessionFailed",
    "RMMBackupNoData",
    "RMMPatchesCritical",
    "RMMPatchesFailed",
    "RMMPatchesNotInstalled",
    "RMMRebootPending",
    "RMMOutageLong",
];

/// Every collector, and the alerts that are made of its data.
#[rustfmt::skip]
const COLLECTORS: [(&str, &str, &[&str]); 24] = [
    ("nsight", "inventory", &[]), // see `silences`
    ("nsight", "failing_checks", &[
        "RMMHardwareCheckFailing", "RMMServiceCheckFailing", "RMMDiskSpaceCheckFailing", "RMMScriptCheckFailing", "RMMCheckFailing",
        "RMMCheckFlapping", "RMMTaskFailing",
    ]),
    ("nsight", "checks", &[]),
    ("nsight", "antivirus", &["RMMAntivirusOutOfDate", "RMMAntivirusNeverUpToDate", "RMMAntivirusNoData"]),
    ("nsight", "antivirus_definitions", &["RMMAntivirusDefinitionsOld"]),
    ("nsight", "managed_antivirus", &["RMMAntivirusThreat", "RMMAntivirusScanOverdue", "RMMAntivirusNoData"]),
    ("nsight", "backup", &["RMMBackupMissed", "RMMBackupFailedRepeatedly", "RMMBackupNeverSucceeded", "RMMBackupNoData"]),
    ("nsight", "backup_sessions", &[
        "RMMBackupCompletedWithErrors", "RMMBackupSessionFailed", "RMMBackupNeverSucceeded", "RMMBackupNoData",
    ]),
    ("nsight", "backup_selection", &[]),
    ("nsight", "patches", &["RMMPatchesCritical", "RMMPatchesFailed", "RMMPatchesNotInstalled", "RMMRebootPending"]),
    ("nsight", "outages", &["RMMOutageLong"]),
    ("nsight", "performance", &[]),
    ("nsight", "drive_space", &[]),
    ("nsight", "exchange", &[]),
    ("nsight", "assets", &[]),
    ("nsight", "licenses", &["RMMLicenseOverused"]),
    ("nsight", "directory", &[]),
    ("tactical", "inventory", &[]),
    ("tactical", "checks", &[
        "RMMHardwareCheckFailing", "RMMServiceCheckFailing", "RMMDiskSpaceCheckFailing", "RMMScriptCheckFailing", "RMMCheckFailing",
        "RMMCheckFlapping", "RMMAntivirusOutOfDate", "RMMAntivirusNeverUpToDate", "RMMAntivirusThreat", "RMMAntivirusScanOverdue",
        "RMMAntivirusNoData", "RMMAntivirusDefinitionsOld", "RMMBackupMissed", "RMMBackupFailedRepeatedly", "RMMBackupNeverSucceeded",
        "RMMBackupCompletedWithErrors", "RMMBackupSessionFailed", "RMMBackupNoData",
    ]),
    ("tactical", "tasks", &["RMMTaskFailing"]),
    ("tactical", "patches", &["RMMPatchesCritical", "RMMPatchesFailed", "RMMPatchesNotInstalled"]),
    ("tactical", "alerts", &[]),
    ("tactical", "server", &[
        "RMMServerCertificateExpires", "RMMServerComponentDown", "RMMServerQueueLong", "RMMServerDiskFull", "RMMServerMemoryFull",
    ]),
    ("tactical", "details", &["RMMPatchesNotInstalled"]),
];

/// An alert that silences others.
struct Source {
    name: &'static str,
    severity: &'static str,
    platform: &'static str,
    collector: &'static str,
}

fn sources() -> Vec<Source> {
    let source = |name, severity| Source { name, severity, platform: "nsight", collector: "backup" };
    let mut all = vec![
        source("RMMAccountUnknown", "none"),
        source("RMMAccountDown", "warning"),
        source("RMMAuthenticationRefused", "critical"),
        source("RMMSiteOffline", "critical"),
        source("RMMServerOffline", "warning"),
        source("RMMWorkstationOffline", "none"),
        source("RMMDeviceInMaintenance", "none"),
        source("RMMCheckFlapping", "warning"),
        source("RMMBackupFailedRepeatedly", "critical"),
    ];
    all.extend(COLLECTORS.map(|(platform, collector, _)| Source {
        platform,
        collector,
        ..source("RMMCollectorDown", "warning")
    }));
    all
}

fn silences(source: &Source, target: &Rule) -> bool {
    let name = target.name.as_str();
    match source.name {
        "RMMAccountUnknown" => target.has("account"),
        "RMMAccountDown" => {
            let explains = ["RMMAuthenticationRefused", "RMMApiThrottled", "RMMStateNotWritten", "RMMAccountUnknown"];
            target.has("account") && !explains.contains(&name)
        }
        "RMMAuthenticationRefused" => name == "RMMAccountDown",
        "RMMSiteOffline" => target.has("device_id") || name == "RMMSiteUnreachable",
        "RMMServerOffline" => target.has("device_id") && (CHECKS.contains(&name) || OFF.contains(&name)),
        "RMMWorkstationOffline" => {
            target.has("device_id") && OFF.contains(&name) && !["RMMCheckFlapping", "RMMTaskFailing"].contains(&name)
        }
        "RMMDeviceInMaintenance" => target.has("device_id") && name != "RMMMaintenanceLong",
        "RMMCheckFlapping" => CHECKS.contains(&name) && target.severity != "critical",
        "RMMBackupFailedRepeatedly" => name == "RMMBackupMissed",
        "RMMCollectorDown" => {
            let age = ["RMMCollectorFailing", "RMMDataStale", "RMMDataIncomplete"];
            let fleet = ["RMMDevicesVanished", "RMMClockSkew", "RMMAgentsSilent"];
            let made = COLLECTORS.iter().find(|row| (row.0, row.1) == (source.platform, source.collector)).unwrap().2;
            let inventory = source.collector == "inventory" && (target.has("client") || fleet.contains(&name));
            made.contains(&name) || age.contains(&name) || inventory
        }
        other => panic!("{other}"),
    }
}

/// An alert with these labels, the same value in each of its kind.
fn with_labels(name: &str, severity: &str, labels: &[String], source: &Source, account: &str) -> Alert {
    labels.iter().fold(alert(name, severity, &[]), |alert, label| {
        let value = match label.as_str() {
            // By these two the alerts of one pair are told apart from those of the others.
            "account" | "instance" => account,
            "platform" => source.platform,
            "collector" => source.collector,
            other => other,
        };
        alert.with(label, value)
    })
}

#[test]
fn every_pair_of_alerts() {
    if is_missing(&[alertmanager::program()]) {
        return;
    }
    let (rules, names) = (rules::all(), rules::by_name());
    let (mut alerts, mut expected, mut pairs) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    for (number, source) in sources().iter().enumerate() {
        for (other, target) in rules.iter().enumerate().filter(|(_, target)| target.name != source.name) {
            let account = format!("{number}-{other}");
            let tagged = |alert: Alert, role| alert.with("pair", &account).with("role", role);
            let labels = &names[source.name].labels;
            alerts.push(tagged(with_labels(source.name, source.severity, labels, source, &account), "source"));
            alerts
                .push(tagged(with_labels(&target.name, &target.severity, &target.labels, source, &account), "target"));
            let Source { name, platform, collector, .. } = source;
            let what = format!("{name} {platform} {collector} silences {} {}", target.name, target.severity);
            if silences(source, target) {
                expected.insert(what.clone());
            }
            pairs.insert(account, what);
        }
    }
    let catcher = Catcher::start();
    // Nothing is sent: the question is what would be.
    let alertmanager = Alertmanager::start(&shipped::webhooks(catcher.address, "1h"));
    alerts.chunks(1_000).for_each(|alerts| alertmanager.post(alerts));
    // It takes sources in one after the other, in their order.
    let end = Instant::now() + PATIENCE;
    let (more, less) = loop {
        let inhibited = alertmanager.inhibited();
        let targets = inhibited.iter().map(|alert| &alert["labels"]).filter(|labels| labels["role"] == "target");
        let silenced: BTreeSet<_> = targets.map(|labels| pairs[labels["pair"].as_str().unwrap()].clone()).collect();
        let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>().join("\n");
        let (more, less) = (only(&silenced, &expected), only(&expected, &silenced));
        if less.is_empty() || Instant::now() > end {
            break (more, less);
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(more.is_empty() && less.is_empty(), "silenced too:\n{more}\nnot silenced:\n{less}");
    assert!(expected.len() > 200, "{expected:?}");
}

#[test]
fn every_collector_and_every_alert_on_data_is_in_the_table() {
    let known: BTreeSet<_> = COLLECTORS.iter().map(|row| row.1).collect();
    let all: BTreeSet<_> = rmm_exporter::collector::Collector::ALL.iter().map(|collector| collector.name()).collect();
    assert_eq!(known, all);
    let names = rules::by_name();
    let listed = COLLECTORS.iter().flat_map(|row| row.2).chain(&OFF).chain(&CHECKS);
    for name in listed {
        assert!(names.contains_key(*name), "{name} is no alert");
    }
    // What is said of a client's things is made of some collector's data: that of the inventory alone, or that of another one too.
    let inventory_alone = [
        "RMMDeviceInMaintenance",
        "RMMMaintenanceLong",
        "RMMSiteUnreachable",
        "RMMSiteOffline",
        "RMMServerOffline",
        "RMMWorkstationOffline",
        "RMMWorkstationSilent",
    ];
    for rule in names.values().filter(|rule| rule.has("client") && !inventory_alone.contains(&rule.name.as_str())) {
        assert!(
            COLLECTORS.iter().any(|row| row.2.contains(&rule.name.as_str())),
            "{} is made of no collector's data",
            rule.name
        );
    }
}
