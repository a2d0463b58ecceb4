//! When a call is due, and how long failures delay.
//!
//! Against a real server the delays are fixed: 30 s, doubling. A floor under 15 s is only possible against a simulator on this
//! machine; there delays shrink with the intervals, so that a test account recovers within about one interval.

use std::time::Duration;

use crate::clock::Moment;
use crate::planner::budget::MINUTE;
use crate::planner::slots::Slot;
use crate::planner::steady::Steady;
use crate::planner::{Priority, ReadCall, Want};

/// The lowest floor that a server which is not a simulator can have.
pub(crate) const LEAST_REAL_FLOOR: Duration = Duration::from_secs(15);
/// The first delay after a failure.
const FIRST: Duration = Duration::from_secs(30);
/// The longest pause.
const MOST: Duration = Duration::from_mins(5);
/// The pause because the key is not accepted: that does not mend by itself, and whoever sees the refusals may close the account.
const KEY: Duration = Duration::from_mins(15);
/// The most that is added to a pause of which the length is a promise.
const MOST_ADDED: Duration = Duration::from_secs(30);
/// What the key may not read is tried at least so rarely: somebody has to change its rights first.
const LEAST_PROBE: Duration = Duration::from_mins(15);
/// And at least so often.
pub(super) const MOST_PROBE: Duration = Duration::from_hours(24);
/// How much later than the last time a change may come: three quarters of an hour in a day.
const LATER: u32 = u32::MAX / 32;
/// Nothing is retried faster, even without any floor.
const LEAST: Duration = Duration::from_millis(100);

/// From a time up to which nobody knows what was called to the next call: neither floor nor budget may be broken by it.
pub(super) fn after_gap(min_interval: Duration) -> Duration {
    if min_interval >= LEAST_REAL_FLOOR { min_interval.max(MINUTE) } else { min_interval }
}

/// `first` doubled `times` times, at most `most`.
pub(super) fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX)).min(most)
}

/// The first delay of what repeats every `interval`: 30 s; for a simulator a quarter of the interval or a third of the
/// floor, at most 30 s.
fn first_delay(interval: Duration, min_interval: Duration) -> Duration {
    if min_interval >= LEAST_REAL_FLOOR { FIRST } else { (min_interval / 3).max(interval / 4).clamp(LEAST, FIRST) }
}

/// A pause that is up to a quarter longer, so that many exporters do not come back together: `jitter` from 0 (not at all) to 1.
pub(super) fn longer(pause: Duration, jitter: f64) -> Duration {
    pause.saturating_add((pause / 4).mul_f64(jitter))
}

/// A pause that must not be shorter and should not be much longer: up to a tenth, at most 30 s. `jitter` as in [`longer`].
pub(super) fn a_little_longer(pause: Duration, jitter: f64) -> Duration {
    pause.saturating_add((pause / 10).min(MOST_ADDED).mul_f64(jitter))
}

/// How long the account, or all calls of one name, pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pauses {
    /// The first pause.
    pub(super) first: Duration,
    /// The longest, before it is lengthened at random.
    pub(super) most: Duration,
    /// The pause because the key is not accepted.
    pub(super) key: Duration,
    /// By how much they are lengthened, from 0 (not at all) to 1.
    pub(super) jitter: f64,
}

impl Pauses {
    /// For an account whose most frequent call repeats every `interval`.
    pub(super) fn new(interval: Duration, min_interval: Duration, jitter: f64) -> Self {
        let first = first_delay(interval, min_interval);
        if min_interval >= LEAST_REAL_FLOOR {
            return Self { first, most: MOST, key: KEY, jitter };
        }
        let most = interval.clamp(first, MOST);
        Self { first, most, key: (2 * first).min(most), jitter }
    }
}

/// From one try to the next of calls that the key may not make, when they repeat every `interval`.
pub(super) fn probe_pause(interval: Duration, min_interval: Duration) -> Duration {
    let least = if min_interval >= LEAST_REAL_FLOOR { LEAST_PROBE } else { first_delay(interval, min_interval) };
    interval.max(min_interval).clamp(least, MOST_PROBE)
}

/// From the end of a failed attempt to the next, after so many failures in a row: doubling, at most a quarter of the
/// interval, never under the floor. `jitter` lengthens it, from 0 (not at all) to 1 (by a quarter).
pub(super) fn retry_delay(failures: u32, interval: Duration, min_interval: Duration, jitter: f64) -> Duration {
    let most = (interval / 4).max(min_interval).max(LEAST);
    let delay = doubled(first_delay(interval, min_interval), failures.saturating_sub(1), most);
    delay.mul_f64(1.0 + jitter / 4.0).min(most).max(min_interval)
}

/// When a call is due again after its last attempt; `None` when there was none. `jitter` as in [`retry_delay`].
pub(super) fn next_due<C: ReadCall>(
    slot: &Slot<C>,
    min_interval: Duration,
    jitter: f64,
    now: Moment,
) -> Option<Steady> {
    let end = slot.last_end?;
    let floor = slot.floor(min_interval)?;
    let min_interval = min_interval.max(slot.call.least_gap());
    let due = if slot.is_gone {
        // It is asked again only because something still names it; that is no reason to hurry.
        end.plus((slot.interval / 4).max(min_interval))
    } else if !slot.answered() {
        // What is out of the key's scope can wait as long as if it had been read: it does not mend by itself.
        let interval = if slot.refused { slot.interval.saturating_mul(4) } else { slot.interval };
        end.plus(retry_delay(slot.failures, interval, min_interval, jitter))
    } else if slot.priority == Priority::Sweep {
        let earliest = end.plus((slot.interval / 2).max(min_interval));
        earliest.plus(to_grid(earliest.wall(now).as_nanosecond(), slot.interval, slot.phase))
    } else {
        end.plus(slot.interval.max(min_interval))
    };
    Some(due.max(floor))
}

/// Where on its grid a call lies, in 2^-32 of its interval: spread evenly by its identity, over the half of the interval that follows
/// a change of its data where it is known when they change. That comes a little later on one day than on another.
pub(super) fn phase<C>(identity: &str, want: &Want<C>) -> u32 {
    let spread = crc32fast::hash(identity.as_bytes());
    let interval = i128::try_from(want.interval.as_nanos()).unwrap_or(0);
    let Some(after) = want.after.filter(|_| interval > 0) else { return spread };
    let change = (after.as_nanosecond().rem_euclid(interval) << 32) / interval;
    u32::try_from(change).unwrap_or(0).wrapping_add(LATER).wrapping_add(spread / 2)
}

/// From a wall time to the next point of a call's grid: the multiples of `interval` since 1970, plus `phase` / 2^32 of it. The
/// grid hangs on the wall clock, so it is the same after a restart.
fn to_grid(wall: i128, interval: Duration, phase: u32) -> Duration {
    let Ok(interval) = i128::try_from(interval.as_nanos()) else { return Duration::ZERO };
    if interval == 0 {
        return Duration::ZERO;
    }
    let phase = interval.saturating_mul(i128::from(phase)) >> 32;
    let distance = phase.saturating_sub(wall).rem_euclid(interval);
    Duration::from_nanos(u64::try_from(distance).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: Duration = Duration::from_secs(90);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_failed_call_waits_for_the_floor_then_longer_and_at_most_a_quarter_of_its_interval() {
        let two_hours = seconds(7200);
        let delays = (1..10).map(|failures| retry_delay(failures, two_hours, REAL, 0.0).as_secs()).collect::<Vec<_>>();
        assert_eq!(delays, [90, 90, 120, 240, 480, 960, 1800, 1800, 1800]);
        assert_eq!(retry_delay(9, seconds(180), REAL, 1.0), REAL, "the cap is not under the floor");
        assert_eq!(retry_delay(3, two_hours, REAL, 1.0), seconds(150));
        assert_eq!(retry_delay(u32::MAX, two_hours, REAL, 1.0), seconds(1800));
    }

    #[test]
    fn against_a_simulator_delays_follow_the_interval() {
        assert_eq!(retry_delay(1, seconds(4), Duration::ZERO, 0.0), seconds(1));
        assert_eq!(retry_delay(9, seconds(4), Duration::ZERO, 1.0), seconds(1));
        assert_eq!(retry_delay(1, seconds(4), seconds(2), 0.0), seconds(2), "the floor holds");
        assert_eq!(retry_delay(1, Duration::ZERO, Duration::ZERO, 0.0), LEAST, "never a tight loop");
        let pauses = Pauses::new(seconds(4), Duration::ZERO, 0.0);
        assert_eq!([pauses.first, pauses.most, pauses.key], [1, 4, 2].map(seconds));
    }

    #[test]
    fn against_a_real_server_pauses_are_as_documented() {
        for floor in [REAL, LEAST_REAL_FLOOR] {
            let pauses = Pauses::new(seconds(180), floor, 0.0);
            assert_eq!([pauses.first, pauses.most, pauses.key], [30, 300, 900].map(seconds));
        }
    }

    #[test]
    fn pauses_are_never_shortened_and_lengthened_within_bounds() {
        assert_eq!([0.0, 0.5, 1.0].map(|jitter| longer(seconds(80), jitter)), [80, 90, 100].map(seconds));
        assert_eq!([0.0, 0.5, 1.0].map(|jitter| a_little_longer(seconds(80), jitter)), [80, 84, 88].map(seconds));
        assert_eq!(a_little_longer(seconds(900), 1.0), seconds(930));
        assert_eq!(longer(Duration::MAX, 1.0), Duration::MAX);
        assert_eq!(a_little_longer(Duration::MAX, 1.0), Duration::MAX);
    }

    #[test]
    fn what_is_refused_is_tried_every_interval_within_bounds() {
        let pauses = [120, 1800, 86_400, 7 * 86_400].map(|interval| probe_pause(seconds(interval), REAL).as_secs());
        assert_eq!(pauses, [900, 1800, 86_400, 86_400]);
        assert_eq!(probe_pause(seconds(4), Duration::ZERO), seconds(4), "a simulator");
    }

    #[test]
    fn the_grid_has_one_point_in_every_interval() {
        let interval = seconds(3600);
        let quarter = 1 << 30;
        let wall = i128::from(1_772_366_400_000_000_000_i64); // a full hour
        assert_eq!(to_grid(wall, interval, 0), Duration::ZERO);
        assert_eq!(to_grid(wall, interval, quarter), seconds(900));
        let nearly = Duration::from_nanos(3_599_999_999_999);
        assert_eq!(to_grid(wall + 1, interval, 0), nearly);
        assert_eq!(to_grid(wall + 900_000_000_001, interval, quarter), nearly);
        assert_eq!(to_grid(-1, interval, 0), Duration::from_nanos(1), "before 1970");
        assert_eq!(to_grid(wall, Duration::ZERO, quarter), Duration::ZERO);
    }

    #[test]
    fn what_changes_once_a_day_is_due_in_the_half_day_after_it() {
        let (day, change) = (seconds(86_400), "2026-03-04T07:03:00Z".parse::<jiff::Timestamp>().unwrap());
        let mut want = crate::planner::tests::sweep(0);
        want.interval = day;
        assert_eq!(phase("x", &want), crc32fast::hash(b"x"));
        want.after = Some(change);
        let mut hours = [0_u32; 24];
        for device in 0..10_000 {
            // Some other day's change: the hour counts.
            let phase = phase(&format!("GET /api/?service=list_av_history&deviceid={device}"), &want);
            let due = to_grid(change.as_nanosecond() + 5 * 86_400_000_000_000, day, phase);
            hours[usize::try_from(due.as_secs() / 3_600).unwrap()] += 1;
        }
        assert!(hours[0] > 150 && hours[0] < 260, "only from three quarters of an hour on: {hours:?}");
        assert!(hours[1..12].iter().all(|count| (750..920).contains(count)), "{hours:?}");
        assert_eq!(hours[13..].iter().sum::<u32>(), 0, "{hours:?}");
    }

    #[test]
    fn phases_of_neighbouring_identities_spread_evenly() {
        let mut tenths = [0_u32; 10];
        for device in 770_000..780_000 {
            let phase = crc32fast::hash(format!("GET /api/?service=list_checks&deviceid={device}").as_bytes());
            tenths[usize::try_from((u64::from(phase) * 10) >> 32).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (900..1100).contains(count)), "{tenths:?}");
    }
}
