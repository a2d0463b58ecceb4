//! `PATCH /alerts/`.

use serde::Deserialize;

use super::{Text, lenient};

/// One alert. Without the two words it cannot be counted: then it is a record that cannot be read.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the server's own names")]
pub struct Alert<'a> {
    /// `error`, `warning`, `info`.
    #[serde(borrow)]
    pub severity: Text<'a>,
    /// `availability`, `check`, `task`, `custom`.
    #[serde(borrow)]
    pub alert_type: Text<'a>,
    #[serde(default, deserialize_with = "lenient")]
    pub resolved: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub snoozed: Option<bool>,
    /// Not on the server's own dashboard.
    #[serde(default, deserialize_with = "lenient")]
    pub hidden: Option<bool>,
}
