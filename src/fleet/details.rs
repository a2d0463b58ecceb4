//! What only the detail record of a device says (Tactical RMM).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Drive;
use super::encoding;

/// The detail record of a device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// Disks.
    pub disks: Vec<Drive>,
    /// Installed memory, bytes.
    pub memory_bytes: Option<u64>,
    /// Silence after which the server calls it offline.
    pub offline_after: Option<Duration>,
    /// Silence after which the server calls it overdue.
    pub overdue_after: Option<Duration>,
    /// When the server last began to install updates on schedule.
    #[serde(with = "encoding::optional_time")]
    pub patches_last_installed: Option<Timestamp>,
}
