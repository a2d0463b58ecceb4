//! Lists of sites and devices: how a newer one takes the place of an older, and how many entries are kept.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::store::{Fleet, Part};
use super::{
    AntivirusEngine, ClientKey, CustomField, DeviceId, DeviceList, DeviceRecord, Feature, FieldNames, Kind, OsFamily,
    SiteKey, SiteRecord, Update,
};

/// The most entries that the device lists of an account have together. Those beyond are left out, and counted as dropped.
pub(super) const MAX_DEVICES: usize = 1_000_000;

/// The bound of a fleet that was read from where it was stored.
pub(super) const fn most_devices() -> usize {
    MAX_DEVICES
}

impl Fleet {
    pub(super) fn apply_sites(
        &mut self,
        client: ClientKey,
        mut sites: Vec<SiteRecord>,
        at: Timestamp,
        is_whole: bool,
    ) -> bool {
        self.keep_sites(&client, &mut sites, is_whole);
        let names = |sites: &[SiteRecord]| -> HashMap<SiteKey, super::Label> {
            sites.iter().map(|site| (site.key.clone(), site.name.clone())).collect()
        };
        let new = names(&sites);
        let old = self.sites.get(&client).map(|part| names(&part.value)).unwrap_or_default();
        if old.keys().any(|key| !new.contains_key(key)) {
            let gone = |site: &SiteKey| old.contains_key(site) && !new.contains_key(site);
            self.drop_lists(|list| matches!(list, DeviceList::Site(site, _) if gone(site)));
        }
        self.sites.insert(client, Part { value: sites, at });
        new != old
    }

    pub(super) fn apply_devices(
        &mut self,
        list: DeviceList,
        mut devices: Vec<DeviceRecord>,
        at: Timestamp,
        is_whole: bool,
    ) -> bool {
        let mut seen = HashSet::with_capacity(devices.len());
        let listed = devices.len();
        devices.retain(|device| seen.insert(device.id.clone()));
        let repeated = listed - devices.len();
        self.keep_devices(&list, &mut devices, is_whole);
        seen.extend(devices.iter().map(|device| device.id.clone()));
        let listed = devices.len();
        // The names of the fields may come after the first list. Without them when it is read again, they cannot be had.
        let mapped = self.mapped_fields();
        if mapped.is_some() || self.lists.contains_key(&list) {
            for device in &mut devices {
                keep_fields(device, mapped.as_ref());
            }
        }
        let others = self.lists.iter().filter(|(other, _)| **other != list);
        devices.truncate(self.most_devices.saturating_sub(others.map(|(_, part)| part.value.len()).sum()));
        let left_out = u64::try_from(repeated + listed - devices.len()).unwrap_or(0);
        self.duplicates.insert(list.clone(), left_out);

        let old = self.lists.remove(&list);
        let changed = old.as_ref().is_none_or(|old| !needs_same_calls(&old.value, &devices));
        if let Some(old) = old {
            let gone: HashSet<DeviceId> =
                old.value.iter().filter(|device| !seen.contains(&device.id)).map(|device| device.id.clone()).collect();
            if !gone.is_empty() {
                self.withdraw(&list, &gone, at);
            }
        }
        self.lists.insert(list, Part { value: devices, at });
        changed
    }

    /// Devices that `newer` named before and names no longer are gone from older lists of the same place. (A device that
    /// moved is named by the lists of its new place, which are left alone.)
    fn withdraw(&mut self, newer: &DeviceList, gone: &HashSet<DeviceId>, at: Timestamp) {
        let left_place = |device: &DeviceRecord| match newer {
            DeviceList::Account => true,
            DeviceList::Client(client, _) => device.client == *client,
            DeviceList::Site(site, _) => device.site == *site,
        };
        for part in self.lists.values_mut().filter(|part| part.at <= at) {
            part.value.retain(|device| !(gone.contains(&device.id) && left_place(device)));
        }
        self.failing.retain_until(at, |failing| !(gone.contains(&failing.device.id) && left_place(&failing.device)));
    }

    /// Values that were kept for another meaning of the names are dropped.
    pub(super) fn apply_field_names(&mut self, names: FieldNames) {
        self.field_names = Some(names);
        let mapped = self.mapped_fields();
        for device in self.lists.values_mut().flat_map(|list| &mut list.value) {
            keep_fields(device, mapped.as_ref());
        }
    }

    /// The updates as they may be written down, when they hold custom fields that no mapping looks at, or of which nobody knows.
    #[must_use]
    pub fn without_unmapped_fields(&self, updates: &[Update]) -> Option<Vec<Update>> {
        let mapped = self.mapped_fields();
        let keeps = |field: &CustomField| mapped.as_ref().is_some_and(|mapped| mapped.contains(&field.definition));
        let keeps_all =
            |device: &DeviceRecord| device.custom_fields.as_ref().is_none_or(|fields| fields.iter().all(keeps));
        let fits =
            |update: &Update| !matches!(update.said(), Update::Devices(_, devices) if !devices.iter().all(keeps_all));
        if updates.iter().all(fits) {
            return None;
        }
        let mut updates = updates.to_vec();
        for update in &mut updates {
            if let Update::Devices(_, devices) = update.said_mut() {
                for device in devices {
                    keep_fields(device, mapped.as_ref());
                }
            }
        }
        Some(updates)
    }

    /// A copy without custom fields of which nobody knows whether a mapping looks at them; `None` when there are none.
    pub(super) fn without_unnamed_fields(&self) -> Option<Self> {
        let mut devices = self.lists.values().flat_map(|list| &list.value);
        if self.field_names.is_some() || devices.all(|device| device.custom_fields.is_none()) {
            return None;
        }
        let mut copy = self.clone();
        for device in copy.lists.values_mut().flat_map(|list| &mut list.value) {
            keep_fields(device, None);
        }
        Some(copy)
    }

    /// The custom fields that a mapping looks at; `None` while the names are not known.
    fn mapped_fields(&self) -> Option<HashSet<u64>> {
        let names = self.field_names.as_deref()?.iter();
        Some(names.filter(|(_, name)| self.options.mappings.names_field(name)).map(|(id, _)| *id).collect())
    }
}

/// Keeps of a device's custom fields those that are `mapped`, and none while nobody knows which are: the key may never learn
/// their names, and people keep all sorts of things in the others.
fn keep_fields(device: &mut DeviceRecord, mapped: Option<&HashSet<u64>>) {
    let Some(mapped) = mapped else {
        device.custom_fields = None;
        return;
    };
    if let Some(fields) = &device.custom_fields
        && fields.iter().any(|field| !mapped.contains(&field.definition))
    {
        device.custom_fields =
            Some(fields.iter().filter(|field| mapped.contains(&field.definition)).cloned().collect());
    }
}

/// Whether two answers of the same list lead to the same plan.
fn needs_same_calls(old: &[DeviceRecord], new: &[DeviceRecord]) -> bool {
    #[derive(PartialEq, Eq, Hash)]
    struct Needs<'a> {
        device: (&'a DeviceId, &'a SiteKey, &'a super::Label),
        kind: (Option<Kind>, Option<bool>, bool),
        features: [bool; 2],
        antivirus: (Option<AntivirusEngine>, Option<i32>),
    }
    fn needs(device: &DeviceRecord) -> Needs<'_> {
        let windows = device.info.as_ref().is_some_and(|info| info.os_family == OsFamily::Windows);
        Needs {
            device: (&device.id, &device.site, &device.name),
            kind: (device.kind, device.agentless, windows),
            features: [Feature::Patch, Feature::Backup].map(|feature| device.has(feature)),
            antivirus: (device.antivirus_engine, device.utc_offset),
        }
    }
    old.len() == new.len() && {
        let old: HashSet<Needs<'_>> = old.iter().map(needs).collect();
        new.iter().all(|device| old.contains(&needs(device)))
    }
}
