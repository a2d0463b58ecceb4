//! What the reports of failing checks say: of the whole account in one answer, or client by client where that is too slow
//! (N-sight list_failing_checks).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::merge::Freshness;
use super::store::Part;
use super::{ClientKey, DeviceId, FailingDevice};
use crate::collector::Collector;

/// The devices that one report names. Devices without a problem are not named.
type Report = HashMap<DeviceId, FailingDevice>;

/// Every report that was not replaced by a newer one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct FailingReports {
    account: Option<Part<Report>>,
    clients: HashMap<ClientKey, Part<Report>>,
    /// What later reports said of which some records cannot be read. Their silence says nothing.
    incomplete: HashMap<DeviceId, Part<FailingDevice>>,
}

impl FailingReports {
    /// A report of the whole account (`None`) or of one client replaces the earlier ones of the same clients.
    /// One that is not whole replaces only what was said of the devices that it names.
    pub(super) fn take(&mut self, of: Option<ClientKey>, devices: Vec<FailingDevice>, at: Timestamp, is_whole: bool) {
        let mut report: Report = HashMap::with_capacity(devices.len());
        for device in devices {
            match report.entry(device.device.id.clone()) {
                Entry::Vacant(entry) => _ = entry.insert(device),
                Entry::Occupied(mut entry) => entry.get_mut().absorb(device),
            }
        }
        if !is_whole {
            self.incomplete.extend(report.into_iter().map(|(id, value)| (id, Part { value, at })));
            return;
        }
        self.incomplete.retain(|_, part| of.as_ref().is_some_and(|client| part.value.device.client != *client));
        let part = Part { value: report, at };
        if let Some(client) = of {
            if let Some(account) = &mut self.account {
                account.value.retain(|_, device| device.device.client != client);
            }
            self.clients.insert(client, part);
        } else {
            self.clients.clear();
            self.account = Some(part);
        }
    }

    /// Every device that a report names.
    pub(super) fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        let whole = self.account.iter().chain(self.clients.values());
        whole.flat_map(|part| part.value.keys()).chain(self.incomplete.keys())
    }

    /// Drops what incomplete reports said before that time.
    pub(super) fn drop_stale(&mut self, stale_at: Timestamp) {
        self.incomplete.retain(|_, part| part.at > stale_at);
    }

    /// Leaves out of the reports that are not younger than `at` what `keep` does not keep.
    pub(super) fn retain_until(&mut self, at: Timestamp, keep: impl Fn(&FailingDevice) -> bool) {
        let parts = self.account.iter_mut().chain(self.clients.values_mut());
        for part in parts.filter(|part| part.at <= at) {
            part.value.retain(|_, device| keep(device));
        }
        self.incomplete.retain(|_, part| part.at > at || keep(&part.value));
    }

    /// Forgets the reports of clients that are gone.
    pub(super) fn forget_clients(&mut self, is_gone: impl Fn(&ClientKey) -> bool) {
        self.clients.retain(|client, _| !is_gone(client));
        self.incomplete.retain(|_, part| !is_gone(&part.value.device.client));
    }

    /// The reports that are fresh.
    pub(super) fn fresh<'a>(&'a self, fresh: &mut Freshness<'a>) -> FreshReports<'a> {
        let incomplete = self.incomplete.iter();
        let incomplete = incomplete
            .filter_map(|(id, part)| Some((id, (fresh.of(part, Collector::FailingChecks)?, part.at))))
            .collect();
        let mut of = |part: &'a Part<Report>| Some((fresh.of(part, Collector::FailingChecks)?, part.at));
        FreshReports {
            incomplete,
            account: self.account.as_ref().and_then(&mut of),
            clients: self.clients.iter().filter_map(|(client, part)| Some((client, of(part)?))).collect(),
        }
    }
}

/// The reports that are fresh, each with its time.
#[derive(Debug, Default)]
pub(super) struct FreshReports<'a> {
    account: Option<(&'a Report, Timestamp)>,
    clients: HashMap<&'a ClientKey, (&'a Report, Timestamp)>,
    incomplete: HashMap<&'a DeviceId, (&'a FailingDevice, Timestamp)>,
}

impl<'a> FreshReports<'a> {
    /// What the newest report that covers `client` says of `device` (`None`: that it has no problem), and when.
    pub(super) fn of(&self, client: &ClientKey, device: &DeviceId) -> Option<(Option<&'a FailingDevice>, Timestamp)> {
        if let Some((device, at)) = self.incomplete.get(device) {
            return Some((Some(device), *at));
        }
        let (report, at) = self.clients.get(client).copied().or(self.account)?;
        Some((report.get(device), at))
    }

    /// Every device that has a problem, as the newest report names it first.
    pub(super) fn devices(&self) -> impl Iterator<Item = &'a FailingDevice> {
        let account = self.account.iter().map(|report| (None, report));
        let mut reports: Vec<_> =
            account.chain(self.clients.iter().map(|(client, report)| (Some(*client), report))).collect();
        reports.sort_by(|(a, (_, a_at)), (b, (_, b_at))| b_at.cmp(a_at).then_with(|| a.cmp(b)));
        let incomplete = self.incomplete.values().map(|(device, _)| *device);
        incomplete.chain(reports.into_iter().flat_map(|(_, (report, _))| report.values()))
    }
}
