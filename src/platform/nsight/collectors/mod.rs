//! The collectors: which calls each wants, and what their answers mean. One file each.

pub mod antivirus;
pub mod antivirus_definitions;
pub mod assets;
pub mod backup;
pub mod backup_selection;
pub mod backup_sessions;
pub mod checks;
pub mod directory;
pub mod drive_space;
pub mod exchange;
pub mod failing_checks;
pub mod history;
pub mod inventory;
pub mod licenses;
pub mod managed_antivirus;
pub mod outages;
pub mod patches;
pub mod performance;
mod storage;
pub mod time_zone;
mod words;

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::call::{Call, Recent};
use super::error::Error;
use super::noted::Noted;
use super::xml::Tally;
use crate::collector::{Collector, CollectorDefaults};
use crate::config::{AccountConfig, ChecksMode};
use crate::fleet::{DeviceId, DeviceView, Kind, OsFamily, Update, View};
use crate::planner::{Priority, Want};

/// N-sight's collectors.
pub const COLLECTORS: &[CollectorDefaults] = &[
    inventory::DEFAULTS,
    failing_checks::DEFAULTS,
    checks::DEFAULTS,
    antivirus::DEFAULTS,
    antivirus_definitions::DEFAULTS,
    managed_antivirus::DEFAULTS,
    backup::DEFAULTS,
    backup_sessions::DEFAULTS,
    backup_selection::DEFAULTS,
    patches::DEFAULTS,
    outages::DEFAULTS,
    performance::DEFAULTS,
    drive_space::DEFAULTS,
    exchange::DEFAULTS,
    assets::DEFAULTS,
    licenses::DEFAULTS,
    directory::DEFAULTS,
];

/// Which account-wide calls the platform did not answer, so that many small ones are made in their place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fallbacks {
    /// list_failing_checks: one call for each client.
    pub failing_checks: bool,
    /// mob/mob_list_selection_size: one call for each device.
    pub backup_selection: bool,
}

/// Everything that the enabled collectors of an account want, given what is known.
#[must_use]
pub fn wants(config: &AccountConfig, view: &View, fallbacks: Fallbacks) -> Vec<Want<Call>> {
    let mut wants = Vec::new();
    // A history by days changes when the day's check has run.
    let checked = view.devices.iter().filter_map(|device| Some((&device.id, device.record.daily_check?)));
    let checked: HashMap<&DeviceId, Timestamp> = checked.collect();
    for (collector, settings) in &config.collectors {
        let priority = match collector {
            Collector::Inventory => Priority::Inventory,
            Collector::FailingChecks => Priority::Failing,
            _ => Priority::Sweep,
        };
        let want = |call| {
            // Behind a pause after failures only one call gets through: whether the platform is up must not wait for others.
            let priority = if call == Call::ListClients { Priority::Failing } else { priority };
            let after = match &call {
                Call::ListAvHistory(device) | Call::ListBackupHistory(device) => checked.get(device).copied(),
                _ => None,
            };
            Want { call, collector: *collector, interval: settings.interval, priority, after }
        };
        wants.extend(calls(config, *collector, view, fallbacks).into_iter().map(want));
    }
    wants.extend(time_zone::want(config));
    // Of calls that are equally urgent and were never made, the planner makes the first one first: what fails now.
    wants.sort_by_key(|want| (want.priority, want.call == Call::ListClients));
    wants
}

/// For so long back histories by days are asked for at least.
const LEAST_DAYS: Duration = Duration::from_hours(72);

/// The calls of one collector.
fn calls(config: &AccountConfig, collector: Collector, view: &View, fallbacks: Fallbacks) -> Vec<Call> {
    // What is older than this would not be shown.
    let recent = || Recent(config.collectors.get(&collector).map(|settings| settings.stale_after).unwrap_or_default());
    // A history by days has no entry of today before its check has run.
    let recent_days = || Recent(recent().0.max(LEAST_DAYS));
    match collector {
        Collector::Inventory => inventory::calls(&config.filter, view),
        Collector::FailingChecks => failing_checks::calls(view, fallbacks.failing_checks),
        Collector::Checks => checks::calls(view),
        Collector::Antivirus => antivirus::calls(view),
        Collector::AntivirusDefinitions => antivirus_definitions::calls(&config.nsight().antivirus_products, view),
        Collector::ManagedAntivirus => managed_antivirus::calls(view),
        Collector::Backup => backup::calls(view),
        Collector::BackupSessions => backup_sessions::calls(view),
        Collector::BackupSelection => backup_selection::calls(view, fallbacks.backup_selection),
        Collector::Patches => patches::calls(view),
        Collector::Outages => outages::calls(view),
        Collector::Performance => performance::calls(view, recent()),
        Collector::DriveSpace => drive_space::calls(view, recent_days()),
        Collector::Exchange => exchange::calls(view, recent_days()),
        Collector::Assets => assets::calls(view),
        Collector::Licenses => licenses::calls(view),
        Collector::Directory => directory::calls(view),
        // Automated tasks ride on the check collectors; the others are Tactical RMM's.
        Collector::Tasks | Collector::Server | Collector::Alerts | Collector::Details => Vec::new(),
    }
}

/// What the meaning of an answer depends on, besides the answer.
#[derive(Debug)]
pub struct Context<'a> {
    /// When the answer arrived.
    pub now: Timestamp,
    /// Age of a workstation's last report from which it is offline, as configured.
    pub offline_after: Option<Duration>,
    /// Which checks become series.
    pub checks_mode: ChecksMode,
    /// Values that this version does not know.
    pub noted: &'a Noted,
}

/// What the text of an answer to `call` says.
///
/// # Errors
///
/// When the text is no such answer, or a FAIL.
pub fn updates(call: &Call, text: &str, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    match call {
        Call::ListClients => inventory::clients(text, tally),
        Call::ListSites(client) => inventory::sites(text, client, tally),
        Call::ListDevicesAtClient(client, kind) => inventory::roster(text, client, *kind, tally),
        Call::ListServers(client, site) => inventory::details(text, client, site, Kind::Server, context, tally),
        Call::ListWorkstations(client, site) => {
            inventory::details(text, client, site, Kind::Workstation, context, tally)
        }
        Call::ListFailingChecks => failing_checks::update(text, None, context, tally),
        Call::ListFailingChecksOf(client) => failing_checks::update(text, Some(client), context, tally),
        Call::ListChecks(device) => checks::update(text, device, context, tally),
        Call::ListAvHistory(device) => antivirus::update(text, device, context, tally),
        Call::ListBackupHistory(device) => backup::update(text, device, context, tally),
        Call::PatchListAll(device) => patches::update(text, device, context, tally),
        Call::ListGeneralSettings => time_zone::update(text),
        Call::ListSupportedAvProducts => antivirus_definitions::products(text, tally),
        Call::ListAvDefinitions(product) => antivirus_definitions::definitions(text, product, context, tally),
        Call::ListMavThreats(target) => managed_antivirus::threats(text, target, context, tally),
        Call::ListMavQuarantine(target) => managed_antivirus::quarantine(text, target, tally),
        Call::ListMavScans(target) => managed_antivirus::scans(text, target, context, tally),
        Call::ListMobSessions(device) => backup_sessions::update(text, device, context, tally),
        Call::MobListSelectionSize(target) => backup_selection::update(text, target, tally),
        Call::ListOutages(device) => outages::update(text, device, context, tally),
        Call::ListPerformanceHistory(device, recent) => performance::update(text, device, *recent, context, tally),
        Call::ListDriveSpaceHistory(device, recent) => drive_space::update(text, device, *recent, context, tally),
        Call::ListExchangeStorageHistory(device, recent) => exchange::update(text, device, *recent, context, tally),
        Call::ListDeviceAssetDetails(device) => assets::update(text, device, context, tally),
        Call::ListClientLicenseCount(client) => licenses::update(text, client, tally),
        Call::ListActiveDirectoryUsers(site) => directory::update(text, site, context, tally),
    }
}

/// The devices that calls for one device are worth making for: servers, and workstations with an agent. Which entries
/// have no agent only their detail record tells, so a workstation waits for it.
fn with_agent(view: &View) -> impl Iterator<Item = &DeviceView> {
    view.devices.iter().filter(|device| match device.record.kind {
        Some(Kind::Server) => device.record.agentless != Some(true),
        Some(Kind::Workstation) => device.record.agentless == Some(false),
        Some(Kind::Mobile) | None => false,
    })
}

/// Whether Windows runs on it.
fn is_windows(device: &DeviceView) -> bool {
    device.record.info.as_ref().is_some_and(|info| info.os_family == OsFamily::Windows)
}

#[cfg(test)]
mod tests;
