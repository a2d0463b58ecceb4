//! What a key may not do, and what nobody may.

use super::*;
use crate::demo::world::tactical::Permission;

const DENIED: &str = r#"{"detail":"You do not have permission to perform this action."}"#;

/// Each call with the permission that it needs.
fn calls(id: &str) -> Vec<(Permission, &'static str, String)> {
    vec![
        (Permission::ListAgents, "GET", "/agents/".to_owned()),
        (Permission::ListAgents, "GET", "/agents/?detail=false".to_owned()),
        (Permission::ListAgents, "GET", format!("/agents/{id}/")),
        (Permission::ListClients, "GET", "/clients/".to_owned()),
        (Permission::ListChecks, "GET", format!("/agents/{id}/checks/")),
        (Permission::ListTasks, "GET", format!("/agents/{id}/tasks/")),
        (Permission::ManageUpdates, "GET", format!("/winupdate/{id}/")),
        (Permission::ListAlerts, "PATCH", "/alerts/".to_owned()),
        (Permission::ViewCustomFields, "GET", "/core/customfields/".to_owned()),
    ]
}

#[tokio::test]
async fn each_missing_permission_denies_its_own_calls() {
    let demo = demo(60).await;
    let id = truth(&demo).agents[0].agent.agent_id.clone();
    let switches = demo.world.tactical_switches();
    for missing in Permission::ALL {
        switches.set_permission(missing, false);
        assert_eq!(truth(&demo).role.missing, [missing].into());
        for (needed, method, path) in calls(&id) {
            let answer = request(demo.tactical.address, method, &path, &[KEY]).await.unwrap();
            if needed == missing {
                assert_eq!((answer.status, answer.text().as_str()), (403, DENIED), "{path}");
                assert_eq!(answer.header("content-type"), Some("application/json"));
            } else {
                assert_eq!(answer.status, 200, "{missing:?} {path}");
            }
        }
        switches.set_permission(missing, true);
    }
    assert_eq!(demo.tactical.handle.audit().violations(), []);
}

#[tokio::test]
async fn without_any_permission_the_key_is_still_good() {
    let demo = demo(60).await;
    for permission in Permission::ALL {
        demo.world.tactical_switches().set_permission(permission, false);
    }
    for path in ["/core/version/", "/core/dashinfo/", "/"] {
        assert_eq!(get(demo.tactical.address, path, &[KEY]).await.status, 200, "{path}");
    }
    let unknown = format!("/agents/{}/", "Z".repeat(40));
    assert_eq!(get(demo.tactical.address, &unknown, &[KEY]).await.status, 403, "not 404");
    assert_eq!(get(demo.tactical.address, "/agents/", &[]).await.status, 401, "the key comes first");
}

#[tokio::test]
async fn everything_else_is_a_violation() {
    let demo = demo(60).await;
    let id = truth(&demo).agents[0].agent.agent_id.clone();
    let paths = [
        "/checks/".to_owned(),
        "/tasks/".to_owned(),
        "/core/settings/".to_owned(),
        "/core/status/".to_owned(),
        "/accounts/apikeys/".to_owned(),
        "/software/".to_owned(),
        "/logs/pendingactions/".to_owned(),
        "/agents/versions/".to_owned(),
        "/agents/?page=2".to_owned(),
        "/clients/?detail=true".to_owned(),
        format!("/agents/{id}/meshcentral/"),
        format!("/agents/{id}/ping/"),
        format!("/winupdate/{id}/scan/"),
    ];
    for path in &paths {
        get(demo.tactical.address, path, &[KEY]).await;
    }
    for (method, path) in [("POST", "/alerts/"), ("PATCH", "/agents/"), ("PUT", "/clients/"), ("PATCH", "/alerts/?x=1")]
    {
        let answer = request(demo.tactical.address, method, path, &[KEY]).await.unwrap();
        assert!(path.contains('?') || answer.status >= 400, "{method} {path}");
    }
    send(demo.tactical.address, "GET", "/agents/", &[KEY], "{}").await.unwrap();
    assert_eq!(demo.tactical.handle.audit().violations().len(), paths.len() + 5);
}
