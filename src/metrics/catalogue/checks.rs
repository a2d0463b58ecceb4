//! Checks and automated tasks.

use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector::{Checks, FailingChecks, Inventory, Tasks};
use crate::fleet::view::known_statuses;

/// Not a full set: a status that the data cannot tell is absent.
const STATUSES: &[Enumeration] = &[Enumeration::of("status", &["passing", "failing", "cleared", "pending"])];
const SEVERITIES: &[Enumeration] = &[Enumeration::of("severity", &["error", "warning", "info"])];
const DEVICE: Family = Family::gauge(Section::Checks, Scope::Device);
const CHECK: Family = Family::gauge(Section::Checks, Scope::Check);
const TASK: Family = Family::gauge(Section::Checks, Scope::Task);
const REPORTED: Option<Source> = Source::new(&[FailingChecks, Checks], &["list_failing_checks", "list_checks"]);
const LISTED: Option<Source> = Source::new(&[Checks], &["list_checks"]);
const AGENT_CHECKS: Option<Source> = Source::new(&[Checks], &["/agents/{id}/checks/"]);
const AGENT_TASKS: Option<Source> = Source::new(&[Tasks], &["/agents/{id}/tasks/"]);

pub(super) static FAMILIES: [Family; 8] = [
    Family {
        name: "rmm_device_checks",
        meaning: "Checks of the device by status. A status that the data cannot tell is absent. Counts are as old as \
                  the device list and can differ for that long from rmm_check_failing, which is the one for alerts.",
        labels: &["status"],
        enumerations: STATUSES,
        nsight: Source::new(&[Inventory, Checks], &["list_devices_at_client", "list_checks"]),
        tactical: Source::new(&[Inventory, Checks], &["/agents/", "/agents/{id}/checks/"]),
        series: Series::Device(|device, out| {
            for (status, count) in device.record.checks.iter().flat_map(known_statuses) {
                out.put(&[("status", status)], count);
            }
        }),
        ..DEVICE
    },
    Family {
        name: "rmm_device_tasks",
        meaning: "Automated tasks of the device by status. A status that the data cannot tell is absent. Counts are \
                  as old as the device list and can differ for that long from rmm_task_failing, which is the one for \
                  alerts.",
        labels: &["status"],
        enumerations: STATUSES,
        nsight: Source::new(&[Inventory, Checks], &["list_devices_at_client", "list_checks"]),
        tactical: AGENT_TASKS,
        series: Series::Device(|device, out| {
            for (status, count) in device.record.tasks.iter().flat_map(known_statuses) {
                out.put(&[("status", status)], count);
            }
        }),
        ..DEVICE
    },
    Family {
        name: "rmm_check_failing",
        meaning: "Whether the check fails now (1) or not (0; only where all checks are exposed).",
        labels: &["severity"],
        enumerations: SEVERITIES,
        nsight: REPORTED,
        tactical: AGENT_CHECKS,
        series: Series::Check(|check, out| out.put_known(&[("severity", check.severity.name())], check.failing)),
        ..CHECK
    },
    Family {
        name: "rmm_check_cleared",
        meaning: "Whether the check failed and was acknowledged (1) or not (0).",
        nsight: LISTED,
        series: Series::Check(|check, out| out.put_known(&[], check.cleared)),
        ..CHECK
    },
    Family {
        name: "rmm_check_consecutive_failures",
        meaning: "Runs of the check in a row that failed.",
        nsight: REPORTED,
        tactical: AGENT_CHECKS,
        series: Series::Check(|check, out| out.put_known(&[], check.consecutive_failures)),
        ..CHECK
    },
    Family {
        name: "rmm_check_last_run_timestamp_seconds",
        meaning: "When the check last ran, in Unix time.",
        nsight: LISTED,
        tactical: AGENT_CHECKS,
        series: Series::Check(|check, out| out.put_known(&[], check.last_run)),
        ..CHECK
    },
    Family {
        name: "rmm_task_failing",
        meaning: "Whether the automated task fails now (1) or not (0; only where all tasks are exposed).",
        labels: &["severity"],
        enumerations: SEVERITIES,
        nsight: REPORTED,
        tactical: AGENT_TASKS,
        series: Series::Task(|task, out| out.put(&[("severity", task.severity.name())], task.failing)),
        ..TASK
    },
    Family {
        name: "rmm_task_consecutive_failures",
        meaning: "Runs of the automated task in a row that failed.",
        nsight: REPORTED,
        series: Series::Task(|task, out| out.put_known(&[], task.consecutive_failures)),
        ..TASK
    },
];
