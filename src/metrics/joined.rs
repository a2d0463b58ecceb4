//! Pieces in a row as fewer and longer ones.
//!
//! The pieces of a small fleet are short, and there are many of them. Each costs a scrape something: a checksum to combine, a
//! part of a write to the connection. So they are joined once for each snapshot of the fleets, and not at each scrape.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::{Bytes, BytesMut};
use crc32fast::Hasher;

use super::exposition::Selection;
use super::piece::Piece;

/// Deflated bytes. What is longer stays as it is: copying it would take longer than it saves.
const LONG: usize = 64 * 1024;
/// Deflated bytes of a joined piece, at most. The limit is far above what a connection takes at once.
const MOST: usize = 512 * 1024;

/// Pieces in a row, and what they are together.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) pieces: Vec<Piece>,
    /// CRC-32 of the whole text.
    pub(super) crc32: u32,
    /// Bytes of the whole text.
    pub(super) length: u64,
}

/// What was joined last of one snapshot of the fleets. It is dropped with that snapshot, so it keeps no old pieces.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    last: ArcSwapOption<(Selection, Arc<Joined>)>,
}

impl Joiner {
    /// What `pieces` gives for this selection.
    pub(super) fn join<'a>(&self, selection: &Selection, pieces: impl FnOnce() -> Vec<&'a Piece>) -> Arc<Joined> {
        if let Some(last) = &*self.last.load()
            && last.0 == *selection
        {
            return Arc::clone(&last.1);
        }
        let joined = Arc::new(Joined::new(&pieces()));
        self.last.store(Some(Arc::new((selection.clone(), Arc::clone(&joined)))));
        joined
    }
}

impl Joined {
    fn new(pieces: &[&Piece]) -> Self {
        let pieces = join(pieces);
        let (crc32, length) = together(&pieces);
        Self { pieces, crc32, length }
    }
}

/// Checksum and length of the texts of pieces in a row.
fn together<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> (u32, u64) {
    let mut crc = Hasher::new();
    let mut length = 0;
    for piece in pieces {
        crc.combine(&Hasher::new_with_initial_len(piece.crc32, piece.length));
        length += piece.length;
    }
    (crc.finalize(), length)
}

fn join(pieces: &[&Piece]) -> Vec<Piece> {
    let mut joined = Vec::new();
    let mut run: Vec<&Piece> = Vec::new();
    let mut length = 0;
    for piece in pieces {
        let long = piece.deflated.len() >= LONG;
        if long || length + piece.deflated.len() > MOST {
            joined.extend(one(&std::mem::take(&mut run)));
            length = 0;
        }
        if long {
            joined.push(Piece::clone(piece));
        } else {
            length += piece.deflated.len();
            run.push(piece);
        }
    }
    joined.extend(one(&run));
    joined
}

/// These pieces in one, if there is any.
fn one(run: &[&Piece]) -> Option<Piece> {
    if let [] | [_] = run {
        return run.first().copied().cloned();
    }
    let mut deflated = BytesMut::with_capacity(run.iter().map(|piece| piece.deflated.len()).sum());
    for piece in run {
        deflated.extend_from_slice(&piece.deflated);
    }
    let (crc32, length) = together(run.iter().copied());
    Some(Piece { deflated: deflated.freeze(), crc32, length })
}

/// Text as a piece without compressing it, for what is short and different every time.
pub(super) fn stored(text: &str) -> Piece {
    let mut deflated = Vec::with_capacity(text.len() + 16);
    // A stored block (RFC 1951, 3.2.4) has at most so many bytes: a byte of zeros, the length, its complement, the bytes.
    for block in text.as_bytes().chunks(usize::from(u16::MAX)) {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        deflated.push(0);
        deflated.extend(length.to_le_bytes());
        deflated.extend((!length).to_le_bytes());
        deflated.extend_from_slice(block);
    }
    Piece { deflated: Bytes::from(deflated), crc32: crc32fast::hash(text.as_bytes()), length: text.len() as u64 }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::piece::{Deflater, Inflated, gzip};
    use super::*;

    /// Text that hardly compresses, of about this many bytes.
    fn noise(length: u64, seed: u64) -> String {
        let number = |n: u64| (n + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let line = |n| format!("{:016x}\n", number(n).rotate_left(29).wrapping_mul(number(n)));
        (0..length / 17).map(line).collect::<Vec<_>>().concat()
    }

    fn made(lengths: &[u64]) -> (Vec<Piece>, String) {
        let mut deflater = Deflater::new();
        let texts: Vec<_> = (1..).zip(lengths).map(|(seed, length)| noise(*length, seed)).collect();
        (texts.iter().map(|text| deflater.piece(text)).collect(), texts.concat())
    }

    fn each(pieces: &[Piece]) -> Vec<&Piece> {
        pieces.iter().collect()
    }

    /// What gzip and the plain form of these pieces say.
    fn assert_says(pieces: &[Piece], expected: &str) {
        let member = gzip(pieces).concat();
        let mut decoder = flate2::bufread::GzDecoder::new(member.as_slice());
        let mut text = String::new();
        decoder.read_to_string(&mut text).unwrap();
        assert!(text == expected, "gzip");
        assert!(decoder.into_inner().is_empty(), "one member, nothing after it");
        assert!(Inflated::new(pieces.to_vec()).collect::<Vec<_>>().concat() == expected.as_bytes(), "plain");
    }

    #[test]
    fn short_pieces_are_joined_and_long_ones_stay_where_they_are() {
        let (pieces, text) = made(&[300, 5_000, 300, 400_000, 300, 400_000, 400_000, 0, 300, 80_000]);
        let joined = join(&each(&pieces));
        assert_says(&joined, &text);
        assert_eq!(joined.len(), 6, "three short, long, short, long, long, three short");
        assert_eq!(joined[1].deflated.as_ptr(), pieces[3].deflated.as_ptr(), "not copied");
        assert_says(&join(&[]), "");
    }

    #[test]
    fn a_joined_piece_is_bounded() {
        let (pieces, text) = made(&[80_000; 40]);
        let joined = join(&each(&pieces));
        assert_says(&joined, &text);
        assert!(joined.len() > 1 && joined.iter().all(|piece| piece.deflated.len() <= MOST));
    }

    #[test]
    fn what_was_joined_is_used_again_for_the_same_selection_only() {
        let joiner = Joiner::default();
        let (pieces, text) = made(&[5_000, 6_000]);
        let all = Selection::default();
        let first = joiner.join(&all, || each(&pieces));
        assert_says(&first.pieces, &text);
        assert_eq!((first.crc32, first.length), (crc32fast::hash(text.as_bytes()), text.len() as u64));
        assert!(Arc::ptr_eq(&joiner.join(&all, || unreachable!("not made again")), &first));
        let some = Selection { accounts: vec!["a".to_owned()], ..Selection::default() };
        assert_says(&joiner.join(&some, || each(&pieces[..1])).pieces, &noise(5_000, 1));
        assert_says(&joiner.join(&all, || each(&pieces)).pieces, &text);
    }

    #[test]
    fn stored_text_stands_beside_compressed_text() {
        let (pieces, text) = made(&[5_000]);
        for length in [0, 17, 65_535, 65_536, 200_000] {
            let plain = "€".repeat(length / 3) + &"x".repeat(length % 3);
            let piece = stored(&plain);
            assert_eq!((piece.length, plain.len()), (length as u64, length));
            assert_says(&[piece.clone(), pieces[0].clone(), piece], &[&*plain, &text, &plain].concat());
        }
    }
}
