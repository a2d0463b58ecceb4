//! `GET /winupdate/{id}/`.

use serde::Deserialize;

use super::lenient;

/// One Windows update that an agent reported.
#[derive(Debug, Deserialize)]
pub struct WindowsUpdate {
    #[serde(default, deserialize_with = "lenient")]
    pub installed: Option<bool>,
    /// `nothing`, `approve`, `ignore`, `inherit`. Means nothing once the update is installed.
    #[serde(default, deserialize_with = "lenient")]
    pub action: Option<String>,
    /// `n/a`, `success`, `failed`.
    #[serde(default, deserialize_with = "lenient")]
    pub result: Option<String>,
    /// Windows' own word, or nothing.
    #[serde(default, deserialize_with = "lenient")]
    pub severity: Option<String>,
}
