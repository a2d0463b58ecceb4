//! How much is selected for the platform's own backup: one call for the account, or one for each device that has it where the
//! platform refuses the first.

use std::sync::Arc;
use std::time::Duration;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceView, Feature, Update, View};
use crate::platform::nsight::call::{Call, SelectionTarget};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Daily.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::BackupSelection, enabled: false, interval: Duration::from_hours(24) };

/// The calls. Where no device has the feature there is nothing to ask.
#[must_use]
pub fn calls(view: &View, per_device: bool) -> Vec<Call> {
    let zone: Option<Arc<str>> = view.time_zone.as_ref().and_then(|zone| zone.iana_name()).map(Arc::from);
    let devices = with_agent(view).filter(|device| device.record.has(Feature::Backup));
    let single = |device: &DeviceView| (device.record.client.clone(), device.record.site.clone(), device.id.clone());
    let targets: Vec<_> = if per_device {
        devices.map(|device| Some(single(device))).collect()
    } else {
        devices.take(1).map(|_| None).collect()
    };
    targets
        .into_iter()
        .map(|device| Call::MobListSelectionSize(SelectionTarget { device, zone: zone.clone() }))
        .collect()
}

/// What mob/mob_list_selection_size says, of every device or of the one that was asked for.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(
    _text: &str,
    _target: &SelectionTarget,
    _context: &Context<'_>,
    _tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    Err(Error::decode("mob/mob_list_selection_size is not read yet"))
}
