//! `GET /agents/{id}/checks/`.

use serde::Deserialize;

use super::{Time, lenient, lenient_object, number_id};

/// One check: its definition with the agent's result in it.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Check {
    #[serde(deserialize_with = "number_id")]
    pub(in super::super) id: String,
    /// `diskspace`, `ping`, `cpuload`, `memory`, `winsvc`, `script`, `eventlog`.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) check_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) name: Option<String>,
    /// Made by the server; holds thresholds for most types.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) readable_desc: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) disk: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) svc_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) svc_display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) log_name: Option<String>,
    /// `info`, `warning`, `error`.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) alert_severity: Option<String>,
    /// A policy's check takes this one's place.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) overridden_by_policy: Option<bool>,
    /// Empty when it never ran.
    #[serde(default, deserialize_with = "lenient_object")]
    pub(in super::super) check_result: Option<CheckResult>,
}

/// The last result of a check.
#[derive(Debug, Deserialize)]
pub(in super::super) struct CheckResult {
    /// `passing`, `failing`, `pending`.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) status: Option<String>,
    /// Not reset on recovery: means something only while the check fails.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) alert_severity: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) fail_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) last_run: Option<Time>,
}
