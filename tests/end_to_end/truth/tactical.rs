//! What Tactical RMM's agents, checks, tasks and updates give.

use jiff::Timestamp;
use rmm_exporter::demo::world::tactical::{
    AgentStatus, ResultStatus, TacticalAgentTruth, TacticalCheck, TacticalTruth,
};

use super::{At, clean, count, patches, tactical_more};
use crate::support::SeriesMap;

pub fn account(all: &mut SeriesMap, truth: &TacticalTruth, now: Timestamp) {
    let account = At::account("tactical");
    for client in &truth.clients {
        let at = account.with("client", &clean(&client.name)).with("client_id", &client.id.to_string());
        at.put(all, "rmm_client_info", 1.0);
        for (kind, server) in [("server", true), ("workstation", false)] {
            let agents = truth.agents.iter().map(|agent| &agent.agent);
            let agents = agents.filter(|agent| agent.client_id == client.id && agent.server == server).count();
            at.with("kind", kind).put(all, "rmm_client_devices", agents as f64);
        }
        for site in truth.sites.iter().filter(|site| site.client_id == client.id) {
            at.with("site", &clean(&site.name)).with("site_id", &site.id.to_string()).put(all, "rmm_site_info", 1.0);
        }
    }
    for agent in &truth.agents {
        let at = account
            .with("client", &clean(&agent.agent.client))
            .with("site", &clean(&agent.agent.site))
            .with("device", &clean(&agent.agent.hostname))
            .with("device_id", &agent.agent.agent_id);
        agent_state(all, &at, agent, now);
        checks(all, &at, agent);
        tasks(all, &at, agent);
        let status = |installed, action, result| match (installed, action, result) {
            (true, _, _) => "installed",
            (_, "ignore", _) => "ignored",
            (_, _, "failed") => "failed",
            (_, "approve", _) => "pending",
            _ => "missing",
        };
        let updates = agent.updates.iter();
        let list: Vec<_> = updates
            .map(|one| (status(one.installed, one.action, one.result), one.severity.unwrap_or_default()))
            .collect();
        if !list.is_empty() {
            patches(all, &at, &list);
        }
        tactical_more::details(all, &at, &agent.detail);
        tactical_more::mapped(all, &at, agent);
    }
    tactical_more::server(all, &account, &truth.server);
    tactical_more::alerts(all, &account, &truth.alerts);
}

fn agent_state(all: &mut SeriesMap, at: &At, truth: &TacticalAgentTruth, now: Timestamp) {
    let agent = &truth.agent;
    let family = match agent.plat {
        "darwin" => "macos",
        other => other,
    };
    let model = if agent.make_model == "unknown make/model" { "" } else { agent.make_model };
    at.with("kind", if agent.server { "server" } else { "workstation" })
        .with("os", &clean(agent.operating_system.unwrap_or_default()))
        .with("os_family", family)
        .with("agent_version", agent.version)
        .with("manufacturer", "")
        .with("model", &clean(model))
        .put(all, "rmm_device_info", 1.0);
    at.flag(all, "rmm_device_online", agent.status == AgentStatus::Online);
    at.flag(all, "rmm_device_overdue", agent.status == AgentStatus::Overdue);
    at.time(all, "rmm_device_last_seen_timestamp_seconds", agent.last_seen);
    if let Some(boot) = agent.boot_time.filter(|boot| *boot > 0.0 && *boot <= now.as_second() as f64) {
        at.put(all, "rmm_device_boot_timestamp_seconds", (boot * 1e3).floor() / 1e3);
    }
    at.flag(all, "rmm_device_maintenance_mode", agent.maintenance_mode);
    at.flag(all, "rmm_device_reboot_required", agent.needs_reboot);
    at.put(all, "rmm_device_pending_actions", agent.pending_actions as f64);
    at.flag(all, "rmm_device_patches_pending", agent.patches_pending);
}

const STATES: [(&str, &[ResultStatus]); 3] = [
    ("passing", &[ResultStatus::Passing]),
    ("failing", &[ResultStatus::Failing]),
    ("pending", &[ResultStatus::Pending, ResultStatus::Never]),
];

fn checks(all: &mut SeriesMap, at: &At, agent: &TacticalAgentTruth) {
    let checks: Vec<_> = agent.checks.iter().filter(|check| !check.overridden).collect();
    let counts = STATES.map(|(word, states)| (word, count(&checks, |check| states.contains(&check.status))));
    at.set(all, "rmm_device_checks", "status", &counts);
    for check in checks.into_iter().filter(|check| check.status == ResultStatus::Failing) {
        let (name, check_type) = check_name(check);
        let at = at.with("check_id", &check.id.to_string()).with("check", &name).with("check_type", check_type);
        let severity = match (check.check_type, check.result_severity) {
            ("memory" | "cpuload" | "diskspace" | "script", Some(of_result)) => of_result,
            _ => check.severity,
        };
        at.with("severity", severity).put(all, "rmm_check_failing", 1.0);
        at.put(all, "rmm_check_consecutive_failures", check.fail_count as f64);
        at.time(all, "rmm_check_last_run_timestamp_seconds", check.last_run);
    }
}

pub fn check_name(check: &TacticalCheck) -> (String, &'static str) {
    let (own, check_type) = match check.check_type {
        "diskspace" => (format!("Disk {}", check.disk.unwrap_or_default()), "disk_space"),
        "cpuload" => ("CPU load".to_owned(), "cpu_load"),
        "memory" => ("Memory".to_owned(), "memory"),
        "ping" => ("Ping".to_owned(), "ping"),
        "winsvc" => {
            let (name, display) = check.service.expect("service");
            (format!("Service {}", display.unwrap_or(name)), "service")
        }
        "eventlog" => (format!("Event log {}", check.log_name.unwrap_or_default()), "event_log"),
        "script" => (check.readable_desc.clone(), "script"),
        other => panic!("the test does not know check type {other}"),
    };
    let name = check.name.filter(|name| !name.is_empty()).unwrap_or(&own);
    (clean(name), check_type)
}

fn tasks(all: &mut SeriesMap, at: &At, agent: &TacticalAgentTruth) {
    let tasks: Vec<_> = agent.tasks.iter().filter(|task| task.enabled).collect();
    let counts = STATES.map(|(word, states)| (word, count(&tasks, |task| states.contains(&task.status))));
    at.set(all, "rmm_device_tasks", "status", &counts);
    for task in tasks.into_iter().filter(|task| task.status == ResultStatus::Failing) {
        at.with("task_id", &task.id.to_string()).with("task", &clean(task.name)).with("severity", task.severity).put(
            all,
            "rmm_task_failing",
            1.0,
        );
    }
}
