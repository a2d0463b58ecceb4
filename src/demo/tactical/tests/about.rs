//! What the server tells about itself, and the definitions of custom fields.

use super::*;
use crate::demo::world::tactical::{FIELDS, ServicesForm, ServicesRunning};

const STATUS: &str = "/core/v2/status/";
const TOKEN: (&str, &str) = ("X-Mon-Token", "TOKEN");

async fn status(demo: &Demo) -> Value {
    let answer = get(demo.tactical.address, STATUS, &[TOKEN]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    answer.json()
}

#[tokio::test]
async fn the_status_is_the_truth_and_needs_the_token_alone() {
    let demo = demo(60).await;
    assert_eq!(demo.tactical.monitoring_token(), Some("TOKEN"));
    assert_eq!(demo.nsight.monitoring_token(), None);
    let truth = truth(&demo);
    let found = status(&demo).await;
    for (name, value) in [
        ("version", Value::from("1.5.1")),
        ("agent_count", truth.agents.len().into()),
        ("client_count", truth.clients.len().into()),
        ("site_count", truth.sites.len().into()),
        ("disk_usage_percent", truth.server.disk_percent.into()),
        ("mem_usage_percent", truth.server.memory_percent.into()),
        ("days_until_cert_expires", truth.server.certificate_days.into()),
        ("cert_expired", truth.server.certificate_expired.into()),
        ("redis_ping", truth.server.redis_ping.into()),
        ("nats_std_ping", truth.server.nats_std_ping.into()),
        ("nats_ws_ping", truth.server.nats_ws_ping.into()),
        ("mesh_ping", truth.server.mesh_ping.into()),
        ("celery_queue_len", truth.server.celery_queue.into()),
        ("celery_queue_health", if truth.server.celery_healthy { "healthy" } else { "unhealthy" }.into()),
    ] {
        assert_eq!(found[name], value, "{name}");
    }
    let ServicesRunning::Each(services) = truth.server.services else { panic!("seen") };
    assert_eq!(services.len(), found["services_running"].as_object().unwrap().len());
    for (name, up) in services {
        assert_eq!(found["services_running"][name], up);
    }
    assert_eq!(demo.tactical.handle.audit().violations(), []);
    assert!(demo.tactical.handle.audit().calls()[0].key_accepted, "the token is this call's key");
}

#[tokio::test]
async fn services_cannot_be_seen_from_a_container() {
    let demo = demo(60).await;
    demo.world.tactical_switches().set_services_form(ServicesForm::Container);
    let found = status(&demo).await;
    assert!(found["services_running"].as_object().unwrap().values().all(|up| up == false));
    demo.world.tactical_switches().set_services_form(ServicesForm::Text);
    assert_eq!(status(&demo).await["services_running"], "not available in docker");
}

#[tokio::test]
async fn status_errors_are_lines_of_text() {
    let demo = demo(60).await;
    let check = async |method: &str, headers: &[(&str, &str)], status: u16, line: &str| {
        let answer = request(demo.tactical.address, method, STATUS, headers).await.unwrap();
        assert_eq!((answer.status, answer.text()), (status, format!("{line}\n")));
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    };
    check("GET", &[KEY], 401, "Missing X-Mon-Token header").await;
    check("GET", &[("X-Mon-Token", "wrong")], 401, "Not authenticated").await;
    check("POST", &[TOKEN], 400, "Invalid request type").await;
    demo.world.tactical_switches().set_monitoring_token(false);
    check("GET", &[TOKEN], 401, "Missing mon token").await;
    let calls = demo.tactical.handle.audit().calls();
    assert_eq!(calls.iter().map(|call| call.key_accepted).collect::<Vec<_>>(), [false, false, true, false]);
}

#[tokio::test]
async fn the_status_moves_with_time() {
    let clock = PinnedClock::at("2026-03-04T09:15:02Z".parse().unwrap());
    let world = World::new(60, 1, 1.0, Arc::new(clock.clone()));
    let mut seen = BTreeSet::new();
    for _ in 0..1_200 {
        let server = world.tactical_server(world.now());
        seen.insert(if server.celery_queue < 0 { "queue unknown" } else { "queue known" });
        seen.insert(if server.celery_healthy { "healthy" } else { "unhealthy" });
        seen.insert(if server.redis_ping { "redis" } else { "no redis" });
        seen.insert(if server.certificate_expired { "expired" } else { "valid" });
        assert_eq!(server.certificate_expired, server.certificate_days < 0);
        assert!(server.disk_percent <= 100 && server.memory_percent <= 100);
        clock.advance(std::time::Duration::from_mins(127));
    }
    let all = ["expired", "healthy", "no redis", "queue known", "queue unknown", "redis", "unhealthy", "valid"];
    assert_eq!(seen, all.into());
}

#[tokio::test]
async fn the_dashboard_tells_the_version() {
    let demo = demo(60).await;
    assert_eq!(ask(&demo, "/core/dashinfo/").await["trmm_version"], "1.5.1");
    assert_eq!(ask(&demo, "/core/version/").await, "0.0.203");
}

#[tokio::test]
async fn custom_fields_have_a_definition_and_are_the_truth() {
    let demo = demo(200).await;
    let definitions = ask(&demo, "/core/customfields/").await;
    assert_eq!(list(&definitions).len(), FIELDS.len());
    for (node, field) in list(&definitions).iter().zip(FIELDS) {
        assert_eq!(
            (&node["id"], &node["name"], &node["model"], &node["type"]),
            (&field.id.into(), &field.name.into(), &field.model.into(), &field.field_type.into())
        );
    }
    let truth = truth(&demo);
    let agents = ask(&demo, "/agents/").await;
    let mut kinds = BTreeSet::new();
    for (entry, agent) in list(&agents).iter().zip(&truth.agents) {
        let rows = list(&entry["custom_fields"]);
        assert_eq!(rows.len(), agent.fields.len());
        for (row, field) in rows.iter().zip(&agent.fields) {
            assert_eq!((&row["field"], &row["agent"]), (&field.definition.id.into(), &agent.agent.pk.into()));
            assert_eq!(field.definition.model, "agent");
            let value = match &field.value {
                FieldValue::Null => Value::Null,
                FieldValue::Text(text) => text.as_str().into(),
                FieldValue::Checkbox(ticked) => (*ticked).into(),
                FieldValue::Multiple(chosen) => chosen.clone().into(),
            };
            assert_eq!(row["value"], value);
            kinds.insert((field.definition.field_type, matches!(field.value, FieldValue::Text(_))));
        }
    }
    let expected =
        [("checkbox", false), ("multiple", false), ("single", true), ("datetime", true), ("datetime", false)];
    assert!(expected.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[tokio::test]
async fn backup_and_antivirus_fields_can_be_read_as_times() {
    let demo = demo(400).await;
    let now = demo.world.now();
    let agents = truth(&demo).agents;
    let text = |agent: &TacticalAgentTruth, name: &str| match agent.field(name) {
        Some(FieldValue::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let (mut both, mut bad, mut absent) = (0, 0, 0);
    for agent in &agents {
        absent += usize::from(agent.field("Last Backup").is_none());
        let minute = text(agent, "Last Backup").and_then(|text| format!("{text}:00Z").parse::<jiff::Timestamp>().ok());
        let epoch = text(agent, "Last Backup Epoch").and_then(|text| text.parse::<i64>().ok());
        if let (Some(minute), Some(epoch)) = (minute, epoch) {
            assert_eq!(epoch / 60 * 60, minute.as_second(), "the same moment, seconds cut off");
            both += 1;
        }
        assert!(minute.is_none_or(|at| at <= now) && epoch.is_none_or(|at| at <= now.as_second()));
        match text(agent, "Last AV Update").map(|text| text.parse::<jiff::Timestamp>()) {
            Some(Ok(at)) => assert!(at <= now),
            Some(Err(_)) => bad += 1,
            None => {}
        }
        assert!(text(agent, "AV State").is_none_or(|text| ["up to date", "outdated", ""].contains(&text.as_str())));
    }
    assert!(both > agents.len() / 3 && bad > 3 && absent > 10, "{both} {bad} {absent}");
    for state in ["up to date", "outdated", ""] {
        assert!(agents.iter().any(|agent| text(agent, "AV State").as_deref() == Some(state)), "{state}");
    }
    for ticked in [true, false] {
        assert!(agents.iter().any(|agent| agent.field("Backup OK") == Some(&FieldValue::Checkbox(ticked))));
    }
}
