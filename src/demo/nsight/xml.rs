//! Writes XML the way N-sight does: one line, latin-1, free text in CDATA.

use std::fmt::{Display, Write as _};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::demo::world::nsight::ACCOUNT_ZONE;

/// A document, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// The declaration that starts every document.
    pub(super) fn document() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>".to_owned())
    }

    /// The usual envelope: declaration and `result`. The caller closes it.
    pub(super) fn result(status: &str, at: Timestamp) -> Self {
        let mut xml = Self::document();
        xml.raw(&format!(
            "<result created=\"{}\" host=\"www.systemmonitor.example\" status=\"{status}\">",
            created(at)
        ));
        xml
    }

    /// Markup as it is.
    pub(super) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    pub(super) fn open(&mut self, name: &str) {
        // Writing to a String cannot fail; so below.
        let _ = write!(self.0, "<{name}>");
    }

    pub(super) fn close(&mut self, name: &str) {
        let _ = write!(self.0, "</{name}>");
    }

    /// Whether nothing was written.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Another piece after this one.
    pub(super) fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// An element that is empty.
    pub(super) fn empty(&mut self, name: &str) {
        let _ = write!(self.0, "<{name}/>");
    }

    /// An id, count, flag or date: bare.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        let _ = write!(self.0, "<{name}>{value}</{name}>");
    }

    /// A flag.
    pub(super) fn flag(&mut self, name: &str, on: bool) {
        self.value(name, u8::from(on));
    }

    /// Free text: CDATA where that can hold it, else text with references.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.open(name);
        if text.chars().all(|letter| u32::from(letter) < 256) && !text.contains("]]>") {
            let _ = write!(self.0, "<![CDATA[{text}]]>");
        } else {
            for letter in text.chars() {
                let _ = match letter {
                    '&' => write!(self.0, "&amp;"),
                    '<' => write!(self.0, "&lt;"),
                    '>' => write!(self.0, "&gt;"),
                    '"' => write!(self.0, "&quot;"),
                    '\'' => write!(self.0, "&apos;"),
                    letter if u32::from(letter) < 256 => write!(self.0, "{letter}"),
                    letter => write!(self.0, "&#x{:X};", u32::from(letter)),
                };
            }
        }
        self.close(name);
    }

    /// `items` with this inside; `<items/>` around nothing.
    pub(super) fn items(&mut self, inner: &Self) {
        if inner.0.is_empty() {
            self.empty("items");
        } else {
            self.open("items");
            self.0.push_str(&inner.0);
            self.close("items");
        }
    }

    /// The bytes in ISO-8859-1. Letters outside it are references already.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect()
    }
}

/// The `created` attribute: with the server region's offset.
pub(super) fn created(at: Timestamp) -> String {
    local(at, "%Y-%m-%dT%H:%M:%S%:z")
}

/// A time of the account's zone.
pub(super) fn local(at: Timestamp, format: &str) -> String {
    at.to_zoned(TimeZone::get(ACCOUNT_ZONE).unwrap_or(TimeZone::UTC)).strftime(format).to_string()
}

/// A time so many seconds ahead of UTC.
pub(super) fn at_offset(at: Timestamp, seconds: i32, format: &str) -> String {
    at.saturating_add(jiff::SignedDuration::from_secs(i64::from(seconds))).unwrap_or(at).strftime(format).to_string()
}

/// A UTC time; never is written as zeros.
pub(super) fn utc(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "0000-00-00 00:00:00".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<u8> {
        let mut xml = Xml::default();
        xml.text("name", text);
        xml.into_bytes()
    }

    #[test]
    fn latin_1_goes_into_cdata_as_single_bytes() {
        assert_eq!(written("Müller & <Söhne>"), b"<name><![CDATA[M\xfcller & <S\xf6hne>]]></name>");
        assert_eq!(written(""), b"<name><![CDATA[]]></name>");
    }

    #[test]
    fn other_letters_and_the_end_of_cdata_become_references() {
        assert_eq!(written("1 € & ü 🚀"), b"<name>1 &#x20AC; &amp; \xfc &#x1F680;</name>");
        assert_eq!(written("a]]>b\"'"), b"<name>a]]&gt;b&quot;&apos;</name>");
    }

    #[test]
    fn times() {
        let at: Timestamp = "2026-07-04T22:30:00Z".parse().unwrap();
        assert_eq!(created(at), "2026-07-05T00:30:00+02:00");
        assert_eq!(utc(Some(at)), "2026-07-04 22:30:00");
        assert_eq!(utc(None), "0000-00-00 00:00:00");
    }
}
