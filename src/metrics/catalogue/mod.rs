//! Every metric, declared once: its name, type, meaning, labels, where its values come from, and how they are read off the
//! model. The exposition, the documentation and the `metrics` command are all made from these declarations.

mod antivirus;
mod assets;
mod backup;
mod checks;
mod exporter;
mod histories;
mod inventory;
mod listing;
mod outages;
mod patches;
mod performance;
mod server;
mod storage;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::LazyLock;

use super::own::{Own, OwnAccount};
use super::samples::Samples;
use super::status::CollectorReport;
use crate::collector::Collector;
use crate::fleet::{CheckSeries, ClientView, DeviceView, SiteView, TaskSeries, View};
use crate::platform::PlatformName;

pub use listing::{json, markdown, table};

/// A metric family.
#[derive(Debug)]
pub struct Family {
    /// The name, as a query writes it (counters with `_total`).
    pub name: &'static str,
    /// Its type.
    pub metric_type: MetricType,
    /// What a value means: one or more sentences, without the source.
    pub meaning: &'static str,
    /// Where it is documented.
    pub section: Section,
    /// What one series is about; gives the first labels.
    pub scope: Scope,
    /// The labels after those of the scope.
    pub labels: &'static [&'static str],
    /// Labels whose values are fixed.
    pub enumerations: &'static [Enumeration],
    /// Where an N-sight account gets it from; `None` when it cannot have it.
    pub nsight: Option<Source>,
    /// Where a Tactical RMM account gets it from; `None` when it cannot have it.
    pub tactical: Option<Source>,
    /// How its samples are read.
    pub(super) series: Series,
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricType {
    /// Goes up and down.
    Gauge,
    /// Only goes up.
    Counter,
    /// Counts observations in buckets.
    Histogram,
}

/// A part of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The exporter itself.
    Exporter,
    /// Clients, sites, devices.
    Inventory,
    /// Checks and tasks.
    Checks,
    /// Antivirus.
    Antivirus,
    /// Backup.
    Backup,
    /// Updates.
    Patches,
    /// Outages.
    Outages,
    /// How busy devices are.
    Performance,
    /// Space on disks and in stores.
    Storage,
    /// Hardware, software, licences, directory users.
    Assets,
    /// The RMM server.
    Server,
}

/// What one series is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The exporter: no labels.
    Exporter,
    /// An account.
    Account,
    /// A collector of an account.
    Collector,
    /// A client.
    Client,
    /// A site.
    Site,
    /// A device.
    Device,
    /// A check of a device.
    Check,
    /// An automated task of a device.
    Task,
}

/// A label whose values are fixed.
#[derive(Debug)]
pub struct Enumeration {
    /// The label.
    pub label: &'static str,
    /// Its values.
    pub values: &'static [&'static str],
    /// Whether all values are always there, zeros included.
    pub full_set: bool,
}

/// Where values come from.
#[derive(Debug)]
pub struct Source {
    /// The collectors that make the calls.
    pub collectors: &'static [Collector],
    /// The API calls, as in the `call` label.
    pub calls: &'static [&'static str],
}

/// How samples are read off the model.
#[derive(Clone, Copy, Debug)]
pub(super) enum Series {
    Exporter(fn(&Own, &mut Samples<'_, '_>)),
    Account(fn(&OwnAccount, &mut Samples<'_, '_>)),
    Report(fn(&CollectorReport, &mut Samples<'_, '_>)),
    Fleet(fn(&View, &mut Samples<'_, '_>)),
    Client(fn(&ClientView, &mut Samples<'_, '_>)),
    Site(fn(&SiteView, &mut Samples<'_, '_>)),
    Device(fn(&DeviceView, &mut Samples<'_, '_>)),
    Check(fn(&CheckSeries, &mut Samples<'_, '_>)),
    Task(fn(&TaskSeries, &mut Samples<'_, '_>)),
}

impl MetricType {
    /// As in a `# TYPE` line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

impl Section {
    /// Every section, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Exporter,
        Self::Inventory,
        Self::Checks,
        Self::Antivirus,
        Self::Backup,
        Self::Patches,
        Self::Outages,
        Self::Performance,
        Self::Storage,
        Self::Assets,
        Self::Server,
    ];

    /// Its heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Exporter => "The exporter itself",
            Self::Inventory => "Inventory",
            Self::Checks => "Checks and tasks",
            Self::Antivirus => "Antivirus",
            Self::Backup => "Backup",
            Self::Patches => "Patches",
            Self::Outages => "Outages",
            Self::Performance => "Performance",
            Self::Storage => "Storage",
            Self::Assets => "Assets, licences and directory",
            Self::Server => "The RMM server",
        }
    }
}

impl Scope {
    /// Its labels, in the order of the exposition.
    #[must_use]
    pub const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Exporter => &[],
            Self::Account => &["platform", "account"],
            Self::Collector => &["platform", "account", "collector"],
            Self::Client => &["platform", "account", "client", "client_id"],
            Self::Site => &["platform", "account", "client", "client_id", "site", "site_id"],
            Self::Device => &["platform", "account", "client", "site", "device", "device_id"],
            Self::Check => {
                &["platform", "account", "client", "site", "device", "device_id", "check_id", "check", "check_type"]
            }
            Self::Task => &["platform", "account", "client", "site", "device", "device_id", "task_id", "task"],
        }
    }
}

impl Source {
    #[expect(clippy::unnecessary_wraps, reason = "a source is optional wherever one is declared")]
    const fn new(collectors: &'static [Collector], calls: &'static [&'static str]) -> Option<Self> {
        Some(Self { collectors, calls })
    }
}

impl Enumeration {
    const fn full(label: &'static str, values: &'static [&'static str]) -> Self {
        Self { label, values, full_set: true }
    }

    const fn of(label: &'static str, values: &'static [&'static str]) -> Self {
        Self { label, values, full_set: false }
    }
}

impl Family {
    /// What declarations start from; the name, the meaning and the series are always given.
    const fn gauge(section: Section, scope: Scope) -> Self {
        Self {
            name: "",
            metric_type: MetricType::Gauge,
            meaning: "",
            section,
            scope,
            labels: &[],
            enumerations: &[],
            nsight: None,
            tactical: None,
            series: Series::Exporter(|_, _| ()),
        }
    }

    /// Whether it is about the fleet, not about the exporter.
    #[must_use]
    pub fn is_fleet(&self) -> bool {
        self.section != Section::Exporter
    }

    /// Every label, in the order of the exposition.
    pub fn all_labels(&self) -> impl Iterator<Item = &'static str> {
        self.scope.labels().iter().chain(self.labels).copied()
    }

    /// Where an account on `platform` gets it from.
    #[must_use]
    pub const fn source(&self, platform: PlatformName) -> Option<&Source> {
        match platform {
            PlatformName::Nsight => self.nsight.as_ref(),
            PlatformName::Tactical => self.tactical.as_ref(),
        }
    }

    /// The collectors that it comes from on any platform, each once.
    #[must_use]
    pub fn collectors(&self) -> Vec<Collector> {
        let sources = [&self.nsight, &self.tactical];
        let mut collectors: Vec<_> =
            sources.into_iter().flatten().flat_map(|source| source.collectors).copied().collect();
        collectors.sort_unstable();
        collectors.dedup();
        collectors
    }

    /// The text of its `# HELP` line, not escaped.
    #[must_use]
    pub fn help(&self) -> String {
        let mut help = self.meaning.to_owned();
        for (platform, source) in [("N-sight", &self.nsight), ("Tactical RMM", &self.tactical)] {
            if let Some(source) = source {
                let _ = write!(help, " {platform}: {}.", source.calls.join(", "));
            }
        }
        if self.is_fleet() {
            help.push_str(" Value of the last poll.");
        }
        help
    }

    /// What OpenMetrics calls the family: a counter's name without `_total`.
    #[must_use]
    pub fn open_metrics_name(&self) -> &'static str {
        match self.metric_type {
            MetricType::Counter => self.name.strip_suffix("_total").unwrap_or(self.name),
            MetricType::Gauge | MetricType::Histogram => self.name,
        }
    }
}

/// Every family in the order of the exposition: the exporter's own first, then the fleet's.
#[must_use]
pub fn families() -> &'static [&'static Family] {
    static FAMILIES: LazyLock<Vec<&'static Family>> = LazyLock::new(|| {
        let sections: [&'static [Family]; 11] = [
            &exporter::FAMILIES,
            &inventory::FAMILIES,
            &checks::FAMILIES,
            &antivirus::FAMILIES,
            &backup::FAMILIES,
            &patches::FAMILIES,
            &outages::FAMILIES,
            &performance::FAMILIES,
            &storage::FAMILIES,
            &assets::FAMILIES,
            &server::FAMILIES,
        ];
        sections.into_iter().flatten().collect()
    });
    &FAMILIES
}
