//! What it costs to render a fleet, and to render it again: `cargo bench --bench render -- [devices]`.
//!
//! Devices have 56 series each, as every collector that is on by default tells of them. Times are of one core, so that
//! whatever else the machine does does not count.

#![allow(clippy::expect_used)] // fleets made by hand

#[path = "../tests/views/mod.rs"]
mod views;

use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan as _;
use rmm_exporter::fleet::{DeviceView, View};
use rmm_exporter::metrics::{AccountSetup, AccountStatus};
use rmm_exporter::metrics::{Exposition, Format, Limits, Publisher, RenderedAccount, Selection, render, render_again};
use rmm_exporter::platform::PlatformName;
use rustix::time::{ClockId, clock_gettime};

/// Of each figure the best of so many counts.
const TIMES: usize = 3;

fn main() {
    // Without optimisation (`cargo test --all-targets`) it only has to run.
    let usual = if cfg!(debug_assertions) { 100 } else { 25_000 };
    let devices = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(usual);
    let view = views::shared(views::synthetic(devices));
    let (full, first) = best(|| rendered(&view, &RenderedAccount::default()));
    let text: u64 = first.families.iter().map(|(_, piece)| piece.length).sum();
    let deflated: usize = first.families.iter().map(|(_, piece)| piece.deflated.len()).sum();
    let megabytes = |bytes: f64| bytes / 1e6;
    println!(
        "{devices} devices, {} series, {:.1} MB of text, {:.1} MB compressed, {} MB resident",
        first.series,
        megabytes(text as f64),
        megabytes(deflated as f64),
        resident()
    );
    println!("{:<52} {:>9} {:>7} {:>18}", "", "ms", "ratio", "million series/s");
    let row = |what: &str, took: Duration| {
        let (seconds, all) = (took.as_secs_f64(), full.as_secs_f64());
        let rate = first.series as f64 / seconds / 1e6;
        println!("{what:<52} {:>9.1} {:>7.2} {rate:>18.1}", seconds * 1e3, seconds / all);
    };
    row("text and compression of everything", full);
    // With no room at all nothing is rendered: what remains is the count that comes before every rendering.
    let no_room = Limits { max_series: 0, ..Limits::default() };
    row("counting", best(|| render(PlatformName::Nsight, "msp-uk", &view, &no_room)).0);

    // The text is as it was, but only a comparison of the texts can tell.
    let again = |change: &dyn Fn(usize, &mut DeviceView)| {
        let view = changed(&view, change);
        best(|| rendered(&view, &first)).0
    };
    row("text of everything, which turns out to be the same", again(&|_, device| device.record.utc_offset = Some(1)));
    row("nothing changed", again(&|_, _| ()));
    row(
        "one device failed a check",
        again(&|index, device| {
            if index == 7 {
                fail(device);
            }
        }),
    );
    row(
        "1 % of devices failed a check",
        again(&|index, device| {
            if index % 100 == 7 {
                fail(device);
            }
        }),
    );
    row(
        "every device was seen",
        again(&|_, device| {
            device.record.last_seen = device.record.last_seen.map(|seen| seen + 1.minute());
        }),
    );

    let publisher = Publisher::new();
    let status = AccountStatus::new(PlatformName::Nsight, "msp-uk", "rmm.example");
    publisher.configure(vec![AccountSetup { status, limits: Limits::default() }]);
    publisher.publish_fleet("msp-uk", &view);
    let exposition = || Exposition::new(&publisher.snapshot(), &Selection::default(), Format::OpenMetrics);
    row("scrape, gzip", best(|| exposition().gzip().map(|chunk| chunk.len()).sum::<usize>()).0);
    row("scrape, plain", best(|| exposition().plain().map(|chunk| chunk.len()).sum::<usize>()).0);
}

fn rendered(view: &Arc<View>, before: &RenderedAccount) -> RenderedAccount {
    render_again(PlatformName::Nsight, "msp-uk", view, &Limits::default(), before)
}

fn changed(view: &View, change: &dyn Fn(usize, &mut DeviceView)) -> Arc<View> {
    let mut view = view.clone();
    view.devices.iter_mut().enumerate().for_each(|(index, device)| change(index, device));
    Arc::new(view)
}

fn fail(device: &mut DeviceView) {
    let check = device.checks.first_mut().expect("a check");
    check.failing = check.failing.map(|failing| !failing);
}

/// What it gives, and the least time of this thread that it took.
fn best<T>(work: impl Fn() -> T) -> (Duration, T) {
    let time = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a time");
    let run = || {
        let start = time();
        let result = work();
        (time().saturating_sub(start), result)
    };
    (1..TIMES).fold(run(), |best, _| {
        let next = run();
        if next.0 < best.0 { next } else { best }
    })
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
