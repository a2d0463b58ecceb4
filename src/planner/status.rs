//! What the planner tells of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Moment;
use crate::collector::Collector;
use crate::planner::steady::Steady;
use crate::planner::{BackoffReason, Planner, ReadCall};

/// The state of an account's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannerStatus {
    /// Calls that are due and wait for their turn.
    pub queue_length: u64,
    /// How late the most overdue call is; zero when none waits.
    pub oldest_due: Duration,
    /// Calls under way.
    pub in_flight: u64,
    /// Until when the account pauses because of failures; `None` while it does not.
    pub backoff_until: Option<Timestamp>,
    /// Why; `None` while it does not.
    pub backoff_reason: Option<BackoffReason>,
    /// Every collector that was planned since the planner was made, also those without calls by now.
    pub collectors: BTreeMap<Collector, CollectorStatus>,
}

/// The state of a collector's calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorStatus {
    /// No planned call failed at its last attempt, and the key may make them all; true with nothing to ask.
    pub success: bool,
    /// When the newest of its successful calls ended, also in an earlier process: how old its newest data are.
    pub last_success: Option<Timestamp>,
    /// How long the last finished run took.
    pub last_duration: Option<Duration>,
    /// Planned calls.
    pub targets: u64,
    /// Of those, how many have data younger than the limit asked for.
    pub fresh: u64,
    /// Of those, how many failed at their last attempt.
    pub failed: u64,
    /// Of those, how many were attempted since the planner was made.
    pub attempted: u64,
    /// Of those, how many were not, because the key may not make them.
    pub refused: u64,
    /// Planned calls that are switched off because the key may not make them, attempted before or not.
    pub off: u64,
    /// When the next of those is tried; `None` while none is off.
    pub off_until: Option<Timestamp>,
    /// Finished runs over all calls.
    pub sweeps: u64,
    /// When the next call is due; in the past when it waits for its turn.
    pub next_due: Option<Timestamp>,
}

impl Default for CollectorStatus {
    /// A collector with nothing to ask.
    fn default() -> Self {
        Self {
            success: true,
            last_success: None,
            last_duration: None,
            targets: 0,
            fresh: 0,
            failed: 0,
            attempted: 0,
            refused: 0,
            off: 0,
            off_until: None,
            sweeps: 0,
            next_due: None,
        }
    }
}

/// What is counted over all calls of a collector.
#[derive(Default)]
struct Count {
    stale_after: Duration,
    fresh: u64,
    refused: u64,
    off_until: Option<Steady>,
    next_due: Option<Steady>,
}

impl<C: ReadCall> Planner<C> {
    /// The state of the calls; `stale_after` says how long a collector's data are good. Looks at every call once.
    #[must_use]
    pub fn status(&self, now: Moment, stale_after: impl Fn(Collector) -> Duration) -> PlannerStatus {
        let at = self.reading(now);
        let mut counts: BTreeMap<Collector, Count> = BTreeMap::new();
        for (collector, _) in self.sweeps.iter() {
            counts.insert(collector, Count { stale_after: stale_after(collector), ..Count::default() });
        }
        let (mut queue_length, mut oldest) = (0, at);
        for slot in self.slots.iter().filter(|slot| slot.planned) {
            let Some(count) = counts.get_mut(&slot.collector) else { continue };
            let age = slot.last_success.map(|success| at.since(success).saturating_add(self.steps.since(success)));
            count.fresh += u64::from(age.is_some_and(|age| age < count.stale_after));
            count.refused += u64::from(slot.off && !slot.attempted);
            let off_until = if slot.off { self.refusals.off_until(slot.name) } else { None };
            count.off_until = [count.off_until, off_until].into_iter().flatten().min();
            if slot.flight.is_none() {
                let due = off_until.map_or(slot.due, |until| until.max(slot.due));
                count.next_due = Some(count.next_due.map_or(due, |next| next.min(due)));
                // What the key may not read waits for nobody's turn.
                if !slot.off {
                    queue_length += u64::from(slot.due <= at);
                    // While the machine slept nobody could make it.
                    oldest = oldest.min(slot.due.max(self.steps.woke()));
                }
            }
        }
        let collectors = self.sweeps.iter().map(|(collector, progress)| {
            let count = counts.remove(&collector).unwrap_or_default();
            let status = CollectorStatus {
                success: progress.failed == 0 && progress.off == 0,
                last_success: progress.last_success,
                last_duration: progress.last_duration,
                targets: progress.targets,
                fresh: count.fresh,
                failed: progress.failed,
                attempted: progress.attempted,
                refused: count.refused,
                off: progress.off,
                off_until: count.off_until.map(|until| until.wall(now)),
                sweeps: progress.finished,
                next_due: count.next_due.map(|due| due.wall(now)),
            };
            (collector, status)
        });
        PlannerStatus {
            collectors: collectors.collect(),
            queue_length,
            oldest_due: at.since(oldest),
            in_flight: u64::try_from(self.in_flight).unwrap_or(u64::MAX),
            backoff_until: self.backoff.account_until(at).map(|until| until.wall(now)),
            backoff_reason: self.backoff.account_reason(at),
        }
    }
}
