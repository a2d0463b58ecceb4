//! What an account must not forget when its process ends: what pauses, what is switched off, and what the server may still be
//! working on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::planner::budget::Lingers;
use crate::planner::schedule::Pauses;
use crate::planner::steady::Steady;
use crate::planner::{Planner, ReadCall};

/// The pauses of an account, to be kept over a restart. All times are wall time, because they must mean something to another
/// process.
///
/// It does not hold what was called when: that is for the [`Ledger`](crate::planner::Ledger).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The key is not accepted. Stays when the pause is over, until a call shows that the key is accepted.
    pub key: Option<Paused>,
    /// The server asked to be left alone. Stays until a call succeeds.
    pub throttled: Option<Paused>,
    /// Calls of several names failed. Stays until a call succeeds.
    pub unreachable: Option<Paused>,
    /// One call at a time until one succeeds.
    pub careful: bool,
    /// The names of calls that failed again and again. Each stays until a call of the name succeeds.
    pub names: BTreeMap<String, Paused>,
    /// The names of calls that the key may not make.
    pub off: BTreeMap<String, SwitchedOff>,
    /// Calls that timed out, and that the server may still be working on.
    pub lingering: Vec<StillRunning>,
}

/// A pause after failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// When it was set.
    pub since: Timestamp,
    /// When it is over; may be past.
    pub until: Timestamp,
    /// How often it was set since it last helped.
    pub times: u32,
}

/// Calls of one name that the key may not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchedOff {
    /// When they were switched off.
    pub since: Timestamp,
    /// When the next probe is made; may be past.
    pub until: Timestamp,
    /// From one probe to the next.
    pub pause: Duration,
    /// One of them succeeded before.
    pub worked: bool,
}

/// A call that the server may still be working on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StillRunning {
    /// The name of the call.
    pub name: String,
    /// Until when it counts as running.
    pub until: Timestamp,
}

/// Both clocks read together: turns the times of a [`Memory`] into steady ones and back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    pub(super) tie: Moment,
    pub(super) now: Steady,
}

impl Clocks {
    /// What the wall clock says then.
    pub(super) fn wall(&self, at: Steady) -> Timestamp {
        at.wall(self.tie)
    }

    /// When something of the past was. A time in the future (the wall clock was set back) counts as now.
    pub(super) fn past(&self, wall: Timestamp) -> Steady {
        Steady::of_wall(wall, self.tie).min(self.now)
    }

    /// When something ends that does not last longer than `most`.
    pub(super) fn within(&self, until: Timestamp, most: Duration) -> Steady {
        Steady::of_wall(until, self.tie).min(self.now.plus(most))
    }

    /// When something ends that began at `since` and does not last longer than `most`. When it began in the future, it lasts
    /// as long from now as it did in all.
    pub(super) fn end(&self, (since, until): (Timestamp, Timestamp), most: Duration) -> Steady {
        let begin = Steady::of_wall(since, self.tie);
        let end = Steady::of_wall(until, self.tie);
        if begin > self.now { self.now.plus(end.since(begin).min(most)) } else { self.within(until, most) }
    }
}

impl<C: ReadCall> Planner<C> {
    /// What must outlive the process. It costs little; it is the same until something changes, apart from what ends by
    /// itself, or the wall clock is set.
    #[must_use]
    pub fn memory(&self, now: Moment) -> Memory {
        let clocks = self.clocks(now);
        let lingering = self.lingering.iter().filter(|call| call.until > clocks.now);
        let lingering =
            lingering.map(|call| StillRunning { name: call.name.clone(), until: clocks.wall(call.until) }).collect();
        let mut memory = Memory { off: self.refusals.remember(&clocks), lingering, ..Memory::default() };
        self.backoff.remember(&mut memory, &clocks);
        memory
    }

    /// Takes over what an earlier process left, in place of what pauses now; meant for a planner that has not called anything
    /// yet. What is over by now still makes careful: one call goes first.
    ///
    /// No time is believed that is further ahead than such a pause can last: the wall clock may have been set back.
    pub fn recall(&mut self, memory: &Memory, now: Moment) {
        let now = self.clock(now);
        let clocks = self.clocks(now);
        let pauses = Pauses::new(self.shortest, self.limits.min_interval, 0.0);
        self.backoff.recall(memory, pauses, &clocks);
        self.refusals.recall(&memory.off, &clocks);
        for call in &memory.lingering {
            let until = clocks.within(call.until, self.limits.linger_after_timeout);
            if until > clocks.now {
                self.lingering.add(Lingers { until, name: call.name.clone() });
            }
        }
        let planned = self.slots.iter().filter(|slot| slot.planned && !slot.off).map(|slot| slot.name);
        for name in planned.collect::<BTreeSet<_>>() {
            if self.refusals.off_until(name).is_some() {
                self.switch(name, true, now);
            }
        }
    }
}
