//! What a device consists of, counted, and the licences of a client.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Label;
use super::encoding;

/// Hardware and software of a device. Nothing is known of one that the platform never looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assets {
    /// Pieces of hardware that are there.
    pub hardware: Option<u64>,
    /// Pieces of software that are installed.
    pub software: Option<u64>,
    /// When the platform last looked.
    #[serde(with = "encoding::optional_time")]
    pub scanned: Option<Timestamp>,
}

/// A licence of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    /// The `license` label.
    pub name: Label,
    /// How many the client owns; `None` when the platform does not say.
    pub owned: Option<u64>,
    /// How many are in use.
    pub installed: Option<u64>,
}

/// What became of a user of Active Directory since the last look; only counted, never named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DirectoryStatus {
    /// As before.
    Unchanged,
    /// Cannot be told.
    Unknown,
    /// Changed.
    Modified,
    /// Joined.
    New,
    /// Deleted.
    Deleted,
    /// Came back.
    Restored,
}

impl DirectoryStatus {
    /// The `status` labels, in the order of the variants and of the platform's numbers.
    pub const LABELS: [&'static str; 6] = ["unchanged", "unknown", "modified", "new", "deleted", "restored"];
}
