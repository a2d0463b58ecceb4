//! Sessions of the platform's own backup: list_mob_sessions.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};

/// `result/session*`: the root itself is the list, and a device without sessions has an empty one.
const SHAPE: Shape = Shape { root: Some("result"), containers: &["sessions"] };

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// `session_id`.
    pub id: Option<u64>,
    /// `type`: a word, as written.
    pub kind: Cow<'a, str>,
    /// `plugin`: a word, as written.
    pub plugin: Cow<'a, str>,
    /// `status`: a word, as written.
    pub status: Cow<'a, str>,
    /// `start`, in UTC.
    pub start: Option<Timestamp>,
    /// `end`, in UTC.
    pub end: Option<Timestamp>,
    /// `transferred_size` in bytes.
    pub transferred_bytes: Option<u64>,
    /// `selection_size` in bytes.
    pub selected_bytes: Option<u64>,
    /// `processed_size` in bytes.
    pub processed_bytes: Option<u64>,
    /// `error_count`.
    pub errors: Option<u64>,
}

const SESSION: &[&str] = &[
    "session_id",
    "type",
    "plugin",
    "status",
    "start",
    "end",
    "transferred_size",
    "selection_size",
    "processed_size",
    "error_count",
];

/// Reads an answer of list_mob_sessions and calls `each` for every session. They are of the device's whole life, so they are
/// not gathered; their order is not known.
///
/// # Errors
///
/// When it is none.
pub fn list_mob_sessions<'a>(text: &'a str, tally: &mut Tally, mut each: impl FnMut(Session<'a>)) -> Result<(), Error> {
    let (mut sessions, mut others) = (false, false);
    read_list(text, &SHAPE, |name, element| {
        if name != "session" {
            others = true;
            return Ok(false);
        }
        sessions = true;
        tally.record()?;
        let fields = Fields::read(element, SESSION, Names::Exact)?;
        let (start, end) = (fields.utc("start"), fields.utc("end"));
        if fields.text("plugin").is_empty() {
            tally.bad("session without plugin");
        } else if start.is_none() && end.is_none() {
            tally.bad("session without time");
        } else {
            tally.good();
            each(Session {
                id: fields.number("session_id"),
                kind: fields.kept("type"),
                plugin: fields.kept("plugin"),
                status: fields.kept("status"),
                start,
                end,
                transferred_bytes: fields.bytes("transferred_size"),
                selected_bytes: fields.bytes("selection_size"),
                processed_bytes: fields.bytes("processed_size"),
                errors: fields.count("error_count"),
            });
        }
        Ok(true)
    })?;
    // Nothing is no session; something else is not understood.
    if others && !sessions { Err(Error::decode("it has no <session>")) } else { Ok(()) }
}
