//! The same series by other libraries, encoded at each scrape, as their documentation shows it.

use std::collections::HashSet;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::http::HeaderMap;
use flate2::Compression;
use flate2::write::GzEncoder;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use crate::finished::{accepts_gzip, response};

/// prometheus-client, a `Collector` that reads a model.
pub const COLLECTOR: &str = "prometheus-client Collector";
/// prometheus-client, a `Family` of gauges for each metric.
pub const FAMILY: &str = "prometheus-client Family";
/// The crate prometheus, a `GaugeVec` for each metric.
pub const PROMETHEUS: &str = "prometheus GaugeVec";

/// A metric of the exposition. Strings are shared, as a well-made model would.
#[derive(Debug, Default)]
struct Metric {
    name: String,
    help: String,
    samples: Vec<(Vec<Label>, f64)>,
}

type Label = (Arc<str>, Arc<str>);

/// Serves the gauges of `text` by the library that `kind` names.
pub fn router(kind: &str, text: &str) -> Router {
    let metrics = read(text);
    match kind {
        COLLECTOR => {
            let mut registry = Registry::default();
            registry.register_collector(Box::new(Model(metrics)));
            encoded(move || client_text(&registry))
        }
        FAMILY => {
            let mut registry = Registry::default();
            for metric in metrics {
                let family = Family::<Vec<(String, String)>, Gauge<f64, AtomicU64>>::default();
                for (labels, value) in metric.samples {
                    let labels = labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
                    family.get_or_create(&labels).set(value);
                }
                registry.register(metric.name, metric.help, family);
            }
            encoded(move || client_text(&registry))
        }
        PROMETHEUS => {
            let registry = prometheus::Registry::new();
            for metric in metrics {
                let names: Vec<&str> = metric.samples.first().map_or_else(Vec::new, |(labels, _)| names(labels));
                let options = prometheus::Opts::new(metric.name.as_str(), metric.help.as_str());
                let gauges = prometheus::GaugeVec::new(options, &names).expect("a metric");
                for (labels, value) in &metric.samples {
                    let values: Vec<&str> = labels.iter().map(|(_, value)| &**value).collect();
                    gauges.with_label_values(&values).set(*value);
                }
                registry.register(Box::new(gauges)).expect("registered");
            }
            encoded(move || prometheus::TextEncoder::new().encode_to_string(&registry.gather()).expect("encoded"))
        }
        unknown => unreachable!("{unknown}"),
    }
}

fn names(labels: &[Label]) -> Vec<&str> {
    labels.iter().map(|(name, _)| &**name).collect()
}

fn client_text(registry: &Registry) -> String {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry).expect("encoded");
    text
}

fn encoded(encode: impl Fn() -> String + Send + Sync + 'static) -> Router {
    let encode = Arc::new(encode);
    Router::new().fallback(move |headers: HeaderMap| {
        let text = encode();
        let gzip = accepts_gzip(&headers);
        let body = if gzip {
            let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
            compressed.write_all(text.as_bytes()).expect("compressed");
            compressed.finish().expect("compressed")
        } else {
            text.into_bytes()
        };
        std::future::ready(response(body.into(), gzip))
    })
}

#[derive(Debug)]
struct Model(Vec<Metric>);

impl Collector for Model {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in &self.0 {
            let mut family = encoder.encode_descriptor(&metric.name, &metric.help, None, MetricType::Gauge)?;
            for (labels, value) in &metric.samples {
                ConstGauge::new(*value).encode(family.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

/// The gauges of an exposition. Counters and the histograms of the exporter itself, some dozen lines, are left out.
fn read(text: &str) -> Vec<Metric> {
    let mut known: HashSet<Arc<str>> = HashSet::new();
    let mut shared = |text: &str| {
        let new = || Arc::<str>::from(text);
        let text = known.get(text).cloned().unwrap_or_else(new);
        known.insert(text.clone());
        text
    };
    let mut metrics: Vec<Metric> = Vec::new();
    let mut help = "";
    let mut is_gauge = false;
    for line in text.lines() {
        if let Some(header) = line.strip_prefix("# HELP ") {
            help = header.split_once(' ').map_or("", |(_, help)| help);
        } else if let Some(header) = line.strip_prefix("# TYPE ") {
            let name = header.strip_suffix(" gauge");
            is_gauge = name.is_some();
            if let Some(name) = name {
                metrics.push(Metric { name: name.to_owned(), help: help.to_owned(), samples: Vec::new() });
            }
        } else if is_gauge
            && !line.starts_with('#')
            && let Some(metric) = metrics.last_mut()
            && let Some((series, value)) = line.rsplit_once(' ')
        {
            let labels = series.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
            // No label of this fleet has a quote or a comma in it.
            let labels = labels.split(',').filter_map(|label| label.split_once('='));
            let labels = labels.map(|(name, value)| (shared(name), shared(value.trim_matches('"')))).collect();
            metric.samples.push((labels, value.parse().expect("a number")));
        }
    }
    metrics
}
