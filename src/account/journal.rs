//! What an account logs: changes, not repetitions.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::JoinError;
use tracing::{debug, error, info, warn};

use crate::fleet::View;
use crate::planner::{Outcome, ReadCall};
use crate::platform::{Answer, Failure};

/// The log of one account. A call that fails is warned about once, and its recovery is told once; the attempts between
/// are for the debug level.
#[derive(Debug)]
pub struct Journal {
    account: String,
    failing: HashSet<&'static str>,
    plan_took: Duration,
    last_error: Option<(&'static str, Outcome, String)>,
}

impl Journal {
    /// An empty journal.
    pub fn new(account: &str) -> Self {
        Self { account: account.to_owned(), failing: HashSet::new(), plan_took: Duration::ZERO, last_error: None }
    }

    /// A call starts. Neither URL nor key are part of its identity.
    pub fn started<C: ReadCall>(&self, call: &C) {
        debug!(account = self.account, call = call.name(), target = call.identity(), "calling");
    }

    /// A call ended.
    pub fn finished<C: ReadCall>(&mut self, call: &C, took: Duration, result: &Result<Answer, Failure>) {
        let (account, name, seconds) = (&self.account, call.name(), took.as_secs_f64());
        match result {
            Ok(answer) => {
                debug!(account, call = name, seconds, bytes = answer.bytes, "answered");
                if self.failing.remove(name) {
                    info!(account, call = name, "works again");
                    self.last_error.take_if(|(failed, ..)| *failed == name);
                }
            }
            Err(failure) if failure.gone.is_some() => {
                info!(account, call = name, target = call.identity(), "gone: the platform no longer knows it");
            }
            Err(failure) => {
                let outcome = failure.outcome.name();
                if self.failing.insert(name) || failure.outcome == Outcome::AuthError {
                    warn!(
                        account,
                        call = name,
                        outcome,
                        reason = failure.message,
                        "call failed; keeping the last good data"
                    );
                } else {
                    debug!(account, call = name, outcome, reason = failure.message, "call failed again");
                }
                self.last_error = Some((name, failure.outcome, format!("{name}: {failure}")));
            }
        }
    }

    /// A plan was made.
    pub fn planned(&mut self, known: &View, took: Duration) {
        self.plan_took = took;
        debug!(
            account = self.account,
            clients = known.clients.len(),
            sites = known.sites.len(),
            devices = known.devices.len(),
            seconds = took.as_secs_f64(),
            "planned"
        );
    }

    /// How long the last planning took.
    pub const fn last_plan_took(&self) -> Duration {
        self.plan_took
    }

    /// The newest failure of a call that has not worked since, in words.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_ref().map(|(.., message)| message.as_str())
    }

    /// Whether the key was refused and has not been accepted since.
    pub fn key_refused(&self) -> bool {
        self.last_error.as_ref().is_some_and(|(_, outcome, _)| *outcome == Outcome::AuthError)
    }

    /// Rendering panicked. What was published before stays.
    pub fn render_failed(&self, cause: &JoinError) {
        if cause.is_panic() {
            error!(account = self.account, "a defect of the exporter: rendering panicked; the last exposition stays");
        }
    }
}
