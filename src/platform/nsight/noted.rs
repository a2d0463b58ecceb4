//! Values outside what this version knows, each logged once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tracing::warn;

use crate::fleet::Label;

/// How many values are remembered. After that many the platform has changed so much that more lines would not help.
const MAX_VALUES: usize = 256;

/// What was logged already, for one account.
#[derive(Debug)]
pub struct Noted {
    account: String,
    seen: Mutex<HashSet<(&'static str, &'static str, String)>>,
}

impl Noted {
    /// Nothing logged yet.
    #[must_use]
    pub fn new(account: &str) -> Self {
        Self { account: account.to_owned(), seen: Mutex::default() }
    }

    /// A field of a service's answer has a value that this version does not know. Logged at the first time.
    pub fn unknown_value(&self, service: &'static str, field: &'static str, value: &str) {
        let value = Label::new(value);
        if self.is_new(service, field, value.as_str()) {
            warn!(account = self.account, call = service, field, value = value.as_str(), "unknown value");
        }
    }

    /// Records were left out of a service's answer. Logged at the first time; each record is logged at debug level.
    pub fn left_out(&self, service: &'static str, records: usize) {
        if self.is_new(service, "", "") {
            warn!(account = self.account, call = service, records, "left out records without id; see log level debug");
        }
    }

    fn is_new(&self, service: &'static str, field: &'static str, value: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.len() < MAX_VALUES && seen.insert((service, field, value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
