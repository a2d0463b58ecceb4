//! Who may come in: passwords against their bcrypt hashes, without letting guesses cost much.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use ring::hmac;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use super::credentials::Credentials;

/// The hashes of the passwords by user.
type Users = BTreeMap<String, SecretString>;

/// Most passwords that wait to be checked; one at a time is.
const MOST_WAITING: usize = 32;

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The user exists and the password is right.
    Good,
    /// Anything else.
    Bad,
    /// Too many others wait to be checked.
    Busy,
}

/// Checks passwords. A bcrypt hash is meant to be dear, so only one is computed at a time, in a thread for such work: guesses
/// take one processor at most, and hold up nobody whose password was found right before.
pub(super) struct Passwords {
    /// Of this process alone; what was right is remembered under it.
    key: hmac::Key,
    /// For each user the last name, hash and password that were right, as one keyed hash.
    right: Mutex<HashMap<String, hmac::Tag>>,
    waiting: Semaphore,
    working: Arc<Semaphore>,
}

impl Passwords {
    /// Nobody is known yet.
    pub(super) fn new() -> Self {
        let key: [u8; 32] = rand::random();
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            right: Mutex::default(),
            waiting: Semaphore::new(MOST_WAITING),
            working: Arc::new(Semaphore::new(1)),
        }
    }

    /// Judges what somebody sent. `users` is not empty.
    pub(super) async fn judge(&self, users: &Users, credentials: Credentials) -> Judgement {
        let known = users.get(credentials.name());
        // Somebody unknown gets the hash of one of the users, and of the same one every time: it takes just as long.
        let Some(hash) = known.or_else(|| self.stand_in(users, credentials.name())) else { return Judgement::Bad };
        let message = known.map(|_| message(credentials.name(), hash, credentials.password()));
        let was_right = || message.as_ref().is_some_and(|message| self.was_right(credentials.name(), message));
        if was_right() {
            return Judgement::Good;
        }
        let Ok(_place) = self.waiting.try_acquire() else { return Judgement::Busy };
        let Ok(turn) = Arc::clone(&self.working).acquire_owned().await else { return Judgement::Busy };
        // Several scrapes at once may have brought the same password.
        if was_right() {
            return Judgement::Good;
        }
        let hash = hash.clone();
        let name = credentials.name().to_owned();
        let check = tokio::task::spawn_blocking(move || {
            // The turn lasts as long as the work, also when nobody waits for it any more.
            let _turn = turn;
            bcrypt::verify(credentials.password(), hash.expose_secret()).unwrap_or(false)
        });
        match (check.await, message) {
            (Ok(true), Some(message)) => {
                let tag = hmac::sign(&self.key, &message);
                self.right.lock().unwrap_or_else(PoisonError::into_inner).insert(name, tag);
                Judgement::Good
            }
            _ => Judgement::Bad,
        }
    }

    /// Forgets whoever is no user any more. A password that was replaced is not found right in any case.
    pub(super) fn keep_only(&self, users: &Users) {
        self.right.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| users.contains_key(name));
    }

    fn was_right(&self, name: &str, message: &[u8]) -> bool {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.get(name).is_some_and(|tag| hmac::verify(&self.key, message, tag.as_ref()).is_ok())
    }

    fn stand_in<'u>(&self, users: &'u Users, name: &str) -> Option<&'u SecretString> {
        let number = hmac::sign(&self.key, name.as_bytes())
            .as_ref()
            .iter()
            .fold(0, |sum: usize, byte| sum.wrapping_mul(257).wrapping_add(usize::from(*byte)));
        users.values().nth(number.checked_rem(users.len())?)
    }
}

/// Name, hash and password, each with its length in front, so that no two of them give the same.
fn message(name: &str, hash: &SecretString, password: &[u8]) -> Zeroizing<Vec<u8>> {
    let parts = [name.as_bytes(), hash.expose_secret().as_bytes(), password];
    // As long as it gets, so that no copy is left behind.
    let mut message = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum()));
    for part in parts {
        message.extend_from_slice(&(part.len() as u64).to_le_bytes());
        message.extend_from_slice(part);
    }
    message
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};
    use base64::Engine as _;

    use super::*;

    fn users(users: &[(&str, &str)]) -> Users {
        let hash = |password: &str| {
            SecretString::from(bcrypt::hash_with_salt(password, 4, [7; 16]).expect("hash").to_string())
        };
        users.iter().map(|(name, password)| ((*name).to_owned(), hash(password))).collect()
    }

    fn credentials(name: &str, password: &str) -> Credentials {
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        let value = HeaderValue::from_str(&format!("Basic {encoded}")).expect("value");
        Credentials::of(&HeaderMap::from_iter([(header::AUTHORIZATION, value)])).expect("credentials")
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_user_is_good() {
        let users = users(&[("anna", "one"), ("bert", "two")]);
        let passwords = Passwords::new();
        for _ in 0..2 {
            for (name, password, expected) in [
                ("anna", "one", Judgement::Good),
                ("bert", "two", Judgement::Good),
                ("anna", "two", Judgement::Bad),
                ("anna", "", Judgement::Bad),
                ("carl", "one", Judgement::Bad),
                ("carl", "two", Judgement::Bad),
                ("", "", Judgement::Bad),
            ] {
                assert_eq!(passwords.judge(&users, credentials(name, password)).await, expected, "{name} {password}");
            }
        }
        assert_eq!(passwords.right.lock().expect("lock").len(), 2, "nothing but what was right is remembered");
    }

    #[tokio::test]
    async fn what_was_right_is_not_right_with_another_hash() {
        let passwords = Passwords::new();
        let before = users(&[("anna", "one")]);
        assert_eq!(passwords.judge(&before, credentials("anna", "one")).await, Judgement::Good);
        let after = users(&[("anna", "new"), ("bert", "one")]);
        assert_eq!(passwords.judge(&after, credentials("anna", "one")).await, Judgement::Bad);
        assert_eq!(passwords.judge(&after, credentials("anna", "new")).await, Judgement::Good);
        passwords.keep_only(&users(&[("bert", "one")]));
        assert!(passwords.right.lock().expect("lock").is_empty());
    }

    #[tokio::test]
    async fn guesses_hold_up_nobody_who_is_known() {
        let users = users(&[("anna", "one")]);
        let passwords = Arc::new(Passwords::new());
        assert_eq!(passwords.judge(&users, credentials("anna", "one")).await, Judgement::Good);
        // Somebody's check takes very long.
        let _long = Arc::clone(&passwords.working).acquire_owned().await.expect("free");
        let mut guesses = tokio::task::JoinSet::new();
        for number in 0..MOST_WAITING {
            let (passwords, users) = (Arc::clone(&passwords), users.clone());
            guesses.spawn(async move { passwords.judge(&users, credentials("anna", &number.to_string())).await });
        }
        while passwords.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.judge(&users, credentials("anna", "guess")).await, Judgement::Busy);
        assert_eq!(passwords.judge(&users, credentials("anna", "one")).await, Judgement::Good, "at once");
        guesses.shutdown().await;
        assert_eq!(passwords.waiting.available_permits(), MOST_WAITING, "who gave up makes room");
    }

    #[test]
    fn somebody_unknown_costs_what_one_of_the_users_costs() {
        let users = users(&[("anna", "one"), ("bert", "two"), ("carl", "three")]);
        let passwords = Passwords::new();
        let hash = |name: &str| passwords.stand_in(&users, name).expect("one").expose_secret();
        let hashes: std::collections::HashSet<_> = (0..100).map(|number| hash(&number.to_string())).collect();
        assert_eq!(hashes.len(), 3, "any of them");
        assert_eq!(hash("unknown"), hash("unknown"), "but always the same for the same name");
    }
}
