//! Outages of devices and of their checks.

use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector;
use crate::fleet::OutageReason;

const OUTAGE: Family = Family {
    labels: &["reason"],
    enumerations: &[Enumeration::full("reason", &OutageReason::LABELS)],
    nsight: Source::new(&[Collector::Outages], &["list_outages"]),
    ..Family::gauge(Section::Outages, Scope::Device)
};

pub(super) static FAMILIES: [Family; 2] = [
    Family {
        name: "rmm_device_outages_open",
        meaning: "Outages of the device and of its checks that last, by reason.",
        series: Series::Device(|device, out| {
            if let Some(outages) = &device.readings.outages {
                for (reason, count) in OutageReason::LABELS.into_iter().zip(outages.open) {
                    out.put(&[("reason", reason)], count);
                }
            }
        }),
        ..OUTAGE
    },
    Family {
        name: "rmm_device_outage_seconds",
        meaning: "How long in the last 30 days there was an outage for that reason; open ones up to the poll, overlaps \
                  counted once.",
        series: Series::Device(|device, out| {
            if let Some(outages) = &device.readings.outages {
                for (reason, seconds) in OutageReason::LABELS.into_iter().zip(outages.seconds) {
                    out.put(&[("reason", reason)], seconds);
                }
            }
        }),
        ..OUTAGE
    },
];
