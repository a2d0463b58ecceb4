//! Lists of which some records cannot be read. They add and update, and withdraw nothing: what they do not name may be what cannot
//! be read. It stays for as long as it would if no answer had come.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store::{Fleet, Part, PerDevice};
use super::{ClientKey, ClientRecord, DeviceId, DeviceList, DeviceRecord, SiteKey, SiteRecord};
use crate::collector::Collector;

/// What is still in a list although its newest answer does not name it, each with the time when it was named last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Unnamed {
    pub(super) clients: HashMap<ClientKey, Part<()>>,
    pub(super) sites: HashMap<ClientKey, HashMap<SiteKey, Part<()>>>,
    pub(super) devices: HashMap<DeviceList, PerDevice<()>>,
}

impl Fleet {
    /// Adds the clients that an answer does not name, unless it is whole.
    pub(super) fn keep_clients(&mut self, clients: &mut Vec<ClientRecord>, is_whole: bool) {
        let old = self.clients.as_ref().filter(|_| !is_whole);
        let before = std::mem::take(&mut self.unnamed.clients);
        if let Some(old) = old {
            self.unnamed.clients = keep(clients, old, &before, |client| &client.key);
        }
    }

    /// The same of the sites of a client.
    pub(super) fn keep_sites(&mut self, client: &ClientKey, sites: &mut Vec<SiteRecord>, is_whole: bool) {
        let before = self.unnamed.sites.remove(client).unwrap_or_default();
        if let Some(old) = self.sites.get(client).filter(|_| !is_whole) {
            let unnamed = keep(sites, old, &before, |site| &site.key);
            if !unnamed.is_empty() {
                self.unnamed.sites.insert(client.clone(), unnamed);
            }
        }
    }

    /// The same of a list of devices.
    pub(super) fn keep_devices(&mut self, list: &DeviceList, devices: &mut Vec<DeviceRecord>, is_whole: bool) {
        let before = self.unnamed.devices.remove(list).unwrap_or_default();
        if let Some(old) = self.lists.get(list).filter(|_| !is_whole) {
            let unnamed = keep(devices, old, &before, |device| &device.id);
            if !unnamed.is_empty() {
                self.unnamed.devices.insert(list.clone(), unnamed);
            }
        }
    }

    /// Drops what was not named for so long that it is stale.
    pub(super) fn drop_unnamed(&mut self, now: Timestamp) {
        let stale_at = self.options.stale_at(Collector::Inventory, now);
        let is_stale = |part: &Part<()>| part.at <= stale_at;
        for (list, unnamed) in &mut self.unnamed.devices {
            let stale: HashSet<DeviceId> =
                unnamed.extract_if(|_, part| is_stale(part)).map(|(device, _)| device).collect();
            if let Some(part) = self.lists.get_mut(list).filter(|_| !stale.is_empty()) {
                part.value.retain(|device| !stale.contains(&device.id));
            }
        }
        for (client, unnamed) in &mut self.unnamed.sites {
            let stale: HashSet<SiteKey> = unnamed.extract_if(|_, part| is_stale(part)).map(|(site, _)| site).collect();
            if let Some(part) = self.sites.get_mut(client).filter(|_| !stale.is_empty()) {
                part.value.retain(|site| !stale.contains(&site.key));
            }
        }
        let stale: HashSet<ClientKey> =
            self.unnamed.clients.extract_if(|_, part| is_stale(part)).map(|(client, _)| client).collect();
        if let Some(part) = self.clients.as_mut().filter(|_| !stale.is_empty()) {
            part.value.retain(|client| !stale.contains(&client.key));
        }
        self.drop_clients(&stale.iter().collect());
        let (lists, sites) = (&self.lists, &self.sites);
        self.unnamed.devices.retain(|list, unnamed| !unnamed.is_empty() && lists.contains_key(list));
        self.unnamed.sites.retain(|client, unnamed| !unnamed.is_empty() && sites.contains_key(client));
        self.failing.drop_stale(self.options.stale_at(Collector::FailingChecks, now));
    }
}

/// Adds to the `new` records those of the `old` ones that they do not name; gives back when each of these was named last.
fn keep<T: Clone, K: Clone + Eq + Hash>(
    new: &mut Vec<T>,
    old: &Part<Vec<T>>,
    before: &HashMap<K, Part<()>>,
    key: impl Fn(&T) -> &K,
) -> HashMap<K, Part<()>> {
    let named: HashSet<K> = new.iter().map(|record| key(record).clone()).collect();
    let mut unnamed = HashMap::new();
    for record in old.value.iter().filter(|record| !named.contains(key(record))) {
        let at = before.get(key(record)).map_or(old.at, |part| part.at);
        unnamed.insert(key(record).clone(), Part { value: (), at });
        new.push(record.clone());
    }
    unnamed
}
