//! Hours of polling within minutes, with what goes wrong within hours: faults of both servers, broken connections, and clients
//! that scrape all the time. No scrape may fail, and nothing may grow.
//!
//! As an ordinary test it takes seconds and looks for what fails; `RMM_SOAK_MINUTES=10 cargo test --release --test soak --
//! --nocapture` also looks for what grows. Intervals, floors and budgets are the usual ones, made 180 times shorter: ten minutes
//! make 30 hours of polling, as far as the number of calls goes. Timeouts of calls are not shortened as much, and scrapes come
//! much more often than Prometheus' own. `RMM_SOAK_SEED` repeats a plan of troubles.

#![cfg(target_os = "linux")] // what a process uses is read from /proc
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod clients;
mod figures;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod wire;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rmm_exporter::config::defaults::limits;
use rmm_exporter::demo::DemoOptions;
use tokio::task::JoinSet;

use self::clients::Tally;
use self::figures::{Figures, Sample};
use self::support::child::{Process, exporter};
use self::support::servers::Servers;
use self::wire::Wire;

/// How many times shorter intervals are.
const SHORTENED: u32 = 180;
/// The ordinary test.
const SHORT: Duration = Duration::from_secs(12);
/// From which length on growth can be told from noise.
const TELLING: Duration = Duration::from_mins(3);
/// How long recovery may take on a busy machine.
const RECOVERY: Duration = Duration::from_mins(2);

#[test]
fn no_scrape_fails_and_nothing_grows() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u32>().expect(name));
    let length = number("RMM_SOAK_MINUTES").map_or(SHORT, |minutes| Duration::from_mins(1) * minutes);
    let seed = number("RMM_SOAK_SEED").unwrap_or_else(rand::random);
    let hours = length.as_secs_f64() * f64::from(SHORTENED) / 3600.0;
    println!("{} s, {hours:.1} hours of polling, RMM_SOAK_SEED={seed}", length.as_secs());

    let devices = if length < TELLING { 40 } else { 120 };
    let servers = Servers::start(DemoOptions { devices, ..DemoOptions::default() });
    let wires = servers.both().map(|(_, server)| servers.runtime().block_on(Wire::start(server.address)));
    let lines = |platform| {
        let usual = limits(platform, false);
        format!(
            "    min_interval: {}ms\n    requests_per_minute: {}\n    timeout: 5s\n",
            (usual.min_interval / SHORTENED).as_millis(),
            usual.requests_per_minute * SHORTENED
        )
    };
    let config = servers.config([wires[0].url(), wires[1].url()], lines, |usual| usual / SHORTENED);
    let state = servers.file("mark", "").with_file_name("state");
    let state = format!("--state.dir={}", state.display());
    let mut process = Process::start(exporter().args([&config, &state, "--web.listen-address=127.0.0.1:0"]));
    let address = process.address();

    let (tally, figures, (troubles, peace)) =
        servers.runtime().block_on(soak(&servers, wires, address, process.id(), length, seed));
    let log = process.stderr();
    let last = || log.lines().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
    assert!(process.is_running(), "{}", last());
    let polls: u64 = servers.both().map(|(_, server)| server.handle.audit().summary().calls).iter().sum();
    println!("{polls} polls, {troubles} troubles, {tally}");
    figures.print();

    for word in ["panicked", "level=error", "a defect"] {
        assert!(!log.contains(word), "{}", log.lines().find(|line| line.contains(word)).unwrap_or_default());
    }
    if let Err(problem) = peace {
        panic!("{RECOVERY:?} after the last trouble: {problem}{}", last());
    }
    assert!(tally.failed.is_empty(), "{} scrapes failed: {:?}", tally.failed.len(), tally.failed.first());
    let expected = length.as_secs() * 4;
    assert!(tally.whole > expected && polls > expected, "{polls} polls and {} scrapes are too few", tally.whole);
    for (platform, server) in servers.both() {
        assert_eq!(server.handle.audit().summary().violations, 0, "{platform:?}");
    }
    figures.bounded();
    if length >= TELLING {
        figures.flat();
    }
    process.signal("TERM");
    assert_eq!(process.end(Duration::from_secs(5)).status.code(), Some(0));
}

/// Everything at once, then peace, in which both accounts must become well again.
async fn soak(
    servers: &Servers,
    wires: [Wire; 2],
    address: SocketAddr,
    process: u32,
    length: Duration,
    seed: u32,
) -> (Tally, Figures, (usize, Result<(), String>)) {
    let end = Instant::now() + length;
    let mut troubles = JoinSet::new();
    for (number, ((_, server), wire)) in (0..).zip(servers.both().into_iter().zip(wires)) {
        let plan = StdRng::seed_from_u64(u64::from(seed) << 1 | number);
        troubles.spawn(trouble::make(server.handle.clone(), wire, plan, end));
    }
    let clients = clients::start(address, end);
    let mut figures = Figures::default();
    let pause = (length / 600).clamp(Duration::from_millis(250), Duration::from_secs(2));
    let began = Instant::now();
    while Instant::now() < end {
        tokio::time::sleep(pause).await;
        figures.add(Sample::take(address, process, began.elapsed()).await);
    }
    // Wires live on in what ends here, until peace has been seen.
    let mut made = (0, Vec::new());
    while let Some(ended) = troubles.join_next().await {
        let (count, wire) = ended.unwrap();
        made.0 += count;
        made.1.push(wire);
    }
    let tally = clients.join_all().await.into_iter().fold(Tally::default(), Tally::and);
    let end = Instant::now() + RECOVERY;
    let mut peace = clients::is_well(address).await;
    while peace.is_err() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(200)).await;
        peace = clients::is_well(address).await;
    }
    (tally, figures, (made.0, peace))
}
