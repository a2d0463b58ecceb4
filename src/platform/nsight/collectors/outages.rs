//! Outages, one call for each device.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DeviceId, OutageReason, Outages, Reading, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::outages::{Outage, list_outages};
use crate::platform::nsight::xml::Tally;

/// Every six hours.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Outages, enabled: false, interval: Duration::from_hours(6) };

/// For how long back outages count. The platform tells of 61 days.
const WINDOW: i64 = 30 * 24 * 3600;

/// The calls.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    with_agent(view).map(|device| Call::ListOutages(device.id.clone())).collect()
}

/// What list_outages says. An answer without outages is a count of zero.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, device: &DeviceId, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let mut open = [0; OutageReason::LABELS.len()];
    let mut spans: [Vec<Span>; OutageReason::LABELS.len()] = Default::default();
    for outage in list_outages(text, tally)? {
        let reason = reason(&outage.reason, context);
        let is_open = is_open(&outage, context);
        if let (Some(open), Some(spans)) = (open.get_mut(reason as usize), spans.get_mut(reason as usize)) {
            *open += u64::from(is_open);
            spans.extend(span(&outage, is_open, context.now));
        }
    }
    let outages = Outages { open, seconds: spans.map(seconds) };
    Ok(vec![Update::Reading(device.clone(), Reading::Outages(Arc::new(outages)))])
}

/// By how the words begin: not all of them are documented. They are compared without what separates their parts.
fn reason(word: &str, context: &Context<'_>) -> OutageReason {
    const REASONS: [(&str, OutageReason); 5] = [
        ("CHECK", OutageReason::CheckFailure),
        ("DEVICEOFFLINE", OutageReason::DeviceOffline),
        ("DEVICEOVERDUE", OutageReason::DeviceOverdue),
        ("SIT", OutageReason::SiteDown),
        ("UPLOAD", OutageReason::UploadError),
    ];
    let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    REASONS.iter().find(|(start, _)| letters.starts_with(start)).map_or_else(
        || {
            context.noted.unknown_value("list_outages", "reason", word);
            OutageReason::Unknown
        },
        |(_, reason)| *reason,
    )
}

/// By its state; where that is no known word, one that has no end lasts.
fn is_open(outage: &Outage, context: &Context<'_>) -> bool {
    if outage.state.eq_ignore_ascii_case("OPEN") {
        true
    } else if outage.state.eq_ignore_ascii_case("CLOSED") {
        false
    } else {
        context.noted.unknown_value("list_outages", "state", &outage.state);
        outage.end.is_none()
    }
}

/// From one second to another, in Unix time.
type Span = (i64, i64);

/// The part of an outage that lies in the window, an open one up to now. `None` when nothing does, and when it cannot be
/// told: without a start, and without the end of one that is over.
fn span(outage: &Outage, is_open: bool, now: Timestamp) -> Option<Span> {
    let now = now.as_second();
    let end = if is_open { now } else { outage.end?.as_second().min(now) };
    let start = outage.start?.as_second().max(now - WINDOW);
    (start < end).then_some((start, end))
}

/// How many seconds lie in at least one of the spans.
fn seconds(mut spans: Vec<Span>) -> f64 {
    spans.sort_unstable();
    let (mut covered, mut until) = (0, i64::MIN);
    for (start, end) in spans {
        covered += (end - start.max(until)).max(0);
        until = until.max(end);
    }
    covered as f64
}

#[cfg(test)]
mod tests;
