//! What an account logs: changes, not repetitions.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::task::JoinError;
use tracing::{debug, error, info, warn};

use crate::collector::Collector;
use crate::config::duration::display;
use crate::fleet::View;
use crate::planner::{Outcome, ReadCall, Switched, Want};
use crate::platform::{Answer, Failure};

/// The log of one account. The first failure among the calls of one name is warned about, and told when the last one is
/// mended; all between is for the debug level, or a sweep over half a broken fleet would fill the log.
#[derive(Debug)]
pub struct Journal<C> {
    account: String,
    failing: HashMap<&'static str, Failing<C>>,
    /// Names of which a call worked: with them a refusal is news. Of the others the planner tells soon.
    worked: HashSet<&'static str>,
    /// Names that are switched off.
    off: HashSet<&'static str>,
    plan_took: Duration,
    /// The last failure of each name that fails: what happened, and what that means for the account. The newest is last.
    errors: Vec<(&'static str, Outcome, Outcome)>,
    /// The sorts of mappings that were judged.
    judged: HashSet<&'static str>,
}

/// What fails of one name.
#[derive(Debug)]
struct Failing<C> {
    calls: HashSet<C>,
    /// It was warned about.
    is_told: bool,
}

impl<C> Default for Failing<C> {
    fn default() -> Self {
        Self { calls: HashSet::new(), is_told: false }
    }
}

impl<C: ReadCall> Journal<C> {
    /// An empty journal.
    pub fn new(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            failing: HashMap::new(),
            worked: HashSet::new(),
            off: HashSet::new(),
            plan_took: Duration::ZERO,
            errors: Vec::new(),
            judged: HashSet::new(),
        }
    }

    /// These collectors have nothing to ask.
    pub fn idle(&self, collectors: impl Iterator<Item = Collector>) {
        let collectors: Vec<_> = collectors.map(Collector::name).collect();
        if !collectors.is_empty() {
            let collectors = collectors.join(", ");
            info!(
                account = self.account,
                collectors, "metrics.exclude leaves nothing of these collectors: no calls are made for them"
            );
        }
    }

    /// What an earlier process or configuration knew is known again.
    pub fn restored(&self, known: &View) {
        let (clients, sites, devices) = (known.clients.len(), known.sites.len(), known.devices.len());
        info!(account = self.account, clients, sites, devices, "goes on with what was kept");
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
                self.worked.insert(name);
                self.mended(call);
            }
            Err(failure) if failure.gone.is_some() => {
                info!(account, call = name, target = call.identity(), "gone: the platform no longer knows it");
                self.mended(call);
            }
            Err(failure) => {
                let outcome = failure.outcome.name();
                let failing = self.failing.entry(name).or_default();
                let is_news = failure.effect() != Outcome::Forbidden || self.worked.contains(name);
                let is_first = !failing.is_told && is_news && !self.off.contains(name);
                if is_first || failure.effect() == Outcome::AuthError {
                    failing.is_told = true;
                    warn!(account, call = name, outcome, reason = failure.message, "call failed");
                } else {
                    debug!(account, call = name, outcome, reason = failure.message, "call failed");
                }
                failing.calls.insert(call.clone());
                self.errors.retain(|(failed, ..)| *failed != name);
                self.errors.push((name, failure.outcome, failure.effect()));
            }
        }
    }

    /// All calls of the call's name were switched off for `reason`, or on again.
    pub fn switched(&mut self, call: &C, switched: &Switched, reason: &str) {
        let (account, name) = (&self.account, call.name());
        match switched {
            Switched::Off { collectors, until } => {
                let collectors: Vec<_> = collectors.iter().map(|collector| collector.name()).collect();
                let collectors = collectors.join(", ");
                let next_try = until.strftime("%Y-%m-%dT%H:%M:%SZ");
                warn!(account, call = name, collectors, reason, %next_try, "switched off: this may not be read");
                self.off.insert(name);
                self.failing.entry(name).or_default().is_told = true;
            }
            Switched::On => {
                info!(account, call = name, "switched on: this may be read now");
                self.off.remove(name);
                // Those that are still refused are tried again at once; what fails then is news.
                self.forget(name);
            }
        }
    }

    /// The call does not fail any more.
    fn mended(&mut self, call: &C) {
        // While the name is off, the line that says it is on again follows.
        if self.off.contains(call.name()) {
            return;
        }
        if self.is_last_failure(call) {
            info!(account = self.account, call = call.name(), "works again");
        }
    }

    /// Takes the call off the failing ones; says whether it was the last one of its name.
    fn is_last_failure(&mut self, call: &C) -> bool {
        let name = call.name();
        let Some(failing) = self.failing.get_mut(name) else { return false };
        failing.calls.remove(call);
        if !failing.calls.is_empty() {
            return false;
        }
        let was_told = failing.is_told;
        self.forget(name);
        was_told
    }

    /// Nothing of that name fails any more.
    fn forget(&mut self, name: &'static str) {
        self.failing.remove(name);
        self.errors.retain(|(failed, ..)| *failed != name);
    }

    /// Calls that are no longer wanted do not count as failing any more.
    pub fn wanted(&mut self, wants: &[Want<C>]) {
        if self.failing.is_empty() {
            return;
        }
        // By what the server sees: a call may carry more, which changes.
        let wanted: HashSet<String> = wants.iter().map(|want| want.call.identity()).collect();
        let failing: Vec<C> = self.failing.values().flat_map(|failing| &failing.calls).cloned().collect();
        for call in failing.iter().filter(|call| !wanted.contains(&call.identity())) {
            if self.is_last_failure(call) {
                info!(account = self.account, call = call.name(), "no longer asked");
            }
        }
    }

    /// A plan was made, in so much processor time.
    pub fn planned(&mut self, known: &View, took: Duration) {
        self.plan_took = took;
        debug!(
            account = self.account,
            clients = known.clients.len(),
            sites = known.sites.len(),
            devices = known.devices.len(),
            cpu_seconds = took.as_secs_f64(),
            "planned"
        );
    }

    /// One full collection knows what there is: so many calls are left to make, and the budget makes them last.
    pub fn to_collect(&self, calls: u64, requests_per_minute: u32) {
        let seconds = calls.saturating_mul(60).div_ceil(u64::from(requests_per_minute.max(1)));
        // Nobody needs it closer.
        let step = if seconds > 60 { 60 } else { 1 };
        let at_budget = display(Duration::from_secs(seconds.div_ceil(step).saturating_mul(step)));
        info!(account = self.account, calls, requests_per_minute, at_budget, "inventory read; calls left to make");
    }

    /// The processor time of the last planning.
    pub const fn last_plan_took(&self) -> Duration {
        self.plan_took
    }

    /// The newest failure among the calls that have not worked since, in words of our own: this goes on pages, and only the log
    /// repeats what a server said.
    pub fn last_error(&self) -> Option<String> {
        self.errors.last().map(|(name, outcome, _)| format!("{name}: {} ({})", outcome.meaning(), outcome.name()))
    }

    /// Whether the key was refused and has not been accepted since.
    pub fn key_refused(&self) -> bool {
        self.errors.iter().any(|(.., effect)| *effect == Outcome::AuthError)
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

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;
    use crate::captured::Captured;
    use crate::fleet::DeviceId;
    use crate::platform::tactical::Call;

    /// The lines of the info level and above that the journal writes meanwhile.
    fn logged(work: impl FnOnce(&mut Journal<Call>)) -> Vec<String> {
        let log = Captured::from(Level::INFO);
        work(&mut Journal::new("msp"));
        log.lines()
    }

    fn checks(device: &str) -> Call {
        Call::AgentChecks(DeviceId::new(device))
    }

    fn refused() -> Result<Answer, Failure> {
        let message = "its role needs can_list_checks".to_owned();
        Err(Failure {
            outcome: Outcome::Forbidden,
            gone: None,
            retry_after: None,
            message,
            bytes: 0,
            spares_key: false,
        })
    }

    fn good() -> Answer {
        Answer { updates: Vec::new(), bytes: 0, incomplete: false }
    }

    #[test]
    fn what_the_key_may_not_read_takes_one_line_each_way() {
        let lines = logged(|journal| {
            let off =
                Switched::Off { collectors: vec![Collector::Checks], until: "2026-03-04T10:00:00Z".parse().unwrap() };
            journal.finished(&checks("a"), Duration::ZERO, &refused());
            journal.finished(&checks("b"), Duration::ZERO, &refused());
            journal.switched(&checks("b"), &off, "its role needs can_list_checks");
            for _ in 0..5 {
                journal.finished(&checks("c"), Duration::ZERO, &refused());
            }
            let told = journal.last_error().unwrap_or_default();
            assert_eq!(told, "/agents/{id}/checks/: the key may not read this (forbidden)", "no word of the server's");
            journal.finished(&checks("c"), Duration::ZERO, &Ok(good()));
            journal.switched(&checks("c"), &Switched::On, "");
            journal.finished(&checks("a"), Duration::ZERO, &Ok(good()));
            assert_eq!(journal.last_error(), None);
        });
        assert_eq!(lines.len(), 2, "{lines:#?}");
        for word in
            ["WARN", "msp", "/agents/{id}/checks/", "can_list_checks", "collectors=\"checks\"", "2026-03-04T10:00:00Z"]
        {
            assert!(lines[0].contains(word), "{word} in {}", lines[0]);
        }
        assert!(lines[1].contains("INFO") && lines[1].contains("switched on"), "{}", lines[1]);
    }

    #[test]
    fn a_collection_tells_what_is_left_to_do() {
        let lines = logged(|journal| {
            journal.to_collect(61, 30);
            journal.to_collect(7, 6000);
        });
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].contains("calls=61") && lines[0].contains("at_budget=\"3m\""), "{lines:#?}");
        assert!(lines[1].contains("calls=7") && lines[1].contains("at_budget=\"1s\""), "{lines:#?}");
    }

    #[test]
    fn devices_out_of_the_keys_scope_take_one_line_while_others_work() {
        let lines = logged(|journal| {
            journal.finished(&checks("a"), Duration::ZERO, &Ok(good()));
            for device in ["b", "c", "b", "c"] {
                journal.finished(&checks(device), Duration::ZERO, &refused());
            }
            journal.finished(&checks("b"), Duration::ZERO, &Ok(good()));
            journal.finished(&checks("c"), Duration::ZERO, &Ok(good()));
        });
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].contains("call failed") && lines[1].contains("works again"), "{lines:#?}");
    }
}
