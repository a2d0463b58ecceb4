//! Threats, quarantine and scans of managed antivirus, three calls for each device that has it.

use std::time::Duration;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{Update, View};
use crate::platform::nsight::call::{AntivirusTarget, Call};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Twice a day.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::ManagedAntivirus, enabled: false, interval: Duration::from_hours(12) };

/// The calls. Without the feature the answers mean nothing.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    let targets = with_agent(view).filter_map(|device| {
        let engine = device.record.antivirus_engine?;
        Some(AntivirusTarget { device: device.id.clone(), engine, utc_offset: device.record.utc_offset })
    });
    let calls = |target: AntivirusTarget| {
        [Call::ListMavThreats(target.clone()), Call::ListMavQuarantine(target.clone()), Call::ListMavScans(target)]
    };
    targets.flat_map(calls).collect()
}

/// What list_mav_threats says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn threats(
    _text: &str,
    _target: &AntivirusTarget,
    _context: &Context<'_>,
    _tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    Err(Error::decode("list_mav_threats is not read yet"))
}

/// What list_mav_quarantine says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn quarantine(
    _text: &str,
    _target: &AntivirusTarget,
    _context: &Context<'_>,
    _tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    Err(Error::decode("list_mav_quarantine is not read yet"))
}

/// What list_mav_scans says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn scans(
    _text: &str,
    _target: &AntivirusTarget,
    _context: &Context<'_>,
    _tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    Err(Error::decode("list_mav_scans is not read yet"))
}
