//! Checks and tasks of Tactical RMM agents.

use jiff::Timestamp;

use super::tactical::{CheckCounters, ResultStatus, TacticalAgent, TacticalCheck, TacticalTask};
use super::{World, last_tick, time};

/// A check as it is set up.
struct Plan {
    check_type: &'static str,
    name: Option<&'static str>,
    described: &'static str,
    disk: Option<&'static str>,
    service: Option<(&'static str, Option<&'static str>)>,
    log_name: Option<&'static str>,
    script: Option<u64>,
    severity: &'static str,
    /// Policy checks of these types apply to Windows only.
    windows_only: bool,
    policy: bool,
}

const fn plan(check_type: &'static str, name: Option<&'static str>, described: &'static str) -> Plan {
    Plan {
        check_type,
        name,
        described,
        disk: None,
        service: None,
        log_name: None,
        script: None,
        severity: "warning",
        windows_only: true,
        policy: false,
    }
}

const CHECKS: [Plan; 12] = [
    Plan { policy: true, ..plan("cpuload", None, "CPU Load Check -  Warning Threshold: 70% Error Threshold: 90%") },
    Plan { policy: true, ..plan("memory", Some(""), "Memory Check -  Warning Threshold: 70% Error Threshold: 85%") },
    Plan {
        disk: Some("C:"),
        ..plan("diskspace", None, "Disk Space Check: Drive C: -  Warning Threshold: 25% Error Threshold: 10%")
    },
    Plan { disk: Some("D:"), ..plan("diskspace", Some("Daten \"D\""), "Disk Space Check: Daten \"D\"") },
    Plan { severity: "error", windows_only: false, ..plan("ping", Some("NAS \"1\""), "Ping Check: NAS \"1\"") },
    Plan { severity: "info", windows_only: false, ..plan("ping", None, "Ping Check: ") },
    Plan { service: Some(("Spooler", Some("Print Spooler"))), ..plan("winsvc", None, "Service Check: Print Spooler") },
    Plan {
        service: Some(("MSSQL$BÜRO", None)),
        severity: "error",
        ..plan("winsvc", None, "Service Check: MSSQL$BÜRO")
    },
    Plan { log_name: Some("System"), severity: "error", ..plan("eventlog", None, "Event Log Check: System") },
    Plan { windows_only: false, script: Some(31), ..plan("script", None, "Script Check: Backup ✓ nightly") },
    Plan {
        policy: true,
        script: Some(32),
        ..plan("script", Some("Defender\n Status 🛡"), "Script Check: Defender Status")
    },
    Plan {
        windows_only: false,
        script: Some(33),
        ..plan("script", Some("Offsite backup"), "Script Check: Veeam copy")
    },
];

const TASKS: [(&str, &str, Option<&str>); 4] = [
    ("Aufräumen ♻️", "warning", None),
    ("Reboot \"weekly\"", "error", Some("Ping Check: NAS \"1\"")),
    ("nl\ntask", "info", None),
    ("Restore test", "error", None),
];

impl CheckCounters {
    /// Counts as the server does: overridden checks not at all, never-run ones as passing, pending ones in the total only.
    #[must_use]
    pub fn of(checks: &[TacticalCheck]) -> Self {
        let mut counters = Self::default();
        for check in checks.iter().filter(|check| !check.overridden) {
            counters.total += 1;
            match (check.status, check.effective_severity()) {
                (ResultStatus::Never | ResultStatus::Passing, _) => counters.passing += 1,
                (ResultStatus::Pending, _) => {}
                (ResultStatus::Failing, "warning") => counters.warning += 1,
                (ResultStatus::Failing, "info") => counters.info += 1,
                (ResultStatus::Failing, _) => counters.failing += 1,
            }
        }
        counters
    }
}

impl TacticalCheck {
    /// How bad it is while it fails: of the result where the type measures something, else of the check.
    #[must_use]
    pub fn effective_severity(&self) -> &'static str {
        match self.check_type {
            "memory" | "cpuload" | "diskspace" | "script" => self.result_severity.unwrap_or(self.severity),
            _ => self.severity,
        }
    }
}

impl World {
    /// The checks of an agent.
    #[must_use]
    pub fn tactical_checks(&self, agent: &TacticalAgent, at: Timestamp) -> Vec<TacticalCheck> {
        if agent.chance.of(30).happens(50) {
            return Vec::new(); // Nobody set up any.
        }
        CHECKS
            .iter()
            .zip(0..)
            .filter(|(plan, number)| {
                (agent.plat == "windows" || !plan.windows_only) && agent.chance.of(40 + number).happens(850)
            })
            .map(|(plan, number)| self.tactical_check(agent, plan, number, at))
            .collect()
    }

    fn tactical_check(&self, agent: &TacticalAgent, plan: &Plan, number: u64, at: Timestamp) -> TacticalCheck {
        let chance = agent.chance.of(60 + number);
        let measured = matches!(plan.check_type, "memory" | "cpuload" | "diskspace" | "script");
        let period = self.minutes(2);
        let until = agent.last_seen.map_or(at.as_millisecond(), Timestamp::as_millisecond);
        let run = last_tick(chance.of(1), period, until);
        let window = self.minutes(6 + u32::try_from(chance.of(2).below(25)).unwrap_or(0));
        let failing = chance.of(3).episode(window, 50, run);
        let (status, fail_count) = match failing {
            _ if agent.last_seen.is_none() || chance.of(4).happens(20) => (ResultStatus::Never, 0),
            _ if chance.of(5).happens(15) => (ResultStatus::Pending, 0),
            None => (ResultStatus::Passing, 0),
            Some(since) => (ResultStatus::Failing, ((run - since).max(0) / period + 1).unsigned_abs()),
        };
        let result_severity = match failing {
            _ if !measured || status == ResultStatus::Never => None,
            Some(since) => Some(chance.of(6).of(since.unsigned_abs()).pick(&["error", "warning", "info"])),
            // Left over from an earlier failure.
            None => chance.of(7).happens(400).then(|| chance.of(8).pick(&["error", "warning"])),
        };
        let ran = matches!(status, ResultStatus::Passing | ResultStatus::Failing);
        TacticalCheck {
            // A policy's check is one object for all agents.
            id: if plan.policy { 1 + number } else { 1_000 + agent.pk * 20 + number },
            check_type: plan.check_type,
            name: plan.name,
            readable_desc: plan.described.to_owned(),
            disk: plan.disk,
            service: plan.service,
            log_name: plan.log_name,
            script: plan.script,
            policy: plan.policy,
            overridden: !plan.policy && plan.windows_only && chance.of(9).happens(60),
            severity: plan.severity,
            status,
            result_severity,
            fail_count,
            last_run: ran.then(|| time(run)),
        }
    }

    /// The tasks of an agent.
    #[must_use]
    pub fn tactical_tasks(&self, agent: &TacticalAgent, at: Timestamp) -> Vec<TacticalTask> {
        let tasks = TASKS.iter().zip(0..).filter(|(_, number)| agent.chance.of(90 + number).happens(450));
        let tasks = tasks.map(|((name, severity, check_name), number)| {
            let chance = agent.chance.of(110 + number);
            let until = agent.last_seen.map_or(at.as_millisecond(), Timestamp::as_millisecond);
            let run = last_tick(chance.of(1), self.minutes(5), until);
            let status = match chance.of(3).episode(self.minutes(13), 80, run) {
                _ if agent.last_seen.is_none() || chance.of(4).happens(60) => ResultStatus::Never,
                _ if chance.of(5).happens(40) => ResultStatus::Pending,
                None => ResultStatus::Passing,
                Some(_) => ResultStatus::Failing,
            };
            let ran = matches!(status, ResultStatus::Passing | ResultStatus::Failing);
            TacticalTask {
                id: if number == 0 { 1 } else { 500 + agent.pk * 5 + number },
                name,
                enabled: !chance.of(6).happens(120),
                policy: number == 0,
                check_name: *check_name,
                severity,
                status,
                last_run: ran.then(|| time(run)),
            }
        });
        tasks.collect()
    }
}
