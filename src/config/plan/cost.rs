//! How many calls one sweep of a collector takes. A change of what a collector asks belongs here too; a test compares both.

use super::super::account::{AccountConfig, PlatformOptions};
use super::FleetSize;
use crate::collector::Collector;
use crate::fleet::Kind;
use crate::platform::nsight::collectors::time_zone::IN_NEED;

/// Calls of one sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// How many; never fewer than are made, as long as none fails.
    pub calls: u64,
    /// Whether it may be fewer, since it depends on what devices, clients or sites have, which is not known yet.
    pub at_most: bool,
}

const fn exactly(calls: u64) -> Cost {
    Cost { calls, at_most: false }
}

const fn at_most(calls: u64) -> Cost {
    Cost { calls, at_most: true }
}

/// Calls in one full sweep of a collector.
pub fn cost(account: &AccountConfig, collector: Collector, fleet: FleetSize) -> Cost {
    if account.needs().is_idle(collector) {
        return exactly(0);
    }
    match &account.platform {
        PlatformOptions::Nsight(_) => nsight(account, collector, fleet),
        PlatformOptions::Tactical(options) => {
            let devices = Admitted::of(account, fleet).devices();
            match collector {
                // /clients/ and /agents/ answer for the whole server; /core/customfields/ names what the mappings look at.
                Collector::Inventory => exactly(2 + u64::from(options.mappings.use_fields())),
                Collector::Server | Collector::Alerts => exactly(1),
                Collector::Checks | Collector::Tasks | Collector::Details => exactly(devices),
                // Windows only.
                Collector::Patches => at_most(devices),
                // N-sight's.
                _ => exactly(0),
            }
        }
    }
}

/// Devices of the kinds that the filter admits.
struct Admitted {
    servers: u64,
    workstations: u64,
}

impl Admitted {
    fn of(account: &AccountConfig, fleet: FleetSize) -> Self {
        let admitted = |kind, count| if account.filter.admits_kind(kind) { count } else { 0 };
        Self {
            servers: admitted(Kind::Server, fleet.servers),
            workstations: admitted(Kind::Workstation, fleet.workstations),
        }
    }

    const fn devices(&self) -> u64 {
        self.servers.saturating_add(self.workstations)
    }
}

fn nsight(account: &AccountConfig, collector: Collector, fleet: FleetSize) -> Cost {
    let admitted = Admitted::of(account, fleet);
    let (servers, devices) = (admitted.servers, admitted.devices());
    let time_zone = u64::from(asks_for_time_zone(account) == Some(collector));
    // Some of the devices, if anybody knows how many.
    let with = |feature: Option<u64>, calls: u64| match feature {
        Some(count) => exactly(count.min(devices).saturating_mul(calls)),
        None => at_most(devices.saturating_mul(calls)),
    };
    match collector {
        Collector::Inventory => inventory(account, &admitted, fleet),
        Collector::FailingChecks => exactly(1),
        Collector::Antivirus | Collector::Backup => exactly(devices.saturating_add(time_zone)),
        Collector::Checks | Collector::Outages | Collector::DriveSpace | Collector::Assets => exactly(devices),
        Collector::AntivirusDefinitions => match account.nsight().antivirus_products.len() as u64 {
            0 => exactly(0),
            // The catalogue, and every product that stands in it.
            products => at_most(products.saturating_add(1)),
        },
        Collector::ManagedAntivirus => {
            let calls = ["list_mav_threats", "list_mav_quarantine", "list_mav_scans"];
            let calls = calls.into_iter().filter(|call| account.needs().asks(collector, call)).count();
            with(fleet.having.managed_antivirus, calls as u64)
        }
        Collector::BackupSessions => with(fleet.having.backup, 1),
        Collector::BackupSelection => {
            // One call for the whole account, if any device has backup.
            let cost = with(fleet.having.backup, 1);
            Cost { calls: cost.calls.min(1).saturating_add(time_zone), ..cost }
        }
        Collector::Patches => with(fleet.having.patch, 1),
        // Workstations with a performance check, which only the collector `checks` sees.
        Collector::Performance if runs(account, Collector::Checks) => at_most(devices),
        Collector::Performance => exactly(servers),
        // Windows only.
        Collector::Exchange => at_most(servers),
        Collector::Licenses => exactly(fleet.clients),
        Collector::Directory => exactly(fleet.sites),
        // Tactical RMM's.
        Collector::Tasks | Collector::Server | Collector::Alerts | Collector::Details => exactly(0),
    }
}

/// `list_clients`; `list_sites` a client; `list_devices_at_client` a client and kind; `list_servers` and `list_workstations` for each
/// site that has, or may have, some.
fn inventory(account: &AccountConfig, admitted: &Admitted, fleet: FleetSize) -> Cost {
    // The counts of clients may hold entries without agent, so every client may have some.
    let lists = |count| if count > 0 { fleet.clients } else { 0 };
    let mobile = fleet.having.mobile.unwrap_or(u64::MAX).min(fleet.clients);
    let mobile = if account.filter.admits_kind(Kind::Mobile) { mobile } else { 0 };
    let lists = [fleet.clients, lists(admitted.servers), lists(admitted.workstations), mobile];
    let servers = fleet.sites.min(admitted.servers);
    // Workstations without agent stand in no list of devices, so every site of a client that has any is asked.
    let workstations = if admitted.workstations > 0 { fleet.sites } else { 0 };
    let calls = lists.into_iter().chain([servers, workstations]).fold(1, u64::saturating_add);
    at_most(calls)
}

/// The collector that `list_general_settings` goes with, when the account's time zone is needed and not configured.
fn asks_for_time_zone(account: &AccountConfig) -> Option<Collector> {
    if account.nsight().time_zone.is_some() {
        return None;
    }
    IN_NEED.into_iter().find(|collector| runs(account, *collector))
}

fn runs(account: &AccountConfig, collector: Collector) -> bool {
    account.collectors.contains_key(&collector) && !account.needs().is_idle(collector)
}
