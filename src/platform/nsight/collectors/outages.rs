//! Outages, one call for each device.

use std::time::Duration;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Every six hours.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Outages, enabled: false, interval: Duration::from_hours(6) };

/// The calls.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    with_agent(view).map(|device| Call::ListOutages(device.id.clone())).collect()
}

/// What list_outages says.
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
    Err(Error::decode("list_outages is not read yet"))
}
