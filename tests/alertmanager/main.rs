//! The Alertmanager configuration in `alerts/`, with the real Alertmanager: who is told what, who is silent because of whom, and how
//! it reads. Skipped where the programs are missing, unless RMM_REQUIRE_TOOLS=1.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod alertmanager;
mod catcher;
mod compose;
mod end_to_end;
mod files;
mod inhibition;
mod links;
mod mail;
mod receivers;
mod routes;
mod rules;
mod shipped;
mod simulator;
#[path = "../support/mod.rs"]
mod support;
mod templates;
#[path = "../common/tool.rs"]
mod tool;

/// Whether one of the programs is missing, and the test is to be skipped.
fn is_missing(tools: &[&str]) -> bool {
    tools.iter().any(|tool| tool::is_missing(tool))
}
