//! What the server sends is read back as plain JSON and compared with the truth, and with one recorded object of each kind.

mod about;
mod alerts;
mod detail;
mod role;

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::raw::{Raw, get, request, send};
use super::super::{Demo, DemoOptions, PinnedClock, start};
use super::*;
use crate::demo::world::tactical::{AgentStatus, FieldValue, ResultStatus, TacticalAgentTruth, TacticalTruth};

const KEY: (&str, &str) = ("X-API-KEY", "KEY");
/// Shortened answers of a real server, version 1.5.1.
const RECORDED: &str = include_str!("../../../tests/fixtures/demo/tactical-recorded.json");

async fn demo(devices: usize) -> Demo {
    let clock = PinnedClock::at("2026-03-04T09:15:02Z".parse().unwrap());
    let options = DemoOptions {
        devices,
        tactical_key: Some("KEY".to_owned()),
        tactical_monitoring_token: Some("TOKEN".to_owned()),
        clock: Arc::new(clock),
        ..DemoOptions::default()
    };
    start(options).await.expect("a free port")
}

async fn ask(demo: &Demo, path: &str) -> Value {
    let answer = get(demo.tactical.address, path, &[KEY]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{path}");
    assert!(answer.complete);
    answer.json()
}

fn truth(demo: &Demo) -> TacticalTruth {
    demo.world.truth(demo.world.now()).tactical
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn seconds(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str().map(|text| text.parse().expect("a time"))
}

#[tokio::test]
async fn the_agent_list_is_the_truth() {
    let demo = demo(200).await;
    let truth = truth(&demo);
    let agents = ask(&demo, "/agents/").await;
    assert_eq!(list(&agents).len(), truth.agents.len());
    for (entry, TacticalAgentTruth { agent, counters, .. }) in list(&agents).iter().zip(&truth.agents) {
        assert_eq!(
            (&entry["agent_id"], &entry["hostname"]),
            (&agent.agent_id.as_str().into(), &agent.hostname.as_str().into())
        );
        assert_eq!(
            (&entry["client_name"], &entry["site_name"]),
            (&agent.client.as_str().into(), &agent.site.as_str().into())
        );
        assert_eq!(entry["monitoring_type"], if agent.server { "server" } else { "workstation" });
        let status = match agent.status {
            AgentStatus::Online => "online",
            AgentStatus::Offline => "offline",
            AgentStatus::Overdue => "overdue",
        };
        assert_eq!(entry["status"], status);
        assert_eq!(seconds(&entry["last_seen"]), agent.last_seen);
        assert_eq!(entry["boot_time"].as_f64(), agent.boot_time);
        assert_eq!(entry["needs_reboot"], agent.needs_reboot);
        assert_eq!(entry["maintenance_mode"], agent.maintenance_mode);
        assert_eq!(entry["pending_actions_count"], agent.pending_actions);
        assert_eq!(entry["has_patches_pending"], agent.patches_pending);
        assert_eq!((&entry["plat"], &entry["version"]), (&agent.plat.into(), &agent.version.into()));
        assert_eq!(entry["operating_system"].as_str(), agent.operating_system);
        assert_eq!(entry["make_model"], agent.make_model);
        let checks = &entry["checks"];
        assert_eq!(
            ["total", "passing", "failing", "warning", "info"].map(|name| checks[name].as_u64().unwrap()),
            [counters.total, counters.passing, counters.failing, counters.warning, counters.info]
        );
    }
    assert_eq!(demo.tactical.handle.audit().violations(), []);
}

#[tokio::test]
async fn checks_tasks_and_updates_are_the_truth() {
    let demo = demo(60).await;
    for TacticalAgentTruth { agent, checks, tasks, updates, counters, .. } in truth(&demo).agents {
        let id = &agent.agent_id;
        let found = ask(&demo, &format!("/agents/{id}/checks/")).await;
        assert_eq!(list(&found).len(), checks.len());
        let mut failing = [0; 3];
        for (node, check) in list(&found).iter().zip(&checks) {
            assert_eq!((&node["id"], node["name"].as_str()), (&check.id.into(), check.name));
            assert_eq!(
                (&node["overridden_by_policy"], node["script"].as_u64()),
                (&check.overridden.into(), check.script)
            );
            let result = &node["check_result"];
            if check.status == ResultStatus::Never {
                assert_eq!(*result, serde_json::json!({}));
                continue;
            }
            assert_eq!(result["status"], word(check.status));
            assert_eq!(
                (result["alert_severity"].as_str(), seconds(&result["last_run"])),
                (check.result_severity, check.last_run)
            );
            assert_eq!(result["fail_count"], check.fail_count);
            // Recounted from the wire alone.
            if result["status"] == "failing" && node["overridden_by_policy"] == false {
                let measured =
                    ["memory", "cpuload", "diskspace", "script"].map(Value::from).contains(&node["check_type"]);
                let severity = if measured { &result["alert_severity"] } else { &node["alert_severity"] };
                failing[["error", "warning", "info"].iter().position(|known| severity == known).unwrap()] += 1;
            }
        }
        assert_eq!(failing, [counters.failing, counters.warning, counters.info]);
        let found = ask(&demo, &format!("/agents/{id}/tasks/")).await;
        assert_eq!(list(&found).len(), tasks.len());
        for (node, task) in list(&found).iter().zip(&tasks) {
            assert_eq!(
                (&node["id"], &node["name"], &node["enabled"]),
                (&task.id.into(), &task.name.into(), &task.enabled.into())
            );
            assert_eq!(node.get("check_name").and_then(Value::as_str), task.check_name);
            let status = (task.status != ResultStatus::Never).then(|| word(task.status));
            assert_eq!(node["task_result"]["status"].as_str(), status);
        }
        let found = ask(&demo, &format!("/winupdate/{id}/")).await;
        assert_eq!(list(&found).len(), updates.len());
        for (node, update) in list(&found).iter().zip(&updates) {
            assert_eq!((&node["installed"], &node["action"]), (&update.installed.into(), &update.action.into()));
            assert_eq!((node["severity"].as_str(), &node["result"]), (update.severity, &update.result.into()));
        }
    }
}

const fn word(status: ResultStatus) -> &'static str {
    match status {
        ResultStatus::Passing => "passing",
        ResultStatus::Failing => "failing",
        ResultStatus::Pending => "pending",
        ResultStatus::Never => "never",
    }
}

#[tokio::test]
async fn clients_and_their_agents_are_the_truth() {
    let demo = demo(60).await;
    let truth = truth(&demo);
    let clients = ask(&demo, "/clients/").await;
    let names: Vec<_> = list(&clients).iter().map(|client| client["name"].as_str().unwrap().to_owned()).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names.len(), truth.clients.len());
    let mut sites = 0;
    for client in list(&clients) {
        let sum: u64 = list(&client["sites"]).iter().map(|site| site["agent_count"].as_u64().unwrap()).sum();
        assert_eq!(client["agent_count"], sum);
        for site in list(&client["sites"]) {
            let known = truth.sites.iter().find(|known| site["id"] == known.id).unwrap();
            assert_eq!((&site["name"], &site["client"]), (&known.name.as_str().into(), &client["id"]));
            let agents = truth.agents.iter().filter(|agent| agent.agent.site_id == known.id).count();
            assert_eq!(site["agent_count"], agents);
            sites += 1;
        }
    }
    assert_eq!(sites, truth.sites.len());
}

/// Every field of the recorded object is there, nothing else is, and types agree where both have a value.
fn same_shape(what: &str, recorded: &Value, simulated: &Value) {
    let keys = |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(recorded), keys(simulated), "{what}");
    for (name, one) in recorded.as_object().unwrap() {
        let other = &simulated[name];
        if one.is_null() || other.is_null() {
            continue;
        }
        assert_eq!(std::mem::discriminant(one), std::mem::discriminant(other), "{what}.{name}: {one} {other}");
        if one.is_object()
            && ![
                "checks",
                "failing_checks",
                "alert_template",
                "check_result",
                "task_result",
                "effective_patch_policy",
                "applied_policies",
                "services_running",
            ]
            .contains(&name.as_str())
        {
            continue;
        }
        if one.is_object() && one != &serde_json::json!({}) && other != &serde_json::json!({}) {
            same_shape(&format!("{what}.{name}"), one, other);
        }
    }
}

#[tokio::test]
async fn fields_are_those_of_a_recorded_server() {
    let demo = demo(60).await;
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    for agent in list(&ask(&demo, "/agents/").await) {
        let mut agent = agent.clone();
        agent.as_object_mut().unwrap().remove("policy");
        same_shape("agent", &recorded["agent"], &agent);
        let id = agent["agent_id"].as_str().unwrap();
        same_shape("detail", &recorded["detail"], &ask(&demo, &format!("/agents/{id}/")).await);
        for check in list(&ask(&demo, &format!("/agents/{id}/checks/")).await) {
            same_shape("check", &recorded["check"], check);
        }
        for task in list(&ask(&demo, &format!("/agents/{id}/tasks/")).await) {
            let mut task = task.clone();
            task.as_object_mut().unwrap().remove("check_name");
            same_shape("task", &recorded["task"], &task);
        }
        for update in list(&ask(&demo, &format!("/winupdate/{id}/")).await) {
            same_shape("update", &recorded["update"], update);
        }
    }
    for client in list(&ask(&demo, "/clients/").await) {
        same_shape("client", &recorded["client"], client);
        same_shape("site", &recorded["client"]["sites"][0], &client["sites"][0]);
    }
    for agent in list(&ask(&demo, "/agents/?detail=false").await) {
        same_shape("short agent", &recorded["short_agent"], agent);
    }
    for alert in list(&request(demo.tactical.address, "PATCH", "/alerts/", &[KEY]).await.unwrap().json()) {
        let kind = if alert["agent"].is_null() { "custom_alert" } else { "alert" };
        same_shape(kind, &recorded[kind], alert);
    }
    for definition in list(&ask(&demo, "/core/customfields/").await) {
        same_shape("definition", &recorded["definition"], definition);
    }
    same_shape("dashboard", &recorded["dashboard"], &ask(&demo, "/core/dashinfo/").await);
    let status = get(demo.tactical.address, "/core/v2/status/", &[("X-Mon-Token", "TOKEN")]).await.json();
    same_shape("status", &recorded["status"], &status);
}

#[tokio::test]
async fn a_cold_cache_hides_the_counters_but_not_the_checks() {
    let demo = demo(60).await;
    demo.world.set_cold_cache(true);
    let agents = ask(&demo, "/agents/").await;
    for agent in list(&agents) {
        assert_eq!(agent["checks"]["total"], 0);
        assert_eq!(agent["checks"]["has_failing_checks"], false);
    }
    let truth = truth(&demo);
    let agent = truth.agents.iter().find(|agent| agent.counters.total > 0).unwrap();
    let detail = ask(&demo, &format!("/agents/{}/", agent.agent.agent_id)).await;
    assert_eq!(detail["checks"]["total"], agent.counters.total, "one agent is counted live");
    demo.world.set_cold_cache(false);
    let agents = ask(&demo, "/agents/").await;
    assert!(list(&agents).iter().any(|agent| agent["checks"]["total"] != 0));
}

#[tokio::test]
async fn lists_can_be_short_or_filtered() {
    let demo = demo(60).await;
    let truth = truth(&demo);
    let short = ask(&demo, "/agents/?detail=false").await;
    assert_eq!(list(&short).len(), truth.agents.len());
    assert_eq!(list(&short)[0].as_object().unwrap().len(), 5);
    let servers = ask(&demo, "/agents/?monitoring_type=server").await;
    assert_eq!(list(&servers).len(), truth.agents.iter().filter(|agent| agent.agent.server).count());
    let client = ask(&demo, "/agents/?client=2").await;
    assert_eq!(list(&client).len(), truth.agents.iter().filter(|agent| agent.agent.client_id == 2).count());
    assert_eq!(list(&ask(&demo, "/agents/?client=9999").await).len(), 0);
    for (query, status) in [("monitoring_type=bogus", 400), ("client=abc", 500)] {
        assert_eq!(get(demo.tactical.address, &format!("/agents/?{query}"), &[KEY]).await.status, status);
    }
}

#[tokio::test]
async fn errors_are_those_of_a_recorded_server() {
    let demo = demo(60).await;
    let unknown = "Z".repeat(40);
    let (agent, checks) = (format!("/agents/{unknown}/"), format!("/agents/{unknown}/checks/"));
    let detail = |text: &str| format!("{{\"detail\":\"{text}\"}}");
    let no_agent = detail("No Agent matches the given query.");
    let invalid = detail("Invalid token.");
    for (path, headers, status, body) in [
        ("/agents/", vec![], 401, detail("Authentication credentials were not provided.")),
        ("/agents/", vec![("x-api-key", "wrong")], 401, invalid.clone()),
        ("/agents/", vec![KEY, ("Authorization", "Token x")], 401, invalid),
        (agent.as_str(), vec![KEY], 404, no_agent.clone()),
        (checks.as_str(), vec![KEY], 404, no_agent),
        ("/core/version/", vec![KEY, ("Authorization", "Bearer x")], 200, "\"0.0.203\"".to_owned()),
        ("/", vec![], 200, "{\"status\":\"ok\"}".to_owned()),
    ] {
        let answer: Raw = get(demo.tactical.address, path, &headers).await;
        assert_eq!((answer.status, answer.text()), (status, body), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let short = get(demo.tactical.address, "/agents/tooshort/", &[KEY]).await;
    assert_eq!(
        (short.status, short.body.len(), short.header("content-type")),
        (404, 179, Some("text/html; charset=utf-8"))
    );
    let redirected = get(demo.tactical.address, "/agents", &[KEY]).await;
    assert_eq!((redirected.status, redirected.header("location"), redirected.body.len()), (301, Some("/agents/"), 0));
    for method in ["HEAD", "OPTIONS", "POST"] {
        assert_eq!(request(demo.tactical.address, method, "/agents/", &[KEY]).await.unwrap().status, 500);
    }
    let targets: Vec<_> =
        demo.tactical.handle.audit().violations().into_iter().map(|call| call.violation.unwrap()).collect();
    assert_eq!(
        targets,
        [
            "path is unknown or forbidden",
            "no slash at the end",
            "method is not GET",
            "method is not GET",
            "method is not GET"
        ]
    );
}

#[tokio::test]
async fn a_large_list_is_sent_while_it_is_made() {
    let demo = demo(20_000).await;
    let answer = get(demo.tactical.address, "/agents/", &[KEY]).await;
    assert!(answer.complete && answer.header("content-length").is_none());
    let agents = answer.json();
    assert!((9_800..=10_000).contains(&list(&agents).len()), "{}", list(&agents).len());
    let ids: BTreeSet<_> = list(&agents).iter().map(|agent| agent["agent_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), list(&agents).len());
}
