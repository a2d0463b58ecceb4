//! What is asked, and what is not: no call for what a device does not have, none beyond the plan, none that a filter or the
//! list of metrics makes useless.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rmm_exporter::config::plan::{FleetSize, Having, plan_account};
use rmm_exporter::config::{self, AccountConfig};
use rmm_exporter::demo::Audit;
use rmm_exporter::demo::world::nsight::{NsightDevice, NsightKind, NsightTruth};
use rmm_exporter::demo::world::tactical::TacticalTruth;

use crate::harness::{BOTH, NOW, Running, Settings, start_demo, yaml};
use crate::support::{Labels, SeriesMap, difference, fleet_only};

/// Collector and name of a call by the metric catalogue; `None` for what belongs to no collector.
fn collector_of(target: &str) -> Option<&'static str> {
    let last = target.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    Some(match target {
        "list_clients"
        | "list_sites"
        | "list_devices_at_client"
        | "list_servers"
        | "list_workstations"
        | "/clients/"
        | "/agents/"
        | "/core/customfields/" => "inventory",
        "list_failing_checks" => "failing_checks",
        "list_checks" => "checks",
        "list_av_history" => "antivirus",
        "list_supported_av_products" | "list_av_definitions" => "antivirus_definitions",
        "list_mav_threats" | "list_mav_quarantine" | "list_mav_scans" => "managed_antivirus",
        "list_backup_history" => "backup",
        "list_mob_sessions" => "backup_sessions",
        "mob/mob_list_selection_size" => "backup_selection",
        "patch_list_all" => "patches",
        "list_outages" => "outages",
        "list_performance_history" => "performance",
        "list_drive_space_history" => "drive_space",
        "list_exchange_storage_history" => "exchange",
        "list_device_asset_details" => "assets",
        "list_client_license_count" => "licenses",
        "list_active_directory_users" => "directory",
        // The time zone, for which no collector stands.
        "list_general_settings" => return None,
        "/alerts/" => "alerts",
        "/core/v2/status/" => "server",
        _ if target.starts_with("/winupdate/") => "patches",
        _ if last == "checks" => "checks",
        _ if last == "tasks" => "tasks",
        _ if target.starts_with("/agents/") => "details",
        other => panic!("nobody should call {other}"),
    })
}

/// Ids of the devices that calls of that service were made for.
fn asked_of(audit: &Audit, service: &str) -> BTreeSet<String> {
    let calls = audit.calls().into_iter().filter(|call| call.target == service);
    let id = |identity: &str| {
        let parameters = identity.split(['?', '&']).find_map(|part| part.strip_prefix("deviceid="));
        parameters.expect("a device").to_owned()
    };
    calls.map(|call| id(&call.identity)).collect()
}

/// Ids of the devices with an agent of which this is true.
fn devices_with(truth: &NsightTruth, fits: impl Fn(&NsightDevice) -> bool) -> BTreeSet<String> {
    let devices = truth.devices.iter().map(|device| &device.device);
    devices.filter(|device| has_agent(device) && fits(device)).map(|device| device.id.to_string()).collect()
}

fn has_agent(device: &NsightDevice) -> bool {
    matches!(device.kind, NsightKind::Server | NsightKind::Workstation)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_a_device_has_is_asked_of_it() {
    let running = Running::start(Settings { devices: 80, seed: 23, ..Settings::default() }).await;
    running.until_true().await;
    let truth = running.demo.world.truth(NOW.parse().unwrap());
    let audit = running.demo.nsight.handle.audit();
    let feature =
        |names: &'static [&str]| move |device: &NsightDevice| names.iter().any(|name| device.features.contains(name));
    let monitored = |device: &NsightDevice| {
        let details = truth.nsight.devices.iter().find(|details| details.device.id == device.id).unwrap();
        device.kind == NsightKind::Server || details.performance.is_some()
    };
    let exchange = |device: &NsightDevice| device.kind == NsightKind::Server && device.os.contains("Windows");
    for (service, devices) in [
        ("list_mav_threats", devices_with(&truth.nsight, feature(&["mav", "mavbreck"]))),
        ("list_mav_quarantine", devices_with(&truth.nsight, feature(&["mav", "mavbreck"]))),
        ("list_mav_scans", devices_with(&truth.nsight, feature(&["mav", "mavbreck"]))),
        ("list_mob_sessions", devices_with(&truth.nsight, feature(&["mob"]))),
        ("patch_list_all", devices_with(&truth.nsight, feature(&["patch"]))),
        ("list_exchange_storage_history", devices_with(&truth.nsight, exchange)),
        ("list_performance_history", devices_with(&truth.nsight, monitored)),
        ("list_outages", devices_with(&truth.nsight, |_| true)),
        ("list_device_asset_details", devices_with(&truth.nsight, |_| true)),
    ] {
        assert!(!devices.is_empty(), "{service}");
        assert_eq!(asked_of(audit, service), devices, "{service}");
    }
    assert_eq!(asked_of(audit, "mob/mob_list_selection_size"), BTreeSet::from(["0".to_owned()]), "once for all");
    assert_eq!(audit.violations(), []);
    let audit = running.demo.tactical.handle.audit();
    let calls = audit.calls();
    let agents = calls.iter().filter_map(|call| call.target.strip_prefix("/winupdate/")?.strip_suffix('/'));
    let windows = truth.tactical.agents.iter().filter(|agent| agent.agent.plat == "windows");
    let windows: BTreeSet<&str> = windows.map(|agent| agent.agent.agent_id.as_str()).collect();
    assert_eq!(agents.collect::<BTreeSet<_>>(), windows);
    assert_eq!(audit.violations(), []);
    running.stop().await;
}

/// Different calls by collector.
fn made(audit: &Audit) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut made: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for call in audit.calls() {
        if let Some(collector) = collector_of(&call.target) {
            made.entry(collector).or_default().insert(call.identity);
        }
    }
    made
}

fn nsight_size(truth: &NsightTruth) -> FleetSize {
    let count = |kind| truth.devices.iter().filter(|device| device.device.kind == kind).count() as u64;
    let (clients, sites) = (truth.clients.len() as u64, truth.sites.len() as u64);
    let with = |names: &'static [&str]| {
        let has = |device: &NsightDevice| names.iter().any(|name| device.features.contains(name));
        Some(devices_with(truth, has).len() as u64)
    };
    FleetSize {
        servers: count(NsightKind::Server),
        workstations: count(NsightKind::Workstation),
        having: Having {
            patch: with(&["patch"]),
            managed_antivirus: with(&["mav", "mavbreck"]),
            backup: with(&["mob"]),
            mobile: Some(count(NsightKind::Mobile)),
        },
        ..FleetSize::new(0, Some(clients), Some(sites))
    }
}

fn tactical_size(truth: &TacticalTruth) -> FleetSize {
    let servers = truth.agents.iter().filter(|agent| agent.agent.server).count() as u64;
    let (clients, sites) = (truth.clients.len() as u64, truth.sites.len() as u64);
    let workstations = truth.agents.len() as u64 - servers;
    FleetSize { servers, workstations, ..FleetSize::new(0, Some(clients), Some(sites)) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_goes_beyond_the_plan() {
    let settings = Settings { devices: 70, seed: 5, ..Settings::default() };
    let demo = start_demo(&settings).await;
    let config = config::parse(&yaml(&demo, &settings), Path::new("test"), &|_| None).unwrap();
    let running = Running::around(demo, settings).await;
    running.until_true().await;
    let truth = running.demo.world.truth(NOW.parse().unwrap());
    let check = |account: &AccountConfig, size: FleetSize, audit: &Audit| {
        let plan = plan_account(account, size);
        let mut made = made(audit);
        let mut sum = 0;
        for planned in &plan.collectors {
            let calls = made.remove(planned.collector).unwrap_or_default();
            let count = calls.len() as u64;
            sum += count;
            assert!(count > 0, "{} makes no calls", planned.collector);
            assert!(
                count <= planned.calls_per_sweep,
                "{} makes {count} different calls, the plan says {}: {calls:#?}",
                planned.collector,
                planned.calls_per_sweep
            );
        }
        assert!(made.is_empty(), "no collector of the plan: {made:?}");
        // The plan is the most that it can be, but not made of thin air.
        assert!(sum * 4 >= plan.first_sweep_calls * 3, "{sum} calls of {}", plan.first_sweep_calls);
    };
    check(&config.accounts[0], nsight_size(&truth.nsight), running.demo.nsight.handle.audit());
    check(&config.accounts[1], tactical_size(&truth.tactical), running.demo.tactical.handle.audit());
    running.stop().await;
}

/// The series whose name and labels pass.
fn only(all: &SeriesMap, passes: impl Fn(&str, &Labels) -> bool) -> SeriesMap {
    let passing = all.iter().filter(|((name, labels), _)| passes(name, labels));
    passing.map(|(series, value)| (series.clone(), *value)).collect()
}

const NSIGHT_FILTER: &str = "    filter:
      clients: { exclude: [\"Larkspur.*\"] }
      sites: { exclude: [Lager] }
      devices: { exclude: [\"WS-.*1\"] }
      device_kinds: [server, workstation]
";
const TACTICAL_FILTER: &str = "    filter:
      clients: { exclude: ['C:\\\\Back\\\\Slash'] }
      sites: { exclude: [HQ] }
      devices: { exclude: [\"DESKTOP-.*\"] }
      device_kinds: [server]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_filter_leaves_out_costs_nothing_and_shows_nothing() {
    let settings =
        Settings { devices: 80, nsight_lines: NSIGHT_FILTER, tactical_lines: TACTICAL_FILTER, ..Settings::default() };
    let running = Running::start(settings).await;
    let truth = running.demo.world.truth(NOW.parse().unwrap());
    let (nsight, tactical) = (&truth.nsight, &truth.tactical);
    let client_is_out = |id: u64| nsight.clients.iter().any(|one| one.id == id && one.name.starts_with("Larkspur"));
    let site_is_out = |id: u64| {
        let site = nsight.sites.iter().find(|site| site.id == id).unwrap();
        site.name == "Lager" || client_is_out(site.client_id)
    };
    let device_is_out = |device: &NsightDevice| {
        let named = device.name.starts_with("WS-") && device.name.ends_with('1');
        site_is_out(device.site_id) || named || device.kind == NsightKind::Mobile
    };
    let devices = nsight.devices.iter().map(|device| &device.device).filter(|device| device_is_out(device));
    let mut out: BTreeSet<String> = devices.map(|device| device.id.to_string()).collect();
    assert!(out.len() > 5, "{out:?}");
    let agents = tactical.agents.iter().map(|agent| &agent.agent);
    let agents = agents.filter(|agent| {
        let place = agent.client.starts_with("C:") || agent.site.trim() == "HQ";
        place || agent.hostname.starts_with("DESKTOP-") || !agent.server
    });
    let agents: BTreeSet<String> = agents.map(|agent| agent.agent_id.clone()).collect();
    assert!(agents.len() > 5 && agents.len() < tactical.agents.len(), "{agents:?}");
    out.extend(agents.iter().cloned());
    let shown = |name: &str, labels: &Labels| {
        let label = |name: &str| labels.get(name).map_or("", String::as_str);
        let place_is_out = match label("platform") {
            "nsight" => label("client").starts_with("Larkspur") || label("site") == "Lager",
            _ => label("client").starts_with("C:") || label("site") == "HQ",
        };
        // How many devices a client has on Tactical RMM is counted from those that are looked at.
        let is_counted = name == "rmm_client_devices" && label("platform") == "tactical";
        !place_is_out && !is_counted && !out.contains(label("device_id"))
    };
    let expected = only(&running.expected(), shown);
    running
        .until(|all| {
            let found = fleet_only(all);
            let counts = |name: &str, labels: &Labels| name == "rmm_client_devices" && labels["platform"] == "tactical";
            let difference = difference(&only(&found, |name, labels| !counts(name, labels)), &expected);
            (!difference.is_empty()).then_some(difference)
        })
        .await;
    for account in BOTH {
        running.until_well(account).await;
    }
    for call in running.demo.nsight.handle.audit().calls() {
        for part in call.identity.split(['?', '&']) {
            let id = part.split_once('=').and_then(|(name, id)| Some((name, id.parse().ok()?)));
            let useless = match id {
                Some((_, 0)) => false,
                Some(("clientid", id)) => client_is_out(id),
                Some(("siteid", id)) => site_is_out(id),
                Some(("deviceid", id)) => out.contains(&id.to_string()),
                _ => false,
            };
            assert!(!useless, "{}", call.identity);
        }
    }
    for call in running.demo.tactical.handle.audit().calls() {
        assert!(!agents.iter().any(|id| call.target.contains(id)), "{}", call.target);
    }
    running.stop().await;
}

/// All metrics of outages, licences and alerts; and of the other collectors those of one call.
const EXCLUDED: [&str; 8] = [
    "rmm_device_outage.*",
    "rmm_license_.*",
    "rmm_antivirus_last_scan_.*",
    "rmm_exchange_store_bytes",
    "rmm_directory_users",
    "rmm_alerts_open",
    "rmm_server_.*",
    "rmm_(device_tasks|task_.*)",
];
const EXCLUDE: &str = "    metrics: { exclude: [rmm_device_outage.*, rmm_license_.*, rmm_antivirus_last_scan_.*, \
                       rmm_exchange_store_bytes, rmm_directory_users, rmm_alerts_open, rmm_server_.*, \
                       rmm_(device_tasks|task_.*)] }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_sees_is_not_asked() {
    let settings = Settings { devices: 40, nsight_lines: EXCLUDE, tactical_lines: EXCLUDE, ..Settings::default() };
    let running = Running::start(settings).await;
    let hidden = regex::Regex::new(&format!("^(?:{})$", EXCLUDED.join("|"))).unwrap();
    let expected = only(&running.expected(), |name, _| !hidden.is_match(name));
    assert!(expected.len() < running.expected().len());
    running
        .until(|all| {
            let difference = difference(&fleet_only(all), &expected);
            (!difference.is_empty()).then_some(difference)
        })
        .await;
    for account in BOTH {
        running.until_well(account).await;
    }
    let asked = |audit: &Audit| audit.calls().into_iter().map(|call| call.target).collect::<BTreeSet<_>>();
    let nsight = asked(running.demo.nsight.handle.audit());
    for service in [
        "list_outages",
        "list_client_license_count",
        "list_mav_scans",
        "list_exchange_storage_history",
        "list_active_directory_users",
    ] {
        assert!(!nsight.contains(service), "{service}");
    }
    for service in ["list_mav_threats", "list_mav_quarantine", "list_checks", "list_clients"] {
        assert!(nsight.contains(service), "{service}");
    }
    let tactical = asked(running.demo.tactical.handle.audit());
    let useless = |target: &String| {
        matches!(target.as_str(), "/alerts/" | "/core/v2/status/" | "/core/dashinfo/") || target.ends_with("/tasks/")
    };
    assert!(!tactical.iter().any(useless), "{tactical:?}");
    assert!(tactical.iter().any(|target| target.ends_with("/checks/")));
    running.stop().await;
}
