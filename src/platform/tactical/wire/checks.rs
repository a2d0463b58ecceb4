//! `GET /agents/{id}/checks/`.

use serde::Deserialize;

use super::{Text, Time, lenient, lenient_object, text};

/// One check: its definition with the agent's result in it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the server's own names")]
pub struct Check<'a> {
    /// Without one it cannot be told from others, and counts all the same.
    #[serde(default, deserialize_with = "lenient")]
    pub id: Option<i64>,
    /// `diskspace`, `ping`, `cpuload`, `memory`, `winsvc`, `script`, `eventlog`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub check_type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub name: Option<Text<'a>>,
    /// Made by the server; holds thresholds for most types.
    #[serde(borrow, default, deserialize_with = "text")]
    pub readable_desc: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub disk: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub svc_name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub svc_display_name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub log_name: Option<Text<'a>>,
    /// The number of the script that it runs.
    #[serde(default, deserialize_with = "lenient")]
    pub script: Option<u64>,
    /// `info`, `warning`, `error`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub alert_severity: Option<Text<'a>>,
    /// A policy's check takes this one's place.
    #[serde(default, deserialize_with = "lenient")]
    pub overridden_by_policy: Option<bool>,
    /// Empty when it never ran.
    #[serde(borrow, default, deserialize_with = "lenient_object")]
    pub check_result: Option<CheckResult<'a>>,
}

/// The last result of a check.
#[derive(Debug, Deserialize)]
pub struct CheckResult<'a> {
    /// `passing`, `failing`, `pending`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub status: Option<Text<'a>>,
    /// Not reset on recovery: means something only while the check fails.
    #[serde(borrow, default, deserialize_with = "text")]
    pub alert_severity: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient")]
    pub fail_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub last_run: Option<Time>,
}
