//! A new configuration that is ready to take the place of the old one.

use std::sync::Arc;

use tracing::info;

use super::settings::Settings;
use super::succession::{Origin, origins};
use super::{Source, set_up};
use crate::account::ReadyAccount;
use crate::clock::Clock;

/// A new configuration with its accounts set up: nothing in it can fail any more.
pub(super) struct Next {
    /// In the order of the file.
    pub(super) accounts: Vec<NextAccount>,
    pub(super) warnings: Vec<String>,
}

/// An account of the new configuration.
pub(super) struct NextAccount {
    pub(super) settings: Arc<Settings>,
    pub(super) origin: Origin,
    /// `None` for one that stays.
    pub(super) ready: Option<ReadyAccount>,
}

impl NextAccount {
    pub(super) fn name(&self) -> &str {
        self.settings.name()
    }

    /// Whether what is exposed under its name is about it.
    pub(super) fn is_itself(&self) -> bool {
        match &self.origin {
            Origin::Stays => true,
            Origin::Follows(name) => name == self.name(),
            Origin::Comes => false,
        }
    }
}

impl Next {
    /// Reads the configuration and everything that it names, and sets up what is not as it was. Waits for disks.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in lines without secrets.
    pub(super) fn prepare(source: &Source, old: &[Arc<Settings>], clock: &Arc<dyn Clock>) -> Result<Self, Vec<String>> {
        let config = source().map_err(|errors| errors.to_string().lines().map(str::to_owned).collect::<Vec<_>>())?;
        let new: Vec<Settings> = config.accounts.into_iter().map(Settings::of).collect();
        let origins = origins(old, &new);
        let (mut accounts, mut faults) = (Vec::new(), Vec::new());
        for (settings, origin) in new.into_iter().zip(origins) {
            let ready = match origin {
                Origin::Stays => None,
                Origin::Follows(_) | Origin::Comes => match set_up(settings.config.clone(), clock) {
                    Ok(ready) => Some(ready),
                    Err(fault) => {
                        faults.push(fault.to_string());
                        continue;
                    }
                },
            };
            accounts.push(NextAccount { settings: Arc::new(settings), origin, ready });
        }
        if faults.is_empty() { Ok(Self { accounts, warnings: config.warnings }) } else { Err(faults) }
    }
}

/// What a reload changed, by the names of the accounts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes<'a> {
    added: Vec<&'a str>,
    removed: Vec<&'a str>,
    changed: Vec<&'a str>,
    /// Whose options are the same, but whose key or token is another one.
    new_key: Vec<&'a str>,
    unchanged: Vec<&'a str>,
}

impl<'a> Changes<'a> {
    /// `new_keys` are the names of accounts whose secrets were read again and are others.
    pub(super) fn between(old: &'a [Arc<Settings>], new: &'a [Arc<Settings>], new_keys: &[String]) -> Self {
        let named = |accounts: &'a [Arc<Settings>], name: &str| accounts.iter().find(|account| account.name() == name);
        let mut changes = Self::default();
        for account in new {
            let sort = match named(old, account.name()) {
                None => &mut changes.added,
                Some(before) if before != account => &mut changes.changed,
                Some(_) if new_keys.iter().any(|name| name == account.name()) => &mut changes.new_key,
                Some(_) => &mut changes.unchanged,
            };
            sort.push(account.name());
        }
        changes.removed = old.iter().map(|account| account.name()).filter(|name| named(new, name).is_none()).collect();
        changes
    }

    pub(super) fn log(&self) {
        let lists = [&self.added, &self.removed, &self.changed, &self.new_key, &self.unchanged];
        let [added, removed, changed, new_key, unchanged] = lists.map(|names| names.join(", "));
        info!(added, removed, changed, new_key, unchanged, "configuration reloaded");
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::account;
    use super::*;

    #[test]
    fn what_changed_is_told_by_name() {
        let account = |name: &str, lines: &str| Arc::new(account(name, "http://127.0.0.1:1", lines));
        let old = [account("a", ""), account("b", ""), account("c", ""), account("e", "")];
        let new = [account("d", ""), account("c", "max_series: 7"), account("a", ""), account("e", "")];
        let changes = Changes::between(&old, &new, &["e".to_owned()]);
        let expected = Changes {
            added: vec!["d"],
            removed: vec!["b"],
            changed: vec!["c"],
            new_key: vec!["e"],
            unchanged: vec!["a"],
        };
        assert_eq!(changes, expected);
    }
}
