//! What was asked of a simulated server, and when: for questions about manners.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::platform::PlatformName;

/// Newest calls that are kept. The sums below count all.
const KEPT_CALLS: usize = 100_000;
/// Calls whose last time is kept to measure gaps; more different calls than a sweep of 50,000 devices makes.
const KEPT_IDENTITIES: usize = 1_000_000;
const MINUTE: Duration = Duration::from_mins(1);

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it arrived, by the steady clock.
    pub received: Duration,
    /// When its answer was sent or given up; `None` while it runs.
    pub ended: Option<Duration>,
    /// The server's platform.
    pub platform: PlatformName,
    /// HTTP method.
    pub method: String,
    /// N-sight's service, or Tactical RMM's path as it came.
    pub target: String,
    /// Method, target and sorted parameters (and the body, if any), without the key: equal for identical calls.
    pub identity: String,
    /// Whether the key was right.
    pub key_accepted: bool,
    /// User-Agent header; empty without one.
    pub user_agent: String,
    /// Accept header.
    pub accept: String,
    /// Accept-Encoding header.
    pub accept_encoding: String,
    /// Whether there was an Authorization header.
    pub authorization: bool,
    /// HTTP status of the answer; `None` while there is none.
    pub status: Option<u16>,
    /// What a guest must not do: an unknown or changing service, a method that is no read, a forbidden path.
    pub violation: Option<&'static str>,
}

/// The sums over all calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Calls.
    pub calls: u64,
    /// Calls that are running.
    pub running: usize,
    /// Most calls that ran at once.
    pub most_concurrent: usize,
    /// Most calls that arrived within any 60 seconds.
    pub most_in_a_minute: usize,
    /// The shortest time between the arrivals of two identical calls, and which; `None` when none was repeated.
    pub smallest_gap: Option<(Duration, String)>,
    /// Calls with a violation.
    pub violations: u64,
}

#[derive(Default)]
struct State {
    calls: VecDeque<Call>,
    /// Number of the first call in `calls`.
    first: u64,
    last_arrival: HashMap<u64, Duration>,
    last_minute: VecDeque<Duration>,
    user_agents: HashSet<String>,
    summary: Summary,
}

/// The record of one server. Clones share it.
#[derive(Clone, Default)]
pub struct Audit(Arc<Mutex<State>>);

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lock().summary.fmt(f)
    }
}

impl Audit {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an arrival. The number stands for the call from now on.
    pub(crate) fn arrived(&self, call: Call) -> u64 {
        let mut state = self.lock();
        let state = &mut *state;
        let summary = &mut state.summary;
        summary.calls += 1;
        summary.running += 1;
        summary.most_concurrent = summary.most_concurrent.max(summary.running);
        summary.violations += u64::from(call.violation.is_some());
        let mut hasher = DefaultHasher::new();
        call.identity.hash(&mut hasher);
        if state.last_arrival.len() >= KEPT_IDENTITIES {
            state.last_arrival.clear();
        }
        if let Some(last) = state.last_arrival.insert(hasher.finish(), call.received) {
            let gap = call.received.saturating_sub(last);
            if summary.smallest_gap.as_ref().is_none_or(|(smallest, _)| gap < *smallest) {
                summary.smallest_gap = Some((gap, call.identity.clone()));
            }
        }
        state.last_minute.push_back(call.received);
        while state.last_minute.front().is_some_and(|first| call.received.saturating_sub(*first) >= MINUTE) {
            state.last_minute.pop_front();
        }
        summary.most_in_a_minute = summary.most_in_a_minute.max(state.last_minute.len());
        if state.user_agents.len() < 100 {
            state.user_agents.insert(call.user_agent.clone());
        }
        if state.calls.len() >= KEPT_CALLS {
            state.calls.pop_front();
            state.first += 1;
        }
        state.calls.push_back(call);
        state.first + state.calls.len() as u64 - 1
    }

    /// Records the status of a call's answer.
    pub(crate) fn answered(&self, number: u64, status: u16) {
        self.change(number, |call| call.status = Some(status));
    }

    /// Records the end of a call.
    pub(crate) fn ended(&self, number: u64, at: Duration) {
        self.change(number, |call| call.ended = Some(at));
        let mut state = self.lock();
        state.summary.running = state.summary.running.saturating_sub(1);
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Call)) {
        let mut state = self.lock();
        let index = number.checked_sub(state.first).and_then(|index| usize::try_from(index).ok());
        if let Some(call) = index.and_then(|index| state.calls.get_mut(index)) {
            change(call);
        }
    }

    /// The newest calls (at most 100,000), oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    /// The sums.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.lock().summary.clone()
    }

    /// How many of the kept calls had this target (N-sight service, Tactical RMM path).
    #[must_use]
    pub fn count(&self, target: &str) -> usize {
        self.lock().calls.iter().filter(|call| call.target == target).count()
    }

    /// The kept calls that a guest must not make.
    #[must_use]
    pub fn violations(&self) -> Vec<Call> {
        self.lock().calls.iter().filter(|call| call.violation.is_some()).cloned().collect()
    }

    /// The different User-Agent headers that were seen (at most 100).
    #[must_use]
    pub fn user_agents(&self) -> HashSet<String> {
        self.lock().user_agents.clone()
    }

    /// Forgets everything but the calls that are running.
    pub fn clear(&self) {
        let mut state = self.lock();
        let running = state.summary.running;
        let first = state.first + state.calls.len() as u64;
        *state = State {
            first,
            summary: Summary { running, most_concurrent: running, ..Summary::default() },
            ..State::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(identity: &str, seconds: f64) -> Call {
        Call {
            received: Duration::from_secs_f64(seconds),
            ended: None,
            platform: PlatformName::Nsight,
            method: "GET".to_owned(),
            target: identity.split('?').next().unwrap().to_owned(),
            identity: identity.to_owned(),
            key_accepted: true,
            user_agent: "test".to_owned(),
            accept: String::new(),
            accept_encoding: String::new(),
            authorization: false,
            status: None,
            violation: None,
        }
    }

    #[test]
    fn the_smallest_gap_is_between_identical_calls_only() {
        let audit = Audit::default();
        for (identity, seconds) in [("a?x=1", 0.0), ("a?x=2", 1.0), ("a?x=1", 90.0), ("a?x=2", 100.0), ("a?x=1", 185.0)]
        {
            audit.arrived(call(identity, seconds));
        }
        assert_eq!(audit.summary().smallest_gap, Some((Duration::from_secs(90), "a?x=1".to_owned())));
        assert_eq!(audit.count("a"), 5);
        assert_eq!(audit.summary().violations, 0);
    }

    #[test]
    fn a_rolling_minute_is_open_at_its_end() {
        let audit = Audit::default();
        for seconds in [0.0, 30.0, 59.9, 60.0, 61.0, 200.0] {
            audit.arrived(call("a", seconds));
        }
        // 30, 59.9, 60 and 61; the one at 0 is a whole minute before the one at 60.
        assert_eq!(audit.summary().most_in_a_minute, 4);
    }

    #[test]
    fn concurrency_counts_calls_until_their_end() {
        let audit = Audit::default();
        let one = audit.arrived(call("a", 0.0));
        let two = audit.arrived(call("b", 0.0));
        audit.ended(one, Duration::from_secs(1));
        audit.answered(two, 503);
        audit.arrived(call("c", 2.0));
        let summary = audit.summary();
        assert_eq!((summary.running, summary.most_concurrent, summary.calls), (2, 2, 3));
        let calls = audit.calls();
        assert_eq!((calls[0].ended, calls[1].status), (Some(Duration::from_secs(1)), Some(503)));
    }

    #[test]
    fn memory_is_bounded_but_the_sums_go_on() {
        let audit = Audit::default();
        let mut last = 0;
        for index in 0..KEPT_CALLS + 10 {
            last = audit.arrived(call("a", index as f64));
        }
        audit.answered(last, 200);
        audit.answered(0, 500);
        let calls = audit.calls();
        assert_eq!((calls.len(), audit.summary().calls), (KEPT_CALLS, KEPT_CALLS as u64 + 10));
        assert_eq!((calls[0].status, calls[KEPT_CALLS - 1].status), (None, Some(200)));
        audit.clear();
        assert!(audit.calls().is_empty());
        assert_eq!(audit.summary().calls, 0);
    }

    #[test]
    fn violations_are_listed() {
        let audit = Audit::default();
        audit.arrived(Call { violation: Some("changes something"), ..call("clear_check?checkid=1", 0.0) });
        audit.arrived(call("list_clients", 0.0));
        assert_eq!(audit.violations().len(), 1);
        assert_eq!(audit.violations()[0].target, "clear_check");
        assert_eq!(audit.user_agents().len(), 1);
    }
}
