//! `GET /winupdate/{id}/`.

use serde::Deserialize;

use super::lenient;

/// One Windows update that an agent reported.
#[derive(Debug, Deserialize)]
pub(in super::super) struct WindowsUpdate {
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) installed: Option<bool>,
    /// `nothing`, `approve`, `ignore`, `inherit`. Means nothing once the update is installed.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) action: Option<String>,
    /// `n/a`, `success`, `failed`.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) result: Option<String>,
    /// Windows' own word, or nothing.
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) severity: Option<String>,
}
