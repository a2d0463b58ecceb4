//! What only the detail of a Tactical RMM agent tells: disks, memory, thresholds, the last installation of patches.

use jiff::Timestamp;

use super::chance::Chance;
use super::tactical::TacticalAgent;
use super::{World, last_tick};

/// A disk as the agent's detail shows it. The sizes are texts for people, in one of several styles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacticalDisk {
    /// `device`.
    pub device: &'static str,
    /// `fstype`.
    pub filesystem: &'static str,
    /// `percent`: used, 0 to 100.
    pub percent: u64,
    /// `free`.
    pub free: String,
    /// `used`.
    pub used: String,
    /// `total`.
    pub total: String,
}

/// The detail of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacticalDetail {
    /// `disks`; `None` is null.
    pub disks: Option<Vec<TacticalDisk>>,
    /// `total_ram` in GB; `None` is null, 0 is less than one.
    pub memory_gb: Option<u64>,
    /// `offline_time`: minutes without contact after which the agent is offline.
    pub offline_minutes: u64,
    /// `overdue_time`: minutes after which it is overdue; may be less than `offline_minutes`.
    pub overdue_minutes: u64,
    /// `patches_last_installed`; `None` is null.
    pub patches_last_installed: Option<Timestamp>,
}

/// How an agent's version writes sizes.
#[derive(Clone, Copy)]
enum Style {
    /// `84.2G`
    Short,
    /// `109.0 GB`
    Long,
    /// `10 GB`
    Whole,
}

/// Device, file system, in how many of 1,000 cases there is one.
type Drive = (&'static str, &'static str, u64);

const WINDOWS: [Drive; 3] = [("C:", "NTFS", 1_000), ("D:", "ReFS", 500), ("E:", "NTFS", 200)];
const LINUX: [Drive; 2] = [("/dev/sda1", "ext4", 1_000), ("/dev/mapper/vg-\"data\"", "xfs", 600)];
const DARWIN: [Drive; 1] = [("/dev/disk3s1", "apfs", 1_000)];

/// Sizes of disks in MiB, from a card reader without a card to an array.
const SIZES: [u64; 7] = [0, 481, 20_275, 121_446, 239_411, 1_887_436, 10_485_760];

/// Minutes without contact after which an agent is offline, and overdue. Short ones, so that a viewer sees it happen.
pub(super) const fn thresholds(chance: Chance) -> (u64, u64) {
    match chance.of(200).below(10) {
        0 => (2, 5),
        1 => (4, 30),
        2 => (10, 60),
        3 => (6, 3),
        _ => (1, 5),
    }
}

impl World {
    /// The detail of an agent.
    #[must_use]
    pub fn agent_detail(&self, agent: &TacticalAgent, at: Timestamp) -> TacticalDetail {
        let chance = agent.chance;
        let (offline_minutes, overdue_minutes) = thresholds(chance);
        let silent = agent.last_seen.is_none();
        let patched = agent.plat == "windows" && !silent && chance.of(202).happens(500);
        TacticalDetail {
            disks: (!silent && !chance.of(203).happens(50)).then(|| self.disks(agent, at)),
            memory_gb: if silent { None } else { memory(chance.of(204)) },
            offline_minutes,
            overdue_minutes,
            patches_last_installed: if patched { self.patches_last_installed(chance, at) } else { None },
        }
    }

    fn patches_last_installed(&self, chance: Chance, at: Timestamp) -> Option<Timestamp> {
        // A second back, so that the fraction does not lead into the future.
        let tick = last_tick(chance.of(205), self.minutes(50), at.as_millisecond() - 1_000);
        let fraction = if chance.of(206).happens(100) { 0 } else { 752_366 };
        Timestamp::from_microsecond(tick * 1_000 + fraction).ok()
    }

    fn disks(&self, agent: &TacticalAgent, at: Timestamp) -> Vec<TacticalDisk> {
        let drives: &[Drive] = match agent.plat {
            "windows" => &WINDOWS,
            "linux" => &LINUX,
            _ => &DARWIN,
        };
        if agent.chance.of(207).happens(30) {
            return Vec::new();
        }
        let style = match agent.chance.of(208).below(4) {
            0 | 1 => Style::Short,
            2 => Style::Long,
            _ => Style::Whole,
        };
        let found =
            drives.iter().zip(0..).filter(|((.., share), number)| agent.chance.of(210 + number).happens(*share));
        found
            .map(|((device, filesystem, _), number)| {
                let chance = agent.chance.of(214 + number);
                let (used, total) = self.fill(chance, number == 0, at);
                TacticalDisk {
                    device,
                    filesystem,
                    percent: (used * 200 + total).checked_div(total * 2).unwrap_or(0),
                    free: display(total - used, style),
                    used: display(used, style),
                    total: display(total, style),
                }
            })
            .collect()
    }

    /// Used and total bytes: the share moves with time, and now and then a disk is full.
    fn fill(&self, chance: Chance, system: bool, at: Timestamp) -> (u64, u64) {
        // The disk of the operating system has a size worth having.
        let first = if system { 2 } else { 0 };
        let size = first + chance.of(1).below(SIZES.len() as u64 - first);
        let size = usize::try_from(size).ok().and_then(|index| SIZES.get(index)).copied().unwrap_or(0);
        let total = (size << 20) + if size == 0 { 0 } else { chance.of(2).below(1 << 20) };
        let now = at.as_millisecond();
        let step = chance.of(3).window(self.minutes(6), now).number.unsigned_abs();
        let share = 100 + chance.of(4).below(800) + chance.of(5).of(step).below(40);
        let full = chance.of(6).episode(self.minutes(25), 60, now).is_some();
        (if full { total } else { total / 1_000 * share }, total)
    }
}

fn memory(chance: Chance) -> Option<u64> {
    match chance.below(10) {
        0 => None,
        1 => Some(0),
        2 => Some(4),
        3 | 4 => Some(8),
        9 => Some(64),
        _ => Some(16),
    }
}

/// A size as people read it; units are powers of 1024.
fn display(bytes: u64, style: Style) -> String {
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["K", "M", "G", "T"] {
        if value < 1_024.0 {
            break;
        }
        value /= 1_024.0;
        unit = next;
    }
    match (style, unit) {
        (_, "") => format!("{bytes} B"),
        (Style::Short, _) => format!("{value:.1}{unit}"),
        (Style::Long, _) => format!("{value:.1} {unit}B"),
        (Style::Whole, _) => format!("{value:.0} {unit}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_every_recorded_style() {
        for (bytes, style, text) in [
            (90_409_061_580, Style::Short, "84.2G"),
            (1_319_413_953_331, Style::Short, "1.2T"),
            (117_037_858_816, Style::Long, "109.0 GB"),
            (504_994_201, Style::Long, "481.6 MB"),
            (0, Style::Long, "0 B"),
            (10 << 30, Style::Whole, "10 GB"),
            (500 << 20, Style::Whole, "500 MB"),
        ] {
            assert_eq!(display(bytes, style), text);
        }
    }
}
