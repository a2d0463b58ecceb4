//! Daily history of the backup check, one call per device.

use std::time::Duration;

use super::{Context, history, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Daily: the history has one entry a day.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Backup, enabled: true, interval: Duration::from_hours(24) };

/// The calls. A device without such a check is left out, as long as that is known.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    let asked = with_agent(view).filter(|device| !view.lacking.backup.contains(&device.id));
    asked.map(|device| Call::ListBackupHistory(device.id.clone())).collect()
}

/// What list_backup_history says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, device: &DeviceId, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    Ok(vec![Update::Backup(device.clone(), history::read(text, "list_backup_history", context, tally)?)])
}
