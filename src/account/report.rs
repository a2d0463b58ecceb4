//! The account's state for the exporter's own metrics and pages.

use super::Account;
use crate::clock::Moment;
use crate::collector::Collector;
use crate::metrics::{AccountStatus, CollectorReport};
use crate::platform::Platform;

impl<P: Platform> Account<P> {
    /// Publishes the account's state.
    pub(super) fn report(&mut self, now: Moment) {
        self.report_due = None;
        let status = self.status(now);
        self.handle.publish_status(status);
    }

    pub(super) fn status(&self, now: Moment) -> AccountStatus {
        let config = &self.config;
        let stale_after = |collector: Collector| {
            config.collectors.get(&collector).map_or(std::time::Duration::ZERO, |settings| settings.stale_after)
        };
        let mut planner = self.planner.status(now, stale_after);
        let inventory_sweeps = planner.collectors.get(&Collector::Inventory).map_or(0, |inventory| inventory.sweeps);
        let not_ready_reason = match (self.was_up, inventory_sweeps) {
            (false, _) => Some(match self.journal.last_error() {
                Some(error) => format!("no inventory yet: {error}"),
                None => "no inventory yet".to_owned(),
            }),
            (true, 0) => Some("the first inventory is under way".to_owned()),
            _ => None,
        };
        let report = |(collector, settings): (&Collector, &crate::config::CollectorConfig)| {
            let state = planner.collectors.remove(collector).unwrap_or_default();
            let report = CollectorReport {
                interval: settings.interval,
                success: state.success,
                last_success: state.last_success,
                last_duration: state.last_duration,
                targets: state.targets,
                fresh: state.fresh,
                failed: state.failed,
                next_due: state.next_due,
            };
            (*collector, report)
        };
        let collectors = config.collectors.iter().map(report).collect();
        AccountStatus {
            platform: config.platform_name(),
            account: config.name.clone(),
            server: config.server.host_str().unwrap_or_default().to_owned(),
            console_url: config.console_url.clone(),
            up: self.up == Some(true),
            ready: not_ready_reason.is_none(),
            not_ready_reason,
            min_interval: config.min_interval,
            budget_per_minute: config.requests_per_minute,
            queue_length: planner.queue_length,
            oldest_due: planner.oldest_due,
            backoff_until: planner.backoff_until,
            last_error: self.journal.last_error().map(str::to_owned),
            collectors,
        }
    }
}
