//! The whole exporter against the simulated servers: real listeners, real HTTP on both sides, and nothing known of the
//! inside but the configuration. What is true is worked out from the raw facts of the demo's world.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail
#![allow(clippy::cast_precision_loss, clippy::cast_possible_wrap)]

mod calls;
#[path = "../common/captured.rs"]
mod captured;
#[path = "../common/exporter.rs"]
mod exporter;
mod faults;
mod harness;
mod lifecycle;
mod reach;
mod reload;
#[path = "../support/mod.rs"]
mod support;
mod truth;
mod values;
