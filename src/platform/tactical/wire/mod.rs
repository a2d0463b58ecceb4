//! What the server writes: one file for each category of the API, with only the fields that are used.
//!
//! Every field but the id is lenient: null, missing and of a wrong type are all `None`.

pub mod agents;
pub mod alerts;
pub mod array;
pub mod checks;
pub mod clients;
pub mod custom_fields;
pub mod detail;
pub mod status;
pub mod tasks;
pub mod updates;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;

/// Reads a field; whatever is not a `T` is `None`. The field is looked at on its own, so even a string that is no text
/// (half of a surrogate pair) spoils nothing but itself.
pub fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// Reads a field that holds an object, as [`lenient`] does. A derived `Deserialize` would take an array for one.
pub fn lenient_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(array::read_object(raw).ok())
}

/// The longest id of an agent, in bytes. Real ones have 40.
const MAX_ID_BYTES: usize = 200;

/// A text: the answer's own where it is written there without escapes, so that it is copied only where it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Written)
    }
}

/// Reads a text as [`lenient`] does. One that is written without escapes, as nearly all are, is not read a second time: what a
/// `RawValue` holds is JSON, so that a string without a backslash is its own text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text<'de>>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    let within = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let plain = within.filter(|text| memchr::memchr(b'\\', text.as_bytes()).is_none());
    Ok(plain.map(|text| Text(Cow::Borrowed(text))).or_else(|| serde_json::from_str(raw).ok()))
}

/// The id of an agent: one word, as labels and paths need it. Anything else makes the record useless.
pub fn text_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text<'de>, D::Error> {
    let id = text(deserializer)?;
    let is_one_word = |id: &Text<'_>| !id.is_empty() && !id.contains(|c: char| c.is_control() || c.is_whitespace());
    id.filter(|id| is_one_word(id) && id.len() <= MAX_ID_BYTES)
        .ok_or_else(|| D::Error::custom("the id is not one word of at most 200 bytes"))
}

/// The longest name that is read of a client, a site or a custom field, in bytes. The server has at most 255 characters; names
/// are keys here, and a client's is part of the key of each of its sites.
pub const MAX_NAME_BYTES: usize = 1024;

/// Reads a name; one that is too long is none, as what is no text.
pub fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text<'de>>, D::Error> {
    let name = text(deserializer)?;
    Ok(name.filter(|name| name.len() <= MAX_NAME_BYTES))
}

/// A database id: a whole number. As text, because it becomes a label.
pub fn number_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id: Option<i64> = lenient(deserializer)?;
    id.map(|id| id.to_string()).ok_or_else(|| D::Error::custom("the id is not a whole number"))
}

/// A moment after the beginning of 1970: ISO 8601 with its offset from UTC. What lies before is a null in disguise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let time = text.parse().ok().filter(|time| *time > Timestamp::UNIX_EPOCH);
        time.map(Self).ok_or_else(|| D::Error::custom("not a time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Probe {
        #[serde(default, deserialize_with = "lenient")]
        text: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        number: Option<u64>,
        #[serde(default, deserialize_with = "lenient")]
        time: Option<Time>,
    }

    fn probe(json: &str) -> Probe {
        serde_json::from_str(json).expect("a lenient record")
    }

    #[test]
    fn a_field_of_a_wrong_type_is_none_and_spoils_no_other() {
        let good = r#"{"text":"a\u0041","number":3,"time":"2026-11-21T02:23:52.051167Z"}"#;
        let Probe { text, number, time } = probe(good);
        assert_eq!(text.as_deref(), Some("aA"));
        assert_eq!(number, Some(3));
        assert_eq!(time.map(|time| time.0.as_microsecond()), Some(1_795_227_832_051_167));
        for json in [
            "{}",
            r#"{"text":null,"number":null,"time":null}"#,
            r#"{"text":7,"number":"7","time":7}"#,
            r#"{"text":["x"],"number":-1,"time":"2026-11-21T02:23:52"}"#,
            r#"{"text":{"a":{}},"number":1.5,"time":"yesterday"}"#,
            r#"{"text":"\ud800","number":1e400,"time":"0000-00-00T00:00:00Z"}"#,
            r#"{"text":true,"number":99999999999999999999,"time":""}"#,
        ] {
            let Probe { text, number, time } = probe(json);
            assert_eq!((text, number, time), (None, None, None), "{json}");
        }
        assert_eq!(probe(r#"{"text":null,"number":4}"#).number, Some(4));
    }

    #[test]
    fn a_text_is_the_same_with_and_without_escapes() {
        #[derive(Deserialize)]
        struct Device<'a> {
            #[serde(borrow, default, deserialize_with = "text")]
            name: Option<Text<'a>>,
        }
        let read = |value: &str| {
            let json = format!(r#"{{"name": {value} }}"#);
            let device: Device<'_> = serde_json::from_str(&json).expect("a lenient record");
            device.name.map(|name| (matches!(name.0, Cow::Borrowed(_)), name.to_string()))
        };
        let plain = |text: &str| Some((true, text.to_owned()));
        assert_eq!(read(r#""Büro 🚀""#), plain("Büro 🚀"));
        assert_eq!(read(r#""""#), plain(""));
        assert_eq!(read(r#""a\u0041\"\\""#), Some((false, "aA\"\\".to_owned())));
        for none in ["null", "7", "true", r#"["x"]"#, r#"{"a":"b"}"#, r#""\ud800""#] {
            assert_eq!(read(none), None, "{none}");
        }
        assert!(
            serde_json::from_str::<Device<'_>>("{\"name\":\"a\u{1}b\"}").is_err(),
            "no JSON, whichever way it is read"
        );
    }

    #[test]
    fn an_id_is_one_word_of_bounded_length() {
        #[derive(Deserialize)]
        struct Agent<'a> {
            #[serde(borrow, deserialize_with = "text_id")]
            id: Text<'a>,
        }
        let id = |id: &str| {
            let json = serde_json::json!({ "id": id }).to_string();
            serde_json::from_str::<Agent<'_>>(&json).ok().map(|agent| agent.id.to_string())
        };
        for good in ["HAvmqbOS", "ü", &"x".repeat(200)] {
            assert_eq!(id(good).as_deref(), Some(good));
        }
        for bad in ["", " ", "a b", "a\tb", "a\u{a0}b", "a\u{0}", "a\u{85}", &"x".repeat(201)] {
            assert_eq!(id(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_name_is_of_bounded_length() {
        #[derive(Deserialize)]
        struct Site<'a> {
            #[serde(borrow, default, deserialize_with = "name")]
            name: Option<Text<'a>>,
        }
        let read = |json: &str| {
            let site: Site<'_> = serde_json::from_str(json).expect("a lenient record");
            site.name.map(|name| name.to_string())
        };
        let of_length = |length| read(&serde_json::json!({ "name": "x".repeat(length) }).to_string());
        assert_eq!(of_length(MAX_NAME_BYTES).map(|name| name.len()), Some(MAX_NAME_BYTES));
        assert_eq!((of_length(MAX_NAME_BYTES + 1), read("{}"), read(r#"{"name":7}"#)), (None, None, None));
    }

    #[test]
    fn a_time_before_1970_is_unknown() {
        for text in ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"] {
            assert_eq!(probe(&format!(r#"{{"time":"{text}"}}"#)).time, None, "{text}");
        }
        assert!(probe(r#"{"time":"1970-01-01T00:00:01Z"}"#).time.is_some());
    }

    #[test]
    fn times_without_fraction_and_with_another_offset() {
        let seconds = |text: &str| probe(&format!(r#"{{"time":"{text}"}}"#)).time.map(|time| time.0.as_second());
        assert_eq!(seconds("2026-11-21T02:23:52Z"), Some(1_795_227_832));
        assert_eq!(seconds("2026-11-21T04:23:52+02:00"), Some(1_795_227_832));
    }
}
