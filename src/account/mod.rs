//! One account at work: asks the planner what may be called, calls it, gives the answers to the fleet, and publishes what
//! is true.

mod any;
mod calls;
mod denials;
mod journal;
mod key;
mod once;
mod options;
mod pace;
mod planning;
mod remember;
mod rendering;
mod report;
mod restoring;
mod secrets;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::RuntimeFlavor;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Moment};
use crate::collector::Collector;
use crate::config::{AccountConfig, Needs};
use crate::fleet::Fleet;
use crate::metrics::{AccountMetrics, CallError, Publisher};
use crate::planner::{Ledger, Memory, Planner, ReadCall};
use crate::platform::Platform;
use crate::state::{Kept, KeptLedger, Recorder};

pub use any::{AnyAccount, ReadyAccount};
use calls::Finished;
use denials::Denials;
use journal::Journal;
pub use once::{Progress, SweepResult};
pub use options::{fleet_options, limits, stale_after};
use rendering::Rendered;
pub use report::setup;
use secrets::Orders;
pub use secrets::Secrets;

/// The loop looks up at least this often: what waits does not see a machine sleep, nor its time of day change, and data that
/// are too old by then must not be shown.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
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
    calls_by_task: HashMap<Id, (P::Call, Collector)>,
    /// Calls whose newest answer had records that cannot be read.
    incomplete: HashMap<P::Call, Collector>,
    /// What the platform denied and may still have.
    denials: Denials,
    /// The newest failed call of each collector, mended since or not.
    errors: BTreeMap<Collector, CallError>,
    renders: JoinSet<Rendered>,
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
    render_began: Duration,
    /// Before that nothing is rendered again.
    render_rested: Duration,
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
            incomplete: HashMap::new(),
            denials: Denials::default(),
            errors: BTreeMap::new(),
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
            render_began: now.steady,
            render_rested: now.steady,
            config,
        };
        account.recall(&pauses, now);
        if is_restored {
            account.restore(up_before, now);
        }
        account
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

    /// Does everything that is due now, and tells when to look again.
    fn step(&mut self) -> Duration {
        let now = self.clock.now();
        if self.plan_due.is_some_and(|due| due <= now.steady) {
            self.plan(now);
        }
        let next_call = self.start_calls(now);
        if self.valid_until.is_some_and(|until| until <= now.wall) {
            self.valid_until = None;
            // What is stale is not shown until a pause is over.
            (self.render_due, self.render_rested) = (Some(now.steady), now.steady);
        }
        if self.next_render().is_some_and(|due| due <= now.steady) {
            self.render(now);
        }
        if self.report_due.is_some_and(|due| due <= now.steady) {
            self.report(now);
        }
        self.look_for_key(now);
        let expiry = self.valid_until.map(|until| now.steady + until_of(now.wall, until));
        let wakes = [self.plan_due, next_call, expiry, self.next_render(), self.report_due, self.key_due];
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
                let is_new = self.reload_secrets();
                done.tell(is_new);
            }
            () = tokio::time::sleep(wake) => {}
        }
    }

    fn changed(&mut self, now: Moment) {
        let soon = now.steady + REPORT_INTERVAL;
        self.report_due = Some(self.report_due.map_or(soon, |due| due.min(soon)));
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

#[cfg(test)]
mod tests;
