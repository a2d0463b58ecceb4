//! Things worth saying once, not at every poll.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;

use crate::fleet::Label;
use crate::platform::key::ApiKey;

/// More different words than this are not remembered, and then not logged either.
const MAX_WORDS: usize = 500;

/// What has been logged for one account.
#[derive(Debug, Default)]
pub(super) struct Notices {
    account: String,
    /// Must not be in what is logged.
    secrets: Vec<Arc<ApiKey>>,
    said: Mutex<HashSet<(&'static str, Label)>>,
}

impl Notices {
    /// Nothing said yet.
    pub(super) fn new(account: &str) -> Self {
        Self { account: account.to_owned(), ..Self::default() }
    }

    /// The same, and this secret is kept out of what is logged.
    pub(super) fn hiding(mut self, secret: Arc<ApiKey>) -> Self {
        self.secrets.push(secret);
        self
    }

    /// The word as it is logged: one line, short, without the secrets.
    fn presentable(&self, word: &str) -> Label {
        self.secrets.iter().fold(Label::new(word), |word, secret| Label::new(&secret.hide(word.as_str())))
    }

    /// The server used a word for `what` that this version does not know.
    pub(super) fn unknown_word(&self, what: &'static str, word: &str) {
        let word = self.presentable(word);
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

    /// Some records of an answer have the id of an earlier one.
    pub(super) fn repeated_records(&self, call: &'static str, repeated: usize) {
        if repeated > 0 && self.first_time("repeated records", &Label::new(call)) {
            warn!(
                account = self.account,
                call, repeated, "some records have the id of an earlier one, which counts; said once"
            );
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
    use crate::config::KeySource;

    #[test]
    fn the_key_is_no_word_to_log() {
        let secret = |text: &str| Arc::new(ApiKey::load(&KeySource::Inline(text.into())).expect("key"));
        let (key, token) = (secret("SECRETKEY0123456789"), secret("demo-mon-token-0001"));
        let notices = Notices::new("helpdesk").hiding(key).hiding(token);
        assert_eq!(notices.presentable("asleep secretkey0123"), Label::new("asleep ***"));
        assert_eq!(notices.presentable("mon-token-0001 secretkey0123"), Label::new("*** ***"));
        assert_eq!(notices.presentable("asleep"), Label::new("asleep"));
    }

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
