//! `rmm-exporter metrics`.

use std::process::ExitCode;

use super::{CommandResult, print};
use crate::cli::{CatalogueFormat, MetricsFlags};
use crate::metrics::catalogue;

/// Prints the metric catalogue, from the same descriptors that the exposition is made of.
///
/// # Errors
///
/// When standard output cannot be written.
pub fn metrics(flags: &MetricsFlags) -> CommandResult {
    let text = match flags.format {
        CatalogueFormat::Table => catalogue::table(),
        CatalogueFormat::Json => catalogue::json(),
        CatalogueFormat::Markdown => catalogue::markdown(),
    };
    print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
