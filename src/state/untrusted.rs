//! A state file of bytes that anybody may have written, for the fuzz target.

use std::io::Cursor;

use jiff::Timestamp;

use super::file::{Reader, header, push_record};
use super::record::Owner;
use super::restore::take_in;
use crate::fleet::{Fleet, FleetOptions};
use crate::planner::MemoryLedger;

/// What comes of a file.
pub(crate) struct Read {
    pub(crate) ledger: MemoryLedger,
    pub(crate) fleet: Option<Fleet>,
}

/// Reads a file of `bytes` that belongs to the account `a` of `http://a/` on N-sight.
pub(crate) fn read(bytes: &[u8], options: &FleetOptions, now: Timestamp) -> Read {
    let owner = Owner { platform: "nsight".to_owned(), account: "a".to_owned(), server: "http://a/".to_owned() };
    let reader = Reader::new(Cursor::new(bytes), bytes.len() as u64);
    let restored = take_in(reader, &owner, options, now);
    Read { ledger: restored.ledger, fleet: restored.fleet }
}

/// A file of these records, each whole, with the right head and checksums: what damage alone cannot make.
pub(crate) fn file_of<'a>(records: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut file = header(0);
    for record in records {
        // Too large for a file, and then for a fuzz target too.
        let _left_out = push_record(&mut file, record);
    }
    file
}
