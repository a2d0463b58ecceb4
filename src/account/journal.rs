//! What an account logs: changes, not repetitions.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::task::JoinError;
use tracing::{debug, error, info, warn};

use crate::fleet::View;
use crate::planner::{Outcome, ReadCall, Want};
use crate::platform::{Answer, Failure};

/// The log of one account. The first failure among the calls of one name is warned about, and told when the last one is
/// mended; all between is for the debug level, or a sweep over half a broken fleet would fill the log.
#[derive(Debug)]
pub struct Journal<C> {
    account: String,
    failing: HashMap<&'static str, HashSet<C>>,
    plan_took: Duration,
    /// The last failure of each name that fails, in words; the newest is last.
    errors: Vec<(&'static str, Outcome, String)>,
    /// The sorts of mappings that were judged.
    judged: HashSet<&'static str>,
}

impl<C: ReadCall> Journal<C> {
    /// An empty journal.
    pub fn new(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            failing: HashMap::new(),
            plan_took: Duration::ZERO,
            errors: Vec::new(),
            judged: HashSet::new(),
        }
    }

    /// A call starts. Neither URL nor key are part of its identity.
    pub fn started(&self, call: &C) {
        debug!(account = self.account, call = call.name(), target = call.identity(), "calling");
    }

    /// A call ended.
    pub fn finished(&mut self, call: &C, took: Duration, result: &Result<Answer, Failure>) {
        let (account, name, seconds) = (&self.account, call.name(), took.as_secs_f64());
        match result {
            Ok(answer) => {
                debug!(account, call = name, seconds, bytes = answer.bytes, "answered");
                self.mended(call);
            }
            Err(failure) if failure.gone.is_some() => {
                info!(account, call = name, target = call.identity(), "gone: the platform no longer knows it");
                self.mended(call);
            }
            Err(failure) => {
                let outcome = failure.outcome.name();
                let failing = self.failing.entry(name).or_default();
                if failing.is_empty() || failure.effect() == Outcome::AuthError {
                    warn!(account, call = name, outcome, reason = failure.message, "call failed");
                } else {
                    debug!(account, call = name, outcome, reason = failure.message, "call failed");
                }
                failing.insert(call.clone());
                self.errors.retain(|(failed, ..)| *failed != name);
                self.errors.push((name, failure.effect(), format!("{name}: {failure}")));
            }
        }
    }

    /// The call does not fail any more.
    fn mended(&mut self, call: &C) {
        if self.is_last_failure(call) {
            info!(account = self.account, call = call.name(), "works again");
        }
    }

    /// Takes the call off the failing ones; says whether it was the last one of its name.
    fn is_last_failure(&mut self, call: &C) -> bool {
        let name = call.name();
        let Some(failing) = self.failing.get_mut(name) else { return false };
        failing.remove(call);
        if !failing.is_empty() {
            return false;
        }
        self.failing.remove(name);
        self.errors.retain(|(failed, ..)| *failed != name);
        true
    }

    /// Calls that are no longer wanted do not count as failing any more.
    pub fn wanted(&mut self, wants: &[Want<C>]) {
        if self.failing.is_empty() {
            return;
        }
        let wanted: HashSet<&C> = wants.iter().map(|want| &want.call).collect();
        let failing: Vec<C> = self.failing.values().flatten().cloned().collect();
        for call in failing.iter().filter(|call| !wanted.contains(call)) {
            if self.is_last_failure(call) {
                info!(account = self.account, call = call.name(), "no longer asked");
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

    /// The newest failure among the calls that have not worked since, in words.
    pub fn last_error(&self) -> Option<&str> {
        self.errors.last().map(|(.., message)| message.as_str())
    }

    /// Whether the key was refused and has not been accepted since.
    pub fn key_refused(&self) -> bool {
        self.errors.iter().any(|(_, outcome, _)| *outcome == Outcome::AuthError)
    }

    /// Warns of mappings that nothing on the server answers to. Each sort is judged once, as soon as `unmatched` can tell.
    pub fn judge_mappings(&mut self, sort: &'static str, unmatched: impl FnOnce() -> Option<Vec<String>>) {
        if self.judged.contains(sort) {
            return;
        }
        if let Some(unmatched) = unmatched() {
            self.judged.insert(sort);
            for mapping in unmatched {
                warn!(account = self.account, "{mapping}");
            }
        }
    }

    /// Rendering panicked. What was published before stays.
    pub fn render_failed(&self, cause: &JoinError) {
        if cause.is_panic() {
            error!(account = self.account, "a defect of the exporter: rendering panicked; the last exposition stays");
        }
    }
}
