//! What managed antivirus found on a device.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::encoding;

/// Which engine a device's managed antivirus is (N-sight): they write the same facts in different words and time zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AntivirusEngine {
    /// The older engine. Its times are UTC.
    Vipre,
    /// The present engine. Its times are the device's local time.
    Bitdefender,
}

/// What became of a threat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThreatStatus {
    /// Still there, or not known to be gone.
    Active,
    /// In quarantine.
    Quarantined,
    /// Deleted, cleaned or blocked.
    Resolved,
    /// The engine tried to do something about it and failed.
    Failed,
}

impl ThreatStatus {
    /// The `status` labels, in the order of the variants.
    pub const LABELS: [&'static str; 4] = ["active", "quarantined", "resolved", "failed"];
}

/// How a scan searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ScanType {
    /// Where threats usually are.
    Quick,
    /// Everywhere.
    Deep,
    /// Where somebody said.
    Custom,
    /// Anything else.
    Other,
}

impl ScanType {
    /// The `scan_type` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Deep => "deep",
            Self::Custom => "custom",
            Self::Other => "other",
        }
    }

    /// Every `scan_type` label.
    pub const LABELS: [&'static str; 4] = ["quick", "deep", "custom", "other"];
}

/// A finished scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// How it searched.
    pub scan_type: ScanType,
    /// When it ended; `None` when the device's time zone is not known.
    #[serde(with = "encoding::optional_time")]
    pub end: Option<Timestamp>,
    /// Threats that it found.
    pub threats: Option<u64>,
    /// Errors that it met.
    pub errors: Option<u64>,
}
