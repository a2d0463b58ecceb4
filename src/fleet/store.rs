//! The last good answer of every call of one account, with its time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::encoding;
use super::failing::FailingReports;
use super::incomplete::Unnamed;
use super::lacking::LackingThen;
use super::listed::MAX_DEVICES;
use super::readings::AllReadings;
use super::{
    AntivirusProduct, ClientKey, ClientRecord, DeviceChecks, DeviceId, DeviceList, DeviceRecord, DeviceTasks,
    FailingDevice, FieldNames, Filter, History, Kind, License, Mappings, OpenAlerts, PatchCounts, ServerState, SiteKey,
    SiteRecord, Update,
};
use crate::collector::Collector;
use crate::config::ChecksMode;
use crate::platform::PlatformName;

/// What the store must know of the account's configuration.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// The platform.
    pub platform: PlatformName,
    /// What is looked at.
    pub filter: Filter,
    /// Which checks become series.
    pub checks_mode: ChecksMode,
    /// How long each enabled collector's data are good.
    pub stale_after: BTreeMap<Collector, Duration>,
    /// The configured zone of daily histories (`None` waits for the platform's own), or of times in custom fields (`None` is
    /// UTC).
    pub time_zone: Option<TimeZone>,
    /// What says whether antivirus and backup are well (Tactical RMM).
    pub mappings: Mappings,
}

impl FleetOptions {
    /// Of a fleet that was just read from where it was stored: nothing of it is good.
    fn unknown() -> Self {
        Self {
            platform: PlatformName::Nsight,
            filter: Filter::default(),
            checks_mode: ChecksMode::default(),
            stale_after: BTreeMap::new(),
            time_zone: None,
            mappings: Mappings::default(),
        }
    }

    /// Data of that collector read before this time are stale at `now`.
    pub(super) fn stale_at(&self, collector: Collector, now: Timestamp) -> Timestamp {
        let stale_after = self.stale_after.get(&collector).copied().unwrap_or(Duration::ZERO);
        now.saturating_sub(stale_after).unwrap_or(Timestamp::MIN)
    }
}

/// Something and when it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part<T> {
    pub(super) value: T,
    pub(super) at: Timestamp,
}

/// When a product's newest definitions came out; `None` when it has none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Released(#[serde(with = "encoding::optional_time")] pub(super) Option<Timestamp>);

pub(super) type PerDevice<T> = HashMap<DeviceId, Part<T>>;

/// What an update changed besides values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Which objects exist, or which calls they need, may have changed: plan anew.
    pub objects: bool,
    /// Devices whose checks have changed since they were read (Tactical RMM): read them next.
    pub hurry: Vec<DeviceId>,
}

/// The fleet of one account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fleet {
    /// Not a part of what is stored.
    #[serde(skip, default = "FleetOptions::unknown")]
    pub(super) options: FleetOptions,
    /// Counts the changes.
    pub(super) revision: u64,
    pub(super) clients: Option<Part<Vec<ClientRecord>>>,
    pub(super) sites: HashMap<ClientKey, Part<Vec<SiteRecord>>>,
    pub(super) lists: HashMap<DeviceList, Part<Vec<DeviceRecord>>>,
    pub(super) failing: FailingReports,
    pub(super) checks: PerDevice<DeviceChecks>,
    pub(super) tasks: PerDevice<DeviceTasks>,
    pub(super) antivirus: PerDevice<Option<Arc<History>>>,
    pub(super) backup: PerDevice<Option<Arc<History>>>,
    pub(super) patches: PerDevice<Option<PatchCounts>>,
    pub(super) readings: AllReadings,
    pub(super) licenses: HashMap<ClientKey, Part<Arc<[License]>>>,
    pub(super) directories: HashMap<SiteKey, Part<[u64; 6]>>,
    pub(super) antivirus_products: Option<Arc<[AntivirusProduct]>>,
    pub(super) antivirus_definitions: BTreeMap<Arc<str>, Part<Released>>,
    pub(super) server: Option<Part<ServerState>>,
    pub(super) alerts: Option<Part<OpenAlerts>>,
    pub(super) field_names: Option<FieldNames>,
    /// How many entries the device lists may have together.
    #[serde(skip, default = "super::listed::most_devices")]
    pub(super) most_devices: usize,
    /// The platform's own, where it was asked for; the configured one comes first.
    #[serde(with = "jiff::fmt::serde::tz::optional")]
    pub(super) time_zone: Option<TimeZone>,
    /// The device list's check counters at the time when the device's own checks were read.
    pub(super) counters_when_read: HashMap<DeviceId, Option<[u64; 5]>>,
    /// Where devices are in the account's own list; may be out of date.
    #[serde(skip)]
    pub(super) places: HashMap<DeviceId, usize>,
    /// What devices lacked when they were asked.
    pub(super) lacking: LackingThen,
    /// How many checks devices have by their lists; empty until somebody asks.
    #[serde(skip)]
    pub(super) listed_checks: HashMap<DeviceId, u64>,
    /// Devices that the platform once said it does not know, and when.
    pub(super) denied: PerDevice<()>,
    /// Records of the newest answers that repeat an id of the same answer.
    pub(super) duplicates: HashMap<DeviceList, u64>,
    /// What answers did not name of which some records cannot be read.
    pub(super) unnamed: Unnamed,
}

impl Fleet {
    /// An empty fleet: nothing is known yet.
    #[must_use]
    pub fn new(options: FleetOptions) -> Self {
        Self {
            time_zone: None,
            options,
            revision: 0,
            clients: None,
            sites: HashMap::new(),
            lists: HashMap::new(),
            failing: FailingReports::default(),
            checks: HashMap::new(),
            tasks: HashMap::new(),
            antivirus: HashMap::new(),
            backup: HashMap::new(),
            patches: HashMap::new(),
            readings: AllReadings::default(),
            licenses: HashMap::new(),
            directories: HashMap::new(),
            antivirus_products: None,
            antivirus_definitions: BTreeMap::new(),
            server: None,
            alerts: None,
            field_names: None,
            most_devices: MAX_DEVICES,
            counters_when_read: HashMap::new(),
            places: HashMap::new(),
            lacking: LackingThen::default(),
            listed_checks: HashMap::new(),
            denied: HashMap::new(),
            duplicates: HashMap::new(),
            unnamed: Unnamed::default(),
        }
    }

    /// From now on data are good for so long.
    pub fn keep_for(&mut self, stale_after: BTreeMap<Collector, Duration>) {
        self.options.stale_after = stale_after;
    }

    /// The zone of daily histories, once known.
    pub(super) fn zone(&self) -> Option<&TimeZone> {
        self.options.time_zone.as_ref().or(self.time_zone.as_ref())
    }

    /// Takes what an answer of time `at` says. It replaces what the same call said before, and nothing else, but that an
    /// object which the answer no longer lists is withdrawn from older lists too.
    pub fn apply(&mut self, update: Update, at: Timestamp) -> Changed {
        self.revision += 1;
        let (mut update, is_whole) = match update {
            Update::Incomplete(update) => (*update, false),
            update => (update, true),
        };
        update.shrink_to_fit();
        let mut changed = Changed::default();
        if let Update::Sites(client, _)
        | Update::Devices(DeviceList::Client(client, _), _)
        | Update::FailingAt(client, _)
        | Update::Licenses(client, _) = &update
            && self.is_gone(client)
        {
            return changed;
        }
        match update {
            Update::Clients(clients) => changed.objects = self.apply_clients(clients, at, is_whole),
            Update::ClientsAndSites(clients, sites) => {
                changed.objects = self.apply_clients(clients, at, is_whole);
                let mut by_client: HashMap<ClientKey, Vec<SiteRecord>> = HashMap::new();
                for site in sites {
                    by_client.entry(site.client.clone()).or_default().push(site);
                }
                for client in self.client_keys() {
                    let sites = by_client.remove(&client).unwrap_or_default();
                    changed.objects |= self.apply_sites(client, sites, at, is_whole);
                }
            }
            Update::Sites(client, sites) => changed.objects = self.apply_sites(client, sites, at, is_whole),
            Update::Devices(list, devices) => {
                let mut devices = devices;
                if let (DeviceList::Site(..), Some(first)) = (&list, devices.first())
                    && self.is_gone(&first.client)
                {
                    // Every device of a site belongs to the site's client.
                    devices.clear();
                }
                changed.hurry = self.devices_with_changed_counters(&devices);
                self.note_list(&devices);
                changed.objects = self.apply_devices(list, devices, at, is_whole);
            }
            Update::Failing(devices) => {
                changed.objects = self.names_strangers(&devices);
                self.failing.take(None, devices, at, is_whole);
            }
            Update::FailingAt(client, devices) => {
                changed.objects = self.names_strangers(&devices);
                self.failing.take(Some(client), devices, at, is_whole);
            }
            Update::Checks(id, value) => {
                let monitored = |part: &Part<DeviceChecks>| part.value.performance_monitored;
                changed.objects = self.options.stale_after.contains_key(&Collector::Performance)
                    && self.checks.get(&id).is_some_and(monitored) != value.performance_monitored;
                let counters = self.listed_counters(&id);
                self.counters_when_read.insert(id.clone(), counters);
                self.checks.insert(id, Part { value, at });
            }
            Update::Tasks(id, value) => _ = self.tasks.insert(id, Part { value, at }),
            Update::Antivirus(id, value) => {
                self.note_history(Collector::Antivirus, &id, value.is_some(), at);
                self.antivirus.insert(id, Part { value, at });
            }
            Update::Backup(id, value) => {
                self.note_history(Collector::Backup, &id, value.is_some(), at);
                self.backup.insert(id, Part { value, at });
            }
            Update::Patches(id, value) => _ = self.patches.insert(id, Part { value, at }),
            Update::Reading(id, reading) => self.readings.take(id, reading, at),
            Update::Selections(selections) => self.readings.take_selections(selections, at),
            Update::TimeZone(zone) => {
                changed.objects = self.options.time_zone.is_none() && self.time_zone.as_ref() != Some(&zone);
                self.time_zone = Some(zone);
            }
            Update::AntivirusProducts(products) => {
                changed.objects = self.antivirus_products.as_ref() != Some(&products);
                self.antivirus_definitions.retain(|id, _| products.iter().any(|product| product.id == *id));
                self.antivirus_products = Some(products);
            }
            Update::AntivirusDefinitions(product, value) => {
                self.antivirus_definitions.insert(product, Part { value: Released(value), at });
            }
            Update::Licenses(client, value) => _ = self.licenses.insert(client, Part { value, at }),
            Update::Directory(site, value) => _ = self.directories.insert(site, Part { value, at }),
            Update::Server(value) => self.server = Some(Part { value, at }),
            Update::Alerts(value) => self.alerts = Some(Part { value, at }),
            Update::FieldNames(names) => self.apply_field_names(names),
            // One within another says no more.
            Update::Incomplete(_) => {}
        }
        changed
    }

    /// Whether the client list that we have does not name the client: then an answer about it was under way when the client
    /// went, and nothing would ever withdraw what it says.
    fn is_gone(&self, client: &ClientKey) -> bool {
        self.clients.as_ref().is_some_and(|part| part.value.iter().all(|listed| listed.key != *client))
    }

    pub(super) fn client_keys(&self) -> Vec<ClientKey> {
        self.clients.iter().flat_map(|part| part.value.iter().map(|client| client.key.clone())).collect()
    }

    fn apply_clients(&mut self, mut clients: Vec<ClientRecord>, at: Timestamp, is_whole: bool) -> bool {
        self.keep_clients(&mut clients, is_whole);
        let plan_of = |clients: &[ClientRecord]| -> HashMap<ClientKey, (super::Label, [bool; 3])> {
            let kinds = |client: &ClientRecord| {
                client.devices.map_or([true; 3], |counts| Kind::ALL.map(|kind| counts.get(kind) != Some(0)))
            };
            clients.iter().map(|client| (client.key.clone(), (client.name.clone(), kinds(client)))).collect()
        };
        let new = plan_of(&clients);
        let old = self.clients.as_ref().map(|part| plan_of(&part.value)).unwrap_or_default();
        self.drop_clients(&old.keys().filter(|key| !new.contains_key(*key)).collect());
        let absent = new.iter().flat_map(|(key, (_, kinds))| {
            Kind::ALL.into_iter().zip(kinds).filter(|(_, present)| !**present).map(move |(kind, _)| (key, kind))
        });
        self.drop_kinds(&absent.collect());
        self.clients = Some(Part { value: clients, at });
        new != old
    }

    /// Clients are gone with their sites and devices. On Tactical RMM devices come from the account's own list, which tells
    /// by itself.
    pub(super) fn drop_clients(&mut self, gone: &HashSet<&ClientKey>) {
        if gone.is_empty() {
            return;
        }
        let sites = gone.iter().filter_map(|client| self.sites.remove(*client)).flat_map(|part| part.value);
        let sites: HashSet<SiteKey> = sites.map(|site| site.key).collect();
        self.failing.forget_clients(|client| gone.contains(client));
        self.drop_lists(|list| match list {
            DeviceList::Account => false,
            DeviceList::Client(client, _) => gone.contains(client),
            DeviceList::Site(site, _) => sites.contains(site),
        });
        self.drop_devices(|device| gone.contains(&device.client));
    }

    /// The platform counts no device of these kinds at these clients, so their lists are no longer asked for. Entries without
    /// agent are not counted and stay in the lists of their sites.
    fn drop_kinds(&mut self, absent: &HashSet<(&ClientKey, Kind)>) {
        let gone =
            |list: &DeviceList| matches!(list, DeviceList::Client(client, kind) if absent.contains(&(client, *kind)));
        let listed = self.lists.iter().filter(|(list, _)| gone(list)).flat_map(|(_, part)| &part.value);
        let devices: HashSet<DeviceId> = listed.map(|device| device.id.clone()).collect();
        self.drop_lists(gone);
        if !devices.is_empty() {
            self.drop_devices(|device| {
                devices.contains(&device.id) && device.kind.is_some_and(|kind| absent.contains(&(&device.client, kind)))
            });
        }
    }

    pub(super) fn drop_lists(&mut self, gone: impl Fn(&DeviceList) -> bool) {
        self.lists.retain(|list, _| !gone(list));
        self.duplicates.retain(|list, _| !gone(list));
        self.unnamed.devices.retain(|list, _| !gone(list));
    }

    pub(super) fn drop_devices(&mut self, gone: impl Fn(&DeviceRecord) -> bool) {
        if self.options.platform == PlatformName::Tactical {
            return;
        }
        for list in self.lists.values_mut() {
            list.value.retain(|device| !gone(device));
        }
        self.failing.retain_until(Timestamp::MAX, |failing| !gone(&failing.device));
    }

    /// Whether a report names a device that no list knows.
    fn names_strangers(&self, devices: &[FailingDevice]) -> bool {
        let mut strangers: HashSet<&DeviceId> = devices.iter().map(|device| &device.device.id).collect();
        for device in self.lists.values().flat_map(|list| &list.value) {
            strangers.remove(&device.id);
        }
        !strangers.is_empty()
    }

    /// Where a device is in the account's own list changes seldom, and a walk through the list for each device of a sweep would
    /// be a walk for each pair of devices.
    fn listed_counters(&mut self, id: &DeviceId) -> Option<[u64; 5]> {
        let list = &self.lists.get(&DeviceList::Account)?.value;
        let is_it = |place: usize| list.get(place).is_some_and(|device| device.id == *id);
        let place = match self.places.get(id) {
            Some(place) if is_it(*place) => *place,
            _ => {
                self.places = list.iter().enumerate().map(|(place, device)| (device.id.clone(), place)).collect();
                *self.places.get(id)?
            }
        };
        list.get(place)?.check_counters
    }

    /// Only Tactical RMM lists every device in one answer, and only there are a device's own checks dearer than the list.
    /// Counters that were unknown when the checks were read (a cold cache) are no sign of a change when they appear.
    fn devices_with_changed_counters(&mut self, devices: &[DeviceRecord]) -> Vec<DeviceId> {
        if self.options.platform != PlatformName::Tactical {
            return Vec::new();
        }
        let mut changed = Vec::new();
        for device in devices {
            let (Some(listed), Some(known)) = (device.check_counters, self.counters_when_read.get_mut(&device.id))
            else {
                continue;
            };
            if *known.get_or_insert(listed) != listed {
                changed.push(device.id.clone());
            }
        }
        changed
    }
}
