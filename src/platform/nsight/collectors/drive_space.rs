//! Used space of drives, one call for each device.

use std::time::Duration;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Update, View};
use crate::platform::nsight::call::{Call, Recent};
use crate::platform::nsight::error::Error;
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

/// What list_drive_space_history says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(
    _text: &str,
    _device: &DeviceId,
    _context: &Context<'_>,
    _tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    Err(Error::decode("list_drive_space_history is not read yet"))
}
