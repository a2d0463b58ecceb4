//! Fleet → series: a pure function of what is true of an account at one moment.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::collector::Collector as Collect;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::registry::Registry;
use regex::Regex;

use super::catalogue::{self, Series};
use super::piece::{Deflater, Piece};
use super::samples::{Pair, put};
use super::splitter::{Output, Splitter, encoder_type};
use crate::fleet::{DeviceView, SiteView, View};
use crate::platform::PlatformName;

/// What of an account's fleet may be exposed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most series. Families are taken in the order of the catalogue; when this many series are out, the rest is withheld
    /// and counted.
    pub max_series: usize,
    /// Families that are not exposed: a name that matches one of these.
    pub exclude: Vec<Regex>,
}

impl Default for Limits {
    /// No limits.
    fn default() -> Self {
        Self { max_series: usize::MAX, exclude: Vec::new() }
    }
}

/// The fleet series of an account.
#[derive(Clone, Debug, Default)]
pub struct RenderedAccount {
    /// The samples of each family that has some, by its index in the catalogue, ascending.
    pub families: Vec<(usize, Piece)>,
    /// Series that are exposed.
    pub series: u64,
    /// Series withheld because there were too many.
    pub withheld: u64,
    /// Series dropped because another one has the same name and labels, and records dropped because their object had been
    /// named before.
    pub duplicates: u64,
    /// Name of the family of the first duplicate series.
    pub first_duplicate: Option<&'static str>,
    /// How long the rendering took.
    pub render_duration: Duration,
}

impl RenderedAccount {
    /// Series that are not exposed although the fleet has them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.withheld + self.duplicates
    }
}

/// Renders the fleet of one account.
#[must_use]
pub fn render(platform: PlatformName, account: &str, view: &Arc<View>, limits: &Limits) -> RenderedAccount {
    let start = Instant::now();
    let labels = [("platform", platform.name().to_owned()), ("account", account.to_owned())];
    let mut registry = Registry::with_labels(labels.into_iter().map(|(name, value)| (name.into(), value.into())));
    registry.register_collector(Box::new(FleetCollector { view: view.clone(), exclude: limits.exclude.clone() }));
    let mut splitter = Splitter::new(Pieces::new(limits.max_series));
    // Writing to memory does not fail.
    let _ = encode_registry(&mut splitter, &registry);
    let mut rendered = splitter.finish().finish();
    rendered.duplicates += view.duplicates;
    rendered.render_duration = start.elapsed();
    rendered
}

#[derive(Debug)]
struct FleetCollector {
    view: Arc<View>,
    exclude: Vec<Regex>,
}

impl Collect for FleetCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in catalogue::families().iter().filter(|family| family.is_fleet()) {
            if !self.exclude.iter().any(|expression| expression.is_match(family.name)) {
                let mut metric = encoder.encode_descriptor(family.name, "", None, encoder_type(family.metric_type))?;
                encode_family(family.series, &self.view, &mut metric)?;
            }
        }
        Ok(())
    }
}

fn encode_family(series: Series, view: &View, metric: &mut MetricEncoder<'_>) -> fmt::Result {
    match series {
        Series::Exporter(_) | Series::Account(_) | Series::Report(_) => (),
        Series::Fleet(write) => put(metric, &[], |out| write(view, out))?,
        Series::Client(write) => {
            for client in &view.clients {
                let labels = [("client", client.name.as_str()), ("client_id", client.id.as_str())];
                put(metric, &labels, |out| write(client, out))?;
            }
        }
        Series::Site(write) => {
            for site in &view.sites {
                put(metric, &site_labels(site), |out| write(site, out))?;
            }
        }
        Series::Device(write) => {
            for device in &view.devices {
                put(metric, &device_labels(device), |out| write(device, out))?;
            }
        }
        Series::Check(write) => {
            for device in &view.devices {
                let [client, site, name, id] = device_labels(device);
                for check in &device.checks {
                    let own = ("check_id", check.id.as_str());
                    let kind = ("check_type", check.check_type.as_ref());
                    let labels = [client, site, name, id, own, ("check", check.name.as_str()), kind];
                    put(metric, &labels, |out| write(check, out))?;
                }
            }
        }
        Series::Task(write) => {
            for device in &view.devices {
                let [client, site, name, id] = device_labels(device);
                for task in &device.tasks {
                    let labels = [client, site, name, id, ("task_id", task.id.as_str()), ("task", task.name.as_str())];
                    put(metric, &labels, |out| write(task, out))?;
                }
            }
        }
    }
    Ok(())
}

fn site_labels(site: &SiteView) -> [Pair<'_>; 4] {
    [
        ("client", site.client.as_str()),
        ("client_id", site.client_id.as_str()),
        ("site", site.name.as_str()),
        ("site_id", site.id.as_str()),
    ]
}

fn device_labels(device: &DeviceView) -> [Pair<'_>; 4] {
    [
        ("client", device.client.as_str()),
        ("site", device.site.as_str()),
        ("device", device.record.name.as_str()),
        ("device_id", &device.id.0),
    ]
}

/// Takes the samples of a fleet: drops duplicates, keeps to the limit, compresses.
struct Pieces {
    max_series: u64,
    deflater: Deflater,
    current: Option<usize>,
    seen: HashSet<(u64, u64)>,
    hashers: [RandomState; 2],
    rendered: RenderedAccount,
}

impl Pieces {
    fn new(max_series: usize) -> Self {
        Self {
            max_series: max_series as u64,
            deflater: Deflater::new(),
            current: None,
            seen: HashSet::new(),
            hashers: [RandomState::new(), RandomState::new()],
            rendered: RenderedAccount::default(),
        }
    }

    fn end_family(&mut self) {
        self.seen.clear();
        if let Some(family) = self.current.take() {
            self.rendered.families.push((family, self.deflater.finish()));
        }
    }

    fn finish(mut self) -> RenderedAccount {
        self.end_family();
        self.rendered
    }
}

impl Output for Pieces {
    fn sample(&mut self, family: usize, line: &str) {
        if self.rendered.series >= self.max_series {
            self.rendered.withheld += 1;
            return;
        }
        if self.current != Some(family) {
            self.end_family();
            self.current = Some(family);
        }
        // The labels of a family always come in the same order, so that equal series are equal texts up to the value.
        // Two independent keyed hashes of 64 bits stand for the text: a chance hit among a million series is out of reach.
        let series = line.rsplit_once(' ').map_or(line, |(series, _)| series);
        let [first, second] = &self.hashers;
        if self.seen.insert((first.hash_one(series), second.hash_one(series))) {
            self.rendered.series += 1;
            self.deflater.push(line);
        } else {
            self.rendered.duplicates += 1;
            let name = catalogue::families().get(family).map(|family| family.name);
            self.rendered.first_duplicate = self.rendered.first_duplicate.or(name);
        }
    }
}
