//! A small universe of clients, sites and devices that lives: what is true in it at any moment follows from the seed and
//! the time alone. Nothing is stored per device, so 50,000 devices cost no memory.

pub mod chance;
pub mod layout;
pub mod nsight;
pub mod nsight_antivirus;
pub mod nsight_assets;
pub mod nsight_backup;
mod nsight_checks;
pub mod nsight_definitions;
mod nsight_devices;
pub mod nsight_directory;
pub mod nsight_outages;
mod nsight_patches;
pub mod nsight_performance;
pub mod nsight_storage;
pub mod tactical;
mod tactical_agents;
mod tactical_alerts;
mod tactical_checks;
mod tactical_details;
mod tactical_fields;
mod tactical_server;
mod tactical_switches;
mod tactical_updates;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use self::chance::Chance;
use self::layout::{Blueprint, Layout};
use self::nsight::NsightTruth;
use self::tactical::{TacticalSwitches, TacticalTruth};
use crate::clock::Clock;

/// Everything that is true at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The N-sight account.
    pub nsight: NsightTruth,
    /// The Tactical RMM server.
    pub tactical: TacticalTruth,
}

/// The universe.
pub struct World {
    seed: Chance,
    speed: f64,
    clock: Arc<dyn Clock>,
    nsight: Layout,
    tactical: Layout,
    cold_cache: AtomicBool,
    tactical_switches: TacticalSwitches,
    selection_per_device: AtomicBool,
}

const NSIGHT: Blueprint = Blueprint {
    first: &[
        ("Müller & Söhne GmbH", &["Zentrale \"Süd\"", "Lager"]),
        ("Larkspur Dental & Co", &["Harbour Street"]),
        ("Larkspur Dental & Co", &["Harbour Street"]),
        ("", &["Büro <1>"]),
        ("Neukunde AG", &["Hauptsitz"]),
        ("Rocket 🚀 Labs €", &["HQ ]]> Annex", "Tōkyō 東京"]),
    ],
    empty: 4,
    ids: (41_007, 50_311),
    client_places: 25,
    client_sites: &[1, 2, 3],
};

const TACTICAL: Blueprint = Blueprint {
    first: &[
        ("Müller & Söhne GmbH", &["Genève", "HQ", "HQ "]),
        ("C:\\Back\\Slash", &["path\\to\\site"]),
        ("He said \"hi\"", &["The \"Annex\""]),
        ("Emoji 🚀 Ltd 👩\u{200d}💻", &["☃ Snow {x=\"1\"}"]),
        ("Nobody yet", &["Empty site"]),
        ("日本電気サービス", &["東京本社", "Home\noffice\t"]),
    ],
    empty: 4,
    ids: (1, 1),
    client_places: 25,
    client_sites: &[1, 2, 3],
};

/// How many sites usual clients have: 1.6 on average.
const USUAL_SITES: [usize; 5] = [1, 1, 2, 2, 2];

impl World {
    /// A universe of about `devices` devices, half of them on each platform. Bad times come and go `pace` times as fast
    /// as normal.
    #[must_use]
    pub fn new(devices: usize, seed: u64, pace: f64, clock: Arc<dyn Clock>) -> Self {
        let tactical = devices / 2;
        Self::laid_out((&NSIGHT, devices - tactical), (&TACTICAL, tactical), (seed, pace), clock)
    }

    /// A universe of so many devices on **each** platform, with clients of 30 devices and 1.6 sites: what `check-config` takes
    /// for usual. Bad times come and go at their normal pace.
    #[must_use]
    pub fn usual(devices: usize, seed: u64, clock: Arc<dyn Clock>) -> Self {
        let nsight = Blueprint { client_places: 30, client_sites: &USUAL_SITES, ..NSIGHT };
        let tactical = Blueprint { client_places: 30, client_sites: &USUAL_SITES, ..TACTICAL };
        Self::laid_out((&nsight, devices), (&tactical, devices), (seed, 1.0), clock)
    }

    /// The same fleet as somebody keeps it who is not giving a demonstration: trouble is twenty times as rare, and lasts for hours
    /// in place of minutes. A server is down for four hours once in a month, a check fails on one device in thirty.
    #[must_use]
    pub fn calm(self) -> Self {
        Self { seed: self.seed.calm(), speed: self.speed / 24.0, ..self }
    }

    fn laid_out(
        nsight: (&Blueprint, usize),
        tactical: (&Blueprint, usize),
        (seed, pace): (u64, f64),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let chance = Chance::new(seed);
        Self {
            seed: chance,
            speed: if pace.is_finite() { pace.clamp(0.01, 1_000.0) } else { 1.0 },
            clock,
            nsight: Layout::new(nsight.0, nsight.1, chance.of(1)),
            tactical: Layout::new(tactical.0, tactical.1, chance.of(2)),
            cold_cache: AtomicBool::new(false),
            tactical_switches: TacticalSwitches::default(),
            selection_per_device: AtomicBool::new(false),
        }
    }

    /// The time in the universe: the clock's wall time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now().wall
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Everything that is true at `at`. At 50,000 devices this is large: ask for single devices instead.
    #[must_use]
    pub fn truth(&self, at: Timestamp) -> Truth {
        Truth { nsight: self.nsight_truth(at), tactical: self.tactical_truth(at) }
    }

    /// Places for devices on N-sight and on Tactical RMM. A few of them are vacant at any time.
    #[must_use]
    pub const fn places(&self) -> (usize, usize) {
        (self.nsight.places, self.tactical.places)
    }

    /// While on, the Tactical RMM server's agent list says 0 for every check counter, as after a reset of its cache. The
    /// truth is not changed by it.
    pub fn set_cold_cache(&self, cold: bool) {
        self.cold_cache.store(cold, Ordering::Relaxed);
    }

    /// Whether the cache is cold.
    #[must_use]
    pub fn is_cache_cold(&self) -> bool {
        self.cold_cache.load(Ordering::Relaxed)
    }

    /// What can be changed on the Tactical RMM server while it runs.
    #[must_use]
    pub const fn tactical_switches(&self) -> &TacticalSwitches {
        &self.tactical_switches
    }

    /// While on, the N-sight server refuses to list the backup selection of more than one device in one call. The truth is
    /// not changed by it.
    pub fn set_selection_per_device(&self, only: bool) {
        self.selection_per_device.store(only, Ordering::Relaxed);
    }

    /// Whether the backup selection is listed for single devices only.
    #[must_use]
    pub fn is_selection_per_device(&self) -> bool {
        self.selection_per_device.load(Ordering::Relaxed)
    }

    /// The clients and sites on N-sight.
    #[must_use]
    pub const fn nsight_layout(&self) -> &Layout {
        &self.nsight
    }

    /// The clients and sites on Tactical RMM.
    #[must_use]
    pub const fn tactical_layout(&self) -> &Layout {
        &self.tactical
    }

    /// A stretch of so many minutes at normal speed, in ms.
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a demo fit, and a float cast saturates")]
    fn minutes(&self, minutes: u32) -> i64 {
        ((f64::from(minutes) * 60_000.0 / self.speed) as i64).max(1_000)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("places", &self.places()).field("speed", &self.speed).finish_non_exhaustive()
    }
}

/// A time from Unix milliseconds; 1970 for what no calendar holds.
fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

/// A time from Unix milliseconds in whole seconds, as the platforms write them.
fn whole_second(milliseconds: i64) -> Timestamp {
    time(milliseconds.div_euclid(1_000) * 1_000)
}

/// The last multiple of `period` before or at `at`, shifted by the source: when something regular happened last.
fn last_tick(chance: Chance, period: i64, at: i64) -> i64 {
    // Whole seconds, as the platforms write them.
    chance.window(period, at).start.div_euclid(1_000) * 1_000
}

/// Which device stands in a place of the fleet now: `None` while it is vacant. In one of 15 places devices come and go.
fn generation(place: usize, chance: Chance, period: i64, at: i64) -> Option<Generation> {
    if place % 15 != 9 {
        return Some(Generation { number: 0, since: None });
    }
    let window = chance.of(0x6e4).window(period, at);
    let moved_in = window.start + period / 8;
    let number = u64::try_from(window.number.rem_euclid(1_000)).unwrap_or(0);
    (at >= moved_in).then_some(Generation { number, since: Some(moved_in) })
}

/// One of the devices that stand in a place one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Generation {
    number: u64,
    /// When it came, Unix ms; `None` for a device that was always there.
    since: Option<i64>,
}

#[cfg(test)]
mod tests;
