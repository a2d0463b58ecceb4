//! Small helpers for messages: what may be shown, lists, near misses.

use std::path::Path;

/// Other programs' words for things of this configuration.
const OTHER_WORDS: [(&str, &str); 13] = [
    ("url", "server"),
    ("host", "server"),
    ("address", "server"),
    ("endpoint", "server"),
    ("token", "api_key_file"),
    ("key", "api_key_file"),
    ("password", "api_key_file"),
    ("apikey", "api_key"),
    ("type", "platform"),
    ("timezone", "time_zone"),
    ("winsvc", "service"),
    ("rate_limit", "requests_per_minute"),
    ("concurrency", "max_concurrent_requests"),
];

/// From so many letters and digits in a row on, a digit among them, a text may be an API key.
const KEY_LENGTH: usize = 16;

/// How much of a text a message repeats at most, in characters.
const MOST_SHOWN: usize = 40;

/// Whether a text holds what may be an API key, written under the wrong name.
#[must_use]
pub fn may_hold_a_key(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .any(|run| run.chars().count() >= KEY_LENGTH && run.chars().any(char::is_numeric))
}

/// Whether a file's or a variable's name looks like the secret itself, written under the wrong key.
#[must_use]
pub fn looks_like_a_secret(text: &str) -> bool {
    may_hold_a_key(text) || (text.len() >= KEY_LENGTH && !text.contains(['/', '\\', '.', '_', '-', ' ']))
}

fn hidden(text: &str) -> String {
    format!("({} characters)", text.chars().count())
}

/// A key, a name or a number for a message, unless it is so long or odd that it may be a secret in the wrong place.
#[must_use]
pub fn shown(text: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || "_-.<+".contains(c);
    if text.chars().count() <= 30 && text.chars().all(word) && !may_hold_a_key(text) {
        text.to_owned()
    } else {
        hidden(text)
    }
}

/// The start of any text for a message, without control characters, unless it may hold a secret.
#[must_use]
pub fn shown_text(text: &str) -> String {
    if may_hold_a_key(text) {
        return hidden(text);
    }
    text.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect()
}

/// As [`shown_text`], in quotes where the text itself is shown.
#[must_use]
pub fn shown_in_quotes(text: &str) -> String {
    if may_hold_a_key(text) { hidden(text) } else { format!("{:?}", shown_text(text)) }
}

/// A whole text in quotes, unless it may hold a secret.
#[must_use]
pub fn in_quotes(text: &str) -> String {
    if may_hold_a_key(text) {
        return hidden(text);
    }
    // Not escaped: regular expressions are to be read as they were written.
    format!("\"{}\"", text.replace(char::is_control, " "))
}

/// A path for a message, unless it is the key itself, given under the wrong name.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if looks_like_a_secret(&name) || may_hold_a_key(&path.to_string_lossy()) {
        "given here (not shown: its name looks like a key. A key itself goes under api_key)".to_owned()
    } else {
        path.display().to_string()
    }
}

/// `a, b, c`.
#[must_use]
pub fn quote(words: &[&str]) -> String {
    words.join(", ")
}

/// The word that was meant, if one is near enough.
#[must_use]
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    if word.len() > MOST_SHOWN {
        return None;
    }
    let word = word.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
    let (best, distance) =
        known.into_iter().map(|known| (known, distance(known))).min_by_key(|(_, distance)| *distance)?;
    let allowed = if word.chars().count() <= 3 { 1 } else { (word.chars().count() / 3).min(3) };
    (distance <= allowed).then_some(best)
}

/// Which of the `known` words was meant, by a near miss or by another program's word.
#[must_use]
pub fn meant<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let other = OTHER_WORDS.iter().find(|(other, _)| *other == word).map(|(_, ours)| *ours);
    other.filter(|ours| known.contains(ours)).or_else(|| nearest(word, known.iter().copied()))
}

/// `Did you mean …?`, or what is known: all of it where that is short.
#[must_use]
pub fn suggest(word: &str, known: &[&str], what: &str) -> String {
    match meant(word, known) {
        Some(meant) => format!("Did you mean {meant}?"),
        None if known.len() <= 20 => format!("Known {what}: {}.", quote(known)),
        None => format!("All {what} are in docs/configuration.md."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_and_other_programs_words() {
        let known = ["server", "interval", "min_interval", "api_key_file"];
        assert_eq!(suggest("intervall", &known, "keys"), "Did you mean interval?");
        assert_eq!(suggest("Server", &known, "keys"), "Did you mean server?");
        assert_eq!(suggest("url", &known, "keys"), "Did you mean server?");
        assert_eq!(suggest("zebra", &known[..2], "keys"), "Known keys: server, interval.");
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        assert_eq!(shown("min_intervall"), "min_intervall");
        assert_eq!(shown("0123456789ABCDEF0123456789ABCDEF"), "(32 characters)");
        assert_eq!(shown("api_key:abc"), "(11 characters)");
        assert!(looks_like_a_secret("0123456789ABCDEF0123456789ABCDEF"));
        assert!(!looks_like_a_secret("/run/secrets/nsight_key"));
        assert!(!looks_like_a_secret("TRMM_KEY"));
        assert!(looks_like_a_secret("key_0123456789abcdef.txt"));
        assert_eq!(shown("sk-0123456789ABCDEF"), "(19 characters)");
        assert_eq!(shown_text("Europe/Lundon"), "Europe/Lundon");
        assert_eq!(shown_text("key 0123456789abcdef"), "(20 characters)");
        assert_eq!(shown_in_quotes("1 minute\u{7}"), "\"1 minute\"");
        assert_eq!(shown_in_quotes("0123456789abcdef"), "(16 characters)");
        assert_eq!(shown_in_quotes(&"x".repeat(999)).len(), 42);
        assert_eq!(shown_path(Path::new("/run/secrets/nsight_key")), "/run/secrets/nsight_key");
        for path in ["/run/0123456789abcdef.", "0123456789abcdef/x", "a/sk-0123456789abcdef"] {
            assert!(!shown_path(Path::new(path)).contains("0123"), "{path}");
        }
    }
}
