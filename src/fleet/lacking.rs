//! Devices without a check of antivirus or of backup, which have no daily history (N-sight): there is nothing to ask for.
//!
//! That a device has none is known while its list counts as many checks as when its history was read, and while that answer is
//! not stale. So a check that is added is noticed by the next list.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store::{Fleet, Part, PerDevice};
use super::{DeviceId, DeviceRecord, StatusCounts};
use crate::collector::Collector;

/// Devices that have no daily history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// No check of antivirus.
    pub antivirus: HashSet<DeviceId>,
    /// No check of backup.
    pub backup: HashSet<DeviceId>,
}

/// How many checks a device had when there was no history, by its list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct LackingThen {
    pub(super) antivirus: PerDevice<Option<u64>>,
    pub(super) backup: PerDevice<Option<u64>>,
}

impl LackingThen {
    /// Forgets what was read up to these times, of antivirus and of backup, and devices that are not known.
    pub(super) fn prune(&mut self, [antivirus, backup]: [Timestamp; 2], is_known: impl Fn(&DeviceId) -> bool) {
        self.antivirus.retain(|id, part| part.at > antivirus && is_known(id));
        self.backup.retain(|id, part| part.at > backup && is_known(id));
    }
}

impl Fleet {
    /// Takes note of whether the answer to a question for a history of that collector has any day: without one the device has no
    /// such check. Days that are all unknown do not say so: the antivirus may not have run for so long, and run again today.
    pub(super) fn note_history(&mut self, collector: Collector, id: &DeviceId, has_days: bool, at: Timestamp) {
        let checks = if has_days { None } else { self.checks_of(id) };
        let then = match collector {
            Collector::Antivirus => &mut self.lacking.antivirus,
            _ => &mut self.lacking.backup,
        };
        if has_days {
            then.remove(id);
        } else {
            then.insert(id.clone(), Part { value: checks, at });
        }
    }

    /// Takes note of how many checks a list counts.
    pub(super) fn note_list(&mut self, devices: &[DeviceRecord]) {
        if !self.listed_checks.is_empty() {
            let totals = devices.iter().filter_map(|device| Some((device.id.clone(), total(device.checks)?)));
            self.listed_checks.extend(totals);
        }
    }

    fn checks_of(&mut self, id: &DeviceId) -> Option<u64> {
        let listed = &mut self.listed_checks;
        if listed.is_empty() {
            let mut lists: Vec<_> = self.lists.values().collect();
            lists.sort_by_key(|list| list.at);
            let records = lists.into_iter().flat_map(|list| &list.value);
            listed.extend(records.filter_map(|record| Some((record.id.clone(), total(record.checks)?))));
        }
        listed.get(id).copied()
    }

    /// Adds the device to those that lack what they lacked when they had as many checks as now.
    pub(super) fn add_lacking(&self, record: &DeviceRecord, lacking: &mut Lacking) {
        let checks = total(record.checks);
        let lacks = |then: &PerDevice<Option<u64>>| then.get(&record.id).is_some_and(|part| part.value == checks);
        if lacks(&self.lacking.antivirus) {
            lacking.antivirus.insert(record.id.clone());
        }
        if lacks(&self.lacking.backup) {
            lacking.backup.insert(record.id.clone());
        }
    }
}

/// All checks that are counted.
fn total(counts: Option<StatusCounts>) -> Option<u64> {
    let counts = counts?;
    counts.passing?.checked_add(counts.failing?)?.checked_add(counts.cleared?)
}
