//! Antivirus: whether it is up to date, what it found, when it looked.

use super::histories::{MAPPED, RESULTS, put_results};
use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector::{Antivirus, AntivirusDefinitions, ManagedAntivirus};
use crate::fleet::{ScanType, ThreatStatus};

const HISTORY: Family = Family {
    nsight: Source::new(&[Antivirus], &["list_av_history"]),
    ..Family::gauge(Section::Antivirus, Scope::Device)
};
const SCAN: Family = Family {
    labels: &["scan_type"],
    enumerations: &[Enumeration::of("scan_type", &ScanType::LABELS)],
    nsight: Source::new(&[ManagedAntivirus], &["list_mav_scans"]),
    ..Family::gauge(Section::Antivirus, Scope::Device)
};

pub(super) static FAMILIES: [Family; 9] = [
    Family {
        name: "rmm_antivirus_up_to_date",
        meaning: "Whether the antivirus is up to date (1) or not (0). On N-sight: whether its check passed on the newest \
                  decided day; a cleared or overdue day counts as 0, days without a run are skipped, and without a \
                  decided day it is absent. On Tactical RMM: by the checks and custom fields that are mapped.",
        tactical: MAPPED,
        series: Series::Device(|device, out| out.put_known(&[], device.antivirus.and_then(|days| days.up_to_date))),
        ..HISTORY
    },
    Family {
        name: "rmm_antivirus_last_pass_timestamp_seconds",
        meaning: "When the antivirus was last known to be up to date, in Unix time. On N-sight: end of the newest day on \
                  which its check passed; the time of the poll while that day lasts. On Tactical RMM: last run of the \
                  mapped check while it passes, or the mapped date field.",
        tactical: MAPPED,
        series: Series::Device(|device, out| out.put_known(&[], device.antivirus.and_then(|days| days.last_pass))),
        ..HISTORY
    },
    Family {
        name: "rmm_antivirus_daily_results",
        meaning: "Days of the last 30 by result of the antivirus update check.",
        labels: &["status"],
        enumerations: RESULTS,
        series: Series::Device(|device, out| put_results(device.antivirus, out)),
        ..HISTORY
    },
    Family {
        name: "rmm_antivirus_product_definition_timestamp_seconds",
        meaning: "When the newest definitions of an antivirus product came out, in Unix time, for the products named in \
                  antivirus_products.",
        labels: &["product"],
        nsight: Source::new(&[AntivirusDefinitions], &["list_supported_av_products", "list_av_definitions"]),
        series: Series::Fleet(|view, out| {
            for (product, released) in &view.antivirus_definitions {
                out.put(&[("product", product.as_str())], *released);
            }
        }),
        ..Family::gauge(Section::Antivirus, Scope::Account)
    },
    Family {
        name: "rmm_antivirus_threats",
        meaning: "Threats that the managed antivirus of the device found, by what became of them.",
        labels: &["status"],
        enumerations: &[Enumeration::full("status", &ThreatStatus::LABELS)],
        nsight: Source::new(&[ManagedAntivirus], &["list_mav_threats"]),
        series: Series::Device(|device, out| {
            for (status, count) in
                device.readings.threats.into_iter().flat_map(|counts| ThreatStatus::LABELS.into_iter().zip(counts))
            {
                out.put(&[("status", status)], count);
            }
        }),
        ..Family::gauge(Section::Antivirus, Scope::Device)
    },
    Family {
        name: "rmm_antivirus_quarantined_items",
        meaning: "Items that the managed antivirus of the device has in quarantine now.",
        nsight: Source::new(&[ManagedAntivirus], &["list_mav_quarantine"]),
        series: Series::Device(|device, out| out.put_known(&[], device.readings.quarantined)),
        ..Family::gauge(Section::Antivirus, Scope::Device)
    },
    Family {
        name: "rmm_antivirus_last_scan_timestamp_seconds",
        meaning: "When the newest finished scan of that type ended, in Unix time.",
        series: Series::Device(|device, out| {
            for scan in device.readings.scans.iter().flat_map(|scans| scans.iter()) {
                out.put_known(&[("scan_type", scan.scan_type.name())], scan.end);
            }
        }),
        ..SCAN
    },
    Family {
        name: "rmm_antivirus_last_scan_threats",
        meaning: "Threats that the newest finished scan of that type found.",
        series: Series::Device(|device, out| {
            for scan in device.readings.scans.iter().flat_map(|scans| scans.iter()) {
                out.put_known(&[("scan_type", scan.scan_type.name())], scan.threats);
            }
        }),
        ..SCAN
    },
    Family {
        name: "rmm_antivirus_last_scan_errors",
        meaning: "Errors that the newest finished scan of that type met.",
        series: Series::Device(|device, out| {
            for scan in device.readings.scans.iter().flat_map(|scans| scans.iter()) {
                out.put_known(&[("scan_type", scan.scan_type.name())], scan.errors);
            }
        }),
        ..SCAN
    },
];
