//! Patches of N-sight devices: they come out one after the other, wait, are installed, and sometimes fail.

use jiff::Timestamp;

use super::nsight::{NsightDevice, NsightPatch};
use super::{World, time};

/// Patches that a device's list holds; older ones drop out of it.
const LISTED: i64 = 24;

impl World {
    /// The patches of a device; none when patch management is off.
    #[must_use]
    pub fn nsight_patches(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightPatch> {
        if !device.features.contains(&"patch") {
            return Vec::new();
        }
        let now = at.as_millisecond();
        let step = self.minutes(6);
        let window = device.chance.of(400).window(step, now);
        let patches = (0..LISTED).map(|back| {
            let arrived = window.start - back * step;
            let number = (window.number - back).unsigned_abs();
            let chance = device.chance.of(401).of(number);
            let product = chance.of(1).pick(&["Example Reader", "Microsoft Windows", "Büro-Suite 2024", "7-Archiv"]);
            let age = (now - arrived) / step;
            let (status, installed) = stage(age, chance.of(2).luck());
            NsightPatch {
                id: number % 100_000_000,
                title: format!("{product} {} <Sicherheitsupdate> & mehr", number % 1_000),
                product,
                severity: chance.of(3).pick(&[
                    "Critical",
                    "Important",
                    "Important",
                    "Moderate",
                    "Low",
                    "",
                    "LOW",
                    "Unranked",
                ]),
                status,
                installed: installed.map(|steps| time((arrived + steps * step).div_euclid(1_000) * 1_000)),
                released: time(arrived.div_euclid(1_000) * 1_000),
            }
        });
        patches.collect()
    }
}

/// Where a patch stands after so many steps of time, and the step in which it was installed.
const fn stage(age: i64, luck: u64) -> (u32, Option<i64>) {
    match (luck, age) {
        (0..30, _) => (32, None),
        (30..40, _) => (23, None),
        (40..45, _) => (128, None),
        (_, ..=3) => (1, None),
        (_, ..=5) => (2, None),
        (_, ..=6) => (4, None),
        (45..110, ..=10) => (16, None),
        (110..190, ..=9) => (64, Some(7)),
        (45..110, _) => (8, Some(11)),
        _ => (8, Some(7)),
    }
}
