//! How times and days are stored: as numbers. As text they would be most of a stored fleet.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::store::Part;

/// A time stamp: seconds and nanoseconds since 1970, exact.
#[derive(Clone, Copy)]
struct Stored(Timestamp);

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0.as_second(), self.0.subsec_nanosecond()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, nanoseconds) = Deserialize::deserialize(deserializer)?;
        Timestamp::new(seconds, nanoseconds).map(Self).map_err(Error::custom)
    }
}

impl<T: Serialize> Serialize for Part<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.value, Stored(self.at)).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (value, Stored(at)) = Deserialize::deserialize(deserializer)?;
        Ok(Self { value, at })
    }
}

/// For fields that may be a time stamp.
pub(super) mod optional_time {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Stored, Timestamp};

    #[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
    pub(in super::super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(Stored).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Stored>::deserialize(deserializer)?.map(|stored| stored.0))
    }
}

/// Months and days are counted as if all were full, so that a day is one number and the next day mostly the next number.
const MONTHS: i32 = 12;
const DAYS: i32 = 31;

fn number(date: Date) -> i32 {
    let months = i32::from(date.year()) * MONTHS + i32::from(date.month()) - 1;
    months * DAYS + i32::from(date.day()) - 1
}

fn date<E: Error>(number: i32) -> Result<Date, E> {
    let (months, day) = (number.div_euclid(DAYS), number.rem_euclid(DAYS) + 1);
    let (year, month) = (months.div_euclid(MONTHS), months.rem_euclid(MONTHS) + 1);
    let small = |value: i32| i8::try_from(value).map_err(Error::custom);
    Date::new(i16::try_from(year).map_err(Error::custom)?, small(month)?, small(day)?).map_err(Error::custom)
}

/// For fields that may be a day.
pub(super) mod optional_day {
    use super::{Date, Deserialize, Deserializer, Serialize, Serializer, date, number};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over as it is")]
    pub(in super::super) fn serialize<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        day.map(number).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        Option::<i32>::deserialize(deserializer)?.map(date).transpose()
    }
}

/// For fields that are days with something else: of each day the difference from the day before it in the list.
pub(super) mod days {
    use super::{Date, Deserialize, Deserializer, Error, Serialize, Serializer, date, number};

    pub(in super::super) fn serialize<S: Serializer, T: Serialize>(
        days: &[(Date, T)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut before = 0;
        serializer.collect_seq(days.iter().map(|(day, value)| {
            let difference = number(*day) - before;
            before += difference;
            (difference, value)
        }))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Vec<(Date, T)>, D::Error> {
        let mut day = 0_i32;
        let differences = Vec::<(i32, T)>::deserialize(deserializer)?.into_iter();
        let days = differences.map(|(difference, value)| {
            day = day.checked_add(difference).ok_or_else(|| Error::custom("no such day"))?;
            Ok((date(day)?, value))
        });
        days.collect()
    }
}
