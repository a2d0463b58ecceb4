//! Space on disks and in stores.

use super::{Family, Scope, Section, Series, Source};
use crate::collector::Collector;
use crate::fleet::{DeviceView, Drive};

const DETAILS: Option<Source> = Source::new(&[Collector::Details], &["/agents/{id}/"]);
const DISK: Family = Family { labels: &["disk"], tactical: DETAILS, ..Family::gauge(Section::Storage, Scope::Device) };

pub(super) static FAMILIES: [Family; 4] = [
    Family {
        name: "rmm_device_disk_used_bytes",
        meaning: "Used space of a disk, in bytes. On N-sight: on the newest day of its history.",
        nsight: Source::new(&[Collector::DriveSpace], &["list_drive_space_history"]),
        series: Series::Device(|device, out| {
            for drive in drives(device) {
                out.put_known(&[("disk", drive.disk.as_str())], drive.used_bytes);
            }
        }),
        ..DISK
    },
    Family {
        name: "rmm_device_disk_size_bytes",
        meaning: "Size of a disk, in bytes.",
        series: Series::Device(|device, out| {
            for drive in drives(device) {
                out.put_known(&[("disk", drive.disk.as_str())], drive.size_bytes);
            }
        }),
        ..DISK
    },
    Family {
        name: "rmm_device_disk_used_ratio",
        meaning: "Used part of a disk, 0 to 1.",
        series: Series::Device(|device, out| {
            for drive in drives(device) {
                out.put_known(&[("disk", drive.disk.as_str())], drive.used_ratio);
            }
        }),
        ..DISK
    },
    Family {
        name: "rmm_exchange_store_bytes",
        meaning: "Size of an Exchange store on the newest day of its history, in bytes.",
        labels: &["store"],
        nsight: Source::new(&[Collector::Exchange], &["list_exchange_storage_history"]),
        series: Series::Device(|device, out| {
            for store in device.readings.stores.iter().flat_map(|stores| stores.iter()) {
                out.put(&[("store", store.store.as_str())], store.bytes);
            }
        }),
        ..Family::gauge(Section::Storage, Scope::Device)
    },
];

/// The disks of a device, by whichever platform.
fn drives(device: &DeviceView) -> impl Iterator<Item = &Drive> {
    let nsight = device.readings.drives.iter().flat_map(|drives| drives.iter());
    nsight.chain(device.readings.details.iter().flat_map(|details| &details.disks))
}
