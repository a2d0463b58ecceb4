//! The exporter's own metrics: read at scrape time, so that they are always current.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::collector::Collector as Collect;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;

use super::account::AccountMetrics;
use super::catalogue::{self, Series};
use super::process::Process;
use super::samples::Samples;
use super::splitter::{Output, Splitter, encoder_type};
use super::status::{AccountStatus, CollectorReport};
use crate::collector::Collector;

/// Everything that the exporter's own metrics are made of.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) accounts: Vec<OwnAccount>,
    /// Only these collectors; all when `None`.
    pub(super) collectors: Option<Vec<Collector>>,
    pub(super) render_duration: Option<Duration>,
    pub(super) reload: Option<Reload>,
    pub(super) process: Option<Process>,
}

/// One account in [`Own`].
#[derive(Debug)]
pub(super) struct OwnAccount {
    pub(super) status: Arc<AccountStatus>,
    pub(super) metrics: Arc<AccountMetrics>,
    pub(super) series: u64,
    pub(super) dropped: u64,
}

/// The last time the configuration was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reload {
    pub(super) success: bool,
    pub(super) last_success: Option<Timestamp>,
}

impl Own {
    /// The accounts with their labels.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (&OwnAccount, [(&'static str, &str); 2])> {
        self.accounts.iter().map(|account| {
            (account, [("platform", account.status.platform.name()), ("account", account.status.account.as_str())])
        })
    }

    /// The selected collectors of all accounts with their labels.
    pub(super) fn reports(&self) -> impl Iterator<Item = (&CollectorReport, [(&'static str, &str); 3])> {
        self.accounts().flat_map(|(account, [platform, name])| {
            let wanted = |collector| self.collectors.as_ref().is_none_or(|names| names.contains(&collector));
            let reports = account.status.collectors.iter().filter(move |(collector, _)| wanted(*collector));
            reports.map(move |(collector, report)| (report, [platform, name, ("collector", collector.name())]))
        })
    }

    /// The samples as text, by index of the family; families without samples are left out.
    pub(super) fn render(self) -> Vec<(usize, String)> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(OwnCollector(self)));
        let mut splitter = Splitter::new(Texts::default());
        // Writing to memory does not fail.
        let _ = encode_registry(&mut splitter, &registry);
        splitter.finish().0
    }
}

#[derive(Debug)]
struct OwnCollector(Own);

impl Collect for OwnCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in catalogue::families() {
            if let Series::Exporter(write) = family.series {
                let name = family.open_metrics_name();
                let mut metric = encoder.encode_descriptor(name, "", None, encoder_type(family.metric_type))?;
                let mut samples = Samples::new(&mut metric, &[]);
                write(&self.0, &mut samples);
                samples.finish()?;
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Texts(Vec<(usize, String)>);

impl Output for Texts {
    fn sample(&mut self, family: usize, line: &str) {
        match self.0.last_mut() {
            Some((last, text)) if *last == family => text.push_str(line),
            _ => self.0.push((family, line.to_owned())),
        }
    }
}
