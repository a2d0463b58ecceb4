//! PATCH /alerts/: a read, the filter is its body.

use axum::http::header::{ALLOW, CONTENT_TYPE, VARY};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{JSON, detail, forbidden, iso, page};
use crate::demo::server::{Answer, Received};
use crate::demo::world::World;
use crate::demo::world::tactical::TacticalAlert;

const METHODS: &str = "POST, PATCH, OPTIONS";

pub(super) fn answer(world: &World, request: &Received, at: Timestamp) -> Answer {
    match request.method.as_str() {
        "PATCH" => {}
        "GET" => {
            let body = r#"{"detail":"Method \"GET\" not allowed."}"#;
            return Answer::new(405, JSON, body).with(VARY, "origin").with(ALLOW, METHODS);
        }
        // The role may look at alerts only.
        _ => return forbidden(),
    }
    let filter = match read(request) {
        Ok(filter) => filter,
        Err(answer) => return answer,
    };
    let mut answer = match filter.get("top").map(Value::as_u64) {
        Some(Some(top)) => super::json(&oldest_first(world, usize::try_from(top).unwrap_or(usize::MAX), at)),
        Some(None) => return page(500),
        None => {
            let found = world.tactical_alerts(at).into_iter().filter(|alert| fits(alert, &filter, at));
            super::json(&found.map(|alert| row(&alert)).collect::<Vec<_>>())
        }
    };
    answer.headers.retain(|(name, _)| name != ALLOW);
    answer.with(ALLOW, METHODS)
}

/// The filter, or the error that the server gives. No body is no filter; anything but an object breaks the server.
fn read(request: &Received) -> Result<Map<String, Value>, Answer> {
    if request.body.is_empty() {
        return Ok(Map::new());
    }
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with(JSON) {
        let body = json!({"detail": format!("Unsupported media type \"{content_type}\" in request.")});
        return Err(Answer::new(415, JSON, body.to_string()).with(VARY, "origin"));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(filter)) => Ok(filter),
        Ok(_) => Err(page(500)),
        Err(_) => Err(detail(
            400,
            "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        )),
    }
}

/// What the bell on the dashboard shows: how many alerts are open, and the oldest of them.
fn oldest_first(world: &World, top: usize, at: Timestamp) -> Value {
    let mut open = world.tactical_alerts(at);
    open.retain(|alert| alert.resolved_on.is_none() && alert.snooze_until.is_none() && !alert.hidden);
    open.sort_by_key(|alert| alert.alert_time);
    json!({"alerts_count": open.len(), "alerts": open.iter().take(top).map(row).collect::<Vec<_>>()})
}

/// Whether an alert passes the filter. Keys that the server does not know let everything through; `true` for resolved or
/// snoozed does too.
fn fits(alert: &TacticalAlert, filter: &Map<String, Value>, at: Timestamp) -> bool {
    let left_out = |name: &str| filter.get(name).is_some_and(|wanted| !truthy(wanted));
    let listed = |name: &str, own: &Value| {
        filter.get(name).is_none_or(|wanted| wanted.as_array().is_some_and(|wanted| wanted.contains(own)))
    };
    let recent = filter
        .get("timeFilter")
        .and_then(Value::as_i64)
        .is_none_or(|days| at.as_millisecond() - alert.alert_time.as_millisecond() < days.saturating_mul(86_400_000));
    let client = alert.agent.as_ref().map_or(Value::Null, |agent| agent.client_id.into());
    let resolved = left_out("resolvedFilter") && alert.resolved_on.is_some();
    let snoozed = left_out("snoozedFilter") && alert.snooze_until.is_some();
    !resolved
        && !snoozed
        && listed("severityFilter", &alert.severity.into())
        && listed("clientFilter", &client)
        && recent
}

/// What counts as true in Python.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

fn row(alert: &TacticalAlert) -> Value {
    let name = alert.agent.as_ref().map_or("custom alert 🚨", |agent| agent.hostname.as_str());
    let mut row = json!({
        "id": alert.id,
        "alert_time": iso(alert.alert_time),
        "alert_type": alert.alert_type,
        "message": format!("{name} has a problem \"x\""),
        "snoozed": alert.snooze_until.is_some(),
        "snooze_until": alert.snooze_until.map(iso),
        "resolved": alert.resolved_on.is_some(),
        "resolved_on": alert.resolved_on.map(iso),
        "severity": alert.severity,
        "email_sent": null,
        "resolved_email_sent": null,
        "sms_sent": null,
        "resolved_sms_sent": null,
        "hidden": alert.hidden,
        "action_run": null,
        "action_stdout": null,
        "action_stderr": null,
        "action_retcode": null,
        "action_execution_time": null,
        "resolved_action_run": null,
        "resolved_action_stdout": null,
        "resolved_action_stderr": null,
        "resolved_action_retcode": null,
        "resolved_action_execution_time": null,
        "agent": alert.agent.as_ref().map(|agent| agent.pk),
        "assigned_check": alert.assigned_check,
        "assigned_task": alert.assigned_task,
    });
    // The keys are absent without an agent.
    if let (Some(agent), Some(fields)) = (&alert.agent, row.as_object_mut()) {
        for (name, value) in [
            ("hostname", &agent.hostname),
            ("agent_id", &agent.agent_id),
            ("client", &agent.client),
            ("site", &agent.site),
        ] {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    row
}
