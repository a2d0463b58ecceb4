//! The samples of a fleet as lines of text.
//!
//! A large fleet has millions of them, and they are all a render does: they are written straight into one buffer, and what the
//! samples of one device have in common is escaped once.

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::ops::Range;

use foldhash::quality::RandomState;

use super::samples::{Pair, Value};

/// Writes samples.
pub(super) struct Lines {
    /// The labels of the account, with the brace before them.
    account: String,
    /// What a sample begins with: the name of the family, the labels of the account, those of the present device.
    start: String,
    /// Where in it the last ones begin.
    family: usize,
    seen: Seen,
    written: Written,
}

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The lines.
    pub(super) text: String,
    /// How many there are.
    pub(super) series: u64,
    /// Samples that were left out because another one has the same name and labels.
    pub(super) duplicates: u64,
}

impl Lines {
    /// Every sample will carry the labels `account`.
    pub(super) fn new(account: &[Pair<'_>]) -> Self {
        let mut text = String::new();
        write_labels(&mut text, account);
        text.replace_range(..1, "{");
        Self { account: text, family: 0, start: String::new(), seen: Seen::default(), written: Written::default() }
    }

    /// The samples that `write` gives for the family `name`.
    pub(super) fn of(&mut self, name: &'static str, write: impl FnOnce(&mut Self)) -> &Written {
        self.start.clear();
        self.start.extend([name, &self.account]);
        self.family = self.start.len();
        self.seen.clear();
        self.written.text.clear();
        (self.written.series, self.written.duplicates) = (0, 0);
        write(self);
        &self.written
    }

    /// Until the next call samples carry these labels too. Equal series are looked for in the same scope only: scopes that
    /// have the same labels must follow one another.
    pub(super) fn enter(&mut self, labels: &[Pair<'_>]) {
        let (start, family) = (&mut self.start, self.family);
        let before = start.len();
        write_labels(start, labels);
        if start.get(family..before) != start.get(before..) {
            self.seen.clear();
        }
        start.replace_range(family..before, "");
    }

    /// One sample.
    pub(super) fn sample(&mut self, base: &[Pair<'_>], own: &[Pair<'_>], value: Value) {
        let text = &mut self.written.text;
        let start = text.len();
        text.push_str(&self.start);
        let labels = text.len();
        write_labels(text, base);
        write_labels(text, own);
        let end = text.len();
        if !self.seen.insert(text, labels..end) {
            text.truncate(start);
            self.written.duplicates += 1;
            return;
        }
        text.push_str("} ");
        value.write(text);
        text.push('\n');
        self.written.series += 1;
    }
}

/// Appends labels, each with a comma before it.
pub(super) fn write_labels(text: &mut String, labels: &[Pair<'_>]) {
    for (name, value) in labels {
        text.push(',');
        text.push_str(name);
        text.push_str("=\"");
        write_escaped(text, value);
        text.push('"');
    }
}

/// Appends a label value as both formats want it: backslash, quote and line feed are escaped.
fn write_escaped(text: &mut String, value: &str) {
    let mut rest = value;
    while let Some((plain, special)) =
        memchr::memchr3(b'\\', b'"', b'\n', rest.as_bytes()).and_then(|at| rest.split_at_checked(at))
    {
        text.push_str(plain);
        text.push_str(match special.as_bytes().first() {
            Some(b'\n') => "\\n",
            Some(b'"') => "\\\"",
            _ => "\\\\",
        });
        rest = special.get(1..).unwrap_or_default();
    }
    text.push_str(rest);
}

/// The label sets of one scope. A keyed hash of 64 bits stands for each: a chance hit among the few of one scope is out of
/// reach.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    /// Where the first one is. Most scopes have no other in a family, and need no hash.
    first: Option<Range<usize>>,
    all: HashSet<u64, RandomState>,
}

impl Seen {
    fn clear(&mut self) {
        self.first = None;
        if !self.all.is_empty() {
            self.all.clear();
        }
    }

    /// Whether the labels in that part of the text are new.
    fn insert(&mut self, text: &str, labels: Range<usize>) -> bool {
        let hash = |labels: &Range<usize>| self.hasher.hash_one(text.get(labels.clone()));
        match &self.first {
            None => {
                self.first = Some(labels);
                true
            }
            Some(first) => {
                let (first, hash) = (hash(first), hash(&labels));
                self.all.insert(first);
                self.all.insert(hash)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::collector::Collector as Collect;
    use prometheus_client::encoding::{DescriptorEncoder, text::encode_registry};
    use prometheus_client::metrics::MetricType;
    use prometheus_client::registry::Registry;
    use proptest::prelude::*;

    use super::*;

    /// Labels of the scope, labels of the thing, own label, value.
    type Sample = (String, String, String, Value);

    /// The same samples as the well-known encoder writes them.
    #[derive(Debug)]
    struct Encoder(Vec<Sample>);

    impl Collect for Encoder {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
            let mut metric = encoder.encode_descriptor("rmm_thing", "", None, MetricType::Gauge)?;
            for (scope, thing, own, value) in &self.0 {
                let labels = [("device", scope.as_str()), ("check", thing.as_str()), ("own", own.as_str())];
                let mut metric = metric.encode_family(&labels)?;
                match value {
                    Value::Whole(value) => metric.encode_gauge(value)?,
                    Value::Real(value) => metric.encode_gauge(value)?,
                }
            }
            Ok(())
        }
    }

    fn encoded(account: &str, samples: &[Sample]) -> String {
        let mut registry = Registry::with_labels([("account".into(), account.to_owned().into())].into_iter());
        registry.register_collector(Box::new(Encoder(samples.to_vec())));
        let mut text = String::new();
        encode_registry(&mut text, &registry).unwrap();
        let lines: Vec<_> = text.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
        lines.concat()
    }

    fn written(account: &str, samples: &[Sample]) -> Written {
        let mut lines = Lines::new(&[("account", account)]);
        lines.of("rmm_thing", |lines| {
            for (scope, thing, own, value) in samples {
                lines.enter(&[("device", scope)]);
                lines.sample(&[("check", thing)], &[("own", own)], *value);
            }
        });
        lines.written
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![any::<u64>().prop_map(Value::Whole), any::<f64>().prop_map(Value::Real)]
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_the_well_known_encoder(
            account in any::<String>(),
            samples in prop::collection::vec((any::<String>(), r#"["\\\\\n a]{0,9}"#, any::<String>(), value()), 0..5),
        ) {
            let mut keys = std::collections::HashSet::new();
            prop_assume!(samples.iter().all(|(scope, thing, own, _)| keys.insert((scope, thing, own))));
            let written = written(&account, &samples);
            prop_assert_eq!(written.text, encoded(&account, &samples));
            prop_assert_eq!((written.series, written.duplicates), (samples.len() as u64, 0));
        }
    }

    #[test]
    fn equal_series_are_written_once_and_the_first_one_counts() {
        let sample = |scope: &str, thing: &str, value| (scope.into(), thing.into(), String::new(), Value::Whole(value));
        let all =
            [sample("d", "a", 1), sample("d", "b", 2), sample("d", "b", 3), sample("d", "a", 4), sample("e", "a", 5)];
        let Written { text, series, duplicates } = written("x", &all);
        let values: Vec<_> = text.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert_eq!((values.concat().as_str(), series, duplicates), ("125", 3, 2));
        let next = written("x", &all[..1]);
        assert_eq!((next.series, next.duplicates), (1, 0), "each family begins anew");
    }
}
