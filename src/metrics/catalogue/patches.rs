//! Operating system and third-party updates.

use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector::{Details, Patches};
use crate::fleet::{PatchSeverity, PatchStatus};

const DEVICE: Family = Family {
    nsight: Source::new(&[Patches], &["patch_list_all"]),
    tactical: Source::new(&[Patches], &["/winupdate/{id}/"]),
    ..Family::gauge(Section::Patches, Scope::Device)
};

pub(super) static FAMILIES: [Family; 3] = [
    Family {
        name: "rmm_patches",
        meaning: "Updates of the device by status.",
        labels: &["status"],
        enumerations: &[Enumeration::full("status", &PatchStatus::LABELS)],
        series: Series::Device(|device, out| {
            if let Some(patches) = &device.patches {
                for (status, count) in PatchStatus::LABELS.into_iter().zip(patches.by_status) {
                    out.put(&[("status", status)], count);
                }
            }
        }),
        ..DEVICE
    },
    Family {
        name: "rmm_patches_outstanding",
        meaning: "Updates of the device that are neither installed nor ignored (missing, pending, queued, failed) by \
                  severity.",
        labels: &["severity"],
        enumerations: &[Enumeration::full("severity", &PatchSeverity::LABELS)],
        series: Series::Device(|device, out| {
            if let Some(patches) = &device.patches {
                for (severity, count) in PatchSeverity::LABELS.into_iter().zip(patches.outstanding) {
                    out.put(&[("severity", severity)], count);
                }
            }
        }),
        ..DEVICE
    },
    Family {
        name: "rmm_patches_last_installed_timestamp_seconds",
        meaning: "When an update was last installed on the device, in Unix time. On Tactical RMM: when a scheduled \
                  installation last began.",
        tactical: Source::new(&[Details], &["/agents/{id}/"]),
        series: Series::Device(|device, out| {
            let installed = device.patches.as_ref().and_then(|patches| patches.last_installed);
            let began = device.readings.details.as_ref().and_then(|details| details.patches_last_installed);
            out.put_known(&[], installed.or(began));
        }),
        ..DEVICE
    },
];
