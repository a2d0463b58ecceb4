//! Values outside what this version knows, each logged once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;

use crate::fleet::Label;
use crate::platform::key::ApiKey;

/// How many values are remembered. After that many the platform has changed so much that more lines would not help.
const MAX_VALUES: usize = 256;

/// What was logged already, for one account.
#[derive(Debug)]
pub struct Noted {
    account: String,
    /// Must not be in what is logged.
    key: Option<Arc<ApiKey>>,
    seen: Mutex<HashSet<(&'static str, &'static str, String)>>,
}

impl Noted {
    /// Nothing logged yet.
    #[must_use]
    pub fn new(account: &str) -> Self {
        Self { account: account.to_owned(), key: None, seen: Mutex::default() }
    }

    /// The same, and this key is kept out of what is logged.
    #[must_use]
    pub fn hiding(self, key: Arc<ApiKey>) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The value as it is logged: one line, short, without the key.
    fn presentable(&self, value: &str) -> String {
        let value = Label::new(value);
        self.key.as_ref().map_or_else(|| value.as_str().to_owned(), |key| key.hide(value.as_str()))
    }

    /// A field of a service's answer has a value that this version does not know. Logged at the first time.
    pub fn unknown_value(&self, service: &'static str, field: &'static str, value: &str) {
        let value = self.presentable(value);
        if self.is_new(service, field, &value) {
            warn!(account = self.account, call = service, field, value, "unknown value");
        }
    }

    /// Records were left out of a service's answer. Logged at the first time; the first records of each answer
    /// are logged at debug level.
    pub fn left_out(&self, service: &'static str, records: usize) {
        if self.is_new(service, "", "") {
            warn!(account = self.account, call = service, records, "left out records without id; see log level debug");
        }
    }

    /// Records of a service's answer repeat earlier ones. Logged at the first time.
    pub fn repeated(&self, service: &'static str, records: usize) {
        if self.is_new(service, "", "repeated") {
            warn!(account = self.account, call = service, records, "some records repeat an earlier one, which counts");
        }
    }

    /// The configuration names an antivirus product that the platform does not know; some ids that it knows are `nearest`.
    /// Logged at the first time.
    pub fn unknown_product(&self, product: &str, nearest: &[&str]) {
        let product = self.presentable(product);
        if self.is_new("list_supported_av_products", "antivirus_products", &product) {
            let nearest = self.presentable(&nearest.join(", "));
            warn!(account = self.account, product, nearest, "the platform does not know this antivirus product");
        }
    }

    /// What was logged: service, field and value.
    #[cfg(test)]
    pub(crate) fn seen(&self) -> Vec<(&'static str, &'static str, String)> {
        let mut seen: Vec<_> = self.seen.lock().expect("lock").iter().cloned().collect();
        seen.sort();
        seen
    }

    fn is_new(&self, service: &'static str, field: &'static str, value: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.len() < MAX_VALUES && seen.insert((service, field, value.to_owned()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use tracing::Level;

    use super::*;
    use crate::captured::Captured;
    use crate::config::KeySource;

    /// What is logged meanwhile, down to level debug.
    pub(crate) fn logged(work: impl FnOnce()) -> String {
        let log = Captured::from(Level::DEBUG);
        work();
        log.lines().join("\n")
    }

    #[test]
    fn the_key_is_no_value_to_log() {
        let key = ApiKey::load(&KeySource::Inline("0a1b2c3d4e5f6a7b".into())).expect("key");
        let noted = Noted::new("msp").hiding(Arc::new(key));
        assert_eq!(noted.presentable("0A1B2C3D4E5F6A7B"), "***");
        assert_eq!(noted.presentable(&format!("{} 0a1b2c3d4e5f", "x".repeat(188))), format!("{} ***", "x".repeat(188)));
        assert_eq!(noted.presentable("BUSY\n"), "BUSY");
    }

    #[test]
    fn a_value_is_new_once_and_the_memory_is_bounded() {
        let noted = Noted::new("msp");
        assert!(noted.is_new("list_checks", "statusid", "6"));
        assert!(!noted.is_new("list_checks", "statusid", "6"));
        assert!(noted.is_new("list_checks", "statusid", "7"));
        for value in 0..1000 {
            noted.is_new("list_checks", "statusid", &value.to_string());
        }
        assert_eq!(noted.seen.lock().expect("lock").len(), MAX_VALUES);
    }
}
