//! From what every call said to what is true now: one [`View`].

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::failing::FreshReports;
use super::store::{Fleet, Part, PerDevice};
use super::{
    ClientKey, ClientRecord, ClientView, DeviceId, DeviceList, DeviceRecord, DeviceView, Kind, KindCounts, Label,
    Lacking, SiteKey, SiteRecord, SiteView, View,
};
use crate::collector::Collector;

/// Which parts count: all that is known (for planning), or what is fresh at a moment (for exposition).
pub(super) struct Freshness<'a> {
    fleet: &'a Fleet,
    pub(super) now: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

impl<'a> Freshness<'a> {
    /// The part's content while it is fresh. What claims to be read later than now (the clock was set back) is fresh for no
    /// longer than if it were that old.
    pub(super) fn of<'p, T>(&mut self, part: &'p Part<T>, collector: Collector) -> Option<&'p T> {
        let Some(now) = self.now else { return Some(&part.value) };
        let stale_after = self.fleet.options.stale_after.get(&collector).copied().unwrap_or(Duration::ZERO);
        let until = part.at.saturating_add(stale_after).unwrap_or(Timestamp::MAX);
        if now.duration_since(part.at).unsigned_abs() >= stale_after {
            return None;
        }
        self.valid_until = Some(self.valid_until.map_or(until, |earlier| earlier.min(until)));
        Some(&part.value)
    }

    /// Whether what a list no longer named is still good; what it named is.
    fn is_named(&mut self, unnamed: Option<&Part<()>>) -> bool {
        unnamed.is_none_or(|part| self.of(part, Collector::Inventory).is_some())
    }

    pub(super) fn of_device<T>(
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

    /// Everything that was reported and not withdrawn, however old: what to plan for. Without histories and single checks and
    /// tasks, which no plan asks for.
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
        let mut lacking = Lacking::default();
        for record in self.merged_records(&mut fresh, &failing) {
            if now.is_none() {
                self.add_lacking(&record, &mut lacking);
            }
            let client = name_of(&client_names, &record.client, record.client_name.as_ref());
            let site = name_of(&site_names, &record.site, record.site_name.as_ref());
            if self.admits(&client, &site, &record) {
                devices.push(self.device(&mut fresh, client, site, record, &failing));
            }
        }
        // A device is a large value: its place is found first, so that it moves once.
        devices.sort_by_cached_key(|device| {
            (device.client.clone(), device.site.clone(), device.record.name.clone(), device.id.clone())
        });

        let counted = self.count_devices(&mut fresh, &devices);
        let clients = self.clients.as_ref().and_then(|part| fresh.of(part, Collector::Inventory));
        let clients: Vec<&ClientRecord> = clients
            .into_iter()
            .flatten()
            .filter(|client| self.options.filter.clients.admits(client.name.as_str()))
            .filter(|client| fresh.is_named(self.unnamed.clients.get(&client.key)))
            .collect();
        let clients: Vec<ClientView> = clients
            .into_iter()
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
            time_zone: self.zone().cloned(),
            antivirus_products: self.antivirus_products.clone(),
            lacking,
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
        // A site that moved may be in the lists of two clients: the newer one names it.
        let mut lists: Vec<_> = self.sites.iter().collect();
        lists.sort_by(|(a, a_part), (b, b_part)| a_part.at.cmp(&b_part.at).then_with(|| a.cmp(b)));
        let records = lists.into_iter().flat_map(|(_, part)| &part.value);
        records.map(|site: &SiteRecord| (&site.key, &site.name)).collect()
    }

    fn definitions<'a>(&'a self, fresh: &mut Freshness<'a>) -> Vec<(Label, Timestamp)> {
        let definitions = self.antivirus_definitions.iter();
        definitions
            .filter_map(|(product, part)| {
                let released = fresh.of(part, Collector::AntivirusDefinitions)?.0?;
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
            let unnamed = self.unnamed.devices.get(list);
            for record in &part.value {
                if !fresh.is_named(unnamed.and_then(|unnamed| unnamed.get(&record.id))) {
                    continue;
                }
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
            let unnamed = self.unnamed.sites.get(&client.key);
            for site in sites.iter().filter(|site| filter.sites.admits(site.name.as_str())) {
                if !fresh.is_named(unnamed.and_then(|unnamed| unnamed.get(&site.key))) {
                    continue;
                }
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
        daily_check,
        custom_fields,
        pending_actions,
        patches_pending,
        checks,
        tasks
    );
}
