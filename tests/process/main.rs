//! The built program as users meet it: exit codes, signals, messages, and no API key anywhere.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod keys;
mod reload;
mod running;
mod servers;
