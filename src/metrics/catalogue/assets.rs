//! Hardware, software, licences and directory users, counted.

use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector;
use crate::fleet::DirectoryStatus;

const ASSET: Family = Family {
    nsight: Source::new(&[Collector::Assets], &["list_device_asset_details"]),
    ..Family::gauge(Section::Assets, Scope::Device)
};
const LICENSE: Family = Family {
    labels: &["license"],
    nsight: Source::new(&[Collector::Licenses], &["list_client_license_count"]),
    ..Family::gauge(Section::Assets, Scope::Client)
};

pub(super) static FAMILIES: [Family; 6] = [
    Family {
        name: "rmm_device_software_items",
        meaning: "Pieces of software that are installed on the device.",
        series: Series::Device(|device, out| {
            out.put_known(&[], device.readings.assets.and_then(|assets| assets.software));
        }),
        ..ASSET
    },
    Family {
        name: "rmm_device_hardware_items",
        meaning: "Pieces of hardware of the device.",
        series: Series::Device(|device, out| {
            out.put_known(&[], device.readings.assets.and_then(|assets| assets.hardware));
        }),
        ..ASSET
    },
    Family {
        name: "rmm_device_asset_scan_timestamp_seconds",
        meaning: "When the platform last looked for hardware and software of the device, in Unix time. N-sight does not \
                  say in which zone it writes this time; UTC is assumed, and a time in the future is absent.",
        series: Series::Device(|device, out| {
            out.put_known(&[], device.readings.assets.and_then(|assets| assets.scanned));
        }),
        ..ASSET
    },
    Family {
        name: "rmm_license_owned",
        meaning: "Licences of that name that the client owns.",
        series: Series::Client(|client, out| {
            for license in client.licenses.iter().flat_map(|licenses| licenses.iter()) {
                out.put_known(&[("license", license.name.as_str())], license.owned);
            }
        }),
        ..LICENSE
    },
    Family {
        name: "rmm_license_installed",
        meaning: "Licences of that name that are in use at the client.",
        series: Series::Client(|client, out| {
            for license in client.licenses.iter().flat_map(|licenses| licenses.iter()) {
                out.put_known(&[("license", license.name.as_str())], license.installed);
            }
        }),
        ..LICENSE
    },
    Family {
        name: "rmm_directory_users",
        meaning: "Users in the Active Directory of a site, by what became of them since the last look. Only counted.",
        labels: &["status"],
        enumerations: &[Enumeration::full("status", &DirectoryStatus::LABELS)],
        nsight: Source::new(&[Collector::Directory], &["list_active_directory_users"]),
        series: Series::Site(|site, out| {
            if let Some(users) = &site.directory_users {
                for (status, count) in DirectoryStatus::LABELS.into_iter().zip(users) {
                    out.put(&[("status", status)], *count);
                }
            }
        }),
        ..Family::gauge(Section::Assets, Scope::Site)
    },
];
