//! Small helpers for messages: what may be shown, lists, near misses.

/// Other programs' words for things of this configuration.
const OTHER_WORDS: [(&str, &str); 12] = [
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
    ("rate_limit", "requests_per_minute"),
    ("concurrency", "max_concurrent_requests"),
];

/// A key, a name or a number for a message, unless it is so long or odd that it may be a secret in the wrong place.
#[must_use]
pub fn shown(text: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || "_-.<+".contains(c);
    if text.chars().count() <= 30 && text.chars().all(word) {
        text.to_owned()
    } else {
        format!("({} characters)", text.chars().count())
    }
}

/// Whether a file's or a variable's name looks like the secret itself, written under the wrong key.
#[must_use]
pub fn looks_like_a_secret(text: &str) -> bool {
    text.len() >= 16 && !text.contains(['/', '\\', '.', '_', '-', ' '])
}

/// `a, b, c`.
#[must_use]
pub fn quote(words: &[&str]) -> String {
    words.join(", ")
}

/// The word that was meant, if one is near enough.
#[must_use]
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
    let (best, distance) =
        known.into_iter().map(|known| (known, distance(known))).min_by_key(|(_, distance)| *distance)?;
    let allowed = if word.chars().count() <= 3 { 1 } else { (word.chars().count() / 3).min(3) };
    (distance <= allowed).then_some(best)
}

/// `Did you mean …?`, or what is known: all of it where that is short.
#[must_use]
pub fn suggest(word: &str, known: &[&str], what: &str) -> String {
    let other = OTHER_WORDS.iter().find(|(other, _)| *other == word).map(|(_, ours)| *ours);
    let meant = other.filter(|ours| known.contains(ours)).or_else(|| nearest(word, known.iter().copied()));
    match meant {
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
    }
}
