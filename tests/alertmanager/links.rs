//! What leaves the real Alertmanager: each link of the inhibition chain with notifications, the ends of what is silenced, and what the
//! links must not reach.

use crate::alertmanager::{self, Alert, Alertmanager, alert};
use crate::catcher::{Catcher, Told};
use crate::{is_missing, shipped};

/// An alert of an account.
fn account(name: &str, severity: &str) -> Alert {
    alert(name, severity, &[("platform", "nsight")])
}

/// An alert of a device.
fn device(name: &str, severity: &str) -> Alert {
    let labels = [("platform", "nsight"), ("client", "Client"), ("site", "Site"), ("device", "PC"), ("device_id", "1")];
    alert(name, severity, &labels)
}

fn check(name: &str, severity: &str) -> Alert {
    device(name, severity).with("check_id", "7").with("check", "Disk C:")
}

fn collector(name: &str) -> Alert {
    account("RMMCollectorDown", "warning").with("collector", name)
}

/// What silences, and what is silenced; one for each rule.
fn links() -> Vec<(Alert, Alert)> {
    let site = || account("RMMSiteOffline", "critical").with("client", "Client").with("site", "Site");
    let tactical = |alert: Alert| alert.with("platform", "tactical");
    vec![
        (account("RMMAccountUnknown", "none"), device("RMMServerOffline", "critical")),
        (account("RMMAccountDown", "warning"), device("RMMServerOffline", "critical")),
        (account("RMMAuthenticationRefused", "critical"), account("RMMAccountDown", "warning")),
        (collector("backup"), account("RMMDataStale", "warning").with("collector", "backup")),
        (collector("inventory"), device("RMMServerOffline", "critical")),
        (collector("inventory"), account("RMMAgentsSilent", "critical")),
        (collector("failing_checks"), check("RMMServiceCheckFailing", "critical")),
        (tactical(collector("checks")), tactical(check("RMMServiceCheckFailing", "critical"))),
        (collector("tasks"), device("RMMTaskFailing", "warning")),
        (collector("antivirus"), device("RMMAntivirusOutOfDate", "critical")),
        (collector("managed_antivirus"), device("RMMAntivirusThreat", "critical")),
        (collector("backup"), device("RMMBackupMissed", "critical")),
        (collector("backup_sessions"), device("RMMBackupSessionFailed", "warning")),
        (collector("patches"), device("RMMPatchesCritical", "warning")),
        (collector("patches"), device("RMMRebootPending", "warning")),
        (collector("outages"), device("RMMOutageLong", "warning")),
        (collector("server"), account("RMMServerDiskFull", "critical")),
        (site(), device("RMMServerOffline", "warning")),
        (
            site(),
            account("RMMSiteUnreachable", "warning").with("client", "Client").with("site", "Site").with("site_id", "3"),
        ),
        (device("RMMServerOffline", "warning"), check("RMMServiceCheckFailing", "critical")),
        (device("RMMWorkstationOffline", "none"), device("RMMBackupMissed", "warning")),
        (device("RMMDeviceInMaintenance", "none"), device("RMMServerOffline", "critical")),
        (check("RMMCheckFlapping", "warning"), check("RMMDiskSpaceCheckFailing", "warning")),
        (device("RMMBackupFailedRepeatedly", "critical"), device("RMMBackupMissed", "critical")),
        (device("RMMServerOffline", "critical"), device("RMMServerOffline", "warning")),
        (device("RMMRebootPending", "warning"), device("RMMRebootPending", "info")),
    ]
}

/// Whether an alert was told of, in that status.
fn is_told(told: &[Told], account: &str, alert: &Alert, status: &str) -> bool {
    told.iter().any(|one| {
        let same = |label| one.label(label) == alert.label(label);
        one.label("account") == account && one.status == status && same("alertname") && same("severity")
    })
}

/// The live Alertmanager and what it said.
struct Trial {
    alertmanager: Alertmanager,
    catcher: Catcher,
    sentinels: usize,
}

impl Trial {
    fn until_told(&mut self, account: &str, alert: &Alert, status: &str) {
        let catcher = &self.catcher;
        let what = format!("{account}: {status} {alert:?}");
        self.alertmanager.until(&what, |_| is_told(&catcher.told(), account, alert, status));
    }

    /// Waits until an alert that is new now was told of: by then so was everything that was to be told before.
    fn until_settled(&mut self) {
        self.sentinels += 1;
        let (name, sentinel) = (format!("sentinel-{}", self.sentinels), account("RMMStateNotWritten", "warning"));
        self.alertmanager.post(&[sentinel.clone().with("account", &name)]);
        self.until_told(&name, &sentinel, "firing");
    }
}

#[test]
fn what_is_silenced_is_not_sent_and_neither_is_its_end() {
    if is_missing(&[alertmanager::program()]) {
        return;
    }
    let catcher = Catcher::start();
    let alertmanager = Alertmanager::start(&shipped::webhooks(catcher.address, "2s"));
    let mut trial = Trial { alertmanager, catcher, sentinels: 0 };
    let links = links();
    let place = |sort: &str, number: usize| format!("{sort}-{number}");
    let all = |sort: &str, of: &dyn Fn(&(Alert, Alert)) -> Alert| -> Vec<Alert> {
        links.iter().enumerate().map(|(number, link)| of(link).with("account", &place(sort, number))).collect()
    };

    // Beside its source, alone, and told of before its source comes.
    trial.alertmanager.post(&all("silent", &|link| link.0.clone()));
    trial.alertmanager.post(&all("silent", &|link| link.1.clone()));
    trial.alertmanager.post(&all("alone", &|link| link.1.clone()));
    trial.alertmanager.post(&all("before", &|link| link.1.clone()));
    for (number, (source, target)) in links.iter().enumerate() {
        trial.until_told(&place("alone", number), target, "firing");
        trial.until_told(&place("before", number), target, "firing");
        if source.label("severity") != "none" {
            trial.until_told(&place("silent", number), source, "firing");
        }
    }
    trial.alertmanager.post(&all("before", &|link| link.0.clone()));
    trial.until_settled();

    // Ends of targets: told of where they were alone.
    for sort in ["silent", "alone", "before"] {
        trial.alertmanager.post(&all(sort, &|link| link.1.clone().resolved()));
    }
    // Digests do not tell ends.
    for (number, (_, target)) in links.iter().enumerate().filter(|(_, link)| link.1.label("severity") != "info") {
        trial.until_told(&place("alone", number), target, "resolved");
    }
    trial.until_settled();

    // Ends of sources, with which nothing of the targets comes up again.
    for sort in ["silent", "before"] {
        trial.alertmanager.post(&all(sort, &|link| link.0.clone().resolved()));
    }
    for (number, (source, _)) in links.iter().enumerate().filter(|(_, link)| link.0.label("severity") != "none") {
        trial.until_told(&place("silent", number), source, "resolved");
    }
    trial.until_settled();

    let told = trial.catcher.told();
    for (number, (source, target)) in links.iter().enumerate() {
        let (silent, before) = (place("silent", number), place("before", number));
        for status in ["firing", "resolved"] {
            assert!(!is_told(&told, &silent, target, status), "{status} in spite of {source:?}: {target:?}");
        }
        assert!(!is_told(&told, &before, target, "resolved"), "resolved in spite of {source:?}: {target:?}");
        let firing = told.iter().filter(|one| one.label("account") == silent && one.status == "firing").count();
        assert_eq!(firing, usize::from(source.label("severity") != "none"), "each source once: {source:?}");
    }
}

#[test]
fn at_night_only_what_is_critical_and_ones_own_operations_are_told() {
    if is_missing(&[alertmanager::program()]) {
        return;
    }
    let catcher = Catcher::start();
    let config = shipped::at_night(&shipped::webhooks(catcher.address, "1s"));
    let mut trial = Trial { alertmanager: Alertmanager::start(&config), catcher, sentinels: 0 };
    let (critical, own) = (device("RMMServerOffline", "critical"), account("RMMApiThrottled", "warning"));
    let alerts =
        [device("RMMServerOffline", "warning"), device("RMMRebootPending", "info"), critical.clone(), own.clone()];
    // Each of another account, so that none silences another.
    let at = |(number, alert): (usize, &Alert)| alert.clone().with("account", &format!("night-{number}"));
    trial.alertmanager.post(&alerts.iter().enumerate().map(at).collect::<Vec<_>>());
    trial.until_told("night-2", &critical, "firing");
    trial.until_told("night-3", &own, "firing");
    trial.until_settled();
    let told = trial.catcher.told();
    let silent = |name: &str| told.iter().all(|one| one.label("account") != name);
    assert!(silent("night-0") && silent("night-1"), "{told:?}");
}

/// Who must hear of what, although something like what silences it is there.
fn strangers() -> Vec<(&'static str, Alert, Alert)> {
    let site = || account("RMMSiteOffline", "critical").with("client", "Client").with("site", "Site");
    vec![
        (
            "another platform",
            account("RMMAccountDown", "warning"),
            device("RMMServerOffline", "critical").with("platform", "tactical"),
        ),
        (
            "no account at all",
            account("RMMAccountDown", "warning"),
            alert("RMMExporterDown", "critical", &[("instance", "a")]),
        ),
        ("not of the RMM", account("RMMAccountDown", "warning"), account("NodeDown", "critical")),
        ("another site", site(), device("RMMServerOffline", "critical").with("site", "Other")),
        ("another client with such a site", site(), device("RMMServerOffline", "critical").with("client", "Other")),
        (
            "another device",
            device("RMMServerOffline", "critical"),
            check("RMMServiceCheckFailing", "critical").with("device_id", "2"),
        ),
        (
            "no device",
            device("RMMServerOffline", "critical"),
            account("RMMLicenseOverused", "info").with("client", "Client"),
        ),
        (
            "another check",
            check("RMMCheckFlapping", "warning"),
            check("RMMCheckFailing", "warning").with("check_id", "8"),
        ),
        (
            "the same check elsewhere",
            check("RMMCheckFlapping", "warning"),
            check("RMMCheckFailing", "warning").with("device_id", "2"),
        ),
        ("critical", check("RMMCheckFlapping", "warning"), check("RMMServiceCheckFailing", "critical")),
        (
            "another check",
            check("RMMServiceCheckFailing", "critical"),
            check("RMMServiceCheckFailing", "warning").with("check_id", "8"),
        ),
        (
            "another plugin",
            device("RMMBackupSessionFailed", "critical").with("plugin", "Files"),
            device("RMMBackupSessionFailed", "warning").with("plugin", "SQL"),
        ),
        (
            "another component",
            account("RMMServerComponentDown", "critical").with("component", "nats"),
            account("RMMServerComponentDown", "warning").with("component", "mesh"),
        ),
        (
            "another exporter",
            alert("RMMExporterDown", "critical", &[("instance", "a")]),
            alert("RMMExporterDown", "warning", &[("instance", "b")]),
        ),
        ("another collector", collector("backup"), account("RMMDataStale", "warning").with("collector", "patches")),
        ("less severe", device("RMMRebootPending", "info"), device("RMMRebootPending", "warning")),
        // Sources without the labels that make them one: a missing label equals a missing label.
        ("a source without device", account("RMMServerOffline", "critical"), account("RMMBackupMissed", "critical")),
        (
            "a source without device",
            account("RMMDeviceInMaintenance", "none"),
            account("RMMServerDiskFull", "critical"),
        ),
        (
            "a source without site",
            account("RMMSiteOffline", "critical"),
            device("RMMServerOffline", "critical").with("site", "").with("client", ""),
        ),
        ("a source without check", device("RMMCheckFlapping", "warning"), device("RMMCheckFailing", "warning")),
        (
            "a source without device",
            account("RMMBackupFailedRepeatedly", "critical"),
            account("RMMBackupMissed", "critical"),
        ),
        (
            "a source without account",
            alert("RMMAccountDown", "warning", &[]),
            alert("RMMExporterDown", "critical", &[("instance", "c")]),
        ),
        (
            "a source without account",
            alert("RMMAccountUnknown", "none", &[]),
            alert("RMMExporterAbsent", "critical", &[]),
        ),
        ("a source without collector", account("RMMCollectorDown", "warning"), account("RMMDataStale", "warning")),
        ("critical, not of the RMM", account("NodeDisk", "critical"), account("NodeDisk", "warning")),
    ]
}

#[test]
fn a_link_reaches_only_what_belongs_to_it() {
    if is_missing(&[alertmanager::program()]) {
        return;
    }
    let catcher = Catcher::start();
    let mut alertmanager = Alertmanager::start(&shipped::webhooks(catcher.address, "1h"));
    let mut alerts = Vec::new();
    for (number, (_, source, target)) in strangers().into_iter().enumerate() {
        for alert in [source, target] {
            // Those without platform are the ones without account.
            let alert =
                if alert.label("platform").is_empty() { alert } else { alert.with("account", &number.to_string()) };
            alerts.push(alert.with("case", &number.to_string()));
        }
    }
    alertmanager.post(&alerts);
    // When this link holds, every source before it has been taken in.
    let last = |alert: Alert| alert.with("account", "last");
    alertmanager.post(&[last(collector("tasks")), last(device("RMMTaskFailing", "warning"))]);
    alertmanager.until("the last link holds", |alertmanager| {
        alertmanager.inhibited().iter().any(|alert| alert["labels"]["account"] == "last")
    });
    let found = alertmanager.alerts();
    assert_eq!(found.len(), alerts.len() + 2);
    // Each second one is a target.
    for (alert, (what, ..)) in alerts.iter().skip(1).step_by(2).zip(strangers()) {
        let labels = ["case", "alertname", "severity", "instance", "platform", "device_id"];
        let same = |other: &&serde_json::Value| {
            labels.iter().all(|label| other["labels"][label].as_str().unwrap_or_default() == alert.label(label))
        };
        let status = &found.iter().find(same).unwrap_or_else(|| panic!("{alert:?}"))["status"];
        assert_ne!(status["state"], "suppressed", "{what}: {alert:?} {status}");
    }
}
