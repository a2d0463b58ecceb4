//! How a guest should behave while calls fail, read from what arrived at the server.

use std::collections::HashMap;
use std::time::Duration;

use rmm_exporter::demo::{Call, Fault, RetryAfter};

/// What is expected of an account whose every call fails.
pub struct Manners {
    pub min_interval: Duration,
    /// Of the calls that repeat most often.
    pub interval: Duration,
    pub timeout: Duration,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// Slack for clocks that are read a little early or late.
const SLACK: Duration = Duration::from_millis(20);
/// How much longer than its timeout a call may seem to take on a busy machine, which may stand still for a while.
const BUSY: Duration = Duration::from_secs(30);

/// How long the fault asks for.
pub const fn retry_after(fault: &Fault) -> Option<Duration> {
    match fault {
        Fault::TooManyRequests(after) | Fault::Unavailable(after) => match after {
            RetryAfter::Seconds(seconds) | RetryAfter::Date(seconds) => Some(Duration::from_secs(*seconds)),
            RetryAfter::Absent => None,
        },
        _ => None,
    }
}

impl Manners {
    /// All calls of an account that arrived while they failed, `from` and `until` by the server's clock, with that outcome.
    pub fn check(&self, what: &str, calls: &[Call], outcome: &str, from: Duration, until: Duration) {
        let mut ends: HashMap<&str, Duration> = HashMap::new();
        for call in calls {
            assert_eq!(call.violation, None, "{what}: {}", call.identity);
            let ended = call.ended.unwrap_or(until);
            let took = ended.saturating_sub(call.received);
            assert!(took <= self.timeout + BUSY, "{what}: {} took {took:?}", call.identity);
            if let Some(before) = ends.insert(&call.identity, ended.max(call.received)) {
                let gap = call.received.saturating_sub(before);
                // From the end as the server sees it, which is a little before the exporter sees it.
                assert!(gap + SLACK >= self.floor(outcome), "{what}: {} again after {gap:?}", call.identity);
            }
        }
        let times: Vec<Duration> = calls.iter().map(|call| call.received).collect();
        if !matches!(outcome, "api_error" | "forbidden") {
            self.check_pauses(what, &times, from, until);
        }
        if let Some(pause) = self.retry_after {
            for pair in times.windows(2) {
                let gap = pair[1] - pair[0];
                assert!(gap + SLACK >= pause, "{what}: asked for {pause:?}, left alone for {gap:?}");
            }
        }
    }

    /// Least time between identical calls. What the platform refuses pauses no other calls, and waits for itself.
    fn floor(&self, outcome: &str) -> Duration {
        match outcome {
            "api_error" | "forbidden" => self.min_interval.max(self.interval / 4),
            _ => self.min_interval,
        }
    }

    /// An account that fails is asked less and less, down to about once an interval.
    pub fn check_pauses(&self, what: &str, times: &[Duration], from: Duration, until: Duration) {
        let half = from + (until - from) / 2;
        let later: Vec<Duration> = times.iter().copied().filter(|time| *time >= half).collect();
        let most = usize::try_from((until - half).as_millis() / (self.interval / 4).as_millis()).unwrap() / 2;
        assert!(later.len() <= most + 1, "{what}: {} calls in {:?}: {later:?}", later.len(), until - half);
        assert!(later.len() <= times.len().div_ceil(2) + 1, "{what}: not fewer and fewer: {times:?}");
        let marks = [&[half][..], &later, &[until]].concat();
        let longest = marks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        // The first pause is a quarter of the interval; it has grown.
        assert!(longest >= self.interval / 2 - SLACK, "{what}: the longest pause is {longest:?}");
    }
}
