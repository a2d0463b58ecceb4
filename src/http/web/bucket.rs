//! The rate limit: a token bucket.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::web::RateLimit;

/// Full at first, it loses a token with each request and gains one every interval.
#[derive(Debug)]
pub(super) struct Bucket {
    limit: RateLimit,
    /// When the bucket would be full again. It says how many tokens are missing.
    full: Mutex<Instant>,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(limit: RateLimit, now: Instant) -> Self {
        Self { limit, full: Mutex::new(now) }
    }

    /// What it was made with.
    pub(super) const fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&self, now: Instant) -> bool {
        let RateLimit { interval, burst } = self.limit;
        let whole = interval.checked_mul(burst).unwrap_or(Duration::MAX);
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = full.saturating_duration_since(now) + interval;
        if missing > whole {
            return false;
        }
        *full = now + missing;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_one_request_each_interval() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let bucket = Bucket::new(RateLimit { interval: Duration::from_secs(1), burst: 3 }, start);
        let taken: Vec<bool> = [0, 0, 0, 0, 999, 1000, 1001, 2500, 3000].map(|time| bucket.take(at(time))).into();
        assert_eq!(taken, [true, true, true, false, false, true, false, true, true]);
        let after_a_pause: Vec<bool> = [60_000; 4].map(|time| bucket.take(at(time))).into();
        assert_eq!(after_a_pause, [true, true, true, false], "never more than the burst");
    }

    #[test]
    fn the_largest_limit_does_not_overflow() {
        let limit = RateLimit { interval: Duration::from_hours(24), burst: u32::MAX };
        let bucket = Bucket::new(limit, Instant::now());
        assert!(bucket.take(Instant::now()) && bucket.take(Instant::now()));
    }
}
