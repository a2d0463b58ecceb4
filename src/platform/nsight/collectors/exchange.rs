//! Size of Exchange stores, one call for each Windows server.

use std::time::Duration;

use super::{Context, is_windows, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Kind, Update, View};
use crate::platform::nsight::call::{Call, Recent};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Daily: the history has one entry a day.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Exchange, enabled: false, interval: Duration::from_hours(24) };

/// The calls. Exchange runs on Windows servers only.
#[must_use]
pub fn calls(view: &View, recent: Recent) -> Vec<Call> {
    let devices = with_agent(view).filter(|device| device.record.kind == Some(Kind::Server) && is_windows(device));
    devices.map(|device| Call::ListExchangeStorageHistory(device.id.clone(), recent)).collect()
}

/// What list_exchange_storage_history says.
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
    Err(Error::decode("list_exchange_storage_history is not read yet"))
}
