//! What expressions name and how: metrics and labels that exist, the job, rates of counters over `$__rate_interval`.

use promql_parser::parser::{self, AtModifier, Expr, VectorSelector};
use rmm_exporter::metrics::catalogue::{self, MetricType};
use serde_json::json;

use crate::dashboard::{Dashboard, assert_found, faults_of_all};
use crate::grafana::{self, Choice, Chosen};
use crate::promql::Metrics;
use crate::rules::{Rules, text_of};

/// What `$__rate_interval` stands for while expressions are looked at: no expression says this by itself.
const RATE_INTERVAL: &str = "1234567s";
/// The same for `$__range`, the time that the page shows.
const RANGE: &str = "7654321s";
/// The same for the variable `job`.
const JOB: &str = "the-job";

/// A text that can be parsed.
pub fn filled_in(expression: &str) -> String {
    let mut choice: Choice = ["platform", "account", "client", "site", "device", "device_id", "check"]
        .map(|name| (name.to_owned(), Chosen::All(".+".to_owned())))
        .into();
    choice.insert("job".to_owned(), Chosen::All(JOB.to_owned()));
    choice.insert("__rate_interval".to_owned(), Chosen::All(RATE_INTERVAL.to_owned()));
    choice.insert("__interval".to_owned(), Chosen::All("1m".to_owned()));
    choice.insert("__range".to_owned(), Chosen::All(RANGE.to_owned()));
    grafana::interpolated(expression, &choice)
}

/// Every expression, also the selectors of the variables, with its place.
fn expressions(dashboard: &Dashboard) -> Vec<(String, String)> {
    let targets = dashboard.targets().into_iter();
    let mut all: Vec<_> =
        targets.map(|target| (format!("{} {}", target.panel, target.reference), target.expression)).collect();
    for variable in dashboard.variables().iter().filter(|variable| variable["type"] == "query") {
        let query = text_of(&variable["query"], "query");
        let selector = grafana::label_values(&query).map(|(selector, _)| selector.to_owned());
        all.push((text_of(variable, "name"), selector.unwrap_or(query)));
    }
    all
}

fn faults(dashboard: &Dashboard, metrics: &Metrics) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, expression) in expressions(dashboard) {
        let filled = filled_in(&expression);
        let mut found = metrics.shape(&filled).1;
        if let Ok(parsed) = parser::parse(&filled) {
            look(&parsed, false, &mut found, place == "job");
        }
        faults.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
    }
    // A label that is asked for must be one that the metric has.
    for variable in dashboard.variables().iter().filter(|variable| variable["type"] == "query") {
        let query = text_of(&variable["query"], "query");
        let Some((selector, label)) = grafana::label_values(&query) else { continue };
        let (shape, _) = metrics.shape(&format!("count by ({label}) ({})", filled_in(selector)));
        if matches!(&shape, crate::promql::Shape::Series(labels) if !labels.contains_key(label)) {
            faults.push(format!("{selector} has no label {label}"));
        }
    }
    faults
}

fn is_counter(name: &str) -> bool {
    name.ends_with("_total")
        || name.ends_with("_bucket")
        || catalogue::families().iter().any(|family| family.name == name && family.metric_type == MetricType::Counter)
}

/// Looks at all selectors below an expression. `is_rate`: directly below a rate.
fn look(expression: &Expr, is_rate: bool, faults: &mut Vec<String>, is_any_job: bool) {
    let mut go = |inner: &Expr| look(inner, false, faults, is_any_job);
    match expression {
        Expr::Paren(inner) => go(&inner.expr),
        Expr::Unary(inner) => go(&inner.expr),
        Expr::Subquery(inner) => go(&inner.expr),
        Expr::Aggregate(inner) => {
            inner.param.iter().for_each(|parameter| go(parameter));
            go(&inner.expr);
        }
        Expr::Binary(inner) => {
            go(&inner.lhs);
            go(&inner.rhs);
        }
        Expr::Call(call) => {
            let is_rate = ["rate", "irate", "increase"].contains(&call.func.name);
            call.args.args.iter().for_each(|argument| look(argument, is_rate, faults, is_any_job));
        }
        Expr::VectorSelector(selector) => select(selector, is_rate, faults, is_any_job),
        Expr::MatrixSelector(matrix) => {
            let range = format!("{}s", matrix.range.as_secs());
            // What is the most over all of the time that is shown is asked at its end, the same for every step.
            let is_of_all = range == RANGE && matches!(matrix.vs.at, Some(AtModifier::End));
            if is_rate && range != RATE_INTERVAL && !is_of_all {
                faults.push(format!("{matrix} is no rate over $__rate_interval"));
            }
            select(&matrix.vs, is_rate, faults, is_any_job);
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

fn select(selector: &VectorSelector, is_rate: bool, faults: &mut Vec<String>, is_any_job: bool) {
    let name = selector.name.as_deref().unwrap_or_default();
    // Thresholds and weights are numbers of the rules, of no job.
    let is_number = name.starts_with("rmm:");
    let has_job = selector.matchers.matchers.iter().any(|matcher| matcher.to_string() == format!("job=~\"{JOB}\""));
    if !has_job && !is_any_job && !is_number {
        faults.push(format!("{name} without job=~\"$job\""));
    }
    if is_counter(name) != is_rate {
        faults.push(format!("{name}: a rate is of a counter, and a counter has a rate"));
    }
}

#[test]
fn expressions_name_what_exists_and_rates_are_rates() {
    let metrics = Metrics::of(&Rules::of_the_project());
    let check = |dashboard: &Dashboard| faults(dashboard, &metrics);
    assert_eq!(faults_of_all(check), [""; 0]);
    let good = Dashboard::of("rmm-exporter");
    let at = good.pointer("Calls by outcome") + "/targets/0/expr";
    for (expression, fault) in [
        ("sum(rmm_calls{job=~\"$job\"})", "there is no metric rmm_calls"),
        ("sum by (device) (rmm_up{job=~\"$job\"})", "there is no label device"),
        ("rmm_up{job=~\"$job\",client=~`${client:regex}`}", "rmm_up has no label client"),
        ("rmm_up{job=~\"$job\"", "is no PromQL"),
        ("max(rmm_up)", "rmm_up without job"),
        ("max(rmm_up{job=\"$job\"})", "rmm_up without job"),
        ("rmm_up{job=~\"$job\"} * on (account) (max by (account) (rmm_up))", "rmm_up without job"),
        ("max_over_time(rmm_up[1h])", "rmm_up without job"),
        ("topk(scalar(sum(rmm_up)), rmm_up{job=~\"$job\"})", "rmm_up without job"),
        ("rmm_api_requests_total{job=~\"$job\"}", "a counter has a rate"),
        ("sum(process_cpu_seconds_total{job=~\"$job\"})", "a counter has a rate"),
        ("rate(rmm_up{job=~\"$job\"}[$__rate_interval])", "a rate is of a counter"),
        ("rate(rmm_api_requests_total{job=~\"$job\"}[5m])", "no rate over $__rate_interval"),
        ("rate(rmm_api_requests_total{job=~\"$job\"}[$__range])", "no rate over $__rate_interval"),
        ("label_replace(rmm_up{job=~\"$job\"}, \"a\", \"b\", \"device\", \"x\")", "there is no label device"),
        ("label_join(rmm_up{job=~\"$job\"}, \"a\", \"-\", \"account\")", "labels are not joined here"),
    ] {
        assert_found(check, &good, &at, json!(expression), fault);
    }
    assert_found(
        check,
        &good,
        "/annotations/list/1/expr",
        json!("max(rmm_up)"),
        "Account down annotation: rmm_up without job",
    );
    let query = "/templating/list/3/query/query";
    assert_found(
        check,
        &good,
        query,
        json!("label_values(rmm_upp{job=~\"$job\"}, account)"),
        "there is no metric rmm_upp",
    );
    assert_found(check, &good, query, json!("label_values(rmm_up{job=~\"$job\"}, site)"), "has no label site");
    assert_found(check, &good, query, json!("label_values(rmm_up{job=~\"$job\", account)"), "is no PromQL");
}
