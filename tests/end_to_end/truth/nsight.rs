//! What N-sight's fleet, checks, histories and patches give.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rmm_exporter::demo::world::nsight::{
    NsightDevice, NsightDeviceTruth, NsightHistory, NsightKind, NsightTruth, ProblemKind,
};

use super::{At, clean, count, nsight_more, patches};
use crate::support::SeriesMap;

pub fn account(all: &mut SeriesMap, truth: &NsightTruth, now: Timestamp) {
    let account = At::account("nsight");
    let name_of = |id: u64| clean(&truth.clients.iter().find(|client| client.id == id).expect("client").name);
    for client in &truth.clients {
        let at = account.with("client", &clean(&client.name)).with("client_id", &client.id.to_string());
        at.with("timezone", client.timezone).put(all, "rmm_client_info", 1.0);
        let counts = [("server", client.servers), ("workstation", client.workstations), ("mobile", client.mobiles)];
        for (kind, count) in counts {
            at.with("kind", kind).put(all, "rmm_client_devices", count as f64);
        }
        nsight_more::licenses(all, &at, truth, client.id);
    }
    for site in &truth.sites {
        let client = account.with("client", &name_of(site.client_id)).with("client_id", &site.client_id.to_string());
        let at = client.with("site", &clean(&site.name)).with("site_id", &site.id.to_string());
        at.put(all, "rmm_site_info", 1.0);
        at.flag(all, "rmm_site_connection_up", site.connection_ok);
        nsight_more::directory(all, &at, truth, site.id);
    }
    for device in &truth.devices {
        let site = truth.sites.iter().find(|site| site.id == device.device.site_id).expect("site");
        let place = account.with("client", &name_of(device.device.client_id)).with("site", &clean(&site.name));
        let at = place.with("device", &clean(&device.device.name)).with("device_id", &device.device.id.to_string());
        info(all, &at, &device.device);
        if matches!(device.device.kind, NsightKind::Server | NsightKind::Workstation) {
            state(all, &at, &device.device, now);
            checks(all, &at, device);
            history(all, &at, "antivirus", &device.antivirus, now);
            history(all, &at, "backup", &device.backup, now);
            device_patches(all, &at, device);
            nsight_more::device(all, &at, device, now);
        }
    }
    nsight_more::definitions(all, &account, truth);
}

fn info(all: &mut SeriesMap, at: &At, device: &NsightDevice) {
    let kind = match device.kind {
        NsightKind::Server => "server",
        NsightKind::Workstation | NsightKind::Agentless => "workstation",
        NsightKind::Mobile => "mobile",
    };
    // Of mobile devices and of entries without agent the platform tells the name only.
    let measured = matches!(device.kind, NsightKind::Server | NsightKind::Workstation);
    let told = |text: &str| if measured { clean(text) } else { String::new() };
    let family = match told(&device.os).to_lowercase() {
        os if os.contains("windows") => "windows",
        os if os.contains("mac") => "macos",
        os if os.contains("ubuntu") => "linux",
        os => {
            assert_eq!(os, "", "the test does not know this system");
            "other"
        }
    };
    at.with("kind", kind)
        .with("os", &told(&device.os))
        .with("os_family", family)
        .with("agent_version", &told(&device.agent_version))
        .with("manufacturer", &told(&device.manufacturer))
        .with("model", &told(&device.model))
        .put(all, "rmm_device_info", 1.0);
}

fn state(all: &mut SeriesMap, at: &At, device: &NsightDevice, now: Timestamp) {
    let problem = device.problem.map(|problem| problem.kind);
    let overdue = device.missed || problem == Some(ProblemKind::Overdue);
    let away = matches!(problem, Some(ProblemKind::Offline | ProblemKind::Unreachable));
    if device.kind == NsightKind::Server {
        at.flag(all, "rmm_device_online", device.online_flag && !overdue && !away);
        at.flag(all, "rmm_device_overdue", overdue);
    } else if device.active_247 {
        let limit = (2 * device.check_interval).max(30);
        let fresh = device.last_report.is_some_and(|last| now.duration_since(last).as_secs() < (limit * 60) as i64);
        at.flag(all, "rmm_device_online", fresh && !away);
        // list_workstations has no word for it; only the report does.
        if overdue {
            at.flag(all, "rmm_device_overdue", true);
        }
    }
    at.time(all, "rmm_device_last_seen_timestamp_seconds", device.last_report);
    at.time(all, "rmm_device_boot_timestamp_seconds", device.boot.filter(|boot| *boot <= now));
    if device.active_247 {
        at.put(all, "rmm_device_check_interval_seconds", device.check_interval as f64 * 60.0);
    }
    at.put(all, "rmm_device_memory_bytes", device.memory as f64);
    let features: BTreeSet<&str> = device
        .features
        .iter()
        .filter_map(|word| match *word {
            "takecontrol" => Some("take_control"),
            "patch" => Some("patch"),
            "mav" | "mavbreck" => Some("managed_antivirus"),
            "mob" => Some("backup"),
            "webprotection" => Some("web_protection"),
            "riskintelligence" => Some("risk_intelligence"),
            _ => None,
        })
        .collect();
    for feature in features {
        at.with("feature", feature).put(all, "rmm_device_feature_enabled", 1.0);
    }
}

fn checks(all: &mut SeriesMap, at: &At, device: &NsightDeviceTruth) {
    for (metric, is_task) in [("rmm_device_checks", false), ("rmm_device_tasks", true)] {
        let of_class: Vec<_> = device.checks.iter().filter(|check| (check.class == 3) == is_task).collect();
        if !of_class.is_empty() {
            let words = [("passing", 5), ("failing", 1), ("cleared", 4), ("pending", 0)];
            let counts = words.map(|(word, status)| (word, count(&of_class, |check| check.status == status)));
            at.set(all, metric, "status", &counts);
        }
    }
    for check in device.checks.iter().filter(|check| matches!(check.status, 1 | 4)) {
        let (id, name) = (check.id.to_string(), clean(&check.description));
        if check.check_type == 1023 {
            if check.status == 1 {
                let task = at.with("task_id", &id).with("task", &name);
                task.with("severity", "error").put(all, "rmm_task_failing", 1.0);
                task.put(all, "rmm_task_consecutive_failures", check.consecutive_fails as f64);
            }
            continue;
        }
        let at = at.with("check_id", &id).with("check", &name).with("check_type", check_type(check.check_type));
        if check.status == 4 {
            at.put(all, "rmm_check_cleared", 1.0);
            continue;
        }
        at.with("severity", "error").put(all, "rmm_check_failing", 1.0);
        at.put(all, "rmm_check_consecutive_failures", check.consecutive_fails as f64);
        at.time(all, "rmm_check_last_run_timestamp_seconds", check.last_run);
    }
}

fn check_type(number: u32) -> &'static str {
    match number {
        1001 => "antivirus",
        1002 => "backup",
        1003 => "drive_change",
        1004 => "disk_space",
        1005 => "exchange_store",
        1006 => "failed_login",
        1007 => "performance",
        1008 => "disk_health",
        1010 => "ping",
        1013 => "service",
        1014 => "event_log",
        1024 => "script",
        1026 => "managed_antivirus",
        1031 => "type_1031",
        other => panic!("the test does not know check type {other}"),
    }
}

fn history(all: &mut SeriesMap, at: &At, what: &str, history: &NsightHistory, now: Timestamp) {
    if history.days.is_empty() {
        return;
    }
    let zone = TimeZone::get("Europe/Berlin").expect("zone");
    let mut days = history.days.clone();
    days.sort_by_key(|(date, _)| std::cmp::Reverse(*date));
    let good = |word: &str| matches!(word, "PASS" | "PASSINACTIVE");
    let bad = |word: &str| matches!(word, "FAIL" | "FAILINACTIVE" | "OVERDUE" | "DEVICEOVERDUE");
    let decided: Vec<&str> = days
        .iter()
        .map(|(_, word)| *word)
        .filter(|word| good(word) || bad(word) || matches!(*word, "CLEARED" | "CLEAREDINACTIVE"))
        .collect();
    if let Some(newest) = decided.first() {
        at.flag(all, &format!("rmm_{what}_up_to_date"), good(newest));
        if what == "backup" {
            let run = decided.iter().take_while(|word| bad(word)).count();
            at.put(all, "rmm_backup_consecutive_failures", run as f64);
        }
    }
    let end_of = |date: jiff::civil::Date| (date + 1.day()).to_zoned(zone.clone()).expect("midnight").timestamp();
    let pass = days.iter().find(|(_, word)| *word == "PASS").map(|(date, _)| end_of(*date).min(now));
    at.time(all, &format!("rmm_{what}_last_pass_timestamp_seconds"), pass);
    let first = now.to_zoned(zone.clone()).date() - 29.days();
    let window: Vec<&str> = days.iter().filter(|(date, _)| *date >= first).map(|(_, word)| *word).collect();
    let results = [
        ("pass", count(&window, |word| good(word))),
        ("fail", count(&window, |word| matches!(*word, "FAIL" | "FAILINACTIVE"))),
        ("cleared", count(&window, |word| word.starts_with("CLEARED"))),
        ("overdue", count(&window, |word| word.ends_with("OVERDUE"))),
        ("not_run", count(&window, |word| matches!(*word, "NOTRUN" | "NOTINSTALLED"))),
        ("unknown", count(&window, |word| *word == "UNKNOWN")),
    ];
    at.set(all, &format!("rmm_{what}_daily_results"), "status", &results);
}

fn device_patches(all: &mut SeriesMap, at: &At, device: &NsightDeviceTruth) {
    if !device.device.features.contains(&"patch") {
        return;
    }
    let status = |number| match number {
        1 => "missing",
        2 => "pending",
        4 => "queued",
        8 => "installed",
        16 => "failed",
        23 | 32 => "ignored",
        64 => "reboot_required",
        _ => "unknown",
    };
    let list: Vec<_> = device.patches.iter().map(|patch| (status(patch.status), patch.severity)).collect();
    patches(all, at, &list);
    let newest = device.patches.iter().filter_map(|patch| patch.installed).max();
    at.time(all, "rmm_patches_last_installed_timestamp_seconds", newest);
    at.flag(all, "rmm_device_reboot_required", list.iter().any(|(status, _)| *status == "reboot_required"));
}
