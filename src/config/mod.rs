//! The configuration: what the user wrote, checked whole, as typed values.

pub mod account;

pub use account::{AccountConfig, ChecksMode, CollectorConfig, KeySource, NsightOptions, PlatformOptions, TlsOptions};

/// A valid configuration.
#[derive(Debug)]
pub struct Config {
    /// The accounts, in the order of the file. Names are unique.
    pub accounts: Vec<AccountConfig>,
    /// Things that are allowed but worth saying: logged once at start, printed by check-config.
    pub warnings: Vec<String>,
}
