//! Checks and automated tasks of a device.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding;
use super::{Label, Signals};

/// How bad a failing check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Needs somebody now. N-sight knows no other.
    Error,
    /// Needs somebody soon.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The `severity` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// The state of a check or task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CheckState {
    /// Passed.
    Passing,
    /// Fails now.
    Failing,
    /// Failed and acknowledged (N-sight).
    Cleared,
    /// Never ran.
    Pending,
    /// A state that this version does not know: neither passing nor failing.
    Unknown,
}

/// How many checks or tasks a device has in each state. `None` is a state that the data at hand cannot tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCounts {
    /// Passing.
    pub passing: Option<u64>,
    /// Failing, whatever the severity.
    pub failing: Option<u64>,
    /// Failed and acknowledged (N-sight).
    pub cleared: Option<u64>,
    /// Never ran.
    pub pending: Option<u64>,
}

/// One check of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The platform's number for it.
    pub id: Label,
    /// Its name; the `check` label.
    pub name: Label,
    /// A word of the shared vocabulary, or `type_N`, or the platform's own word; the `check_type` label.
    pub check_type: Cow<'static, str>,
    /// Its state.
    pub state: CheckState,
    /// How bad it is when it fails: for a failing check of the present failure, else as configured.
    pub severity: Severity,
    /// Runs in a row that failed.
    pub consecutive_failures: Option<u64>,
    /// Last run.
    #[serde(with = "encoding::optional_time")]
    pub last_run: Option<Timestamp>,
}

/// One automated task of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The platform's number for it.
    pub id: Label,
    /// Its name; the `task` label.
    pub name: Label,
    /// Its state.
    pub state: CheckState,
    /// How bad it is when it fails.
    pub severity: Severity,
    /// Runs in a row that failed (N-sight).
    pub consecutive_failures: Option<u64>,
}

/// The checks of a device, read from the checks themselves. Checks overridden by a policy are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceChecks {
    /// How many are in each state. On Tactical RMM all but `cleared`; on N-sight `pending` only (the others come from
    /// the device list).
    pub counts: StatusCounts,
    /// The checks that `checks.mode` lets become series: those failing or cleared now, all, or none.
    pub checks: Vec<Check>,
    /// What they say of antivirus and backup (Tactical RMM).
    pub signals: Signals,
    /// Whether a performance monitoring check is among them (N-sight): only then there is a performance history.
    pub performance_monitored: bool,
}

/// The automated tasks of a device, read from the tasks themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTasks {
    /// How many are in each state, as for [`DeviceChecks::counts`].
    pub counts: StatusCounts,
    /// The tasks that `checks.mode` lets become series.
    pub tasks: Vec<Task>,
}
