//! `GET /winupdate/{id}/`.

use serde::Deserialize;

use super::{Text, lenient, text};

/// One Windows update that an agent reported.
#[derive(Debug, Deserialize)]
pub struct WindowsUpdate<'a> {
    #[serde(default, deserialize_with = "lenient")]
    pub id: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub installed: Option<bool>,
    /// `nothing`, `approve`, `ignore`, `inherit`. Means nothing once the update is installed.
    #[serde(borrow, default, deserialize_with = "text")]
    pub action: Option<Text<'a>>,
    /// `n/a`, `success`, `failed`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub result: Option<Text<'a>>,
    /// Windows' own word, or nothing.
    #[serde(borrow, default, deserialize_with = "text")]
    pub severity: Option<Text<'a>>,
}
