//! Collector `checks`: `/agents/{id}/checks/`.

use std::borrow::Cow;
use std::collections::HashSet;

use jiff::Timestamp;

use super::super::call::Call;
use super::super::decode::{Decoder, all_records};
use super::super::notices::Notices;
use super::super::wire::array::ArrayError;
use super::super::wire::{Text, checks as wire};
use super::{Counter, severity, state, sweep};
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{Check, CheckState, DeviceChecks, Label, Severity, View};
use crate::planner::{ReadCall, Want};
use crate::platform::bounds;

/// One call for each agent.
pub fn wants(config: CollectorConfig, known: &View) -> impl Iterator<Item = Want<Call>> {
    sweep(Collector::Checks, config, known, |_| true, Call::AgentChecks)
}

/// Counts every check that counts, asks them all about antivirus and backup, and keeps those that become series.
pub fn decode(decoder: &Decoder, call: &Call, body: &str, now: Timestamp) -> Result<DeviceChecks, ArrayError> {
    let mut counter = Counter::default();
    let (mut checks, mut unnamed, mut repeated) = (Vec::new(), 0, 0);
    let mut seen = HashSet::new();
    all_records(call, body, |check: wire::Check<'_>| {
        if check.overridden_by_policy == Some(true) {
            return;
        }
        if check.id.is_some_and(|id| !seen.insert(id)) {
            repeated += 1;
            return;
        }
        let (script, is_unnamed) = (check.script, check.id.is_none());
        let check = convert(&decoder.notices, &check, now);
        counter.count(check.state);
        checks.push((check, script));
        unnamed += usize::from(is_unnamed);
    })?;
    let signals = decoder.mappings.signals(&checks);
    decoder.notices.repeated_records(call.name(), repeated);
    decoder.notices.bad_records(call.name(), unnamed, checks.len(), "a check has no id");
    let named = checks.into_iter().map(|(check, _)| check).filter(|check| !check.id.as_str().is_empty());
    let kept = named.filter(|check| decoder.keeps(check.state == CheckState::Failing));
    Ok(DeviceChecks { counts: counter.counts(), checks: kept.collect(), signals, ..DeviceChecks::default() })
}

fn convert(notices: &Notices, check: &wire::Check<'_>, now: Timestamp) -> Check {
    let result = check.check_result.as_ref();
    let state = state(notices, "check status", result.and_then(|result| result.status.as_deref()));
    Check {
        id: check.id.map(|id| Label::new(&id.to_string())).unwrap_or_default(),
        name: name(check),
        check_type: check_type(check.check_type.as_deref()),
        state,
        severity: check_severity(notices, check, state),
        consecutive_failures: result.and_then(|result| result.fail_count).and_then(bounds::count),
        last_run: result.and_then(|result| result.last_run).and_then(|time| bounds::reported(time.0, now)),
    }
}

/// A failing check of these types is as bad as its result says: the thresholds decide. A result's severity is left over
/// from the last failure otherwise. Without any severity it is the worst, so that somebody looks.
fn check_severity(notices: &Notices, check: &wire::Check<'_>, state: CheckState) -> Severity {
    let own = || severity(notices, check.alert_severity.as_deref());
    let by_result = matches!(check.check_type.as_deref(), Some("memory" | "cpuload" | "diskspace" | "script"));
    let found = if state == CheckState::Failing && by_result {
        let result = check.check_result.as_ref();
        severity(notices, result.and_then(|result| result.alert_severity.as_deref())).or_else(own)
    } else {
        own()
    };
    found.unwrap_or(Severity::Error)
}

/// The `check` label. The server's own description is used for scripts only: for other types it holds thresholds, and a
/// label must not change when somebody edits one.
fn name(check: &wire::Check<'_>) -> Label {
    let own = Label::new(check.name.as_deref().unwrap_or_default());
    if !own.as_str().is_empty() {
        return own;
    }
    let text = |field: &Option<Text<'_>>| field.as_deref().unwrap_or_default().trim().to_owned();
    let name = match check.check_type.as_deref() {
        Some("diskspace") => format!("Disk {}", text(&check.disk)),
        Some("cpuload") => "CPU load".to_owned(),
        Some("memory") => "Memory".to_owned(),
        Some("ping") => "Ping".to_owned(),
        Some("winsvc") => {
            let display_name = text(&check.svc_display_name);
            format!("Service {}", if display_name.is_empty() { text(&check.svc_name) } else { display_name })
        }
        Some("eventlog") => format!("Event log {}", text(&check.log_name)),
        Some("script") => text(&check.readable_desc),
        other => other.unwrap_or_default().to_owned(),
    };
    Label::new(&name)
}

/// The `check_type` label: the shared vocabulary, else the server's own word.
fn check_type(word: Option<&str>) -> Cow<'static, str> {
    Cow::Borrowed(match word {
        Some("diskspace") => "disk_space",
        Some("cpuload") => "cpu_load",
        Some("memory") => "memory",
        Some("ping") => "ping",
        Some("winsvc") => "service",
        Some("eventlog") => "event_log",
        Some("script") => "script",
        Some(other) => return Cow::Owned(Label::new(&other.to_lowercase()).as_str().to_owned()),
        None => "unknown",
    })
}

#[cfg(test)]
mod tests;
