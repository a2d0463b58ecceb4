//! Clients, sites and devices.
//!
//! Two lists name each device: the roster of its client (list_devices_at_client: features, counts of checks) and the
//! details of its site (list_servers, list_workstations: system, last contact). The roster is cheap and decides which
//! sites are asked for details at all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::Context;
use super::words::os_family;
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{
    AntivirusEngine, ClientKey, ClientRecord, DeviceId, DeviceInfo, DeviceList, DeviceRecord, Feature, Filter, Kind,
    KindCounts, Label, SiteKey, SiteRecord, StatusCounts, Update, View,
};
use crate::platform::bounds;
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire;
use crate::platform::nsight::wire::roster::{CheckCount, Flags};
use crate::platform::nsight::xml::Tally;
use crate::platform::shared::Shared;

/// 50 clients with 80 sites cost about 20 calls a minute at this interval: within the default budget of 30.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Inventory, enabled: true, interval: Duration::from_mins(15) };

/// The least age of a last report at which a workstation counts as offline, unless configured.
const MIN_OFFLINE_AFTER: Duration = Duration::from_mins(30);

/// The class (`dsc_247`) of automated tasks.
const TASK_CLASS: u64 = 3;

/// The calls: one for the clients, some per client, some per site.
#[must_use]
pub fn calls(filter: &Filter, view: &View) -> Vec<Call> {
    let mut calls = vec![Call::ListClients];
    // A list whose devices are known is asked even where the client's count says that there are none (any more): its
    // answer is what takes them away.
    let known: BTreeSet<(&ClientKey, Kind)> =
        view.devices.iter().filter_map(|device| Some((&device.record.client, device.record.kind?))).collect();
    let mut with_workstations = BTreeSet::new();
    for client in &view.clients {
        calls.push(Call::ListSites(client.key.clone()));
        for kind in Kind::ALL.into_iter().filter(|kind| filter.admits_kind(*kind)) {
            if client.devices.get(kind) == Some(0) && !known.contains(&(&client.key, kind)) {
                continue;
            }
            calls.push(Call::ListDevicesAtClient(client.key.clone(), kind));
            if kind == Kind::Workstation {
                with_workstations.insert(&client.key);
            }
        }
    }
    // The client is no parameter of the details, so a site is asked for once, even while two clients have it: it moved, and
    // some lists are from before. The lists of sites say whose it is; those of devices where they have no such site.
    let mut owners = BTreeMap::new();
    for site in &view.sites {
        owners.entry(&site.key).or_insert(&site.client_key);
    }
    let mut details = BTreeMap::new();
    for device in &view.devices {
        let record = &device.record;
        match record.kind {
            Some(kind @ (Kind::Server | Kind::Workstation)) if filter.admits_kind(kind) => {
                let client = owners.get(&record.site).copied().unwrap_or(&record.client);
                details.entry((kind == Kind::Workstation, &record.site)).or_insert(client);
            }
            _ => {}
        }
    }
    // Entries without agent are in no roster, so every site may have workstations.
    for site in view.sites.iter().filter(|site| with_workstations.contains(&site.client_key)) {
        details.entry((true, &site.key)).or_insert(owners.get(&site.key).copied().unwrap_or(&site.client_key));
    }
    calls.extend(details.into_iter().map(|((are_workstations, site), client)| {
        let list = if are_workstations { Call::ListWorkstations } else { Call::ListServers };
        list(client.clone(), site.clone())
    }));
    calls
}

/// What list_clients says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn clients(text: &str, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let clients = wire::clients::list_clients(text, tally)?;
    let record = |client: wire::clients::Client| ClientRecord {
        key: ClientKey::new(&client.id),
        id: Label::new(&client.id),
        name: client.name,
        timezone: Some(client.timezone),
        devices: Some(KindCounts {
            server: client.servers,
            workstation: client.workstations,
            mobile: client.mobile_devices,
        }),
    };
    Ok(vec![Update::Clients(clients.into_iter().map(record).collect())])
}

/// What list_sites says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn sites(text: &str, client: &ClientKey, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let sites = wire::clients::list_sites(text, tally)?;
    let record = |site: wire::clients::Site| SiteRecord {
        key: SiteKey::new(&site.id),
        client: client.clone(),
        id: Label::new(&site.id),
        name: site.name,
        connection_up: site.connection_ok,
    };
    Ok(vec![Update::Sites(client.clone(), sites.into_iter().map(record).collect())])
}

/// What list_devices_at_client says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn roster(text: &str, client: &ClientKey, kind: Kind, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let devices = wire::roster::list_devices_at_client(text, kind, tally)?;
    let record = |device: wire::roster::Device<'_>| {
        let mut record = DeviceRecord::new(DeviceId::new(&device.id), device.name, client.clone(), device.site);
        record.kind = Some(kind);
        record.client_name = Some(device.client_name);
        record.site_name = Some(device.site_name);
        if kind == Kind::Mobile {
            // There is no other list of mobile devices.
            record.info = Some(info(device.os, Label::default(), Label::default(), Label::default()));
        } else {
            record.features = device.flags.map(features);
            record.antivirus_engine = device.flags.and_then(antivirus_engine);
            let is_task = |count: &CheckCount| count.class.map(|class| class == TASK_CLASS);
            record.checks = sum(&device.counts, |count| is_task(count).map(|is_task| !is_task));
            record.tasks = sum(&device.counts, is_task);
        }
        record
    };
    let list = DeviceList::Client(client.clone(), kind);
    Ok(vec![Update::Devices(list, devices.into_iter().map(record).collect())])
}

/// A device of both engines' flags is on its way to the present one.
fn antivirus_engine(flags: Flags) -> Option<AntivirusEngine> {
    let engine = if flags.bitdefender { AntivirusEngine::Bitdefender } else { AntivirusEngine::Vipre };
    flags.managed_antivirus.then_some(engine)
}

fn features(flags: Flags) -> Vec<Feature> {
    [
        (flags.take_control, Feature::TakeControl),
        (flags.patch, Feature::Patch),
        (flags.managed_antivirus, Feature::ManagedAntivirus),
        (flags.backup, Feature::Backup),
        (flags.web_protection, Feature::WebProtection),
        (flags.risk_intelligence, Feature::RiskIntelligence),
    ]
    .into_iter()
    .filter_map(|(on, feature)| on.then_some(feature))
    .collect()
}

/// Adds up the classes that `belongs` admits; `None` without any, and when the class of some cannot be told. A number that
/// cannot be read makes its status unknown: a sum without it would be too small.
fn sum(counts: &[CheckCount], belongs: impl Fn(&CheckCount) -> Option<bool>) -> Option<StatusCounts> {
    let mut sum: Option<StatusCounts> = None;
    for count in counts {
        if !belongs(count)? {
            continue;
        }
        let sum =
            sum.get_or_insert(StatusCounts { passing: Some(0), failing: Some(0), cleared: Some(0), pending: None });
        let add = |total: Option<u64>, part: Option<u64>| total?.checked_add(part?);
        sum.passing = add(sum.passing, count.pass);
        sum.failing = add(sum.failing, count.fail);
        sum.cleared = add(sum.cleared, count.clear);
    }
    sum
}

/// What list_servers or list_workstations says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn details(
    text: &str,
    client: &ClientKey,
    site: &SiteKey,
    kind: Kind,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    let devices = wire::devices::list_devices(text, kind, tally)?;
    let mut versions = Shared::default();
    let record = |device: wire::devices::Device<'_>| {
        let mut record =
            DeviceRecord::new(DeviceId::new(&device.id), device.name.clone(), client.clone(), site.clone());
        record.kind = Some(kind);
        record.last_seen = device.last_report.and_then(|report| bounds::reported(report, context.now));
        record.boot = device.last_boot.filter(|boot| *boot <= context.now);
        record.memory_bytes = device.memory_bytes;
        record.utc_offset = device.utc_offset;
        record.daily_check = device.last_daily_check.filter(|check| *check <= context.now);
        let is_active = device.active_247 == Some(true);
        record.check_interval = device.check_interval.filter(|_| is_active);
        if kind == Kind::Server {
            record.agentless = Some(false);
            record.overdue = device.missed_247;
            record.online = server_is_online(&device);
        } else {
            record.agentless = Some(is_agentless(&device));
            if is_active {
                record.overdue = device.missed_247;
                record.online = workstation_is_online(&device, record.last_seen, context);
            }
        }
        let version = versions.label(&device.agent_version.replace('_', "."));
        record.info = Some(info(device.os, version, device.manufacturer, device.model));
        record
    };
    let list = DeviceList::Site(site.clone(), kind);
    Ok(vec![Update::Devices(list, devices.into_iter().map(record).collect())])
}

fn info(os: Label, agent_version: Label, manufacturer: Label, model: Label) -> DeviceInfo {
    let os_family = os_family(os.as_str());
    DeviceInfo { os, os_family, agent_version, manufacturer, model }
}

/// A value of `online` other than 1 and 0 says nothing; but a server whose report is overdue is not online.
fn server_is_online(device: &wire::devices::Device) -> Option<bool> {
    if device.missed_247 == Some(true) { Some(false) } else { device.online }
}

/// The age of the last report is the only signal: a workstation that is switched off keeps `online` at 1. Without a time that can
/// be believed nothing is known, unless it never reported.
fn workstation_is_online(
    device: &wire::devices::Device,
    last_report: Option<Timestamp>,
    context: &Context<'_>,
) -> Option<bool> {
    let Some(last) = last_report else { return device.never_reported.then_some(false) };
    // A report from the future, by a clock that is ahead of ours, is a fresh one.
    let age = Duration::try_from(context.now.duration_since(last)).unwrap_or_default();
    let by_interval = || device.check_interval.map(|interval| interval.saturating_mul(2).max(MIN_OFFLINE_AFTER));
    match context.offline_after.or_else(by_interval) {
        Some(offline_after) => Some(age < offline_after),
        // No interval is too short for that.
        None => (age < MIN_OFFLINE_AFTER).then_some(true),
    }
}

/// A printer, a router, a machine with no more than the smallest agent: no checks, and never a report.
fn is_agentless(device: &wire::devices::Device) -> bool {
    device.active_247 != Some(true)
        && device.daily_check_active != Some(true)
        && device.last_report.is_none()
        && device.last_daily_check.is_none()
}

#[cfg(test)]
mod tests;
