//! What the planner keeps to, and what it is told and tells.

use std::time::Duration;

use jiff::Timestamp;

use crate::collector::Collector;
use crate::planner::{Outcome, Permit, Recorded};

/// What an account may ask of its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Least time from the end of a call to the next start of the identical call: the floor.
    pub min_interval: Duration,
    /// Most calls in any rolling minute, as the server sees it: the budget.
    pub requests_per_minute: u32,
    /// Most calls under way at once, those that linger included.
    pub max_concurrent: usize,
    /// How long a call counts as still running after a client-side timeout: the server does not stop because the client
    /// gave up (Tactical RMM 300 s, N-sight 0).
    pub linger_after_timeout: Duration,
    /// Nothing starts for a random part of this time after the planner was made, so that many exporters that are
    /// restarted together do not call together.
    pub start_jitter: Duration,
}

impl Limits {
    /// How much of the budget is kept at most for [`Failing`](crate::planner::Priority::Failing) and
    /// [`Inventory`](crate::planner::Priority::Inventory) calls: a tenth, at least one where the budget is four or more.
    pub(super) fn reserve(&self) -> u32 {
        (self.requests_per_minute / 10).max(u32::from(self.requests_per_minute >= 4))
    }
}

/// A call to be made now.
#[derive(Debug)]
pub struct Start<C> {
    /// The call.
    pub call: C,
    /// Whose call it is.
    pub collector: Collector,
    /// The right to make it, once.
    pub permit: Permit,
    /// To be waited for before its request leaves.
    pub recorded: Recorded,
}

/// What to do next.
#[derive(Debug)]
pub enum Next<C> {
    /// Make this call, then ask again.
    Start(Start<C>),
    /// Nothing may start before this time of the steady clock. `None`: nothing to do until a call finishes, or the plan or
    /// the limits change.
    Wait(Option<Duration>),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// A good answer.
    Ok,
    /// The platform no longer knows what the call was for.
    Gone,
    /// No good answer.
    Failed {
        /// Why.
        outcome: Outcome,
        /// How long the server asked to be left alone; heeded with [`Outcome::Throttled`] where that is longer than the pause
        /// without it.
        retry_after: Option<Duration>,
    },
}

/// What the end of a call changed for all calls of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switched {
    /// The key may not make them: none is made but a probe now and then.
    Off {
        /// Whose calls they are.
        collectors: Vec<Collector>,
        /// When the first probe is made.
        until: Timestamp,
    },
    /// The probe succeeded: they are made again.
    On,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_a_tenth_and_at_least_one_from_a_budget_of_four() {
        let reserve = |requests_per_minute| {
            let none = Duration::ZERO;
            Limits {
                min_interval: none,
                requests_per_minute,
                max_concurrent: 1,
                linger_after_timeout: none,
                start_jitter: none,
            }
            .reserve()
        };
        assert_eq!([0, 1, 3, 4, 19, 20, 30, 60].map(reserve), [0, 0, 0, 1, 1, 2, 3, 6]);
    }
}
