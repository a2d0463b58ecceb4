//! How much is selected for the platform's own backup: one call for the account, or one for each device that has it where the
//! platform refuses the first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::with_agent;
use super::words::backup_plugin;
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, DeviceView, Feature, Label, PluginSelection, Reading, Update, View};
use crate::platform::nsight::call::{Call, SelectionTarget};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::backup_selection::{Size, list_selection_size};
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
pub fn update(text: &str, target: &SelectionTarget, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let mut devices: BTreeMap<DeviceId, Sums> = BTreeMap::new();
    for device in list_selection_size(text, tally)? {
        devices.entry(DeviceId::new(&device.id)).or_default().add(&device.sizes);
    }
    Ok(vec![match &target.device {
        Some((.., id)) => {
            let selection = devices.remove(id).unwrap_or_default().into_selection();
            Update::Reading(id.clone(), Reading::Selection(selection))
        }
        None => Update::Selections(devices.into_iter().map(|(id, sums)| (id, sums.into_selection())).collect()),
    }])
}

/// The sizes of one device by plugin, over all slots. Without one of its sizes the sum of a plugin is not known.
#[derive(Debug, Default)]
struct Sums(BTreeMap<Label, Option<u64>>);

impl Sums {
    fn add(&mut self, sizes: &[Size]) {
        for size in sizes {
            let sum = self.0.entry(backup_plugin(&size.element)).or_insert(Some(0));
            *sum = sum.zip(size.bytes).and_then(|(sum, bytes)| sum.checked_add(bytes));
        }
    }

    fn into_selection(self) -> Arc<[PluginSelection]> {
        let known = |(plugin, bytes): (_, Option<u64>)| Some(PluginSelection { plugin, bytes: bytes? });
        self.0.into_iter().filter_map(known).collect()
    }
}

#[cfg(test)]
mod tests;
