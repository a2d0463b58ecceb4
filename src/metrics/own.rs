//! The exporter's own metrics: read at scrape time, so that they are always current.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::collector::Collector as Collect;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;

use super::account::CallMetrics;
use super::catalogue::{self, Family, Series};
use super::fleet::RenderedAccount;
use super::process::Process;
use super::publisher::AccountSnapshot;
use super::samples::{Pair, Sink, put};
use super::splitter::{Output, Splitter, encoder_type};
use super::status::AccountStatus;
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
    /// Tasks of the runtime that have not ended; `None` outside of one.
    pub(super) tasks: Option<u64>,
}

/// One account in [`Own`].
#[derive(Clone, Debug)]
pub(super) struct OwnAccount {
    pub(super) status: Arc<AccountStatus>,
    /// Its API calls.
    pub(super) calls: BTreeMap<String, CallMetrics>,
    pub(super) series: u64,
    pub(super) dropped: u64,
}

impl OwnAccount {
    /// What is said of an account now.
    pub(super) fn of(account: &AccountSnapshot) -> Self {
        Self {
            status: account.status().clone(),
            calls: account.metrics().read(),
            series: account.rendered().map_or(0, |rendered| rendered.series),
            dropped: account.rendered().map_or(0, RenderedAccount::dropped),
        }
    }

    /// Whether it is still what is said of an account now.
    pub(super) fn is_of(&self, account: &AccountSnapshot) -> bool {
        (Arc::ptr_eq(&self.status, account.status()) || self.status == *account.status())
            && self.series == account.rendered().map_or(0, |rendered| rendered.series)
            && self.dropped == account.rendered().map_or(0, RenderedAccount::dropped)
            && account.metrics().are(&self.calls)
    }

    fn labels(&self) -> [Pair<'_>; 2] {
        [("platform", self.status.platform.name()), ("account", &self.status.account)]
    }
}

/// The last time the configuration was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reload {
    /// Whether it was good.
    pub success: bool,
    /// When it was read.
    pub at: Timestamp,
    /// When it was good last.
    pub last_success: Option<Timestamp>,
}

impl Own {
    /// The samples of the exporter's own families that are `wanted`, as text, by index of the family; families without samples
    /// are left out.
    pub(super) fn render(self, wanted: fn(&Family) -> bool) -> Vec<(usize, String)> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(OwnCollector(self, wanted)));
        let mut splitter = Splitter::new(Texts::default());
        // Writing to memory does not fail.
        let _ = encode_registry(&mut splitter, &registry);
        splitter.finish().0
    }
}

#[derive(Debug)]
struct OwnCollector(Own, fn(&Family) -> bool);

impl Collect for OwnCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in catalogue::families().iter().filter(|family| !family.is_fleet() && self.1(family)) {
            let name = family.open_metrics_name();
            let metric = encoder.encode_descriptor(name, "", None, encoder_type(family.metric_type))?;
            encode_family(family.series, &self.0, &mut Sink::Text(metric))?;
        }
        Ok(())
    }
}

fn encode_family(series: Series, own: &Own, sink: &mut Sink<'_>) -> fmt::Result {
    match series {
        Series::Exporter(write) => put(sink, &[], |out| write(own, out))?,
        Series::Account(write) => {
            for account in &own.accounts {
                put(sink, &account.labels(), |out| write(account, out))?;
            }
        }
        Series::Report(write) => {
            for account in &own.accounts {
                let [platform, name] = account.labels();
                let wanted = |collector| own.collectors.as_ref().is_none_or(|names| names.contains(collector));
                for (collector, report) in account.status.collectors.iter().filter(|(collector, _)| wanted(collector)) {
                    put(sink, &[platform, name, ("collector", collector.name())], |out| write(report, out))?;
                }
            }
        }
        Series::Fleet(_)
        | Series::Client(_)
        | Series::Site(_)
        | Series::Device(_)
        | Series::Check(_)
        | Series::Task(_) => (),
    }
    Ok(())
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
