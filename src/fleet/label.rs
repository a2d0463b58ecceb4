//! Label values: user text made safe for an exposition.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::shared_text;

/// Longest label value in bytes. Prometheus fails a whole scrape over its own limits, so ours is kept well below.
const MAX_BYTES: usize = 200;

/// User text that is fit to be a label value: no control characters, no outer or repeated white space, at most 200
/// bytes, valid UTF-8. Cheap to clone. May be empty.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Label(#[serde(deserialize_with = "shared_text::label")] Arc<str>);

impl Label {
    /// Cleans `text`: every run of Unicode white space and control characters becomes one space; then trimmed, cut at
    /// 200 bytes on a character boundary, and trimmed again.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Self::clean(text))
    }

    pub(super) fn clean(text: &str) -> Arc<str> {
        if is_plain(text) {
            return text.into();
        }
        let mut clean = String::with_capacity(text.len().min(MAX_BYTES));
        for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
            if !clean.is_empty() {
                clean.push(' ');
            }
            clean.push_str(word);
            if clean.len() > MAX_BYTES {
                break;
            }
        }
        clean.truncate(clean.floor_char_boundary(MAX_BYTES));
        clean.truncate(clean.trim_end().len());
        clean.into()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether cleaning would change nothing, as far as a look at the bytes tells: nearly all texts are such.
fn is_plain(text: &str) -> bool {
    let mut before = b' ';
    let is_plain = text.len() <= MAX_BYTES
        && text.bytes().all(|byte| {
            let blanks = [before, byte] == *b"  ";
            before = byte;
            matches!(byte, b' '..=b'~') && !blanks
        });
    is_plain && (before != b' ' || text.is_empty())
}

/// Labels can be looked up by their text.
impl Borrow<str> for Label {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for Label {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn runs_of_white_space_and_control_characters_become_one_space() {
        for (text, clean) in [
            ("  a\r\n\tb\u{2028}\u{2029}c\u{85}d  ", "a b c d"),
            ("\u{0}\u{1b}[31mred\u{7f}", "[31mred"),
            ("", ""),
            ("\u{a0}\u{3000}", ""),
            ("日本 電気", "日本 電気"),
        ] {
            assert_eq!(Label::new(text).as_str(), clean, "{text:?}");
        }
    }

    #[test]
    fn cut_at_200_bytes_between_characters_and_trimmed_again() {
        assert_eq!(Label::new(&"x".repeat(300)).as_str(), "x".repeat(200));
        assert_eq!(Label::new(&"ü".repeat(150)).as_str(), "ü".repeat(100));
        assert_eq!(Label::new(&format!("a{}", "ü".repeat(150))).as_str().len(), 199);
        assert_eq!(Label::new(&format!("{} tail", "x".repeat(199))).as_str(), "x".repeat(199));
    }

    /// Cleaning by its definition alone.
    fn cleaned(text: &str) -> String {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let clean = words.collect::<Vec<_>>().join(" ");
        clean[..clean.floor_char_boundary(MAX_BYTES)].trim_end().to_owned()
    }

    proptest! {
        #[test]
        fn a_text_that_is_clean_already_takes_no_other_way(text in "([ -~]|[a-c ]|\\PC|\\s|\u{0}|\u{7f}|ü){0,20}") {
            let label = Label::new(&text);
            prop_assert_eq!(label.as_str(), cleaned(&text));
            prop_assert!(!is_plain(&text) || cleaned(&text) == text);
        }

        #[test]
        fn nor_does_one_of_about_the_greatest_length(length in 190..210_usize, end in " ?[ab ]{0,3}") {
            let text = format!("{}{end}", "x".repeat(length));
            let label = Label::new(&text);
            prop_assert_eq!(label.as_str(), cleaned(&text));
        }
    }

    #[test]
    fn what_is_printable_ascii_with_single_blanks_inside_is_clean_already() {
        for plain in ["", "a", "Disk Space Check - drive C:", "~!", &"x".repeat(200)] {
            assert!(is_plain(plain), "{plain:?}");
        }
        for other in [" ", " a", "a ", "a  b", "a\tb", "a\u{7f}", "ü", &"x".repeat(201)] {
            assert!(!is_plain(other), "{other:?}");
        }
    }
}
