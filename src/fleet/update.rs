//! What one answer of a platform says, in the fleet's own words.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::encoding;
use super::{
    Check, ClientKey, ClientRecord, DeviceChecks, DeviceId, DeviceRecord, DeviceTasks, FieldNames, History, Kind,
    Label, License, OpenAlerts, PatchCounts, PluginSelection, Reading, ServerState, SiteKey, SiteRecord, StatusCounts,
    Task,
};

/// Which list of devices an answer is. A list replaces the earlier answer of the same list, and what it no longer names
/// is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DeviceList {
    /// Every device of the account (Tactical RMM /agents/).
    Account,
    /// Devices of one kind at one client, with features and counts (N-sight list_devices_at_client).
    Client(ClientKey, Kind),
    /// Devices of one kind at one site, in detail (N-sight list_servers, list_workstations).
    Site(SiteKey, Kind),
}

/// A device that the platform's failing-check report names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailingDevice {
    /// Who and where it is.
    pub device: DeviceRecord,
    /// The report says that its report is overdue.
    pub overdue: bool,
    /// The report says that it is offline.
    pub offline: bool,
    /// The report says that its site cannot be reached.
    pub unreachable: bool,
    /// Its failing checks.
    pub checks: Vec<Check>,
    /// Its failing tasks.
    pub tasks: Vec<Task>,
}

impl FailingDevice {
    /// Takes in a second entry of the same device.
    pub(super) fn absorb(&mut self, other: Self) {
        self.overdue |= other.overdue;
        self.offline |= other.offline;
        self.unreachable |= other.unreachable;
        let known: HashSet<Label> = self.checks.iter().map(|check| check.id.clone()).collect();
        self.checks.extend(other.checks.into_iter().filter(|check| !known.contains(&check.id)));
        let known: HashSet<Label> = self.tasks.iter().map(|task| task.id.clone()).collect();
        self.tasks.extend(other.tasks.into_iter().filter(|task| !known.contains(&task.id)));
    }
}

/// What one successful answer says. Each replaces what the same call said before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Update {
    /// Every client of the account (N-sight list_clients).
    Clients(Vec<ClientRecord>),
    /// Every client of the account with all sites (Tactical RMM /clients/).
    ClientsAndSites(Vec<ClientRecord>, Vec<SiteRecord>),
    /// The sites of one client (N-sight list_sites).
    Sites(ClientKey, Vec<SiteRecord>),
    /// A list of devices.
    Devices(DeviceList, Vec<DeviceRecord>),
    /// Every failing check of the account (N-sight list_failing_checks); devices without a problem are not named.
    Failing(Vec<FailingDevice>),
    /// Every failing check of one client, where the whole account in one answer is too much.
    FailingAt(ClientKey, Vec<FailingDevice>),
    /// The checks of one device.
    Checks(DeviceId, DeviceChecks),
    /// The tasks of one device.
    Tasks(DeviceId, DeviceTasks),
    /// The antivirus history of one device; `None` when it has no such check.
    Antivirus(DeviceId, Option<Arc<History>>),
    /// The backup history of one device; `None` when it has no such check.
    Backup(DeviceId, Option<Arc<History>>),
    /// The updates of one device; `None` when the platform has no list for it.
    Patches(DeviceId, Option<PatchCounts>),
    /// Anything else of one device.
    Reading(DeviceId, Reading),
    /// What every device of the account has selected for backup (N-sight mob/mob_list_selection_size).
    Selections(Vec<(DeviceId, Arc<[PluginSelection]>)>),
    /// The account's time zone (N-sight list_general_settings).
    TimeZone(#[serde(with = "jiff::fmt::serde::tz::required")] TimeZone),
    /// The antivirus products that the platform knows (N-sight list_supported_av_products).
    AntivirusProducts(Arc<[AntivirusProduct]>),
    /// When a product's newest definitions came out (N-sight list_av_definitions); `None` when it has none.
    AntivirusDefinitions(Arc<str>, #[serde(with = "encoding::optional_time")] Option<Timestamp>),
    /// The licences of one client (N-sight list_client_license_count).
    Licenses(ClientKey, Arc<[License]>),
    /// Users in the directory of one site by [`super::DirectoryStatus::LABELS`] (N-sight list_active_directory_users).
    Directory(SiteKey, [u64; 6]),
    /// The server itself (Tactical RMM /core/v2/status/, /core/dashinfo/).
    Server(ServerState),
    /// Open alerts (Tactical RMM /alerts/).
    Alerts(OpenAlerts),
    /// The names of custom fields (Tactical RMM /core/customfields/).
    FieldNames(FieldNames),
    /// A list of which some records cannot be read. It adds and updates, and what it does not name stays until it is stale.
    Incomplete(Box<Self>),
}

/// An antivirus product that the platform knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AntivirusProduct {
    /// Its id, lower case; the `product` label.
    pub id: Arc<str>,
    /// What it is called.
    pub name: Label,
}

/// Something that the platform no longer knows although it was listed before: the answer to a call for one object was
/// "no such object" (N-sight FAIL 4, Tactical RMM 404).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Gone {
    /// A device.
    Device(DeviceId),
    /// A site.
    Site(SiteKey),
    /// A client.
    Client(ClientKey),
}

impl Update {
    /// What the answer says, whether or not all of it could be read.
    #[must_use]
    pub fn said(&self) -> &Self {
        if let Self::Incomplete(update) = self { update } else { self }
    }

    /// The same, to change it.
    pub(super) fn said_mut(&mut self) -> &mut Self {
        if let Self::Incomplete(update) = self { update } else { self }
    }

    /// Of an answer of which some records cannot be read. Where what is missing would make the rest wrong (a count without them
    /// would be too small), there is nothing to say: `None`.
    #[must_use]
    pub fn incomplete(self) -> Option<Self> {
        match self {
            Self::Clients(_)
            | Self::ClientsAndSites(..)
            | Self::Sites(..)
            | Self::Devices(..)
            | Self::Failing(_)
            | Self::FailingAt(..) => Some(Self::Incomplete(Box::new(self))),
            Self::Patches(..)
            | Self::Antivirus(..)
            | Self::Backup(..)
            | Self::Selections(_)
            | Self::Licenses(..)
            | Self::Directory(..)
            | Self::Alerts(_)
            | Self::Reading(_, Reading::Threats(_) | Reading::Quarantined(_) | Reading::Outages(_)) => None,
            Self::Checks(id, checks) => {
                Some(Self::Checks(id, DeviceChecks { counts: StatusCounts::default(), ..checks }))
            }
            Self::Tasks(id, tasks) => Some(Self::Tasks(id, DeviceTasks { counts: StatusCounts::default(), ..tasks })),
            other => Some(other),
        }
    }

    /// Lists have grown while they were read, and hold room for up to as much again. They are kept for hours and do not grow any more.
    pub(super) fn shrink_to_fit(&mut self) {
        match self {
            Self::Clients(clients) | Self::ClientsAndSites(clients, _) => clients.shrink_to_fit(),
            Self::Sites(_, sites) => sites.shrink_to_fit(),
            Self::Devices(_, devices) => {
                devices.shrink_to_fit();
                devices.iter_mut().filter_map(|device| device.features.as_mut()).for_each(Vec::shrink_to_fit);
            }
            Self::Failing(devices) | Self::FailingAt(_, devices) => {
                for device in devices {
                    device.checks.shrink_to_fit();
                }
            }
            Self::Checks(_, checks) => checks.checks.shrink_to_fit(),
            Self::Tasks(_, tasks) => tasks.tasks.shrink_to_fit(),
            _ => {}
        }
    }
}
