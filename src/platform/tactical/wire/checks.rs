//! `GET /agents/{id}/checks/`.

use serde::Deserialize;

use super::{Time, lenient, lenient_object, number_id};

/// One check: its definition with the agent's result in it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the server's own names")]
pub struct Check {
    #[serde(deserialize_with = "number_id")]
    pub id: String,
    /// `diskspace`, `ping`, `cpuload`, `memory`, `winsvc`, `script`, `eventlog`.
    #[serde(default, deserialize_with = "lenient")]
    pub check_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    /// Made by the server; holds thresholds for most types.
    #[serde(default, deserialize_with = "lenient")]
    pub readable_desc: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub disk: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub svc_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub svc_display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub log_name: Option<String>,
    /// The number of the script that it runs.
    #[serde(default, deserialize_with = "lenient")]
    pub script: Option<u64>,
    /// `info`, `warning`, `error`.
    #[serde(default, deserialize_with = "lenient")]
    pub alert_severity: Option<String>,
    /// A policy's check takes this one's place.
    #[serde(default, deserialize_with = "lenient")]
    pub overridden_by_policy: Option<bool>,
    /// Empty when it never ran.
    #[serde(default, deserialize_with = "lenient_object")]
    pub check_result: Option<CheckResult>,
}

/// The last result of a check.
#[derive(Debug, Deserialize)]
pub struct CheckResult {
    /// `passing`, `failing`, `pending`.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// Not reset on recovery: means something only while the check fails.
    #[serde(default, deserialize_with = "lenient")]
    pub alert_severity: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub fail_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub last_run: Option<Time>,
}
