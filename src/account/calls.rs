//! Calls: how one starts, and what becomes of its answer or its failure.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{Id, JoinError};
use tokio::time::Instant;

use super::{Account, without_holding_a_worker};
use crate::clock::Moment;
use crate::metrics::CallError;
use crate::planner::{Finish, Next, Outcome, ReadCall, Start};
use crate::platform::{Answer, Failure, Platform};

/// After so many failures in a row the call that decides whether the platform is up is made soon.
const OUTAGE_FAILURES: u32 = 3;
/// Taking in an answer of this many bytes can take long.
const LARGE_ANSWER: u64 = 256 * 1024;

/// A call that has ended.
pub(super) struct Finished<C> {
    call: C,
    began: Moment,
    /// Without the time in which the machine slept.
    took: Duration,
    result: Result<Answer, Failure>,
}

impl<P: Platform> Account<P> {
    pub(super) fn start_calls(&mut self, now: Moment) -> Option<Duration> {
        loop {
            match self.planner.next(now) {
                Next::Start(start) => self.start(start),
                Next::Wait(until) => return until,
            }
        }
    }

    fn start(&mut self, Start { call, collector, permit, recorded }: Start<P::Call>) {
        self.journal.started(&call);
        // A probe moves a pause ahead, which the next process must know if this one ends before the answer.
        let remembered = self.remember(self.clock.now());
        let (platform, clock) = (Arc::clone(&self.platform), Arc::clone(&self.clock));
        let reading = call.clone();
        let task = self.calls.spawn(async move {
            recorded.wait().await;
            remembered.wait().await;
            let (began, start) = (clock.now(), Instant::now());
            let result = platform.read(&reading, permit).await;
            Finished { call: reading, began, took: start.elapsed(), result }
        });
        self.calls_by_task.insert(task.id(), (call, collector));
        self.changed(self.clock.now());
    }

    pub(super) fn finish(&mut self, result: Result<(Id, Finished<P::Call>), JoinError>) {
        let task = result.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
        let Some((call, collector)) = self.calls_by_task.remove(&task) else { return };
        let now = self.clock.now();
        let finished = match result {
            Ok((_, finished)) => finished,
            Err(error) => Finished { call, began: now, took: Duration::ZERO, result: Err(defect(&error)) },
        };
        let Finished { call, began, took, result } = finished;
        let result = result.map_err(|failure| self.doubted(failure));
        let incomplete = result.as_ref().is_ok_and(|answer| answer.incomplete);
        let good = if incomplete { Outcome::InvalidResponse } else { Outcome::Ok };
        let outcome = result.as_ref().map_or_else(|failure| failure.outcome, |_| good);
        let effect = result.as_ref().map_or_else(Failure::effect, |_| Outcome::Ok);
        let bytes = result.as_ref().map_or_else(|failure| failure.bytes, |answer| answer.bytes);
        self.metrics.observe(call.name(), outcome, took, bytes);
        self.journal.finished(&call, took, &result);
        if incomplete {
            self.incomplete.insert(call.clone(), collector);
        } else {
            self.incomplete.remove(&call);
        }
        if incomplete || result.as_ref().is_err_and(|failure| failure.gone.is_none()) {
            self.errors.insert(collector, CallError { call: call.name(), outcome, at: now.wall });
        }
        let (is_up_call, is_good) = (call == self.platform.up_call(), result.is_ok());
        if is_up_call {
            self.up = Some(is_good);
            self.was_up |= is_good;
        }
        let (finish, reason) = match result {
            Ok(answer) => {
                if now.slept_since(began, took) {
                    // It may have changed meanwhile.
                    self.planner.hurry(&call, now);
                }
                self.apply(answer, now.of_answer(began, took), now);
                (Finish::Ok, String::new())
            }
            Err(failure) => (self.fail(&failure, now), failure.message),
        };
        if is_up_call {
            self.settle_denials(is_good, began.steady, now);
        }
        // Before the planner is told: calls may join the run that this one would end.
        if self.platform.plan_changed() {
            self.plan_soon(now);
        }
        if let Some(switched) = self.planner.finish(&call, finish, now) {
            self.journal.switched(&call, &switched, &reason);
        }
        let _ = self.remember(now);
        match effect {
            Outcome::Ok => self.failed_in_row = 0,
            Outcome::Forbidden | Outcome::ApiError => {}
            _ => self.failed_in_row = self.failed_in_row.saturating_add(1),
        }
        // An outage must not hide behind the interval of the call that tells whether the platform is up.
        if self.up == Some(true) && (self.failed_in_row >= OUTAGE_FAILURES || self.planner.is_pausing(now)) {
            self.planner.hurry(&self.platform.up_call(), now);
        }
        // Nor behind the pause: whatever call was refused, the one that tells cannot be made.
        if self.planner.is_key_refused() {
            self.up = Some(false);
        }
        self.changed(now);
    }

    /// Takes in an answer that is true of that time.
    fn apply(&mut self, answer: Answer, at: Timestamp, now: Moment) {
        let mut hurry = Vec::new();
        let mut objects = false;
        let apply = || {
            let mut fleet = self.fleet();
            let stored = fleet.without_unmapped_fields(&answer.updates);
            let prepared = self.recorder.prepare(stored.as_deref().unwrap_or(&answer.updates));
            for update in answer.updates {
                let changed = fleet.apply(update, at);
                objects |= changed.objects;
                hurry.extend(changed.hurry);
            }
            self.recorder.answered(prepared, fleet.revision(), at);
        };
        // Nearly every answer is small, and making way for each would start threads without end.
        if answer.bytes > LARGE_ANSWER || self.fleet.try_lock().is_err() {
            without_holding_a_worker(apply);
        } else {
            apply();
        }
        for call in hurry.iter().filter_map(|device| self.platform.checks_call(device)) {
            self.planner.hurry(&call, now);
        }
        if objects {
            self.plan_soon(now);
        }
        self.render_soon(now);
    }

    fn fail(&mut self, failure: &Failure, now: Moment) -> Finish {
        if failure.effect() == Outcome::AuthError {
            self.read_key();
        }
        if let Some(gone) = &failure.gone {
            self.denied(gone, now);
            return Finish::Gone;
        }
        Finish::Failed { outcome: failure.effect(), retry_after: failure.retry_after }
    }
}

fn defect(error: &JoinError) -> Failure {
    Failure {
        outcome: Outcome::InvalidResponse,
        gone: None,
        retry_after: None,
        message: if error.is_panic() { "a defect of the exporter: reading the answer panicked" } else { "given up" }
            .to_owned(),
        bytes: 0,
        spares_key: false,
    }
}
