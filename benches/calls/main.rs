//! Calls and series of usual fleets, in virtual time: `cargo bench --bench calls -- [devices]…` for the calls of a day,
//! `cargo bench --bench calls -- --series [devices]` for the series of a device.
//!
//! Planner, wants, fleet, decoders and rendering are the program's own, put together as an account does; the answers are those
//! of the simulated servers, without a network. Nothing waits: a day takes seconds.

#![allow(clippy::expect_used, clippy::unchecked_time_subtraction)] // a program for developers

mod gaps;
mod latency;
mod report;
mod series;
mod simulation;
mod subject;

use std::sync::Arc;

use jiff::Timestamp;
use rmm_exporter::clock::{Clock, Moment};
use rmm_exporter::config::AccountConfig;
use rmm_exporter::demo::PinnedClock;
use rmm_exporter::demo::world::World;
use rmm_exporter::platform::PlatformName;

use self::simulation::{Outcome, Simulation};
use self::subject::{Nsight, Subject, Tactical, account};

/// What is played without an argument, in about a minute. Larger fleets take longer: most of it for their answers.
const USUAL: usize = 200;
/// When the simulated time begins: a Monday night.
const BEGIN: &str = "2026-03-02T00:00:00Z";

fn main() {
    let mut sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    // Without optimisation (`cargo test --all-targets`) it only has to run.
    let is_test = cfg!(debug_assertions);
    if is_test || std::env::args().any(|argument| argument == "--series") {
        series::print(sizes.first().copied().unwrap_or(if is_test { 20 } else { 1_500 }));
        if !is_test {
            return;
        }
    }
    if sizes.is_empty() {
        sizes = vec![if is_test { 20 } else { USUAL }];
    }
    let outcomes: Vec<Outcome> = sizes
        .iter()
        .flat_map(|devices| {
            let (config, world, clock) = parts(PlatformName::Nsight, *devices);
            let nsight = play(*devices, Nsight::new(config, world, *devices, &clock), clock);
            let (config, world, clock) = parts(PlatformName::Tactical, *devices);
            [nsight, play(*devices, Tactical::new(config, world, *devices, &clock), clock)]
        })
        .collect();
    report::print(&outcomes);
}

/// An account with default settings, what is true, and the time.
fn parts(platform: PlatformName, devices: usize) -> (AccountConfig, Arc<World>, PinnedClock) {
    let begin = BEGIN.parse().expect("a time");
    let clock = PinnedClock::at(begin);
    let slow = Slow { clock: clock.clone(), begin };
    (account(platform), Arc::new(World::usual(devices, 1, Arc::new(slow))), clock)
}

/// The time in the simulated servers. There things happen within minutes, so that a demo is lively; in a real fleet a few devices
/// come and go in a day, and a few checks change in an hour.
struct Slow {
    clock: PinnedClock,
    begin: Timestamp,
}

/// How many times as slow.
const SLOWER: i32 = 200;

impl Clock for Slow {
    fn now(&self) -> Moment {
        let now = self.clock.now();
        let wall = self.begin + now.wall.duration_since(self.begin) / SLOWER;
        Moment { wall, ..now }
    }
}

fn play(devices: usize, subject: impl Subject, clock: PinnedClock) -> Outcome {
    let started = std::time::Instant::now();
    let outcome = Simulation::new(devices, subject, clock).play();
    println!("{} took {:.1} s", outcome.name, started.elapsed().as_secs_f64());
    outcome
}
