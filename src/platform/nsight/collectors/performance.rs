//! Load of processors, memory, disks and network, one call for each server.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{AdapterLoad, DeviceId, Kind, Label, Performance, ProcessorLoad, Reading, Update, View, disk_label};
use crate::platform::nsight::call::{Call, Recent};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::performance::{Interval, Processor, list_performance_history};
use crate::platform::nsight::xml::Tally;

/// Hourly: the platform's intervals have 15 minutes.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Performance, enabled: false, interval: Duration::from_hours(1) };

/// How much earlier than the newest interval of its device that of a part may have ended.
const TOGETHER: Duration = Duration::from_hours(1);

/// The label of a load that is of all processors together.
const ALL: &str = "all";

const BYTES_PER_MEGABYTE: f64 = 1_048_576.0;
/// Of network traffic, which is counted in decimal units.
const BYTES_PER_KILOBYTE: f64 = 1000.0;

/// The calls. There is a history where a performance monitoring check runs: every server is asked, and those workstations whose
/// checks the collector `checks` has seen to have one.
#[must_use]
pub fn calls(view: &View, recent: Recent) -> Vec<Call> {
    let devices = with_agent(view)
        .filter(|device| device.record.kind == Some(Kind::Server) || device.performance_monitored == Some(true));
    devices.map(|device| Call::ListPerformanceHistory(device.id.clone(), recent)).collect()
}

/// What list_performance_history says. An answer without any of the parts takes the place of older values all the same.
///
/// A part is shown with the values of its newest interval, unless it stopped being measured: when that interval ended more
/// than an hour before the newest one of the device, or before the time for which was asked.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(
    text: &str,
    device: &DeviceId,
    recent: Recent,
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<Vec<Update>, Error> {
    let history = list_performance_history(text, context.now, tally)?;
    let ends = (history.processors.iter().map(|interval| interval.end))
        .chain(history.memory.iter().map(|interval| interval.end))
        .chain(history.disks.iter().map(|(_, interval)| interval.end))
        .chain(history.adapters.iter().map(|(_, interval)| interval.end));
    let asked = context.now.saturating_sub(recent.0).unwrap_or(Timestamp::MIN);
    let newest = ends.max().filter(|end| *end >= asked);
    let since = newest.map_or(Timestamp::MAX, |end| end.saturating_sub(TOGETHER).unwrap_or(Timestamp::MIN).max(asked));
    // Processors are one part, and so is memory.
    let processors = history.processors.into_iter().map(|interval| ((), interval));
    let memory = history.memory.into_iter().map(|interval| ((), interval));
    let disks = history.disks.into_iter().map(|(disk, interval)| (disk_label(disk.as_str()), interval));
    let performance = Performance {
        end: newest,
        processors: by_part(processors, since).into_iter().flat_map(|((), processors)| loads(processors)).collect(),
        memory_available_bytes: by_part(memory, since)
            .into_iter()
            .find_map(|((), megabytes): ((), Option<f64>)| megabytes)
            .map(|megabytes| megabytes * BYTES_PER_MEGABYTE),
        disk_queues: by_part(disks, since)
            .into_iter()
            .filter_map(|(disk, [read, write])| Some((disk, read? + write?)))
            .collect(),
        adapters: by_part(history.adapters, since)
            .into_iter()
            .map(|(adapter, rates)| {
                let [receive, transmit] = rates.map(|rate| rate.map(|rate| rate * BYTES_PER_KILOBYTE));
                AdapterLoad { adapter, receive, transmit }
            })
            .collect(),
    };
    Ok(vec![Update::Reading(device.clone(), Reading::Performance(Arc::new(performance)))])
}

/// The values of each part in its newest interval, without parts that ended before `since`. Of two entries of one part that
/// are equally new the first counts.
fn by_part<K: Ord, T>(entries: impl IntoIterator<Item = (K, Interval<T>)>, since: Timestamp) -> Vec<(K, T)> {
    let mut parts: BTreeMap<K, Interval<T>> = BTreeMap::new();
    for (part, interval) in entries.into_iter().filter(|(_, interval)| interval.end >= since) {
        match parts.entry(part) {
            Entry::Vacant(entry) => _ = entry.insert(interval),
            Entry::Occupied(mut entry) if entry.get().end < interval.end => _ = entry.insert(interval),
            Entry::Occupied(_) => {}
        }
    }
    parts.into_iter().map(|(part, interval)| (part, interval.values)).collect()
}

/// The loads of processors, the first where one is named twice. One without id is all of them if it is the only one; among
/// others nobody knows which it is.
fn loads(processors: Vec<Processor>) -> Vec<ProcessorLoad> {
    let only_one = processors.len() == 1;
    let mut loads: Vec<ProcessorLoad> = Vec::new();
    for Processor { id, average, most } in processors {
        let cpu = match id {
            None => Label::new(ALL),
            Some(id) if !id.as_str().is_empty() => id,
            Some(_) if only_one => Label::new(ALL),
            Some(_) => continue,
        };
        if loads.iter().all(|load| load.cpu != cpu) {
            loads.push(ProcessorLoad { cpu, average: average.and_then(ratio), most: most.and_then(ratio) });
        }
    }
    loads
}

/// A part of 1. What is above 100 percent by no more than rounding is all of it; more is no percentage.
fn ratio(percent: f64) -> Option<f64> {
    (percent < 101.0).then_some((percent / 100.0).min(1.0))
}

#[cfg(test)]
mod tests;
