//! What is known of each call.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::collector::Collector;
use crate::planner::schedule::phase;
use crate::planner::steady::Steady;
use crate::planner::sweeps::{RunId, Standing};
use crate::planner::{Priority, ReadCall, Want};

/// Where a call is kept.
pub(super) type Id = u32;

/// The queue that a call is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// None: under way, or not planned.
    Nowhere,
    /// Not due yet.
    Waiting,
    /// Due.
    Ready,
}

/// A call under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    /// When it started.
    pub(super) started: Steady,
    /// The run that it belongs to.
    pub(super) run: Option<RunId>,
    /// It was hurried meanwhile: its answer may be from before what the hurry was for.
    pub(super) again: bool,
    /// How often the key had changed.
    pub(super) key: u64,
}

/// One call: planned, or kept for its floor.
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one call")]
#[derive(Debug)]
pub(super) struct Slot<C> {
    /// As the last plan that held it has it.
    pub(super) call: C,
    pub(super) name: &'static str,
    pub(super) collector: Collector,
    pub(super) interval: Duration,
    pub(super) priority: Priority,
    /// The order in which calls first came.
    pub(super) order: u64,
    /// Where on its grid the call lies, in 2^-32 of the interval.
    pub(super) phase: u32,
    /// The last plan that held the call.
    pub(super) generation: u64,
    pub(super) planned: bool,
    pub(super) flight: Option<Flight>,
    pub(super) place: Place,
    pub(super) due: Steady,
    pub(super) hurried: bool,
    pub(super) last_end: Option<Steady>,
    /// When an attempt of an earlier process ended at the latest, wherever the wall clock was set since this one began.
    pub(super) latest_end: Option<Steady>,
    pub(super) last_success: Option<Steady>,
    /// Failures in a row.
    pub(super) failures: u32,
    /// The platform said at the last attempt that it does not know what the call is for.
    pub(super) is_gone: bool,
    /// The key was not allowed to make it at the last attempt.
    pub(super) refused: bool,
    /// The key was not accepted at the last attempt.
    pub(super) key_refused: bool,
    /// Planned, but the calls of its name are switched off.
    pub(super) off: bool,
    /// Attempted in this process.
    pub(super) attempted: bool,
    /// The last run in which it was attempted.
    pub(super) run: Option<RunId>,
}

impl<C: ReadCall> Slot<C> {
    /// A call that was never attempted.
    pub(super) fn new(want: &Want<C>, identity: &str, order: u64, due: Steady) -> Self {
        Self {
            name: want.call.name(),
            call: want.call.clone(),
            collector: want.collector,
            interval: want.interval,
            priority: want.priority,
            order,
            phase: phase(identity, want),
            generation: 0,
            planned: false,
            flight: None,
            place: Place::Nowhere,
            due,
            hurried: false,
            last_end: None,
            latest_end: None,
            last_success: None,
            failures: 0,
            is_gone: false,
            refused: false,
            key_refused: false,
            off: false,
            attempted: false,
            run: None,
        }
    }

    /// Whether the last attempt brought a good answer.
    pub(super) fn answered(&self) -> bool {
        self.failures == 0 && self.last_end.is_some() && self.last_end == self.last_success
    }

    /// The first moment at which the floor lets it start.
    pub(super) fn floor(&self, min_interval: Duration) -> Option<Steady> {
        self.last_end.max(self.latest_end).map(|end| end.plus(min_interval.max(self.call.least_gap())))
    }

    /// What counts in its collector's status.
    pub(super) const fn standing(&self) -> Standing {
        Standing { failed: self.failures > 0, attempted: self.attempted, off: self.off, run: self.run }
    }
}

/// Stands for an identity: 128 bits of hash under random keys, which no two identities share, in less memory than their text.
type Key = (u64, u64);

/// What makes the keys.
#[derive(Debug, Default)]
struct Keys(RandomState, RandomState);

impl Keys {
    fn of(&self, identity: &str) -> Key {
        (self.0.hash_one(identity), self.1.hash_one(identity))
    }
}

/// Every call. Identical calls have one slot, equal or not: the floor is between identical ones.
#[derive(Debug)]
pub(super) struct Slots<C> {
    places: Vec<Option<Slot<C>>>,
    free: Vec<Id>,
    keys: Keys,
    by_identity: HashMap<Key, Id>,
}

impl<C: ReadCall> Slots<C> {
    pub(super) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new(), keys: Keys::default(), by_identity: HashMap::new() }
    }

    pub(super) fn find(&self, identity: &str) -> Option<Id> {
        self.by_identity.get(&self.keys.of(identity)).copied()
    }

    /// Keeps a call that is not kept yet. `None` when there are four billion of them.
    pub(super) fn insert(&mut self, identity: &str, slot: Slot<C>) -> Option<Id> {
        let id = if let Some(id) = self.free.pop() {
            *self.places.get_mut(usize::try_from(id).ok()?)? = Some(slot);
            id
        } else {
            let id = Id::try_from(self.places.len()).ok()?;
            self.places.push(Some(slot));
            id
        };
        self.by_identity.insert(self.keys.of(identity), id);
        Some(id)
    }

    /// Forgets the calls for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl Fn(&Slot<C>) -> bool) {
        for (id, place) in (0..).zip(&mut self.places) {
            if let Some(slot) = place.take_if(|slot| !keep(slot)) {
                self.by_identity.remove(&self.keys.of(&slot.call.identity()));
                self.free.push(id);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot<C>> {
        self.places.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (Id, &mut Slot<C>)> {
        (0..).zip(&mut self.places).filter_map(|(id, slot)| Some((id, slot.as_mut()?)))
    }
}

impl<C> Slots<C> {
    pub(super) fn at(&self, id: Id) -> Option<&Slot<C>> {
        self.places.get(usize::try_from(id).ok()?)?.as_ref()
    }

    pub(super) fn at_mut(&mut self, id: Id) -> Option<&mut Slot<C>> {
        self.places.get_mut(usize::try_from(id).ok()?)?.as_mut()
    }
}
