//! `GET /agents/{id}/`. By far most of the answer is skipped: services, inventory of the machine, names of time zones.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Text, Time, lenient, text};

/// Everything about one agent, of which this is what is used.
#[derive(Debug, Deserialize)]
pub struct Detail<'a> {
    /// Each is a [`Disk`], read on its own.
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub disks: Option<Vec<&'a RawValue>>,
    /// GB, rounded down.
    #[serde(default, deserialize_with = "lenient")]
    pub total_ram: Option<u64>,
    /// Minutes.
    #[serde(default, deserialize_with = "lenient")]
    pub offline_time: Option<u64>,
    /// Minutes.
    #[serde(default, deserialize_with = "lenient")]
    pub overdue_time: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub patches_last_installed: Option<Time>,
}

/// One disk. Its sizes are made for people, in the style of whichever agent wrote them.
#[derive(Debug, Deserialize)]
pub struct Disk<'a> {
    pub device: String,
    /// Used.
    #[serde(default, deserialize_with = "lenient")]
    pub percent: Option<f64>,
    /// `34.4G`, `9.0 GB`, `481.6 MB`, `0 B`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub used: Option<Text<'a>>,
    /// The same.
    #[serde(borrow, default, deserialize_with = "text")]
    pub total: Option<Text<'a>>,
}
