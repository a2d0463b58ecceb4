//! From a check that fails in an RMM to the notification: simulated RMM, exporter, Prometheus with the shipped rules, Alertmanager with
//! the shipped configuration, and a webhook. Only waiting times are shorter.

use std::time::{Duration, Instant};

use regex::{Captures, Regex};
use serde_json::Value;
use tempfile::TempDir;

use crate::alertmanager::{self, Alertmanager};
use crate::catcher::{Catcher, Told};
use crate::simulator::Simulator;
use crate::support::child::{Process, exporter};
use crate::support::{PATIENCE, prometheus};
use crate::{is_missing, shipped};

/// The rules, with `for` 300 times shorter, and alerts that last 5 s longer instead of 5 minutes.
fn hurried_rules() -> String {
    let text = shipped::read("rmm-alerts.yml");
    let text = shipped::replace(&text, r"interval: 5m", "interval: 1s");
    let text = shipped::replace(&text, r"keep_firing_for: 5m", "keep_firing_for: 5s");
    let seconds = |found: &Captures<'_>| {
        let unit = match &found[2] {
            "m" => 60,
            "h" => 3_600,
            _ => 86_400,
        };
        format!(" for: {}ms", found[1].parse::<u64>().unwrap() * unit * 1_000 / 300)
    };
    Regex::new(r" for: (\d+)([mhd])\b").unwrap().replace_all(&text, seconds).into_owned()
}

/// The real Prometheus on an exporter, which tells an Alertmanager.
fn prometheus(directory: &TempDir, exporter: std::net::SocketAddr, alertmanager: std::net::SocketAddr) -> Process {
    let rules = directory.path().join("rmm-alerts.yml");
    std::fs::write(&rules, hurried_rules()).unwrap();
    let config = directory.path().join("prometheus.yml");
    let text = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\nrule_files: ['{}']\n\
         alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ['{alertmanager}'] }}] }}] }}\n\
         scrape_configs: [{{ job_name: rmm, static_configs: [{{ targets: ['{exporter}'] }}] }}]\n",
        rules.display()
    );
    std::fs::write(&config, text).unwrap();
    prometheus::start(&config).0
}

/// Everything from the RMM to the webhook.
struct Chain {
    simulator: Simulator,
    exporter: Process,
    prometheus: Process,
    alertmanager: Alertmanager,
    catcher: Catcher,
}

impl Chain {
    fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !so(self) {
            let running = self.exporter.is_running() && self.prometheus.is_running();
            let told: Vec<_> = self.catcher.told().iter().map(summary).collect();
            assert!(running && Instant::now() < end, "not so: {what}\n{told:?}\n{}", self.prometheus.stderr());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What was told of the server, in the order of its coming.
    fn told(&self) -> Vec<Told> {
        let id = self.simulator.server_id();
        self.catcher.told().into_iter().filter(|told| told.label("device_id") == id).collect()
    }

    fn until_told(&mut self, wanted: &str) {
        self.until(wanted, |chain| chain.told().iter().any(|told| summary(told) == wanted));
    }

    /// The state of an alert of the server in Alertmanager.
    fn state(&self, name: &str) -> Option<String> {
        let id = self.simulator.server_id();
        let is = |alert: &&Value| alert["labels"]["alertname"] == name && alert["labels"]["device_id"] == id;
        let state = |alert: &Value| alert["status"]["state"].as_str().unwrap().to_owned();
        self.alertmanager.alerts().iter().find(is).map(state)
    }
}

fn summary(told: &Told) -> String {
    format!("{} {} {} to {}", told.status, told.label("severity"), told.label("alertname"), told.receiver)
}

#[test]
fn a_failing_check_is_told_once_and_not_while_its_server_is_offline() {
    if is_missing(&["prometheus", alertmanager::program()]) {
        return;
    }
    let (simulator, catcher, directory) = (Simulator::start(), Catcher::start(), TempDir::new().unwrap());
    let mut exporter = Process::start(exporter().args([&simulator.config(), "--web.listen-address=127.0.0.1:0"]));
    let address = exporter.address();
    exporter.until_ok(address, "/-/ready");
    let alertmanager = Alertmanager::start(&shipped::webhooks(catcher.address, "2s"));
    let prometheus = prometheus(&directory, address, alertmanager.address);
    let mut chain = Chain { simulator, exporter, prometheus, alertmanager, catcher };

    chain.simulator.set_failing("winsvc", true);
    chain.until_told("firing critical RMMServiceCheckFailing to oncall");

    chain.simulator.set_online(false);
    chain.until_told("firing critical RMMServerOffline to oncall");
    // What fails while the server is offline begins, is silenced, and ends.
    chain.simulator.set_failing("diskspace", true);
    chain.until("the second check is silenced", |chain| {
        chain.state("RMMDiskSpaceCheckFailing").as_deref() == Some("suppressed")
    });
    chain.simulator.set_failing("diskspace", false);
    chain.until("the second check is well", |chain| chain.state("RMMDiskSpaceCheckFailing").is_none());

    chain.simulator.set_online(true);
    chain.until_told("resolved critical RMMServerOffline to oncall");
    chain.simulator.set_failing("winsvc", false);
    chain.until_told("resolved critical RMMServiceCheckFailing to oncall");

    let told = chain.told();
    let mut summaries: Vec<_> = told.iter().map(summary).collect();
    // Whether the warning is sent before the critical one silences it is a matter of seconds here, and of ten minutes as shipped.
    summaries.retain(|summary| !summary.ends_with("warning RMMServerOffline to warnings"));
    let expected = [
        "firing critical RMMServiceCheckFailing to oncall",
        "firing critical RMMServerOffline to oncall",
        "resolved critical RMMServerOffline to oncall",
        "resolved critical RMMServiceCheckFailing to oncall",
    ];
    assert_eq!(summaries, expected, "each once and nothing else");

    let text = |told: &Told, name: &str| told.annotations[name].as_str().unwrap().to_owned();
    let (check, offline) = (&told[0], told.iter().find(|told| summary(told) == expected[1]).unwrap());
    let [name, device, client, site] = ["check", "device", "client", "site"].map(|label| check.label(label).to_owned());
    assert!([&name, &device, &client, &site].iter().all(|text| !text.is_empty()), "{check:?}");
    assert_eq!(
        [check.label("platform"), check.label("account"), check.label("check_type")],
        ["tactical", "helpdesk", "service"]
    );
    assert_eq!(text(check, "description"), format!("The check \"{name}\" fails on {device} of {client} ({site})."));
    assert_eq!(text(check, "summary"), "A service of a server does not run.");
    assert!(text(check, "runbook_url").ends_with("/RMMServiceCheckFailing.md"));
    assert!(text(check, "dashboard_url").contains("/d/rmm-device?var-account=helpdesk&var-client="), "{check:?}");
    let description = text(offline, "description");
    assert!(
        description.starts_with(&format!("{device} of {client} ({site}) has not been online for 20 minutes")),
        "{description}"
    );
    assert!(description.contains(", and was last seen ") && description.ends_with(" ago."), "{description}");
}
