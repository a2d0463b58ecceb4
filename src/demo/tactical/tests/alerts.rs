//! Alerts, and their filter.

use super::*;
use crate::demo::world::tactical::TacticalAlert;

const JSON_BODY: (&str, &str) = ("Content-Type", "application/json");

async fn patch(demo: &Demo, body: &str) -> Raw {
    send(demo.tactical.address, "PATCH", "/alerts/", &[KEY, JSON_BODY], body).await.unwrap()
}

async fn found(demo: &Demo, body: &str) -> Vec<Value> {
    let answer = patch(demo, body).await;
    assert_eq!((answer.status, answer.header("allow")), (200, Some("POST, PATCH, OPTIONS")), "{body}");
    list(&answer.json()).to_vec()
}

fn ids<'a>(alerts: impl IntoIterator<Item = &'a TacticalAlert>) -> BTreeSet<u64> {
    alerts.into_iter().map(|alert| alert.id).collect()
}

fn wire_ids(alerts: &[Value]) -> BTreeSet<u64> {
    alerts.iter().map(|alert| alert["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn every_alert_is_the_truth() {
    let demo = demo(200).await;
    let truth = truth(&demo).alerts;
    let alerts = found(&demo, "").await;
    assert_eq!(wire_ids(&alerts).len(), truth.len(), "ids are unique");
    for (row, alert) in alerts.iter().zip(&truth) {
        assert_eq!((&row["id"], &row["alert_type"]), (&alert.id.into(), &alert.alert_type.into()));
        assert_eq!((&row["severity"], &row["hidden"]), (&alert.severity.into(), &alert.hidden.into()));
        assert_eq!(seconds(&row["alert_time"]), Some(alert.alert_time));
        assert_eq!(
            (&row["resolved"], seconds(&row["resolved_on"])),
            (&alert.resolved_on.is_some().into(), alert.resolved_on)
        );
        assert_eq!(
            (&row["snoozed"], seconds(&row["snooze_until"])),
            (&alert.snooze_until.is_some().into(), alert.snooze_until)
        );
        assert!(alert.alert_time <= demo.world.now() && alert.resolved_on.is_none_or(|on| on <= demo.world.now()));
        let agent = alert.agent.as_ref();
        assert_eq!(row["agent"].as_u64(), agent.map(|agent| agent.pk));
        assert_eq!(row.get("hostname").and_then(Value::as_str), agent.map(|agent| agent.hostname.as_str()));
        assert_eq!(row.get("agent_id").and_then(Value::as_str), agent.map(|agent| agent.agent_id.as_str()));
    }
}

#[tokio::test]
async fn there_are_alerts_of_every_kind() {
    let demo = demo(400).await;
    let alerts = truth(&demo).alerts;
    for kind in ["availability", "check", "task", "custom"] {
        for severity in ["info", "warning", "error"] {
            let any = |alert: &TacticalAlert| alert.alert_type == kind && alert.severity == severity;
            // Those of no agent are few, whatever the size of the fleet.
            assert!(kind == "custom" || alerts.iter().any(any), "{kind} {severity}");
        }
        assert!(alerts.iter().any(|alert| alert.alert_type == kind), "{kind}");
    }
    let open = |alert: &&TacticalAlert| alert.resolved_on.is_none();
    assert!(alerts.iter().filter(open).any(|alert| alert.hidden));
    assert!(alerts.iter().filter(open).any(|alert| alert.snooze_until.is_some()));
    assert!(alerts.iter().filter(open).count() < alerts.len());
    assert!(alerts.iter().any(|alert| alert.agent.is_none()));
}

#[tokio::test]
async fn the_filter_leaves_out_what_it_says() {
    let demo = demo(400).await;
    let all = truth(&demo).alerts;
    let now = demo.world.now();
    let unresolved = |alert: &&TacticalAlert| alert.resolved_on.is_none();
    let awake = |alert: &&TacticalAlert| alert.snooze_until.is_none();
    let everything = ids(&all);
    for (body, expected) in [
        ("{}", everything.clone()),
        (r#"{"colour":"red"}"#, everything.clone()),
        (r#"{"resolvedFilter":true,"snoozedFilter":true}"#, everything.clone()),
        (r#"{"resolvedFilter":false}"#, ids(all.iter().filter(unresolved))),
        (r#"{"resolvedFilter":false,"snoozedFilter":false}"#, ids(all.iter().filter(unresolved).filter(awake))),
        (r#"{"severityFilter":["error"]}"#, ids(all.iter().filter(|alert| alert.severity == "error"))),
        (
            r#"{"clientFilter":[2]}"#,
            ids(all.iter().filter(|alert| alert.agent.as_ref().is_some_and(|agent| agent.client_id == 2))),
        ),
        (r#"{"clientFilter":[]}"#, BTreeSet::new()),
        (r#"{"timeFilter":1}"#, ids(all.iter().filter(|alert| now.duration_since(alert.alert_time).as_hours() < 24))),
    ] {
        assert_eq!(wire_ids(&found(&demo, body).await), expected, "{body}");
    }
    assert!(ids(all.iter().filter(unresolved).filter(awake)).len() < ids(all.iter().filter(unresolved)).len());
}

#[tokio::test]
async fn the_top_are_the_oldest_that_are_open_and_shown() {
    let demo = demo(400).await;
    let mut open = truth(&demo).alerts;
    open.retain(|alert| alert.resolved_on.is_none() && alert.snooze_until.is_none() && !alert.hidden);
    let answer = patch(&demo, r#"{"top":3}"#).await.json();
    assert_eq!((&answer["alerts_count"], list(&answer["alerts"]).len()), (&open.len().into(), 3));
    let oldest = open.iter().map(|alert| alert.alert_time).min();
    assert_eq!(seconds(&answer["alerts"][0]["alert_time"]), oldest);
    assert_eq!(patch(&demo, r#"{"top":0}"#).await.json()["alerts"], serde_json::json!([]));
}

#[tokio::test]
async fn wrong_requests_get_the_recorded_errors() {
    let demo = demo(60).await;
    let broken = patch(&demo, "{").await;
    assert_eq!((broken.status, broken.body.len()), (400, 107));
    assert!(broken.text().starts_with("{\"detail\":\"JSON parse error"));
    for body in ["[]", "3"] {
        let list = patch(&demo, body).await;
        assert_eq!((list.status, list.header("content-type")), (500, Some("text/html; charset=utf-8")), "{body}");
    }
    let get = get(demo.tactical.address, "/alerts/", &[KEY]).await;
    assert_eq!((get.status, get.text().as_str()), (405, r#"{"detail":"Method \"GET\" not allowed."}"#));
    let untyped = send(demo.tactical.address, "PATCH", "/alerts/", &[KEY], "{}").await.unwrap();
    assert_eq!(
        (untyped.status, untyped.json()["detail"].as_str()),
        (415, Some("Unsupported media type \"\" in request."))
    );
    assert_eq!(send(demo.tactical.address, "PATCH", "/alerts/", &[JSON_BODY], "{}").await.unwrap().status, 401);
    let violations: Vec<_> = demo.tactical.handle.audit().violations();
    assert_eq!(violations.iter().filter_map(|call| call.violation).collect::<Vec<_>>(), ["method is not PATCH"]);
}

#[tokio::test]
async fn calls_with_another_filter_are_other_calls() {
    let demo = demo(60).await;
    for body in ["{}", r#"{"top":1}"#, r#"{"resolvedFilter":false,"snoozedFilter":false}"#] {
        patch(&demo, body).await;
    }
    assert_eq!(demo.tactical.handle.audit().summary().smallest_gap, None);
    patch(&demo, r#"{ "snoozedFilter": false, "resolvedFilter": false }"#).await;
    let (_, identity) = demo.tactical.handle.audit().summary().smallest_gap.expect("the same filter");
    assert_eq!(identity, r#"PATCH /alerts/?{"resolvedFilter":false,"snoozedFilter":false}"#);
}
