//! A ledger whose entries are written down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{Kept, Recorder};
use crate::planner::{End, Entry, Ledger, MemoryLedger, Recorded};

/// A ledger whose entries are written down where that is wanted.
#[derive(Debug)]
pub struct KeptLedger {
    entries: Arc<Mutex<MemoryLedger>>,
    gap: Option<Timestamp>,
    recorder: Recorder,
}

impl KeptLedger {
    /// The ledger of an account.
    #[must_use]
    pub fn of(kept: &Kept) -> Self {
        Self { entries: Arc::clone(&kept.ledger), gap: kept.gap, recorder: kept.recorder.clone() }
    }

    fn entries(&self) -> MutexGuard<'_, MemoryLedger> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger for KeptLedger {
    fn last(&self, identity: &str) -> Option<Entry> {
        self.entries().last(identity)
    }

    fn started(&mut self, identity: &str, at: Timestamp) -> Recorded {
        // In memory it is recorded at once.
        let _ = self.entries().started(identity, at);
        self.recorder.started(identity, at)
    }

    fn ended(&mut self, identity: &str, at: Timestamp, end: End) {
        self.entries().ended(identity, at, end);
        self.recorder.ended(identity, at, end);
    }

    fn recent(&self, since: Timestamp) -> Vec<Timestamp> {
        self.entries().recent(since)
    }

    fn gap(&self) -> Option<Timestamp> {
        self.gap
    }
}
