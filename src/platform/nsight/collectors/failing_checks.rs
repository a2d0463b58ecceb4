//! What fails now, of the whole account in one call.

use std::time::Duration;

use super::Context;
use super::words::{self, check_type};
use crate::collector::{Collector, CollectorDefaults};
use crate::config::ChecksMode;
use crate::fleet::{
    Check, CheckState, ClientKey, DeviceId, DeviceRecord, FailingDevice, Label, Severity, Task, Update, View,
};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::checks as wire;
use crate::platform::nsight::xml::Tally;

/// Twice the floor of 90 s: the whole account for ten calls in half an hour.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::FailingChecks, enabled: true, interval: Duration::from_mins(3) };

/// The call for the whole account, or one for each client where that is too much.
#[must_use]
pub fn calls(view: &View, per_client: bool) -> Vec<Call> {
    if per_client {
        view.clients.iter().map(|client| Call::ListFailingChecksOf(client.key.clone())).collect()
    } else {
        vec![Call::ListFailingChecks]
    }
}

/// What list_failing_checks says of the whole account, or of one client.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(
    text: &str,
    client: Option<&ClientKey>,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    let mut failing = Vec::new();
    wire::list_failing_checks(text, tally, |device| failing.push(failing_device(device, context.checks_mode)))?;
    failing.shrink_to_fit();
    Ok(vec![match client {
        Some(client) => Update::FailingAt(client.clone(), failing),
        None => Update::Failing(failing),
    }])
}

fn failing_device(device: wire::FailingDevice<'_>, mode: ChecksMode) -> FailingDevice {
    let mut record = DeviceRecord::new(DeviceId::new(&device.id), device.name, device.client, device.site);
    record.kind = Some(device.kind);
    record.client_name = Some(device.client_name);
    record.site_name = Some(device.site_name);
    let (mut checks, mut tasks) = (Vec::new(), Vec::new());
    let wanted = device.checks.into_iter().filter(|check| mode != ChecksMode::None && is_failing(&check.status));
    for check in wanted {
        let (id, state, severity) = (Label::new(&check.id), CheckState::Failing, Severity::Error);
        let consecutive_failures = check.consecutive_fails;
        if check.check_type == words::TASK {
            tasks.push(Task { id, name: check.description, state, severity, consecutive_failures });
        } else {
            let check_type = check_type(&check.check_type);
            // The list has only local times, of a zone that it does not name.
            let last_run = None;
            let name = check.description;
            checks.push(Check { id, name, check_type, state, severity, consecutive_failures, last_run });
        }
    }
    FailingDevice {
        device: record,
        overdue: device.overdue,
        offline: device.offline,
        unreachable: device.unreachable,
        checks,
        tasks,
    }
}

/// The list names what fails; whether it also names acknowledged failures is not documented.
fn is_failing(status: &str) -> bool {
    const CLEAR: &[u8] = b"clear";
    let mut parts = status.as_bytes().windows(CLEAR.len());
    !parts.any(|part| part.eq_ignore_ascii_case(CLEAR)) && !status.eq_ignore_ascii_case("testok")
}
