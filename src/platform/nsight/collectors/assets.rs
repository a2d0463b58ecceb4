//! Hardware and software, one call for each device.

use std::time::Duration;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Weekly: the platform itself scans daily at most, and answers are large.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Assets, enabled: false, interval: Duration::from_hours(168) };

/// The calls.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    with_agent(view).map(|device| Call::ListDeviceAssetDetails(device.id.clone())).collect()
}

/// What list_device_asset_details says.
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
    Err(Error::decode("list_device_asset_details is not read yet"))
}
