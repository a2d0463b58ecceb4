//! Which families are left out when a fleet has more series than it may. Always whole families: half of one would give wrong
//! sums and counts, and alerts that never fire.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::catalogue::{self, Scope};
use crate::collector::Collector;
use crate::platform::PlatformName;

/// A family comes back only when this part of the limit stays free, so that a fleet that hovers around the limit does not
/// send families in and out at every change.
const ROOM: u64 = 20;

/// What is left out last: without these nobody sees which devices there are.
const BASIC: [&str; 2] = ["rmm_device_info", "rmm_device_online"];

/// Families that are left out because the fleet has too many series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withheld {
    /// In the order of the catalogue.
    families: Vec<WithheldFamily>,
    /// The limit that they were left out for.
    max_series: u64,
}

/// A family that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithheldFamily {
    /// Its index in the catalogue.
    index: usize,
    /// Its name.
    pub name: &'static str,
    /// How many series it would have, duplicates included.
    pub series: u64,
}

impl Withheld {
    /// The families, in the order of the catalogue.
    #[must_use]
    pub fn families(&self) -> &[WithheldFamily] {
        &self.families
    }

    /// Whether everything is exposed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    /// How many series all the families together would have.
    #[must_use]
    pub fn series(&self) -> u64 {
        self.families.iter().map(|family| family.series).sum()
    }

    /// Whether `other` has the same families, with however many series.
    pub(super) fn same_families(&self, other: &Self) -> bool {
        self.families.iter().map(|family| family.index).eq(other.families.iter().map(|family| family.index))
    }

    /// Whether the family with that index in the catalogue is left out.
    pub(super) fn holds(&self, index: usize) -> bool {
        self.families.iter().any(|family| family.index == index)
    }
}

/// `rmm_check_failing (9000 series), rmm_check_cleared (9000 series)`.
impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, family) in self.families.iter().enumerate() {
            let separator = if position > 0 { ", " } else { "" };
            write!(f, "{separator}{} ({} series)", family.name, family.series)?;
        }
        Ok(())
    }
}

/// What has to be left out, so that at most `max_series` remain. `counts` is the number of series of each family by its index
/// in the catalogue, `before` what was left out the last time: that stays so until it fits with room to spare, or the limit
/// is another.
pub(super) fn withhold(
    platform: PlatformName,
    counts: &[(usize, u64)],
    max_series: u64,
    before: &Withheld,
) -> Withheld {
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let is_remembered = before.max_series == max_series;
    if all <= max_series && (before.is_empty() || !is_remembered) {
        return Withheld { families: Vec::new(), max_series };
    }
    let mut order = counts.to_vec();
    sort_by_turn(platform, &mut order);
    let mut out: BTreeSet<usize> = BTreeSet::new();
    let mut exposed = all;
    for (index, count) in order.iter().filter(|(index, _)| is_remembered && before.holds(*index)) {
        out.insert(*index);
        exposed -= count;
    }
    for (index, count) in &order {
        if exposed > max_series && out.insert(*index) {
            exposed -= count;
        }
    }
    // Back comes first what would be left out last.
    let enough = max_series - max_series / ROOM;
    for (index, count) in order.iter().rev() {
        if exposed + count <= enough && out.remove(index) {
            exposed += count;
        }
    }
    let counts: BTreeMap<_, _> = counts.iter().copied().collect();
    let family = |index: usize| {
        let name = catalogue::families().get(index).map_or("", |family| family.name);
        WithheldFamily { index, name, series: counts.get(&index).copied().unwrap_or_default() }
    };
    Withheld { families: out.into_iter().map(family).collect(), max_series }
}

/// Sorts families by whose turn it is to be left out: those of the collector with the most series first, of each the largest
/// first; then those that several collectors make; the basic ones last.
fn sort_by_turn(platform: PlatformName, counts: &mut [(usize, u64)]) {
    let mut sizes: BTreeMap<Collector, u64> = BTreeMap::new();
    for (index, count) in counts.iter() {
        if let Some(collector) = owner(platform, *index) {
            *sizes.entry(collector).or_default() += count;
        }
    }
    counts.sort_by_cached_key(|(index, count)| {
        let collector = owner(platform, *index).filter(|_| !is_basic(*index));
        let size = collector.and_then(|collector| sizes.get(&collector)).copied().unwrap_or_default();
        let shared = collector.is_none();
        (is_basic(*index), shared, Reverse(size), collector, Reverse(*count), *index)
    });
}

/// The collector that alone gives a family.
fn owner(platform: PlatformName, index: usize) -> Option<Collector> {
    match catalogue::families().get(index)?.source(platform)?.collectors {
        [collector] => Some(*collector),
        _ => None,
    }
}

/// Devices themselves, clients and sites.
fn is_basic(index: usize) -> bool {
    catalogue::families().get(index).is_some_and(|family| {
        BASIC.contains(&family.name)
            || (matches!(family.scope, Scope::Client | Scope::Site) && family.section == catalogue::Section::Inventory)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(name: &str) -> usize {
        catalogue::families().iter().position(|family| family.name == name).expect("a family")
    }

    fn counts(families: &[(&str, u64)]) -> Vec<(usize, u64)> {
        let mut counts: Vec<_> = families.iter().map(|(name, count)| (index(name), *count)).collect();
        counts.sort_unstable();
        counts
    }

    fn names(withheld: &Withheld) -> Vec<&'static str> {
        withheld.families().iter().map(|family| family.name).collect()
    }

    /// The order in which families go as the limit shrinks, each time from scratch.
    fn turns(platform: PlatformName, counts: &[(usize, u64)]) -> Vec<&'static str> {
        let mut order = counts.to_vec();
        sort_by_turn(platform, &mut order);
        order.iter().map(|(index, _)| catalogue::families()[*index].name).collect()
    }

    const FLEET: [(&str, u64); 9] = [
        ("rmm_client_info", 5),
        ("rmm_device_info", 100),
        ("rmm_device_online", 100),
        ("rmm_device_memory_bytes", 90),
        ("rmm_antivirus_daily_results", 600),
        ("rmm_antivirus_up_to_date", 95),
        ("rmm_backup_daily_results", 500),
        ("rmm_backup_up_to_date", 80),
        ("rmm_patches", 400),
    ];

    #[test]
    fn the_largest_collector_goes_first_and_the_basic_families_last() {
        let turns = turns(PlatformName::Nsight, &counts(&FLEET));
        assert_eq!(
            turns,
            [
                "rmm_antivirus_daily_results",
                "rmm_antivirus_up_to_date",
                "rmm_backup_daily_results",
                "rmm_backup_up_to_date",
                "rmm_patches",
                "rmm_device_memory_bytes",
                "rmm_device_info",
                "rmm_device_online",
                "rmm_client_info",
            ]
        );
    }

    #[test]
    fn a_family_of_several_collectors_outlasts_those_of_one() {
        let fleet = counts(&[("rmm_device_checks", 900), ("rmm_patches", 10), ("rmm_device_info", 1)]);
        assert!(owner(PlatformName::Nsight, index("rmm_device_checks")).is_none(), "several collectors make it");
        assert_eq!(turns(PlatformName::Nsight, &fleet), ["rmm_patches", "rmm_device_checks", "rmm_device_info"]);
    }

    #[test]
    fn what_remains_fits_and_what_fits_remains() {
        let fleet = counts(&FLEET);
        let all: u64 = FLEET.iter().map(|(_, count)| count).sum();
        for limit in 0..=all + 10 {
            let withheld = withhold(PlatformName::Nsight, &fleet, limit, &Withheld::default());
            let exposed = all - withheld.series();
            assert!(exposed <= limit, "{limit}: {exposed}");
            assert_eq!(withheld.is_empty(), limit >= all, "{limit}");
            for family in withheld.families() {
                assert!(exposed + family.series > limit - limit / ROOM, "{limit}: {} would fit", family.name);
            }
            let again = withhold(PlatformName::Nsight, &fleet, limit, &withheld);
            assert_eq!(again, withheld, "{limit}: the same fleet gives the same choice");
        }
    }

    #[test]
    fn around_the_limit_nothing_comes_and_goes() {
        let (limit, mut before) = (1000, Withheld::default());
        let mut changes = 0;
        // 990 to 1010 series, up and down.
        for round in 0..100_u64 {
            let patches = 390 + (round * 7) % 21;
            let fleet =
                counts(&[("rmm_patches", patches), ("rmm_backup_daily_results", 450), ("rmm_device_info", 150)]);
            let now = withhold(PlatformName::Nsight, &fleet, limit, &before);
            changes += u32::from(!now.same_families(&before));
            before = now;
        }
        assert_eq!((changes, names(&before)), (1, vec!["rmm_backup_daily_results"]));
        // Two collectors of nearly the same size do not change places either.
        for (patches, backup) in [(450, 455), (455, 450), (460, 455)] {
            let fleet =
                counts(&[("rmm_patches", patches), ("rmm_backup_daily_results", backup), ("rmm_device_info", 150)]);
            before = withhold(PlatformName::Nsight, &fleet, limit, &before);
            assert_eq!(names(&before), ["rmm_backup_daily_results"]);
        }
        // With room to spare it comes back.
        let fleet = counts(&[("rmm_patches", 350), ("rmm_backup_daily_results", 450), ("rmm_device_info", 150)]);
        assert!(withhold(PlatformName::Nsight, &fleet, limit, &before).is_empty());
    }

    #[test]
    fn another_limit_is_judged_anew() {
        let fleet = counts(&FLEET);
        let all: u64 = FLEET.iter().map(|(_, count)| count).sum();
        let before = withhold(PlatformName::Nsight, &fleet, all - 1, &Withheld::default());
        assert_eq!(names(&before), ["rmm_antivirus_daily_results"]);
        assert!(withhold(PlatformName::Nsight, &fleet, all, &before).is_empty(), "raised to what just fits");
    }

    #[test]
    fn a_family_without_series_is_not_named() {
        let before = withhold(PlatformName::Nsight, &counts(&FLEET), 1500, &Withheld::default());
        assert_eq!(before.to_string(), "rmm_antivirus_daily_results (600 series)");
        let less = counts(
            FLEET.iter().copied().filter(|(name, _)| !name.starts_with("rmm_antivirus")).collect::<Vec<_>>().as_slice(),
        );
        assert!(withhold(PlatformName::Nsight, &less, 1500, &before).is_empty());
    }
}
