//! Size of Exchange stores, one call for each Windows server.

use std::time::Duration;

use super::storage::{bytes, last_day};
use super::{Context, is_windows, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Kind, Label, Reading, Store, Update, View};
use crate::platform::nsight::call::{Call, Recent};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::storage::list_exchange_storage_history;
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

/// What list_exchange_storage_history says. Its form is not documented: what cannot be read is noted, and spoils neither the
/// answer nor other stores. A server without such a check has an empty answer, and no stores.
///
/// # Errors
///
/// When `text` is no answer.
pub fn update(
    text: &str,
    device: &DeviceId,
    recent: Recent,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    let volumes = list_exchange_storage_history(text, last_day(context.now), tally)?;
    let mut stores = Vec::new();
    for volume in volumes {
        let label = Label::new(&volume.name);
        let has_size = volume.newest.is_none_or(|newest| newest.megabytes.is_some());
        if label.as_str().is_empty() || !has_size {
            context.noted.unknown_value("list_exchange_storage_history", "store", &volume.element);
        }
        if !label.as_str().is_empty() {
            stores.push((label, volume));
        }
    }
    let stores = bytes(stores, recent, context.now).into_iter().map(|(store, bytes)| Store { store, bytes }).collect();
    Ok(vec![Update::Reading(device.clone(), Reading::Stores(stores))])
}

#[cfg(test)]
mod tests;
