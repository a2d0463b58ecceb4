//! Updates of every device with patch management, one call each.

use std::time::Duration;

use super::Context;
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Feature, Kind, PatchCounts, PatchSeverity, PatchStatus, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::patches::patch_list_all;
use crate::platform::nsight::xml::Tally;

/// Twice a day: answers are large.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Patches, enabled: true, interval: Duration::from_hours(12) };

/// The calls. Without the feature the answer means nothing.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    // A device of the roster with this feature has an agent: there is no need to wait for its detail record.
    let devices = view.devices.iter().filter(|device| device.record.has(Feature::Patch));
    devices
        .filter(|device| matches!(device.record.kind, Some(Kind::Server | Kind::Workstation)))
        .filter(|device| device.record.agentless != Some(true))
        .map(|device| Call::PatchListAll(device.id.clone()))
        .collect()
}

/// What patch_list_all says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, device: &DeviceId, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let mut counts = PatchCounts { reboot_required: Some(false), ..PatchCounts::default() };
    patch_list_all(text, tally, |patch| {
        let status = status(&patch.status, context);
        counts.count(status, PatchSeverity::from_label(&patch.severity));
        if status == PatchStatus::RebootRequired {
            counts.reboot_required = Some(true);
        }
        let installed = patch.installed.filter(|installed| *installed <= context.now);
        counts.last_installed = counts.last_installed.max(installed);
    })?;
    Ok(vec![Update::Patches(device.clone(), Some(counts))])
}

fn status(number: &str, context: &Context<'_>) -> PatchStatus {
    match number {
        "1" => PatchStatus::Missing,
        "2" => PatchStatus::Pending,
        "4" => PatchStatus::Queued,
        "8" => PatchStatus::Installed,
        "16" => PatchStatus::Failed,
        // 32 has been seen; a client library's documentation says 23.
        "32" | "23" => PatchStatus::Ignored,
        "64" => PatchStatus::RebootRequired,
        other => {
            context.noted.unknown_value("patch_list_all", "status", other);
            PatchStatus::Unknown
        }
    }
}
