//! /core/: the server about itself, and the definitions of custom fields.

use axum::http::header::{ALLOW, VARY};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{HTML, JSON, page};
use crate::demo::server::{Answer, Received};
use crate::demo::world::World;
use crate::demo::world::tactical::{FIELDS, FieldDefinition, ServicesRunning, VERSION};

const CREATED: &str = "2026-01-05T08:00:00.180491Z";

/// Whether the request carries the monitoring token, and the server has one.
pub(super) fn token_accepted(world: &World, token: &str, request: &Received) -> bool {
    world.tactical_switches().has_monitoring_token()
        && request.headers.get("x-mon-token").is_some_and(|sent| sent.as_bytes() == token.as_bytes())
}

/// /core/v2/status/. Its errors are lines of text, and the API key means nothing here.
pub(super) fn status(world: &World, token: &str, request: &Received, at: Timestamp) -> Answer {
    let line = |status: u16, text: &str| Answer::new(status, HTML, format!("{text}\n")).with(VARY, "origin");
    if request.method != "GET" {
        return line(400, "Invalid request type");
    }
    if !request.headers.contains_key("x-mon-token") {
        return line(401, "Missing X-Mon-Token header");
    }
    if !world.tactical_switches().has_monitoring_token() {
        return line(401, "Missing mon token");
    }
    if !token_accepted(world, token, request) {
        return line(401, "Not authenticated");
    }
    let server = world.tactical_server(at);
    let services = match server.services {
        ServicesRunning::Text(text) => json!(text),
        ServicesRunning::Each(services) => {
            Value::Object(services.into_iter().map(|(name, up)| (name.to_owned(), up.into())).collect::<Map<_, _>>())
        }
    };
    let status = json!({
        "version": server.version,
        "latest_agent_version": server.latest_agent_version,
        "agent_count": server.agents,
        "client_count": server.clients,
        "site_count": server.sites,
        "disk_usage_percent": server.disk_percent,
        "mem_usage_percent": server.memory_percent,
        "days_until_cert_expires": server.certificate_days,
        "cert_expired": server.certificate_expired,
        "redis_ping": server.redis_ping,
        "celery_queue_len": server.celery_queue,
        "celery_queue_health": if server.celery_healthy { "healthy" } else { "unhealthy" },
        "nats_std_ping": server.nats_std_ping,
        "nats_ws_ping": server.nats_ws_ping,
        "mesh_ping": server.mesh_ping,
        "services_running": services,
    });
    // The only answer that is set out for people.
    let body = serde_json::to_vec_pretty(&status);
    body.map_or_else(|_| page(500), |body| Answer::new(200, JSON, body).with(VARY, "origin"))
}

/// /core/dashinfo/.
pub(super) fn dashboard() -> Answer {
    super::json(&json!({
        "trmm_version": VERSION,
        "latest_trmm_ver": "error",
        "dark_mode": true,
        "show_community_scripts": true,
        "dbl_click_action": "editagent",
        "default_agent_tbl_tab": "mixed",
        "url_action": null,
        "client_tree_sort": "alphafail",
        "client_tree_splitter": 11,
        "loading_bar_color": "red",
        "clear_search_when_switching": true,
        "hosted": false,
        "date_format": null,
        "default_date_format": "MMM-DD-YYYY - HH:mm",
        "token_is_expired": false,
        "open_ai_integration_enabled": false,
        "dash_info_color": "info",
        "dash_positive_color": "positive",
        "dash_negative_color": "negative",
        "dash_warning_color": "warning",
        "run_cmd_placeholder_text": {"cmd": "rmdir /S /Q C:\\Windows\\System32", "powershell": "", "shell": ""},
        "server_scripts_enabled": true,
        "web_terminal_enabled": false,
        "block_local_user_logon": false,
        "sso_enabled": false,
    }))
}

/// /core/customfields/.
pub(super) fn custom_fields() -> Answer {
    let mut answer = super::json(&FIELDS.iter().map(definition).collect::<Vec<_>>());
    answer.headers.retain(|(name, _)| name != ALLOW);
    answer.with(ALLOW, "GET, POST, PATCH, HEAD, OPTIONS")
}

fn definition(field: &FieldDefinition) -> Value {
    json!({
        "id": field.id,
        "created_by": null,
        "created_time": CREATED,
        "modified_by": null,
        "modified_time": CREATED,
        "order": 0,
        "model": field.model,
        "type": field.field_type,
        "options": field.options,
        "name": field.name,
        "required": false,
        "default_value_string": null,
        "default_value_bool": false,
        "default_values_multiple": [],
        "hide_in_ui": field.name.starts_with("hidden"),
        "hide_in_summary": false,
    })
}
