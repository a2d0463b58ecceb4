//! When antivirus products released their newest definitions: the platform's catalogue, and one call for each product that the
//! configuration names.

use std::sync::Arc;
use std::time::Duration;

use super::Context;
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{AntivirusProduct, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::noted::Noted;
use crate::platform::nsight::wire::antivirus_definitions::{Product, list_av_definitions, list_supported_av_products};
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

/// Logs once of every product in `wanted` that the platform does not know, and which it may be.
pub fn note_unknown(wanted: &[String], view: &View, noted: &Noted) {
    let Some(known) = &view.antivirus_products else { return };
    for wanted in wanted.iter().filter(|wanted| !known.iter().any(|product| is_called(product, wanted))) {
        noted.unknown_product(wanted, &nearest(wanted, known));
    }
}

/// The ids of the products that are called most like it.
#[must_use]
pub fn nearest<'a>(wanted: &str, known: &'a [AntivirusProduct]) -> Vec<&'a str> {
    const SHOWN: usize = 3;
    let wanted = wanted.trim().to_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&wanted, &name.to_lowercase());
    let by_likeness =
        |product: &'a AntivirusProduct| (likeness(&product.id).max(likeness(product.name.as_str())), &*product.id);
    let mut products: Vec<(f64, &str)> = known.iter().map(by_likeness).collect();
    products.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    products.into_iter().take(SHOWN).map(|(_, id)| id).collect()
}

/// What list_supported_av_products says, in the order of the ids.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn products(text: &str, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let mut products = list_supported_av_products(text, tally)?;
    products.sort_by(|a, b| a.id.cmp(&b.id));
    products.dedup_by(|a, b| a.id == b.id);
    let product = |product: Product| AntivirusProduct { id: product.id.into(), name: product.name };
    Ok(vec![Update::AntivirusProducts(products.into_iter().map(product).collect())])
}

/// What list_av_definitions says. What is yet to come out does not count.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn definitions(
    text: &str,
    product: &Arc<str>,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    let released = list_av_definitions(text, tally)?.into_iter().filter(|released| *released <= context.now);
    Ok(vec![Update::AntivirusDefinitions(Arc::clone(product), released.max())])
}

#[cfg(test)]
mod tests;
