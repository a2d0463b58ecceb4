//! Takes an API key out of what a server sends: some repeat the request, key included, in their answers.

use std::ops::Range;

use zeroize::{Zeroize as _, Zeroizing};

use super::spelling::Letters;

/// What stands in place of a key. ASCII, so that it fits into a body of any encoding.
const REMOVED: &str = "***";

/// Shorter keys are not looked for in bodies: a demo key "k" would take every k out of every name. It is also the
/// length from which a part of a key counts as the key.
pub(super) const MIN_LENGTH: usize = 8;

/// Takes the key out of a body, before anything reads it: as it is and percent-encoded, in any case. One pass each, and
/// no copy when there is nothing to remove.
pub fn redact_body(body: &mut Vec<u8>, key: &str) {
    if key.len() < MIN_LENGTH {
        return;
    }
    for form in forms(key) {
        let pattern = Pattern::new(&form);
        let Some(mut found) = pattern.find(body, 0) else { continue };
        let mut clean = Vec::with_capacity(body.len());
        let mut rest = 0;
        loop {
            clean.extend_from_slice(body.get(rest..found).unwrap_or_default());
            clean.extend_from_slice(REMOVED.as_bytes());
            rest = found + pattern.needle.len();
            match pattern.find(body, rest) {
                Some(next) => found = next,
                None => break,
            }
        }
        clean.extend_from_slice(body.get(rest..).unwrap_or_default());
        body.zeroize();
        *body = clean;
    }
}

/// The same for a text that was decoded: characters that are no part of it may have stood between those of the key.
#[must_use]
pub fn redact_text(text: String, key: &str) -> String {
    if key.len() < MIN_LENGTH || forms(key).iter().all(|form| Pattern::new(form).find(text.as_bytes(), 0).is_none()) {
        return text;
    }
    let mut bytes = text.into_bytes();
    redact_body(&mut bytes, key);
    // What was removed and what replaces it is ASCII: nothing is lost here.
    String::from_utf8(bytes).unwrap_or_default()
}

/// The short text, for a log, without the key and without any eight or more consecutive characters of it, even where
/// anything but letters and digits stands between them, or they are written in another way. A key shorter than that is removed as a whole.
#[must_use]
pub fn redact_message(text: &str, key: &str) -> String {
    let mut text = text.to_owned();
    for range in Letters::of(key).parts_in(&text, MIN_LENGTH).into_iter().rev() {
        text.replace_range(range, REMOVED);
    }
    for form in forms(key) {
        let ranges = if form.len() < MIN_LENGTH { whole(&text, &form) } else { parts(&text, &form) };
        for range in ranges.into_iter().rev() {
            text.replace_range(range, REMOVED);
        }
    }
    text
}

/// How a key is written: as it is, in a URL, and as text of XML or HTML. The longer ones first, for they can hold the
/// shorter ones.
fn forms(key: &str) -> Vec<Zeroizing<String>> {
    if key.is_empty() {
        return Vec::new();
    }
    let encoded = url_encoded(key);
    let escaped = Zeroizing::new(quick_xml::escape::escape(key).into_owned());
    let mut forms = vec![escaped, encoded, Zeroizing::new(key.to_owned())];
    forms.dedup();
    if forms.first().is_some_and(|first| forms.len() > 1 && **first == key) {
        forms.remove(0);
    }
    forms
}

/// As in the query of a URL. Wiped when it is dropped, for it may be a key.
#[must_use]
pub fn url_encoded(text: &str) -> Zeroizing<String> {
    // Room for all of it from the start: a text that grows leaves copies behind.
    let mut encoded = Zeroizing::new(String::with_capacity(3 * text.len()));
    encoded.extend(url::form_urlencoded::byte_serialize(text.as_bytes()));
    encoded
}

fn whole(text: &str, key: &str) -> Vec<Range<usize>> {
    let pattern = Pattern::new(key);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    while let Some(found) = pattern.find(text.as_bytes(), ranges.last().map_or(0, |range| range.end)) {
        ranges.push(found..found + key.len());
    }
    ranges
}

fn parts(text: &str, key: &str) -> Vec<Range<usize>> {
    let visible: Vec<(usize, u8)> = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_graphic())
        .map(|(at, byte)| (at, byte.to_ascii_lowercase()))
        .collect();
    let key = Zeroizing::new(key.to_ascii_lowercase());
    let starts = |rest: &[(usize, u8)]| {
        let lengths = (0..key.len()).map(|start| {
            let key = key.bytes().skip(start);
            rest.iter().zip(key).take_while(|((_, seen), byte)| seen == byte).count()
        });
        lengths.max().unwrap_or_default()
    };
    let mut ranges = Vec::new();
    let mut rest = visible.as_slice();
    while let Some((&(first, _), others)) = rest.split_first() {
        let length = starts(rest);
        match rest.get(length.wrapping_sub(1)) {
            Some(&(last, _)) if length >= MIN_LENGTH => {
                ranges.push(first..last + 1);
                rest = rest.get(length..).unwrap_or_default();
            }
            _ => rest = others,
        }
    }
    ranges
}

/// A key to look for, by Horspool's method: most bytes of a body are never looked at.
pub(super) struct Pattern {
    needle: Zeroizing<Vec<u8>>,
    /// By the last byte of a window, how far the next one can be. Tells much of the key, too.
    skips: Zeroizing<Vec<usize>>,
}

impl Pattern {
    /// The needle is not empty.
    pub(super) fn new(needle: &str) -> Self {
        let needle = Zeroizing::new(needle.as_bytes().to_ascii_lowercase());
        let mut skips = Zeroizing::new(vec![needle.len().max(1); 256]);
        for (index, byte) in needle.iter().rev().enumerate().skip(1).collect::<Vec<_>>().into_iter().rev() {
            if let Some(skip) = skips.get_mut(usize::from(*byte)) {
                *skip = index;
            }
        }
        Self { needle, skips }
    }

    /// Where it is first, from `start` on, in any case.
    pub(super) fn find(&self, text: &[u8], start: usize) -> Option<usize> {
        let mut at = start;
        loop {
            let window = text.get(at..at.checked_add(self.needle.len())?)?;
            if window.eq_ignore_ascii_case(&self.needle) {
                return Some(at);
            }
            let last = window.last()?.to_ascii_lowercase();
            at += self.skips.get(usize::from(last)).copied().unwrap_or(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "0aB1c2D3e4F5a6b7";

    fn body(text: &str, key: &str) -> String {
        let mut body = text.as_bytes().to_vec();
        redact_body(&mut body, key);
        String::from_utf8(body).expect("text")
    }

    #[test]
    fn a_body_loses_the_key_in_every_form() {
        assert_eq!(body(&format!("a{KEY}b{KEY}{KEY}"), KEY), "a***b******");
        assert_eq!(body(&format!("x {} y", KEY.to_uppercase()), KEY), "x *** y");
        assert_eq!(body("?apikey=te%2bst%26key1&x te+st&key1 te+st&amp;key1", "te+st&key1"), "?apikey=***&x *** ***");
        assert_eq!(body("nothing here", KEY), "nothing here");
        assert_eq!(redact_text(format!("ü{KEY}ü"), KEY), "ü***ü");
    }

    #[test]
    fn a_short_key_spoils_no_body_but_stays_out_of_messages() {
        assert_eq!(body("a key knows", "k"), "a key knows");
        assert_eq!(redact_text("a key knows".to_owned(), "k"), "a key knows");
        assert_eq!(redact_message("bad sec+ret in ?apikey=sec%2Bret", "sec+ret"), "bad *** in ?apikey=***");
        assert_eq!(redact_message("any text", ""), "any text");
    }

    #[test]
    fn parts_of_the_key_stay_out_of_messages() {
        for (text, clean) in [
            (format!("key {}", &KEY[..9]), "key ***"),
            (format!("key {}.", &KEY[5..]), "key ***."),
            (format!("{}\u{ad}{}", &KEY[..3], &KEY[3..]), "***"),
            (format!("{} {}\u{200b}{}", &KEY[..4], &KEY[4..8], KEY[8..].to_uppercase()), "***"),
            ("%30%61%42%31%63%32%44%33%65%34%46".to_owned(), "***"),
            ("&#48;&#97;&#x42;&#49;&#99;&#50;&#68;&#51;".to_owned(), "***"),
            (format!("{}\\{}", &KEY[..9], &KEY[9..]), "***"),
            ("a key: \u{ff10}\u{ff41}\u{ff22}\u{ff11}c2D3e4F5a6b7".to_owned(), "a key: ***"),
            (format!("key {}", &KEY[..7]), "key 0aB1c2D"),
            ("Müller & Söhne".to_owned(), "Müller & Söhne"),
        ] {
            assert_eq!(redact_message(&text, KEY), clean, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_key_survives(around in prop::collection::vec("[a-c]{0,9}", 1..5), key in "[a-c]{8,12}") {
            let text = around.join(&key);
            let clean = body(&text, &key);
            prop_assert!(!clean.contains(&key));
            prop_assert_eq!(clean.contains(REMOVED), text.contains(&key));
        }
    }
}
