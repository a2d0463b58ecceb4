//! What the daily histories of antivirus and backup checks have in common.

use std::sync::Arc;

use super::Context;
use crate::fleet::{DayStatus, History};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::history::list_history;
use crate::platform::nsight::xml::Tally;

/// The history in an answer of `service`; `None` when the device has no such check.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn read(
    text: &str,
    service: &'static str,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Option<Arc<History>>, Error> {
    let days = list_history(text, tally)?;
    let days = days.into_iter().map(|day| (day.date, status(&day.status, service, context))).collect();
    Ok(History::new(days).map(Arc::new))
}

/// The words of the documentation's table and of its samples, which differ.
fn status(word: &str, service: &'static str, context: &Context<'_>) -> DayStatus {
    match word.to_ascii_uppercase().as_str() {
        "PASS" => DayStatus::Pass,
        "PASSINACTIVE" => DayStatus::PassInactive,
        "FAIL" | "FAILINACTIVE" => DayStatus::Fail,
        "CLEARED" | "CLEAREDINACTIVE" => DayStatus::Cleared,
        "OVERDUE" | "DEVICEOVERDUE" => DayStatus::Overdue,
        "NOTRUN" | "NOTINSTALLED" => DayStatus::NotRun,
        "UNKNOWN" => DayStatus::Unknown,
        other => {
            context.noted.unknown_value(service, "status", other);
            DayStatus::Unknown
        }
    }
}
