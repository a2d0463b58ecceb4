//! How the accounts are doing, for people and programs: what the landing page and `/api/v1/status` show.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::metrics::{AccountSnapshot, CollectorReport, REVISION, RenderedAccount, Snapshot, VERSION};

/// A time, in JSON as RFC 3339 to the second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.0}", self.0))
    }
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
    pub(super) accounts: Vec<Account>,
}

/// How the configuration was read last.
#[derive(Debug, Serialize)]
pub(super) struct Configuration {
    pub(super) success: bool,
    /// When it was good last.
    pub(super) last_success: Option<Time>,
}

#[derive(Debug, Serialize)]
pub(super) struct Account {
    #[serde(rename = "account")]
    pub(super) name: String,
    pub(super) platform: &'static str,
    /// Host name, with the port where that is unusual.
    pub(super) server: String,
    pub(super) up: bool,
    pub(super) ready: bool,
    pub(super) not_ready_reason: Option<String>,
    pub(super) last_error: Option<String>,
    pub(super) backoff_until: Option<Time>,
    pub(super) queue_length: u64,
    pub(super) oldest_due_seconds: f64,
    pub(super) series: u64,
    pub(super) series_dropped: u64,
    /// What is left out because of `max_series`.
    pub(super) families_withheld: Vec<Family>,
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
    pub(super) next_due: Option<Time>,
    pub(super) targets: u64,
    pub(super) targets_fresh: u64,
    pub(super) targets_failed: u64,
    /// Calls that are switched off because the key may not make them.
    pub(super) targets_off: u64,
    /// When the next of those is tried.
    pub(super) off_until: Option<Time>,
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
            CollectorReport { last_success: Some(_), .. } => Self::Ok,
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
            last_success: reload.and_then(|reload| reload.last_success).map(Time),
        };
        Self { version: VERSION, revision: REVISION, time: Time(now), ready, configuration, accounts }
    }

    /// One line for each account that is not ready.
    pub(super) fn reasons_not_ready(&self) -> String {
        let mut reasons = String::new();
        for account in self.accounts.iter().filter(|account| !account.ready) {
            let reason = account.not_ready_reason.as_deref().unwrap_or("waits for its first inventory");
            let _ = writeln!(reasons, "Not ready: account {} {reason}", account.name);
        }
        reasons
    }
}

impl Account {
    fn new(snapshot: &AccountSnapshot, now: Timestamp) -> Self {
        let status = snapshot.status();
        let collectors = status.collectors.iter();
        let withheld = snapshot.rendered().into_iter().flat_map(|rendered| rendered.withheld.families());
        Self {
            name: status.account.clone(),
            platform: status.platform.name(),
            server: status.port.map_or_else(|| status.server.clone(), |port| format!("{}:{port}", status.server)),
            up: status.up,
            ready: status.ready,
            not_ready_reason: status.not_ready_reason.clone(),
            last_error: status.last_error.clone(),
            backoff_until: status.backoff_until.map(Time),
            queue_length: status.queue_length,
            oldest_due_seconds: status.oldest_due.as_secs_f64(),
            series: snapshot.rendered().map_or(0, |rendered| rendered.series),
            series_dropped: snapshot.rendered().map_or(0, RenderedAccount::dropped),
            families_withheld: withheld.map(|family| Family { name: family.name, series: family.series }).collect(),
            collectors: collectors
                .map(|(collector, report)| Collector::new(collector.name(), report, status.ready, now))
                .collect(),
        }
    }
}

impl Collector {
    fn new(name: &'static str, report: &CollectorReport, ready: bool, now: Timestamp) -> Self {
        let age = report.last_success.map(|time| now.duration_since(time).as_secs_f64().round().max(0.0));
        Self {
            name,
            state: State::of(report, ready),
            success: report.success,
            interval_seconds: report.interval.as_secs_f64(),
            last_success: report.last_success.map(Time),
            age_seconds: age,
            last_duration_seconds: report.last_duration.map(|duration| duration.as_secs_f64()),
            next_due: report.next_due.map(Time),
            targets: report.targets,
            targets_fresh: report.fresh,
            targets_failed: report.failed,
            targets_off: report.off,
            off_until: report.off_until.map(Time),
        }
    }
}
