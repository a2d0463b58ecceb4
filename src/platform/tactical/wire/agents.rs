//! `GET /agents/`.

use serde::Deserialize;

use super::{Time, lenient, lenient_object, text_id};

/// One agent of the list.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Agent {
    #[serde(deserialize_with = "text_id")]
    pub(in super::super) agent_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) hostname: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) client_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) site_name: Option<String>,
    /// `server`, `workstation`.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) monitoring_type: Option<String>,
    /// `windows`, `linux`, `darwin`.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) plat: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) operating_system: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) version: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) make_model: Option<String>,
    /// `online`, `offline`, `overdue`: judged by the server when it answers.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) last_seen: Option<Time>,
    /// Unix seconds by the agent's own clock; 0 is unknown.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) boot_time: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) maintenance_mode: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) needs_reboot: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) pending_actions_count: Option<u64>,
    /// An approved update is not installed.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) has_patches_pending: Option<bool>,
    #[serde(default, deserialize_with = "lenient_object")]
    pub(in super::super) checks: Option<Counters>,
}

/// An agent's checks by status, from a cache of the server: all zero while that is cold.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Counters {
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) total: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) passing: Option<u64>,
    /// Failing with severity error.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) failing: Option<u64>,
    /// Failing with severity warning.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) warning: Option<u64>,
    /// Failing with severity info.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) info: Option<u64>,
}
