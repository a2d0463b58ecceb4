//! `GET /agents/`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Text, Time, lenient, lenient_object, name, text, text_id};

/// One agent of the list.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the server's own names")]
pub struct Agent<'a> {
    #[serde(borrow, deserialize_with = "text_id")]
    pub agent_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub hostname: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "name")]
    pub client_name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "name")]
    pub site_name: Option<Text<'a>>,
    /// `server`, `workstation`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub monitoring_type: Option<Text<'a>>,
    /// `windows`, `linux`, `darwin`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub plat: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub operating_system: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub make_model: Option<Text<'a>>,
    /// `online`, `offline`, `overdue`: judged by the server when it answers.
    #[serde(borrow, default, deserialize_with = "text")]
    pub status: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient")]
    pub last_seen: Option<Time>,
    /// Unix seconds by the agent's own clock; 0 is unknown.
    #[serde(default, deserialize_with = "lenient")]
    pub boot_time: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    pub maintenance_mode: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub needs_reboot: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub pending_actions_count: Option<u64>,
    /// An approved update is not installed.
    #[serde(default, deserialize_with = "lenient")]
    pub has_patches_pending: Option<bool>,
    #[serde(default, deserialize_with = "lenient_object")]
    pub checks: Option<Counters>,
    /// A list of [`super::custom_fields::Value`], read only where a mapping looks at fields.
    #[serde(borrow, default)]
    pub custom_fields: Option<&'a RawValue>,
}

/// An agent's checks by status, from a cache of the server: all zero while that is cold.
#[derive(Debug, Deserialize)]
pub struct Counters {
    #[serde(default, deserialize_with = "lenient")]
    pub total: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub passing: Option<u64>,
    /// Failing with severity error.
    #[serde(default, deserialize_with = "lenient")]
    pub failing: Option<u64>,
    /// Failing with severity warning.
    #[serde(default, deserialize_with = "lenient")]
    pub warning: Option<u64>,
    /// Failing with severity info.
    #[serde(default, deserialize_with = "lenient")]
    pub info: Option<u64>,
}
