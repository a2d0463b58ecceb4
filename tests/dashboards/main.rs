//! The dashboards in `dashboards/`: their form, the rules of Grafana's dashboard-linter, what they name and where they link to; and every
//! expression against a real Prometheus. Every check is a function from a dashboard to faults, with a test on a dashboard that is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod dashboard;
mod expressions;
mod form;
#[cfg(unix)]
mod gone;
mod grafana;
mod known;
#[allow(dead_code, reason = "the tests of the alert rules use the rest")]
#[path = "../alert_rules/labels.rs"]
mod labels;
mod links;
#[cfg(unix)]
mod live;
mod options;
mod panels;
#[cfg(unix)]
mod prometheus;
#[allow(dead_code, reason = "the tests of the alert rules use the rest")]
#[path = "../alert_rules/promql.rs"]
mod promql;
#[allow(dead_code, reason = "the tests of the alert rules use the rest")]
#[path = "../alert_rules/rules.rs"]
mod rules;
mod schema;
#[cfg(unix)]
#[path = "../support/mod.rs"]
mod support;
mod tables;
#[cfg(unix)]
#[path = "../common/tool.rs"]
mod tool;
mod variables;
#[path = "../alert_rules/yaml.rs"]
mod yaml;
