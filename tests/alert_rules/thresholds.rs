//! The thresholds at the top of the alerts: each is one line, and each counts.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::rules::{Alert, Rules};

/// What is recorded there for other reasons: the links, and the weights of the health score.
const NO_THRESHOLDS: [&str; 2] = ["rmm:links:info", "rmm:health_weight:ratio"];

static THRESHOLD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\brmm:\w+:\w+").expect("a pattern"));

/// The thresholds in an expression, each once, in its order.
pub fn used(expression: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in THRESHOLD.find_iter(expression).map(|found| found.as_str()) {
        if !names.contains(&name) && !NO_THRESHOLDS.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What a threshold is by default, as it is written.
pub fn value<'r>(rules: &'r Rules, name: &str) -> Option<&'r str> {
    let record = rules.records.iter().find(|record| record.name == name)?;
    record.expr.strip_prefix("vector(")?.strip_suffix(')')
}

/// What is wrong with the thresholds.
pub fn faults(rules: &Rules) -> Vec<String> {
    let mut faults = Vec::new();
    let defined: Vec<&str> = rules.records.iter().flat_map(|record| used(&record.name)).collect();
    for (at, name) in defined.iter().enumerate() {
        if defined[..at].contains(name) {
            faults.push(format!("{name} is defined twice"));
        }
        if value(rules, name).is_none() {
            faults.push(format!("{name} is not one number"));
        }
    }
    let mut counts = BTreeSet::new();
    for alert in &rules.alerts {
        for name in used(&alert.expr) {
            counts.insert(name);
            if !defined.contains(&name) {
                faults.push(format!("{} goes by {name}, which is not defined", alert.name));
            }
            if !alert.expr.contains(&format!("scalar({name})")) {
                faults.push(format!("{} compares with {name} as a series, not as a scalar", alert.name));
            }
            faults.extend(severity_fault(rules, alert, name));
        }
    }
    faults.extend(defined.iter().filter(|name| !counts.contains(*name)).map(|name| format!("nothing goes by {name}")));
    faults
}

/// A threshold is named for the severity of the alert, or for another severity of it that goes by the same: what is critical for a
/// server can be a warning for a workstation.
fn severity_fault(rules: &Rules, alert: &Alert, name: &str) -> Option<String> {
    let wanted = name.rsplit(':').next().unwrap_or_default();
    let alerts = rules.named(&alert.name).into_iter();
    let agrees = alerts.filter(|alert| alert.severity() == wanted).any(|alert| used(&alert.expr).contains(&name));
    (!agrees).then(|| format!("{} of severity {} goes by {name}", alert.name, alert.severity()))
}

#[test]
fn every_threshold_is_defined_and_used_by_its_severity() {
    let rules = Rules::of_the_project();
    let faults = faults(&rules);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
groups:
  - name: g
    rules:
      - { record: "rmm:links:info", expr: vector(1) }
      - { record: "rmm:late_seconds:warning", expr: vector(2 * 86400) }
      - { alert: RMMLate, expr: "rmm_api_oldest_due_seconds > scalar(rmm:late_seconds:warning)", labels: { severity: warning } }
"#;

    #[test]
    fn one_that_is_defined_and_used_is_no_fault() {
        let rules = Rules::of(&[GOOD]);
        assert_eq!(faults(&rules), [""; 0]);
        assert_eq!(value(&rules, "rmm:late_seconds:warning"), Some("2 * 86400"));
        assert_eq!(used("a > scalar(rmm:b_c:info) or a > scalar(rmm:b_c:info)"), ["rmm:b_c:info"]);
        assert_eq!(used("site:rmm_devices:count + client:rmm_checks:sum"), [""; 0]);
    }

    #[test]
    fn a_lesser_severity_can_go_by_the_threshold_of_a_greater_one_that_does_too() {
        let warning = GOOD.lines().last().expect("an alert");
        let both = |critical: &str| {
            let text = format!("{GOOD}{}\n", warning.replace("severity: warning", "severity: critical"));
            faults(&Rules::of(&[&text.replace("_seconds:warning", critical)]))
        };
        assert_eq!(both("_seconds:critical"), [""; 0]);
        assert_eq!(both("_seconds:warning"), [""; 0]);
        let info = [
            "RMMLate of severity warning goes by rmm:late_seconds:info",
            "RMMLate of severity critical goes by rmm:late_seconds:info",
        ];
        assert_eq!(both("_seconds:info"), info);
    }

    #[test]
    fn every_fault_is_found() {
        for (from, to, fault) in [
            ("scalar(rmm:late_seconds:warning)", "1800", "nothing goes by rmm:late_seconds:warning"),
            (
                "scalar(rmm:late_seconds:warning)",
                "scalar(rmm:lat_seconds:warning)",
                "RMMLate goes by rmm:lat_seconds:warning, which is not defined",
            ),
            (
                "scalar(rmm:late_seconds:warning)",
                "on () rmm:late_seconds:warning",
                "RMMLate compares with rmm:late_seconds:warning as a series",
            ),
            ("severity: warning", "severity: info", "RMMLate of severity info goes by rmm:late_seconds:warning"),
            ("vector(2 * 86400)", "time()", "rmm:late_seconds:warning is not one number"),
            ("rmm:links:info", "rmm:late_seconds:warning", "rmm:late_seconds:warning is defined twice"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let faults = faults(&Rules::of(&[&text])).join("; ");
            assert!(faults.contains(fault), "{to}: {faults}");
        }
    }
}
