//! Things worth saying once, not at every poll.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tracing::warn;

use crate::fleet::Label;

/// More different words than this are not remembered, and then not logged either.
const MAX_WORDS: usize = 500;

/// What has been logged for one account.
#[derive(Debug, Default)]
pub(super) struct Notices {
    account: String,
    said: Mutex<HashSet<(&'static str, Label)>>,
}

impl Notices {
    /// Nothing said yet.
    pub(super) fn new(account: &str) -> Self {
        Self { account: account.to_owned(), said: Mutex::default() }
    }

    /// The server used a word for `what` that this version does not know.
    pub(super) fn unknown_word(&self, what: &'static str, word: &str) {
        let word = Label::new(word);
        if self.first_time(what, &word) {
            warn!(
                account = self.account,
                word = word.as_str(),
                "the server uses an unknown word for {what}; said once"
            );
        }
    }

    /// Some records of an answer could not be read.
    pub(super) fn bad_records(&self, call: &'static str, bad: usize, total: usize, first: &str) {
        if bad > 0 && self.first_time("bad records", &Label::new(call)) {
            warn!(
                account = self.account,
                call,
                bad,
                total,
                first,
                "some records cannot be read and are left out; said once, later ones at debug level"
            );
        } else if bad > 0 {
            tracing::debug!(account = self.account, call, bad, total, first, "records left out");
        }
    }

    fn first_time(&self, what: &'static str, word: &Label) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.len() < MAX_WORDS && said.insert((what, word.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_once_and_not_without_end() {
        let notices = Notices::new("helpdesk");
        assert!(notices.first_time("status", &Label::new("asleep")));
        assert!(!notices.first_time("status", &Label::new("asleep")));
        assert!(notices.first_time("check status", &Label::new("asleep")));
        let new = (0..2 * MAX_WORDS).filter(|n| notices.first_time("status", &Label::new(&n.to_string()))).count();
        assert_eq!(new, MAX_WORDS - 2);
    }
}
