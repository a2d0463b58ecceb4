//! When time went on without the exporter: the machine slept, stood still, or was told that it is later than it thought.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::SignedDuration;

use crate::clock::Moment;
use crate::planner::steady::Steady;

/// An account looks at its clocks every second. What lies between two looks that are further apart than this was a sleep.
const SLEEP: Duration = Duration::from_mins(1);
/// Corrections of the wall clock by less make no data old.
const LEAST_STEP: SignedDuration = SignedDuration::from_mins(1);
/// Steps that are remembered.
const KEPT: usize = 16;

/// What the clocks did.
#[derive(Debug)]
pub(super) struct Steps {
    /// The furthest that the wall clock was ahead of the steady one: a clock that is set back and forth steps once.
    ahead: SignedDuration,
    /// When the wall clock was set forward, and how far.
    forward: VecDeque<(Steady, Duration)>,
    woke: Steady,
}

impl Steps {
    pub(super) fn new(now: Moment) -> Self {
        Self { ahead: ahead(now), forward: VecDeque::new(), woke: Steady::of(now) }
    }

    /// Looks at both clocks; `before` is what the steady one said at the last look. Tells how far the wall clock was set forward
    /// since. On a machine that sleeps inside another one the steady clock sleeps too, so that this is all that shows of it.
    pub(super) fn look(&mut self, before: Duration, now: Moment) -> Option<Duration> {
        if now.steady.saturating_sub(before) > SLEEP {
            self.woke = Steady::of(now);
        }
        let step = ahead(now).saturating_sub(self.ahead);
        if step < LEAST_STEP {
            return None;
        }
        self.ahead = ahead(now);
        if self.forward.len() == KEPT {
            self.forward.pop_front();
        }
        self.forward.push_back((Steady::of(now), step.unsigned_abs()));
        Some(step.unsigned_abs())
    }

    /// When the machine last began to run again.
    pub(super) const fn woke(&self) -> Steady {
        self.woke
    }

    /// How much longer ago by the wall clock than by the steady one.
    pub(super) fn since(&self, then: Steady) -> Duration {
        self.forward.iter().filter(|(at, _)| then < *at).map(|(_, step)| *step).sum()
    }
}

fn ahead(now: Moment) -> SignedDuration {
    let steady = SignedDuration::try_from(now.steady).unwrap_or(SignedDuration::MAX);
    now.wall.as_duration().saturating_sub(steady)
}
