//! The configuration: what the user wrote, checked whole, as typed values.
//!
//! A file is read into a tree that knows its lines (`tree`), then section by section (`reader`, `accounts` and the
//! files beside it); faults are gathered, so that one run reports all of them. Without a file the environment
//! configures (`environment`). What a configuration costs in calls is told by [`plan`].

pub mod account;
mod accounts;
mod coherence;
mod collectors;
mod connection;
pub mod defaults;
pub mod duration;
mod environment;
mod error;
mod file;
mod filter;
mod key;
mod mappings;
pub mod needs;
pub mod plan;
mod reader;
mod same;
mod server;
pub(crate) mod text;
mod tree;
pub mod web;

#[cfg(test)]
mod tests;

use std::path::Path;

use zeroize::Zeroizing;

pub use account::{
    AccountConfig, ChecksMode, CollectorConfig, KeySource, NsightOptions, PlatformOptions, TacticalOptions, TlsOptions,
};
pub use error::{ConfigError, ConfigErrors};
pub use needs::Needs;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "rmm-exporter.yml";

/// Largest configuration file.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A valid configuration.
#[derive(Debug)]
pub struct Config {
    /// The accounts, in the order of the file. Names are unique.
    pub accounts: Vec<AccountConfig>,
    /// Things that are allowed but worth saying: logged once at start, printed by check-config.
    pub warnings: Vec<String>,
}

/// Reads the configuration: the file at `path`; without a path `rmm-exporter.yml` in the working directory where it
/// exists, else the environment alone. `environment` looks up a variable.
///
/// # Errors
///
/// Everything that is wrong, each with its place, rule and remedy; never with a secret.
pub fn load(path: Option<&Path>, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigErrors> {
    let default = Path::new(DEFAULT_FILE);
    match path {
        Some(path) => load_file(path, environment),
        None if default.exists() => load_file(default, environment),
        None => environment::configure(environment),
    }
}

/// As [`load`], and says which of the environment's variables, whose names are `names`, are probably misspelt.
///
/// # Errors
///
/// As for [`load`].
pub fn load_with_names(
    path: Option<&Path>,
    environment: &dyn Fn(&str) -> Option<String>,
    names: impl IntoIterator<Item = String>,
) -> Result<Config, ConfigErrors> {
    match load(path, environment) {
        Ok(mut config) => {
            let unknown = environment::unknown_variables(names, Some(&config));
            config.warnings.extend(unknown);
            Ok(config)
        }
        Err(mut errors) => {
            // Where a file is at fault, nobody knows which variables it names.
            if errors.errors.iter().all(|error| error.source == environment::SOURCE) {
                errors.warnings = environment::unknown_variables(names, None);
            }
            Err(errors)
        }
    }
}

fn load_file(path: &Path, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigErrors> {
    parse(&text_of(file::read(path, MAX_FILE_BYTES), path)?, path, environment)
}

/// The text of the configuration file at `path`.
fn text_of(read: std::io::Result<Zeroizing<Vec<u8>>>, path: &Path) -> Result<Zeroizing<String>, ConfigErrors> {
    let fail = |message: String| ConfigErrors::single(&path.display().to_string(), message);
    let bytes = read.map_err(|error| fail(format!("cannot read the file: {error}.")))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(fail("the file is larger than 1 MiB. Is it the right one?".to_owned()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        fail(format!("line {line} is not UTF-8. Save the file as UTF-8."))
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Reads a configuration from the text of the file `source`.
///
/// # Errors
///
/// As for [`load`].
pub fn parse(text: &str, source: &Path, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigErrors> {
    parse_with(text, source, environment, &file::read)
}

/// The same; what it names as a file is read by `files`.
pub(crate) fn parse_with(
    text: &str,
    source: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
    files: &reader::ReadFile,
) -> Result<Config, ConfigErrors> {
    let mut context = reader::Context::new(source, environment, files);
    let (root, faults) = tree::parse(text);
    for fault in faults {
        context.error(fault.place, "", fault.message);
    }
    let accounts = root
        .as_ref()
        .and_then(|node| reader::Section::top(node, &["accounts"], &mut context))
        .and_then(|top| top.get("accounts"))
        .filter(|field| !field.is_nothing())
        .map(|field| accounts::read(&field, &mut context))
        .unwrap_or_default();
    if accounts.is_empty() && context.errors.is_empty() {
        let message = "the file names no account. Add accounts: and below it one entry for each RMM account; rmm-exporter.example.yml shows every key.";
        context.error((1, 1), "accounts", message.to_owned());
    }
    if !context.errors.is_empty() {
        return Err(ConfigErrors::new(context.errors));
    }
    let mut warnings = context.into_warnings();
    warnings.extend(unused_variables(&accounts, source, environment));
    Ok(Config { accounts, warnings })
}

/// A file and the environment do not mix; who set both should know which one counts.
fn unused_variables(
    accounts: &[AccountConfig],
    source: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let used = |name: &str| accounts.iter().any(|account| account.uses_variable(name));
    let set: Vec<&str> = environment::VARIABLES
        .into_iter()
        .filter(|name| environment(name).map(Zeroizing::new).is_some_and(|value| !value.is_empty()) && !used(name))
        .collect();
    if set.is_empty() {
        return Vec::new();
    }
    vec![format!("environment: {} ignored, because {} configures.", text::quote(&set), source.display())]
}
