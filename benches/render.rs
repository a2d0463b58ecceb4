//! Time and memory of a large fleet: `cargo bench --bench render -- [devices]`.

#![allow(clippy::expect_used)] // fleets made by hand

#[path = "../tests/views/mod.rs"]
mod views;

use std::time::Instant;

use rmm_exporter::metrics::{AccountSetup, AccountStatus, Exposition, Format, Limits, Publisher, Selection, render};
use rmm_exporter::platform::PlatformName;

fn main() {
    // Without optimisation (`cargo test --all-targets`) it only has to run.
    let usual = if cfg!(debug_assertions) { 100 } else { 50_000 };
    let devices = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(usual);
    let view = views::shared(views::synthetic(devices));
    report("view", "made", Instant::now());

    // With no room at all nothing is rendered: what remains is the count that comes before every rendering.
    let start = Instant::now();
    let counted = render(PlatformName::Nsight, "msp-uk", &view, &Limits { max_series: 0, ..Limits::default() });
    report("count", &format!("{} series", counted.withheld.series()), start);

    let start = Instant::now();
    let rendered = render(PlatformName::Nsight, "msp-uk", &view, &Limits::default());
    report("render", &format!("{devices} devices, {} series", rendered.series), start);
    let text: u64 = rendered.families.iter().map(|(_, piece)| piece.length).sum();
    let deflated: usize = rendered.families.iter().map(|(_, piece)| piece.deflated.len()).sum();
    println!("          {:.1} MB of text, {:.1} MB compressed", text as f64 / 1e6, deflated as f64 / 1e6);
    drop(rendered);

    let publisher = Publisher::new();
    let status = AccountStatus::new(PlatformName::Nsight, "msp-uk", "rmm.example");
    publisher.configure(vec![AccountSetup { status, limits: Limits::default() }]);
    publisher.publish_fleet("msp-uk", &view);
    drop(view);
    report("publish", "view dropped", Instant::now());

    let exposition = || Exposition::new(&publisher.snapshot(), &Selection::default(), Format::OpenMetrics);
    let start = Instant::now();
    let bytes: usize = exposition().gzip().map(|chunk| chunk.len()).sum();
    report("scrape", &format!("gzip, {bytes} bytes"), start);
    let start = Instant::now();
    let bytes: usize = exposition().plain().map(|chunk| chunk.len()).sum();
    report("scrape", &format!("plain, {bytes} bytes"), start);
}

fn report(what: &str, detail: &str, start: Instant) {
    println!("{what:<9} {:>8.1} ms, {} MB resident: {detail}", start.elapsed().as_secs_f64() * 1e3, resident());
}

#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let statm = procfs::process::Process::myself().and_then(|process| process.statm());
    statm.map_or(0, |statm| statm.resident * procfs::page_size() / 1_000_000)
}

#[cfg(not(target_os = "linux"))]
fn resident() -> u64 {
    0
}
