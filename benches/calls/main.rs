//! Calls and series of usual fleets, in virtual time: `cargo bench --bench calls -- [devices]…` for the calls of a day,
//! `cargo bench --bench calls -- --series [devices]` for the series of a device.
//!
//! `nsight` or `tactical` among the arguments plays that platform alone; `requests_per_minute=60`, `inventory=1h` and the like
//! are other settings than the default ones.
//!
//! Planner, wants, fleet, decoders and rendering are the program's own, put together as an account does; the answers are those
//! of the simulated servers, without a network. Nothing waits: a day takes seconds.

#![allow(clippy::expect_used, clippy::unchecked_time_subtraction)] // a program for developers

mod gaps;
mod latency;
mod report;
mod series;
mod settings;
mod simulation;
mod spent;
mod subject;

use std::sync::Arc;

use jiff::Timestamp;
use rmm_exporter::clock::{Clock, Moment};
use rmm_exporter::config::AccountConfig;
use rmm_exporter::demo::PinnedClock;
use rmm_exporter::demo::world::World;
use rmm_exporter::platform::PlatformName;

use self::settings::Settings;
use self::simulation::{Outcome, Simulation};
use self::subject::{Nsight, Subject, Tactical, account};

/// What is played without an argument, in about a minute. Larger fleets take longer: most of it for their answers.
const USUAL: usize = 200;
/// When the simulated time begins: a Monday night.
const BEGIN: &str = "2026-03-02T00:00:00Z";

fn main() {
    let mut settings = Settings::read(std::env::args().skip(1));
    // Without optimisation (`cargo test --all-targets`) it only has to run.
    let is_test = cfg!(debug_assertions);
    if is_test || settings.series {
        series::print(settings.sizes.first().copied().unwrap_or(if is_test { 20 } else { 1_500 }));
        if !is_test {
            return;
        }
    }
    if settings.sizes.is_empty() {
        settings.sizes = vec![if is_test { 20 } else { USUAL }];
    }
    let mut outcomes = Vec::new();
    for devices in &settings.sizes {
        for platform in settings.platforms() {
            let (mut config, world, clock) = parts(*platform, *devices);
            settings.apply(&mut config);
            outcomes.push(match platform {
                PlatformName::Nsight => play(*devices, Nsight::new(config, world, *devices, &clock), clock),
                PlatformName::Tactical => play(*devices, Tactical::new(config, world, *devices, &clock), clock),
            });
        }
    }
    report::print(&outcomes, &settings.describe());
}

/// An account with default settings, what is true, and the time.
fn parts(platform: PlatformName, devices: usize) -> (AccountConfig, Arc<World>, PinnedClock) {
    let begin = BEGIN.parse().expect("a time");
    let clock = PinnedClock::at(begin);
    let times = SLOWER * i32::try_from(devices.div_ceil(LIVELY).max(1)).unwrap_or(1);
    let slow = Slow { clock: clock.clone(), begin, times };
    (account(platform), Arc::new(World::usual(devices, 1, Arc::new(slow))), clock)
}

/// The time in the simulated servers. There things happen within minutes, so that a demo is lively; in a real fleet a few devices
/// come and go in a day, and a few checks change in an hour.
struct Slow {
    clock: PinnedClock,
    begin: Timestamp,
    times: i32,
}

/// How many times as slow.
const SLOWER: i32 = 200;
/// In a fleet of so many devices that makes some ninety devices a day that come or go. In larger ones it is slower still, so that
/// no more of them do: of 50,000 one in 500.
const LIVELY: usize = 1_500;

impl Clock for Slow {
    fn now(&self) -> Moment {
        let now = self.clock.now();
        let wall = self.begin + now.wall.duration_since(self.begin) / self.times;
        Moment { wall, ..now }
    }
}

fn play(devices: usize, subject: impl Subject, clock: PinnedClock) -> Outcome {
    let started = std::time::Instant::now();
    let outcome = Simulation::new(devices, subject, clock).play();
    println!("{} took {:.1} s: {}", outcome.name, started.elapsed().as_secs_f64(), outcome.costs);
    outcome
}
