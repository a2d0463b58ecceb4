//! The collectors: which calls each wants, and what their answers mean. One file each.

pub mod antivirus;
pub mod backup;
pub mod checks;
pub mod failing_checks;
pub mod history;
pub mod inventory;
pub mod patches;
pub mod time_zone;
mod words;

use std::time::Duration;

use jiff::Timestamp;

use super::call::Call;
use super::error::Error;
use super::noted::Noted;
use super::xml::Tally;
use crate::collector::{Collector, CollectorDefaults};
use crate::config::{AccountConfig, ChecksMode};
use crate::fleet::{DeviceView, Kind, Update, View};
use crate::planner::{Priority, Want};

/// N-sight's collectors.
pub const COLLECTORS: &[CollectorDefaults] = &[
    inventory::DEFAULTS,
    failing_checks::DEFAULTS,
    checks::DEFAULTS,
    antivirus::DEFAULTS,
    backup::DEFAULTS,
    patches::DEFAULTS,
];

/// Everything that the enabled collectors of an account want, given what is known.
#[must_use]
pub fn wants(config: &AccountConfig, view: &View) -> Vec<Want<Call>> {
    let mut wants = Vec::new();
    for (collector, settings) in &config.collectors {
        let (priority, calls) = match collector {
            Collector::Inventory => (Priority::Inventory, inventory::calls(&config.filter, view)),
            Collector::FailingChecks => (Priority::Failing, failing_checks::calls()),
            Collector::Checks => (Priority::Sweep, checks::calls(view)),
            Collector::Antivirus => (Priority::Sweep, antivirus::calls(view)),
            Collector::Backup => (Priority::Sweep, backup::calls(view)),
            Collector::Patches => (Priority::Sweep, patches::calls(view)),
            // Automated tasks ride on the check collectors.
            Collector::Tasks => continue,
        };
        let want = |call| {
            // Behind a pause after failures only one call gets through: whether the platform is up must not wait for others.
            let priority = if call == Call::ListClients { Priority::Failing } else { priority };
            Want { call, collector: *collector, interval: settings.interval, priority }
        };
        wants.extend(calls.into_iter().map(want));
    }
    wants.extend(time_zone::want(config));
    // Of calls that are equally urgent and were never made, the planner makes the first one first: what fails now.
    wants.sort_by_key(|want| (want.priority, want.call == Call::ListClients));
    wants
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
        Call::ListFailingChecks => failing_checks::update(text, context, tally),
        Call::ListChecks(device) => checks::update(text, device, context, tally),
        Call::ListAvHistory(device) => antivirus::update(text, device, context, tally),
        Call::ListBackupHistory(device) => backup::update(text, device, context, tally),
        Call::PatchListAll(device) => patches::update(text, device, context, tally),
        Call::ListGeneralSettings => time_zone::update(text),
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

#[cfg(test)]
mod tests;
