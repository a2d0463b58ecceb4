//! One account at work: asks the planner what may be called, calls it, gives the answers to the fleet, and publishes what
//! is true.

mod any;
mod journal;
mod key;
mod once;
mod options;
mod pace;
mod remember;
mod report;
mod secrets;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::RuntimeFlavor;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Moment};
use crate::collector::Collector;
use crate::config::{AccountConfig, Needs};
use crate::fleet::Fleet;
use crate::metrics::{AccountMetrics, Publisher};
use crate::planner::{Entry, Finish, Ledger, Memory, Next, Outcome, Planner, ReadCall, Start};
use crate::platform::{Answer, Failure, Platform};
use crate::state::{Kept, KeptLedger, Recorder};

pub use any::{AnyAccount, ReadyAccount};
use journal::Journal;
pub use once::{Progress, SweepResult};
pub use options::{fleet_options, limits, stale_after};
pub use report::setup;
use secrets::Orders;
pub use secrets::Secrets;

/// The loop looks up at least this often, so that a machine that slept notices what is due.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// After a rendering that broke off the next one is tried.
const RETRY_RENDER: Duration = Duration::from_secs(30);
/// Changes within this time share one rendering.
const RENDER_DELAY: Duration = Duration::from_millis(200);
/// Rendering may take at most this share of the time (one part in N).
const RENDER_SHARE: u32 = 10;
/// Planning may take at most this share of the time (one part in N).
const PLAN_SHARE: u32 = 20;
/// After so many failures in a row the call that decides whether the platform is up is made soon.
const OUTAGE_FAILURES: u32 = 3;
/// Taking in an answer of this many bytes can take long.
const LARGE_ANSWER: u64 = 256 * 1024;
/// A key that is refused is tried again for a reload at most so often, while it is the same.
const FORGIVE: Duration = Duration::from_mins(15);
/// How often the account's state is published while it changes.
const REPORT_INTERVAL: Duration = Duration::from_millis(250);

/// One account and everything that works for it.
pub struct Account<P: Platform> {
    config: AccountConfig,
    needs: Needs,
    platform: Arc<P>,
    planner: Planner<P::Call>,
    /// What its successor goes on with.
    kept: Kept,
    fleet: Arc<Mutex<Fleet>>,
    recorder: Recorder,
    /// The pauses that were written down last.
    remembered: Memory,
    /// When a reload last made it try its key again.
    forgiven: Option<Duration>,
    /// Word that the secrets are to be read again.
    orders: Orders,
    /// It began with the fleet of an earlier process or configuration.
    is_restored: bool,
    publisher: Arc<Publisher>,
    metrics: Arc<AccountMetrics>,
    clock: Arc<dyn Clock>,
    journal: Journal<P::Call>,
    /// How long the data of each collector are good now.
    stale_after: BTreeMap<Collector, Duration>,
    calls: JoinSet<Finished<P::Call>>,
    calls_by_task: HashMap<Id, P::Call>,
    renders: JoinSet<Option<Timestamp>>,
    /// The key is being read again; says whether it changed.
    key_reads: JoinSet<bool>,
    /// Whether the last finished attempt of the deciding call succeeded; `None` before the first.
    up: Option<bool>,
    was_up: bool,
    /// Calls that failed in a row, refusals of a platform that is well left out.
    failed_in_row: u32,
    plan_due: Option<Duration>,
    render_due: Option<Duration>,
    report_due: Option<Duration>,
    key_due: Option<Duration>,
    /// When the next part of what is published goes stale.
    valid_until: Option<Timestamp>,
    render_took: Duration,
    render_began: Duration,
}

struct Finished<C> {
    call: C,
    took: Duration,
    result: Result<Answer, Failure>,
}

impl<P: Platform> Account<P> {
    /// An account that goes on with what was kept: what is known is published at once, with its true age, and nothing is called
    /// early.
    pub fn new(
        config: AccountConfig,
        platform: P,
        kept: Kept,
        publisher: Arc<Publisher>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Self {
        let now = clock.now();
        let metrics = publisher.metrics(&config.name).unwrap_or_default();
        let ledger = KeptLedger::of(&kept);
        let is_restored = !lock(&kept.fleet).is_empty();
        let up_before = ledger.last(&platform.up_call().identity()).filter(|_| is_restored);
        let needs = config.needs();
        let journal = Journal::new(&config.name);
        journal.idle(needs.idle());
        let pauses = kept.pauses.clone();
        let mut account = Self {
            stale_after: stale_after::<P::Call>(&config, &[]),
            needs,
            journal,
            platform: Arc::new(platform),
            planner: Planner::new(limits(&config), Box::new(ledger), seed, now),
            fleet: Arc::clone(&kept.fleet),
            recorder: kept.recorder.clone(),
            remembered: Memory::default(),
            forgiven: None,
            kept,
            orders: Orders::new(),
            is_restored,
            publisher,
            metrics,
            clock,
            calls: JoinSet::new(),
            calls_by_task: HashMap::new(),
            renders: JoinSet::new(),
            key_reads: JoinSet::new(),
            up: None,
            was_up: is_restored,
            failed_in_row: 0,
            plan_due: Some(now.steady),
            render_due: Some(now.steady),
            report_due: Some(now.steady),
            key_due: None,
            valid_until: None,
            render_took: Duration::ZERO,
            render_began: now.steady,
            config,
        };
        account.recall(&pauses, now);
        if is_restored {
            account.restore(up_before, now);
        }
        account
    }

    /// Publishes what is known before anything is asked, so that a restart leaves no gap.
    fn restore(&mut self, up_before: Option<Entry>, now: Moment) {
        // An answer of long ago does not say that the platform is up now.
        let good_for = self.stale_after.get(&Collector::Inventory).copied().unwrap_or_default();
        let is_recent = |end: &Timestamp| now.wall < end.saturating_add(good_for).unwrap_or(Timestamp::MAX);
        self.up = match up_before {
            _ if self.planner.is_key_refused() => Some(false),
            Some(Entry { failed: true, ended: Some(ended), .. }) if is_recent(&ended) => Some(false),
            // Of a call that was given up, the one before tells.
            Some(Entry { failed: false, succeeded: Some(succeeded), .. }) if is_recent(&succeeded) => Some(true),
            // After a reload, what the predecessor said is still what is known.
            _ => self.was_published_up().then_some(true),
        };
        self.plan(now);
        let view = self.fleet().current(now.wall);
        self.valid_until = view.valid_until;
        self.journal.restored(&view);
        self.publisher.publish_fleet(&self.config.name, &Arc::new(view));
        self.render_due = None;
        self.report(now);
    }

    /// Whether a predecessor of the same name was up, and nothing was published since.
    fn was_published_up(&self) -> bool {
        self.publisher.snapshot().account(&self.config.name).is_some_and(|account| account.status().up)
    }

    /// Works until `shutdown`. Calls under way are then given up: in the ledger they stay without end. Gives back what a successor
    /// goes on with; nothing changes that any more, and nothing is published.
    pub async fn run(mut self, shutdown: CancellationToken) -> Kept {
        loop {
            let wake = self.step();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = self.wait(wake) => {}
            }
        }
        self.calls.shutdown().await;
        // A key file on a mount that hangs is not waited for.
        self.key_reads.detach_all();
        // Before the rendering, which cannot be interrupted and may take longer than there is time.
        self.recorder.flush().await;
        self.renders.shutdown().await;
        self.kept
    }

    /// Makes the account read its secrets again while it works.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        self.orders.secrets()
    }

    /// What is known may be another account's, because the key is another one: the list that tells what there is goes first.
    pub fn ask_what_there_is(&mut self) {
        let now = self.clock.now();
        self.planner.hurry(&self.platform.up_call(), now);
    }

    /// Reads the key again, and every other secret, as somebody asked: then a refused key is worth another try, even if it is
    /// the same; but that not more often than by itself, for anybody may ask for reloads.
    pub fn reload_secrets(&mut self) {
        let is_new = without_holding_a_worker(|| self.platform.reload_key());
        if is_new {
            self.ask_what_there_is();
        }
        let now = self.clock.now();
        let is_forgiven = self.forgiven.is_none_or(|then| now.steady.saturating_sub(then) >= FORGIVE);
        if is_new || is_forgiven {
            self.forgiven = Some(now.steady);
            self.planner.key_changed(now);
            let _ = self.remember(now);
        }
    }

    /// Does everything that is due now, and tells when to look again.
    fn step(&mut self) -> Duration {
        let now = self.clock.now();
        if self.plan_due.is_some_and(|due| due <= now.steady) {
            self.plan(now);
        }
        let next_call = self.start_calls(now);
        if self.valid_until.is_some_and(|until| until <= now.wall) {
            self.valid_until = None;
            self.render_due.get_or_insert(now.steady);
        }
        if self.render_due.is_some_and(|due| due <= now.steady) && self.renders.is_empty() {
            self.render(now);
        }
        if self.report_due.is_some_and(|due| due <= now.steady) {
            self.report(now);
        }
        self.look_for_key(now);
        let expiry = self.valid_until.map(|until| now.steady + until_of(now.wall, until));
        let render = self.render_due.filter(|_| self.renders.is_empty());
        let wakes = [self.plan_due, next_call, expiry, render, self.report_due, self.key_due];
        let wake = wakes.into_iter().flatten().min().unwrap_or(Duration::MAX);
        wake.saturating_sub(now.steady).min(LONGEST_SLEEP)
    }

    /// Waits for a call, a rendering or the reading of the key to finish, at most `wake`.
    async fn wait(&mut self, wake: Duration) {
        tokio::select! {
            Some(result) = self.calls.join_next_with_id() => self.finish(result),
            Some(result) = self.renders.join_next() => self.rendered(result),
            Some(result) = self.key_reads.join_next() => self.key_read(&result),
            done = self.orders.next() => {
                self.reload_secrets();
                done.tell();
            }
            () = tokio::time::sleep(wake) => {}
        }
    }

    fn plan(&mut self, now: Moment) {
        let known = without_holding_a_worker(|| {
            let mut fleet = self.fleet();
            fleet.prune(now.wall);
            let known = fleet.known();
            drop(fleet);
            let mut wants = self.platform.wants(&known);
            wants.retain(|want| self.needs.asks(want.collector, want.call.name()));
            self.journal.wanted(&wants);
            self.stale_after = stale_after(&self.config, &wants);
            self.fleet().keep_for(self.stale_after.clone());
            self.planner.plan(wants, now);
            known
        });
        self.plan_due = None;
        self.journal.planned(&known, self.clock.now().steady.saturating_sub(now.steady));
        self.changed(now);
    }

    fn start_calls(&mut self, now: Moment) -> Option<Duration> {
        loop {
            match self.planner.next(now) {
                Next::Start(start) => self.start(start),
                Next::Wait(until) => return until,
            }
        }
    }

    fn start(&mut self, Start { call, permit, recorded, .. }: Start<P::Call>) {
        self.journal.started(&call);
        // A probe moves a pause ahead, which the next process must know if this one ends before the answer.
        let remembered = self.remember(self.clock.now());
        let (platform, clock) = (Arc::clone(&self.platform), Arc::clone(&self.clock));
        let reading = call.clone();
        let task = self.calls.spawn(async move {
            recorded.wait().await;
            remembered.wait().await;
            let began = clock.now().steady;
            let result = platform.read(&reading, permit).await;
            Finished { call: reading, took: clock.now().steady.saturating_sub(began), result }
        });
        self.calls_by_task.insert(task.id(), call);
        self.changed(self.clock.now());
    }

    fn finish(&mut self, result: Result<(Id, Finished<P::Call>), JoinError>) {
        let finished = match result {
            Ok((task, finished)) => {
                self.calls_by_task.remove(&task);
                finished
            }
            Err(error) => match self.calls_by_task.remove(&error.id()) {
                Some(call) => Finished { call, took: Duration::ZERO, result: Err(defect(&error)) },
                None => return,
            },
        };
        let now = self.clock.now();
        let Finished { call, took, result } = finished;
        let outcome = result.as_ref().map_or_else(|failure| failure.outcome, |_| Outcome::Ok);
        let effect = result.as_ref().map_or_else(Failure::effect, |_| Outcome::Ok);
        let bytes = result.as_ref().map_or_else(|failure| failure.bytes, |answer| answer.bytes);
        self.metrics.observe(call.name(), outcome, took, bytes);
        self.journal.finished(&call, took, &result);
        if call == self.platform.up_call() {
            self.up = Some(result.is_ok());
            self.was_up |= result.is_ok();
        }
        let (finish, reason) = match result {
            Ok(answer) => {
                self.apply(answer, now);
                (Finish::Ok, String::new())
            }
            Err(failure) => (self.fail(&failure, now), failure.message),
        };
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

    fn apply(&mut self, answer: Answer, now: Moment) {
        let mut hurry = Vec::new();
        let mut objects = false;
        let apply = || {
            let mut fleet = self.fleet();
            let stored = fleet.without_unmapped_fields(&answer.updates);
            let prepared = self.recorder.prepare(stored.as_deref().unwrap_or(&answer.updates));
            for update in answer.updates {
                let changed = fleet.apply(update, now.wall);
                objects |= changed.objects;
                hurry.extend(changed.hurry);
            }
            self.recorder.answered(prepared, fleet.revision(), now.wall);
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
            without_holding_a_worker(|| {
                let mut fleet = self.fleet();
                fleet.forget(gone, now.wall);
                self.recorder.gone(gone, fleet.revision(), now.wall);
            });
            self.plan_soon(now);
            self.render_soon(now);
            return Finish::Gone;
        }
        Finish::Failed { outcome: failure.effect(), retry_after: failure.retry_after }
    }

    fn plan_soon(&mut self, now: Moment) {
        self.planner.expect_plan();
        // A first inventory changes the plan with every answer; planning must not take all the time.
        let not_before = self.journal.last_plan_took() * PLAN_SHARE;
        self.plan_due.get_or_insert(now.steady + not_before);
    }

    fn render_soon(&mut self, now: Moment) {
        let rested = self.render_began + self.render_took * RENDER_SHARE;
        self.render_due.get_or_insert((now.steady + RENDER_DELAY).max(rested));
    }

    fn changed(&mut self, now: Moment) {
        let soon = now.steady + REPORT_INTERVAL;
        self.report_due = Some(self.report_due.map_or(soon, |due| due.min(soon)));
    }

    /// Renders off the runtime's own threads: at 50,000 devices it takes seconds.
    fn render(&mut self, now: Moment) {
        self.render_due = None;
        self.render_began = now.steady;
        let (fleet, publisher) = (Arc::clone(&self.fleet), Arc::clone(&self.publisher));
        let account = self.config.name.clone();
        self.renders.spawn_blocking(move || {
            let view = lock(&fleet).current(now.wall);
            let valid_until = view.valid_until;
            publisher.publish_fleet(&account, &Arc::new(view));
            valid_until
        });
    }

    fn rendered(&mut self, result: Result<Option<Timestamp>, JoinError>) {
        let now = self.clock.now();
        self.render_took = now.steady.saturating_sub(self.render_began);
        match result {
            Ok(valid_until) => self.valid_until = valid_until,
            Err(error) => {
                self.journal.render_failed(&error);
                // What is published must not outlive its time.
                self.render_due = Some(now.steady + RETRY_RENDER);
            }
        }
    }

    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        lock(&self.fleet)
    }
}

/// Does what can take long in a large fleet, or wait for a rendering, while other tasks of this thread go on elsewhere.
/// (On a runtime with one thread, as in tests, there is no elsewhere.)
pub(crate) fn without_holding_a_worker<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// A panic while the lock was held leaves a fleet that is still whole: every update replaces one part.
fn lock(fleet: &Mutex<Fleet>) -> MutexGuard<'_, Fleet> {
    fleet.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long from `now` to `then`; a little more, so that what expires has expired.
fn until_of(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default() + Duration::from_millis(1)
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

#[cfg(test)]
mod tests;
