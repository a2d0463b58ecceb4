//! The letters that a text spells, however they are written: as they are, with blanks or anything else between them, as the
//! escapes of JSON, as references of XML and HTML, percent-encoded, or full-width. A key is looked for in that form where a server
//! or a proxy may have rewritten what it was sent.

use std::ops::Range;

use zeroize::Zeroizing;

/// The fewest letters in a row of a key that count as the key, in an answer. A key with fewer may be made of words.
const MIN_LETTERS: usize = 16;

/// The most bytes that may stand between two letters; the longest ways to write one have about ten.
const MOST_BETWEEN: usize = 32;

/// What a backslash means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// It begins an escape, but for `\\`.
    Json,
    /// Itself, unless the number of a character follows.
    Plain,
}

/// A key as the letters and digits that it has, in small letters.
pub struct Letters(Zeroizing<Vec<u8>>);

impl Letters {
    /// Of a key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        // Room for all of it from the start: what grows leaves copies behind.
        let mut letters = Zeroizing::new(Vec::with_capacity(key.len()));
        letters.extend(key.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()));
        Self(letters)
    }

    /// Whether the text spells the key, from its rarest letter among the first ones to its end. The usual text is hardly looked
    /// at: only where that letter stands, or something that can be one in other writing.
    #[must_use]
    pub fn are_in(&self, text: &[u8], notation: Notation) -> bool {
        let Some(firsts) = (self.0.len() + 1).checked_sub(MIN_LETTERS).filter(|firsts| *firsts > 0) else {
            return false;
        };
        let rarest = self.0.iter().take(firsts).enumerate().min_by_key(|(_, letter)| frequency(**letter));
        let Some((at, &letter)) = rarest else { return false };
        let rest = self.0.get(at..).unwrap_or_default();
        let starts = |place: usize| is_spelled(text.get(place..).unwrap_or_default(), rest, notation);
        memchr::memchr2_iter(letter, letter.to_ascii_uppercase(), text).any(starts)
            || memchr::memchr3_iter(b'%', b'\\', b'&', text).any(starts)
            || memchr::memchr_iter(FULL_WIDTH, text).any(starts)
    }

    /// Where a short text spells eight or more letters in a row of the key, or all of a shorter one.
    #[must_use]
    pub fn parts_in(&self, text: &str, least: usize) -> Vec<Range<usize>> {
        let mut seen = Vec::new();
        let mut at = 0;
        while let Some(unit) = unit(text.as_bytes().get(at..).unwrap_or_default(), Notation::Plain) {
            if let Some(letter) = unit.letter {
                seen.push((at..at + unit.length, letter));
            }
            at += unit.length;
        }
        let mut ranges = Vec::new();
        let mut rest = seen.as_slice();
        while let Some(((first, _), others)) = rest.split_first() {
            let lengths = (0..self.0.len()).map(|start| {
                let key = self.0.iter().skip(start);
                rest.iter().zip(key).take_while(|((_, seen), letter)| seen == *letter).count()
            });
            let length = lengths.max().unwrap_or_default();
            match rest.get(length.wrapping_sub(1)) {
                Some((end, _)) if length >= least => {
                    ranges.push(first.start..end.end);
                    rest = rest.get(length..).unwrap_or_default();
                }
                _ => rest = others,
            }
        }
        ranges
    }
}

/// The first byte of full-width letters and digits in UTF-8.
const FULL_WIDTH: u8 = 0xef;

/// How often a letter or digit is in the answers of both platforms, roughly: most letters are names of fields.
fn frequency(letter: u8) -> usize {
    const RAREST_FIRST: &[u8] = b"qzxjkvywg9876543bf2hpu1dmc0lonsriate";
    RAREST_FIRST.iter().position(|known| *known == letter).unwrap_or(RAREST_FIRST.len())
}

/// Whether the text begins with the letters, whatever stands between them.
fn is_spelled(mut text: &[u8], letters: &[u8], notation: Notation) -> bool {
    let mut letters = letters.iter();
    let Some(mut expected) = letters.next() else { return false };
    let (mut between, mut begun) = (0, false);
    while let Some(Unit { letter, length }) = unit(text, notation) {
        match letter {
            Some(letter) if letter == *expected => {
                (between, begun) = (0, true);
                match letters.next() {
                    Some(next) => expected = next,
                    None => return true,
                }
            }
            Some(_) => return false,
            None => between += length,
        }
        if !begun || between > MOST_BETWEEN {
            return false;
        }
        text = text.get(length..).unwrap_or_default();
    }
    false
}

/// The next thing in a text: a letter or digit, small, or something that is none.
struct Unit {
    letter: Option<u8>,
    /// How many bytes it has; at least one.
    length: usize,
}

fn unit(text: &[u8], notation: Notation) -> Option<Unit> {
    let (&first, rest) = text.split_first()?;
    let written = match first {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
            return Some(Unit { letter: Some(first.to_ascii_lowercase()), length: 1 });
        }
        b'%' => number(rest.get(..2), 16).map(|code| (code, 3)),
        b'&' => reference(rest).map(|(code, length)| (code, length + 1)),
        b'\\' => match (rest.first(), notation) {
            (Some(b'u'), _) => number(rest.get(1..5), 16).map(|code| (code, 6)).or(Some((0, 1))),
            (Some(_), Notation::Json) => Some((0, 2)),
            _ => None,
        },
        0x80.. => {
            let length = if first >= 0xf0 {
                4
            } else if first >= 0xe0 {
                3
            } else {
                2
            };
            let character = text.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()?.chars().next());
            character.map(|character| (u32::from(character), length))
        }
        _ => None,
    };
    let Some((code, length)) = written else { return Some(Unit { letter: None, length: 1 }) };
    // Full-width forms stand in the order of ASCII.
    let code = if (0xff01..=0xff5e).contains(&code) { code - 0xfee0 } else { code };
    let letter = u8::try_from(code).ok().filter(u8::is_ascii_alphanumeric);
    Some(Unit { letter: letter.map(|letter| letter.to_ascii_lowercase()), length })
}

/// `#84;` or `#x54;`, or a name and `;`: the character, or 0 for one that is no letter, and how many bytes it has.
fn reference(text: &[u8]) -> Option<(u32, usize)> {
    /// Leading zeros make it as long as one likes.
    const MOST: usize = 12;
    let end = text.iter().take(MOST).position(|byte| *byte == b';')?;
    let name = text.get(..end)?;
    let code = match name.strip_prefix(b"#") {
        Some([b'x' | b'X', digits @ ..]) => number(Some(digits), 16)?,
        Some(digits) => number(Some(digits), 10)?,
        None if name.iter().all(u8::is_ascii_alphanumeric) => 0,
        None => return None,
    };
    Some((code, end + 1))
}

fn number(digits: Option<&[u8]>, radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits?).ok()?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "TKEY0aB1c2D3e4F5g6H7i8J9kLmNoPqR";

    fn ways() -> Vec<(&'static str, String)> {
        let each = |write: &dyn Fn(char) -> String| KEY.chars().map(write).collect::<String>();
        let split = |by: &str| format!("{}{by}{}", &KEY[..15], &KEY[15..]);
        vec![
            ("as it is", KEY.to_owned()),
            ("small", KEY.to_lowercase()),
            ("percent", each(&|c| format!("%{:02X}", c as u32))),
            ("percent, small", each(&|c| format!("%{:02x}", c as u32))),
            ("numbers", each(&|c| format!("&#{};", c as u32))),
            ("hexadecimal numbers", each(&|c| format!("&#x{:x};", c as u32))),
            ("escapes", each(&|c| format!("\\u{:04x}", c as u32))),
            ("full-width", each(&|c| char::from_u32(c as u32 + 0xfee0).expect("a letter").to_string())),
            ("blanks", each(&|c| format!("{c} "))),
            ("dots", each(&|c| format!("{c}."))),
            ("blank", split(" ")),
            ("zero-width space", split("\u{200b}")),
            ("soft hyphen", split("\u{ad}")),
            ("direction", split("\u{202e}")),
            ("backslash", split("\\\\")),
            ("entity", split("&nbsp;")),
        ]
    }

    #[test]
    fn every_way_to_write_a_key_is_found() {
        let letters = Letters::of(KEY);
        for (way, written) in ways() {
            let text = format!(r#"[{{"agent_id":"k","hostname":"a \u00fc 7% & {written}!"}}]"#);
            assert!(letters.are_in(text.as_bytes(), Notation::Json), "{way}");
            let parts = letters.parts_in(&format!("no {written}!"), 8);
            assert_eq!(parts.len(), 1, "{way}");
            let rest = KEY[..20].to_owned();
            assert!(!letters.are_in(rest.as_bytes(), Notation::Json), "only a part");
        }
        for escape in ["\\n", "\\r\\n   \\t", "\\u0000", "\\u00ad", "\\u200b", "\\/"] {
            let written = format!("{}{escape}{}", &KEY[..15], &KEY[15..]);
            assert!(letters.are_in(written.as_bytes(), Notation::Json), "{escape}");
        }
        let xml = format!("{}\\{}", &KEY[..15], &KEY[15..]);
        assert!(letters.are_in(xml.as_bytes(), Notation::Plain), "a backslash is no escape");
    }

    #[test]
    fn what_is_no_key_is_not_found() {
        let letters = Letters::of(KEY);
        for text in
            ["", "TKEY", "%", "%4", "&", "&#", "&#;", "&#x;", "\\", "\\u", "\\u00", "\u{ff34}", "k%54%4b\\u0045"]
        {
            assert!(!letters.are_in(text.as_bytes(), Notation::Json), "{text}");
            assert!(letters.parts_in(text, 8).is_empty(), "{text}");
        }
        let far = format!("{}{}{}", &KEY[..15], " ".repeat(MOST_BETWEEN + 1), &KEY[15..]);
        assert!(!letters.are_in(far.as_bytes(), Notation::Json));
        assert!(!Letters::of("a demo key").are_in(b"a demo key", Notation::Plain), "words");
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let letters = Letters::of(KEY);
            for notation in [Notation::Json, Notation::Plain] {
                prop_assert!(!letters.are_in(&bytes, notation));
                prop_assert!(!letters.are_in(text.as_bytes(), notation));
            }
            prop_assert!(letters.parts_in(&text, 8).is_empty());
        }

        #[test]
        fn parts_are_texts_of_their_own(before in "[ -~ü]{0,9}", way in 0..16_usize, after in "[ -~ü]{0,9}") {
            let (_, written) = ways().remove(way);
            let text = format!("{before}{written}{after}");
            for range in Letters::of(KEY).parts_in(&text, 8) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
