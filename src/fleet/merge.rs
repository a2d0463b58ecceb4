//! From what every call said to what is true now: one [`View`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::failing::FreshReports;
use super::series::{check_series, task_series};
use super::store::{Fleet, Part, PerDevice};
use super::{
    ClientKey, ClientRecord, ClientView, DeviceId, DeviceList, DeviceRecord, DeviceView, FailingDevice, History,
    HistoryView, Kind, KindCounts, Label, Mapping, Readings, Signal, SiteKey, SiteRecord, SiteView, StatusCounts, View,
};
use crate::collector::Collector;
use crate::config::ChecksMode;
use crate::platform::PlatformName;

/// Which parts count: all that is known (for planning), or what is fresh at a moment (for exposition).
pub(super) struct Freshness<'a> {
    fleet: &'a Fleet,
    now: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

impl<'a> Freshness<'a> {
    /// The part's content while it is fresh.
    pub(super) fn of<T>(&mut self, part: &'a Part<T>, collector: Collector) -> Option<&'a T> {
        let Some(now) = self.now else { return Some(&part.value) };
        let stale_after = self.fleet.options.stale_after.get(&collector).copied().unwrap_or(Duration::ZERO);
        let until = part.at.saturating_add(stale_after).unwrap_or(Timestamp::MAX);
        if until <= now {
            return None;
        }
        self.valid_until = Some(self.valid_until.map_or(until, |earlier| earlier.min(until)));
        Some(&part.value)
    }

    fn of_device<T>(
        &mut self,
        parts: &'a PerDevice<T>,
        id: &DeviceId,
        collector: Collector,
    ) -> Option<(&'a T, Timestamp)> {
        let part = parts.get(id)?;
        Some((self.of(part, collector)?, part.at))
    }
}

impl Fleet {
    /// What is true at `now`: parts older than their collector's `stale_after` are left out.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> View {
        self.view(Some(now))
    }

    /// Everything that was reported and not withdrawn, however old: what to plan for.
    #[must_use]
    pub fn known(&self) -> View {
        self.view(None)
    }

    fn view(&self, now: Option<Timestamp>) -> View {
        let mut fresh = Freshness { fleet: self, now, valid_until: None };
        let client_names = self.client_names();
        let site_names = self.site_names();
        let duplicates = self.lists.keys().filter_map(|list| self.duplicates.get(list)).sum();

        let failing = self.failing.fresh(&mut fresh);
        let mut devices = Vec::new();
        for record in self.merged_records(&mut fresh, &failing) {
            let client = name_of(&client_names, &record.client, record.client_name.as_ref());
            let site = name_of(&site_names, &record.site, record.site_name.as_ref());
            if self.admits(&client, &site, &record) {
                devices.push(self.device(&mut fresh, client, site, record, &failing));
            }
        }
        devices.sort_by(|a, b| {
            (&a.client, &a.site, &a.record.name, &a.id).cmp(&(&b.client, &b.site, &b.record.name, &b.id))
        });

        let counted = self.count_devices(&mut fresh, &devices);
        let clients = self.clients.as_ref().and_then(|part| fresh.of(part, Collector::Inventory));
        let clients: Vec<ClientView> = clients
            .into_iter()
            .flatten()
            .filter(|client| self.options.filter.clients.admits(client.name.as_str()))
            .map(|client| ClientView {
                key: client.key.clone(),
                id: client.id.clone(),
                name: client.name.clone(),
                timezone: client.timezone.clone(),
                devices: client.devices.unwrap_or_else(|| counted.of(&client.key)),
                licenses: self.licenses.get(&client.key).and_then(|part| fresh.of(part, Collector::Licenses)).cloned(),
            })
            .collect();
        let mut sites = self.site_views(&mut fresh);
        let mut clients = clients;
        clients.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        sites.sort_by(|a, b| (&a.client, &a.name, &a.id).cmp(&(&b.client, &b.name, &b.id)));
        View {
            clients,
            sites,
            devices,
            antivirus_definitions: self.definitions(&mut fresh),
            server: self.server.as_ref().and_then(|part| fresh.of(part, Collector::Server)).cloned(),
            alerts: self.alerts.as_ref().and_then(|part| fresh.of(part, Collector::Alerts)).copied(),
            time_zone: self.time_zone.clone(),
            antivirus_products: self.antivirus_products.clone(),
            duplicates,
            valid_until: fresh.valid_until,
        }
    }

    /// Names never go stale: a device's labels come from the newest list of clients and sites, whatever its age.
    fn client_names(&self) -> HashMap<&ClientKey, &Label> {
        let records = self.clients.iter().flat_map(|part| &part.value);
        records.map(|client: &ClientRecord| (&client.key, &client.name)).collect()
    }

    fn site_names(&self) -> HashMap<&SiteKey, &Label> {
        let records = self.sites.values().flat_map(|part| &part.value);
        records.map(|site: &SiteRecord| (&site.key, &site.name)).collect()
    }

    fn definitions<'a>(&'a self, fresh: &mut Freshness<'a>) -> Vec<(Label, Timestamp)> {
        let definitions = self.antivirus_definitions.iter();
        definitions
            .filter_map(|(product, part)| {
                let released = fresh.of(part, Collector::AntivirusDefinitions).copied().flatten()?;
                Some((Label::new(product), released))
            })
            .collect()
    }

    fn admits(&self, client: &Label, site: &Label, record: &DeviceRecord) -> bool {
        let filter = &self.options.filter;
        filter.clients.admits(client.as_str())
            && filter.sites.admits(site.as_str())
            && filter.devices.admits(record.name.as_str())
            && record.kind.is_none_or(|kind| filter.admits_kind(kind))
    }

    /// Every device that a fresh list names, its records laid over each other, the newest first.
    fn merged_records<'a>(&'a self, fresh: &mut Freshness<'a>, failing: &FreshReports<'a>) -> Vec<DeviceRecord> {
        let mut lists: Vec<(&DeviceList, &Part<Vec<DeviceRecord>>)> =
            self.lists.iter().filter(|(_, part)| fresh.of(part, Collector::Inventory).is_some()).collect();
        lists.sort_by(|(a, a_part), (b, b_part)| b_part.at.cmp(&a_part.at).then_with(|| a.cmp(b)));
        // Of two lists of the same sort (a device that moved) only the newer one speaks; the older one would fill what the
        // newer one says is unknown.
        let mut merged: HashMap<&DeviceId, DeviceRecord> = HashMap::new();
        let mut spoke: HashSet<(&DeviceId, std::mem::Discriminant<DeviceList>)> = HashSet::new();
        for (list, part) in lists {
            for record in &part.value {
                if !spoke.insert((&record.id, std::mem::discriminant(list))) {
                    continue;
                }
                match merged.get_mut(&record.id) {
                    Some(newer) => fill_gaps(newer, record),
                    None => _ = merged.insert(&record.id, record.clone()),
                }
            }
        }
        for failing in failing.devices() {
            merged.entry(&failing.device.id).or_insert_with(|| failing.device.clone());
        }
        merged.into_values().collect()
    }

    fn device<'a>(
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
        let read = checks.map(|(checks, _)| checks.counts);
        record.checks = combine_counts(nsight, record.checks, read);
        record.tasks = combine_counts(nsight, record.tasks, tasks.map(|(tasks, _)| tasks.counts));

        let patches = fresh.of_device(&self.patches, &id, Collector::Patches).and_then(|(patches, _)| patches.clone());
        if let Some(required) = patches.as_ref().and_then(|patches| patches.reboot_required) {
            record.reboot_required = Some(required);
        }
        let (antivirus, backup) = if nsight {
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

        let readings = self.readings.fresh(&id, fresh);
        if let Some(memory) = readings.details.as_ref().and_then(|details| details.memory_bytes) {
            record.memory_bytes = Some(memory);
        }
        let mode = self.options.checks_mode;
        // Without a fresh report there is nothing to compare with; with one, silence about a device means "no failure".
        let reported_checks = failing.map(|(report, at)| (report.map_or(&[][..], |report| &report.checks[..]), at));
        let reported_tasks = failing.map(|(report, at)| (report.map_or(&[][..], |report| &report.tasks[..]), at));
        let (check_views, task_views) = if mode == ChecksMode::None {
            (Vec::new(), Vec::new())
        } else {
            (
                check_series(mode, nsight, checks.map(|(checks, at)| (&checks.checks[..], at)), reported_checks),
                task_series(mode, tasks.map(|(tasks, at)| (&tasks.tasks[..], at)), reported_tasks),
            )
        };
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
            performance_monitored: checks.map(|(checks, _)| checks.performance_monitored),
            readings,
        }
    }

    fn history(&self, history: Option<&Arc<History>>, polled: Timestamp) -> Option<HistoryView> {
        let history = history?;
        let zone = self.time_zone.as_ref();
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

    fn count_devices<'a>(&'a self, fresh: &mut Freshness<'a>, devices: &[DeviceView]) -> Counted {
        let listed =
            self.lists.get(&DeviceList::Account).is_some_and(|part| fresh.of(part, Collector::Inventory).is_some());
        if !listed {
            return Counted(None);
        }
        let mut counts: HashMap<ClientKey, (u64, u64)> = HashMap::new();
        for device in devices {
            let (servers, workstations) = counts.entry(device.record.client.clone()).or_default();
            match device.record.kind {
                Some(Kind::Server) => *servers += 1,
                Some(Kind::Workstation) => *workstations += 1,
                _ => {}
            }
        }
        Counted(Some(counts))
    }

    /// Sites are as fresh as their own lists; the names of their clients are known from the newest client list, whatever its
    /// age.
    fn site_views<'a>(&'a self, fresh: &mut Freshness<'a>) -> Vec<SiteView> {
        let filter = &self.options.filter;
        let mut views = Vec::new();
        for client in self.clients.iter().flat_map(|part| &part.value) {
            let sites = self.sites.get(&client.key).filter(|_| filter.clients.admits(client.name.as_str()));
            let Some(sites) = sites.and_then(|part| fresh.of(part, Collector::Inventory)) else { continue };
            for site in sites.iter().filter(|site| filter.sites.admits(site.name.as_str())) {
                views.push(SiteView {
                    key: site.key.clone(),
                    client_key: client.key.clone(),
                    client_id: client.id.clone(),
                    client: client.name.clone(),
                    id: site.id.clone(),
                    name: site.name.clone(),
                    connection_up: site.connection_up,
                    directory_users: self
                        .directories
                        .get(&site.key)
                        .and_then(|part| fresh.of(part, Collector::Directory))
                        .copied(),
                });
            }
        }
        views
    }
}

/// Devices counted by client, where the platform itself does not count; `None` while the device list is not fresh.
struct Counted(Option<HashMap<ClientKey, (u64, u64)>>);

impl Counted {
    fn of(&self, client: &ClientKey) -> KindCounts {
        let Some(counts) = &self.0 else { return KindCounts::default() };
        let (server, workstation) = counts.get(client).copied().unwrap_or_default();
        KindCounts { server: Some(server), workstation: Some(workstation), mobile: None }
    }
}

fn name_of<K: std::hash::Hash + Eq>(names: &HashMap<&K, &Label>, key: &K, own: Option<&Label>) -> Label {
    names.get(key).copied().or(own).cloned().unwrap_or_default()
}

/// Takes from `older` what `newer` does not say.
fn fill_gaps(newer: &mut DeviceRecord, older: &DeviceRecord) {
    macro_rules! fill {
        ($($field:ident),*) => {
            $(if newer.$field.is_none() { newer.$field.clone_from(&older.$field); })*
        };
    }
    fill!(
        kind,
        client_name,
        site_name,
        info,
        agentless,
        online,
        overdue,
        last_seen,
        boot,
        check_interval,
        maintenance,
        reboot_required,
        memory_bytes,
        features,
        antivirus_engine,
        utc_offset,
        custom_fields,
        pending_actions,
        patches_pending,
        checks,
        tasks
    );
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
    let details_known = record.agentless.is_some();
    if report.overdue && (record.overdue.is_some() || !details_known) {
        record.overdue = Some(true);
    }
    let server = record.kind == Some(Kind::Server);
    let not_online = report.offline || report.unreachable || (server && report.overdue);
    if not_online && (record.online.is_some() || !details_known) {
        record.online = Some(false);
    }
}

/// N-sight counts passing, failing and cleared in its device list, and only the checks themselves tell which never ran;
/// Tactical RMM's own checks, once read, replace the list's counters.
fn combine_counts(nsight: bool, listed: Option<StatusCounts>, read: Option<StatusCounts>) -> Option<StatusCounts> {
    if nsight {
        let listed = listed?;
        Some(StatusCounts { pending: read.and_then(|read| read.pending), ..listed })
    } else {
        read.or(listed)
    }
}
