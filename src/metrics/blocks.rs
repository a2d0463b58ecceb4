//! Blocks of devices: the parts in which a fleet is rendered, so that what did not change is not rendered again.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::catalogue::{self, Family, Series};
use super::lines::Lines;
use super::parts::Writer;
use super::samples::Sink;
use super::walk::{device_labels, walk_devices, walk_places};
use crate::fleet::{DeviceId, DeviceView, View};

/// About how many devices a block has. Smaller ones are compressed worse, larger ones change more often.
const USUAL: u32 = 128;
/// And at most.
const MOST: usize = 512;

/// Series by the index of their family in the catalogue.
pub(super) type Counts = Vec<u64>;

/// A fleet in blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    view: Arc<View>,
    /// Series of the account as a whole, of its clients and sites.
    of_places: Counts,
    parts: Vec<Block>,
}

/// Devices that follow one another.
#[derive(Clone, Debug)]
struct Block {
    devices: Range<usize>,
    counts: Arc<Counts>,
    /// The block before that begins with the same device.
    before: Option<Before>,
}

/// A block of the rendering before, and what of it is as it was.
#[derive(Clone, Copy, Debug)]
struct Before {
    index: usize,
    checks: bool,
    tasks: bool,
    /// Everything else.
    rest: bool,
}

impl Before {
    fn new(index: usize, before: &[DeviceView], now: &[DeviceView]) -> Self {
        let all = |same: fn(&DeviceView, &DeviceView) -> bool| {
            before.len() == now.len() && before.iter().zip(now).all(|(before, now)| same(before, now))
        };
        let has_same_labels = all(|a, b| device_labels(a) == device_labels(b));
        Self {
            index,
            checks: has_same_labels && all(|a, b| a.checks == b.checks),
            tasks: has_same_labels && all(|a, b| a.tasks == b.tasks),
            rest: all(is_same_but_for_checks),
        }
    }

    /// Whether a family reads nothing that changed.
    const fn is_same(&self, series: Series) -> bool {
        match series {
            Series::Check(_) => self.checks,
            Series::Task(_) => self.tasks,
            _ => self.rest,
        }
    }
}

fn is_same_but_for_checks(a: &DeviceView, b: &DeviceView) -> bool {
    // All fields are named, so that a new one cannot be forgotten here.
    let DeviceView {
        id,
        client,
        site,
        record,
        checks: _,
        tasks: _,
        antivirus,
        backup,
        patches,
        performance_monitored,
        readings,
    } = a;
    (id, client, site, record) == (&b.id, &b.client, &b.site, &b.record)
        && (antivirus, backup, patches) == (&b.antivirus, &b.backup, &b.patches)
        && (performance_monitored, readings) == (&b.performance_monitored, &b.readings)
}

impl Blocks {
    /// The blocks of `view`, compared with those `before`.
    pub(super) fn new(view: Arc<View>, before: &Self) -> Self {
        let known: HashMap<&DeviceId, usize> = (0..)
            .zip(&before.parts)
            .filter_map(|(index, block)| Some((&before.view.devices.get(block.devices.start)?.id, index)))
            .collect();
        let block = |range: Range<usize>| {
            let devices = view.devices.get(range.clone()).unwrap_or_default();
            let index = devices.first().and_then(|device| known.get(&device.id)).copied();
            let old = index.and_then(|index| {
                let block = before.parts.get(index)?;
                Some((block, Before::new(index, before.view.devices.get(block.devices.clone())?, devices)))
            });
            let counts = match old {
                Some((block, Before { checks: true, tasks: true, rest: true, .. })) => Arc::clone(&block.counts),
                _ => Arc::new(count(|series, sink| walk_devices(series, devices, sink))),
            };
            Block { devices: range, counts, before: old.map(|(_, before)| before) }
        };
        let parts = divide(&view.devices).into_iter().map(block).collect();
        Self { of_places: count(|series, sink| walk_places(series, &view, sink)), parts, view }
    }

    /// How many series each family has.
    pub(super) fn counts(&self) -> Counts {
        let mut all = self.of_places.clone();
        for block in &self.parts {
            all.iter_mut().zip(block.counts.iter()).for_each(|(all, count)| *all += count);
        }
        all
    }

    /// Writes a family. What it has of a block that did not change is taken over.
    pub(super) fn write(&self, family: &Family, index: usize, lines: &mut Lines, writer: &mut Writer<'_>) {
        if matches!(family.series, Series::Fleet(_) | Series::Client(_) | Series::Site(_)) {
            let written =
                lines.of(family.name, |lines| walk_places(family.series, &self.view, &mut Sink::Lines(lines)));
            return writer.write(written, Some(0));
        }
        for block in &self.parts {
            let same = block.before.filter(|before| before.is_same(family.series));
            if block.counts.get(index).is_none_or(|count| *count == 0) {
                writer.nothing();
            } else if !same.is_some_and(|before| writer.take_over(before.index)) {
                let devices = self.view.devices.get(block.devices.clone()).unwrap_or_default();
                let written =
                    lines.of(family.name, |lines| walk_devices(family.series, devices, &mut Sink::Lines(lines)));
                writer.write(written, block.before.map(|before| before.index));
            }
        }
    }
}

/// Where blocks of devices begin and end.
///
/// The devices themselves tell where a block begins, so that one which comes or goes moves no border but those next to it.
fn divide(devices: &[DeviceView]) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    for (index, pair) in (1..).zip(devices.windows(2)) {
        let [before, device] = pair else { continue };
        let is_full = starts.last().is_some_and(|start| index - start >= MOST);
        // Twins stay together: they are told apart only within a block.
        if (is_full || begins(&device.id)) && before.id != device.id {
            starts.push(index);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([devices.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).filter(|block| !block.is_empty()).collect()
}

fn begins(id: &DeviceId) -> bool {
    crc32fast::hash(id.0.as_bytes()).is_multiple_of(USUAL)
}

/// How many series `walk` hands over for each family.
fn count(walk: impl Fn(Series, &mut Sink<'_>)) -> Counts {
    let count = |family: &&Family| {
        let mut sink = Sink::Count(0);
        walk(family.series, &mut sink);
        if let Sink::Count(count) = sink { count } else { 0 }
    };
    catalogue::families().iter().map(count).collect()
}
