//! The labels of every metric that a rule may name, and the values that they can have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rmm_exporter::collector::Collector;
use rmm_exporter::metrics::catalogue::{self, MetricType};

use crate::rules::root;

/// Labels of a metric by name; `None` is any value.
pub type Labels = BTreeMap<String, Option<BTreeSet<String>>>;

/// What Prometheus adds to all that it scrapes.
const TARGET: [&str; 2] = ["job", "instance"];

fn any<'n>(names: impl IntoIterator<Item = &'n str>) -> Labels {
    names.into_iter().map(|name| (name.to_owned(), None)).collect()
}

fn values<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// Metrics that are scraped, by name, with their labels.
pub fn scraped() -> BTreeMap<String, Labels> {
    let check_types = check_types();
    let mut metrics = BTreeMap::from([("up".to_owned(), any(TARGET))]);
    for family in catalogue::families() {
        let mut labels = any(TARGET.into_iter().chain(family.all_labels()));
        for (label, known) in &mut labels {
            match label.as_str() {
                "platform" => *known = Some(values(["nsight", "tactical"])),
                "collector" => *known = Some(values(Collector::ALL.map(Collector::name))),
                "check_type" => *known = Some(check_types.clone()),
                _ => {}
            }
        }
        for enumeration in family.enumerations {
            labels.insert(enumeration.label.to_owned(), Some(values(enumeration.values.iter().copied())));
        }
        match family.metric_type {
            MetricType::Gauge | MetricType::Counter => drop(metrics.insert(family.name.to_owned(), labels)),
            MetricType::Histogram => {
                metrics.insert(format!("{}_sum", family.name), labels.clone());
                metrics.insert(format!("{}_count", family.name), labels.clone());
                labels.insert("le".to_owned(), None);
                metrics.insert(format!("{}_bucket", family.name), labels);
            }
        }
    }
    metrics
}

/// The words of the label `check_type`, which the catalogue does not list because a platform can invent new ones: those that the
/// two decoders write.
fn check_types() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for file in ["src/platform/nsight/collectors/words.rs", "src/platform/tactical/collectors/checks.rs"] {
        let text = fs::read_to_string(root().join(file)).expect(file);
        let function = text.split("fn check_type(").nth(1).and_then(|rest| rest.split("\n}").next()).expect(file);
        let arms = function.split("=> \"").skip(1).filter_map(|arm| arm.split('"').next());
        words.extend(arms.map(str::to_owned));
    }
    words
}

#[test]
fn metrics_have_their_labels_and_values() {
    let metrics = scraped();
    let failing = &metrics["rmm_check_failing"];
    assert_eq!(failing["severity"], Some(values(["error", "info", "warning"])));
    assert!(failing.contains_key("device_id") && failing.contains_key("instance") && !failing.contains_key("status"));
    assert!(metrics["rmm_api_request_duration_seconds_bucket"].contains_key("le"));
    assert!(!metrics.contains_key("rmm_api_request_duration_seconds"));
    assert_eq!(metrics["up"], any(["job", "instance"]));
}

#[test]
fn check_types_are_those_of_both_platforms() {
    let words = check_types();
    for word in ["antivirus", "disk_health", "script", "event_log", "cpu_load", "memory", "service", "unknown"] {
        assert!(words.contains(word), "{word} is not in {words:?}");
    }
    assert!(!words.contains("CPU load"));
    assert!((17..30).contains(&words.len()), "{words:?}");
}
