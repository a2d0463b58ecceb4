//! /agents/{id}/: everything about one agent, most of which nobody asked for.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{agents, iso, page};
use crate::demo::server::Answer;
use crate::demo::world::World;
use crate::demo::world::tactical::{TacticalAgent, TacticalDetail, TacticalDisk};

const CREATED: &str = "2026-01-05T08:00:00.575990Z";
/// Services of a Windows agent.
const SERVICES: u64 = 90;

/// What the list has and the detail has not.
const ONLY_IN_LIST: [&str; 6] =
    ["has_patches_pending", "pending_actions_count", "client_name", "logged_username", "italic", "serial_number"];

pub(super) fn answer(world: &World, agent: &TacticalAgent, at: Timestamp) -> Answer {
    // The counters of a single agent are never cold.
    let Ok(Value::Object(mut fields)) = serde_json::to_value(agents::entry(world, agent, false, at)) else {
        return page(500);
    };
    for absent in ONLY_IN_LIST {
        fields.remove(absent);
    }
    for more in [own(agent, &world.agent_detail(agent, at)), surroundings(agent), ballast(agent)] {
        if let Value::Object(more) = more {
            fields.extend(more);
        }
    }
    super::json(&fields)
}

fn own(agent: &TacticalAgent, detail: &TacticalDetail) -> Value {
    json!({
        "client": agent.client,
        "site": agent.site_id,
        "policy": agent.pk.is_multiple_of(3).then_some(1),
        "alert_template": (agent.pk % 2 == 1).then(alert_template),
        "offline_time": detail.offline_minutes,
        "overdue_time": detail.overdue_minutes,
        "check_interval": 120,
        "total_ram": detail.memory_gb,
        "disks": detail.disks.as_ref().map(|disks| disks.iter().map(disk).collect::<Vec<_>>()),
        "patches_last_installed": detail.patches_last_installed.map(iso),
        "logged_in_username": "None",
        "last_logged_in_user": "müller",
        "choco_installed": false,
        "time_zone": null,
        "timezone": "Europe/Berlin",
        "mesh_node_id": "REDACTED",
        "default_shell": "use_global",
        "default_shell_custom": "",
        "effective_default_shell": if agent.plat == "windows" { "cmd" } else { "bash" },
        "created_by": null,
        "created_time": CREATED,
        "modified_by": null,
        "modified_time": CREATED,
    })
}

fn disk(disk: &TacticalDisk) -> Value {
    json!({
        "free": disk.free,
        "used": disk.used,
        "total": disk.total,
        "device": disk.device,
        "fstype": disk.filesystem,
        "percent": disk.percent,
    })
}

/// The template as a whole; the list has its name and three switches.
fn alert_template() -> Value {
    let mut template = json!({
        "id": 1,
        "name": "Tmpl \"A\" \\ ü",
        "is_active": true,
        "default_template": false,
        "agent_settings": true,
        "check_settings": true,
        "task_settings": false,
        "core_settings": [],
        "applied_count": 1,
        "email_from": null,
        "exclude_workstations": false,
        "exclude_servers": false,
        "created_by": null,
        "created_time": CREATED,
        "modified_by": null,
        "modified_time": CREATED,
        "agent_email_on_resolved": false,
        "agent_text_on_resolved": false,
    });
    let Some(fields) = template.as_object_mut() else { return template };
    for list in ["email_recipients", "text_recipients", "excluded_sites", "excluded_clients", "excluded_agents"] {
        fields.insert(list.to_owned(), json!([]));
    }
    for action in ["action", "resolved_action"] {
        for (part, value) in [
            ("", Value::Null),
            ("_name", json!("")),
            ("_type", json!("script")),
            ("_args", json!([])),
            ("_env_vars", json!([])),
            ("_timeout", json!(15)),
            ("_rest", Value::Null),
        ] {
            fields.insert(format!("{action}{part}"), value);
        }
    }
    for object in ["agent", "check", "task"] {
        for (part, value) in [
            ("always_email", Value::Null),
            ("always_text", Value::Null),
            ("always_alert", json!(true)),
            ("periodic_alert_days", json!(0)),
            ("script_actions", json!(true)),
        ] {
            fields.insert(format!("{object}_{part}"), value);
        }
    }
    for object in ["check", "task"] {
        for part in ["email_alert_severity", "text_alert_severity", "dashboard_alert_severity"] {
            fields.insert(format!("{object}_{part}"), json!([]));
        }
        for part in ["email_on_resolved", "text_on_resolved"] {
            fields.insert(format!("{object}_{part}"), json!(false));
        }
    }
    template
}

/// Policies and the like, as whole objects.
fn surroundings(agent: &TacticalAgent) -> Value {
    let update_policy = json!({
        "id": agent.pk + 1,
        "created_by": null,
        "created_time": CREATED,
        "modified_by": null,
        "modified_time": CREATED,
        "critical": "inherit",
        "important": "inherit",
        "moderate": "inherit",
        "low": "inherit",
        "other": "inherit",
        "run_time_hour": 3,
        "run_time_frequency": "inherit",
        "run_time_days": [5, 6],
        "run_time_day": 1,
        "reboot_after_install": "inherit",
        "reprocess_failed_inherit": true,
        "reprocess_failed": false,
        "reprocess_failed_times": 5,
        "email_if_fail": false,
        "agent": agent.pk,
        "policy": null,
    });
    let policy = json!({
        "id": 1,
        "created_by": null,
        "created_time": CREATED,
        "modified_by": null,
        "modified_time": CREATED,
        "name": "Enforced security 🔒",
        "desc": "Enforced security 🔒",
        "active": true,
        "enforced": true,
        "alert_template": null,
        "excluded_sites": [7],
        "excluded_clients": [],
        "excluded_agents": [],
    });
    json!({
        "effective_patch_policy": update_policy,
        "winupdatepolicy": [update_policy],
        "applied_policies": {"agent_policy": null, "site_policy": policy, "client_policy": null, "default_policy": policy},
    })
}

/// Tens of kilobytes to be skipped, with names in them that mean something elsewhere.
fn ballast(agent: &TacticalAgent) -> Value {
    let zones: Vec<_> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    let windows = agent.plat == "windows";
    let services = (0..SERVICES).map(|number| {
        json!({
            "pid": number * 4,
            "name": format!("Demo\"Svc{number}"),
            "status": if number % 3 == 0 { "stopped" } else { "running" },
            "binpath": format!("C:\\Windows\\system32\\svchost.exe -k \"LocalServiceNetworkRestricted\" -p -s Demo{number}"),
            "username": "NT AUTHORITY\\LocalService",
            "autodelay": false,
            "start_type": "Automatic",
            "description": "Verwaltet Dienste für \"Demo\"\r\nund schreibt {\"disks\": null, \"total_ram\": 1} ins Protokoll ☃",
            "display_name": format!("Démo ☃ {number}"),
        })
    });
    let details = if windows {
        json!({
            "cpu": [[{"Name": "Demo CPU 1000 @ 3.10GHz"}, {"NumberOfCores": 8, "NumberOfLogicalProcessors": 16}]],
            "bios": [[{"SerialNumber": "MSN-4536"}]],
            "disk": (0..60).map(|number| json!([
                {"Caption": format!("Demo SSD {number}")}, {"Size": "500107862016"}, {"InterfaceType": "SCSI"},
                {"offline_time": 9_999, "overdue_time": 9_999, "percent": 100},
            ])).collect::<Vec<_>>(),
            "comp_sys": [[{"Model": "Box 100"}, {"SystemFamily": "Box 100 family"}]],
            "network_config": [[{"IPAddress": ["10.1.2.3", "fe80::1"]}], [{"IPAddress": null}]],
        })
    } else {
        json!({
            "cpus": ["Demo EPIC 3"],
            "gpus": [],
            "disks": ["virtio HDD vda 20.0 GB", "\\\"]},"],
            "local_ips": ["203.0.113.5/24", "2001:db8::5/64"],
            "make_model": "QEMU pc",
            "serialnumber": "SN-00004",
        })
    };
    json!({
        "all_timezones": zones,
        "services": windows.then(|| services.collect::<Vec<_>>()),
        "wmi_detail": details,
    })
}
