//! The answer to a scrape: pieces in the order of the catalogue, with their headers.

use std::sync::Arc;

use bytes::Bytes;

use super::catalogue::Family;
use super::expositions::Expositions;
use super::fleet::RenderedAccount;
use super::headers::headers;
use super::joined::{Joined, stored};
use super::piece::{Inflated, Member, Piece};
use super::publisher::{AccountSnapshot, Snapshot};
use crate::collector::Collector;

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text format 0.0.4.
    Text,
    /// OpenMetrics text format 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The `Content-Type` header.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What of the whole a scrape asks for. Metrics about the exporter as a whole are always there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these accounts; all when empty.
    pub accounts: Vec<String>,
    /// Only what these collectors give; all when empty.
    pub collectors: Vec<Collector>,
}

impl Selection {
    pub(super) fn admits_account(&self, account: &AccountSnapshot) -> bool {
        self.accounts.is_empty() || self.accounts.contains(&account.status().account)
    }

    pub(super) fn admits_family(&self, account: &AccountSnapshot, family: &Family) -> bool {
        let comes_from = |collector| {
            family.source(account.status().platform).is_some_and(|source| source.collectors.contains(collector))
        };
        self.collectors.is_empty() || self.collectors.iter().any(comes_from)
    }
}

/// The answer to a scrape, before it is written out.
#[derive(Debug)]
pub struct Exposition {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug)]
pub(super) enum Part {
    /// What is different at every scrape.
    Text(String),
    /// What was compressed before.
    Piece(Piece),
    /// The fleets.
    Joined(Arc<Joined>),
}

/// The bytes of an answer, in chunks.
pub struct Body {
    /// How many bytes all chunks have together.
    pub length: u64,
    chunks: Box<dyn Iterator<Item = Bytes> + Send>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Iterator for Body {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        self.chunks.next()
    }
}

impl Exposition {
    /// Picks what `selection` asks for out of `snapshot`, and reads the exporter's own metrics. Who does so again and again has
    /// less work with [`super::Expositions`].
    #[must_use]
    pub fn new(snapshot: &Snapshot, selection: &Selection, format: Format) -> Self {
        Expositions::default().exposition(snapshot, selection, format)
    }

    /// As one gzip member. Nothing is compressed for it: what was not, is stored in it as it is.
    #[must_use]
    pub fn gzip(self) -> Body {
        let mut member = Member::new();
        for part in self.parts {
            match part {
                Part::Text(text) => member.push_short(&stored(&text)),
                Part::Piece(piece) => member.push_short(&piece),
                Part::Joined(joined) => member.push(&joined.pieces, joined.crc32, joined.length),
            }
        }
        let chunks = member.finish();
        Body { length: chunks.iter().map(|chunk| chunk.len() as u64).sum(), chunks: Box::new(chunks.into_iter()) }
    }

    /// As plain text, decompressed while it is read.
    #[must_use]
    pub fn plain(self) -> Body {
        let length = self.parts.iter().map(Part::length).sum();
        let chunks = self.parts.into_iter().flat_map(|part| match part {
            Part::Text(text) => Chunks::Text(Some(text.into())),
            Part::Piece(piece) => Chunks::Pieces(Inflated::new(vec![piece])),
            Part::Joined(joined) => Chunks::Pieces(Inflated::new(joined.pieces.clone())),
        });
        Body { length, chunks: Box::new(chunks) }
    }
}

impl Part {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Piece(piece) => piece.length,
            Self::Joined(joined) => joined.length,
        }
    }
}

enum Chunks {
    Text(Option<Bytes>),
    Pieces(Inflated),
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Text(text) => text.take(),
            Self::Pieces(inflated) => inflated.next(),
        }
    }
}

/// The fleet's part of the text format, for one account.
pub(super) fn fleet_text(rendered: &RenderedAccount) -> String {
    let mut text = Vec::new();
    for (index, piece) in &rendered.families {
        if let Some(header) = headers(Format::Text).get(*index) {
            text.extend_from_slice(header.text.as_bytes());
            Inflated::new(vec![piece.clone()]).for_each(|chunk| text.extend_from_slice(&chunk));
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}
