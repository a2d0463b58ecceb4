//! How far each collector is: the runs over all its calls.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Moment;
use crate::collector::Collector;
use crate::planner::steady::Steady;

/// A run over all calls of a collector; unique among all collectors.
pub(super) type RunId = u64;

/// What of a call counts for its collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Its last attempt failed.
    pub(super) failed: bool,
    /// It was attempted in this process.
    pub(super) attempted: bool,
    /// The key may not make it: no run waits for it.
    pub(super) off: bool,
    /// The last run in which it was attempted.
    pub(super) run: Option<RunId>,
}

/// A run that is not over.
#[derive(Clone, Copy, Debug)]
struct Run {
    id: RunId,
    started: Steady,
    /// Planned calls not attempted in it yet.
    remaining: u64,
    /// Whether any attempt of it ended.
    any: bool,
}

/// The state of one collector.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) targets: u64,
    pub(super) failed: u64,
    pub(super) attempted: u64,
    /// Planned calls that are switched off.
    pub(super) off: u64,
    run: Option<Run>,
    pub(super) finished: u64,
    pub(super) last_duration: Option<Duration>,
    pub(super) last_success: Option<Timestamp>,
}

impl Progress {
    /// Counts a call in, or out.
    fn count(&mut self, call: Standing, step: fn(u64, u64) -> u64) {
        self.targets = step(self.targets, 1);
        self.failed = step(self.failed, u64::from(call.failed));
        self.attempted = step(self.attempted, u64::from(call.attempted));
        self.off = step(self.off, u64::from(call.off));
        if let Some(run) = &mut self.run
            && !call.off
            && call.run != Some(run.id)
        {
            run.remaining = step(run.remaining, 1);
        }
    }

    /// Ends the run when every planned call was attempted in it.
    fn settle(&mut self, now: Moment) {
        let Some(run) = self.run.take_if(|run| run.remaining == 0) else { return };
        // All its calls left the plan before one of them ended: nothing was read.
        if run.any {
            self.finished += 1;
            self.last_duration = Some(Steady::of(now).since(run.started));
        }
    }
}

/// The state of every collector that was ever planned.
#[derive(Debug, Default)]
pub(super) struct Sweeps {
    collectors: BTreeMap<Collector, Progress>,
    last_run: RunId,
    /// Runs stay open: calls are about to join them.
    held: bool,
}

impl Sweeps {
    /// A call that last succeeded then joins the plan, and the run if there is one.
    pub(super) fn join(&mut self, collector: Collector, call: Standing, last_success: Option<Timestamp>) {
        let progress = self.collectors.entry(collector).or_default();
        progress.count(call, u64::saturating_add);
        progress.last_success = progress.last_success.max(last_success);
    }

    /// A call leaves the plan.
    pub(super) fn leave(&mut self, collector: Collector, call: Standing, now: Moment) {
        let progress = self.collectors.entry(collector).or_default();
        progress.count(call, u64::saturating_sub);
        if !self.held {
            progress.settle(now);
        }
    }

    /// Keeps runs open until they are released.
    pub(super) fn hold(&mut self) {
        self.held = true;
    }

    /// Ends the runs that are complete, and lets later ones end as they complete.
    pub(super) fn release(&mut self, now: Moment) {
        self.held = false;
        for progress in self.collectors.values_mut() {
            progress.settle(now);
        }
    }

    /// What counts of a planned call changed, without an attempt.
    pub(super) fn change(&mut self, collector: Collector, (before, after): (Standing, Standing), now: Moment) {
        let progress = self.collectors.entry(collector).or_default();
        progress.count(before, u64::saturating_sub);
        progress.count(after, u64::saturating_add);
        if !self.held {
            progress.settle(now);
        }
    }

    /// A planned call starts; says in which run. A retry between two runs does not begin one, unless every call failed; nor
    /// does a call that is switched off.
    pub(super) fn start(&mut self, collector: Collector, call: Standing, now: Steady) -> Option<RunId> {
        let progress = self.collectors.entry(collector).or_default();
        if progress.run.is_none() && !call.off && (!call.failed || progress.failed == progress.targets) {
            self.last_run += 1;
            let remaining = progress.targets.saturating_sub(progress.off);
            progress.run = Some(Run { id: self.last_run, started: now, remaining, any: false });
        }
        progress.run.map(|run| run.id)
    }

    /// A planned call ended.
    pub(super) fn finish(
        &mut self,
        collector: Collector,
        (before, after): (Standing, Standing),
        succeeded: bool,
        now: Moment,
    ) {
        let progress = self.collectors.entry(collector).or_default();
        progress.count(before, u64::saturating_sub);
        progress.count(after, u64::saturating_add);
        if succeeded {
            // Not the later of two: the wall clock may have been set back in between.
            progress.last_success = Some(now.wall);
        }
        if let Some(run) = &mut progress.run {
            run.any |= after.run == Some(run.id);
        }
        if !self.held {
            progress.settle(now);
        }
    }

    /// The collectors.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Collector, &Progress)> {
        self.collectors.iter().map(|(collector, progress)| (*collector, progress))
    }
}
