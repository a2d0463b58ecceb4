//! The piece of a family, put together from parts: one for each block of devices. A part whose text is as it was is not
//! compressed again.

use std::hash::BuildHasher as _;
use std::ops::Range;
use std::sync::LazyLock;

use bytes::Bytes;
use crc32fast::Hasher;
use foldhash::quality::RandomState;

use super::lines::Written;
use super::piece::{Deflater, Piece};

/// Texts are compared by a keyed hash of 64 bits, their length and their checksum.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// What a piece is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts(Vec<Part>);

/// A part of a piece.
#[derive(Clone, Debug, Default)]
struct Part {
    /// Where in the piece its deflate blocks are.
    deflated: Range<usize>,
    crc32: u32,
    length: u64,
    hash: u64,
    series: u64,
    duplicates: u64,
}

impl Parts {
    /// Series that are exposed.
    pub(super) fn series(&self) -> u64 {
        self.0.iter().map(|part| part.series).sum()
    }

    /// Series that were left out because another one has the same labels.
    pub(super) fn duplicates(&self) -> u64 {
        self.0.iter().map(|part| part.duplicates).sum()
    }
}

/// Puts the pieces of families together, one after the other.
pub(super) struct Writer<'b> {
    deflater: Deflater,
    before: Option<(&'b Piece, &'b Parts)>,
    deflated: Vec<u8>,
    crc: Hasher,
    parts: Vec<Part>,
}

impl<'b> Writer<'b> {
    pub(super) fn new() -> Self {
        Self { deflater: Deflater::new(), before: None, deflated: Vec::new(), crc: Hasher::new(), parts: Vec::new() }
    }

    /// Begins a family, which was `before` if it was rendered.
    pub(super) fn begin(&mut self, before: Option<(&'b Piece, &'b Parts)>) {
        self.before = before;
        if let Some((piece, _)) = before {
            // A little more than last time, so that it need not move when it grows.
            self.deflated.reserve(piece.deflated.len() + piece.deflated.len() / 64);
        }
    }

    /// The next part is nothing.
    pub(super) fn nothing(&mut self) {
        self.parts.push(Part::default());
    }

    /// The next part is that part of the family as it was; `false` when it was not rendered.
    pub(super) fn take_over(&mut self, part: usize) -> bool {
        let Some((part, deflated)) = self.part_before(part) else { return false };
        self.push(part, deflated);
        true
    }

    /// The next part has this text. Perhaps it is as that part was before.
    pub(super) fn write(&mut self, written: &Written, part: Option<usize>) {
        let text = written.text.as_str();
        if text.is_empty() {
            self.parts.push(Part { duplicates: written.duplicates, ..Part::default() });
            return;
        }
        let new = Part {
            deflated: 0..0,
            crc32: crc32fast::hash(text.as_bytes()),
            length: text.len() as u64,
            hash: HASHER.hash_one(text),
            series: written.series,
            duplicates: written.duplicates,
        };
        match part.and_then(|part| self.part_before(part)) {
            Some((old, deflated)) if (old.hash, old.length, old.crc32) == (new.hash, new.length, new.crc32) => {
                self.push(&new, deflated);
            }
            _ => {
                let start = self.deflated.len();
                self.deflater.append(text, &mut self.deflated);
                self.add(Part { deflated: start..self.deflated.len(), ..new });
            }
        }
    }

    /// Ends the family.
    pub(super) fn finish(&mut self) -> (Piece, Parts) {
        let parts = std::mem::take(&mut self.parts);
        let deflated = std::mem::take(&mut self.deflated);
        let length = parts.iter().map(|part| part.length).sum();
        let crc32 = std::mem::take(&mut self.crc).finalize();
        (Piece { deflated: Bytes::from(deflated.into_boxed_slice()), crc32, length }, Parts(parts))
    }

    fn part_before(&self, part: usize) -> Option<(&'b Part, &'b [u8])> {
        let (piece, parts) = self.before?;
        let part = parts.0.get(part)?;
        Some((part, piece.deflated.get(part.deflated.clone())?))
    }

    fn push(&mut self, part: &Part, deflated: &[u8]) {
        let start = self.deflated.len();
        self.deflated.extend_from_slice(deflated);
        self.add(Part { deflated: start..self.deflated.len(), ..part.clone() });
    }

    fn add(&mut self, part: Part) {
        self.crc.combine(&Hasher::new_with_initial_len(part.crc32, part.length));
        self.parts.push(part);
    }
}
