//! The fields of one record, read leniently.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use tracing::debug;

use super::Element;
use crate::fleet::Label;
use crate::platform::bounds;
use crate::platform::nsight::error::Error;
use crate::platform::shared::Shared;

/// The most records of one answer. Nobody has so many; without a limit they would fill the memory.
pub const MAX_RECORDS: usize = 200_000;

/// How many bad records of an answer are logged one by one.
const MAX_LOGGED: usize = 10;

/// How element names are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As written.
    Exact,
    /// In any case: N-sight spells some names in two ways.
    AnyCase,
}

/// The text of the wanted child elements of one record. The first of several with one name counts: users can add fields
/// of their own to device records, and those come later.
#[derive(Debug)]
pub struct Fields<'a> {
    wanted: &'static [&'static str],
    values: Vec<Option<Cow<'a, str>>>,
}

impl<'a> Fields<'a> {
    /// Reads the `wanted` fields of a flat record.
    ///
    /// # Errors
    ///
    /// When the document is malformed.
    pub fn read(element: Element<'_, 'a>, wanted: &'static [&'static str], names: Names) -> Result<Self, Error> {
        let mut fields = Self::none(wanted);
        element.children(|name, child| fields.take(name, child, names).map(drop))?;
        Ok(fields)
    }

    /// Reads the `wanted` fields of a record; `nested` gets its other children.
    ///
    /// # Errors
    ///
    /// When the document is malformed, or `nested` fails.
    pub fn read_nested(
        element: Element<'_, 'a>,
        wanted: &'static [&'static str],
        mut nested: impl FnMut(&str, Element<'_, 'a>) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut fields = Self::none(wanted);
        element.children(|name, child| match fields.take(name, child, Names::Exact)? {
            Some(child) => nested(name, child),
            None => Ok(()),
        })?;
        Ok(fields)
    }

    fn none(wanted: &'static [&'static str]) -> Self {
        Self { wanted, values: vec![None; wanted.len()] }
    }

    /// Reads the child if it is wanted, else gives it back.
    fn take<'c>(&mut self, name: &str, child: Element<'c, 'a>, names: Names) -> Result<Option<Element<'c, 'a>>, Error> {
        let same = |wanted: &&&str| match names {
            Names::Exact => **wanted == name,
            Names::AnyCase => wanted.eq_ignore_ascii_case(name),
        };
        let mut slots = self.wanted.iter().zip(&mut self.values);
        let Some((_, value)) = slots.find(|(wanted, _)| same(wanted)) else { return Ok(Some(child)) };
        if value.is_none() {
            *value = Some(child.text()?);
        }
        Ok(None)
    }

    /// The text of a field; empty when it is not there.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Whether the field is there, even if empty.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of a field, to keep: what the document has in one piece is not copied.
    #[must_use]
    pub fn kept(&self, name: &str) -> Cow<'a, str> {
        self.value(name).cloned().unwrap_or_default()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.value(name).map(Cow::as_ref)
    }

    fn value(&self, name: &str) -> Option<&Cow<'a, str>> {
        let values = self.wanted.iter().zip(&self.values);
        values.filter(|(wanted, _)| **wanted == name).find_map(|(_, value)| value.as_ref())
    }

    /// The text of a field as a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Label {
        Label::new(self.text(name))
    }

    /// The same for a text that many records of the answer have: it is kept once.
    #[must_use]
    pub fn shared(&self, name: &str, known: &mut Shared) -> Label {
        known.label(self.text(name))
    }

    /// A whole number that is not negative; `None` for anything else, such as nothing or `Not Available`.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name).parse().ok()
    }

    /// A quantity, whole or with a fraction; `None` for anything else, for what is negative, and for what is larger than
    /// anything that is measured: it comes of an overflow.
    #[must_use]
    pub fn quantity(&self, name: &str) -> Option<f64> {
        quantity(self.text(name))
    }

    /// A flag: 1 or 0; `None` for anything else.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.number(name)? {
            1 => Some(true),
            0 => Some(false),
            _ => None,
        }
    }

    /// The first of these fields that holds an id, which is a number. It is kept as written.
    #[must_use]
    pub fn id(&self, names: &[&str]) -> Option<&str> {
        self.id_value(names).map(Cow::as_ref)
    }

    /// The same, to keep, as [`Self::kept`] gives it.
    #[must_use]
    pub fn kept_id(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        self.id_value(names).cloned()
    }

    fn id_value(&self, names: &[&str]) -> Option<&Cow<'a, str>> {
        let mut ids = names.iter().filter_map(|name| self.value(name));
        ids.find(|id| !id.is_empty() && id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// How many of something there are; `None` also for more than can be.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        bounds::count(self.number(name)?)
    }

    /// A number of bytes; `None` also for more than can be.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<u64> {
        bounds::bytes(self.number(name)?)
    }

    /// A number of minutes; `None` also for 0 and for more than can be.
    #[must_use]
    pub fn minutes(&self, name: &str) -> Option<Duration> {
        bounds::minutes(self.number(name).filter(|minutes| *minutes > 0)?)
    }

    /// `YYYY-MM-DD`; `None` for anything that is no date, such as `0000-00-00`, and before 1970.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<Date> {
        let text = self.text(name);
        text.get(..10)?.parse().ok().filter(|date: &Date| text.len() == 10 && date.year() >= 1970)
    }

    /// `YYYY-MM-DD HH:MM:SS` in UTC; `None` for anything that is no time, such as `0000-00-00 00:00:00`, and before 1970.
    #[must_use]
    pub fn utc(&self, name: &str) -> Option<Timestamp> {
        utc(self.text(name))
    }

    /// Seconds since 1970; `None` for anything else and for 0.
    #[must_use]
    pub fn epoch(&self, name: &str) -> Option<Timestamp> {
        let seconds = self.number(name).filter(|seconds| *seconds > 0)?;
        Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
    }
}

/// `YYYY-MM-DD HH:MM:SS` in UTC, as [`Fields::utc`] reads it.
#[must_use]
pub fn utc(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.parse().ok()?;
    let time = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
    // What lies before is a clock or a database that knows no time.
    (time > Timestamp::UNIX_EPOCH).then_some(time)
}

/// The number in a text, as [`Fields::quantity`] reads it.
#[must_use]
pub fn quantity(text: &str) -> Option<f64> {
    /// A million terabytes, where the unit is a megabyte.
    const MOST: f64 = 1e12;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|number| is_plain && *number <= MOST)
}

/// Good and bad records of one answer. A bad record spoils itself, not the answer; but when there is no good one, the
/// answer is not what it should be.
#[derive(Debug)]
pub struct Tally {
    service: &'static str,
    limit: usize,
    records: usize,
    good: usize,
    bad: usize,
    /// Hashes of the identities so far: no list of people's ids is kept.
    seen: HashSet<u64>,
    hasher: RandomState,
    repeated: usize,
}

impl Tally {
    /// For an answer of `service`.
    #[must_use]
    pub fn new(service: &'static str) -> Self {
        Self {
            service,
            limit: MAX_RECORDS,
            records: 0,
            good: 0,
            bad: 0,
            seen: HashSet::new(),
            hasher: RandomState::new(),
            repeated: 0,
        }
    }

    /// The same for an answer of at most `limit` records.
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// A record begins, good or bad.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub fn record(&mut self) -> Result<(), Error> {
        self.records += 1;
        if self.records > self.limit {
            return Err(Error::decode(format!("it has more than {} records", self.limit)));
        }
        Ok(())
    }

    /// A record was read.
    pub const fn good(&mut self) {
        self.good += 1;
    }

    /// Whether a good record is to be counted: not when the answer named one of this identity before. A record without any
    /// part of an identity is a new one.
    pub fn is_first(&mut self, identity: &[&str]) -> bool {
        if identity.iter().all(|part| part.is_empty()) || self.seen.insert(self.hasher.hash_one(identity)) {
            return true;
        }
        self.repeated += 1;
        if self.repeated == 1 {
            debug!(call = self.service, "a record was repeated; each counts once");
        }
        false
    }

    /// How many records repeat an earlier one.
    #[must_use]
    pub const fn repeated(&self) -> usize {
        self.repeated
    }

    /// A record was left out; `what` is wrong with it. The first ones are logged.
    pub fn bad(&mut self, what: &'static str) {
        self.bad += 1;
        if self.bad <= MAX_LOGGED {
            debug!(call = self.service, what, "left out a record");
        }
    }

    /// How many records were left out.
    ///
    /// # Errors
    ///
    /// When no record was good although there were records.
    pub fn finish(&self) -> Result<usize, Error> {
        if self.bad > MAX_LOGGED {
            debug!(call = self.service, records = self.bad, "left out more records");
        }
        if self.good == 0 && self.bad > 0 {
            return Err(Error::decode(format!("none of its {} records has what every record must have", self.bad)));
        }
        Ok(self.bad)
    }
}
