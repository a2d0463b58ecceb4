//! Daily history of the antivirus update check, one call per device.

use std::time::Duration;

use super::{Context, history, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Daily: the history has one entry a day.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Antivirus, enabled: true, interval: Duration::from_hours(24) };

/// The calls. A device without such a check is left out, as long as that is known.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    let asked = with_agent(view).filter(|device| !view.lacking.antivirus.contains(&device.id));
    asked.map(|device| Call::ListAvHistory(device.id.clone())).collect()
}

/// What list_av_history says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, device: &DeviceId, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    Ok(vec![Update::Antivirus(device.clone(), history::read(text, "list_av_history", context, tally)?)])
}
