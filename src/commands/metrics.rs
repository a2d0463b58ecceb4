//! `rmm-exporter metrics`.

use std::process::ExitCode;

use super::{CommandResult, print};
use crate::cli::{CatalogueFormat, MetricsFlags};
use crate::metrics::catalogue;

/// Prints the metric catalogue, from the same descriptors that the exposition is made of.
///
/// # Errors
///
/// When no metric has such a name, or standard output cannot be written.
pub fn metrics(flags: &MetricsFlags) -> CommandResult {
    let name = flags.name.as_deref().unwrap_or_default();
    if !catalogue::families().iter().any(|family| family.name.contains(name)) {
        return Err(format!("no metric has {name:?} in its name").into());
    }
    let text = match flags.format {
        CatalogueFormat::Table => catalogue::table(name),
        CatalogueFormat::Json => catalogue::json(name),
        CatalogueFormat::Markdown => catalogue::markdown(),
    };
    print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
