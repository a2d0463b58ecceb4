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

use std::process::{Command, Stdio};

/// Whether one of the programs is missing, and the test is to be skipped.
fn is_missing(tools: &[&str]) -> bool {
    tools.iter().any(|tool| {
        let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        assert!(found || std::env::var_os("RMM_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "{tool} is missing");
        if !found {
            println!("SKIPPED: {tool} is not installed");
        }
        !found
    })
}
