//! What is true of one device: everything that is fresh, judged together.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::failing::FreshReports;
use super::merge::Freshness;
use super::series::{check_series, task_series};
use super::store::Fleet;
use super::{
    CheckSeries, DeviceRecord, DeviceView, FailingDevice, Feature, History, HistoryView, Kind, Label, Mapping,
    Readings, Signal, StatusCounts,
};
use crate::collector::Collector;
use crate::config::ChecksMode;
use crate::platform::PlatformName;

impl Fleet {
    /// A device with everything that is known of it.
    pub(super) fn device<'a>(
        &'a self,
        fresh: &mut Freshness<'a>,
        client: Label,
        site: Label,
        mut record: DeviceRecord,
        failing: &FreshReports<'a>,
    ) -> DeviceView {
        let id = record.id.clone();
        let now = fresh.now.unwrap_or(Timestamp::MAX);
        if record.agentless == Some(true) || record.kind == Some(Kind::Mobile) {
            return info_only(client, site, record);
        }
        let nsight = self.options.platform == PlatformName::Nsight;
        let failing = failing.of(&record.client, &id);
        if let Some((Some(report), _)) = failing {
            decide_by_report(&mut record, report);
        }
        let checks = fresh.of_device(&self.checks, &id, Collector::Checks);
        let tasks = fresh.of_device(&self.tasks, &id, if nsight { Collector::Checks } else { Collector::Tasks });
        // What the list counts now is newer than what the checks said, and some of it is not true any more.
        let listed = record.checks.filter(|_| self.counts_changed(&record));
        let read = checks.map(|(checks, _)| checks.counts).filter(|_| listed.is_none());
        record.checks = combine_counts(nsight, record.checks, read);
        record.tasks = combine_counts(nsight, record.tasks, tasks.map(|(tasks, _)| tasks.counts));

        let lacks = |feature| record.features.is_some() && !record.has(feature);
        let patches = fresh.of_device(&self.patches, &id, Collector::Patches).and_then(|(patches, _)| patches.clone());
        let patches = patches.filter(|_| !lacks(Feature::Patch));
        let mut readings = self.readings.fresh(&id, fresh);
        // A feature that was switched off is not read any more, and what was read does not hold any more.
        if lacks(Feature::ManagedAntivirus) {
            readings = Readings { threats: None, quarantined: None, scans: None, ..readings };
        }
        let monitored = checks.map(|(checks, _)| checks.performance_monitored);
        if monitored == Some(false) && record.kind == Some(Kind::Workstation) {
            readings.performance = None;
        }
        if lacks(Feature::Backup) {
            readings = Readings { sessions: None, selection: None, ..readings };
        }
        if let Some(required) = patches.as_ref().and_then(|patches| patches.reboot_required) {
            record.reboot_required = Some(required);
        }
        // A plan asks for neither histories nor series, and in a large fleet they cost more than all the rest.
        let is_plan = fresh.now.is_none();
        let (antivirus, backup) = if is_plan {
            (None, None)
        } else if nsight {
            let antivirus = fresh.of_device(&self.antivirus, &id, Collector::Antivirus);
            let backup = fresh.of_device(&self.backup, &id, Collector::Backup);
            let view = |(history, at): (&Option<Arc<History>>, _)| self.history(history.as_ref(), at);
            (antivirus.and_then(view), backup.and_then(view))
        } else {
            let signals = checks.map(|(checks, _)| checks.signals).unwrap_or_default();
            let mappings = &self.options.mappings;
            (
                self.mapped(mappings.antivirus.as_ref(), signals.antivirus, &record, now),
                self.mapped(mappings.backup.as_ref(), signals.backup, &record, now),
            )
        };

        if let Some(memory) = readings.details.as_ref().and_then(|details| details.memory_bytes) {
            record.memory_bytes = Some(memory);
        }
        let mode = self.options.checks_mode;
        // Without a fresh report there is nothing to compare with; with one, silence about a device means "no failure".
        let mut reported_checks = failing.map(|(report, at)| (report.map_or(&[][..], |report| &report.checks[..]), at));
        if listed.is_some_and(|listed| listed.failing == Some(0)) {
            reported_checks = Some((&[], now));
        }
        let reported_tasks = failing.map(|(report, at)| (report.map_or(&[][..], |report| &report.tasks[..]), at));
        let (mut check_views, task_views) = if is_plan || mode == ChecksMode::None {
            (Vec::new(), Vec::new())
        } else {
            (
                check_series(mode, nsight, checks.map(|(checks, at)| (&checks.checks[..], at)), reported_checks),
                task_series(mode, tasks.map(|(tasks, at)| (&tasks.tasks[..], at)), reported_tasks),
            )
        };
        if listed.is_some_and(|listed| listed.failing != Some(0)) {
            doubt_what_passed(&mut check_views);
        }
        DeviceView {
            id,
            client,
            site,
            record,
            checks: check_views,
            tasks: task_views,
            antivirus,
            backup,
            patches,
            performance_monitored: monitored,
            readings,
        }
    }

    /// Whether the device list counts its checks otherwise than when they were read themselves (Tactical RMM).
    fn counts_changed(&self, record: &DeviceRecord) -> bool {
        let then = self.counters_when_read.get(&record.id).copied().flatten();
        then.zip(record.check_counters).is_some_and(|(then, listed)| then != listed)
    }

    fn history(&self, history: Option<&Arc<History>>, polled: Timestamp) -> Option<HistoryView> {
        let history = history?;
        let zone = self.zone();
        Some(HistoryView {
            up_to_date: history.up_to_date,
            last_pass: zone.and_then(|zone| history.last_pass_time(zone, polled)),
            consecutive_failures: history.consecutive_failures,
            daily_results: zone.map(|zone| history.daily_results(zone, polled)),
        })
    }

    /// What the checks and custom fields that are mapped say of a device.
    fn mapped(
        &self,
        mapping: Option<&Mapping>,
        signal: Option<Signal>,
        record: &DeviceRecord,
        now: Timestamp,
    ) -> Option<HistoryView> {
        let field = |name: &str| {
            let fields = record.custom_fields.as_deref()?;
            let (definition, _) = self.field_names.as_deref()?.iter().find(|(_, known)| **known == *name)?;
            fields.iter().find(|field| field.definition == *definition).map(|field| &field.value)
        };
        let zone = self.options.time_zone.clone().unwrap_or(TimeZone::UTC);
        mapping?.view(signal, field, &zone, now)
    }
}

/// A mobile device or an entry without agent: it exists, and nothing measures it.
fn info_only(client: Label, site: Label, record: DeviceRecord) -> DeviceView {
    let bare = DeviceRecord::new(record.id.clone(), record.name, record.client, record.site);
    DeviceView {
        id: record.id,
        client,
        site,
        record: DeviceRecord { kind: record.kind, info: record.info, agentless: record.agentless, ..bare },
        checks: Vec::new(),
        tasks: Vec::new(),
        antivirus: None,
        backup: None,
        patches: None,
        performance_monitored: None,
        readings: Readings::default(),
    }
}

/// The failing-check report knows better than the lists who is overdue, offline or out of reach. It cannot speak for a
/// workstation without active 24x7 checks, which has neither state.
fn decide_by_report(record: &mut DeviceRecord, report: &FailingDevice) {
    let server = record.kind == Some(Kind::Server);
    let has_state = server || record.online.is_some() || record.overdue.is_some() || record.check_interval.is_some();
    let speaks = has_state || record.agentless.is_none();
    if report.overdue && speaks {
        record.overdue = Some(true);
    }
    let not_online = report.offline || report.unreachable || (server && report.overdue);
    if not_online && speaks {
        record.online = Some(false);
    }
}

/// Some checks fail of which nobody knows yet which. That one fails is said as long as any may; that one does not is not said.
fn doubt_what_passed(checks: &mut [CheckSeries]) {
    for check in checks.iter_mut().filter(|check| check.failing == Some(false)) {
        (check.failing, check.consecutive_failures) = (None, None);
    }
}

/// N-sight counts passing, failing and cleared in its device list, and only the checks themselves tell which never ran;
/// Tactical RMM's own checks, once read, replace the list's counters until these change.
fn combine_counts(nsight: bool, listed: Option<StatusCounts>, read: Option<StatusCounts>) -> Option<StatusCounts> {
    if nsight {
        let listed = listed?;
        Some(StatusCounts { pending: read.and_then(|read| read.pending), ..listed })
    } else {
        read.or(listed)
    }
}
