mod nsight_slow;

use std::collections::{BTreeSet, HashSet};

use super::nsight::{NsightKind, ProblemKind};
use super::tactical::{AgentStatus, ResultStatus};
use super::*;
use crate::clock::{SystemClock, processor_time};

fn world(devices: usize) -> World {
    World::new(devices, 1, 1.0, Arc::new(SystemClock))
}

fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-03-04T09:15:02Z".parse().unwrap();
    time(start.as_millisecond() + minute * 60_000)
}

#[test]
fn the_same_seed_and_time_give_the_same_truth() {
    assert_eq!(world(60).truth(at(0)), world(60).truth(at(0)));
    assert_ne!(world(60).truth(at(0)), World::new(60, 2, 1.0, Arc::new(SystemClock)).truth(at(0)));
}

#[test]
fn a_viewer_sees_everything_happen_within_an_hour() {
    let world = world(60);
    let mut seen = BTreeSet::new();
    let first = world.truth(at(0));
    let ids = |truth: &Truth| -> HashSet<u64> { truth.nsight.devices.iter().map(|device| device.device.id).collect() };
    for minute in (0..60).step_by(2) {
        let truth = world.truth(at(minute));
        for device in &truth.nsight.devices {
            if let Some(problem) = device.device.problem {
                seen.insert(match problem.kind {
                    ProblemKind::Overdue => "overdue",
                    ProblemKind::Offline => "offline",
                    ProblemKind::Unreachable => "unreachable",
                });
            }
            for check in &device.checks {
                seen.insert(match check.status {
                    0 => "not run",
                    1 => "failing",
                    4 => "cleared",
                    5 => "passing",
                    _ => "unknown status",
                });
            }
            seen.extend(device.antivirus.days.iter().map(|(_, status)| *status));
            seen.extend(device.backup.days.iter().map(|(_, status)| *status));
            assert!(device.patches.is_empty() || device.patches.len() == 24);
            for (status, name) in [(1, "1"), (2, "2"), (4, "4"), (8, "8"), (16, "16"), (32, "32"), (64, "64")] {
                if device.patches.iter().any(|patch| patch.status == status) {
                    seen.insert(name);
                }
            }
        }
        for agent in &truth.tactical.agents {
            seen.insert(match agent.agent.status {
                AgentStatus::Online => "agent online",
                AgentStatus::Offline => "agent offline",
                AgentStatus::Overdue => "agent overdue",
            });
            seen.extend(
                agent.checks.iter().filter(|check| check.status == ResultStatus::Failing).map(|_| "agent check"),
            );
            seen.extend(agent.tasks.iter().filter(|task| task.status == ResultStatus::Failing).map(|_| "agent task"));
            seen.extend(agent.updates.iter().filter(|update| update.result == "failed").map(|_| "agent update failed"));
        }
        if !ids(&first).is_subset(&ids(&truth)) {
            seen.insert("a device went");
        }
        if !ids(&truth).is_subset(&ids(&first)) {
            seen.insert("a device came");
        }
    }
    for needed in [
        "overdue",
        "offline",
        "unreachable",
        "not run",
        "failing",
        "cleared",
        "passing",
        "unknown status",
        "PASS",
        "FAIL",
        "PASSINACTIVE",
        "CLEARED",
        "CLEAREDINACTIVE",
        "FAILINACTIVE",
        "OVERDUE",
        "DEVICEOVERDUE",
        "NOTRUN",
        "NOTINSTALLED",
        "UNKNOWN",
        "1",
        "2",
        "4",
        "8",
        "16",
        "32",
        "64",
        "agent online",
        "agent offline",
        "agent overdue",
        "agent check",
        "agent task",
        "agent update failed",
        "a device went",
        "a device came",
    ] {
        assert!(seen.contains(needed), "{needed} never happened: {seen:?}");
    }
}

#[test]
fn speed_moves_the_world_faster() {
    let changes = |speed: f64| -> usize {
        let world = World::new(60, 1, speed, Arc::new(SystemClock));
        let failing = |minute| -> HashSet<u64> {
            let truth = world.nsight_truth(at(minute));
            truth
                .devices
                .iter()
                .flat_map(|device| &device.checks)
                .filter(|check| check.status == 1)
                .map(|check| check.id)
                .collect()
        };
        (0..20).map(|minute| failing(minute).symmetric_difference(&failing(minute + 1)).count()).sum()
    };
    let (normal, fast) = (changes(1.0), changes(10.0));
    assert!(normal > 5, "{normal}");
    assert!(fast > normal * 3, "{fast} against {normal}");
}

#[test]
fn the_default_fleet_has_the_awkward_cases() {
    let truth = world(60).truth(at(0));
    let names: Vec<_> = truth.nsight.clients.iter().map(|client| client.name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| **name == "Larkspur Dental & Co").count(), 2);
    assert!(names.contains(&""));
    assert!(truth.nsight.clients.iter().any(|client| client.servers + client.workstations + client.mobiles == 0));
    let devices = &truth.nsight.devices;
    assert!((27..=30).contains(&devices.len()), "{}", devices.len());
    assert_eq!(devices.iter().filter(|device| device.device.name == "DESKTOP-DUPLICATE").count(), 2);
    for kind in [NsightKind::Server, NsightKind::Workstation, NsightKind::Mobile, NsightKind::Agentless] {
        assert!(devices.iter().any(|device| device.device.kind == kind), "{kind:?}");
    }
    assert!(devices.iter().any(|device| device.device.kind == NsightKind::Workstation && !device.device.active_247));
    let silent = |device: &&nsight::NsightDeviceTruth| device.device.active_247 && device.device.last_report.is_none();
    assert!(devices.iter().any(|device| silent(&device)), "one that never reported");
    assert!(truth.tactical.agents.iter().any(|agent| agent.agent.last_seen.is_none()));
    assert!(truth.tactical.clients.iter().any(|client| client.name.contains('🚀')));
}

#[test]
fn ids_are_unique_and_lead_back_to_the_device() {
    let world = world(2_000);
    let truth = world.truth(at(0));
    let mut ids = HashSet::new();
    for device in &truth.nsight.devices {
        assert!(ids.insert(device.device.id));
        assert_eq!(world.nsight_device(device.device.id, at(0)).as_ref(), Some(&device.device));
    }
    let mut ids = HashSet::new();
    for agent in &truth.tactical.agents {
        assert_eq!(agent.agent.agent_id.len(), 40);
        assert!(ids.insert(agent.agent.agent_id.clone()));
        assert_eq!(world.tactical_agent(&agent.agent.agent_id, at(0)).as_ref(), Some(&agent.agent));
    }
    assert_eq!(world.tactical_agent(&"z".repeat(40), at(0)), None);
    assert_eq!(world.nsight_device(5, at(0)), None);
}

#[test]
fn nothing_is_dated_in_the_future() {
    let now = at(3);
    let truth = world(200).truth(now);
    for device in &truth.nsight.devices {
        let mut times: Vec<_> = device.checks.iter().filter_map(|check| check.last_run).collect();
        times.extend(device.patches.iter().filter_map(|patch| patch.installed));
        times.extend(device.device.last_report.into_iter().chain(device.device.boot));
        times.extend(device.device.problem.map(|problem| problem.since));
        assert!(times.iter().all(|time| *time <= now), "{device:?}");
        assert!(device.antivirus.days.len() <= 90);
    }
    for agent in &truth.tactical.agents {
        assert!(agent.agent.last_seen.is_none_or(|seen| seen <= now));
        assert!(agent.detail.patches_last_installed.is_none_or(|installed| installed <= now));
    }
    for alert in &truth.tactical.alerts {
        assert!(alert.alert_time <= now && alert.resolved_on.is_none_or(|resolved| resolved <= now));
        assert!(alert.snooze_until.is_none_or(|until| until > now), "of its nature");
    }
}

#[test]
fn fifty_thousand_devices_are_quick_to_ask() {
    let world = world(50_000);
    let start = processor_time();
    assert!(world.nsight_devices(0..25_000, at(0)).count() > 24_000);
    let device = world.nsight_device(770_000 + 12_345_000, at(0)).unwrap();
    for _ in 0..100 {
        assert!(!world.nsight_details(device.clone(), at(0)).checks.is_empty());
    }
    assert!(world.tactical_alerts(at(0)).len() > 5_000);
    assert!(world.tactical_server(at(0)).agents > 24_000);
    // Unoptimised; it is a guard against anything quadratic.
    let took = processor_time().saturating_sub(start);
    assert!(took.as_secs() < 20, "{took:?}");
}
