//! What a scrape costs, beside the same bytes served finished, and beside other libraries:
//! `cargo bench --bench scrape -- [device counts]`.
//!
//! Every server is a process of its own (this program with other arguments), so that its processor time and memory are
//! known; the client is a plain socket that reads bytes and does not decompress.

#![allow(clippy::expect_used)] // fleets made by hand

mod child;
#[path = "../common/client.rs"]
mod client;
#[path = "../common/finished.rs"]
mod finished;
mod fleet;
mod measure;
mod rivals;
mod server;
mod tables;
#[path = "../../tests/views/mod.rs"]
mod views;

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, kind, devices, directory] = arguments.as_slice()
        && serve == child::SERVE
    {
        return server::run(kind, devices.parse().expect("a number"), Path::new(directory));
    }
    let mut sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        // Without optimisation (`cargo test --all-targets`) it only has to run.
        sizes = if cfg!(debug_assertions) { vec![40] } else { vec![1_000, 5_000, 20_000, 50_000] };
    }
    let directory = tempfile::tempdir().expect("a directory");
    tables::print(&sizes, directory.path());
}
