//! Compressed bytes inside of records.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::record::Packed;
use crate::fleet::stored;

/// Most bytes of a model when unpacked.
const MAX_BYTES: u64 = 4 << 30;
/// No compression of deflate is better than this.
const MOST_RATIO: u64 = 1_100;

/// Compresses; kept, because making one is dearer than most records.
pub(super) struct Packer(Compress);

impl Packer {
    pub(super) fn new() -> Self {
        Self(Compress::new(Compression::fast(), false))
    }

    /// The bytes, compressed.
    pub(super) fn pack(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.reset();
        let mut deflated = Vec::with_capacity(bytes.len() / 4 + 64);
        loop {
            let taken = usize::try_from(self.0.total_in()).unwrap_or(usize::MAX);
            let rest = bytes.get(taken..).unwrap_or_default();
            // Compressing memory into memory cannot fail.
            match self.0.compress_vec(rest, &mut deflated, FlushCompress::Finish) {
                Ok(Status::StreamEnd) | Err(_) => return deflated,
                Ok(_) => deflated.reserve(deflated.len().max(4096)),
            }
        }
    }
}

/// The record of compressed bytes.
pub(super) fn packed(deflated: &[u8], length: usize) -> Packed<'_> {
    Packed { format: stored::FORMAT, length: length as u64, deflated }
}

/// The bytes that were packed; `None` when they are damaged.
pub(super) fn unpack(packed: Packed<'_>) -> Option<Vec<u8>> {
    if packed.length > MAX_BYTES || packed.length / MOST_RATIO > packed.deflated.len() as u64 {
        return None;
    }
    // One byte more, so that the end of the compressed bytes is seen.
    let mut bytes = Vec::with_capacity(usize::try_from(packed.length + 1).ok()?);
    let status = Decompress::new(false).decompress_vec(packed.deflated, &mut bytes, FlushDecompress::Finish);
    (matches!(status, Ok(Status::StreamEnd)) && bytes.len() as u64 == packed.length).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        let mut packer = Packer::new();
        let noise =
            |length: usize| (0..length).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect::<Vec<_>>();
        for bytes in [vec![], b"a".to_vec(), noise(100), noise(300_000), vec![0; 5_000_000]] {
            let deflated = packer.pack(&bytes);
            assert!(unpack(packed(&deflated, bytes.len())) == Some(bytes.clone()), "{} bytes", bytes.len());
            for wrong in [bytes.len() + 1, bytes.len().wrapping_sub(1), usize::MAX] {
                assert_eq!(unpack(packed(&deflated, wrong)), None);
            }
        }
        let deflated = packer.pack(&noise(1000));
        assert_eq!(unpack(packed(&deflated[..500], 1000)), None);
        assert_eq!(unpack(packed(b"nonsense", 1000)), None);
    }
}
