//! API keys: where they are, and whether something usable is there. The key itself never leaves this file in a message.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::account::KeySource;
use super::file;
use super::reader::{Context, Field, ReadFile, Section};
use super::text::{looks_like_a_secret, quote, shown_path};
use crate::platform::key::MAX_FILE_BYTES;

/// Reads the key now, to see that it is there.
///
/// # Errors
///
/// Why there is no usable key, and the remedy; without the key.
pub fn check(source: &KeySource, environment: &dyn Fn(&str) -> Option<String>) -> Result<SecretString, String> {
    check_with(source, environment, &file::read)
}

/// The same; a file is read by `files`.
fn check_with(
    source: &KeySource,
    environment: &dyn Fn(&str) -> Option<String>,
    files: &ReadFile,
) -> Result<SecretString, String> {
    let (text, place) = match source {
        KeySource::File(path) => (read_file(path, files)?, format!("the file {}", shown_path(path))),
        KeySource::Environment(name) => {
            let place = format!("the environment variable {}", show_name(name));
            let unset = || format!("{place} is not set. Set it, or name another one.");
            (environment(name).map(Zeroizing::new).ok_or_else(unset)?, place)
        }
        KeySource::Inline(key) => (Zeroizing::new(key.expose_secret().to_owned()), "this".to_owned()),
    };
    let key = text.trim();
    if key.is_empty() {
        return Err(format!("{place} is empty. Put the key there."));
    }
    if key.starts_with('$') {
        return Err(format!(
            "{place} holds the name of a variable; variables are not replaced. Use api_key_env: NAME (for the token monitoring_token_env)."
        ));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "{place} holds white space, control or non-ASCII characters inside the key. Put the key alone there."
        ));
    }
    Ok(SecretString::from(key))
}

fn read_file(path: &Path, files: &ReadFile) -> Result<Zeroizing<String>, String> {
    let fail = |reason: &str| {
        format!(
            "cannot read the file {}: {reason}. Name a file that holds the key and that this user may read.",
            shown_path(path)
        )
    };
    let bytes = files(path, MAX_FILE_BYTES).map_err(|error| fail(&error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(fail("it is too large for a key"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fail("it is not text"))?;
    // Windows editors put a byte order mark in front.
    Ok(Zeroizing::new(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
}

/// A variable's name for a message, unless it is the key itself, given under the wrong name.
fn show_name(name: &str) -> String {
    if looks_like_a_secret(name) || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        "named here (not shown: it looks like a key. A key itself goes under api_key)".to_owned()
    } else {
        name.to_owned()
    }
}

/// Reads the key source of an account: exactly one of `PREFIX`, `PREFIX_file` and `PREFIX_env`; says whether the key is
/// there. `None` without any of them, and when there was a fault.
pub fn read(
    section: &Section,
    prefix: &str,
    required: bool,
    context: &mut Context,
) -> Option<(KeySource, SecretString)> {
    let names = [prefix.to_owned(), format!("{prefix}_file"), format!("{prefix}_env")];
    let given: Vec<(&String, Field)> =
        names.iter().filter_map(|name| section.get(name).map(|field| (name, field))).collect();
    let (name, field) = match given.as_slice() {
        [] => {
            if required {
                let message = format!(
                    "the account has no API key. Add {prefix}_file: PATH, {prefix}_env: NAME or {prefix}: KEY."
                );
                section.missing(&names.each_ref().map(String::as_str), &message, context);
            }
            return None;
        }
        [only] => only,
        [.., last] => {
            let words: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
            last.1.error(
                format!("{} are given together, but the key has one place. Keep one of them.", quote(&words)),
                context,
            );
            return None;
        }
    };
    let text = field.nonempty_text(context)?;
    let source = if name.ends_with("_file") {
        KeySource::File(context.resolve(text))
    } else if name.ends_with("_env") {
        KeySource::Environment(text.to_owned())
    } else {
        KeySource::Inline(SecretString::from(text))
    };
    match check_with(&source, context.environment, context.files) {
        Ok(key) => Some((source, key)),
        Err(message) => {
            field.error(message, context);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn with_file(content: &[u8]) -> Result<SecretString, String> {
        let mut file = tempfile::NamedTempFile::new().expect("file");
        file.write_all(content).expect("write");
        check(&KeySource::File(file.path().to_owned()), &|_| None)
    }

    #[test]
    fn a_key_file_loses_its_white_space() {
        let key = with_file(b"\xef\xbb\xbfTOPSECRET \r\n").expect("key");
        assert_eq!(key.expose_secret(), "TOPSECRET");
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_without_showing_it() {
        for (content, reason) in [
            (&b" \n"[..], "is empty"),
            (b"TOPSECRET\nTOPSECRET2", "white space"),
            (b"TOPSECRET\xff", "not text"),
            (&b"T".repeat(70_000), "too large"),
            ("TOPSECRETß".as_bytes(), "non-ASCII"),
        ] {
            let message = with_file(content).expect_err(reason);
            assert!(message.contains(reason) && !message.contains("TOPSECRET"), "{message}");
        }
    }

    #[test]
    fn a_key_under_the_wrong_name_is_not_shown() {
        let key = "0123456789ABCDEF0123456789ABCDEF";
        for name in [key.to_owned(), format!("{key}."), format!("sk-{key}"), format!("lower_{key}")] {
            for source in [KeySource::File(name.clone().into()), KeySource::Environment(name)] {
                let message = check(&source, &|_| None).expect_err("no such");
                assert!(!message.contains(key) && message.contains("api_key"), "{message}");
            }
        }
    }

    #[test]
    fn a_variable_that_is_not_replaced() {
        let message = check(&KeySource::Inline(SecretString::from("${TRMM_KEY}")), &|_| None).expect_err("variable");
        assert!(message.contains("api_key_env"), "{message}");
    }
}
