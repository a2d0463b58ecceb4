//! Used space of drives, one call for each device.

use std::time::Duration;

use super::storage::{bytes, last_day};
use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Drive, Reading, Update, View, disk_label};
use crate::platform::nsight::call::{Call, Recent};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::storage::list_drive_space_history;
use crate::platform::nsight::xml::Tally;

/// Daily: the history has one entry a day.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::DriveSpace, enabled: false, interval: Duration::from_hours(24) };

/// The calls.
#[must_use]
pub fn calls(view: &View, recent: Recent) -> Vec<Call> {
    let devices = with_agent(view);
    devices.map(|device| Call::ListDriveSpaceHistory(device.id.clone(), recent)).collect()
}

/// What list_drive_space_history says. A device without a drive space check has an empty answer, and no drives.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(
    text: &str,
    device: &DeviceId,
    recent: Recent,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    let volumes = list_drive_space_history(text, last_day(context.now), tally)?;
    let mut drives = Vec::new();
    for volume in volumes {
        let label = disk_label(&volume.name);
        if label.as_str().is_empty() {
            tally.bad("drive without name");
        } else {
            tally.good();
            drives.push((label, volume));
        }
    }
    let drives = bytes(drives, recent, context.now).into_iter();
    let drives = drives
        .map(|(disk, bytes)| Drive { disk, used_bytes: Some(bytes), size_bytes: None, used_ratio: None })
        .collect();
    Ok(vec![Update::Reading(device.clone(), Reading::Drives(drives))])
}

#[cfg(test)]
mod tests;
