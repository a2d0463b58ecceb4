//! `rmm-exporter doctor` as a process, on simulated servers and on servers that fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

#[path = "../support/mod.rs"]
mod support;

mod answers;
#[path = "../common/certificates.rs"]
mod certificates;
mod harness;
mod reach;
mod servers;
