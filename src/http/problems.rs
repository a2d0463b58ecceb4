//! What is wrong now, worst first: what the landing page begins with.

use serde::Serialize;

use super::overview::{Account, Collector, Configuration, State};
use crate::planner::BackoffReason;

/// Calls that are later than this do not fit into the budget; `RMMBudgetTooSmall` waits as long.
const LATE_SECONDS: f64 = 1800.0;

/// How an account is doing, in a word. The worst is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Health {
    /// It does not answer.
    Down,
    /// It answers, and something is wrong.
    Impaired,
    /// Nothing is known yet.
    Starting,
    /// All is well.
    Ok,
}

/// What sort of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The configuration that is there is not the one in use.
    ReloadFailed,
    /// The call that decides `rmm_up` fails.
    Down,
    /// No calls are made for a while.
    BackingOff,
    /// Collectors fail, are switched off or have only old data.
    Collectors,
    /// Calls wait much too long.
    CallsLate,
    /// Series are left out.
    SeriesDropped,
    /// What changes is kept in memory only.
    StateNotWritten,
}

/// Something that somebody should look at.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    /// Whose it is; `None` for the exporter's own.
    pub(super) account: Option<String>,
    #[serde(rename = "problem")]
    pub(super) kind: Kind,
    /// A sentence for people.
    pub(super) text: String,
}

impl Health {
    /// Of an account whose other fields are filled in.
    pub(super) fn of(account: &Account) -> Self {
        match account {
            Account { up: true, .. } if of_account(account).is_empty() => Self::Ok,
            Account { up: true, .. } => Self::Impaired,
            _ if is_down(account) => Self::Down,
            _ => Self::Starting,
        }
    }
}

/// Whether it was asked and did not answer. One that is not up may as well have heard nothing yet, neither good nor bad.
fn is_down(account: &Account) -> bool {
    let failed = |collector: &Collector| collector.state == State::Failing;
    !account.up
        && (account.last_error.is_some() || account.backoff_until.is_some() || account.collectors.iter().any(failed))
}

/// Everything that is wrong: the exporter's own, then by account, worst first, else in the order of the configuration.
pub(super) fn all(configuration: &Configuration, accounts: &[Account]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if configuration.last_reload.is_some() && !configuration.success {
        let text = "The last reload of the configuration failed: the log says why. The old one stays in use.";
        problems.push(Problem { account: None, kind: Kind::ReloadFailed, text: text.to_owned() });
    }
    let mut sorted: Vec<_> = accounts.iter().collect();
    sorted.sort_by_key(|account| account.health);
    for account in sorted {
        let own = of_account(account).into_iter();
        problems.extend(own.map(|(kind, text)| Problem { account: Some(account.name.clone()), kind, text }));
    }
    problems
}

fn of_account(account: &Account) -> Vec<(Kind, String)> {
    let mut found = Vec::new();
    if is_down(account) {
        let why = account.last_error.as_deref().unwrap_or("its last answer before the start was an error");
        found.push((Kind::Down, format!("Down: {why}.")));
    }
    if account.backoff_until.is_some() {
        found.push((Kind::BackingOff, format!("No calls for a while: {}.", backoff(account.backoff_reason))));
    }
    // Of one that is down they all fail, or will.
    if let Some(text) = collectors(&account.collectors).filter(|_| !is_down(account)) {
        found.push((Kind::Collectors, text));
    }
    // Calls of the first sweep wait for good reason.
    let has_swept = account.collectors.iter().all(|it| it.targets == 0 || it.last_duration_seconds.is_some());
    if account.oldest_due_seconds > LATE_SECONDS && has_swept && account.backoff_until.is_none() {
        found.push((Kind::CallsLate, "Calls wait too long: the budget does not suffice for the intervals.".to_owned()));
    }
    if account.series_dropped.is_some_and(|dropped| dropped > 0) {
        let why = if account.families_withheld.is_empty() { "they exist already" } else { "max_series is reached" };
        found.push((Kind::SeriesDropped, format!("Some series are left out: {why}.")));
    }
    if account.state_directory.is_some_and(|state| !state.writing) {
        let text = "Its state cannot be written and is in memory only: a restart would lose it.";
        found.push((Kind::StateNotWritten, text.to_owned()));
    }
    found
}

/// Why an account pauses, for people.
pub(super) fn backoff(reason: Option<BackoffReason>) -> &'static str {
    reason.map_or("calls failed", BackoffReason::in_words)
}

/// Which collectors are not well, by state.
fn collectors(collectors: &[Collector]) -> Option<String> {
    let names = |wanted: &[State]| {
        let bad = collectors.iter().filter(|collector| wanted.contains(&collector.state));
        bad.map(|collector| match collector.last_error.filter(|_| collector.state == State::Failing) {
            Some(error) => format!("{} ({})", collector.name, error.outcome.name()),
            None => collector.name.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", ")
    };
    let groups = [
        ("Failing", names(&[State::Failing])),
        ("Switched off, because the key may not read it", names(&[State::SwitchedOff, State::PartlySwitchedOff])),
        ("Nothing fresh", names(&[State::Stale])),
    ];
    let groups = groups.iter().filter(|(_, names)| !names.is_empty());
    let sentences: Vec<_> = groups.map(|(what, names)| format!("{what}: {names}.")).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
