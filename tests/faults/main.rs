//! What goes wrong at a platform or on the way to it: every fault of the tables in [`table`], on both platforms, against the
//! exporter as it runs, with real HTTP on loopback. [`trial::run`] says what must hold for each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail
#![allow(clippy::unchecked_time_subtraction)]

mod answers;
#[path = "../common/certificates.rs"]
mod certificates;
mod connections;
#[path = "../common/exporter.rs"]
mod exporter;
mod gate;
#[cfg(target_os = "linux")]
mod large;
mod log;
mod manners;
mod slow;
mod stale;
mod statuses;
mod subject;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod trial;
