//! Outages of a device and of its checks.

use serde::{Deserialize, Serialize};

/// Why there is an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutageReason {
    /// A check fails.
    CheckFailure,
    /// The device is offline.
    DeviceOffline,
    /// Its report is overdue.
    DeviceOverdue,
    /// Its site cannot be reached.
    SiteDown,
    /// Its report could not be taken in.
    UploadError,
    /// A reason that this version does not know.
    Unknown,
}

impl OutageReason {
    /// The `reason` labels, in the order of the variants.
    pub const LABELS: [&'static str; 6] =
        ["check_failure", "device_offline", "device_overdue", "site_down", "upload_error", "unknown"];
}

/// The outages of one device, in the order of [`OutageReason::LABELS`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outages {
    /// Open outages by reason.
    pub open: [u64; 6],
    /// Seconds of the last 30 days that were in an outage of that reason, when the answer arrived.
    pub seconds: [f64; 6],
}
