//! Switching calls off that the key may not make, and on again.

use std::collections::BTreeSet;

use crate::clock::Moment;
use crate::planner::refusals::{Planned, Refused};
use crate::planner::schedule::probe_pause;
use crate::planner::slots::{Flight, Id};
use crate::planner::steady::Steady;
use crate::planner::{Finish, Outcome, Planner, ReadCall, Switched};

impl<C: ReadCall> Planner<C> {
    /// Draws the conclusion for the name of a call that just ended. `worked_before`: it brought data before, and had not
    /// failed since.
    pub(super) fn judge(
        &mut self,
        id: Id,
        flight: Flight,
        worked_before: bool,
        result: Finish,
        now: Moment,
    ) -> Option<Switched> {
        let at = Steady::of(now);
        let slot = self.slots.at(id)?;
        let name = slot.name;
        match result {
            Finish::Ok => {
                let is_on = self.refusals.succeeded(name, flight.started);
                is_on.then(|| {
                    self.switch(name, false, now);
                    Switched::On
                })
            }
            Finish::Failed { outcome: Outcome::Forbidden, .. } => {
                let pause = probe_pause(slot.interval, self.limits.min_interval);
                let refused = Refused { worked_before, pause, started: flight.started };
                let of_name = || self.slots.iter().filter(|slot| slot.planned && slot.name == name);
                let planned = || Planned {
                    alone: of_name().take(2).count() <= 1,
                    all_refused: of_name().all(|slot| slot.refused),
                };
                if !self.refusals.refused(name, refused, planned, at) {
                    return None;
                }
                let collectors = self.switch(name, true, now).into_iter().collect();
                let until = self.refusals.off_until(name).unwrap_or(at).wall(now);
                Some(Switched::Off { collectors, until })
            }
            // The platform may look for the object before it looks at the key's rights, or the other way round.
            Finish::Gone | Finish::Failed { .. } => None,
        }
    }

    /// Marks all planned calls of a name; says whose they are. Those that waited while it was off are due now, and no longer
    /// overdue: it was not the budget that held them up.
    pub(super) fn switch(
        &mut self,
        name: &'static str,
        off: bool,
        now: Moment,
    ) -> BTreeSet<crate::collector::Collector> {
        let at = Steady::of(now);
        let mut collectors = BTreeSet::new();
        for (id, slot) in self.slots.iter_mut().filter(|(_, slot)| slot.planned && slot.name == name) {
            collectors.insert(slot.collector);
            let before = slot.standing();
            slot.off = off;
            self.sweeps.change(slot.collector, (before, slot.standing()), now);
            if !off && slot.flight.is_none() && (slot.due <= at || slot.refused) {
                self.queue.remove(id, slot);
                slot.due = slot.floor(self.limits.min_interval).map_or(at, |floor| floor.max(at));
                self.queue.insert(id, slot, at);
            }
        }
        collectors
    }
}
