//! The runbooks: one for each alert, with its facts, and nothing in them that does not exist.
//!
//! The table of a runbook and the index are made from the rules: `UPDATE_DOCS=1 cargo test --test alert_rules` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::promql::{Metrics, Shape};
use crate::rules::{Alert, Rules, root};
use crate::{form, thresholds};

const SECTIONS: [&str; 5] =
    ["## Look at first", "## Likely causes", "## What to do", "## How to silence it", "## How it ends"];
/// What is there of an alert that only inhibits others.
const SECTIONS_OF_NONE: [&str; 2] = ["## Look at first", "## How it ends"];
const MOST_LINES: usize = 50;
const INDEX: (&str, &str) = ("<!-- index -->\n", "<!-- end of index -->");

static METRIC: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:rmm|process)_[a-z0-9_]+\b\*?").expect("a pattern"));
static ALERT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bRMM[A-Z][A-Za-z]+").expect("a pattern"));
static MATCHER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?:^| )(\w+)(?:=|=~|!=|!~)["']?(\w+)"#).expect("a pattern"));
static TABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^\| severity \|.*\n(?:\|.*\n)*").expect("a pattern"));

fn folder() -> PathBuf {
    root().join("docs/runbooks")
}

/// The runbooks by name, without the index.
fn read(folder: &Path) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("runbooks") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        texts.insert(name, fs::read_to_string(&path).expect("a text"));
    }
    texts
}

/// The facts of an alert, as its runbook tells them.
fn table(rules: &Rules, name: &str) -> String {
    let mut table = "| severity | after | goes on for | threshold |\n|---|---|---|---|\n".to_owned();
    for alert in rules.named(name) {
        let used = thresholds::used(&alert.expr).into_iter();
        let used = used.map(|name| format!("`{name}` = {}", thresholds::value(rules, name).unwrap_or("?")));
        let thresholds = used.collect::<Vec<_>>().join("; ");
        let or = |text: &str, otherwise: &str| if text.is_empty() { otherwise } else { text }.to_owned();
        let (wait, goes_on) = (or(&alert.wait, "at once"), or(&alert.keep_firing_for, "–"));
        writeln!(table, "| {} | {wait} | {goes_on} | {} |", alert.severity(), or(&thresholds, "–")).expect("written");
    }
    table
}

/// The first sentence: what the alert means.
fn meaning(text: &str) -> &str {
    text.lines().nth(2).unwrap_or_default()
}

/// The index of all runbooks by group.
fn index(rules: &Rules, texts: &BTreeMap<String, String>) -> String {
    let (mut index, mut group) = (String::new(), "");
    for name in rules.alert_names() {
        let alerts = rules.named(name);
        if alerts[0].group != group {
            group = &alerts[0].group;
            write!(index, "\n## `{group}`\n\n| alert | severity | it means |\n|---|---|---|\n").expect("written");
        }
        let severities = alerts.iter().map(|alert| alert.severity()).collect::<Vec<_>>().join(", ");
        let text = texts.get(name).map_or("", |text| meaning(text));
        writeln!(index, "| [{name}]({name}.md) | {severities} | {text} |").expect("written");
    }
    index + "\n"
}

/// The text with its part between the two marks replaced.
fn with_index(readme: &str, index: &str) -> Option<String> {
    let (start, rest) = readme.split_once(INDEX.0)?;
    let (_, end) = rest.split_once(INDEX.1)?;
    Some(format!("{start}{}{index}{}{end}", INDEX.0, INDEX.1))
}

/// What is wrong with runbooks and index.
fn faults(rules: &Rules, texts: &BTreeMap<String, String>, folder: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for name in rules.alert_names().into_iter().filter(|name| !texts.contains_key(*name)) {
        faults.push(format!("{name} has no runbook"));
    }
    let metrics = Metrics::of(rules);
    for (name, text) in texts {
        let alerts = rules.named(name);
        let found = if name == "README" {
            index_faults(rules, texts, text)
        } else if alerts.is_empty() {
            vec!["there is no such alert".to_owned()]
        } else {
            let facts = facts(rules, name, text);
            facts.into_iter().chain(sections(&alerts, text)).chain(silences(&alerts, text, &metrics)).collect()
        };
        let all = found.into_iter().chain(names(rules, text, &metrics)).chain(dead_links(text, name, folder));
        faults.extend(all.map(|fault| format!("{name}: {fault}")));
    }
    faults
}

fn index_faults(rules: &Rules, texts: &BTreeMap<String, String>, readme: &str) -> Vec<String> {
    let is_current = with_index(readme, &index(rules, texts)).is_some_and(|expected| expected == *readme);
    if is_current { Vec::new() } else { vec!["the index is not that of the rules".to_owned()] }
}

fn facts(rules: &Rules, name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.lines().next() != Some(&format!("# {name}")) {
        faults.push("the title is not its name".to_owned());
    }
    if !meaning(text).starts_with(char::is_uppercase) || !meaning(text).ends_with('.') {
        faults.push("the third line is not the sentence that says what it means".to_owned());
    }
    let tables: Vec<&str> = TABLE.find_iter(text).map(|table| table.as_str()).collect();
    if tables != [table(rules, name)] {
        faults.push(format!("severities, times and thresholds are not those of the rules:\n{}", table(rules, name)));
    }
    if text.lines().count() > MOST_LINES {
        faults.push(format!("it has more than {MOST_LINES} lines"));
    }
    faults
}

fn sections(alerts: &[&Alert], text: &str) -> Vec<String> {
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
    let only_inhibits = alerts.iter().all(|alert| alert.severity() == "none");
    let wanted: &[&str] = if only_inhibits { &SECTIONS_OF_NONE } else { &SECTIONS };
    let mut faults = Vec::new();
    if headings != wanted {
        faults.push(format!("its headings are {headings:?}"));
    }
    for heading in wanted {
        let body = text.split_once(heading).map_or("", |(_, rest)| rest.split("\n## ").next().unwrap_or_default());
        if body.trim().is_empty() {
            faults.push(format!("{heading} is empty"));
        }
    }
    for alert in alerts {
        let dashboard = form::dashboard(alert.annotation("dashboard_url"));
        if !text.contains(&format!("Dashboard: `{dashboard}`.")) {
            faults.push(format!("it does not name the dashboard {dashboard}"));
        }
    }
    if fences(text, "promql").next().is_none() {
        faults.push("it has no query".to_owned());
    }
    if !only_inhibits && fences(text, "sh").all(|block| !block.contains("amtool silence add")) {
        faults.push("it does not tell how to silence it".to_owned());
    }
    faults
}

/// The blocks of code in a language.
fn fences<'t>(text: &'t str, language: &str) -> impl Iterator<Item = &'t str> {
    let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
    let start = format!("{language}\n");
    blocks.into_iter().filter_map(move |block| block.strip_prefix(&start))
}

/// A silence names labels that the alert has.
fn silences(alerts: &[&Alert], text: &str, metrics: &Metrics) -> Vec<String> {
    let mut faults = Vec::new();
    for command in fences(text, "sh").flat_map(str::lines).filter(|line| line.contains("amtool silence add")) {
        let matchers = command.split(" --").next().unwrap_or_default();
        let mut named = false;
        for matcher in MATCHER.captures_iter(matchers) {
            let (label, value) = (&matcher[1], &matcher[2]);
            named |= label == "alertname";
            let has = |alert: &&Alert| {
                let shape = metrics.shape(&alert.expr).0;
                let is_of_expression = matches!(shape, Shape::Series(labels) if labels.contains_key(label));
                is_of_expression || alert.labels.contains_key(label)
            };
            if label == "alertname" {
                if value != alerts[0].name {
                    faults.push(format!("it silences {value}"));
                }
            } else if !alerts.iter().all(has) {
                faults.push(format!("its silence asks for {label}, which the alert does not have"));
            }
        }
        if !named || !command.contains("--comment=") || !command.contains("--duration=") {
            faults.push(format!("a silence needs alertname, --duration and --comment: {command}"));
        }
    }
    faults
}

/// What a text names and does not exist: in its queries, and in its prose.
fn names(rules: &Rules, text: &str, metrics: &Metrics) -> Vec<String> {
    // Each line is a query.
    let queries = fences(text, "promql").flat_map(str::lines).filter(|line| !line.trim().is_empty());
    let mut faults: Vec<String> = queries.flat_map(|query| metrics.shape(query).1).collect();
    for found in METRIC.find_iter(text).map(|found| found.as_str()).filter(|name| !name.ends_with(['*', '_'])) {
        if !metrics.contains(found) {
            faults.push(format!("there is no metric {found}"));
        }
    }
    for found in thresholds::used(text).into_iter().filter(|name| thresholds::value(rules, name).is_none()) {
        faults.push(format!("there is no threshold {found}"));
    }
    let alerts = ALERT.find_iter(text).map(|found| found.as_str());
    faults.extend(alerts.filter(|name| rules.named(name).is_empty()).map(|name| format!("there is no alert {name}")));
    faults
}

/// The anchor that a heading gets: lower case, blanks as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn dead_links(text: &str, name: &str, folder: &Path) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let dead = targets.filter(|target| !target.starts_with("http")).filter(|target| {
        let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
        let path = folder.join(if file.is_empty() { format!("{name}.md") } else { file.to_owned() });
        match fs::read_to_string(path) {
            Err(_) => true,
            Ok(_) if fragment.is_empty() => false,
            Ok(text) => !text.lines().any(|line| line.starts_with('#') && anchor(line) == fragment),
        }
    });
    dead.map(|target| format!("{target} leads nowhere")).collect()
}

/// Writes the tables and the index anew.
fn update(rules: &Rules, folder: &Path) {
    for (name, text) in read(folder).iter().filter(|(name, _)| !rules.named(name).is_empty()) {
        let text = TABLE.replace(text, table(rules, name));
        fs::write(folder.join(format!("{name}.md")), &*text).expect("written");
    }
    let texts = read(folder);
    if let Some(readme) = texts.get("README").and_then(|readme| with_index(readme, &index(rules, &texts))) {
        fs::write(folder.join("README.md"), readme).expect("written");
    }
}

#[test]
fn the_runbooks_tell_what_the_rules_do() {
    let rules = Rules::of_the_project();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        update(&rules, &folder());
    }
    let faults = faults(&rules, &read(&folder()), &folder());
    assert!(faults.is_empty(), "set UPDATE_DOCS=1 to write tables and index anew:\n{}", faults.join("\n"));
}

#[cfg(test)]
mod tests;
