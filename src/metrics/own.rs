//! The exporter's own metrics: read at scrape time, so that they are always current.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::account::CallMetrics;
use super::catalogue::{self, Family, Series};
use super::exposition::Format;
use super::fleet::RenderedAccount;
use super::headers::headers;
use super::own_lines::OwnLines;
use super::process::Process;
use super::publisher::AccountSnapshot;
use super::samples::{Pair, Samples, Sink};
use super::status::AccountStatus;
use crate::collector::Collector;

/// Everything that the exporter's own metrics are made of.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) accounts: Vec<OwnAccount>,
    /// Only these collectors; all when empty.
    pub(super) collectors: Vec<Collector>,
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
    /// The exporter's own families that are `wanted`, with their headers; families without samples are left out.
    pub(super) fn text(&self, format: Format, wanted: impl Fn(usize, &Family) -> bool) -> String {
        let mut text = String::new();
        let families = catalogue::families().iter().enumerate().zip(headers(format));
        for ((_, family), header) in families.filter(|((index, it), _)| !it.is_fleet() && wanted(*index, it)) {
            let before = text.len();
            text.push_str(&header.text);
            let start = text.len();
            self.write(family.series, &mut Sink::Own(OwnLines::new(family.name, &mut text)));
            if text.len() == start {
                text.truncate(before);
            }
        }
        text
    }

    fn write(&self, series: Series, sink: &mut Sink<'_>) {
        match series {
            Series::Exporter(write) => write(self, &mut Samples::new(sink, &[])),
            Series::Account(write) => {
                for account in &self.accounts {
                    write(account, &mut Samples::new(sink, &account.labels()));
                }
            }
            Series::Report(write) => {
                for account in &self.accounts {
                    let [platform, name] = account.labels();
                    let wanted = |collector| self.collectors.is_empty() || self.collectors.contains(collector);
                    let reports = account.status.collectors.iter().filter(|(collector, _)| wanted(collector));
                    for (collector, report) in reports {
                        let labels = [platform, name, ("collector", collector.name())];
                        write(report, &mut Samples::new(sink, &labels));
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
    }
}
