//! Points on the steady clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::Moment;

/// A point on the steady clock, in nanoseconds. It may lie before the clock's zero, because what a ledger remembers can be
/// older than the machine's uptime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Steady(i64);

impl Steady {
    /// The steady clock's reading.
    pub(super) fn of(now: Moment) -> Self {
        Self(nanoseconds(now.steady))
    }

    /// When a wall time of the past was. A time in the future (the wall clock was set back) counts as now.
    pub(super) fn of_past(wall: Timestamp, now: Moment) -> Self {
        let age = now.wall.duration_since(wall).max(SignedDuration::ZERO);
        Self::of(now).minus(age.unsigned_abs())
    }

    /// When a wall time is, past or future, if both clocks go on as they do now.
    pub(super) fn of_wall(wall: Timestamp, now: Moment) -> Self {
        let ahead = wall.duration_since(now.wall);
        let distance = ahead.unsigned_abs();
        if ahead.is_negative() { Self::of(now).minus(distance) } else { Self::of(now).plus(distance) }
    }

    /// What the wall clock says at this point, as far as it can be told now.
    pub(super) fn wall(self, now: Moment) -> Timestamp {
        let ahead = self.0.saturating_sub(Self::of(now).0);
        now.wall.saturating_add(SignedDuration::from_nanos(ahead)).unwrap_or(now.wall)
    }

    /// Later by `time`.
    pub(super) fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(time)))
    }

    /// Earlier by `time`.
    pub(super) fn minus(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(nanoseconds(time)))
    }

    /// The time since `earlier`; zero when that is later.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As the clock tells it; zero for a point before its zero.
    pub(super) fn reading(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// Whether something may happen now, and if not, until when it may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gate {
    /// Now.
    Open,
    /// Not before that time.
    Until(Steady),
    /// Not before a call under way finishes, or the plan or the limits change.
    Event,
}

impl Gate {
    /// Closed until `time`, unless that has come.
    pub(super) fn until(time: Option<Steady>, now: Steady) -> Self {
        time.filter(|time| *time > now).map_or(Self::Open, Self::Until)
    }

    /// When it opens by the mere passing of time.
    pub(super) const fn opens(self, now: Steady) -> Option<Steady> {
        match self {
            Self::Open => Some(now),
            Self::Until(time) => Some(time),
            Self::Event => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Moment {
        Moment { steady: Duration::from_secs(100), wall: "2026-03-01T12:00:00Z".parse().unwrap() }
    }

    #[test]
    fn wall_times_become_steady_times_and_back() {
        let past: Timestamp = "2026-03-01T11:00:00Z".parse().unwrap();
        let steady = Steady::of_past(past, now());
        assert_eq!(Steady::of(now()).since(steady), Duration::from_hours(1), "older than the machine's uptime");
        assert_eq!(steady.wall(now()), past);
        assert_eq!(steady.reading(), Duration::ZERO);
        assert_eq!(steady.plus(Duration::from_hours(1)).reading(), now().steady);
        assert_eq!(Steady::of_wall(past, now()), steady);
        let future: Timestamp = "2026-03-01T12:00:30Z".parse().unwrap();
        assert_eq!(Steady::of_wall(future, now()).reading(), Duration::from_secs(130));
        assert!(Steady::of_wall(Timestamp::MIN, now()) < Steady::of(now()));
        assert!(Steady::of_wall(Timestamp::MAX, now()) > Steady::of(now()));
    }

    #[test]
    fn a_stored_time_in_the_future_counts_as_now() {
        let future: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        assert_eq!(Steady::of_past(future, now()), Steady::of(now()));
    }

    #[test]
    fn no_time_is_too_long() {
        let end = Steady::of(now()).plus(Duration::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert!(end.wall(now()) >= now().wall);
    }

    #[test]
    fn the_later_gate_decides() {
        let at = Steady::of(now());
        let later = at.plus(Duration::from_secs(1));
        assert_eq!(Gate::until(Some(at), at), Gate::Open);
        assert_eq!(Gate::until(Some(later), at).max(Gate::Open), Gate::Until(later));
        assert_eq!(Gate::Event.max(Gate::Until(later)).opens(at), None);
    }
}
