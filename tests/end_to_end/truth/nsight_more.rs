//! What N-sight's managed antivirus, backup, outages, measurements, assets and directories give.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rmm_exporter::demo::world::nsight::{NsightDeviceTruth, NsightTruth};
use rmm_exporter::demo::world::nsight_antivirus::NsightScan;
use rmm_exporter::demo::world::nsight_assets::NsightAsset;
use rmm_exporter::demo::world::nsight_backup::NsightSession;
use rmm_exporter::demo::world::nsight_outages::NsightOutage;
use rmm_exporter::demo::world::nsight_performance::{NsightInterval, NsightPerformance};
use rmm_exporter::demo::world::nsight_storage::NsightVolume;

use super::{At, PRODUCTS, clean, count, disk};
use crate::support::SeriesMap;

const MEBIBYTE: f64 = 1_048_576.0;

/// Everything of a device with an agent.
pub fn device(all: &mut SeriesMap, at: &At, device: &NsightDeviceTruth, now: Timestamp) {
    let has = |feature| device.device.features.contains(&feature);
    if has("mav") || has("mavbreck") {
        managed_antivirus(all, at, device);
    }
    if has("mob") {
        sessions(all, at, &device.sessions);
        selection(all, at, device);
    }
    outages(all, at, &device.outages, now);
    if let Some(measured) = &device.performance {
        performance(all, at, measured);
    }
    volumes(all, at, "rmm_device_disk_used_bytes", "disk", &device.drives);
    volumes(all, at, "rmm_exchange_store_bytes", "store", &device.stores);
    if let Some(assets) = &device.assets {
        let present = |list: &[NsightAsset]| count(list, |item| !item.deleted);
        at.put(all, "rmm_device_software_items", present(&assets.software) as f64);
        at.put(all, "rmm_device_hardware_items", present(&assets.hardware) as f64);
        at.time(all, "rmm_device_asset_scan_timestamp_seconds", assets.scanned);
    }
}

/// When the newest definitions of each product of the configuration came out.
pub fn definitions(all: &mut SeriesMap, account: &At, truth: &NsightTruth) {
    for id in PRODUCTS {
        let product = truth.definitions.iter().find(|product| product.id == id).expect("product");
        let newest = product.definitions.iter().map(|definition| definition.released).max();
        account.with("product", id).time(all, "rmm_antivirus_product_definition_timestamp_seconds", newest);
    }
}

/// Licences of one name are counted together.
pub fn licenses(all: &mut SeriesMap, client: &At, truth: &NsightTruth, id: u64) {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for license in truth.licenses.iter().filter(|license| license.client_id == id) {
        let (owned, installed) = sums.entry(clean(license.name)).or_default();
        *owned += license.owned;
        *installed += license.installed;
    }
    for (name, (owned, installed)) in sums {
        let at = client.with("license", &name);
        at.put(all, "rmm_license_owned", owned as f64);
        at.put(all, "rmm_license_installed", installed as f64);
    }
}

/// The statuses are a full set: a site whose directory nobody watches has zeros.
pub fn directory(all: &mut SeriesMap, site: &At, truth: &NsightTruth, id: u64) {
    let users = &truth.directory.iter().find(|directory| directory.site_id == id).expect("directory").statuses;
    let words = ["unchanged", "unknown", "modified", "new", "deleted", "restored"];
    for (word, number) in words.into_iter().zip(0..) {
        site.with("status", word).put(all, "rmm_directory_users", count(users, |status| *status == number) as f64);
    }
}

fn managed_antivirus(all: &mut SeriesMap, at: &At, device: &NsightDeviceTruth) {
    let became = |status: &str| match status.to_ascii_uppercase().as_str() {
        "QUARANTINED" | "DELETE_PENDING" | "RELEASE_PENDING" => "quarantined",
        "DELETED" | "CLEANED" | "BLOCKED" | "QUARANTINEDELETED" => "resolved",
        failed if failed.starts_with("FAILED_TO_") => "failed",
        _ => "active",
    };
    let words = ["active", "quarantined", "resolved", "failed"];
    let counts = words.map(|word| (word, count(&device.threats, |threat| became(threat.status) == word)));
    at.set(all, "rmm_antivirus_threats", "status", &counts);
    at.put(all, "rmm_antivirus_quarantined_items", count(&device.quarantine, |item| item.current) as f64);
    let finished = |scan: &&NsightScan| {
        scan.status.eq_ignore_ascii_case("FINISHED") || scan.status.eq_ignore_ascii_case("Scan Finished Normally")
    };
    let kind = |scan: &NsightScan| match scan.scan_type.to_ascii_lowercase().as_str() {
        "quick" => "quick",
        "deep" => "deep",
        "custom" => "custom",
        _ => "other",
    };
    for word in ["quick", "deep", "custom", "other"] {
        let scans = device.scans.iter().filter(finished).filter(|scan| kind(scan) == word);
        let Some(newest) = scans.max_by_key(|scan| scan.end.expect("finished")) else { continue };
        let at = at.with("scan_type", word);
        at.time(all, "rmm_antivirus_last_scan_timestamp_seconds", newest.end);
        at.put(all, "rmm_antivirus_last_scan_threats", newest.threats as f64);
        at.put(all, "rmm_antivirus_last_scan_errors", newest.errors as f64);
    }
}

fn sessions(all: &mut SeriesMap, at: &At, sessions: &[NsightSession]) {
    let backups: Vec<_> = sessions.iter().filter(|session| session.kind == "BACKUP").collect();
    let plugins: BTreeSet<_> = backups.iter().map(|session| session.plugin).collect();
    for plugin in plugins {
        let of_plugin = backups.iter().filter(|session| session.plugin == plugin);
        let at = at.with("plugin", &plugin.to_lowercase());
        let completed = of_plugin.clone().filter(|session| session.status == "COMPLETED");
        let success = completed.filter_map(|session| session.end).max();
        at.time(all, "rmm_backup_session_last_success_timestamp_seconds", success);
        let newest = of_plugin.max_by_key(|session| session.end.unwrap_or(session.start)).expect("one");
        for status in ["completed", "completed_with_errors", "failed", "interrupted", "not_started", "canceled"] {
            let is = newest.status.eq_ignore_ascii_case(status);
            at.with("status", status).flag(all, "rmm_backup_session_last_status", is);
        }
        if let Some(end) = newest.end {
            let seconds = end.duration_since(newest.start).as_secs_f64();
            at.put(all, "rmm_backup_session_last_duration_seconds", seconds);
        }
        at.put(all, "rmm_backup_session_last_transferred_bytes", newest.transferred as f64);
        at.put(all, "rmm_backup_session_last_selected_bytes", newest.selected as f64);
        at.put(all, "rmm_backup_session_last_processed_bytes", newest.processed as f64);
        at.put(all, "rmm_backup_session_last_errors", newest.errors as f64);
    }
}

/// Of the slots in use; a plugin that is in two of them counts with both.
fn selection(all: &mut SeriesMap, at: &At, device: &NsightDeviceTruth) {
    let word = |element: &str| match element {
        "FsBackupPlugin" => "file_system",
        "SystemStateBackupPlugin" => "system_state",
        "MssqlBackupPlugin" => "mssql",
        "ExchangeBackupPlugin" => "exchange",
        "NetworkSharesBackupPlugin" => "network_shares",
        "VmwareBackupPlugin" => "vmware",
        "SharepointBackupPlugin" => "sharepoint",
        "OracleBackupPlugin" => "oracle",
        other => panic!("the test does not know plugin {other}"),
    };
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (element, bytes) in device.selection.iter().filter(|slot| slot.active).flat_map(|slot| &slot.plugins) {
        *sums.entry(word(element)).or_default() += bytes;
    }
    for (plugin, bytes) in sums {
        at.with("plugin", plugin).put(all, "rmm_backup_selected_bytes", bytes as f64);
    }
}

fn outages(all: &mut SeriesMap, at: &At, outages: &[NsightOutage], now: Timestamp) {
    let window = now - jiff::SignedDuration::from_hours(30 * 24);
    let known = ["CHECK_FAILURE", "DEVICE_OFFLINE", "DEVICE_OVERDUE", "SITE_DOWN", "UPLOAD_ERROR"];
    for reason in known.into_iter().chain(["UNKNOWN"]) {
        let fits = |outage: &&NsightOutage| {
            outage.reason == reason || (reason == "UNKNOWN" && !known.contains(&outage.reason))
        };
        let mut ours: Vec<_> = outages.iter().filter(fits).collect();
        let at = at.with("reason", &reason.to_lowercase());
        let open = count(&ours, |outage| outage.end.is_none());
        at.put(all, "rmm_device_outages_open", open as f64);
        // Of those that overlap, each moment counts once.
        ours.sort_by_key(|outage| outage.start);
        let (mut seconds, mut counted) = (0, window);
        for outage in ours {
            let (start, end) = (outage.start.max(counted), outage.end.unwrap_or(now).min(now));
            if end > start {
                seconds += end.duration_since(start).as_secs();
                counted = end;
            }
        }
        at.put(all, "rmm_device_outage_seconds", seconds as f64);
    }
}

fn performance(all: &mut SeriesMap, at: &At, measured: &NsightPerformance) {
    let mut ends = Vec::new();
    if let Some(newest) = last(&measured.cpu, &mut ends) {
        for load in newest {
            let at = at.with("cpu", &load.cpu.map_or_else(|| "all".to_owned(), |cpu| cpu.to_string()));
            at.put(all, "rmm_device_cpu_load_ratio", load.average / 100.0);
            at.put(all, "rmm_device_cpu_load_max_ratio", load.max / 100.0);
        }
    }
    if let Some(newest) = last(&measured.memory, &mut ends) {
        at.put(all, "rmm_device_memory_available_bytes", newest.available_average as f64 * MEBIBYTE);
    }
    for (name, intervals) in &measured.disks {
        if let Some(newest) = last(intervals, &mut ends) {
            at.with("disk", &disk(name)).put(all, "rmm_device_disk_queue_length", newest.read + newest.write);
        }
    }
    for (name, intervals) in &measured.adapters {
        if let Some(newest) = last(intervals, &mut ends) {
            let at = at.with("adapter", &clean(name));
            for (direction, kilobytes) in [("receive", newest.receive), ("transmit", newest.transmit)] {
                let at = at.with("direction", direction);
                at.put(all, "rmm_device_network_bytes_per_second", kilobytes * 1_000.0);
            }
        }
    }
    at.time(all, "rmm_device_performance_timestamp_seconds", ends.into_iter().max());
}

/// The newest measurement; its end goes to the ends.
fn last<'m, T>(intervals: &'m [NsightInterval<T>], ends: &mut Vec<Timestamp>) -> Option<&'m T> {
    let newest = intervals.iter().max_by_key(|interval| interval.end)?;
    ends.push(newest.end);
    Some(&newest.value)
}

fn volumes(all: &mut SeriesMap, at: &At, metric: &str, label: &str, volumes: &[NsightVolume]) {
    for volume in volumes {
        let name = if label == "disk" { disk(&volume.name) } else { clean(&volume.name) };
        if let Some((_, used)) = volume.days.iter().max_by_key(|(day, _)| *day) {
            at.with(label, &name).put(all, metric, *used as f64 * MEBIBYTE);
        }
    }
}
