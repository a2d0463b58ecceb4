//! `GET /agents/{id}/tasks/`.

use serde::Deserialize;

use super::{lenient, lenient_object, number_id};

/// One automated task: its definition with the agent's result in it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the server's own names")]
pub struct Task {
    #[serde(deserialize_with = "number_id")]
    pub id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub enabled: Option<bool>,
    /// `info`, `warning`, `error`.
    #[serde(default, deserialize_with = "lenient")]
    pub alert_severity: Option<String>,
    /// Empty when it never ran.
    #[serde(default, deserialize_with = "lenient_object")]
    pub task_result: Option<TaskResult>,
}

/// The last result of a task.
#[derive(Debug, Deserialize)]
pub struct TaskResult {
    /// `passing`, `failing`, `pending`.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
}
