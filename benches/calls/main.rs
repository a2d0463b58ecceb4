//! A day of calls in virtual time: `cargo bench --bench calls -- [devices]…`.
//!
//! Planner, wants, fleet and decoders are the program's own, put together as an account does; the answers are those of the
//! simulated servers, without a network. Nothing waits: a day takes seconds.

#![allow(clippy::expect_used)] // a program for developers

mod gaps;
mod latency;
mod report;
mod simulation;
mod subject;

use std::sync::Arc;

use rmm_exporter::demo::PinnedClock;
use rmm_exporter::demo::world::World;
use rmm_exporter::planner::ReadCall;

use self::simulation::{Outcome, Simulation};
use self::subject::{Nsight, Subject, Tactical};

/// The sizes that the documentation shows.
const SIZES: [usize; 4] = [200, 1_500, 10_000, 50_000];
/// When the simulated day begins: a Monday night.
const BEGIN: &str = "2026-03-02T00:00:00Z";

fn main() {
    let mut sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        // Without optimisation (`cargo test --all-targets`) it only has to run.
        sizes = if cfg!(debug_assertions) { vec![20] } else { SIZES.to_vec() };
    }
    let outcomes: Vec<Outcome> = sizes
        .iter()
        .flat_map(|devices| {
            let world = || {
                let clock = PinnedClock::at(BEGIN.parse().expect("a time"));
                (Arc::new(World::usual(*devices, 1, Arc::new(clock.clone()))), clock)
            };
            let (nsight, clock) = world();
            let nsight = play(*devices, Nsight::new(nsight, *devices, &clock), clock);
            let (tactical, clock) = world();
            [nsight, play(*devices, Tactical::new(tactical, *devices, &clock), clock)]
        })
        .collect();
    report::print(&outcomes);
}

fn play<S: Subject<Call: ReadCall>>(devices: usize, subject: S, clock: PinnedClock) -> Outcome {
    let started = std::time::Instant::now();
    let outcome = Simulation::new(devices, subject, clock).play();
    eprintln!("{}: {:.1} s", outcome.name, started.elapsed().as_secs_f64());
    outcome
}
