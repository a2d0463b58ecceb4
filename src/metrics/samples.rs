//! Writing samples: the label sets and values that a catalogue entry hands over.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::{
    EncodeGaugeValue, EncodeLabelSet, GaugeValueEncoder, LabelSetEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::exemplar::Exemplar;

use super::lines::Lines;

/// A label and its value, not escaped.
pub(super) type Pair<'a> = (&'static str, &'a str);

/// What becomes of the samples of a family.
pub(super) enum Sink<'e> {
    /// They become text.
    Text(MetricEncoder<'e>),
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
    result: fmt::Result,
}

impl<'s, 'e> Samples<'s, 'e> {
    /// Every sample will carry the labels `base`.
    pub(super) fn new(sink: &'s mut Sink<'e>, base: &'s [Pair<'s>]) -> Self {
        Self { sink, base, result: Ok(()) }
    }

    /// One gauge sample.
    pub(super) fn put(&mut self, labels: &[Pair<'_>], value: impl Into<Value>) {
        let value = value.into();
        match self.sink {
            Sink::Lines(lines) => lines.sample(self.base, labels, value),
            Sink::Count(count) => *count += 1,
            Sink::Text(_) => self.encode(labels, |metric| metric.encode_gauge(&value)),
        }
    }

    /// One gauge sample, if the value is known.
    pub(super) fn put_known(&mut self, labels: &[Pair<'_>], value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(labels, value);
        }
    }

    /// One counter sample.
    pub(super) fn put_counter(&mut self, labels: &[Pair<'_>], value: impl Into<Value>) {
        let value = value.into();
        self.encode(labels, |metric| match value {
            Value::Whole(value) => metric.encode_counter::<NoLabelSet, _, u64>(&value, None),
            Value::Real(value) => metric.encode_counter::<NoLabelSet, _, u64>(&value, None),
        });
    }

    /// One histogram: `buckets` are upper bounds with the observations of that bucket alone, the last bound infinite.
    pub(super) fn put_histogram(&mut self, labels: &[Pair<'_>], sum: f64, count: u64, buckets: &[(f64, u64)]) {
        const NONE: Option<&HashMap<usize, Exemplar<NoLabelSet, f64>>> = None;
        self.encode(labels, |metric| metric.encode_histogram(sum, count, buckets, NONE));
    }

    /// The first error, if there was one.
    pub(super) fn finish(self) -> fmt::Result {
        self.result
    }

    /// Counters and histograms are the exporter's own: only its registry takes them.
    fn encode(&mut self, own: &[Pair<'_>], encode: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result) {
        let Sink::Text(metric) = self.sink else { return };
        if self.result.is_err() {
            return;
        }
        let labels = LabelSet { base: self.base, own };
        self.result = if self.base.is_empty() && own.is_empty() {
            encode(metric) // an empty label set would be written as braces with nothing inside
        } else {
            metric.encode_family(&labels).and_then(|mut metric| encode(&mut metric))
        };
    }
}

/// Hands over the samples of one thing, whose labels are `labels`.
pub(super) fn put(sink: &mut Sink<'_>, labels: &[Pair<'_>], write: impl FnOnce(&mut Samples<'_, '_>)) -> fmt::Result {
    let mut samples = Samples::new(sink, labels);
    write(&mut samples);
    samples.finish()
}

struct LabelSet<'a> {
    base: &'a [Pair<'a>],
    own: &'a [Pair<'a>],
}

impl EncodeLabelSet for LabelSet<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for (name, value) in self.base.iter().chain(self.own) {
            let mut label = encoder.encode_label();
            let mut key = label.encode_label_key()?;
            key.write_str(name)?;
            let mut text = key.encode_label_value()?;
            text.write_str(value)?;
            text.finish()?;
        }
        Ok(())
    }
}

/// A sample's value: whole numbers are written without a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
}

impl EncodeGaugeValue for Value {
    fn encode(&self, encoder: &mut GaugeValueEncoder<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => value.encode(encoder),
            Self::Real(value) => value.encode(encoder),
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
