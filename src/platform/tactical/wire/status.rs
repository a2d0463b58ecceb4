//! `GET /core/v2/status/` and `GET /core/dashinfo/`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{lenient, lenient_object};

/// How the server is, by itself.
#[derive(Debug, Deserialize)]
pub struct Status<'a> {
    #[serde(default, deserialize_with = "lenient")]
    pub version: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub agent_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub client_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub site_count: Option<u64>,
    /// Percent.
    #[serde(default, deserialize_with = "lenient")]
    pub disk_usage_percent: Option<f64>,
    /// Percent.
    #[serde(default, deserialize_with = "lenient")]
    pub mem_usage_percent: Option<f64>,
    /// Negative once it has.
    #[serde(default, deserialize_with = "lenient")]
    pub days_until_cert_expires: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    pub redis_ping: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub nats_std_ping: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub nats_ws_ping: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub mesh_ping: Option<bool>,
    /// -1 when the server does not know: no number of jobs, and so `None`.
    #[serde(default, deserialize_with = "lenient")]
    pub celery_queue_len: Option<u64>,
    /// By name, each a boolean, read on its own. In some containers a text in its place.
    #[serde(borrow, default, deserialize_with = "lenient_object")]
    pub services_running: Option<BTreeMap<String, &'a RawValue>>,
}

/// What the web interface asks when it starts.
#[derive(Debug, Deserialize)]
pub struct DashInfo {
    #[serde(default, deserialize_with = "lenient")]
    pub trmm_version: Option<String>,
}
