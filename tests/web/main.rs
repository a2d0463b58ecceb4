//! The exporter's own port, through real sockets: TLS, passwords, changes of the web configuration, and clients that misbehave.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

#[path = "../support/mod.rs"]
mod support;
#[path = "../common/tool.rs"]
mod tool;
#[path = "../views/mod.rs"]
mod views;

mod changes;
mod harness;
mod misuse;
mod passwords;
mod program;
mod tls;
