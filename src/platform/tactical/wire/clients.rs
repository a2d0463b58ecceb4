//! `GET /clients/`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Text, lenient, name, number_id};

/// One client with its sites.
#[derive(Debug, Deserialize)]
pub struct Client<'a> {
    #[serde(deserialize_with = "number_id")]
    pub id: String,
    #[serde(borrow, default, deserialize_with = "name")]
    pub name: Option<Text<'a>>,
    /// Each is a [`Site`], read on its own.
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub sites: Option<Vec<&'a RawValue>>,
}

/// One site of a client.
#[derive(Debug, Deserialize)]
pub struct Site<'a> {
    #[serde(deserialize_with = "number_id")]
    pub id: String,
    #[serde(borrow, default, deserialize_with = "name")]
    pub name: Option<Text<'a>>,
}
