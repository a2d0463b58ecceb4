//! The collectors: what each wants to ask, and what the answers mean. One file each.

pub mod alerts;
pub mod checks;
pub mod custom_fields;
pub mod details;
pub mod inventory;
pub mod patches;
pub mod server;
pub mod tasks;

use super::call::{Call, is_safe_segment};
use super::notices::Notices;
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{CheckState, DeviceId, DeviceView, Severity, StatusCounts, View};
use crate::planner::{Priority, Want};

/// One call for each device that `admits` lets through and that can be called at all.
fn sweep<'v>(
    collector: Collector,
    config: CollectorConfig,
    known: &'v View,
    admits: impl Fn(&DeviceView) -> bool + 'v,
    call: impl Fn(DeviceId) -> Call + 'v,
) -> impl Iterator<Item = Want<Call>> + 'v {
    let devices = known.devices.iter().filter(move |device| is_safe_segment(&device.id) && admits(device));
    devices.map(move |device| Want {
        call: call(device.id.clone()),
        collector,
        interval: config.interval,
        priority: Priority::Sweep,
        after: None,
    })
}

/// `check_result.status`, `task_result.status`. Without one it never ran.
fn state(notices: &Notices, what: &'static str, status: Option<&str>) -> CheckState {
    match status {
        Some("passing") => CheckState::Passing,
        Some("failing") => CheckState::Failing,
        Some("pending") | None => CheckState::Pending,
        Some(word) => {
            notices.unknown_word(what, word);
            CheckState::Unknown
        }
    }
}

/// `alert_severity`. `None` without one, and for an unknown word.
fn severity(notices: &Notices, word: Option<&str>) -> Option<Severity> {
    match word? {
        "error" => Some(Severity::Error),
        "warning" => Some(Severity::Warning),
        "info" => Some(Severity::Info),
        word => {
            notices.unknown_word("alert severity", word);
            None
        }
    }
}

/// Percent as a part of the whole, 0 to 1. What is no part of a whole is unknown.
fn ratio(percent: f64) -> Option<f64> {
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}

/// Counts states from the checks or tasks themselves: all but `cleared`, which this platform does not have.
#[derive(Default)]
struct Counter {
    passing: u64,
    failing: u64,
    pending: u64,
}

impl Counter {
    const fn count(&mut self, state: CheckState) {
        match state {
            CheckState::Passing => self.passing += 1,
            CheckState::Failing => self.failing += 1,
            CheckState::Pending => self.pending += 1,
            CheckState::Cleared | CheckState::Unknown => {}
        }
    }

    const fn counts(&self) -> StatusCounts {
        StatusCounts {
            passing: Some(self.passing),
            failing: Some(self.failing),
            cleared: None,
            pending: Some(self.pending),
        }
    }
}
