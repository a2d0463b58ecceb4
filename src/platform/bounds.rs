//! What can be. A number or a time beyond comes of an overflow or of a clock that is wrong: it is unknown, not a value.

use std::time::Duration;

use jiff::Timestamp;

/// How far ahead of this machine's clock a report may be dated. Clocks of devices differ, but not by more than a day.
pub const MOST_AHEAD: Duration = Duration::from_hours(24);

/// The most memory of a machine, in bytes: a pebibyte, some twenty times what the largest machine has.
pub const MOST_MEMORY_BYTES: u64 = 1 << 50;

/// The most bytes of a disk or a backup: an exbibyte.
pub const MOST_BYTES: u64 = 1 << 60;

/// The longest interval, in minutes: a leap year.
pub const MOST_MINUTES: u64 = 366 * 24 * 60;

/// The most checks, devices, failures or licences that an answer counts in one number.
pub const MOST_COUNT: u64 = 1_000_000_000;

/// A time at which something was reported, unless it lies too far ahead of `now`.
#[must_use]
pub fn reported(time: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let is_too_far = |ahead: Duration| ahead > MOST_AHEAD;
    (!Duration::try_from(time.duration_since(now)).is_ok_and(is_too_far)).then_some(time)
}

/// A machine's memory in bytes. No machine has none: 0 is unknown, too.
#[must_use]
pub fn memory(bytes: u64) -> Option<u64> {
    (1..=MOST_MEMORY_BYTES).contains(&bytes).then_some(bytes)
}

/// Bytes that are stored somewhere.
#[must_use]
pub fn bytes(bytes: u64) -> Option<u64> {
    (bytes <= MOST_BYTES).then_some(bytes)
}

/// A number of minutes.
#[must_use]
pub fn minutes(minutes: u64) -> Option<Duration> {
    (minutes <= MOST_MINUTES).then(|| Duration::from_secs(minutes * 60))
}

/// How many of something there are.
#[must_use]
pub fn count(count: u64) -> Option<u64> {
    (count <= MOST_COUNT).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_unknown() {
        let time = |text: &str| text.parse::<Timestamp>().expect("time");
        let now = time("2026-03-04T09:15:02Z");
        for good in ["1999-01-01T00:00:00Z", "2026-03-04T09:15:02Z", "2026-03-05T09:15:02Z"] {
            assert_eq!(reported(time(good), now), Some(time(good)));
        }
        for bad in ["2026-03-05T09:15:03Z", "2030-01-01T00:00:00Z", "9999-12-30T00:00:00Z"] {
            assert_eq!(reported(time(bad), now), None, "{bad}");
        }
        assert_eq!((memory(0), memory(1), memory(MOST_MEMORY_BYTES)), (None, Some(1), Some(1 << 50)));
        assert_eq!((memory(MOST_MEMORY_BYTES + 1), memory(u64::MAX)), (None, None));
        assert_eq!((bytes(0), bytes(MOST_BYTES), bytes(MOST_BYTES + 1)), (Some(0), Some(1 << 60), None));
        assert_eq!((minutes(0), minutes(120)), (Some(Duration::ZERO), Some(Duration::from_hours(2))));
        assert_eq!((minutes(MOST_MINUTES + 1), minutes(u64::MAX)), (None, None));
        assert_eq!((count(MOST_COUNT), count(u64::MAX)), (Some(MOST_COUNT), None));
    }
}
