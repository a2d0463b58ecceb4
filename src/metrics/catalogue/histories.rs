//! What the daily histories of antivirus and backup have in common.

use super::{Enumeration, Source};
use crate::collector::Collector::{Checks, Inventory};
use crate::fleet::{DayStatus, HistoryView};
use crate::metrics::samples::Samples;

pub(super) const RESULTS: &[Enumeration] = &[Enumeration::full("status", &DayStatus::LABELS)];
/// Tactical RMM has no such history: checks and custom fields stand for it, by the configuration.
pub(super) const MAPPED: Option<Source> =
    Source::new(&[Checks, Inventory], &["/agents/{id}/checks/", "/agents/", "/core/customfields/"]);

pub(super) fn put_results(history: Option<HistoryView>, out: &mut Samples<'_, '_>) {
    if let Some(results) = history.and_then(|days| days.daily_results) {
        for (status, days) in DayStatus::LABELS.into_iter().zip(results) {
            out.put(&[("status", status)], days);
        }
    }
}
