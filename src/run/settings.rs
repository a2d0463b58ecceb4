//! An account as it is configured, in whatever files that is.

use std::io::Read;
use std::path::Path;

use crate::config::AccountConfig;
use crate::platform::key::open_regular;

/// Certificates take less.
const MAX_AUTHORITY_BYTES: u64 = 4 * 1024 * 1024;

/// An account as configured. While these are equal, the account has nothing to notice of a reload, but for its secrets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) config: AccountConfig,
    /// What its `ca_file` holds: the client has taken it in when it was set up.
    authority: Option<Vec<u8>>,
}

impl Settings {
    /// Reads what the configuration names. What cannot be read is told when the account is set up.
    pub(super) fn of(config: AccountConfig) -> Self {
        let authority = config.tls.ca_file.as_deref().and_then(read);
        Self { config, authority }
    }

    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    /// Whether both are asked of the same server.
    pub(super) fn has_server_of(&self, other: &Self) -> bool {
        self.config.platform_name() == other.config.platform_name() && self.config.server == other.config.server
    }

    /// Whether both have their key from the same place.
    pub(super) fn has_key_of(&self, other: &Self) -> bool {
        self.config.api_key == other.config.api_key
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path).ok()?.take(MAX_AUTHORITY_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::config;

    /// An account of Tactical RMM, unless the lines say otherwise.
    pub(in crate::run) fn account(name: &str, server: &str, lines: &str) -> Settings {
        let common = [("platform", "tactical"), ("api_key", "abcdef")];
        let common =
            common.iter().filter(|(key, _)| !lines.contains(key)).map(|(key, value)| format!("{key}: {value}"));
        let lines: Vec<String> = common.chain(lines.lines().map(str::to_owned)).collect();
        let yaml = format!("accounts:\n  - name: {name}\n    server: {server}\n    {}\n", lines.join("\n    "));
        let config = config::parse(&yaml, Path::new("test"), &|_| None);
        Settings::of(config.unwrap_or_else(|errors| panic!("{errors}: {yaml}")).accounts.remove(0))
    }

    #[test]
    fn another_certificate_in_the_same_file_is_another_setting() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines = format!("tls: {{ ca_file: {:?} }}", file.path());
        let made = include_str!("../../tests/fixtures/config/keys/ca.pem");
        std::fs::write(file.path(), made).unwrap();
        let first = account("a", "https://api.example.com", &lines);
        assert!(first == account("a", "https://api.example.com", &lines));
        std::fs::write(file.path(), format!("# renewed\n{made}")).unwrap();
        assert!(first != account("a", "https://api.example.com", &lines));
    }
}
