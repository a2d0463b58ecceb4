//! What a state file holds, record by record.
//!
//! The ledger's records mean the same in every version of the program, so that a newer one keeps to the floors. Fleets and what
//! changes them are in the encoding of their model ([`stored::FORMAT`]); those of another model are read from the platform
//! again. Times are microseconds since 1970.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::AccountConfig;
use crate::fleet::stored;
use crate::planner::{End, Entry};

/// One record. New ones go to the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Record<'a> {
    /// Whose state it is; the first record of a file.
    Account(Owner),
    /// Last attempts of calls, by identity.
    Attempts(Vec<(String, Attempt)>),
    /// When attempts ended that are no longer the last of their call; the last minutes.
    Earlier(Vec<i64>),
    /// An attempt of a call starts.
    Started(&'a str, i64),
    /// The attempt that started last ended.
    Ended(&'a str, i64, End),
    /// What pauses, in the planner's own words.
    Pauses(&'a [u8]),
    /// The whole fleet.
    Fleet(Packed<'a>),
    /// An answer was applied.
    Answered(Change, Packed<'a>),
    /// Something is gone.
    Gone(Change, Packed<'a>),
    /// The options by which answers were read: by others the same answer gives other data.
    ReadBy(&'a str),
}

/// The account that a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub(super) platform: String,
    pub(super) account: String,
    /// Its base URL.
    pub(super) server: String,
}

impl Owner {
    pub(super) fn of(config: &AccountConfig) -> Self {
        Self {
            platform: config.platform_name().name().to_owned(),
            account: config.name.clone(),
            server: config.server.to_string(),
        }
    }
}

/// The last attempt of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    started: i64,
    ended: Option<i64>,
    succeeded: Option<i64>,
    failed: bool,
}

impl From<&Entry> for Attempt {
    fn from(entry: &Entry) -> Self {
        Self {
            started: entry.started.as_microsecond(),
            ended: entry.ended.map(Timestamp::as_microsecond),
            succeeded: entry.succeeded.map(Timestamp::as_microsecond),
            failed: entry.failed,
        }
    }
}

impl From<Attempt> for Entry {
    fn from(attempt: Attempt) -> Self {
        Self {
            started: time(attempt.started),
            ended: attempt.ended.map(time),
            succeeded: attempt.succeeded.map(time),
            failed: attempt.failed,
        }
    }
}

/// When what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    /// The fleet's revision after it.
    pub(super) revision: u64,
    pub(super) at: i64,
}

/// Compressed bytes of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Packed<'a> {
    /// The model: [`stored::FORMAT`].
    pub(super) format: u32,
    /// Bytes when unpacked.
    pub(super) length: u64,
    pub(super) deflated: &'a [u8],
}

impl Packed<'_> {
    /// Whether this program knows the model.
    pub(super) const fn is_known(&self) -> bool {
        self.format == stored::FORMAT
    }
}

/// A time of a record; what no clock can show counts as the furthest that one can.
pub(super) fn time(microseconds: i64) -> Timestamp {
    let furthest = if microseconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(microseconds).unwrap_or(furthest)
}
