//! What the collectors of drives and of Exchange stores have in common: a history by days, of which the newest day counts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::fleet::Label;
use crate::platform::nsight::call::Recent;
use crate::platform::nsight::wire::storage::{Day, Volume};

const BYTES_PER_MEGABYTE: f64 = 1_048_576.0;

/// The last day that can be in an answer that arrived at `now`. It is a day in UTC; one more does no harm if it is not.
pub(super) fn last_day(now: Timestamp) -> Date {
    today(now).saturating_add(1.day())
}

/// The bytes of each volume on its newest day, by its label. A volume whose size on that day is not known has none.
///
/// A volume whose newest day is more than one day before the newest one of the device is gone, or is no longer measured, and
/// left out; so is everything from before the time for which was asked. Of two entries with one label that are equally new the
/// first counts.
pub(super) fn bytes(volumes: Vec<(Label, Volume)>, recent: Recent, now: Timestamp) -> Vec<(Label, u64)> {
    let asked = now.saturating_sub(recent.0).map_or(Date::MIN, today);
    let newest = volumes.iter().filter_map(|(_, volume)| volume.newest).map(|newest| newest.day).max();
    let since = newest.map_or(Date::MAX, |newest| newest.saturating_sub(1.day()).max(asked));
    let mut days: BTreeMap<Label, Day> = BTreeMap::new();
    for (label, volume) in volumes {
        let Some(newest) = volume.newest.filter(|newest| newest.day >= since) else { continue };
        match days.entry(label) {
            Entry::Vacant(entry) => _ = entry.insert(newest),
            Entry::Occupied(mut entry) if entry.get().day < newest.day => _ = entry.insert(newest),
            Entry::Occupied(_) => {}
        }
    }
    days.into_iter().filter_map(|(label, day)| Some((label, in_bytes(day.megabytes?)))).collect()
}

fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a quantity is not negative, and fits")]
fn in_bytes(megabytes: f64) -> u64 {
    (megabytes * BYTES_PER_MEGABYTE).round() as u64
}
