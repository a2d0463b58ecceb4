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
        // Somebody waits for the answer.
        let limits = Limits { start_jitter: Duration::ZERO, ..account::limits(config) };
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
        let want = Want {
            call,
            collector: Collector::Inventory,
            interval: INTERVAL,
            priority: Priority::Failing,
            after: None,
        };
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
            Err(failure) => Finish::Failed { outcome: failure.effect(), retry_after: failure.retry_after },
        };
        self.planner.finish(&call, finish, ended);
        Some(Asked { began, took: ended.steady.saturating_sub(began.steady), date, result })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::TokioClock;
    use crate::config;
    use crate::planner::{Outcome, Permit};
    use crate::platform::tactical::Call;

    /// Answers at once; the alerts ask for a long pause.
    struct Quick;

    impl Prober for Quick {
        type Call = Call;

        async fn ask(&self, call: &Call, _permit: Permit) -> Probed {
            let body =
                RawAnswer { status: 200, content_type: String::new(), retry_after: None, date: None, body: vec![] };
            let result = match call {
                Call::Alerts => {
                    let retry_after = Some(Duration::from_mins(5));
                    let answer = RawAnswer { status: 429, retry_after, date: None, ..body };
                    let error = crate::platform::tactical::error::ApiError::of(call, &answer).expect("an error");
                    Err(error.into_failure(call, 0))
                }
                _ => Ok(body),
            };
            Probed { date: None, result }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn budget_and_pauses_hold() {
        let yaml =
            "accounts: [{name: t, platform: tactical, server: api.example.com, api_key: k, requests_per_minute: 2}]";
        let config = config::parse(yaml, std::path::Path::new("test"), &|_| None).expect("valid");
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at("2026-03-04T09:15:00Z".parse().expect("time")));
        let mut asker = Asker::new(Quick, &config.accounts[0], Arc::clone(&clock), Arc::new(|_| ()));
        let start = clock.now().steady;
        let mut times = Vec::new();
        for call in [Call::Version, Call::Clients, Call::AgentNames, Call::Alerts] {
            let answer = asker.ask(call).await.expect("asked");
            times.push(answer.began.steady.saturating_sub(start).as_secs());
        }
        assert!(times[1] < 1 && times[2] >= 60 && times[3] < 65, "{times:?}");
        assert_eq!(asker.calls(), 4);
        assert!(asker.ask(Call::CustomFields).await.is_none(), "a pause of minutes is not waited for");
        assert_eq!(asker.calls(), 4);
        let answer = Asker::new(Quick, &config.accounts[0], clock, Arc::new(|_| ())).ask(Call::Alerts).await;
        let failure = answer.expect("asked").result.expect_err("throttled");
        assert_eq!(failure.outcome, Outcome::Throttled);
    }
}
