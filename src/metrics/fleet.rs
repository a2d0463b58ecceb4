//! Fleet → series: a pure function of what is true of an account at one moment.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::collector::Collector as Collect;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;
use regex::Regex;

use super::cap::{self, Withheld};
use super::catalogue;
use super::piece::{Deflater, Piece};
use super::samples::Sink;
use super::splitter::{Output, Splitter, encoder_type};
use super::walk::walk;
use crate::fleet::View;
use crate::platform::PlatformName;

/// What of an account's fleet may be exposed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most series. When the fleet has more, whole families are withheld, those of the largest collector first, and counted.
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
    /// Families that are left out because there were too many series.
    pub withheld: Withheld,
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
        self.withheld.series() + self.duplicates
    }
}

/// Renders the fleet of one account, as if for the first time.
#[must_use]
pub fn render(platform: PlatformName, account: &str, view: &Arc<View>, limits: &Limits) -> RenderedAccount {
    render_again(platform, account, view, limits, &Withheld::default())
}

/// Renders the fleet of one account. `before` is what was left out of it the last time.
pub(super) fn render_again(
    platform: PlatformName,
    account: &str,
    view: &Arc<View>,
    limits: &Limits,
    before: &Withheld,
) -> RenderedAccount {
    let start = Instant::now();
    let counts = count(view, limits);
    let withheld = cap::withhold(platform, &counts, limits.max_series as u64, before);
    let families: Vec<_> =
        counts.into_iter().map(|(family, _)| family).filter(|family| !withheld.holds(*family)).collect();
    let labels = [("platform", platform.name().to_owned()), ("account", account.to_owned())];
    let mut registry = Registry::with_labels(labels.into_iter().map(|(name, value)| (name.into(), value.into())));
    registry.register_collector(Box::new(FleetCollector { view: view.clone(), families }));
    let mut splitter = Splitter::new(Pieces::new());
    // Writing to memory does not fail.
    let _ = encode_registry(&mut splitter, &registry);
    let mut rendered = splitter.finish().finish();
    rendered.withheld = withheld;
    rendered.duplicates += view.duplicates;
    rendered.render_duration = start.elapsed();
    rendered
}

/// How many series each family has that may be exposed, by its index in the catalogue; none without any. Duplicates count:
/// they are told apart only when they are text.
fn count(view: &View, limits: &Limits) -> Vec<(usize, u64)> {
    let fleet = catalogue::families().iter().enumerate().filter(|(_, family)| family.is_fleet());
    let wanted = fleet.filter(|(_, family)| !limits.exclude.iter().any(|expression| expression.is_match(family.name)));
    let count = |series| {
        let mut sink = Sink::Count(0);
        // Counting does not fail.
        let _ = walk(series, view, &mut sink);
        if let Sink::Count(count) = sink { count } else { 0 }
    };
    wanted.map(|(index, family)| (index, count(family.series))).filter(|(_, count)| *count > 0).collect()
}

/// Writes the families with these indices.
#[derive(Debug)]
struct FleetCollector {
    view: Arc<View>,
    families: Vec<usize>,
}

impl Collect for FleetCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in self.families.iter().filter_map(|index| catalogue::families().get(*index)) {
            let metric = encoder.encode_descriptor(family.name, "", None, encoder_type(family.metric_type))?;
            walk(family.series, &self.view, &mut Sink::Text(metric))?;
        }
        Ok(())
    }
}

/// Takes the samples of a fleet: drops duplicates, compresses.
struct Pieces {
    deflater: Deflater,
    current: Option<usize>,
    seen: HashSet<(u64, u64)>,
    hashers: [RandomState; 2],
    rendered: RenderedAccount,
}

impl Pieces {
    fn new() -> Self {
        Self {
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
