//! Users of Active Directory, one call for each site. They are counted; who they are never leaves the decoder.

use std::time::Duration;

use super::Context;
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{SiteKey, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Daily.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Directory, enabled: false, interval: Duration::from_hours(24) };

/// The calls.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    view.sites.iter().map(|site| Call::ListActiveDirectoryUsers(site.key.clone())).collect()
}

/// What list_active_directory_users says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(_text: &str, _site: &SiteKey, _context: &Context<'_>, _tally: &mut Tally) -> Result<Vec<Update>, Error> {
    Err(Error::decode("list_active_directory_users is not read yet"))
}
