//! `GET /clients/`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{lenient, number_id};

/// One client with its sites.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Client<'a> {
    #[serde(deserialize_with = "number_id")]
    pub(in super::super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) name: Option<String>,
    /// Each is a [`Site`], read on its own.
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub(in super::super) sites: Option<Vec<&'a RawValue>>,
}

/// One site of a client.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Site {
    #[serde(deserialize_with = "number_id")]
    pub(in super::super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(in super::super) name: Option<String>,
}
