//! The performance history of N-sight devices that have a performance monitoring check.

use jiff::Timestamp;

use super::chance::Chance;
use super::nsight::NsightDevice;
use super::{World, time};

/// `check_type` of performance monitoring.
const PERFORMANCE_CHECK: u32 = 1007;

/// A stretch of time in which a measurement did not change.
#[derive(Clone, Debug, PartialEq)]
pub struct NsightInterval<T> {
    /// Its first second.
    pub start: Timestamp,
    /// Its last second.
    pub end: Timestamp,
    /// The measurement.
    pub value: T,
}

/// Load of one processor, per cent.
#[derive(Clone, Debug, PartialEq)]
pub struct NsightLoad {
    /// Its number; `None` where the answer has one load for all.
    pub cpu: Option<u64>,
    /// On average.
    pub average: f64,
    /// At most.
    pub max: f64,
}

/// Memory, MB.
#[derive(Clone, Debug, PartialEq)]
pub struct NsightMemory {
    /// Available on average.
    pub available_average: u64,
    /// Available at least.
    pub available_min: u64,
    /// Installed.
    pub total: u64,
}

/// Requests that wait for a disk, on average.
#[derive(Clone, Debug, PartialEq)]
pub struct NsightQueue {
    /// To read.
    pub read: f64,
    /// To write.
    pub write: f64,
}

/// Traffic of a network adapter on average, kB/s.
#[derive(Clone, Debug, PartialEq)]
pub struct NsightTraffic {
    /// Received.
    pub receive: f64,
    /// Sent.
    pub transmit: f64,
}

/// What was measured, the oldest first in each list. All lists end with the same interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NsightPerformance {
    /// The check.
    pub check_id: u64,
    /// Processors.
    pub cpu: Vec<NsightInterval<Vec<NsightLoad>>>,
    /// Memory.
    pub memory: Vec<NsightInterval<NsightMemory>>,
    /// Disks by name.
    pub disks: Vec<(&'static str, Vec<NsightInterval<NsightQueue>>)>,
    /// Network adapters by name.
    pub adapters: Vec<(&'static str, Vec<NsightInterval<NsightTraffic>>)>,
}

/// Which intervals an answer covers.
struct Span {
    /// Seconds of one.
    length: i64,
    /// Number of the last whole one, counted from 1970.
    last: i64,
    count: i64,
    /// How many of them in a row have the same measurement.
    same: i64,
}

impl World {
    /// What was measured in intervals of 15 minutes (one day) or 60 (eight days); `None` without such a check.
    #[must_use]
    pub fn nsight_performance(&self, device: &NsightDevice, minutes: u32, at: Timestamp) -> Option<NsightPerformance> {
        let checks = self.nsight_checks(device, at);
        let check = checks.iter().find(|check| check.check_type == PERFORMANCE_CHECK)?;
        let length = i64::from(minutes) * 60;
        let chance = device.chance.of(800);
        let days = if minutes == 15 { 1 } else { 8 };
        let span = Span {
            length,
            last: device.awake_until(at).div_euclid(1_000 * length) - 1,
            // A check that never ran has measured nothing.
            count: if check.status == 0 { 0 } else { days * 86_400 / length },
            same: if chance.of(1).happens(300) { 3 } else { 1 },
        };
        let cores = 1 + chance.of(2).below(4);
        let each = chance.of(3).happens(600);
        let load = |luck: Chance, cpu| {
            let average = tenths(luck.of(1), 800);
            NsightLoad { cpu, average, max: average + tenths(luck.of(2), 200) }
        };
        let mut performance = NsightPerformance { check_id: check.id, ..NsightPerformance::default() };
        if chance.of(4).happens(950) {
            performance.cpu = span.intervals(device, chance.of(10), |luck| {
                if each {
                    (0..cores).map(|cpu| load(luck.of(cpu + 9), Some(cpu))).collect()
                } else {
                    vec![load(luck, None)]
                }
            });
        }
        if chance.of(5).happens(850) {
            let total = device.memory >> 20;
            performance.memory = span.intervals(device, chance.of(11), |luck| {
                let available_average = luck.of(1).below(total);
                let available_min = luck.of(2).below(available_average + 1);
                NsightMemory { available_average, available_min, total }
            });
        }
        for (name, part) in ["C:", "D", "_Total \"alle\""].into_iter().zip(20..) {
            if chance.of(part).happens(600) {
                let queue = |luck: Chance| NsightQueue { read: tenths(luck.of(1), 30), write: tenths(luck.of(2), 50) };
                performance.disks.push((name, span.intervals(device, chance.of(part).of(1), queue)));
            }
        }
        for (name, part) in ["Intel[R] Ethernet <1> & Co", "vNIC für Gäste €"].into_iter().zip(30..) {
            if chance.of(part).happens(600) {
                let traffic = |luck: Chance| NsightTraffic {
                    receive: tenths(luck.of(1), 90_000),
                    transmit: tenths(luck.of(2), 20_000),
                };
                performance.adapters.push((name, span.intervals(device, chance.of(part).of(1), traffic)));
            }
        }
        Some(performance)
    }
}

impl Span {
    /// The intervals of one measurement. Neighbours with the same value are one.
    fn intervals<T: PartialEq>(
        &self,
        device: &NsightDevice,
        chance: Chance,
        measure: impl Fn(Chance) -> T,
    ) -> Vec<NsightInterval<T>> {
        let mut intervals: Vec<NsightInterval<T>> = Vec::new();
        for number in self.last - self.count + 1..=self.last {
            let start = number * self.length * 1_000;
            if !device.was_there(start) {
                continue;
            }
            let end = time(start + (self.length - 1) * 1_000);
            let value = measure(chance.of(number.div_euclid(self.same).unsigned_abs()));
            match intervals.last_mut() {
                Some(last) if last.value == value => last.end = end,
                _ => intervals.push(NsightInterval { start: time(start), end, value }),
            }
        }
        intervals
    }
}

/// A number with one decimal from 0 to a tenth of the limit.
fn tenths(chance: Chance, limit: u64) -> f64 {
    chance.below(limit) as f64 / 10.0
}
