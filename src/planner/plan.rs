//! Taking a new plan: what joins, what leaves, what changes.

use std::time::Duration;

use rand::RngExt;

use crate::clock::Moment;
use crate::planner::schedule::{next_due, phase};
use crate::planner::slots::{Id, Slot};
use crate::planner::steady::Steady;
use crate::planner::{Planner, ReadCall, Want, ledger};

/// For so long a call that left the plan is remembered here. Later its floor is taken from the ledger, which has only wall
/// times.
const REMEMBER: Duration = Duration::from_hours(24);

impl<C: ReadCall> Planner<C> {
    /// Says that an answer changed what is wanted and that [`plan`](Self::plan) will follow: until then no run over a
    /// collector's calls counts as complete, since calls may join it. (The first client list is not the whole inventory.)
    pub fn expect_plan(&mut self) {
        self.sweeps.hold();
    }

    /// Replaces the plan. Calls that stay keep their due times, calls that come back keep their floor. Of identical wants the
    /// first counts.
    pub fn plan(&mut self, wants: Vec<Want<C>>, now: Moment) {
        let now = self.clock(now);
        self.generation += 1;
        self.shortest = wants.iter().map(|want| want.interval).min().unwrap_or(Duration::MAX);
        // Where no call takes the key, none can tell whether it is accepted.
        let takes_key = wants.iter().any(|want| want.call.takes_key());
        let keyless = wants.iter().filter(|want| takes_key && !want.call.takes_key()).map(|want| want.call.name());
        self.keyless = keyless.collect();
        for want in wants {
            self.take(want, now);
        }
        let left = self.slots.iter_mut().filter(|(_, slot)| slot.planned && slot.generation != self.generation);
        for id in left.map(|(id, _)| id).collect::<Vec<_>>() {
            self.withdraw(id, now);
        }
        self.sweeps.release(now);
        self.forget(now);
    }

    /// Takes one want into the plan.
    fn take(&mut self, want: Want<C>, now: Moment) {
        let identity = want.call.identity();
        let known = self.slots.find(&identity);
        let id = known.or_else(|| {
            let slot = self.load(&want, &identity, now);
            self.came += 1;
            self.slots.insert(&identity, slot)
        });
        let Some(id) = id else { return };
        let Some(slot) = self.slots.at_mut(id) else { return };
        if slot.generation == self.generation {
            return;
        }
        slot.generation = self.generation;
        slot.phase = phase(&identity, &want);
        slot.call = want.call;
        let same = (slot.collector, slot.interval, slot.priority) == (want.collector, want.interval, want.priority);
        if slot.planned && same {
            return;
        }
        if slot.planned {
            self.queue.remove(id, slot);
            self.sweeps.leave(slot.collector, slot.standing(), now);
        }
        let at = Steady::of(now);
        let due_already = slot.planned && slot.due <= at;
        slot.planned = true;
        slot.off = self.refusals.off_until(slot.name).is_some();
        (slot.collector, slot.interval, slot.priority) = (want.collector, want.interval, want.priority);
        let last_success = slot.last_success.map(|success| success.wall(now));
        self.sweeps.join(slot.collector, slot.standing(), last_success);
        if slot.flight.is_some() {
            return;
        }
        if !due_already {
            // However long ago it would have been due, it was not asked for before now.
            let due = next_due(slot, self.limits.min_interval, self.random.random(), now).unwrap_or(at);
            let floor = slot.floor(self.limits.min_interval).unwrap_or(at);
            slot.due = due.max(self.opening).max(at).max(floor);
        }
        self.queue.insert(id, slot, at);
    }

    /// A call that was not kept: as the ledger knows it.
    fn load(&self, want: &Want<C>, identity: &str, now: Moment) -> Slot<C> {
        let mut slot = Slot::new(want, identity, self.came, Steady::of(now));
        // What is not known to have been called may have been, until then.
        let gap = self.ledger.gap().map(|gap| Steady::of_past(gap, now));
        slot.latest_end = gap;
        if let Some(entry) = self.ledger.last(identity) {
            // The process may have died meanwhile; the call may have reached the server later than it started.
            let end = |now: Moment| match entry.ended {
                Some(ended) => Steady::of_past(ended, now),
                None => Steady::of_past(entry.started, now).plus(ledger::UNFINISHED),
            };
            slot.last_end = Some(end(now));
            // The wall clock may have been set since this process began, which makes what was before look older or younger.
            let latest_end = end(now).max(end(self.since_start(now)));
            slot.latest_end = gap.max(Some(latest_end));
            slot.last_success = entry.succeeded.map(|succeeded| Steady::of_past(succeeded, now));
            slot.failures = u32::from(entry.failed);
        }
        slot
    }

    /// Takes a call out of the plan. It is kept for its floor, and for its end if it is under way.
    pub(super) fn withdraw(&mut self, id: Id, now: Moment) {
        let Some(slot) = self.slots.at_mut(id) else { return };
        self.queue.remove(id, slot);
        slot.planned = false;
        slot.hurried = false;
        self.sweeps.leave(slot.collector, slot.standing(), now);
        slot.off = false;
    }

    /// Forgets calls that left the plan long ago, or never started.
    fn forget(&mut self, now: Moment) {
        let since = Steady::of(now).minus(REMEMBER.max(2 * self.limits.min_interval));
        self.slots.retain(|slot| slot.planned || slot.flight.is_some() || slot.last_end.is_some_and(|end| end > since));
    }
}
