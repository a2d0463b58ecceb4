//! One full collection, for `rmm-exporter collect`.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Account;
use crate::collector::Collector;
use crate::platform::Platform;

/// Longer than any wait for the budget (a minute): who waits longer waits for a failing server.
const PATIENCE: Duration = Duration::from_secs(65);

/// How far a collection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Calls made.
    pub done: u64,
    /// Calls planned so far; grows while the inventory is read.
    pub planned: u64,
}

/// What became of one collector of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepResult {
    /// The account.
    pub account: String,
    /// The collector.
    pub collector: Collector,
    /// Calls planned.
    pub targets: u64,
    /// Calls that failed, or were never made.
    pub missed: u64,
}

impl<P: Platform> Account<P> {
    /// Calls everything once, then publishes. Gives up when the key is refused or the server does not let it go on.
    pub async fn run_once(mut self, shutdown: CancellationToken, progress: impl Fn(Progress)) -> Vec<SweepResult> {
        let mut idle_since = self.clock.now().steady;
        let mut done_before = 0;
        let mut is_told = false;
        loop {
            let wake = self.step();
            let now = self.clock.now();
            let status = self.planner.status(now, |_| Duration::MAX);
            let done: u64 = status.collectors.values().map(|collector| collector.attempted).sum();
            let planned = status.collectors.values().map(|collector| collector.targets).sum();
            progress(Progress { done, planned });
            let inventory = status.collectors.get(&Collector::Inventory);
            if !is_told && self.plan_due.is_none() && inventory.is_some_and(|inventory| inventory.sweeps > 0) {
                is_told = true;
                self.journal.to_collect(planned.saturating_sub(done), self.config.requests_per_minute);
            }
            if done != done_before || status.in_flight > 0 {
                (done_before, idle_since) = (done, now.steady);
            }
            // What the key may not read is not waited for; it counts as missed.
            let refused: u64 = status.collectors.values().map(|collector| collector.refused).sum();
            let complete = done + refused == planned && planned > 0 && status.in_flight == 0 && self.plan_due.is_none();
            let stuck = now.steady.saturating_sub(idle_since) > PATIENCE;
            if complete || stuck || self.journal.key_refused() {
                break;
            }
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = self.wait(wake) => {}
            }
        }
        self.calls.shutdown().await;
        while let Some(result) = self.renders.join_next().await {
            self.rendered(result);
        }
        let now = self.clock.now();
        self.render(now);
        while let Some(result) = self.renders.join_next().await {
            self.rendered(result);
        }
        self.report(now);
        self.results(now)
    }

    fn results(&self, now: crate::clock::Moment) -> Vec<SweepResult> {
        let status = self.planner.status(now, |_| Duration::MAX);
        let result = |collector: &Collector| {
            let state = status.collectors.get(collector).cloned().unwrap_or_default();
            SweepResult {
                account: self.config.name.clone(),
                collector: *collector,
                targets: state.targets,
                missed: state.failed + (state.targets - state.attempted.min(state.targets)),
            }
        };
        self.config.collectors.keys().map(result).collect()
    }
}
