//! How busy devices are.

use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector;

const LOAD: Family = Family {
    nsight: Source::new(&[Collector::Performance], &["list_performance_history"]),
    ..Family::gauge(Section::Performance, Scope::Device)
};

pub(super) static FAMILIES: [Family; 6] = [
    Family {
        name: "rmm_device_cpu_load_ratio",
        meaning: "Average load of a processor in the newest interval, 0 to 1; the label cpu is its id, or all.",
        labels: &["cpu"],
        series: Series::Device(|device, out| {
            for load in device.readings.performance.iter().flat_map(|performance| &performance.processors) {
                out.put_known(&[("cpu", load.cpu.as_str())], load.average);
            }
        }),
        ..LOAD
    },
    Family {
        name: "rmm_device_cpu_load_max_ratio",
        meaning: "Highest load of a processor in the newest interval, 0 to 1.",
        labels: &["cpu"],
        series: Series::Device(|device, out| {
            for load in device.readings.performance.iter().flat_map(|performance| &performance.processors) {
                out.put_known(&[("cpu", load.cpu.as_str())], load.most);
            }
        }),
        ..LOAD
    },
    Family {
        name: "rmm_device_memory_available_bytes",
        meaning: "Memory that was available on average in the newest interval, in bytes.",
        series: Series::Device(|device, out| {
            let performance = device.readings.performance.as_ref();
            out.put_known(&[], performance.and_then(|performance| performance.memory_available_bytes));
        }),
        ..LOAD
    },
    Family {
        name: "rmm_device_disk_queue_length",
        meaning: "Reads and writes that waited for a disk on average in the newest interval.",
        labels: &["disk"],
        series: Series::Device(|device, out| {
            for (disk, length) in device.readings.performance.iter().flat_map(|performance| &performance.disk_queues) {
                out.put(&[("disk", disk.as_str())], *length);
            }
        }),
        ..LOAD
    },
    Family {
        name: "rmm_device_network_bytes_per_second",
        meaning: "Average traffic of a network adapter in the newest interval, in bytes per second.",
        labels: &["adapter", "direction"],
        enumerations: &[Enumeration::of("direction", &["receive", "transmit"])],
        series: Series::Device(|device, out| {
            for load in device.readings.performance.iter().flat_map(|performance| &performance.adapters) {
                for (direction, rate) in [("receive", load.receive), ("transmit", load.transmit)] {
                    out.put_known(&[("adapter", load.adapter.as_str()), ("direction", direction)], rate);
                }
            }
        }),
        ..LOAD
    },
    Family {
        name: "rmm_device_performance_timestamp_seconds",
        meaning: "End of the newest interval of the performance values, in Unix time.",
        series: Series::Device(|device, out| {
            out.put_known(&[], device.readings.performance.as_ref().and_then(|performance| performance.end));
        }),
        ..LOAD
    },
];
