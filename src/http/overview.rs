//! How the accounts are doing, for people and programs: what the landing page and `/api/v1/status` show.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::problems::{self, Health, Problem};
use crate::metrics::{AccountSnapshot, CallError, CollectorReport, REVISION, RenderedAccount, Snapshot, VERSION};
use crate::planner::{BackoffReason, Outcome};
use crate::state;

/// A time, in JSON as RFC 3339 to the second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.0}", self.0))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn outcome<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    outcome.name().serialize(serializer)
}

#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn backoff_reason<S: Serializer>(reason: &Option<BackoffReason>, serializer: S) -> Result<S::Ok, S::Error> {
    reason.map(BackoffReason::name).serialize(serializer)
}

/// The exporter at one moment.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    pub(super) version: &'static str,
    pub(super) revision: &'static str,
    /// When this was read.
    pub(super) time: Time,
    pub(super) ready: bool,
    pub(super) configuration: Configuration,
    /// All files of the state directory together.
    pub(super) state_directory: Option<StateDirectory>,
    /// What is wrong now; the worst comes first.
    pub(super) problems: Vec<Problem>,
    pub(super) accounts: Vec<Account>,
}

/// How the configuration was read last.
#[derive(Debug, Serialize)]
pub(super) struct Configuration {
    pub(super) success: bool,
    /// When it was read last, good or not.
    pub(super) last_reload: Option<Time>,
    /// When it was good last.
    pub(super) last_success: Option<Time>,
}

/// How the state is kept.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct StateDirectory {
    /// What changes is written; false while it is kept in memory only, because writing failed.
    pub(super) writing: bool,
    pub(super) size_bytes: u64,
    /// Since the process started.
    pub(super) written_bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Account {
    #[serde(rename = "account")]
    pub(super) name: String,
    pub(super) platform: &'static str,
    /// Host name, with the port where that is unusual.
    pub(super) server: String,
    pub(super) health: Health,
    pub(super) up: bool,
    pub(super) ready: bool,
    pub(super) not_ready_reason: Option<String>,
    pub(super) last_error: Option<String>,
    pub(super) backoff_until: Option<Time>,
    #[serde(serialize_with = "backoff_reason")]
    pub(super) backoff_reason: Option<BackoffReason>,
    /// The budget.
    pub(super) requests_per_minute: u32,
    /// The floor.
    pub(super) min_interval_seconds: f64,
    pub(super) queue_length: u64,
    pub(super) oldest_due_seconds: f64,
    /// `None` before the first fleet is known.
    pub(super) series: Option<u64>,
    pub(super) series_dropped: Option<u64>,
    /// What is left out because of `max_series`.
    pub(super) families_withheld: Vec<Family>,
    pub(super) state_directory: Option<StateDirectory>,
    pub(super) collectors: Vec<Collector>,
}

/// A family that is left out.
#[derive(Debug, Serialize)]
pub(super) struct Family {
    #[serde(rename = "family")]
    pub(super) name: &'static str,
    /// How many series it would have.
    pub(super) series: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Collector {
    #[serde(rename = "collector")]
    pub(super) name: &'static str,
    pub(super) state: State,
    pub(super) success: bool,
    pub(super) interval_seconds: f64,
    pub(super) last_success: Option<Time>,
    /// Age of the newest data.
    pub(super) age_seconds: Option<f64>,
    pub(super) last_duration_seconds: Option<f64>,
    pub(super) last_error: Option<Failed>,
    pub(super) next_due: Option<Time>,
    pub(super) targets: u64,
    pub(super) targets_fresh: u64,
    pub(super) targets_failed: u64,
    /// Calls that are switched off because the key may not make them.
    pub(super) targets_off: u64,
    /// When the next of those is tried.
    pub(super) off_until: Option<Time>,
}

/// A call that failed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Failed {
    pub(super) call: &'static str,
    #[serde(serialize_with = "outcome")]
    pub(super) outcome: Outcome,
    pub(super) time: Time,
}

/// How a collector is doing, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// The key may make none of its calls.
    SwitchedOff,
    /// The key may not make some of its calls.
    PartlySwitchedOff,
    /// The last attempt of at least one call failed.
    Failing,
    /// No call failed, but none was made for so long that nothing is fresh.
    Stale,
    /// Nothing that the account has is asked for.
    NothingToAsk,
    /// The inventory has to tell what is asked for.
    WaitingForInventory,
    /// No call has succeeded yet.
    NoDataYet,
    /// All is well.
    Ok,
}

impl State {
    fn of(report: &CollectorReport, ready: bool) -> Self {
        match report {
            CollectorReport { off: off @ 1.., targets, .. } if off >= targets => Self::SwitchedOff,
            CollectorReport { off: 1.., .. } => Self::PartlySwitchedOff,
            CollectorReport { success: false, .. } => Self::Failing,
            CollectorReport { targets: 0, .. } if ready => Self::NothingToAsk,
            CollectorReport { targets: 0, .. } => Self::WaitingForInventory,
            CollectorReport { last_success: None, .. } => Self::NoDataYet,
            CollectorReport { last_success: Some(_), fresh: 0, .. } => Self::Stale,
            CollectorReport { last_success: Some(_), .. } => Self::Ok,
        }
    }

    /// Whether somebody should look at it.
    pub(super) const fn is_bad(self) -> bool {
        matches!(self, Self::SwitchedOff | Self::PartlySwitchedOff | Self::Failing | Self::Stale)
    }
}

impl StateDirectory {
    fn of(health: state::Health) -> Self {
        Self { writing: health.writing, size_bytes: health.size, written_bytes: health.written }
    }

    /// Two files together.
    const fn and(self, other: Self) -> Self {
        Self {
            writing: self.writing && other.writing,
            size_bytes: self.size_bytes.saturating_add(other.size_bytes),
            written_bytes: self.written_bytes.saturating_add(other.written_bytes),
        }
    }
}

impl Overview {
    pub(super) fn new(snapshot: &Snapshot, now: Timestamp) -> Self {
        let accounts: Vec<_> = snapshot.accounts().iter().map(|account| Account::new(account, now)).collect();
        let ready = accounts.iter().all(|account| account.ready);
        let reload = snapshot.reload();
        let configuration = Configuration {
            success: reload.is_some_and(|reload| reload.success),
            last_reload: reload.map(|reload| Time(reload.at)),
            last_success: reload.and_then(|reload| reload.last_success).map(Time),
        };
        let state_directory = accounts.iter().filter_map(|account| account.state_directory).reduce(StateDirectory::and);
        let problems = problems::all(&configuration, &accounts);
        Self {
            version: VERSION,
            revision: REVISION,
            time: Time(now),
            ready,
            configuration,
            state_directory,
            problems,
            accounts,
        }
    }

    /// One line for each account that is not ready.
    pub(super) fn reasons_not_ready(&self) -> String {
        let mut reasons = String::new();
        for account in self.accounts.iter().filter(|account| !account.ready) {
            let _ = writeln!(reasons, "Not ready: account {} {}", account.name, account.reason_not_ready());
        }
        reasons
    }
}

impl Account {
    fn new(snapshot: &AccountSnapshot, now: Timestamp) -> Self {
        let status = snapshot.status();
        let rendered = snapshot.rendered();
        let withheld = rendered.into_iter().flat_map(|rendered| rendered.withheld.families());
        let collectors: Vec<_> = status
            .collectors
            .iter()
            .map(|(collector, report)| Collector::new(collector.name(), report, status.ready, now))
            .collect();
        // A pause that is over waits for the next call, and is no pause.
        let backoff_until = status.backoff_until.filter(|until| *until > now);
        let mut account = Self {
            name: status.account.clone(),
            platform: status.platform.name(),
            server: status.port.map_or_else(|| status.server.clone(), |port| format!("{}:{port}", status.server)),
            health: Health::Ok,
            up: status.up,
            ready: status.ready,
            not_ready_reason: status.not_ready_reason.clone(),
            last_error: status.last_error.clone(),
            backoff_until: backoff_until.map(Time),
            backoff_reason: status.backoff_reason.filter(|_| backoff_until.is_some()),
            requests_per_minute: status.budget_per_minute,
            min_interval_seconds: status.min_interval.as_secs_f64(),
            queue_length: status.queue_length,
            oldest_due_seconds: status.oldest_due.as_secs_f64(),
            series: rendered.map(|rendered| rendered.series),
            series_dropped: rendered.map(RenderedAccount::dropped),
            families_withheld: withheld.map(|family| Family { name: family.name, series: family.series }).collect(),
            state_directory: status.state.map(StateDirectory::of),
            collectors,
        };
        account.health = Health::of(&account);
        account
    }

    /// Why it is not ready; for one that is not.
    pub(super) fn reason_not_ready(&self) -> &str {
        self.not_ready_reason.as_deref().unwrap_or("waits for its first inventory")
    }
}

impl Collector {
    fn new(name: &'static str, report: &CollectorReport, ready: bool, now: Timestamp) -> Self {
        let age = report.last_success.map(|time| now.duration_since(time).as_secs_f64().round().max(0.0));
        let failed = |error: CallError| Failed { call: error.call, outcome: error.outcome, time: Time(error.at) };
        Self {
            name,
            state: State::of(report, ready),
            success: report.success,
            interval_seconds: report.interval.as_secs_f64(),
            last_success: report.last_success.map(Time),
            age_seconds: age,
            last_duration_seconds: report.last_duration.map(|duration| duration.as_secs_f64()),
            last_error: report.last_error.map(failed),
            next_due: report.next_due.map(Time),
            targets: report.targets,
            targets_fresh: report.fresh,
            targets_failed: report.failed,
            targets_off: report.off,
            off_until: report.off_until.map(Time),
        }
    }
}
