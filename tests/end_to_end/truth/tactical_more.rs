//! What Tactical RMM's agent details, custom fields, alerts and the server itself give.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rmm_exporter::demo::world::tactical::{
    FieldValue, ResultStatus, ServerStatus, ServicesRunning, TacticalAgentTruth, TacticalAlert, TacticalDetail,
};

use super::tactical::check_name;
use super::{At, count, disk};
use crate::support::SeriesMap;

const GIBIBYTE: f64 = 1_073_741_824.0;

/// What only the agent's detail tells.
pub fn details(all: &mut SeriesMap, at: &At, detail: &TacticalDetail) {
    for one in detail.disks.iter().flatten() {
        let at = at.with("disk", &disk(one.device));
        at.put(all, "rmm_device_disk_used_ratio", one.percent as f64 / 100.0);
        at.put(all, "rmm_device_disk_size_bytes", bytes(&one.total));
        at.put(all, "rmm_device_disk_used_bytes", bytes(&one.used));
    }
    // The server writes whole gigabytes: 0 is less than one, and no machine has no memory.
    if let Some(memory) = detail.memory_gb.filter(|memory| *memory > 0) {
        at.put(all, "rmm_device_memory_bytes", memory as f64 * GIBIBYTE);
    }
    at.put(all, "rmm_device_offline_after_seconds", detail.offline_minutes as f64 * 60.0);
    at.put(all, "rmm_device_overdue_after_seconds", detail.overdue_minutes as f64 * 60.0);
    at.time(all, "rmm_patches_last_installed_timestamp_seconds", detail.patches_last_installed);
}

/// A size as people read it, in whole bytes.
fn bytes(text: &str) -> f64 {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').expect("a unit");
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim() {
        "B" => 1.0,
        "K" | "KB" => 1_024.0,
        "M" | "MB" => 1_048_576.0,
        "G" | "GB" => GIBIBYTE,
        "T" | "TB" => 1_024.0 * GIBIBYTE,
        other => panic!("the test does not know the unit {other}"),
    };
    (number.parse::<f64>().expect("a number") * factor).round()
}

/// Antivirus by the checks that have `defender` in their name, backup by those with `backup`, and by a date field.
pub fn mapped(all: &mut SeriesMap, at: &At, agent: &TacticalAgentTruth) {
    for (what, word) in [("antivirus", "defender"), ("backup", "backup")] {
        let checks = agent.checks.iter().filter(|check| !check.overridden);
        let mapped: Vec<_> = checks.filter(|check| check_name(check).0.to_lowercase().contains(word)).collect();
        // A check that never ran, or whose result is pending, says nothing.
        let in_state = |state| mapped.iter().filter(move |check| check.status == state);
        let well = match (in_state(ResultStatus::Failing).count(), in_state(ResultStatus::Passing).count()) {
            (0, 0) => None,
            (failing, _) => Some(failing == 0),
        };
        if let Some(well) = well {
            at.flag(all, &format!("rmm_{what}_up_to_date"), well);
        }
        // Of several checks the worst counts: the one that passed longest ago. A date in the field says more.
        let runs = in_state(ResultStatus::Passing).filter_map(|check| check.last_run);
        let passed = runs.min().filter(|_| well == Some(true));
        let last_pass = if what == "backup" { last_backup(agent).or(passed) } else { passed };
        at.time(all, &format!("rmm_{what}_last_pass_timestamp_seconds"), last_pass);
    }
}

/// The field's time has no offset; it is UTC.
fn last_backup(agent: &TacticalAgentTruth) -> Option<Timestamp> {
    match agent.field("Last Backup")? {
        FieldValue::Text(text) if !text.is_empty() => {
            let time: DateTime = text.parse().expect("a time");
            Some(time.to_zoned(TimeZone::UTC).expect("in range").timestamp())
        }
        FieldValue::Text(_) | FieldValue::Null => None,
        other => panic!("{other:?} is no time"),
    }
}

/// The server itself.
pub fn server(all: &mut SeriesMap, account: &At, server: &ServerStatus) {
    account.with("version", server.version).put(all, "rmm_server_info", 1.0);
    account.put(all, "rmm_server_agents", server.agents as f64);
    account.put(all, "rmm_server_clients", server.clients as f64);
    account.put(all, "rmm_server_sites", server.sites as f64);
    account.put(all, "rmm_server_certificate_expiry_seconds", server.certificate_days as f64 * 86_400.0);
    account.put(all, "rmm_server_disk_usage_ratio", server.disk_percent as f64 / 100.0);
    account.put(all, "rmm_server_memory_usage_ratio", server.memory_percent as f64 / 100.0);
    for (component, up) in [
        ("redis", server.redis_ping),
        ("nats_std", server.nats_std_ping),
        ("nats_ws", server.nats_ws_ping),
        ("mesh", server.mesh_ping),
    ] {
        account.with("component", component).flag(all, "rmm_server_ping_up", up);
    }
    if let ServicesRunning::Each(services) = &server.services {
        for (service, up) in services {
            account.with("component", service).flag(all, "rmm_server_component_up", *up);
        }
    }
    // −1 is not known.
    if server.celery_queue >= 0 {
        account.put(all, "rmm_server_celery_queue_length", server.celery_queue as f64);
    }
}

/// Alerts that are open, not snoozed and not hidden.
pub fn alerts(all: &mut SeriesMap, account: &At, alerts: &[TacticalAlert]) {
    let open: Vec<_> = alerts
        .iter()
        .filter(|alert| alert.resolved_on.is_none() && alert.snooze_until.is_none() && !alert.hidden)
        .collect();
    for severity in ["error", "warning", "info"] {
        for kind in ["availability", "check", "task", "custom"] {
            let number = count(&open, |alert| alert.severity == severity && alert.alert_type == kind);
            account.with("severity", severity).with("kind", kind).put(all, "rmm_alerts_open", number as f64);
        }
    }
}
