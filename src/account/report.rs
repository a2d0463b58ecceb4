//! The account's state for the exporter's own metrics and pages.

use std::time::Duration;

use super::Account;
use crate::clock::Moment;
use crate::collector::Collector;
use crate::config::{AccountConfig, CollectorConfig};
use crate::metrics::{AccountSetup, AccountStatus, CollectorReport, Limits};
use crate::planner::{BackoffReason, CollectorStatus, PlannerStatus};
use crate::platform::Platform;

/// While calls wait, their lateness changes without anything happening.
const QUEUE_REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Data go stale without anything happening.
const IDLE_REPORT_INTERVAL: Duration = Duration::from_secs(15);

/// An account before it has done anything.
#[must_use]
pub fn setup(config: &AccountConfig) -> AccountSetup {
    let mut status =
        AccountStatus::new(config.platform_name(), &config.name, config.server.host_str().unwrap_or_default());
    status.port = config.server.port();
    status.console_url.clone_from(&config.console_url);
    status.min_interval = config.min_interval;
    status.budget_per_minute = config.requests_per_minute;
    status.not_ready_reason = Some("no inventory yet".to_owned());
    status.collectors = config
        .collectors
        .iter()
        .map(|(collector, settings)| (*collector, report_of(settings, &CollectorStatus::default())))
        .collect();
    AccountSetup { status, limits: Limits { max_series: config.max_series, exclude: config.metrics_exclude.clone() } }
}

fn report_of(settings: &CollectorConfig, state: &CollectorStatus) -> CollectorReport {
    CollectorReport {
        interval: settings.interval,
        success: state.success,
        last_success: state.last_success,
        last_duration: state.last_duration,
        last_error: None,
        targets: state.targets,
        fresh: state.fresh,
        failed: state.failed,
        off: state.off,
        off_until: state.off_until,
        next_due: state.next_due,
    }
}

impl<P: Platform> Account<P> {
    /// Publishes the account's state.
    pub(super) fn report(&mut self, now: Moment) {
        let stale_after = |collector| self.stale_after.get(&collector).copied().unwrap_or_default();
        let planner = self.planner.status(now, stale_after);
        self.judge_mappings(&planner);
        let status = self.status(planner, now);
        let again = if status.queue_length > 0 { QUEUE_REPORT_INTERVAL } else { IDLE_REPORT_INTERVAL };
        self.report_due = Some(now.steady + again);
        self.publisher.publish_status(&self.config.name, status);
    }

    /// Whether a mapping of checks is any good shows after a whole sweep over them. While a rendering has the fleet, the next
    /// report will do.
    fn judge_mappings(&mut self, planner: &PlannerStatus) {
        let swept = planner.collectors.get(&Collector::Checks).is_some_and(|checks| checks.sweeps > 0);
        if let Ok(fleet) = self.fleet.try_lock() {
            self.journal.judge_mappings("checks", || if swept { fleet.unmatched_checks() } else { None });
            self.journal.judge_mappings("fields", || fleet.unmatched_fields());
        }
    }

    fn status(&self, mut planner: PlannerStatus, now: Moment) -> AccountStatus {
        let config = &self.config;
        let not_ready_reason = self.not_ready_reason(&planner, now);
        let mut status = setup(config).status;
        for (collector, report) in &mut status.collectors {
            let is_whole = self.incomplete.values().all(|incomplete| incomplete != collector);
            if let (Some(settings), Some(state)) =
                (config.collectors.get(collector), planner.collectors.remove(collector))
            {
                *report =
                    CollectorReport { last_error: self.errors.get(collector).copied(), ..report_of(settings, &state) };
                // What some records say is not known, however good the others are.
                report.success &= is_whole;
            }
        }
        AccountStatus {
            up: self.up == Some(true),
            ready: not_ready_reason.is_none(),
            not_ready_reason,
            queue_length: planner.queue_length,
            oldest_due: planner.oldest_due,
            backoff_until: planner.backoff_until,
            backoff_reason: planner.backoff_reason,
            last_error: self.journal.last_error(),
            state: self.recorder.health(),
            ..status
        }
    }

    /// Ready is: the first inventory is complete, whatever single calls of it failed. Where the inventory is switched off, any
    /// collector's first data will do.
    fn not_ready_reason(&self, planner: &PlannerStatus, now: Moment) -> Option<String> {
        let inventory = planner.collectors.get(&Collector::Inventory);
        let done = if self.is_restored {
            true
        } else if self.config.collectors.contains_key(&Collector::Inventory) {
            self.was_up && inventory.is_some_and(|inventory| inventory.sweeps > 0)
        } else {
            planner.collectors.values().any(|collector| collector.last_success.is_some())
        };
        if done {
            return None;
        }
        let pause = pause(planner, now);
        let inventory = match (self.was_up, self.journal.last_error()) {
            (true, _) if pause.is_some() => "the first inventory is not complete".to_owned(),
            (true, _) => "the first inventory is under way".to_owned(),
            (false, Some(error)) => format!("no inventory yet: {error}"),
            (false, None) => "no inventory yet".to_owned(),
        };
        Some(inventory + &pause.unwrap_or_default())
    }
}

/// Until when no call is made, and why. A pause that is over waits for the next call, and is no pause.
fn pause(planner: &PlannerStatus, now: Moment) -> Option<String> {
    let until = planner.backoff_until.filter(|until| *until > now.wall)?;
    let why = planner.backoff_reason.map_or("calls failed", BackoffReason::in_words);
    Some(format!("; no calls until {}, because {why}", until.strftime("%Y-%m-%d %H:%M:%S UTC")))
}
