//! /agents/{id}/checks/, /agents/{id}/tasks/, /winupdate/{id}/.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::iso;
use crate::demo::server::Answer;
use crate::demo::world::World;
use crate::demo::world::tactical::{ResultStatus, TacticalAgent, TacticalCheck, TacticalTask, TacticalUpdate};

const CREATED: &str = "2026-01-05T08:00:00.737584Z";

pub(super) fn checks(world: &World, agent: &TacticalAgent, at: Timestamp) -> Answer {
    let checks = world.tactical_checks(agent, at);
    super::json(&checks.iter().map(|check| definition(agent, check)).collect::<Vec<_>>())
}

const fn word(status: ResultStatus) -> &'static str {
    match status {
        ResultStatus::Passing => "passing",
        ResultStatus::Failing => "failing",
        ResultStatus::Pending | ResultStatus::Never => "pending",
    }
}

fn check_result(agent: &TacticalAgent, check: &TacticalCheck) -> Value {
    if check.status == ResultStatus::Never {
        return json!({});
    }
    let script = check.check_type == "script";
    json!({
        "id": check.id + 7,
        "status": word(check.status),
        "alert_severity": check.result_severity,
        "more_info": if script { None } else { Some("Total: 498.7GB, Free: 287.4GB") },
        "last_run": check.last_run.map(iso),
        "fail_count": check.fail_count,
        "outage_history": null,
        "extra_details": if check.check_type == "eventlog" { json!({"log": []}) } else { Value::Null },
        "stdout": script.then_some("SECRET-RECOVERY-KEY\r\n"),
        "stderr": script.then_some(""),
        "retcode": script.then_some(3_221_225_786_i64),
        "execution_time": script.then_some("31.4174"),
        "history": if matches!(check.check_type, "cpuload" | "memory") { json!([35, 34, 91]) } else { json!([]) },
        "agent": agent.pk,
        "assigned_check": check.id,
    })
}

/// One object with the fields of both: `json!` has a limit.
fn both(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (one, _) => one,
    }
}

fn definition(agent: &TacticalAgent, check: &TacticalCheck) -> Value {
    let first = json!({
        "id": check.id,
        "readable_desc": check.readable_desc,
        "assignedtasks": [],
        "alert_template": null,
        "check_result": check_result(agent, check),
        "created_by": null,
        "created_time": CREATED,
        "modified_by": null,
        "modified_time": CREATED,
        "overridden_by_policy": check.overridden,
        "name": check.name,
        "check_type": check.check_type,
        "email_alert": false,
        "text_alert": false,
        "dashboard_alert": true,
        "fails_b4_alert": 1,
        "run_interval": 0,
        "alert_severity": check.severity,
        "error_threshold": 90,
        "warning_threshold": 70,
    });
    let second = json!({
        "disk": check.disk,
        "ip": if check.check_type == "ping" { Some("gw.example.com") } else { None },
        "script_args": ["-x", "a \"b\""],
        "env_vars": [],
        "info_return_codes": [10],
        "warning_return_codes": [2],
        "success_return_codes": [],
        "timeout": 120,
        "svc_name": check.service.map(|(name, _)| name),
        "svc_display_name": check.service.and_then(|(_, name)| name),
        "pass_if_start_pending": null,
        "pass_if_svc_not_exist": false,
        "restart_if_stopped": null,
        "svc_policy_mode": null,
        "log_name": check.log_name,
        "event_id": check.log_name.map(|_| 1_001),
        "event_id_is_wildcard": false,
        "event_type": null,
        "event_source": null,
        "event_message": null,
        "fail_when": null,
        "search_last_days": null,
        "number_of_events_b4_alert": 1,
        "managed_by_policy": false,
        "agent": (!check.policy).then_some(agent.pk),
        "policy": check.policy.then_some(1),
        "script": check.script,
    });
    both(first, second)
}

pub(super) fn tasks(world: &World, agent: &TacticalAgent, at: Timestamp) -> Answer {
    let tasks = world.tactical_tasks(agent, at);
    super::json(&tasks.iter().map(|task| task_definition(agent, task)).collect::<Vec<_>>())
}

fn task_definition(agent: &TacticalAgent, task: &TacticalTask) -> Value {
    let result = match task.status {
        ResultStatus::Never => json!({}),
        status => json!({
            "id": task.id + 3,
            "retcode": task.last_run.map(|_| i64::from(status == ResultStatus::Failing)),
            "stdout": task.last_run.map(|_| "done\r\n"),
            "stderr": task.last_run.map(|_| ""),
            "execution_time": if task.last_run.is_some() { "278.9239" } else { "0.0000" },
            "last_run": task.last_run.map(iso),
            "status": word(status),
            "sync_status": "synced",
            "locked_at": null,
            "run_status": task.last_run.map(|_| "completed"),
            "agent": agent.pk,
            "task": task.id,
        }),
    };
    let mut definition = json!({
        "id": task.id,
        "schedule": "Tuesday, Friday at 02:23AM",
        "alert_template": null,
        "run_time_date": CREATED,
        "expire_date": null,
        "task_result": result,
        "created_by": null,
        "created_time": CREATED,
        "modified_by": null,
        "modified_time": CREATED,
        "actions": [{"name": "Check storage pool health", "type": "script", "script": 1, "timeout": 90}],
        "name": task.name,
        "collector_all_output": false,
        "enabled": task.enabled,
        "continue_on_error": true,
        "alert_severity": task.severity,
        "email_alert": false,
        "text_alert": false,
        "dashboard_alert": false,
        "task_type": if task.check_name.is_some() { "checkfailure" } else { "weekly" },
        "win_task_name": "TacticalRMM_mYcKJPOkfiFgKDERdggjLoLVBviHOOqQFqb",
        "daily_interval": null,
        "run_time_bit_weekdays": 36,
        "weekly_interval": 2,
        "run_time_minute": null,
        "monthly_days_of_month": null,
        "monthly_months_of_year": null,
        "monthly_weeks_of_month": null,
        "task_repetition_duration": null,
        "task_repetition_interval": null,
        "stop_task_at_duration_end": false,
        "random_task_delay": null,
        "remove_if_not_scheduled": false,
        "run_asap_after_missed": false,
        "task_instance_policy": 1,
        "task_supported_platforms": ["windows"],
        "managed_by_policy": false,
        "agent": (!task.policy).then_some(agent.pk),
        "policy": task.policy.then_some(1),
        "custom_field": null,
        "assigned_check": task.check_name.map(|_| 5),
    });
    // The key is absent without such a check.
    if let (Some(name), Some(fields)) = (task.check_name, definition.as_object_mut()) {
        fields.insert("check_name".to_owned(), json!(name));
    }
    definition
}

pub(super) fn updates(world: &World, agent: &TacticalAgent, at: Timestamp) -> Answer {
    let updates = world.tactical_updates(agent, at);
    super::json(&updates.iter().map(|update| row(agent, update)).collect::<Vec<_>>())
}

fn row(agent: &TacticalAgent, update: &TacticalUpdate) -> Value {
    json!({
        "id": update.id,
        // Without a zone: nobody can use it.
        "date_installed": if update.installed && update.result == "success" { Some("11 13 2026 17:23") } else { None },
        "guid": format!("dyRuDQXa-0000-4000-8000-{:012}", update.id),
        "kb": format!("KB{}", update.kb),
        "title": update.title,
        "installed": update.installed,
        "downloaded": update.installed || update.action == "approve",
        "description": "desc",
        "severity": update.severity,
        "categories": ["Update Rollups", "Windows Server 2019"],
        "category_ids": [],
        "kb_article_ids": [update.kb.to_string()],
        "more_info_urls": [format!("https://support.example/help/{}", update.kb)],
        "support_url": "",
        "revision_number": 8,
        "action": update.action,
        "result": update.result,
        "agent": agent.pk,
    })
}
