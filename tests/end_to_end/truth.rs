//! The series that the demo's world should give, worked out here from its raw facts by the rules of the metric catalogue,
//! without any of the exporter's own code.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rmm_exporter::demo::world::Truth;
use rmm_exporter::demo::world::nsight::{
    NsightDevice, NsightDeviceTruth, NsightHistory, NsightKind, NsightTruth, ProblemKind,
};
use rmm_exporter::demo::world::tactical::{
    AgentStatus, ResultStatus, TacticalAgentTruth, TacticalCheck, TacticalTruth,
};

use crate::support::{Labels, SeriesMap};

/// Everything that should be exposed for both accounts of the demo, every collector on and `checks.mode` at `failing`.
pub fn expected(truth: &Truth, now: Timestamp) -> SeriesMap {
    let mut all = SeriesMap::new();
    nsight(&mut all, &truth.nsight, now);
    tactical(&mut all, &truth.tactical, now);
    all
}

/// Names as labels: white space and control characters become one space, and none is left at the ends.
fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let cleaned = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(cleaned.len() <= 200, "the world has no names that must be cut");
    cleaned
}

/// Labels that several series share.
#[derive(Clone)]
struct At(Labels);

impl At {
    fn account(platform: &str) -> Self {
        Self(Labels::new()).with("platform", platform).with("account", &format!("demo-{platform}"))
    }

    fn with(&self, name: &str, value: &str) -> Self {
        let mut labels = self.0.clone();
        labels.insert(name.to_owned(), value.to_owned());
        Self(labels)
    }

    fn put(&self, all: &mut SeriesMap, name: &str, value: f64) {
        let before = all.insert((name.to_owned(), self.0.clone()), value);
        assert!(before.is_none(), "the test expects {name}{:?} twice", self.0);
    }

    fn flag(&self, all: &mut SeriesMap, name: &str, value: bool) {
        self.put(all, name, f64::from(u8::from(value)));
    }

    fn time(&self, all: &mut SeriesMap, name: &str, time: Option<Timestamp>) {
        if let Some(time) = time {
            // Times are exposed to the millisecond.
            self.put(all, name, time.as_millisecond() as f64 / 1e3);
        }
    }

    /// One series for each of these values of a label.
    fn set(&self, all: &mut SeriesMap, name: &str, label: &str, values: &[(&str, usize)]) {
        for (word, count) in values {
            self.with(label, word).put(all, name, *count as f64);
        }
    }
}

fn count<T>(items: &[T], fits: impl Fn(&T) -> bool) -> usize {
    items.iter().filter(|item| fits(item)).count()
}

fn nsight(all: &mut SeriesMap, truth: &NsightTruth, now: Timestamp) {
    let account = At::account("nsight");
    let name_of = |id: u64| clean(&truth.clients.iter().find(|client| client.id == id).expect("client").name);
    for client in &truth.clients {
        let at = account.with("client", &clean(&client.name)).with("client_id", &client.id.to_string());
        at.with("timezone", client.timezone).put(all, "rmm_client_info", 1.0);
        let counts = [("server", client.servers), ("workstation", client.workstations), ("mobile", client.mobiles)];
        for (kind, count) in counts {
            at.with("kind", kind).put(all, "rmm_client_devices", count as f64);
        }
    }
    for site in &truth.sites {
        let client = account.with("client", &name_of(site.client_id)).with("client_id", &site.client_id.to_string());
        let at = client.with("site", &clean(&site.name)).with("site_id", &site.id.to_string());
        at.put(all, "rmm_site_info", 1.0);
        at.flag(all, "rmm_site_connection_up", site.connection_ok);
    }
    for device in &truth.devices {
        let site = truth.sites.iter().find(|site| site.id == device.device.site_id).expect("site");
        let place = account.with("client", &name_of(device.device.client_id)).with("site", &clean(&site.name));
        let at = place.with("device", &clean(&device.device.name)).with("device_id", &device.device.id.to_string());
        nsight_info(all, &at, &device.device);
        if matches!(device.device.kind, NsightKind::Server | NsightKind::Workstation) {
            nsight_state(all, &at, &device.device, now);
            nsight_checks(all, &at, device);
            history(all, &at, "antivirus", &device.antivirus, now);
            history(all, &at, "backup", &device.backup, now);
            nsight_patches(all, &at, device);
        }
    }
}

fn nsight_info(all: &mut SeriesMap, at: &At, device: &NsightDevice) {
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

fn nsight_state(all: &mut SeriesMap, at: &At, device: &NsightDevice, now: Timestamp) {
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
        at.flag(all, "rmm_device_overdue", overdue);
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

fn nsight_checks(all: &mut SeriesMap, at: &At, device: &NsightDeviceTruth) {
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
        let at = at.with("check_id", &id).with("check", &name).with("check_type", nsight_type(check.check_type));
        if check.status == 4 {
            at.put(all, "rmm_check_cleared", 1.0);
            continue;
        }
        at.with("severity", "error").put(all, "rmm_check_failing", 1.0);
        at.put(all, "rmm_check_consecutive_failures", check.consecutive_fails as f64);
        at.time(all, "rmm_check_last_run_timestamp_seconds", check.last_run);
    }
}

fn nsight_type(number: u32) -> &'static str {
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

const PATCH_STATUSES: [&str; 8] =
    ["missing", "pending", "queued", "installed", "failed", "ignored", "reboot_required", "unknown"];

/// Status and severity of each patch.
fn patches(all: &mut SeriesMap, at: &At, patches: &[(&str, &str)]) {
    let counts = PATCH_STATUSES.map(|word| (word, count(patches, |(status, _)| *status == word)));
    at.set(all, "rmm_patches", "status", &counts);
    let severities = ["critical", "important", "moderate", "low", "unspecified"];
    let named = |label: &str| {
        let label = label.to_lowercase();
        *severities.iter().find(|severity| **severity == label).unwrap_or(&"unspecified")
    };
    let open: Vec<_> =
        patches.iter().filter(|(status, _)| matches!(*status, "missing" | "pending" | "queued" | "failed")).collect();
    let counts = severities.map(|word| (word, count(&open, |(_, label)| named(label) == word)));
    at.set(all, "rmm_patches_outstanding", "severity", &counts);
}

fn nsight_patches(all: &mut SeriesMap, at: &At, device: &NsightDeviceTruth) {
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

fn tactical(all: &mut SeriesMap, truth: &TacticalTruth, now: Timestamp) {
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
        tactical_agent(all, &at, agent, now);
        tactical_checks(all, &at, agent);
        tactical_tasks(all, &at, agent);
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
    }
}

fn tactical_agent(all: &mut SeriesMap, at: &At, truth: &TacticalAgentTruth, now: Timestamp) {
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

fn tactical_checks(all: &mut SeriesMap, at: &At, agent: &TacticalAgentTruth) {
    let checks: Vec<_> = agent.checks.iter().filter(|check| !check.overridden).collect();
    let counts = STATES.map(|(word, states)| (word, count(&checks, |check| states.contains(&check.status))));
    at.set(all, "rmm_device_checks", "status", &counts);
    for check in checks.into_iter().filter(|check| check.status == ResultStatus::Failing) {
        let (name, check_type) = tactical_name(check);
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

fn tactical_name(check: &TacticalCheck) -> (String, &'static str) {
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

fn tactical_tasks(all: &mut SeriesMap, at: &At, agent: &TacticalAgentTruth) {
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
