//! Rule files as they are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::yaml;

/// The rule files, in the order in which they are read.
pub const FILES: [&str; 2] = ["alerts/rmm-alerts.yml", "alerts/rmm-recording.yml"];

/// An alert of one severity.
#[derive(Clone, Debug, Default)]
pub struct Alert {
    pub group: String,
    pub name: String,
    pub expr: String,
    /// As written; empty for an alert that does not wait.
    pub wait: String,
    pub keep_firing_for: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
}

impl Alert {
    pub fn severity(&self) -> &str {
        self.labels.get("severity").map_or("", String::as_str)
    }

    pub fn annotation(&self, name: &str) -> &str {
        self.annotations.get(name).map_or("", String::as_str)
    }
}

/// A recorded metric.
#[derive(Clone, Debug)]
pub struct Record {
    pub name: String,
    pub expr: String,
    pub labels: BTreeMap<String, String>,
}

/// All rules of some files.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub alerts: Vec<Alert>,
    pub records: Vec<Record>,
}

impl Rules {
    pub fn of(texts: &[&str]) -> Self {
        let mut rules = Self::default();
        for text in texts {
            for group in list(&yaml::parse(text), "groups") {
                for rule in list(group, "rules") {
                    rules.add(&text_of(group, "name"), rule);
                }
            }
        }
        rules
    }

    pub fn of_the_project() -> Self {
        let texts = FILES.map(|file| std::fs::read_to_string(root().join(file)).expect(file));
        Self::of(&texts.each_ref().map(String::as_str))
    }

    fn add(&mut self, group: &str, rule: &Value) {
        for (key, _) in rule.as_object().expect("a rule") {
            let known = ["alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"];
            assert!(known.contains(&key.as_str()), "{rule} has {key}, which nothing checks");
        }
        let (expr, labels) = (text_of(rule, "expr"), map_of(rule, "labels"));
        if rule.get("record").is_some() {
            self.records.push(Record { name: text_of(rule, "record"), expr, labels });
        } else {
            self.alerts.push(Alert {
                group: group.to_owned(),
                name: text_of(rule, "alert"),
                expr,
                wait: text_of(rule, "for"),
                keep_firing_for: text_of(rule, "keep_firing_for"),
                labels,
                annotations: map_of(rule, "annotations"),
            });
        }
    }

    /// The names of the alerts, each once, in the order of the file.
    pub fn alert_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for alert in &self.alerts {
            if !names.contains(&alert.name.as_str()) {
                names.push(&alert.name);
            }
        }
        names
    }

    /// The rules of one alert, one for each severity.
    pub fn named(&self, name: &str) -> Vec<&Alert> {
        self.alerts.iter().filter(|alert| alert.name == name).collect()
    }

    /// Every expression with a name for it.
    pub fn expressions(&self) -> impl Iterator<Item = (String, &str)> {
        let alerts = self.alerts.iter().map(|alert| (format!("{} {}", alert.name, alert.severity()), &*alert.expr));
        alerts.chain(self.records.iter().map(|record| (record.name.clone(), &*record.expr)))
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The text under a key; empty without it.
pub fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

/// The list under a key; empty without it.
pub fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn map_of(value: &Value, key: &str) -> BTreeMap<String, String> {
    let map = value.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    map.into_iter().map(|(name, value)| (name, value.as_str().expect("a text").trim().to_owned())).collect()
}

#[test]
fn the_rules_of_the_project_are_all_there() {
    let rules = Rules::of_the_project();
    // Counted in the text, where a reader that skips a group would not see the difference.
    let count = |start: &str| -> usize {
        let lines = |file| std::fs::read_to_string(root().join(file)).expect(file);
        FILES.iter().map(|file| lines(file).lines().filter(|line| line.trim_start().starts_with(start)).count()).sum()
    };
    assert_eq!(rules.alerts.len(), count("- alert:"));
    assert_eq!(rules.records.len(), count("- record:") + count("- { record:"));
    assert!(rules.alert_names().len() > 50 && rules.records.len() > 80);
}
