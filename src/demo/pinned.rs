//! A clock that stands still until somebody moves it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, Moment};

/// A clock that stands still until somebody moves it. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct PinnedClock(Arc<Mutex<Moment>>);

impl PinnedClock {
    /// A clock that reads `wall`; its steady time starts at one hour.
    #[must_use]
    pub fn at(wall: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Moment { steady: Duration::from_hours(1), wall })))
    }

    /// Moves both times forward.
    pub fn advance(&self, time: Duration) {
        let mut moment = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moment.steady += time;
        moment.wall = moment.wall.saturating_add(time).unwrap_or(moment.wall);
    }
}

impl Clock for PinnedClock {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_only_when_told() {
        let start: Timestamp = "2026-03-04T09:15:02Z".parse().unwrap();
        let clock = PinnedClock::at(start);
        let other = clock.clone();
        assert_eq!(clock.now(), clock.now());
        other.advance(Duration::from_secs(90));
        assert_eq!(clock.now().wall.duration_since(start).as_secs(), 90);
        assert_eq!(clock.now().steady, Duration::from_secs(3_690));
    }
}
