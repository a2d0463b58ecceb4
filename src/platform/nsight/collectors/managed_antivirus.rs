//! Threats, quarantine and scans of managed antivirus, three calls for each device that has it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{AntivirusEngine, Reading, Scan, ScanType, ThreatStatus, Update, View};
use crate::platform::nsight::call::{AntivirusTarget, Call};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire;
use crate::platform::nsight::wire::managed_antivirus::{list_mav_quarantine, list_mav_scans, list_mav_threats};
use crate::platform::nsight::xml::Tally;

/// Twice a day.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::ManagedAntivirus, enabled: false, interval: Duration::from_hours(12) };

/// A scan that ended further than this in the future is not believed: the device's clock was wrong, and such a scan would
/// stay the newest for as long. Less than that is a time zone that changed.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The calls. Without the feature the answers mean nothing. Scans with times of the device wait for its detail record, which
/// tells how far those are ahead of UTC: asked for earlier, they would have no time until the next sweep.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    let mut calls = Vec::new();
    for device in with_agent(view) {
        let Some(engine) = device.record.antivirus_engine else { continue };
        let target = AntivirusTarget { device: device.id.clone(), engine, utc_offset: device.record.utc_offset };
        calls.push(Call::ListMavThreats(target.clone()));
        calls.push(Call::ListMavQuarantine(target.clone()));
        if engine == AntivirusEngine::Vipre || device.record.agentless.is_some() {
            calls.push(Call::ListMavScans(target));
        }
    }
    calls
}

/// What list_mav_threats says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn threats(
    text: &str,
    target: &AntivirusTarget,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    let mut counts = [0; ThreatStatus::LABELS.len()];
    for word in list_mav_threats(text, tally)? {
        if let Some(count) = counts.get_mut(threat_status(&word, context) as usize) {
            *count += 1;
        }
    }
    Ok(vec![Update::Reading(target.device.clone(), Reading::Threats(counts))])
}

/// What list_mav_quarantine says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn quarantine(text: &str, target: &AntivirusTarget, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let items = list_mav_quarantine(text, tally)?;
    Ok(vec![Update::Reading(target.device.clone(), Reading::Quarantined(items))])
}

/// What list_mav_scans says: of each type the finished scan that ended last.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn scans(
    text: &str,
    target: &AntivirusTarget,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    let mut newest: BTreeMap<ScanType, (Option<Timestamp>, Scan)> = BTreeMap::new();
    let latest = context.now.saturating_add(MOST_AHEAD).unwrap_or(Timestamp::MAX);
    list_mav_scans(text, tally, |scan| {
        if !is_finished(&scan.status, context) {
            return;
        }
        let scan_type = scan_type(&scan.scan_type, context);
        let ahead = offset(&scan, target, context);
        // Where the offset is not known, times of the device can still be compared with each other.
        let order = scan.end.or(scan.start).and_then(|time| utc(time, ahead.unwrap_or_default()));
        if order > Some(latest) {
            return;
        }
        if newest.get(&scan_type).is_none_or(|(newest, _)| *newest < order) {
            let end = scan.end.zip(ahead).and_then(|(end, ahead)| utc(end, ahead));
            newest.insert(scan_type, (order, Scan { scan_type, end, threats: scan.threats, errors: scan.errors }));
        }
    })?;
    let scans = newest.into_values().map(|(_, scan)| scan).collect();
    Ok(vec![Update::Reading(target.device.clone(), Reading::Scans(scans))])
}

/// How many seconds the times of a scan are ahead of UTC, by its own engine, else by the device's.
fn offset(scan: &wire::managed_antivirus::Scan, target: &AntivirusTarget, context: &Context<'_>) -> Option<i32> {
    let engine = match folded(&scan.engine).as_str() {
        "" => target.engine,
        "vipre" => AntivirusEngine::Vipre,
        "bitdefender" => AntivirusEngine::Bitdefender,
        _ => {
            context.noted.unknown_value("list_mav_scans", "engine", &scan.engine);
            target.engine
        }
    };
    match engine {
        AntivirusEngine::Vipre => Some(0),
        AntivirusEngine::Bitdefender => target.utc_offset,
    }
}

fn utc(written: Timestamp, seconds_ahead: i32) -> Option<Timestamp> {
    written.checked_sub(SignedDuration::from_secs(i64::from(seconds_ahead))).ok()
}

/// A word without what the two engines spell in different ways: case, spaces, underscores.
fn folded(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn threat_status(word: &str, context: &Context<'_>) -> ThreatStatus {
    match folded(word).as_str() {
        "quarantined" | "deletepending" | "releasepending" => ThreatStatus::Quarantined,
        "deleted" | "cleaned" | "blocked" | "quarantinedeleted" => ThreatStatus::Resolved,
        failed if failed.starts_with("failedto") => ThreatStatus::Failed,
        "detected" | "reported" | "ignored" | "released" | "quarantinerestored" => ThreatStatus::Active,
        _ => {
            context.noted.unknown_value("list_mav_threats", "last_status", word);
            ThreatStatus::Active
        }
    }
}

fn is_finished(word: &str, context: &Context<'_>) -> bool {
    match folded(word).as_str() {
        "finished" | "scanfinishednormally" => true,
        "none" | "pending" | "pendingagent" | "canceled" | "error" | "paused" | "running" | "scanaborted"
        | "scanstopped" | "scaninprogress" => false,
        _ => {
            context.noted.unknown_value("list_mav_scans", "status", word);
            false
        }
    }
}

fn scan_type(word: &str, context: &Context<'_>) -> ScanType {
    match folded(word).as_str() {
        "quick" => ScanType::Quick,
        "deep" => ScanType::Deep,
        "custom" => ScanType::Custom,
        "active" | "activeprotection" | "behavioral" | "ids" | "device" => ScanType::Other,
        _ => {
            context.noted.unknown_value("list_mav_scans", "type", word);
            ScanType::Other
        }
    }
}

#[cfg(test)]
mod tests;
