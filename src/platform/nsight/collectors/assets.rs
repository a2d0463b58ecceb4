//! Hardware and software, one call for each device.

use std::time::Duration;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{Assets, DeviceId, Reading, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::assets::list_device_asset_details;
use crate::platform::nsight::xml::Tally;

/// Weekly: the platform itself scans daily at most, and answers are large.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Assets, enabled: false, interval: Duration::from_hours(168) };

/// The calls.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    with_agent(view).map(|device| Call::ListDeviceAssetDetails(device.id.clone())).collect()
}

/// What list_device_asset_details says. Of a device that was never scanned, and whose lists are empty, nothing is known:
/// it has neither no hardware nor no software.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, device: &DeviceId, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let details = list_device_asset_details(text, tally)?;
    let lists = [details.hardware, details.software];
    let has_items = lists.into_iter().flatten().any(|items| items.present + items.deleted > 0);
    let assets = if has_items || details.scanned.is_some() {
        let [hardware, software] = lists.map(|items| items.map(|items| items.present));
        Assets { hardware, software, scanned: details.scanned.filter(|scanned| *scanned <= context.now) }
    } else {
        Assets::default()
    };
    Ok(vec![Update::Reading(device.clone(), Reading::Assets(assets))])
}

#[cfg(test)]
mod tests;
