//! An account's API key and other secrets like it: where they are kept, and their present value.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tracing::{info, warn};
use zeroize::Zeroizing;

use super::redact::redact_message;
use crate::config::KeySource;

/// The most that is read of a key file. Keys have some dozens of characters; the bound is against a wrong path.
pub(crate) const MAX_FILE_BYTES: u64 = 16 * 1024;

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Every call of the account.
    ApiKey,
    /// The state of a Tactical RMM server, which takes no API key.
    MonitoringToken,
}

impl Purpose {
    /// What people call it.
    const fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "API key",
            Self::MonitoringToken => "monitoring token",
        }
    }

    /// The key of the configuration that holds it.
    const fn option(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::MonitoringToken => "monitoring_token",
        }
    }
}

/// Why there is no key. No variant holds any part of what was read.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("cannot read the {} file {path}: {reason}; check the path and that this user may read it", purpose.name())]
    File {
        /// What would be in it.
        purpose: Purpose,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The environment variable is not set, or is not text.
    #[error("the environment variable {1} holds no {name}; set it, or use {option}_file", name = .0.name(), option = .0.option())]
    Environment(Purpose, String),
    /// Nothing but white space.
    #[error("the {name} in {1} is empty", name = .0.name())]
    Empty(Purpose, String),
    /// Something that no platform hands out as a key.
    #[error(
        "the {name} in {1} must be one word of printable ASCII characters; does it hold anything besides that?",
        name = .0.name()
    )]
    NotAKey(Purpose, String),
}

/// The API key of an account, or another secret that goes along with calls. It is read when the account is set up, and again on
/// [`ApiKey::reload`].
#[derive(Debug)]
pub struct ApiKey {
    /// Whose it is, for the log.
    account: String,
    purpose: Purpose,
    source: KeySource,
    /// `SecretString` has a Debug without the secret.
    current: RwLock<SecretString>,
    /// It could not be read again, which was warned about. Who reads it holds this: of two at once the slower one would put
    /// back what it read first.
    is_lost: Mutex<bool>,
}

impl ApiKey {
    /// Reads the key.
    ///
    /// # Errors
    ///
    /// When the source cannot be read, or what it holds cannot be a key.
    pub fn load(source: &KeySource) -> Result<Self, KeyError> {
        Self::load_for(Purpose::ApiKey, source)
    }

    /// Reads a secret that is for something else.
    ///
    /// # Errors
    ///
    /// As for [`ApiKey::load`].
    pub fn load_for(purpose: Purpose, source: &KeySource) -> Result<Self, KeyError> {
        let current = RwLock::new(read(purpose, source)?);
        let (account, source) = (String::new(), source.clone());
        Ok(Self { account, purpose, source, current, is_lost: Mutex::new(false) })
    }

    /// The same, of this account: what is logged of it says so.
    #[must_use]
    pub fn of(self, account: &str) -> Self {
        Self { account: account.to_owned(), ..self }
    }

    /// Reads the key again, if it is in a file: nothing else changes while the process runs. Says whether it is another one.
    /// When it cannot be read, the old key stays; a warning is logged the first time.
    ///
    /// Waits for the file, so it must not be called where other tasks wait.
    pub fn reload(&self) -> bool {
        if !matches!(self.source, KeySource::File(_)) {
            return false;
        }
        let mut is_lost = self.is_lost.lock().unwrap_or_else(PoisonError::into_inner);
        match read(self.purpose, &self.source) {
            Ok(key) => {
                *is_lost = false;
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                let is_new = current.expose_secret() != key.expose_secret();
                if is_new {
                    let (account, source) = (&self.account, describe(self.purpose, &self.source));
                    info!(account, source, "the {} has changed", self.purpose.name());
                    *current = key;
                }
                is_new
            }
            Err(error) => {
                if !std::mem::replace(&mut *is_lost, true) {
                    warn!(account = self.account, %error, "keeping the old {}", self.purpose.name());
                }
                false
            }
        }
    }

    /// Tells keys apart without telling them: 64 bits of a hash of the salt and the key. (A later version of the standard
    /// library may hash otherwise; then the same key looks like another one.)
    #[must_use]
    pub fn mark(&self, salt: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (salt, self.current().expose_secret()).hash(&mut hasher);
        hasher.finish()
    }

    /// The text, for a log, without the key or recognizable parts of it.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        redact_message(text, self.current().expose_secret())
    }

    /// The key as it was read last.
    #[must_use]
    pub fn current(&self) -> SecretString {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn read(purpose: Purpose, source: &KeySource) -> Result<SecretString, KeyError> {
    match source {
        KeySource::File(path) => check(&read_file(purpose, path)?, purpose, source),
        KeySource::Environment(name) => {
            let text = std::env::var(name).map_err(|_| KeyError::Environment(purpose, name.clone()))?;
            check(&Zeroizing::new(text), purpose, source)
        }
        KeySource::Inline(key) => check(key.expose_secret(), purpose, source),
    }
}

fn read_file(purpose: Purpose, path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let fail = |reason: String| KeyError::File { purpose, path: path.to_owned(), reason };
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * 16 * 1024));
    let file = open_regular(path).map_err(fail)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| fail(error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(fail(format!("it is larger than {MAX_FILE_BYTES} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fail("it is not text".to_owned()))?;
    // Windows editors put a byte order mark in front.
    Ok(Zeroizing::new(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
}

/// Opens a file for reading, if it is one: to open a FIFO could take forever, and a device may never end. Links are
/// followed, because mounted secrets are links.
///
/// # Errors
///
/// In words, when it is no regular file or cannot be opened.
pub(crate) fn open_regular(path: &Path) -> Result<File, String> {
    let kind = std::fs::metadata(path).map_err(|error| error.to_string())?.file_type();
    if kind.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !kind.is_file() {
        return Err("it is not a regular file (a FIFO, socket or device)".to_owned());
    }
    File::open(path).map_err(|error| error.to_string())
}

fn check(text: &str, purpose: Purpose, source: &KeySource) -> Result<SecretString, KeyError> {
    let key = text.trim();
    if key.is_empty() {
        return Err(KeyError::Empty(purpose, describe(purpose, source)));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(KeyError::NotAKey(purpose, describe(purpose, source)));
    }
    Ok(SecretString::from(key))
}

/// Where the key is kept, in words.
fn describe(purpose: Purpose, source: &KeySource) -> String {
    match source {
        KeySource::File(path) => format!("the file {}", path.display()),
        KeySource::Environment(name) => format!("the environment variable {name}"),
        KeySource::Inline(_) => format!("the configuration ({})", purpose.option()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tracing::Level;

    use super::*;
    use crate::captured::Captured;

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("file");
        file.write_all(content).expect("written");
        file
    }

    fn load(content: &[u8]) -> Result<String, String> {
        let file = file(content);
        let key = ApiKey::load(&KeySource::File(file.path().to_owned())).map_err(|error| error.to_string())?;
        Ok(key.current().expose_secret().to_owned())
    }

    #[test]
    fn white_space_and_a_byte_order_mark_are_no_part_of_the_key() {
        assert_eq!(load(b"\xef\xbb\xbfabc123\r\n"), Ok("abc123".to_owned()));
        assert_eq!(load(b"abc123"), Ok("abc123".to_owned()));
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_without_showing_it() {
        for (content, hint) in [
            (&b" \n"[..], "is empty"),
            (b"secret1\nsecret2\n", "one word"),
            ("secretß".as_bytes(), "one word"),
            (b"secret\xff", "not text"),
            ("x".repeat(20_000).as_bytes(), "larger than"),
        ] {
            let message = load(content).expect_err("refused");
            assert!(message.contains(hint), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
        let missing = ApiKey::load(&KeySource::File("/nonexistent/key".into())).expect_err("missing").to_string();
        assert!(missing.contains("/nonexistent/key"), "{missing}");
        let unset = ApiKey::load(&KeySource::Environment("RMM_TEST_NO_SUCH_VARIABLE".into())).expect_err("unset");
        assert!(unset.to_string().contains("RMM_TEST_NO_SUCH_VARIABLE"));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_never_waited_for() {
        let directory = tempfile::tempdir().expect("directory");
        let load = |path: &Path| ApiKey::load(&KeySource::File(path.to_owned())).map_err(|error| error.to_string());
        assert!(load(directory.path()).expect_err("a directory").contains("it is a directory"));
        let fifo = directory.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
        assert!(made.success());
        assert!(load(&fifo).expect_err("a FIFO").contains("not a regular file"));
        assert!(load(Path::new("/dev/zero")).expect_err("a device").contains("not a regular file"));
        let link = directory.path().join("link");
        let linked = file(b"linked1\n");
        std::os::unix::fs::symlink(linked.path(), &link).expect("link");
        assert_eq!(load(&link).expect("a link to a file").current().expose_secret(), "linked1");
    }

    #[test]
    fn reload_takes_a_new_key_and_keeps_the_old_one_when_there_is_none() {
        let file = file(b"first\n");
        let key = ApiKey::load(&KeySource::File(file.path().to_owned())).expect("key");
        assert!(!key.reload(), "as before");
        std::fs::write(file.path(), "second\n").expect("written");
        assert!(key.reload());
        assert_eq!(key.current().expose_secret(), "second");
        assert!(!key.reload());
        std::fs::write(file.path(), "\n").expect("written");
        assert!(!key.reload());
        assert_eq!(key.current().expose_secret(), "second", "an emptied file does not take the key away");
        drop(file);
        assert!(!key.reload());
        assert_eq!(key.current().expose_secret(), "second");
    }

    #[test]
    fn a_key_that_stands_in_the_configuration_does_not_change() {
        let key = ApiKey::load(&KeySource::Inline(SecretString::from("abc"))).expect("key");
        assert!(!key.reload());
        assert_eq!(key.current().expose_secret(), "abc");
    }

    #[test]
    fn a_key_that_cannot_be_read_is_warned_of_once_and_the_log_names_the_account() {
        let log = Captured::from(Level::INFO);
        let lines = || log.lines().len();
        let file = file(b"first\n");
        let key = ApiKey::load(&KeySource::File(file.path().to_owned())).expect("key").of("msp-uk");
        let reload_after = |content: &str, times: usize| {
            std::fs::write(file.path(), content).expect("written");
            (0..times).for_each(|_| _ = key.reload());
        };
        reload_after("first\n", 3);
        assert_eq!(lines(), 0, "nothing has changed");
        reload_after("", 3);
        assert_eq!(lines(), 1);
        reload_after("first", 1);
        reload_after("", 1);
        assert_eq!(lines(), 2, "it was readable in between");
        reload_after("second", 1);
        assert_eq!(lines(), 3);
        let log = log.lines();
        assert!(log.iter().all(|line| line.contains("account=\"msp-uk\"")), "{log:#?}");
        assert!(log[2].contains("the API key has changed"), "{log:#?}");
    }

    #[test]
    fn messages_name_what_is_missing() {
        let message = |purpose, source: &KeySource| ApiKey::load_for(purpose, source).expect_err("refused").to_string();
        let unset = KeySource::Environment("RMM_TEST_NO_SUCH_VARIABLE".into());
        let token = message(Purpose::MonitoringToken, &unset);
        assert!(token.contains("no monitoring token") && token.contains("monitoring_token_file"), "{token}");
        let key = message(Purpose::ApiKey, &unset);
        assert!(key.contains("no API key") && key.contains("api_key_file"), "{key}");
        let empty = message(Purpose::MonitoringToken, &KeySource::Inline(" ".into()));
        assert_eq!(empty, "the monitoring token in the configuration (monitoring_token) is empty");
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let key = ApiKey::load(&KeySource::Inline(SecretString::from("topsecret"))).expect("key");
        assert!(!format!("{key:?}").contains("topsecret"));
    }
}
