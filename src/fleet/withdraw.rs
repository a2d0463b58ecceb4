//! What leaves the store: objects that the platform denies, and data that nobody names any more.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use super::store::{Fleet, Part, PerDevice};
use super::{ClientKey, DeviceId, Gone, Signals, SiteKey};
use crate::collector::Collector;
use crate::platform::PlatformName;

/// For so long a device that was denied once and is in no list is not withdrawn again when it comes back.
const DENIAL_HOLDS: Duration = Duration::from_hours(24);

impl Fleet {
    /// The mappings are others: what checks said by the old ones means nothing any more.
    pub fn forget_signals(&mut self) {
        for part in self.checks.values_mut() {
            part.value.signals = Signals::default();
        }
    }

    /// Whether a list that was read after `since` names the object.
    #[must_use]
    pub fn names_since(&self, object: &Gone, since: Timestamp) -> bool {
        match object {
            Gone::Device(id) => {
                let mut newer = self.lists.values().filter(|list| list.at > since);
                newer.any(|list| list.value.iter().any(|device| device.id == *id))
            }
            Gone::Site(key) => {
                let mut newer = self.sites.values().filter(|sites| sites.at > since);
                newer.any(|sites| sites.value.iter().any(|site| site.key == *key))
            }
            Gone::Client(key) => {
                let mut newer = self.clients.iter().filter(|clients| clients.at > since);
                newer.any(|clients| clients.value.iter().any(|client| client.key == *key))
            }
        }
    }

    /// Withdraws an object that the platform said at `now` it no longer knows. A device that is listed again after that is
    /// not withdrawn a second time: its lists know better than the one call that denies it.
    pub fn forget(&mut self, gone: &Gone, now: Timestamp) {
        self.revision += 1;
        match gone {
            Gone::Device(id) => {
                if self.denied.insert(id.clone(), Part { value: (), at: now }).is_some() {
                    return;
                }
                for list in self.lists.values_mut() {
                    list.value.retain(|device| device.id != *id);
                }
                self.failing.retain_until(now, |failing| failing.device.id != *id);
            }
            Gone::Site(key) => {
                for sites in self.sites.values_mut() {
                    sites.value.retain(|site| site.key != *key);
                }
                self.drop_devices(|device| device.site == *key);
            }
            Gone::Client(key) => {
                if let Some(clients) = &mut self.clients {
                    clients.value.retain(|client| client.key != *key);
                }
                self.drop_clients(&HashSet::from([key]));
            }
        }
    }

    /// Drops what was read of devices that no list names any more, once it is stale: a device that was out of the lists for
    /// a moment finds its data again. Costs a walk over every device, so it is for the moments when the plan is made anew.
    pub fn prune(&mut self, now: Timestamp) {
        self.drop_unnamed(now);
        let known: HashSet<&DeviceId> = self
            .lists
            .values()
            .flat_map(|list| list.value.iter().map(|device| &device.id))
            .chain(self.failing.devices())
            .collect();
        let tasks = if self.options.platform == PlatformName::Nsight { Collector::Checks } else { Collector::Tasks };
        retain_known(&mut self.checks, &known, self.options.stale_at(Collector::Checks, now));
        retain_known(&mut self.tasks, &known, self.options.stale_at(tasks, now));
        retain_known(&mut self.antivirus, &known, self.options.stale_at(Collector::Antivirus, now));
        retain_known(&mut self.backup, &known, self.options.stale_at(Collector::Backup, now));
        retain_known(&mut self.patches, &known, self.options.stale_at(Collector::Patches, now));
        let options = &self.options;
        self.readings.prune(|id| known.contains(id), |collector| options.stale_at(collector, now));
        self.counters_when_read.retain(|id, _| known.contains(id));
        self.listed_checks.clear();
        let stale_at = [Collector::Antivirus, Collector::Backup].map(|collector| self.options.stale_at(collector, now));
        self.lacking.prune(stale_at, |id| known.contains(id));
        let clients: HashSet<ClientKey> = self.client_keys().into_iter().collect();
        self.licenses.retain(|client, part| {
            clients.contains(client) || part.at > self.options.stale_at(Collector::Licenses, now)
        });
        let sites: HashSet<&SiteKey> =
            self.sites.values().flat_map(|part| part.value.iter().map(|site| &site.key)).collect();
        self.directories
            .retain(|site, part| sites.contains(site) || part.at > self.options.stale_at(Collector::Directory, now));
        retain_known(&mut self.denied, &known, now.saturating_sub(DENIAL_HOLDS).unwrap_or(Timestamp::MIN));
    }
}

fn retain_known<T>(parts: &mut PerDevice<T>, known: &HashSet<&DeviceId>, stale: Timestamp) {
    parts.retain(|id, part| known.contains(id) || part.at > stale);
}
