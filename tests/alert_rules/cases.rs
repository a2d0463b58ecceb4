//! Every alert fires in one case of `alerts/tests` and is silent in another.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::rules::{Rules, list, root, text_of};
use crate::yaml;

/// The texts of the cases of the project.
fn texts() -> Vec<String> {
    let folder = root().join("alerts/tests");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yml"));
    yaml.map(|path| fs::read_to_string(path).expect("a case")).collect()
}

/// Alerts and severities without a case in which they fire or in which they are silent, and cases of what does not exist.
fn faults(rules: &Rules, texts: &[String]) -> Vec<String> {
    let (mut fires, mut silent, mut faults) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let documents: Vec<Value> = texts.iter().map(|text| yaml::parse(text)).collect();
    let groups = documents.iter().flat_map(|document| list(document, "tests"));
    for case in groups.flat_map(|test| list(test, "alert_rule_test")) {
        let name = text_of(case, "alertname");
        if rules.named(&name).is_empty() {
            faults.push(format!("a case asks for {name}, which is no alert"));
        }
        let severity = |alert: &Value| text_of(&alert["exp_labels"], "severity");
        let firing: BTreeSet<String> = list(case, "exp_alerts").iter().map(severity).collect();
        for alert in rules.named(&name) {
            let key = (name.clone(), alert.severity().to_owned());
            if firing.contains(alert.severity()) {
                fires.insert(key)
            } else {
                silent.insert(key)
            };
        }
    }
    for alert in &rules.alerts {
        let key = (alert.name.clone(), alert.severity().to_owned());
        for (cases, what) in [(&fires, "fires"), (&silent, "is silent")] {
            if !cases.contains(&key) {
                faults.push(format!("there is no case in which {} {} {what}", alert.name, alert.severity()));
            }
        }
    }
    faults
}

#[test]
fn every_alert_fires_in_a_case_and_is_silent_in_another() {
    let faults = faults(&Rules::of_the_project(), &texts());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r"
groups:
  - name: g
    rules:
      - { alert: RMMOne, expr: up == 0, labels: { severity: warning } }
      - { alert: RMMOne, expr: up == 0, for: 5m, labels: { severity: critical } }
";
    const WARNING: &str = "{ eval_time: 1m, alertname: RMMOne, exp_alerts: [{ exp_labels: { severity: warning } }] }";
    const BOTH: &str = "{ eval_time: 9m, alertname: RMMOne, exp_alerts: [{ exp_labels: { severity: warning } }, { exp_labels: { severity: critical } }] }";
    const NONE: &str = "{ eval_time: 0m, alertname: RMMOne, exp_alerts: [] }";

    fn faults_of(cases: &[&str]) -> Vec<String> {
        let cases = cases.join(", ");
        faults(&Rules::of(&[RULES]), &["tests: []".to_owned(), format!("tests: [{{ alert_rule_test: [{cases}] }}]")])
    }

    #[test]
    fn both_are_needed_for_each_severity() {
        assert_eq!(faults_of(&[WARNING, BOTH, NONE]), [""; 0]);
        assert_eq!(faults_of(&[BOTH, NONE]), [""; 0]);
        assert_eq!(faults_of(&[WARNING, BOTH]), ["there is no case in which RMMOne warning is silent"]);
        assert_eq!(faults_of(&[WARNING, NONE]), ["there is no case in which RMMOne critical fires"]);
        assert_eq!(faults_of(&[BOTH]).len(), 2);
        assert_eq!(faults_of(&[]).len(), 4);
        let empty = faults(&Rules::of(&[RULES]), &[]);
        assert_eq!(empty.len(), 4);
    }

    #[test]
    fn a_case_without_expectation_is_a_silent_one() {
        let faults = faults_of(&["{ eval_time: 0m, alertname: RMMOne }", BOTH]);
        assert_eq!(faults, [""; 0]);
    }

    #[test]
    fn a_case_of_no_alert_is_found() {
        let faults = faults_of(&[BOTH, NONE, "{ eval_time: 0m, alertname: RMMTwo }"]);
        assert_eq!(faults, ["a case asks for RMMTwo, which is no alert"]);
    }
}
