//! Load of processors, memory, disks and network, one call for each server.

use std::time::Duration;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Kind, Update, View};
use crate::platform::nsight::call::{Call, Recent};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Hourly: the platform's intervals have 15 minutes.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Performance, enabled: false, interval: Duration::from_hours(1) };

/// The calls. There is a history where a performance monitoring check runs: every server is asked, and those workstations whose
/// checks the collector `checks` has seen to have one.
#[must_use]
pub fn calls(view: &View, recent: Recent) -> Vec<Call> {
    let devices = with_agent(view)
        .filter(|device| device.record.kind == Some(Kind::Server) || device.performance_monitored == Some(true));
    devices.map(|device| Call::ListPerformanceHistory(device.id.clone(), recent)).collect()
}

/// What list_performance_history says.
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
    Err(Error::decode("list_performance_history is not read yet"))
}
