//! When antivirus products released their newest definitions: the platform's catalogue, and one call for each product that the
//! configuration names.

use std::sync::Arc;
use std::time::Duration;

use super::Context;
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{AntivirusProduct, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::Tally;

/// Daily.
pub const DEFAULTS: CollectorDefaults = CollectorDefaults {
    collector: Collector::AntivirusDefinitions,
    enabled: false,
    interval: Duration::from_hours(24),
};

/// The calls: the catalogue, and once that is known the products of it that `wanted` names by id or name. Without any
/// wanted product there is nothing to ask.
#[must_use]
pub fn calls(wanted: &[String], view: &View) -> Vec<Call> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let known = view.antivirus_products.iter().flat_map(|products| products.iter());
    let products = known.filter(|product| wanted.iter().any(|wanted| is_called(product, wanted)));
    let definitions = products.map(|product| Call::ListAvDefinitions(Arc::clone(&product.id)));
    std::iter::once(Call::ListSupportedAvProducts).chain(definitions).collect()
}

/// Whether the configuration means the product by this word.
#[must_use]
pub fn is_called(product: &AntivirusProduct, wanted: &str) -> bool {
    let wanted = wanted.trim();
    product.id.eq_ignore_ascii_case(wanted) || product.name.as_str().eq_ignore_ascii_case(wanted)
}

/// What list_supported_av_products says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn products(_text: &str, _context: &Context<'_>, _tally: &mut Tally) -> Result<Vec<Update>, Error> {
    Err(Error::decode("list_supported_av_products is not read yet"))
}

/// What list_av_definitions says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn definitions(
    _text: &str,
    _product: &Arc<str>,
    _context: &Context<'_>,
    _tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    Err(Error::decode("list_av_definitions is not read yet"))
}
