//! `GET /core/customfields/`, and the values in `GET /agents/`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Text, text};

/// The definition of a custom field.
#[derive(Debug, Deserialize)]
pub struct Definition<'a> {
    pub id: u64,
    /// What has such a field: `agent`, `client`, `site`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub model: Option<Text<'a>>,
    pub name: String,
}

/// The value that an agent has in a field.
#[derive(Debug, Deserialize)]
pub struct Value<'a> {
    /// The number of the definition.
    pub field: u64,
    /// A text (also of numbers, dates and choices), a boolean (checkbox), a list (several choices) or null.
    #[serde(borrow)]
    pub value: &'a RawValue,
}
