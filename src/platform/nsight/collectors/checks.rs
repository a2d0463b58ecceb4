//! Every check and task of every device, one call each.

use std::time::Duration;

use super::words::{self, check_type};
use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::config::ChecksMode;
use crate::fleet::{
    Check, CheckState, DeviceChecks, DeviceId, DeviceTasks, Label, Severity, StatusCounts, Task, Update, View,
};
use crate::platform::bounds;
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::checks as wire;
use crate::platform::nsight::xml::Tally;

/// Off: one call per device, for little more than list_failing_checks and the counts tell.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Checks, enabled: false, interval: Duration::from_hours(2) };

/// The calls.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    with_agent(view).map(|device| Call::ListChecks(device.id.clone())).collect()
}

/// What list_checks says. The counts hold only what the roster cannot tell: what never ran.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, device: &DeviceId, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let none_pending = StatusCounts { pending: Some(0), ..StatusCounts::default() };
    let mut checks = DeviceChecks { counts: none_pending, ..DeviceChecks::default() };
    let mut tasks = DeviceTasks { counts: none_pending, tasks: Vec::new() };
    for check in wire::list_checks(text, tally)? {
        let state = state(&check.status, context);
        let is_task = check.check_type == words::TASK;
        checks.performance_monitored |= check.check_type == words::PERFORMANCE;
        if state == CheckState::Pending {
            let counts = if is_task { &mut tasks.counts } else { &mut checks.counts };
            counts.pending = counts.pending.map(|pending| pending + 1);
        }
        let kept = match context.checks_mode {
            ChecksMode::Failing => matches!(state, CheckState::Failing | CheckState::Cleared),
            ChecksMode::All => true,
            ChecksMode::None => false,
        };
        if !kept {
            continue;
        }
        let (id, name, severity) = (Label::new(&check.id), Label::new(&check.description), Severity::Error);
        let consecutive_failures = check.consecutive_fails;
        if is_task {
            tasks.tasks.push(Task { id, name, state, severity, consecutive_failures });
        } else {
            let check_type = check_type(&check.check_type);
            let last_run = check.last_run.and_then(|run| bounds::reported(run, context.now));
            checks.checks.push(Check { id, name, check_type, state, severity, consecutive_failures, last_run });
        }
    }
    Ok(vec![Update::Checks(device.clone(), checks), Update::Tasks(device.clone(), tasks)])
}

fn state(status: &str, context: &Context<'_>) -> CheckState {
    match status {
        "5" => CheckState::Passing,
        "1" => CheckState::Failing,
        "4" => CheckState::Cleared,
        "0" => CheckState::Pending,
        other => {
            context.noted.unknown_value("list_checks", "statusid", other);
            CheckState::Unknown
        }
    }
}
