//! The calls that wait: for their time, or, once due, for their turn.

use std::collections::{BTreeMap, BTreeSet};

use crate::planner::Priority;
use crate::planner::slots::{Id, Place, Slot, Slots};
use crate::planner::steady::Steady;

/// Order among due calls: priority, hurried ones first, failing ones last, oldest data (never read first), the order in which
/// they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    priority: Priority,
    unhurried: bool,
    failing: bool,
    data: Option<Steady>,
    order: u64,
}

impl Rank {
    fn of<C>(slot: &Slot<C>) -> Self {
        Self {
            priority: slot.priority,
            unhurried: !slot.hurried,
            failing: slot.failures > 0,
            data: slot.last_success,
            order: slot.order,
        }
    }
}

/// The due calls of one name. A name can be closed, so each has its own queues.
#[derive(Debug, Default)]
struct Ready {
    by_rank: BTreeSet<(Rank, Id)>,
    by_due: BTreeSet<(Steady, u64, Id)>,
}

/// The queues. A slot must be taken out before what it is ordered by changes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeSet<(Steady, Id)>,
    /// Those of them that go before sweeps.
    urgent: BTreeSet<(Steady, Id)>,
    ready: BTreeMap<&'static str, Ready>,
}

impl Queue {
    /// Puts the call where its due time says.
    pub(super) fn insert<C>(&mut self, id: Id, slot: &mut Slot<C>, now: Steady) {
        if slot.due <= now {
            let ready = self.ready.entry(slot.name).or_default();
            ready.by_rank.insert((Rank::of(slot), id));
            ready.by_due.insert((slot.due, slot.order, id));
            slot.place = Place::Ready;
        } else {
            self.waiting.insert((slot.due, id));
            if slot.priority != Priority::Sweep {
                self.urgent.insert((slot.due, id));
            }
            slot.place = Place::Waiting;
        }
    }

    /// Takes the call out.
    pub(super) fn remove<C>(&mut self, id: Id, slot: &mut Slot<C>) {
        match slot.place {
            Place::Nowhere => {}
            Place::Waiting => {
                self.waiting.remove(&(slot.due, id));
                self.urgent.remove(&(slot.due, id));
            }
            Place::Ready => {
                if let Some(ready) = self.ready.get_mut(slot.name) {
                    ready.by_rank.remove(&(Rank::of(slot), id));
                    ready.by_due.remove(&(slot.due, slot.order, id));
                }
            }
        }
        slot.place = Place::Nowhere;
    }

    /// Makes ready what has become due.
    pub(super) fn release<C>(&mut self, slots: &mut Slots<C>, now: Steady) {
        while let Some((due, id)) = self.waiting.first().copied()
            && due <= now
        {
            self.waiting.pop_first();
            self.urgent.remove(&(due, id));
            if let Some(slot) = slots.at_mut(id) {
                self.insert(id, slot, now);
            }
        }
    }

    /// The call whose turn it is, among the names that are open.
    pub(super) fn first(&self, open: impl Fn(&'static str) -> bool) -> Option<Id> {
        let firsts = self.ready.iter().filter_map(|(name, ready)| Some((ready.by_rank.first()?, *name)));
        firsts.filter(|(_, name)| open(name)).min_by_key(|(first, _)| **first).map(|((_, id), _)| *id)
    }

    /// The call that has been due longest, among the names that are open.
    pub(super) fn longest_due(&self, open: impl Fn(&'static str) -> bool) -> Option<Id> {
        let firsts = self.ready.iter().filter_map(|(name, ready)| Some((ready.by_due.first()?, *name)));
        firsts.filter(|(_, name)| open(name)).min_by_key(|(first, _)| **first).map(|((_, _, id), _)| *id)
    }

    /// When the next call becomes due that is not due yet.
    pub(super) fn next_due(&self) -> Option<Steady> {
        self.waiting.first().map(|(due, _)| *due)
    }

    /// How many calls that go before sweeps become due until `then`, counted to `most`.
    pub(super) fn urgent_until(&self, then: Steady, most: u32) -> u32 {
        let soon = self.urgent.iter().take_while(|(due, _)| *due <= then);
        soon.take(usize::try_from(most).unwrap_or(usize::MAX)).fold(0, |count, _| count + 1)
    }

    /// The names with due calls.
    pub(super) fn ready_names(&self) -> impl Iterator<Item = &'static str> {
        self.ready.iter().filter(|(_, ready)| !ready.by_rank.is_empty()).map(|(name, _)| *name)
    }
}
