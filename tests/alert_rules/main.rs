//! The rules in `alerts/` and their runbooks say the same, and name what exists: alerts, metrics, labels, values, thresholds,
//! dashboards, files. Every check is a function from texts to faults, with a test of its own on a text that is wrong.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod cases;
mod form;
mod labels;
mod promql;
mod rules;
mod runbooks;
mod thresholds;
#[path = "../common/tool.rs"]
mod tool;
mod tools;
mod yaml;
