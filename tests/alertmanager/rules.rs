//! The alerts of `alerts/rmm-alerts.yml`: their names, severities, and the labels by which they are told apart.

use std::collections::BTreeMap;

use regex::Regex;

use crate::shipped;

/// An alert of one name and severity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    pub name: String,
    pub severity: String,
    /// Without `job` and `alertname`.
    pub labels: Vec<String>,
}

impl Rule {
    pub fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|known| known == label)
    }
}

/// All alerts, in the order of the file.
pub fn all() -> Vec<Rule> {
    let text = shipped::read("rmm-alerts.yml");
    let name = Regex::new(r"^(\w+)\n").unwrap();
    let severity = Regex::new(r"labels: \{ severity: (\w+) \}").unwrap();
    let by = Regex::new(r"by \(([\w, ]+)\)").unwrap();
    let rules = text.split("- alert: ").skip(1).map(|rule| {
        let name = name.captures(rule).unwrap()[1].to_owned();
        let severity = severity.captures(rule).unwrap_or_else(|| panic!("{name} has no severity"))[1].to_owned();
        // These are not aggregated in the rule itself.
        let labels = match name.as_str() {
            "RMMExporterAbsent" => "job".to_owned(),
            "RMMExporterDown" => "job, instance".to_owned(),
            "RMMCheckFlapping" => {
                "job, platform, account, client, site, device, device_id, check_id, check, check_type".to_owned()
            }
            _ => by.captures(rule).unwrap_or_else(|| panic!("{name} has no labels"))[1].to_owned(),
        };
        let labels = labels.split(", ").filter(|label| !matches!(*label, "job" | "severity")).map(str::to_owned);
        Rule { name, severity, labels: labels.collect() }
    });
    let rules: Vec<_> = rules.collect();
    assert!(rules.len() > 50, "{rules:?}");
    rules
}

/// One rule for each name: the one of the highest severity.
pub fn by_name() -> BTreeMap<String, Rule> {
    let mut names = BTreeMap::new();
    let rank = |rule: &Rule| ["critical", "warning", "info", "none"].iter().position(|known| *known == rule.severity);
    for rule in all() {
        let known = names.entry(rule.name.clone()).or_insert_with(|| rule.clone());
        if rank(&rule) < rank(known) {
            *known = rule;
        }
    }
    names
}
