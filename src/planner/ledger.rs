//! The record of what was called when. It outlives plans, reloads and, with a file behind it, the process.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::planner::Recorded;

/// A call whose end is not known, because the process died meanwhile, is taken to have ended so long after its start.
pub const UNFINISHED: Duration = Duration::from_mins(1);

/// The last attempt of one call. Times are wall time, because they must mean something to another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it started.
    pub started: Timestamp,
    /// When it ended; `None` while it runs, or when the process died meanwhile.
    pub ended: Option<Timestamp>,
    /// When the call last brought data that are still at hand: the end of that attempt, so equal to `ended` when it was the
    /// last.
    pub succeeded: Option<Timestamp>,
    /// The last attempt ended without a good answer.
    pub failed: bool,
}

impl Entry {
    /// When the attempt ended; where that is not known, when it is taken to have ended.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.ended.unwrap_or_else(|| self.started.saturating_add(UNFINISHED).unwrap_or(Timestamp::MAX))
    }
}

/// How an attempt ended, as far as the ledger must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It brought data.
    Succeeded,
    /// It brought none.
    Failed,
    /// There is nothing of which it could bring data: the platform does not know the object.
    Gone,
}

/// Where attempts are recorded.
pub trait Ledger: Send {
    /// The last attempt of the call of that identity.
    fn last(&self, identity: &str) -> Option<Entry>;

    /// An attempt starts. Its request may leave when the entry is [`Recorded`] where it outlives the process.
    fn started(&mut self, identity: &str, at: Timestamp) -> Recorded;

    /// The attempt that started last ended.
    fn ended(&mut self, identity: &str, at: Timestamp, end: End);

    /// When attempts [ended](Entry::end) that count against the budget: those not before `since`, also in the future. Every
    /// attempt of the last minute counts, not only the last of each call.
    fn recent(&self, since: Timestamp) -> Vec<Timestamp>;

    /// Attempts that ended until then may be missing; `None` when none is.
    fn gap(&self) -> Option<Timestamp> {
        None
    }
}

/// How long a ledger in memory keeps all attempts; more than the minute that anyone asks for.
const EARLIER: SignedDuration = SignedDuration::from_mins(2);

/// How long a ledger in memory keeps the last attempt of a call: longer than any interval, so that a call which comes back is
/// not early.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A ledger in memory does not look for old entries while it has fewer.
const FEW: usize = 1024;

/// A ledger in memory: it holds within one process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryLedger {
    entries: HashMap<String, Entry>,
    /// How many entries there were when old ones were dropped last.
    kept: usize,
    /// When attempts ended that are no longer the last of their call; the last minutes.
    earlier: Vec<Timestamp>,
}

impl MemoryLedger {
    /// Takes an entry of an earlier process.
    pub fn restore(&mut self, identity: String, entry: Entry) {
        self.entries.insert(identity, entry);
    }

    /// Takes [ends](Self::earlier) of an earlier process.
    pub fn restore_earlier(&mut self, ends: impl IntoIterator<Item = Timestamp>) {
        self.earlier.extend(ends);
    }

    /// When attempts ended that are no longer the last of their call; the last minutes.
    #[must_use]
    pub fn earlier(&self) -> &[Timestamp] {
        &self.earlier
    }

    /// The last attempt of every call.
    #[must_use]
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(identity, entry)| (identity.as_str(), entry))
    }

    /// Takes over when another account called the same server: what it called counts as called, and against the budget. What its
    /// calls brought is not at hand. To absorb the same twice changes nothing.
    pub fn absorb(&mut self, other: &Self) {
        let mut earlier = other.earlier.clone();
        for (identity, entry) in &other.entries {
            // That it failed says nothing of another account.
            let entry = Entry { succeeded: None, failed: false, ..*entry };
            match self.entries.get_mut(identity) {
                Some(own) if own.started == entry.started => {}
                Some(own) if own.end() >= entry.end() => earlier.push(entry.end()),
                Some(own) => {
                    self.earlier.push(own.end());
                    *own = Entry { succeeded: own.succeeded, ..entry };
                }
                None => _ = self.entries.insert(identity.clone(), entry),
            }
        }
        // Calls that start together may have one time, so each time counts as often as in the one that has it more often.
        let mut known: HashMap<Timestamp, usize> = HashMap::new();
        self.earlier.iter().for_each(|time| *known.entry(*time).or_default() += 1);
        earlier.retain(|time| match known.get_mut(time) {
            Some(count @ 1..) => {
                *count -= 1;
                false
            }
            _ => true,
        });
        self.earlier.append(&mut earlier);
    }

    /// No attempt was later than `now`: the wall clock was set back.
    pub fn bound(&mut self, now: Timestamp) {
        for entry in self.entries.values_mut() {
            entry.started = entry.started.min(now);
            entry.ended = entry.ended.map(|ended| ended.min(now));
            entry.succeeded = entry.succeeded.map(|succeeded| succeeded.min(now));
        }
        for end in &mut self.earlier {
            *end = (*end).min(now);
        }
    }

    /// What the calls brought is lost: none has data any more.
    pub fn forget_successes(&mut self) {
        for entry in self.entries.values_mut() {
            entry.succeeded = None;
        }
    }

    /// Drops old entries whenever the entries have doubled, so that each is looked at twice on average.
    fn drop_old(&mut self, now: Timestamp) {
        if self.entries.len() >= FEW.max(2 * self.kept) {
            // Attempts under way stay, wherever the wall clock was set meanwhile.
            self.entries.retain(|_, entry| entry.ended.is_none_or(|ended| now.duration_since(ended) <= KEPT));
            self.kept = self.entries.len();
        }
    }
}

impl Ledger for MemoryLedger {
    fn last(&self, identity: &str) -> Option<Entry> {
        self.entries.get(identity).copied()
    }

    fn started(&mut self, identity: &str, at: Timestamp) -> Recorded {
        let last = self.last(identity);
        self.earlier.extend(last.map(|entry| entry.end()));
        self.earlier.retain(|end| at.duration_since(*end) <= EARLIER);
        let succeeded = last.and_then(|entry| entry.succeeded);
        self.drop_old(at);
        self.entries.insert(identity.to_owned(), Entry { started: at, ended: None, succeeded, failed: false });
        Recorded::now()
    }

    fn ended(&mut self, identity: &str, at: Timestamp, end: End) {
        if let Some(entry) = self.entries.get_mut(identity) {
            entry.ended = Some(at);
            entry.failed = end == End::Failed;
            match end {
                End::Succeeded => entry.succeeded = Some(at),
                End::Failed => {}
                End::Gone => entry.succeeded = None,
            }
        }
    }

    fn recent(&self, since: Timestamp) -> Vec<Timestamp> {
        let times = self.entries.values().map(Entry::end).chain(self.earlier.iter().copied());
        times.filter(|time| *time >= since).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_attempt_keeps_the_last_success() {
        let mut ledger = MemoryLedger::default();
        ledger.ended("unknown", at(1), End::Succeeded);
        assert_eq!(ledger.last("unknown"), None);
        let _ = ledger.started("call", at(10));
        ledger.ended("call", at(11), End::Succeeded);
        let _ = ledger.started("call", at(20));
        let entry = Entry { started: at(20), ended: None, succeeded: Some(at(11)), failed: false };
        assert_eq!(ledger.last("call"), Some(entry));
        assert_eq!(entry.end(), at(80), "not known: a minute after the start");
        ledger.ended("call", at(21), End::Failed);
        assert_eq!(ledger.last("call"), Some(Entry { ended: Some(at(21)), failed: true, ..entry }));
    }

    #[test]
    fn entries_older_than_any_interval_are_dropped() {
        const DAY: i64 = 86_400;
        let mut ledger = MemoryLedger::default();
        let _ = ledger.started("under way", at(0));
        for day in 0..1000 {
            for call in 0..100 {
                let call = format!("call {day}/{call}");
                let _ = ledger.started(&call, at(day * DAY));
                ledger.ended(&call, at(day * DAY), End::Succeeded);
            }
            let known = |day| ledger.last(&format!("call {day}/99")).is_some();
            assert!((0.max(day - 14)..=day).all(known), "a fortnight is known");
            assert!(ledger.entries.len() <= 2 * 1501, "{} entries", ledger.entries.len());
        }
        assert!(ledger.last("under way").is_some());
    }

    #[test]
    fn what_another_account_called_counts_as_called() {
        let mut one = MemoryLedger::default();
        let mut other = MemoryLedger::default();
        for (is_one, call, second) in
            [(true, "both", 10), (false, "both", 20), (true, "mine", 12), (false, "theirs", 14)]
        {
            let ledger = if is_one { &mut one } else { &mut other };
            let _ = ledger.started(call, at(second));
            ledger.ended(call, at(second + 1), End::Succeeded);
        }
        let _ = other.started("mine", at(1));
        let mut merged = one.clone();
        merged.absorb(&other);
        let last = |call| merged.last(call).map(|entry| (entry.started, entry.succeeded));
        assert_eq!(last("both"), Some((at(20), Some(at(11)))), "the later start, and the data that are at hand");
        assert_eq!(last("mine"), Some((at(1), Some(at(13)))), "one whose end is not known ends late");
        assert_eq!(last("theirs"), Some((at(14), None)));
        let mut recent = merged.recent(at(0));
        recent.sort_unstable();
        assert_eq!(recent, [11, 13, 15, 21, 61].map(at), "every attempt counts once");
        let same = merged.clone();
        merged.absorb(&other);
        merged.absorb(&same);
        assert_eq!(merged, same);
        other.absorb(&one);
        assert_eq!(other.last("both").map(|entry| entry.started), Some(at(20)));
    }

    #[test]
    fn every_attempt_of_the_last_minute_is_known() {
        let mut ledger = MemoryLedger::default();
        for second in [0, 100, 200, 220, 240] {
            let _ = ledger.started("call", at(second));
            ledger.ended("call", at(second + 1), End::Succeeded);
        }
        let _ = ledger.started("other", at(245));
        let mut recent = ledger.recent(at(201));
        recent.sort_unstable();
        assert_eq!(recent, [201, 221, 241, 305].map(at));
        assert_eq!(ledger.earlier.len(), 2, "older ones are dropped");
    }
}
