//! The form of an alert: its name, severity, sentences, links, and what its templates name.

use std::sync::LazyLock;

use regex::Regex;

use crate::promql::{Metrics, Shape};
use crate::rules::{Alert, Rules};

const SEVERITIES: [&str; 4] = ["critical", "warning", "info", "none"];
const ANNOTATIONS: [&str; 4] = ["summary", "description", "runbook_url", "dashboard_url"];
const RUNBOOKS: &str = "https://github.com/rmm-exporter/rmm-exporter/blob/main/docs/runbooks/";
const DASHBOARDS: [&str; 7] =
    ["rmm-fleet", "rmm-client", "rmm-device", "rmm-patches", "rmm-protection", "rmm-wall", "rmm-exporter"];
/// What a dashboard can be opened with.
const VARIABLES: [&str; 7] = ["job", "platform", "account", "client", "site", "device", "device_id"];

static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("^RMM([A-Z][a-z0-9]+)+$").expect("a pattern"));
static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$labels\.(\w+)").expect("a pattern"));
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{.*?\}\}").expect("a pattern"));
/// What a template decides, in contrast to what it fills in.
static DECISION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{ *(?:if|else|end|with|range)\b.*?\}\}").expect("a pattern"));
static QUERY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"query (?:\(printf )?"((?:[^"\\]|\\.)*)""#).expect("a pattern"));

/// What is scraped, with what looks back past a failed scrape around it, as far as that is there.
static SCRAPED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(last_over_time\()?\b(rmm_\w+)(?:\{[^}]*\})?(\[15m\]\))?").expect("a pattern"));

/// The identifier of the dashboard that an address leads to.
pub fn dashboard(url: &str) -> &str {
    url.split("/d/").nth(1).and_then(|rest| rest.split(['?', '/']).next()).unwrap_or_default()
}

/// What is wrong with the alerts.
pub fn faults(rules: &Rules) -> Vec<String> {
    let metrics = Metrics::of(rules);
    let mut faults = Vec::new();
    for alert in &rules.alerts {
        let found = form(alert).into_iter().chain(dashboard_faults(alert)).chain(template_faults(alert, &metrics));
        faults.extend(found.map(|fault| format!("{} {}: {fault}", alert.name, alert.severity())));
        if rules.named(&alert.name).iter().filter(|other| other.severity() == alert.severity()).count() > 1 {
            faults.push(format!("{} stands there twice with severity {}", alert.name, alert.severity()));
        }
    }
    faults
}

fn form(alert: &Alert) -> Vec<String> {
    let mut faults = Vec::new();
    let mut need = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    need(NAME.is_match(&alert.name), "the name is not RMM and words in capitals and small letters");
    need(SEVERITIES.contains(&alert.severity()), "the severity is none of critical, warning, info, none");
    need(alert.labels.len() == 1, "there are labels besides severity");
    need(alert.annotations.len() == ANNOTATIONS.len(), "the annotations are not the four that there are");
    for name in ANNOTATIONS {
        need(!alert.annotation(name).is_empty(), &format!("no annotation {name}"));
    }
    let summary = alert.annotation("summary");
    need(is_sentence(summary), "the summary is no sentence");
    need(!summary.contains("{{"), "the summary has a template");
    let description = alert.annotation("description");
    let filled_in = DECISION.replace_all(description, "");
    need(is_sentence(&TEMPLATE.replace_all(&filled_in, "X")), "the description is no sentence");
    // An alert without labels has nothing to fill in.
    let is_absent = alert.expr.starts_with("absent(");
    need(is_absent || description.contains("{{"), "the description has no template");
    need(alert.annotation("runbook_url") == format!("{RUNBOOKS}{}.md", alert.name), "runbook_url is not its own");
    if alert.wait.ends_with('d') {
        for scraped in SCRAPED.captures_iter(&alert.expr) {
            let looks_back = scraped.get(1).is_some() && scraped.get(3).is_some();
            need(looks_back, &format!("a failed scrape of {} would begin its days anew", &scraped[2]));
        }
    }
    faults
}

fn is_sentence(text: &str) -> bool {
    // The name of the program has no capital.
    (text.starts_with(char::is_uppercase) || text.starts_with("rmm-exporter "))
        && text.ends_with('.')
        && !text.contains("  ")
        && text.contains(' ')
}

fn dashboard_faults(alert: &Alert) -> Vec<String> {
    let url = alert.annotation("dashboard_url");
    let mut faults = Vec::new();
    if !DASHBOARDS.contains(&dashboard(url)) {
        faults.push(format!("there is no dashboard {:?}", dashboard(url)));
    }
    for parameter in url.split_once('?').map_or("", |(_, query)| query).split('&').filter(|part| !part.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let variable = name.strip_prefix("var-").unwrap_or_default();
        if !VARIABLES.contains(&variable) {
            faults.push(format!("there is no variable {name}"));
        }
        if value != format!("{{{{ $labels.{variable} | urlquery }}}}") {
            faults.push(format!("{name} is not the label of that name, escaped"));
        }
    }
    faults
}

fn template_faults(alert: &Alert, metrics: &Metrics) -> Vec<String> {
    let Shape::Series(labels) = metrics.shape(&alert.expr).0 else {
        return vec!["it is not known which labels it has".to_owned()];
    };
    let mut faults = Vec::new();
    for text in alert.annotations.values() {
        if text.matches("{{").count() != text.matches("}}").count() {
            faults.push(format!("a bracket is missing in {text:?}"));
        }
        for label in LABEL.captures_iter(text).map(|found| found[1].to_owned()) {
            if !labels.contains_key(&label) && !alert.labels.contains_key(&label) {
                faults.push(format!("it has no label {label}"));
            }
        }
        for query in QUERY.captures_iter(text) {
            // What %q writes is a quoted text; a platform is one of those that there are.
            let query =
                query[1].replace("platform=%q", "platform=\"nsight\"").replace("%q", "\"x\"").replace("\\\"", "\"");
            faults.extend(metrics.shape(&query).1);
        }
    }
    faults
}

#[test]
fn the_alerts_are_well_formed() {
    let faults = faults(&Rules::of_the_project());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
groups:
  - name: g
    rules:
      - alert: RMMAccountDown
        expr: max by (account) (rmm_up == 0)
        labels: { severity: warning }
        annotations:
          summary: An account is down.
          description: 'The account {{ $labels.account }} is down{{ with query (printf "max(rmm_up{account=%q})" $labels.account) }} now{{ end }}.'
          runbook_url: https://github.com/rmm-exporter/rmm-exporter/blob/main/docs/runbooks/RMMAccountDown.md
          dashboard_url: https://grafana.example.com/d/rmm-exporter?var-account={{ $labels.account | urlquery }}
"#;

    #[test]
    fn a_good_alert_has_no_fault() {
        assert_eq!(faults(&Rules::of(&[GOOD])), [""; 0]);
        assert_eq!(dashboard("https://g.example.com/grafana/d/rmm-device?var-a=b"), "rmm-device");
        assert_eq!(dashboard("https://g.example.com/d/rmm-device/a-name?var-a=b"), "rmm-device");
    }

    #[test]
    fn every_fault_is_found() {
        for (from, to, fault) in [
            ("alert: RMMAccountDown", "alert: AccountDown", "the name is not RMM"),
            ("alert: RMMAccountDown", "alert: RMMaccountDown", "the name is not RMM"),
            ("alert: RMMAccountDown", "alert: RMMAccount_Down", "the name is not RMM"),
            ("alert: RMMAccountDown", "alert: RMMACCOUNT", "the name is not RMM"),
            ("severity: warning", "severity: page", "the severity is none of"),
            ("severity: warning", "severities: warning", "the severity is none of"),
            ("severity: warning", "severity: warning, team: x", "labels besides severity"),
            ("summary:", "title:", "no annotation summary"),
            ("description:", "text:", "no annotation description"),
            ("runbook_url:", "runbook:", "no annotation runbook_url"),
            ("dashboard_url:", "dashboard:", "no annotation dashboard_url"),
            ("          summary: An account is down.\n", "", "not the four"),
            ("An account is down.", "An account is down", "the summary is no sentence"),
            ("An account is down.", "an account is down.", "the summary is no sentence"),
            ("An account is down.", "'Account {{ $labels.account }} is down.'", "the summary has a template"),
            ("}} now{{ end }}.'", "}} now{{ end }}'", "the description is no sentence"),
            ("is down{{ with", "is  down{{ with", "the description is no sentence"),
            ("}} now{{ end }}.'", "}} now.{{ else }} then{{ end }}'", "the description is no sentence"),
            ("}} now{{ end }}.'", "}} now.{{ else }} then.{{ end }}'", ""),
            ("{{ $labels.account }} is", "x is", ""),
            ("runbooks/RMMAccountDown.md", "runbooks/RMMAccount.md", "runbook_url is not its own"),
            ("/d/rmm-exporter", "/d/rmm-exporters", "there is no dashboard \"rmm-exporters\""),
            ("/d/rmm-exporter", "/rmm-exporter", "there is no dashboard \"\""),
            ("var-account", "var-name", "there is no variable var-name"),
            ("var-account", "account", "there is no variable account"),
            ("var-account", "var-client", "var-client is not the label of that name, escaped"),
            ("account | urlquery", "account", "var-account is not the label of that name, escaped"),
            ("The account {{ $labels.account }}", "The account {{ $labels.client }}", "it has no label client"),
            ("The account {{ $labels.account }}", "The account {{ $labels.account }", "a bracket is missing"),
            ("max(rmm_up{account=%q})", "max(rmm_upp{account=%q})", "there is no metric rmm_upp"),
            ("max(rmm_up{account=%q})", "max(rmm_up{client=%q})", "rmm_up has no label client"),
            ("(rmm_up == 0)", "(rmm_upp == 0)", "it is not known which labels it has"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let faults = faults(&Rules::of(&[&text])).join("; ");
            assert!(if fault.is_empty() { faults.is_empty() } else { faults.contains(fault) }, "{to}: {faults}");
        }
    }

    #[test]
    fn what_must_last_days_looks_back_past_a_failed_scrape() {
        let faults_of = |wait: &str, selector: &str| {
            let text = GOOD.replacen("labels:", &format!("for: {wait}\n        labels:"), 1);
            faults(&Rules::of(&[&text.replacen("(rmm_up == 0)", &format!("({selector} == 0)"), 1)]))
        };
        let fault = "RMMAccountDown warning: a failed scrape of rmm_up would begin its days anew";
        for (wait, selector, expected) in [
            ("1h", "rmm_up", &[][..]),
            ("1d", "last_over_time(rmm_up[15m])", &[][..]),
            ("1d", "last_over_time(rmm_up{account=~\"a|b\"}[15m])", &[][..]),
            ("1d", "rmm_up", &[fault][..]),
            ("1d", "rmm_up{account=~\"a|b\"}", &[fault][..]),
            ("1d", "last_over_time(rmm_up[1d])", &[fault][..]),
            ("1d", "max_over_time(rmm_up[15m])", &[fault][..]),
            ("1d", "last_over_time(rmm_up[15m]) + rmm_up", &[fault][..]),
        ] {
            assert_eq!(faults_of(wait, selector), expected, "{wait} {selector}");
        }
    }

    #[test]
    fn a_description_fills_something_in() {
        let start = GOOD.find("          description:").expect("there");
        let end = GOOD.find("          runbook_url").expect("there");
        let plain = format!("{}          description: It is down.\n{}", &GOOD[..start], &GOOD[end..]);
        assert_eq!(faults(&Rules::of(&[&plain])), ["RMMAccountDown warning: the description has no template"]);
    }

    #[test]
    fn two_of_one_severity_are_found() {
        let rule = GOOD.split("    rules:\n").nth(1).expect("there");
        let faults = faults(&Rules::of(&[&format!("{GOOD}{rule}")]));
        assert_eq!(faults, [""; 2].map(|_| "RMMAccountDown stands there twice with severity warning"));
    }
}
