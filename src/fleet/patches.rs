//! Operating system and third-party updates of a device, counted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding;

/// Where an update stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PatchStatus {
    /// Not installed, nothing decided.
    Missing,
    /// Approved, not installed.
    Pending,
    /// Being installed.
    Queued,
    /// Installed.
    Installed,
    /// The installation failed.
    Failed,
    /// Will not be installed.
    Ignored,
    /// Installed, waits for a restart.
    RebootRequired,
    /// A status that this version does not know.
    Unknown,
}

impl PatchStatus {
    /// The `status` labels, in the order of the variants.
    pub const LABELS: [&'static str; 8] =
        ["missing", "pending", "queued", "installed", "failed", "ignored", "reboot_required", "unknown"];

    const fn is_outstanding(self) -> bool {
        matches!(self, Self::Missing | Self::Pending | Self::Queued | Self::Failed)
    }
}

/// How much an update matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PatchSeverity {
    /// Critical.
    Critical,
    /// Important.
    Important,
    /// Moderate.
    Moderate,
    /// Low.
    Low,
    /// Not said, or a word that this version does not know.
    Unspecified,
}

impl PatchSeverity {
    /// The `severity` labels, in the order of the variants.
    pub const LABELS: [&'static str; 5] = ["critical", "important", "moderate", "low", "unspecified"];

    /// The severity by its label, case-insensitive; anything else is `Unspecified`.
    #[must_use]
    pub fn from_label(label: &str) -> Self {
        match label.trim().to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "important" => Self::Important,
            "moderate" => Self::Moderate,
            "low" => Self::Low,
            _ => Self::Unspecified,
        }
    }
}

/// The updates of one device, counted. A device without counts was not asked, or has no list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchCounts {
    /// Updates by status, in the order of [`PatchStatus::LABELS`].
    pub by_status: [u64; 8],
    /// Updates that are not installed and not ignored, by severity, in the order of [`PatchSeverity::LABELS`].
    pub outstanding: [u64; 5],
    /// Newest installation time (N-sight).
    #[serde(with = "encoding::optional_time")]
    pub last_installed: Option<Timestamp>,
    /// Whether an installed update waits for a restart; `None` where the device list says so instead (Tactical RMM).
    pub reboot_required: Option<bool>,
}

impl PatchCounts {
    /// Counts one update.
    pub fn count(&mut self, status: PatchStatus, severity: PatchSeverity) {
        if let Some(count) = self.by_status.get_mut(status as usize) {
            *count += 1;
        }
        if status.is_outstanding()
            && let Some(count) = self.outstanding.get_mut(severity as usize)
        {
            *count += 1;
        }
    }
}
