//! Who is told, by `amtool config routes test`: customer, severity, sort of alert.

use std::process::Command;

use crate::support::child::run;
use crate::{is_missing, rules, shipped};

fn assert_receivers(labels: &[(&str, &str)], expected: &str) {
    let mut command = Command::new("amtool");
    command.args(["config", "routes", "test"]);
    command.arg(format!("--config.file={}", shipped::path("alertmanager.yml").display()));
    command.arg(format!("--verify.receivers={expected}"));
    command.args(labels.iter().map(|(name, value)| format!("{name}={value}")));
    let ended = run(&mut command);
    assert!(ended.status.success(), "{labels:?} goes to {}, not to {expected}: {}", ended.stdout.trim(), ended.stderr);
}

#[test]
fn each_severity_has_its_receiver_and_customers_hear_of_their_own_only() {
    if is_missing(&["amtool"]) {
        return;
    }
    let acme = [("account", "msp-uk"), ("client", "Acme GmbH")];
    let other = [("account", "msp-uk"), ("client", "Acme GmbH & Co")];
    let same_name = [("account", "helpdesk"), ("client", "Acme GmbH")];
    let none = [("account", "msp-uk"), ("platform", "nsight")];
    for (name, severity, labels, expected) in [
        ("RMMServerOffline", "critical", &acme, "customer-acme,oncall"),
        ("RMMServerOffline", "warning", &acme, "customer-acme,warnings"),
        ("RMMRebootPending", "info", &acme, "digest"),
        ("RMMDeviceInMaintenance", "none", &acme, "nobody"),
        ("RMMServerOffline", "critical", &other, "oncall"),
        ("RMMServerOffline", "warning", &other, "warnings"),
        ("RMMRebootPending", "info", &other, "digest"),
        ("RMMWorkstationOffline", "none", &other, "nobody"),
        ("RMMServerOffline", "critical", &same_name, "oncall"),
        ("RMMBackupMissed", "warning", &same_name, "warnings"),
        ("RMMAccountDown", "critical", &none, "oncall"),
        ("RMMAccountDown", "warning", &none, "operations"),
        ("RMMAccountUnknown", "none", &none, "nobody"),
        ("RMMAntivirusDefinitionsOld", "info", &none, "digest"),
        // Not ours, in an Alertmanager that others use too.
        ("NodeDown", "critical", &none, "oncall"),
        ("NodeDown", "page", &none, "operations"),
        ("Watchdog", "none", &none, "nobody"),
    ] {
        let mut all = vec![("alertname", name), ("severity", severity)];
        all.extend(labels);
        assert_receivers(&all, expected);
    }
}

/// Every alert that there is, as it would come of the customer that the example names.
#[test]
fn what_belongs_to_no_client_never_reaches_a_customer() {
    if is_missing(&["amtool"]) {
        return;
    }
    for rule in rules::all() {
        let values = [("platform", "nsight"), ("account", "msp-uk"), ("client", "Acme GmbH"), ("site", "Berlin")];
        let mut labels = vec![("alertname", rule.name.as_str()), ("severity", rule.severity.as_str())];
        labels.extend(values.into_iter().filter(|(name, _)| rule.has(name)));
        let expected = match (rule.severity.as_str(), rule.has("client")) {
            ("none", _) => "nobody",
            ("info", _) => "digest",
            ("warning", true) => "customer-acme,warnings",
            ("warning", false) => "operations",
            ("critical", true) => "customer-acme,oncall",
            ("critical", false) => "oncall",
            other => panic!("{}: {other:?}", rule.name),
        };
        assert_receivers(&labels, expected);
    }
}
