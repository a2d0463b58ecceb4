//! Changes inputs, always in the same way for the same seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What readers stumble over.
const TOKENS: [&[u8]; 48] = [
    b"<",
    b">",
    b"&",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<?",
    b"?>",
    b"&#0;",
    b"&#x10FFFF;",
    b"&#xD800;",
    b"</",
    b"/>",
    b"<a>",
    b"\"",
    b"'",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"18446744073709551616",
    b"1e400",
    b"NaN",
    b"9999-12-31 23:59:59",
    b"0000-00-00",
    b"\0",
    b"\n",
    b"\r\n",
    b"\t- ",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xef\xbf\xbf",
    b";q=",
    b"0aB1/c&D3e4F5",
    b"%00",
];

/// No copy becomes larger.
const MOST_BYTES: usize = 64 * 1024;

pub struct Mutator(StdRng);

impl Mutator {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A copy with one to four changes; parts of `others` may get into it.
    pub fn change(&mut self, input: &[u8], others: &[&[u8]]) -> Vec<u8> {
        let mut copy = input.to_vec();
        for _ in 0..self.0.random_range(1..5) {
            self.step(&mut copy, others);
        }
        copy.truncate(MOST_BYTES);
        copy
    }

    fn step(&mut self, copy: &mut Vec<u8>, others: &[&[u8]]) {
        let at = self.0.random_range(0..=copy.len());
        match self.0.random_range(0..7) {
            0 => {
                if let Some(byte) = copy.get_mut(at) {
                    *byte ^= 1 << self.0.random_range(0..8);
                }
            }
            1 => copy.truncate(at),
            2 => drop(copy.drain(self.range(at, copy.len()))),
            3 => {
                let part = copy[self.range(at, copy.len())].to_vec();
                let times = self.0.random_range(1..9);
                copy.splice(at..at, part.repeat(times));
            }
            4 => {
                let other = others[self.0.random_range(0..others.len())];
                let from = self.0.random_range(0..=other.len());
                let part = other[self.range(from, other.len())].to_vec();
                copy.splice(at..at, part);
            }
            // Twice as often as the rest: most of what matters begins with one of these.
            _ => {
                let token = TOKENS[self.0.random_range(0..TOKENS.len())];
                copy.splice(at..at, token.iter().copied());
            }
        }
    }

    /// A short range that begins at `at`, more often than not; sometimes all of the rest.
    fn range(&mut self, at: usize, end: usize) -> std::ops::Range<usize> {
        let length = if self.0.random_range(0..8) == 0 { end } else { self.0.random_range(0..64) };
        at..at.saturating_add(length).min(end)
    }
}
