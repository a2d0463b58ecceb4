//! A JSON array, record by record. Only one record is held at a time, and a bad one spoils itself alone. And the few answers
//! that are a single object.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use thiserror::Error;

/// Why an answer cannot be read. Nothing of the answer is quoted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArrayError {
    /// No bytes, or blanks only.
    #[error("the answer is empty")]
    Empty,
    /// Not JSON.
    #[error("the answer is not JSON (line {line}, column {column})")]
    Malformed {
        /// Where it stops being JSON.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// The JSON ends in the middle.
    #[error("the answer ends in the middle of the JSON")]
    CutOff,
    /// JSON, but no array.
    #[error("the answer is JSON, but not a list")]
    NotAnArray,
    /// JSON, but not one object.
    #[error("the answer is JSON, but not an object")]
    NotAnObject,
    /// An object, but another one than expected.
    #[error("the answer has none of the fields that belong to it")]
    NothingKnown,
    /// More records than anybody has.
    #[error("the answer has more than {0} records")]
    TooMany(usize),
    /// Some records cannot be read, and what is counted needs all of them.
    #[error("{bad} of {total} records cannot be read, and counts without them would be wrong; the first one: {first}")]
    SomeBad {
        /// How many cannot be read.
        bad: usize,
        /// How many records there are.
        total: usize,
        /// What is wrong with the first one.
        first: String,
    },
    /// There are records, and none can be read.
    #[error("none of the {total} records can be read; the first one: {first}")]
    AllBad {
        /// How many records there are.
        total: usize,
        /// What is wrong with the first one.
        first: String,
    },
}

/// How many records an array had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All.
    pub total: usize,
    /// Those that cannot be read.
    pub bad: usize,
    /// What is wrong with the first of those.
    pub first: Option<String>,
}

/// Reads an array of `T` and hands over each one that can be read.
///
/// # Errors
///
/// When the body is no array, has more than `limit` records, or has records of which none can be read.
pub fn each_record<'a, T: Deserialize<'a>>(
    body: &'a str,
    limit: usize,
    mut take: impl FnMut(T),
) -> Result<Tally, ArrayError> {
    // Windows tools put a byte order mark in front of recorded or proxied answers.
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    let start = body.trim_start();
    if start.is_empty() {
        return Err(ArrayError::Empty);
    }
    if !start.starts_with('[') {
        return Err(
            serde_json::from_str::<&RawValue>(body).map_or_else(|error| broken(&error), |_| ArrayError::NotAnArray)
        );
    }
    let mut good = 0;
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let visitor = GoodRecords { limit, good: &mut good, take: &mut take, record: PhantomData };
    let read = visitor.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if read.is_ok() {
        return Ok(Tally { total: good, ..Tally::default() });
    }
    // After a record that cannot be read nobody knows where the next one begins.
    one_by_one(body, limit, good, take)
}

/// Finds each record before it is read, so that a bad one spoils itself alone. The first ones, which were taken before, are
/// only counted.
fn one_by_one<'a, T: Deserialize<'a>>(
    body: &'a str,
    limit: usize,
    taken: usize,
    mut take: impl FnMut(T),
) -> Result<Tally, ArrayError> {
    let mut tally = Tally::default();
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let take = &mut |record: &'a RawValue| read_object(record).map(&mut take);
    let visitor = Records { limit, taken, tally: &mut tally, take };
    let read = visitor.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if tally.total > limit {
        return Err(ArrayError::TooMany(limit));
    }
    read.map_err(|error| broken(&error))?;
    match &tally.first {
        Some(first) if tally.bad == tally.total => Err(ArrayError::AllBad { total: tally.total, first: first.clone() }),
        _ => Ok(tally),
    }
}

/// Reads an answer that is one object, of which every field is lenient.
///
/// # Errors
///
/// When the body is no object.
pub fn one_object<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, ArrayError> {
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(ArrayError::Empty);
    }
    let record: &RawValue = serde_json::from_str(body).map_err(|error| broken(&error))?;
    if !record.get().starts_with('{') {
        return Err(ArrayError::NotAnObject);
    }
    read_object(record).map_err(|first| ArrayError::AllBad { total: 1, first })
}

/// Reads one object. A derived `Deserialize` would take an array for a struct as well.
pub fn read_object<'a, T: Deserialize<'a>>(record: &'a RawValue) -> Result<T, String> {
    if !record.get().starts_with('{') {
        return Err("it is no object".to_owned());
    }
    serde_json::from_str(record.get()).map_err(|error| describe(&error))
}

fn broken(error: &serde_json::Error) -> ArrayError {
    match error.classify() {
        Category::Eof => ArrayError::CutOff,
        _ => ArrayError::Malformed { line: error.line(), column: error.column() },
    }
}

/// What is wrong with a record, without the values that are in it.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(": ") {
        // "invalid type: string \"…\", expected struct Agent": only the first half is ours to repeat.
        Some((kind, _)) if error.is_data() => kind.to_owned(),
        _ => text.chars().take(100).collect(),
    }
}

/// Reads records as they stand, up to the first one that cannot be read.
struct GoodRecords<'t, T, F> {
    limit: usize,
    /// How many were taken.
    good: &'t mut usize,
    take: &'t mut F,
    record: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for GoodRecords<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for GoodRecords<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(Object(record)) = sequence.next_element()? {
            if *self.good == self.limit {
                return Err(A::Error::custom("too many records"));
            }
            *self.good += 1;
            (self.take)(record);
        }
        Ok(())
    }
}

/// An object. A derived `Deserialize` would take an array for a struct as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

struct Records<'t, F> {
    limit: usize,
    /// So many of the first ones were taken before.
    taken: usize,
    tally: &'t mut Tally,
    take: &'t mut F,
}

impl<'de, F: FnMut(&'de RawValue) -> Result<(), String>> DeserializeSeed<'de> for Records<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&'de RawValue) -> Result<(), String>> Visitor<'de> for Records<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(record) = sequence.next_element::<&'de RawValue>()? {
            self.tally.total += 1;
            if self.tally.total > self.limit {
                return Err(A::Error::custom("too many records"));
            }
            if self.tally.total <= self.taken {
                continue;
            }
            if let Err(reason) = (self.take)(record) {
                self.tally.bad += 1;
                self.tally.first.get_or_insert(reason);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Record {
        n: u32,
    }

    fn numbers(body: &str) -> Result<(Vec<u32>, Tally), ArrayError> {
        let mut numbers = Vec::new();
        let tally = each_record(body, 5, |record: Record| numbers.push(record.n))?;
        Ok((numbers, tally))
    }

    #[test]
    fn a_bad_record_spoils_itself_alone() {
        let body = "\u{feff}\r\n[{\"n\": 1}, {\"n\": \"secret\"}, [7], {\"a\": [2], \"n\": 3}]\n";
        let (good, tally) = numbers(body).expect("an array");
        assert_eq!(good, [1, 3]);
        assert_eq!((tally.total, tally.bad), (4, 2));
        assert_eq!(tally.first.as_deref(), Some("invalid type"), "the value itself is not repeated");
    }

    #[test]
    fn an_empty_array_is_a_good_answer() {
        assert_eq!(numbers("[ ]").expect("an array"), (vec![], Tally::default()));
    }

    #[test]
    fn what_is_no_array_says_why() {
        for (body, error) in [
            ("", ArrayError::Empty),
            (" \r\n", ArrayError::Empty),
            ("{\"a\": 1}", ArrayError::NotAnArray),
            ("\"text\"", ArrayError::NotAnArray),
            ("null", ArrayError::NotAnArray),
            ("[1, 2", ArrayError::CutOff),
            ("{\"a\"", ArrayError::CutOff),
            ("[1, }", ArrayError::Malformed { line: 1, column: 5 }),
            ("[1] [2]", ArrayError::Malformed { line: 1, column: 5 }),
            ("<html>", ArrayError::Malformed { line: 1, column: 1 }),
            ("[1,2,3,4,5,6]", ArrayError::TooMany(5)),
            ("[\"x\", -1]", ArrayError::AllBad { total: 2, first: "it is no object".to_owned() }),
        ] {
            assert_eq!(numbers(body).expect_err(body), error, "{body}");
        }
    }

    #[test]
    fn an_answer_that_is_one_object() {
        let number = |body| one_object::<Record>(body).map(|record| record.n);
        assert_eq!(number("\u{feff} {\"n\": 7, \"other\": [[]]}\n"), Ok(7));
        for (body, error) in [
            (" \n", ArrayError::Empty),
            ("[{\"n\": 7}]", ArrayError::NotAnObject),
            ("\"text\"", ArrayError::NotAnObject),
            ("null", ArrayError::NotAnObject),
            ("{\"n\": 7", ArrayError::CutOff),
            ("{\"n\": 7} {}", ArrayError::Malformed { line: 1, column: 10 }),
            ("Not authenticated", ArrayError::Malformed { line: 1, column: 1 }),
            ("{\"n\": \"x\"}", ArrayError::AllBad { total: 1, first: "invalid type".to_owned() }),
        ] {
            assert_eq!(number(body), Err(error), "{body}");
        }
    }

    proptest! {
        #[test]
        fn reading_records_as_they_stand_changes_nothing(records in prop::collection::vec(0..14_usize, 0..9), cut in 0..90_usize) {
            const RECORDS: [&str; 14] = [
                "{\"n\":1}", "{\"n\":2,\"a\":{\"n\":[3]}}", "{ \"n\" : 4 }", "{\"n\":5}", "{\"n\":6}", "{\"n\":-1}", "{}", "[7]", "\"\\ud800\"",
                "1e999", "null", "{\"n\":8,\"n\":9}", "{\"a\":\"\\ud800\",\"n\":10}", "{\"n\":11",
            ];
            let whole = format!("[{}]", records.iter().map(|record| RECORDS[*record]).collect::<Vec<_>>().join(","));
            // Most are whole.
            for body in [whole.as_str(), &whole[..cut.min(whole.len())]] {
                let (mut fast, mut slow) = (Vec::new(), Vec::new());
                let as_they_stand = each_record(body, 5, |record: Record| fast.push(record.n));
                prop_assume!(body.starts_with('['));
                let one_by_one = one_by_one(body, 5, 0, |record: Record| slow.push(record.n));
                prop_assert_eq!(&as_they_stand, &one_by_one, "{}", body);
                prop_assert!(as_they_stand.is_err() || fast == slow, "{}: {:?} {:?}", body, fast, slow);
            }
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!("[{{\"n\":1}}, {}{}]", "[".repeat(200_000), "]".repeat(200_000));
        let (good, tally) = numbers(&deep).expect("an array");
        assert_eq!((good.as_slice(), tally.bad), ([1].as_slice(), 1));
    }
}
