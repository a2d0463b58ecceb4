//! Writing samples: the label sets and values that a catalogue entry hands over.

use std::time::Duration;

use jiff::Timestamp;

use super::lines::Lines;
use super::own_lines::OwnLines;

/// A label and its value, not escaped.
pub(super) type Pair<'a> = (&'static str, &'a str);

/// What becomes of the samples of a family.
pub(super) enum Sink<'e> {
    /// They become text: the exporter's own.
    Own(OwnLines<'e>),
    /// They become lines of text, as of a large fleet.
    Lines(&'e mut Lines),
    /// They are only counted.
    Count(u64),
}

impl Sink<'_> {
    /// The samples that follow are about what has these labels, and carry them.
    pub(super) fn enter(&mut self, labels: &[Pair<'_>]) {
        if let Self::Lines(lines) = self {
            lines.enter(labels);
        }
    }
}

/// Takes the samples of one thing (a device, a client …) in one family.
pub(super) struct Samples<'s, 'e> {
    sink: &'s mut Sink<'e>,
    base: &'s [Pair<'s>],
}

impl<'s, 'e> Samples<'s, 'e> {
    /// Every sample will carry the labels `base`.
    pub(super) fn new(sink: &'s mut Sink<'e>, base: &'s [Pair<'s>]) -> Self {
        Self { sink, base }
    }

    /// One gauge sample.
    pub(super) fn put(&mut self, labels: &[Pair<'_>], value: impl Into<Value>) {
        match self.sink {
            Sink::Lines(lines) => lines.sample(self.base, labels, value.into()),
            Sink::Count(count) => *count += 1,
            Sink::Own(lines) => lines.sample(self.base, labels, value.into()),
        }
    }

    /// One gauge sample, if the value is known.
    pub(super) fn put_known(&mut self, labels: &[Pair<'_>], value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(labels, value);
        }
    }

    /// One counter sample. Only the exporter itself has counters.
    pub(super) fn put_counter(&mut self, labels: &[Pair<'_>], value: impl Into<Value>) {
        if let Sink::Own(lines) = self.sink {
            lines.sample(self.base, labels, value.into());
        }
    }

    /// One histogram: `buckets` are upper bounds with the observations of that bucket alone, the last bound infinite. Only the
    /// exporter itself has histograms.
    pub(super) fn put_histogram(&mut self, labels: &[Pair<'_>], sum: f64, buckets: &[(f64, u64)]) {
        if let Sink::Own(lines) = self.sink {
            lines.histogram(self.base, labels, sum, buckets);
        }
    }
}

/// A sample's value: whole numbers are written without a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
}

impl Value {
    /// Appends it to a text.
    pub(super) fn write(self, text: &mut String) {
        match self {
            Self::Whole(value) => text.push_str(itoa::Buffer::new().format(value)),
            Self::Real(value) => text.push_str(dtoa::Buffer::new().format(value)),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Whole(u64::from(value))
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Whole(u64::from(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<Duration> for Value {
    fn from(value: Duration) -> Self {
        if value.subsec_nanos() == 0 { Self::Whole(value.as_secs()) } else { Self::Real(value.as_secs_f64()) }
    }
}

impl From<Timestamp> for Value {
    /// Unix time in seconds, to the millisecond.
    fn from(value: Timestamp) -> Self {
        match (u64::try_from(value.as_second()), value.subsec_millisecond()) {
            (Ok(seconds), 0) => Self::Whole(seconds),
            _ => Self::Real(value.as_millisecond() as f64 / 1000.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_stay_whole() {
        let time = |text: &str| Value::from(text.parse::<Timestamp>().unwrap());
        assert_eq!(time("2026-03-04T05:06:07Z"), Value::Whole(1_772_600_767));
        assert_eq!(time("2026-03-04T05:06:07.250Z"), Value::Real(1_772_600_767.25));
        assert_eq!(time("1969-12-31T23:59:59Z"), Value::Real(-1.0));
        assert_eq!(Value::from(Duration::from_secs(90)), Value::Whole(90));
        assert_eq!(Value::from(Duration::from_millis(1500)), Value::Real(1.5));
        assert_eq!(Value::from(true), Value::Whole(1));
    }
}
