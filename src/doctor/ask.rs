//! Asks single questions within the account's own limits.

use std::sync::Arc;
use std::time::Duration;

use crate::account;
use crate::clock::{Clock, Moment};
use crate::collector::Collector;
use crate::config::AccountConfig;
use crate::planner::{Finish, Limits, MemoryLedger, Next, Planner, Priority, ReadCall, Start, Want};
use crate::platform::Failure;
use crate::platform::probe::{Probed, Prober};
use crate::platform::transport::RawAnswer;

/// Longer than any wait for the budget (a minute): who waits longer waits for a failing server.
const PATIENCE: Duration = Duration::from_secs(65);

/// Each question is asked once; the planner only wants to know how often it would be repeated.
const INTERVAL: Duration = Duration::from_hours(24);

/// Told the name of every call before it is made.
pub type Watcher = Arc<dyn Fn(&'static str) + Send + Sync>;

/// What became of a question.
#[derive(Debug)]
pub struct Asked {
    /// When it was asked.
    pub began: Moment,
    /// How long it took.
    pub took: Duration,
    /// The server's Date.
    pub date: Option<jiff::Timestamp>,
    /// The answer.
    pub result: Result<RawAnswer, Failure>,
}

/// Asks one account, one question after the other. A planner of its own says when, so that the account's budget and its
/// pauses hold here too.
pub struct Asker<P: Prober> {
    /// Who makes the requests.
    pub prober: P,
    planner: Planner<P::Call>,
    clock: Arc<dyn Clock>,
    watcher: Watcher,
    calls: u64,
}

impl<P: Prober> Asker<P> {
    /// One that has not asked anything yet.
    pub fn new(prober: P, config: &AccountConfig, clock: Arc<dyn Clock>, watcher: Watcher) -> Self {
        // Somebody waits for the answer, and one question at a time is enough.
        let limits = Limits { start_jitter: Duration::ZERO, max_concurrent: 1, ..account::limits(config) };
        let planner = Planner::new(limits, Box::new(MemoryLedger::default()), 0, clock.now());
        Self { prober, planner, clock, watcher, calls: 0 }
    }

    /// How many requests were made.
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// The time by the account's clock.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Asks as soon as the limits allow. `None` when that would take longer than a minute, as after a timeout of a server
    /// that goes on working, or when the server asked for a pause.
    pub async fn ask(&mut self, call: P::Call) -> Option<Asked> {
        let want = Want { call, collector: Collector::Inventory, interval: INTERVAL, priority: Priority::Failing };
        let asked = self.clock.now();
        self.planner.plan(vec![want], asked);
        let Start { call, permit, .. } = loop {
            let now = self.clock.now();
            match self.planner.next(now) {
                Next::Start(start) => break start,
                Next::Wait(until) => {
                    let until = until?;
                    if until.saturating_sub(asked.steady) > PATIENCE {
                        return None;
                    }
                    tokio::time::sleep(until.saturating_sub(now.steady)).await;
                }
            }
        };
        (self.watcher)(call.name());
        self.calls += 1;
        let began = self.clock.now();
        let Probed { date, result } = self.prober.ask(&call, permit).await;
        let ended = self.clock.now();
        let finish = match &result {
            Ok(_) => Finish::Ok,
            Err(failure) => Finish::Failed { outcome: failure.outcome, retry_after: failure.retry_after },
        };
        self.planner.finish(&call, finish, ended);
        Some(Asked { began, took: ended.steady.saturating_sub(began.steady), date, result })
    }
}
