//! How many calls may run at once, and in a minute.

use std::collections::VecDeque;
use std::time::Duration;

use crate::planner::steady::{Gate, Steady};

/// The time in which calls are counted against the budget.
pub(super) const MINUTE: Duration = Duration::from_mins(1);

/// The calls that ended within the last minute.
///
/// A call counts from its start until a minute after its end, because it is not known when in between it reached the
/// server. So no rolling minute holds more than the budget, neither by the starts nor by the arrivals.
#[derive(Debug)]
pub(super) struct Budget {
    ended: VecDeque<Steady>,
}

impl Budget {
    /// With the calls that ended lately in an earlier process.
    pub(super) fn new(mut ended: Vec<Steady>) -> Self {
        ended.sort_unstable();
        Self { ended: ended.into() }
    }

    /// A call ended. Times do not go back.
    pub(super) fn ended(&mut self, at: Steady) {
        self.ended.push_back(at);
    }

    /// Forgets what no longer counts.
    pub(super) fn expire(&mut self, now: Steady) {
        while self.ended.front().is_some_and(|end| end.plus(MINUTE) <= now) {
            self.ended.pop_front();
        }
    }

    /// Whether one more call may start with `in_flight` under way, if `limit` may count at once.
    pub(super) fn gate(&self, in_flight: usize, limit: usize) -> Gate {
        let leaving = (in_flight + self.ended.len()).checked_sub(limit);
        leaving
            .map_or(Gate::Open, |index| self.ended.get(index).map_or(Gate::Event, |end| Gate::Until(end.plus(MINUTE))))
    }
}

/// A call that the server may still be working on.
#[derive(Clone, Debug)]
pub(super) struct Lingers {
    /// Until when it counts as running.
    pub(super) until: Steady,
    pub(super) name: String,
}

/// Calls that timed out, here or in an earlier process, and that the server may still be working on.
#[derive(Debug, Default)]
pub(super) struct Lingering {
    /// Ordered by time.
    calls: Vec<Lingers>,
}

impl Lingering {
    /// A call counts as running.
    pub(super) fn add(&mut self, call: Lingers) {
        let index = self.calls.partition_point(|other| other.until <= call.until);
        self.calls.insert(index, call);
    }

    /// Forgets what no longer runs.
    pub(super) fn expire(&mut self, now: Steady) {
        self.calls.retain(|call| call.until > now);
    }

    /// The calls, by time.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Lingers> {
        self.calls.iter()
    }

    /// Whether one more call may start with `in_flight` under way, if `limit` may run at once.
    pub(super) fn gate(&self, in_flight: usize, limit: usize) -> Gate {
        let leaving = (in_flight + self.calls.len()).checked_sub(limit);
        leaving.map_or(Gate::Open, |index| self.calls.get(index).map_or(Gate::Event, |call| Gate::Until(call.until)))
    }

    /// Until when no call of that name may start.
    pub(super) fn name_until(&self, name: &str) -> Option<Steady> {
        self.calls.iter().rev().find(|call| call.name == name).map(|call| call.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;

    fn second(second: u64) -> Steady {
        Steady::of(Moment { steady: Duration::from_secs(second), wall: jiff::Timestamp::UNIX_EPOCH })
    }

    #[test]
    fn a_call_counts_until_a_minute_after_its_end() {
        let mut budget = Budget::new(vec![]);
        assert_eq!(budget.gate(0, 2), Gate::Open);
        assert_eq!(budget.gate(2, 2), Gate::Event, "only the end of a call can change it");
        budget.ended(second(10));
        assert_eq!(budget.gate(0, 2), Gate::Open);
        assert_eq!(budget.gate(1, 2), Gate::Until(second(70)));
        budget.expire(second(69));
        assert_eq!(budget.gate(1, 2), Gate::Until(second(70)));
        budget.expire(second(70));
        assert_eq!(budget.gate(1, 2), Gate::Open);
    }

    #[test]
    fn over_the_budget_enough_calls_must_expire() {
        let budget = Budget::new(vec![second(30), second(10), second(20)]);
        assert_eq!(budget.gate(0, 3), Gate::Until(second(70)));
        assert_eq!(budget.gate(0, 1), Gate::Until(second(90)));
        assert_eq!(budget.gate(0, 0), Gate::Event, "no budget at all");
    }

    #[test]
    fn timed_out_calls_take_their_place_until_they_end() {
        let mut lingering = Lingering::default();
        for (name, until) in [("agents", 300), ("checks", 200)] {
            lingering.add(Lingers { until: second(until), name: name.to_owned() });
        }
        assert_eq!(lingering.gate(0, 3), Gate::Open);
        assert_eq!(lingering.gate(0, 2), Gate::Until(second(200)));
        assert_eq!(lingering.gate(1, 2), Gate::Until(second(300)));
        assert_eq!(lingering.gate(2, 2), Gate::Event);
        assert_eq!(lingering.name_until("agents"), Some(second(300)));
        assert_eq!(lingering.name_until("patches"), None);
        lingering.expire(second(200));
        assert_eq!(lingering.gate(0, 2), Gate::Open);
        assert_eq!(lingering.name_until("checks"), None);
    }
}
