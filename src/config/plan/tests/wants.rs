//! The plan against what the platforms really want of a fleet of that size.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::plans;
use crate::clock::SystemClock;
use crate::config::plan::cost::cost;
use crate::config::plan::{FleetSize, Having};
use crate::config::{AccountConfig, parse};
use crate::fleet::{
    AntivirusEngine, AntivirusProduct, ClientKey, ClientView, DeviceId, DeviceInfo, DeviceRecord, DeviceView, Feature,
    Kind, KindCounts, Label, OsFamily, Readings, SiteKey, SiteView, View,
};
use crate::planner::{ReadCall, Want};
use crate::platform::Platform;
use crate::platform::nsight::Nsight;
use crate::platform::nsight::collectors::{Fallbacks, wants as nsight_wants};
use crate::platform::tactical::Tactical;

const NSIGHT: &str = "accounts:
  - name: msp
    platform: nsight
    region: uk
    api_key: k
    antivirus_products: [sophos, Norton]
    collectors:
      checks: { enabled: true }
      antivirus_definitions: { enabled: true }
      managed_antivirus: { enabled: true }
      backup_sessions: { enabled: true }
      backup_selection: { enabled: true }
      outages: { enabled: true }
      performance: { enabled: true }
      drive_space: { enabled: true }
      exchange: { enabled: true }
      assets: { enabled: true }
      licenses: { enabled: true }
      directory: { enabled: true }
";

const TACTICAL: &str = "accounts:
  - name: helpdesk
    platform: tactical
    server: api.example.com
    api_key: k
    mappings: { backup: { date_field: Last Backup } }
    collectors:
      server: { enabled: true }
      details: { enabled: true }
";

fn account(text: &str) -> AccountConfig {
    parse(text, std::path::Path::new("test.yml"), &|_| None).expect("valid").accounts.remove(0)
}

/// A fleet in which every device has everything. Every client has devices of every kind.
fn everything(fleet: FleetSize) -> View {
    let clients = (0..fleet.clients).map(|client| ClientView {
        key: ClientKey::new(&format!("c{client}")),
        id: Label::default(),
        name: Label::default(),
        timezone: None,
        devices: KindCounts { server: None, workstation: None, mobile: None },
        licenses: None,
    });
    let client_of = |site: u64| ClientKey::new(&format!("c{}", site % fleet.clients));
    let sites = (0..fleet.sites).map(|site| SiteView {
        key: SiteKey::new(&format!("s{site}")),
        client_key: client_of(site),
        client_id: Label::default(),
        client: Label::default(),
        id: Label::default(),
        name: Label::default(),
        connection_up: None,
        directory_users: None,
    });
    let devices = (0..fleet.devices()).map(|device| {
        let site = device % fleet.sites;
        let id = DeviceId::new(&format!("d{device}"));
        let label = Label::default;
        let info = DeviceInfo {
            os: label(),
            os_family: OsFamily::Windows,
            agent_version: label(),
            manufacturer: label(),
            model: label(),
        };
        let kind = if device < fleet.servers { Kind::Server } else { Kind::Workstation };
        let record = DeviceRecord {
            kind: Some(kind),
            info: Some(info),
            agentless: Some(false),
            features: Some(vec![Feature::Patch, Feature::ManagedAntivirus, Feature::Backup]),
            antivirus_engine: Some(AntivirusEngine::Bitdefender),
            ..DeviceRecord::new(id.clone(), label(), client_of(site), SiteKey::new(&format!("s{site}")))
        };
        DeviceView {
            id,
            client: label(),
            site: label(),
            record,
            checks: Vec::new(),
            tasks: Vec::new(),
            antivirus: None,
            backup: None,
            patches: None,
            performance_monitored: Some(true),
            readings: Readings::default(),
        }
    });
    let product = |id: &str, name: &str| AntivirusProduct { id: id.into(), name: name.into() };
    View {
        clients: clients.collect(),
        sites: sites.collect(),
        devices: devices.collect(),
        time_zone: Some(TimeZone::UTC),
        antivirus_products: Some(Arc::new([product("sophos", "Sophos"), product("n1", "Norton"), product("x", "X")])),
        ..View::default()
    }
}

/// Calls and intervals of each collector.
type Rows = BTreeMap<&'static str, (u64, Vec<Duration>)>;

fn wanted<C: ReadCall>(wants: &[Want<C>]) -> Rows {
    let mut rows = Rows::new();
    let mut seen = std::collections::BTreeSet::new();
    for want in wants {
        assert!(seen.insert(want.call.identity()), "twice: {}", want.call.identity());
        let (calls, intervals) = rows.entry(want.collector.name()).or_default();
        *calls += 1;
        intervals.push(want.interval);
        intervals.dedup();
    }
    rows
}

fn planned(text: &str, fleet: FleetSize) -> Rows {
    let plan = plans(text, fleet).remove(0);
    let rows = plan.collectors.iter().map(|plan| (plan.collector, (plan.calls_per_sweep, vec![plan.interval])));
    rows.filter(|(_, (calls, _))| *calls > 0).collect()
}

const FLEETS: [FleetSize; 3] = [size(3, 5, 10, 30), size(7, 7, 7, 1), size(2, 9, 1, 20)];

const fn size(clients: u64, sites: u64, servers: u64, workstations: u64) -> FleetSize {
    let having = Having { patch: None, managed_antivirus: None, backup: None, mobile: None };
    FleetSize { clients, sites, servers, workstations, having }
}

#[test]
fn every_nsight_call_is_in_the_plan() {
    let without_zone = NSIGHT.replace("    antivirus_products", "    time_zone: Europe/London\n    antivirus_products");
    let no_history = NSIGHT.replace(
        "    collectors:\n",
        "    collectors:\n      antivirus: { enabled: false }\n      backup: { enabled: false }\n",
    );
    let servers = NSIGHT.replace("    collectors:", "    filter: { device_kinds: [server] }\n    collectors:");
    for text in [NSIGHT, &without_zone, &no_history, &servers] {
        let account = account(text);
        for fleet in FLEETS {
            let mut view = everything(fleet);
            view.devices.retain(|device| device.record.kind.is_some_and(|kind| account.filter.admits_kind(kind)));
            let platform = Nsight::new(&account, Arc::new(SystemClock)).expect("an account");
            assert_eq!(wanted(&platform.wants(&view)), planned(text, fleet), "{fleet:?}");
        }
    }
}

#[test]
fn what_is_not_everywhere_costs_less_than_the_plan_says() {
    // Two clients; only the first has a server, only the second has workstations and every site but one.
    let fleet = FleetSize { having: Having { mobile: Some(0), ..Having::default() }, ..size(2, 9, 1, 20) };
    let mut view = everything(fleet);
    for (index, client) in view.clients.iter_mut().enumerate() {
        let first = u64::from(index == 0);
        client.devices = KindCounts { server: Some(first), workstation: Some(20 * (1 - first)), mobile: Some(0) };
    }
    for site in view.sites.iter_mut().skip(1) {
        site.client_key = ClientKey::new("c1");
    }
    for device in view.devices.iter_mut().skip(1) {
        device.record.client = ClientKey::new("c1");
        device.record.site = SiteKey::new("s1");
    }
    let account = account(NSIGHT);
    let calls = wanted(&nsight_wants(&account, &view, Fallbacks::default()))["inventory"].0;
    // list_clients, 2 list_sites, 2 list_devices_at_client, 1 list_servers, 8 list_workstations of 9 sites
    assert_eq!((calls, planned(NSIGHT, fleet)["inventory"].0), (14, 1 + 2 + 4 + 1 + 9));
}

#[test]
fn every_tactical_call_is_in_the_plan() {
    let token = TACTICAL.replace("    mappings:", "    monitoring_token: t\n    mappings:");
    let frequent = token.replace("server: { enabled: true }", "server: { interval: 2m }");
    let unmapped = TACTICAL.replace("{ date_field: Last Backup }", "{ check_name: x }");
    for text in [TACTICAL, &token, &frequent, &unmapped] {
        let account = account(text);
        for fleet in FLEETS {
            let platform = Tactical::new(&account, Arc::new(SystemClock)).expect("an account");
            assert_eq!(wanted(&platform.wants(&everything(fleet))), planned(text, fleet), "{fleet:?}");
        }
    }
    assert_eq!(planned(TACTICAL, FLEETS[0])["server"], (1, vec![Duration::from_hours(1)]));
    assert_eq!(planned(&frequent, FLEETS[0])["server"], (1, vec![Duration::from_mins(2)]));
}

#[test]
fn what_no_device_has_costs_nothing_and_what_is_known_is_no_upper_bound() {
    let account = account(NSIGHT);
    let having = |count| Having { patch: count, managed_antivirus: count, backup: count, mobile: count };
    for collector in account.collectors.keys().copied() {
        let cost = |count| cost(&account, collector, FleetSize { having: having(count), ..FLEETS[0] });
        let expected = match collector.name() {
            "patches" | "backup_sessions" => (40, 0, 5),
            "managed_antivirus" => (120, 0, 15),
            "backup_selection" => (1, 0, 1),
            _ => continue,
        };
        assert_eq!((cost(None).calls, cost(Some(0)).calls, cost(Some(5)).calls), expected);
        assert_eq!((cost(None).at_most, cost(Some(5)).at_most), (true, false));
        assert_eq!(cost(Some(99)).calls, cost(None).calls, "no more than there are devices");
    }
}
