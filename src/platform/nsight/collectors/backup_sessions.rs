//! Sessions of the platform's own backup, one call for each device that has it.

use std::time::Duration;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Feature, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Twice a day: answers cover the device's whole life.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::BackupSessions, enabled: false, interval: Duration::from_hours(12) };

/// The calls. Without the feature there are no sessions.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    with_agent(view)
        .filter(|device| device.record.has(Feature::Backup))
        .map(|device| Call::ListMobSessions(device.id.clone()))
        .collect()
}

/// What list_mob_sessions says.
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
    Err(Error::decode("list_mob_sessions is not read yet"))
}
