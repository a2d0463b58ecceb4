//! Sessions and selections of the platform's own backup.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Label;
use super::encoding;

/// How a backup session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionStatus {
    /// Whole.
    Completed,
    /// To the end, but not everything could be saved.
    CompletedWithErrors,
    /// Failed.
    Failed,
    /// Broken off.
    Interrupted,
    /// Did not start.
    NotStarted,
    /// Somebody stopped it.
    Canceled,
}

impl SessionStatus {
    /// The `status` labels, in the order of the variants.
    pub const LABELS: [&'static str; 6] =
        ["completed", "completed_with_errors", "failed", "interrupted", "not_started", "canceled"];
}

/// The newest backup session of a plugin. Sizes are bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// How it ended; `None` for a status that this version does not know.
    pub status: Option<SessionStatus>,
    /// How long it took.
    pub duration: Option<Duration>,
    /// Sent to the store.
    pub transferred_bytes: Option<u64>,
    /// Selected.
    pub selected_bytes: Option<u64>,
    /// Read because it had changed.
    pub processed_bytes: Option<u64>,
    /// Errors.
    pub errors: Option<u64>,
}

/// The backup sessions of one plugin of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginSessions {
    /// The `plugin` label.
    pub plugin: Label,
    /// End of the newest completed session.
    #[serde(with = "encoding::optional_time")]
    pub last_success: Option<Timestamp>,
    /// The newest session.
    pub newest: Session,
}

/// How much of a device is selected for one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginSelection {
    /// The `plugin` label.
    pub plugin: Label,
    /// Bytes.
    pub bytes: u64,
}
