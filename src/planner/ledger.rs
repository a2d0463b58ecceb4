//! The record of what was called when. It outlives plans, reloads and, with a file behind it, the process.

use std::collections::HashMap;

use jiff::Timestamp;

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

/// Where attempts are recorded. An implementation with a file must have `started` on its way to disk before it returns:
/// the request leaves right after.
pub trait Ledger: Send {
    /// The last attempt of the call of that identity.
    fn last(&self, identity: &str) -> Option<Entry>;

    /// An attempt starts.
    fn started(&mut self, identity: &str, at: Timestamp);

    /// The attempt that started last ended.
    fn ended(&mut self, identity: &str, at: Timestamp, succeeded: bool);

    /// When attempts ended (or, if they did not, started) that count against the budget: those not before `since`.
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
        let times = self.entries.values().map(|entry| entry.ended.unwrap_or(entry.started));
        times.filter(|time| *time >= since).collect()
    }
}
