//! The samples of the exporter itself as lines of text: some hundreds, of every type.

use super::lines::write_labels;
use super::samples::{Pair, Value};

/// Writes the samples of one family.
pub(super) struct OwnLines<'t> {
    name: &'static str,
    text: &'t mut String,
}

impl<'t> OwnLines<'t> {
    /// Appends the samples of the family `name` (of counters with `_total`) to `text`.
    pub(super) const fn new(name: &'static str, text: &'t mut String) -> Self {
        Self { name, text }
    }

    /// A gauge or a counter.
    pub(super) fn sample(&mut self, base: &[Pair<'_>], own: &[Pair<'_>], value: Value) {
        self.line("", [base, own, &[]], value);
    }

    /// A histogram: `buckets` are upper bounds with the observations of that bucket alone, the last bound infinite.
    pub(super) fn histogram(&mut self, base: &[Pair<'_>], own: &[Pair<'_>], sum: f64, buckets: &[(f64, u64)]) {
        self.line("_sum", [base, own, &[]], Value::Real(sum));
        let count = buckets.iter().map(|(_, count)| count).sum();
        self.line("_count", [base, own, &[]], Value::Whole(count));
        let mut until = 0;
        for (bound, count) in buckets {
            until += count;
            let mut finite = dtoa::Buffer::new();
            let bound = if bound.is_finite() { finite.format_finite(*bound) } else { "+Inf" };
            self.line("_bucket", [&[("le", bound)], base, own], Value::Whole(until));
        }
    }

    fn line(&mut self, suffix: &str, labels: [&[Pair<'_>]; 3], value: Value) {
        self.text.extend([self.name, suffix]);
        let start = self.text.len();
        for labels in labels {
            write_labels(self.text, labels);
        }
        if self.text.len() > start {
            // In place of the first comma. Braces with nothing inside would be allowed, but nobody writes them.
            self.text.replace_range(start..=start, "{");
            self.text.push('}');
        }
        self.text.push(' ');
        value.write(self.text);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use prometheus_client::collector::Collector as Collect;
    use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text::encode_registry};
    use prometheus_client::metrics::MetricType;
    use prometheus_client::metrics::exemplar::Exemplar;
    use prometheus_client::registry::Registry;
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Metric {
        Gauge(Value),
        Counter(Value),
        Histogram(f64, Vec<(f64, u64)>),
    }

    /// A metric with its labels, as the well-known encoder writes it.
    #[derive(Debug)]
    struct Encoder(Option<[String; 2]>, Metric);

    impl Collect for Encoder {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
            let metric_type = match self.1 {
                Metric::Gauge(_) => MetricType::Gauge,
                Metric::Counter(_) => MetricType::Counter,
                Metric::Histogram(..) => MetricType::Histogram,
            };
            let mut metric = encoder.encode_descriptor("rmm_thing", "", None, metric_type)?;
            match &self.0 {
                None => encode(metric, &self.1),
                Some([account, call]) => {
                    encode(metric.encode_family(&[("account", account.as_str()), ("call", call.as_str())])?, &self.1)
                }
            }
        }
    }

    fn encode(mut encoder: MetricEncoder<'_>, metric: &Metric) -> std::fmt::Result {
        const NONE: Option<&HashMap<usize, Exemplar<NoLabelSet, f64>>> = None;
        match metric {
            Metric::Gauge(Value::Whole(value)) => encoder.encode_gauge(value),
            Metric::Gauge(Value::Real(value)) => encoder.encode_gauge(value),
            Metric::Counter(Value::Whole(value)) => encoder.encode_counter::<NoLabelSet, _, u64>(value, None),
            Metric::Counter(Value::Real(value)) => encoder.encode_counter::<NoLabelSet, _, u64>(value, None),
            Metric::Histogram(sum, buckets) => {
                encoder.encode_histogram(*sum, buckets.iter().map(|(_, count)| count).sum(), buckets, NONE)
            }
        }
    }

    fn encoded(encoder: Encoder) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(encoder));
        let mut text = String::new();
        encode_registry(&mut text, &registry).unwrap();
        let lines: Vec<_> = text.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
        lines.concat()
    }

    fn written(labels: Option<&[String; 2]>, metric: &Metric) -> String {
        let name = if matches!(metric, Metric::Counter(_)) { "rmm_thing_total" } else { "rmm_thing" };
        let (account, call) =
            labels.map(|[account, call]| (("account", account.as_str()), ("call", call.as_str()))).unzip();
        let mut text = String::new();
        let mut lines = OwnLines::new(name, &mut text);
        match metric {
            Metric::Gauge(value) | Metric::Counter(value) => lines.sample(account.as_slice(), call.as_slice(), *value),
            Metric::Histogram(sum, buckets) => lines.histogram(account.as_slice(), call.as_slice(), *sum, buckets),
        }
        text
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![any::<u64>().prop_map(Value::Whole), any::<f64>().prop_map(Value::Real)]
    }

    fn metric() -> impl Strategy<Value = Metric> {
        let bound = prop_oneof![prop::num::f64::NORMAL, Just(f64::INFINITY), Just(0.0), Just(0.05), Just(60.0)];
        let buckets = prop::collection::vec((bound, 0..1_u64 << 40), 0..12);
        prop_oneof![
            value().prop_map(Metric::Gauge),
            value().prop_map(Metric::Counter),
            (any::<f64>(), buckets).prop_map(|(sum, buckets)| Metric::Histogram(sum, buckets)),
        ]
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_the_well_known_encoder(
            labels in prop::option::of([r#"["\\\\\n a]{0,9}"#.boxed(), any::<String>().boxed()]),
            metric in metric(),
        ) {
            prop_assert_eq!(written(labels.as_ref(), &metric), encoded(Encoder(labels, metric)));
        }
    }
}
