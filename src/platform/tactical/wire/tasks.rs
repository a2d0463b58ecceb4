//! `GET /agents/{id}/tasks/`.

use serde::Deserialize;

use super::{lenient, lenient_object, number_id};

/// One automated task: its definition with the agent's result in it.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Task {
    #[serde(deserialize_with = "number_id")]
    pub(in super::super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) enabled: Option<bool>,
    /// `info`, `warning`, `error`.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) alert_severity: Option<String>,
    /// Empty when it never ran.
    #[serde(default, deserialize_with = "lenient_object")]
    pub(in super::super) task_result: Option<TaskResult>,
}

/// The last result of a task.
#[derive(Debug, Deserialize)]
pub(in super::super) struct TaskResult {
    /// `passing`, `failing`, `pending`.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) status: Option<String>,
}
