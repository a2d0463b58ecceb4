//! Pieces of an exposition: compressed once, put together in any selection, never compressed again.
//!
//! A piece is a run of raw deflate blocks that refers to nothing before it and ends at a byte boundary (a sync flush). Any
//! pieces in a row, with a header before them, an empty last block and the combined checksum after them, are one gzip
//! member.

use bytes::Bytes;
use crc32fast::Hasher;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// Deflate, no flags, no time, unknown operating system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// A last block that holds nothing.
const LAST_BLOCK: [u8; 2] = [3, 0];
/// The samples of one account repeat their labels over and over: more effort makes them little smaller.
const LEVEL: u32 = 2;
/// For what is sent only a few times.
const QUICK_LEVEL: u32 = 1;
/// Room for the end of a piece, in bytes.
const SPARE: usize = 1024;
/// Most bytes of text that one step of [`Inflated`] gives.
const CHUNK: usize = 256 * 1024;

/// A run of text, compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Raw deflate blocks, ending at a sync flush.
    pub deflated: Bytes,
    /// CRC-32 of the text.
    pub crc32: u32,
    /// Bytes of the text.
    pub length: u64,
}

/// Makes pieces.
pub(super) struct Deflater {
    compress: Compress,
}

impl Deflater {
    pub(super) fn new() -> Self {
        Self::of_level(LEVEL)
    }

    /// The same with the least effort: for what is short and sent only a few times.
    pub(super) fn quick() -> Self {
        Self::of_level(QUICK_LEVEL)
    }

    fn of_level(level: u32) -> Self {
        Self { compress: Compress::new(Compression::new(level), false) }
    }

    /// One text as one piece.
    pub(super) fn piece(&mut self, text: &str) -> Piece {
        let mut deflated = Vec::new();
        self.append(text, &mut deflated);
        Piece { deflated: deflated.into(), crc32: crc32fast::hash(text.as_bytes()), length: text.len() as u64 }
    }

    /// Appends the deflate blocks of `text` to those of what comes before it. They refer to nothing in those.
    pub(super) fn append(&mut self, text: &str, deflated: &mut Vec<u8>) {
        self.compress.reset();
        let mut rest = text.as_bytes();
        // Labels repeat in every line.
        deflated.reserve(rest.len() / 8 + SPARE);
        loop {
            if deflated.capacity() - deflated.len() < SPARE {
                deflated.reserve(rest.len() / 4 + SPARE);
            }
            let before = self.compress.total_in();
            let result = self.compress.compress_vec(rest, deflated, FlushCompress::Sync);
            let taken = usize::try_from(self.compress.total_in() - before).unwrap_or(usize::MAX);
            rest = rest.get(taken..).unwrap_or_default();
            // Compressing memory into memory cannot fail; room left over means that everything is out.
            if result.is_err() || (rest.is_empty() && deflated.len() < deflated.capacity()) {
                break;
            }
        }
    }
}

/// Pieces put together as one gzip member.
pub(super) struct Member {
    chunks: Vec<Bytes>,
    /// What comes after those: short pieces are copied together, since each chunk costs a part of a write.
    short: Vec<u8>,
    crc: Hasher,
    length: u64,
}

impl Member {
    pub(super) fn new() -> Self {
        Self { chunks: Vec::new(), short: GZIP_HEADER.to_vec(), crc: Hasher::new(), length: 0 }
    }

    /// Adds a piece that is copied.
    pub(super) fn push_short(&mut self, piece: &Piece) {
        self.add(piece.crc32, piece.length);
        self.short.extend_from_slice(&piece.deflated);
    }

    /// Adds pieces that have this checksum and length together.
    pub(super) fn push(&mut self, pieces: &[Piece], crc32: u32, length: u64) {
        self.add(crc32, length);
        if !self.short.is_empty() {
            self.chunks.push(std::mem::take(&mut self.short).into());
        }
        self.chunks.extend(pieces.iter().map(|piece| piece.deflated.clone()));
    }

    fn add(&mut self, crc32: u32, length: u64) {
        self.crc.combine(&Hasher::new_with_initial_len(crc32, length));
        self.length = self.length.wrapping_add(length);
    }

    /// The whole member.
    pub(super) fn finish(mut self) -> Vec<Bytes> {
        self.short.extend(LAST_BLOCK);
        self.short.extend(self.crc.finalize().to_le_bytes());
        // The format keeps the length modulo 2^32.
        self.short.extend(self.length.to_le_bytes().into_iter().take(4));
        self.chunks.push(self.short.into());
        self.chunks
    }
}

/// The member that consists of these pieces.
#[cfg(test)]
pub(super) fn gzip(pieces: &[Piece]) -> Vec<Bytes> {
    let mut member = Member::new();
    for (index, piece) in pieces.iter().enumerate() {
        if index % 2 == 0 {
            member.push_short(piece);
        } else {
            member.push(std::slice::from_ref(piece), piece.crc32, piece.length);
        }
    }
    member.finish()
}

/// The text of pieces, bit by bit, so that the whole of it need never be in memory.
pub(super) struct Inflated {
    pieces: std::vec::IntoIter<Piece>,
    current: Option<Piece>,
    decompress: Decompress,
}

impl Inflated {
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        Self { pieces: pieces.into_iter(), current: None, decompress: Decompress::new(false) }
    }
}

impl Iterator for Inflated {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let piece = loop {
            match &self.current {
                Some(piece) if self.decompress.total_out() < piece.length => break piece,
                _ => {
                    self.current = Some(self.pieces.next()?);
                    self.decompress.reset(false);
                }
            }
        };
        let left = piece.length - self.decompress.total_out();
        let mut text = Vec::with_capacity(usize::try_from(left).unwrap_or(CHUNK).min(CHUNK));
        let from = usize::try_from(self.decompress.total_in()).ok()?;
        let input = piece.deflated.get(from..)?;
        // A piece that was damaged in memory ends the text early, and the length that was announced tells.
        self.decompress.decompress_vec(input, &mut text, FlushDecompress::None).ok()?;
        (!text.is_empty()).then(|| text.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn plain(pieces: &[Piece]) -> String {
        let chunks: Vec<_> = Inflated::new(pieces.to_vec()).collect();
        String::from_utf8(chunks.concat()).unwrap()
    }

    fn long() -> String {
        let line = |n: u64| format!("series{{id=\"{}\"}} {n}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (0..40_000).map(line).collect::<Vec<_>>().concat()
    }

    #[test]
    fn any_selection_of_pieces_is_one_gzip_member() {
        let mut deflater = Deflater::new();
        let texts = [long(), String::new(), "a 1\n".to_owned(), long()];
        let pieces: Vec<_> = texts.iter().map(|text| deflater.piece(text)).collect();
        for selection in [vec![0, 1, 2, 3], vec![2], vec![3, 0], vec![], vec![1]] {
            let chosen: Vec<_> = selection.iter().map(|index| pieces[*index].clone()).collect();
            let expected: String = selection.iter().map(|index| texts[*index].as_str()).collect();
            assert!(plain(&chosen) == expected, "plain {selection:?}");
            let member = gzip(&chosen).concat();
            let mut decoder = flate2::bufread::GzDecoder::new(member.as_slice());
            let mut text = String::new();
            decoder.read_to_string(&mut text).unwrap();
            assert!(text == expected, "gzip {selection:?}");
            assert!(decoder.into_inner().is_empty(), "one member, nothing after it");
        }
    }

    #[test]
    fn chunks_are_bounded() {
        let piece = Deflater::new().piece(&long());
        assert!(piece.length > 1_000_000 && piece.deflated.len() < 900_000);
        let chunks: Vec<_> = Inflated::new(vec![piece.clone()]).collect();
        assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK && !chunk.is_empty()));
        assert_eq!(chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>(), piece.length);
    }
}
