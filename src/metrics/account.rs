//! Counters of the API calls of one account.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::planner::Outcome;

/// Upper bounds of `rmm_api_request_duration_seconds`.
pub(super) const BUCKETS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, f64::INFINITY];

/// Counts the API calls of one account. Lives as long as the account is configured, also across reloads.
#[derive(Debug, Default)]
pub struct AccountMetrics {
    calls: Mutex<BTreeMap<String, CallMetrics>>,
}

/// The counters of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CallMetrics {
    /// Attempts by outcome.
    pub(super) outcomes: BTreeMap<Outcome, u64>,
    /// Durations: observations in each bucket of [`BUCKETS`] alone.
    pub(super) buckets: [u64; BUCKETS.len()],
    /// Sum of the durations in seconds.
    pub(super) seconds: f64,
    /// Decoded bytes.
    pub(super) bytes: u64,
}

impl AccountMetrics {
    /// Counts one finished attempt. `call` is the `call` label; `bytes` is what was read, decompressed.
    pub fn observe(&self, call: &str, outcome: Outcome, duration: Duration, bytes: u64) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if !calls.contains_key(call) {
            calls.insert(call.to_owned(), CallMetrics::default());
        }
        if let Some(metrics) = calls.get_mut(call) {
            metrics.observe(outcome, duration, bytes);
        }
    }

    /// The counters now, by call.
    pub(super) fn read(&self) -> BTreeMap<String, CallMetrics> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the counters are these now.
    pub(super) fn are(&self, calls: &BTreeMap<String, CallMetrics>) -> bool {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner) == *calls
    }
}

impl CallMetrics {
    fn observe(&mut self, outcome: Outcome, duration: Duration, bytes: u64) {
        let seconds = duration.as_secs_f64();
        *self.outcomes.entry(outcome).or_default() += 1;
        if let Some((count, _)) = self.buckets.iter_mut().zip(BUCKETS).find(|(_, bound)| seconds <= *bound) {
            *count += 1;
        }
        self.seconds += seconds;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Buckets with their bounds.
    pub(super) fn bounded_buckets(&self) -> [(f64, u64); BUCKETS.len()] {
        std::array::from_fn(|index| {
            (BUCKETS.get(index).copied().unwrap_or(f64::INFINITY), self.buckets.get(index).copied().unwrap_or(0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_call_and_outcome() {
        let metrics = AccountMetrics::default();
        metrics.observe("/agents/", Outcome::Ok, Duration::from_millis(50), 10);
        metrics.observe("/agents/", Outcome::Timeout, Duration::from_secs(90), 0);
        metrics.observe("/clients/", Outcome::Ok, Duration::from_millis(51), 5);
        let calls = metrics.read();
        let agents = &calls["/agents/"];
        assert_eq!(agents.outcomes, BTreeMap::from([(Outcome::Ok, 1), (Outcome::Timeout, 1)]));
        assert_eq!((agents.buckets.iter().sum::<u64>(), agents.bytes, agents.seconds), (2, 10, 90.05));
        assert_eq!(
            (agents.buckets[0], agents.buckets[10]),
            (1, 1),
            "a bound belongs to its bucket; beyond 60 s is +Inf"
        );
        assert_eq!(calls["/clients/"].buckets[1], 1);
    }
}
