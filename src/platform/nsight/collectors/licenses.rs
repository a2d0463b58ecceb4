//! Software licences, one call for each client.

use std::time::Duration;

use super::Context;
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{ClientKey, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Daily.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Licenses, enabled: false, interval: Duration::from_hours(24) };

/// The calls.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    view.clients.iter().map(|client| Call::ListClientLicenseCount(client.key.clone())).collect()
}

/// What list_client_license_count says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(
    _text: &str,
    _client: &ClientKey,
    _context: &Context<'_>,
    _tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    Err(Error::decode("list_client_license_count is not read yet"))
}
