//! The record of what was called when. It outlives plans, reloads and, with a file behind it, the process.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

/// A call whose end is not known, because the process died meanwhile, is taken to have ended so long after its start.
pub const UNFINISHED: Duration = Duration::from_mins(1);

/// The last attempt of one call. Times are wall time, because they must mean something to another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it started.
    pub started: Timestamp,
    /// When it ended; `None` while it runs, or when the process died meanwhile.
    pub ended: Option<Timestamp>,
    /// When the call last succeeded.
    pub succeeded: Option<Timestamp>,
}

impl Entry {
    /// When the attempt ended; where that is not known, when it is taken to have ended.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.ended.unwrap_or_else(|| self.started.saturating_add(UNFINISHED).unwrap_or(Timestamp::MAX))
    }
}

/// Where attempts are recorded. An implementation with a file must have `started` on its way to disk before it returns:
/// the request leaves right after.
pub trait Ledger: Send {
    /// The last attempt of the call of that identity.
    fn last(&self, identity: &str) -> Option<Entry>;

    /// An attempt starts.
    fn started(&mut self, identity: &str, at: Timestamp);

    /// The attempt that started last ended.
    fn ended(&mut self, identity: &str, at: Timestamp, succeeded: bool);

    /// When attempts [ended](Entry::end) that count against the budget: those not before `since`, also later than now.
    fn recent(&self, since: Timestamp) -> Vec<Timestamp>;
}

/// A ledger in memory: it holds within one process.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    entries: HashMap<String, Entry>,
}

impl Ledger for MemoryLedger {
    fn last(&self, identity: &str) -> Option<Entry> {
        self.entries.get(identity).copied()
    }

    fn started(&mut self, identity: &str, at: Timestamp) {
        let succeeded = self.last(identity).and_then(|entry| entry.succeeded);
        self.entries.insert(identity.to_owned(), Entry { started: at, ended: None, succeeded });
    }

    fn ended(&mut self, identity: &str, at: Timestamp, succeeded: bool) {
        if let Some(entry) = self.entries.get_mut(identity) {
            entry.ended = Some(at);
            if succeeded {
                entry.succeeded = Some(at);
            }
        }
    }

    fn recent(&self, since: Timestamp) -> Vec<Timestamp> {
        self.entries.values().map(Entry::end).filter(|time| *time >= since).collect()
    }
}
