//! `GET /agents/{id}/tasks/`.

use serde::Deserialize;

use super::{Text, lenient, lenient_object, text};

/// One automated task: its definition with the agent's result in it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the server's own names")]
pub struct Task<'a> {
    /// Without one it cannot be told from others, and counts all the same.
    #[serde(default, deserialize_with = "lenient")]
    pub id: Option<i64>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub name: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient")]
    pub enabled: Option<bool>,
    /// `info`, `warning`, `error`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub alert_severity: Option<Text<'a>>,
    /// Empty when it never ran.
    #[serde(borrow, default, deserialize_with = "lenient_object")]
    pub task_result: Option<TaskResult<'a>>,
}

/// The last result of a task.
#[derive(Debug, Deserialize)]
pub struct TaskResult<'a> {
    /// `passing`, `failing`, `pending`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub status: Option<Text<'a>>,
}
