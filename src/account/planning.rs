//! What may be called, by what is known.

use std::collections::HashSet;

use super::options::stale_after;
use super::{Account, without_holding_a_worker};
use crate::clock::{Moment, processor_time};
use crate::planner::ReadCall;
use crate::platform::Platform;

/// Planning may take at most this share of a processor (one part in N).
const PLAN_SHARE: u32 = 20;

impl<P: Platform> Account<P> {
    pub(super) fn plan(&mut self, now: Moment) {
        let began = processor_time();
        let known = without_holding_a_worker(|| {
            let mut fleet = self.fleet();
            fleet.prune(now.wall);
            let known = fleet.known();
            drop(fleet);
            let mut wants = self.platform.wants(&known);
            wants.retain(|want| self.needs.asks(want.collector, want.call.name()));
            self.journal.wanted(&wants);
            if !self.incomplete.is_empty() {
                let wanted: HashSet<&P::Call> = wants.iter().map(|want| &want.call).collect();
                self.incomplete.retain(|call, _| wanted.contains(call));
            }
            self.stale_after = stale_after(&self.config, &wants);
            self.fleet().keep_for(self.stale_after.clone());
            self.planner.plan(wants, now);
            known
        });
        self.plan_due = None;
        self.journal.planned(&known, processor_time().saturating_sub(began));
        self.changed(now);
    }

    pub(super) fn plan_soon(&mut self, now: Moment) {
        self.planner.expect_plan();
        // A first inventory changes the plan with every answer; planning must not take all the time.
        let not_before = self.journal.last_plan_took() * PLAN_SHARE;
        self.plan_due.get_or_insert(now.steady + not_before);
    }
}
