//! Answers of N-sight (`tests/fixtures/nsight`), as the decoder gets them.

#![allow(dead_code, reason = "not every test needs every helper")]

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use rmm_exporter::config::ChecksMode;
use rmm_exporter::fleet::{AntivirusEngine, ClientKey, DeviceId, Fleet, Kind, SiteKey};
use rmm_exporter::platform::nsight::Decoder;
use rmm_exporter::platform::nsight::call::{AntivirusTarget, Call, Recent, SelectionTarget};
use rmm_exporter::platform::transport::RawAnswer;
use rmm_exporter::platform::{Answer, Failure};

/// The names of the small account's answers, without `.xml`, in the order in which an account would ask for them.
pub fn account() -> Vec<String> {
    const ORDER: [&str; 25] = [
        "list_clients",
        "list_sites",
        "list_general_settings",
        "list_devices_at_client",
        "list_servers",
        "list_workstations",
        "list_failing_checks",
        "list_checks",
        "list_av_history",
        "list_backup_history",
        "patch_list_all",
        "list_supported_av_products",
        "list_av_definitions",
        "list_mav_threats",
        "list_mav_quarantine",
        "list_mav_scans",
        "list_mob_sessions",
        "mob_list_selection_size",
        "list_outages",
        "list_performance_history",
        "list_drive_space_history",
        "list_exchange_storage_history",
        "list_device_asset_details",
        "list_client_license_count",
        "list_active_directory_users",
    ];
    let files = std::fs::read_dir(folder()).expect("fixtures").map(|entry| entry.expect("entry").file_name());
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.to_str()?.strip_suffix(".xml")?.to_owned())).collect();
    let place = |name: &str| ORDER.iter().position(|service| Some(*service) == name.split('.').next());
    assert!(names.iter().all(|name| place(name).is_some()), "a fixture of an unknown service: {names:?}");
    names.sort_by_key(|name| (place(name), name.clone()));
    names
}

/// When the small account's answers arrived.
pub fn now() -> Timestamp {
    "2026-03-04T09:15:00Z".parse().expect("a time")
}

/// The call that `SERVICE.ID`, `list_devices_at_client.CLIENT.KIND` or `list_mav_….ID.VERSION` answers.
pub fn call(name: &str) -> Call {
    let parts: Vec<&str> = name.split('.').collect();
    let id = parts.get(1).copied().unwrap_or_default();
    match (parts[0], parts.get(2).copied()) {
        ("list_clients", _) => Call::ListClients,
        ("list_sites", _) => Call::ListSites(ClientKey::new(id)),
        ("list_devices_at_client", Some("server")) => Call::ListDevicesAtClient(ClientKey::new(id), Kind::Server),
        ("list_devices_at_client", Some("workstation")) => {
            Call::ListDevicesAtClient(ClientKey::new(id), Kind::Workstation)
        }
        ("list_devices_at_client", Some("mobile_device")) => {
            Call::ListDevicesAtClient(ClientKey::new(id), Kind::Mobile)
        }
        ("list_servers", _) => Call::ListServers(client_of(id), SiteKey::new(id)),
        ("list_workstations", _) => Call::ListWorkstations(client_of(id), SiteKey::new(id)),
        ("list_failing_checks", _) => Call::ListFailingChecks,
        ("list_checks", _) => Call::ListChecks(DeviceId::new(id)),
        ("list_av_history", _) => Call::ListAvHistory(DeviceId::new(id)),
        ("list_backup_history", _) => Call::ListBackupHistory(DeviceId::new(id)),
        ("patch_list_all", _) => Call::PatchListAll(DeviceId::new(id)),
        ("list_general_settings", _) => Call::ListGeneralSettings,
        ("list_supported_av_products", _) => Call::ListSupportedAvProducts,
        ("list_av_definitions", _) => Call::ListAvDefinitions(id.into()),
        ("list_mav_threats", Some(version)) => Call::ListMavThreats(antivirus_target(id, version)),
        ("list_mav_quarantine", Some(version)) => Call::ListMavQuarantine(antivirus_target(id, version)),
        ("list_mav_scans", Some(version)) => Call::ListMavScans(antivirus_target(id, version)),
        ("list_mob_sessions", _) => Call::ListMobSessions(DeviceId::new(id)),
        ("mob_list_selection_size", _) => {
            Call::MobListSelectionSize(SelectionTarget { device: None, zone: Some("Europe/London".into()) })
        }
        ("list_outages", _) => Call::ListOutages(DeviceId::new(id)),
        ("list_performance_history", _) => Call::ListPerformanceHistory(DeviceId::new(id), RECENT),
        ("list_drive_space_history", _) => Call::ListDriveSpaceHistory(DeviceId::new(id), RECENT_DAYS),
        ("list_exchange_storage_history", _) => Call::ListExchangeStorageHistory(DeviceId::new(id), RECENT_DAYS),
        ("list_device_asset_details", _) => Call::ListDeviceAssetDetails(DeviceId::new(id)),
        ("list_client_license_count", _) => Call::ListClientLicenseCount(ClientKey::new(id)),
        ("list_active_directory_users", _) => Call::ListActiveDirectoryUsers(SiteKey::new(id)),
        other => panic!("{other:?}"),
    }
}

/// For how long back loads are asked for: as long as they are good when nothing is configured.
const RECENT: Recent = Recent(Duration::from_hours(3));

/// For how long back histories by days are asked for.
const RECENT_DAYS: Recent = Recent(Duration::from_hours(72));

/// A device with managed antivirus; `version` is `v1` or `v2`, as in the parameter.
fn antivirus_target(id: &str, version: &str) -> AntivirusTarget {
    let engine = match version {
        "v1" => AntivirusEngine::Vipre,
        "v2" => AntivirusEngine::Bitdefender,
        other => panic!("{other}"),
    };
    AntivirusTarget { device: DeviceId::new(id), engine, utc_offset: Some(3600) }
}

/// Whose site it is in the small account.
fn client_of(site: &str) -> ClientKey {
    ClientKey::new(match site {
        "50311" | "50312" => "41007",
        "50321" => "41008",
        "50330" => "41010",
        "50331" => "41011",
        other => panic!("site {other} is not in list_sites.*.xml"),
    })
}

/// The body of a file; `name` has its folder and extension.
pub fn body(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What the platform makes of `body` as an answer to `call`.
pub fn decode(call: &Call, status: u16, body: Vec<u8>, mode: ChecksMode) -> Result<Answer, Failure> {
    let answer = RawAnswer { status, content_type: "text/xml".to_owned(), retry_after: None, date: None, body };
    Decoder::new("fixtures", None, mode).decode(call, answer, now())
}

/// Gives a good answer to the fleet.
pub fn apply(fleet: &mut Fleet, call: &Call, name: &str, mode: ChecksMode) {
    let answer = decode(call, 200, body(name), mode).unwrap_or_else(|failure| panic!("{name}: {failure}"));
    for update in answer.updates {
        fleet.apply(update, now());
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/nsight")
}
