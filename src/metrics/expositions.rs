//! One scrape after the other: what is the same as at the last one is not made again.
//!
//! Nothing is ever older than the scrape: what a text is made of is read at every scrape, and the text of the last one is used
//! only when it was made of exactly the same.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;

use super::catalogue::{self, Scope};
use super::exposition::{Exposition, Format, Part, Selection};
use super::headers::{end, headers};
use super::own::{Own, OwnAccount};
use super::piece::{Deflater, Piece};
use super::process::Process;
use super::publisher::{AccountSnapshot, Snapshot};

/// Makes expositions.
#[derive(Default)]
pub struct Expositions {
    /// What the last exposition in a format said of the accounts.
    text: ArcSwapOption<OwnPiece>,
    open_metrics: ArcSwapOption<OwnPiece>,
    /// A compressor is large; it is taken from here and put back.
    deflater: Mutex<Option<Deflater>>,
}

/// What the exporter says of the accounts, and what that was made of.
struct OwnPiece {
    of: Own,
    piece: Piece,
}

impl OwnPiece {
    /// Whether the same would be said now.
    fn is_of(&self, accounts: &[&AccountSnapshot], selection: &Selection) -> bool {
        self.of.collectors == selection.collectors
            && self.of.accounts.len() == accounts.len()
            && self.of.accounts.iter().zip(accounts).all(|(said, account)| said.is_of(account))
    }
}

impl Expositions {
    /// Picks what `selection` asks for out of `snapshot`, and reads the exporter's own metrics.
    #[must_use]
    pub fn exposition(&self, snapshot: &Snapshot, selection: &Selection, format: Format) -> Exposition {
        let (last, joiner) = match format {
            Format::Text => (&self.text, &snapshot.joiners.text),
            Format::OpenMetrics => (&self.open_metrics, &snapshot.joiners.open_metrics),
        };
        let accounts: Vec<_> = snapshot.accounts().iter().filter(|account| selection.admits_account(account)).collect();
        let [before, after] = exporter_texts(snapshot, format);
        let mut parts = vec![Part::Text(before)];
        parts.extend(self.accounts(last, &accounts, selection, format).map(Part::Piece));
        parts.push(Part::Text(after));
        parts.push(Part::Joined(joiner.join(selection, || fleet(&accounts, selection, format))));
        Exposition { parts }
    }

    /// What the exporter says of the accounts.
    fn accounts(
        &self,
        last: &ArcSwapOption<OwnPiece>,
        accounts: &[&AccountSnapshot],
        selection: &Selection,
        format: Format,
    ) -> Option<Piece> {
        if let Some(last) = &*last.load()
            && last.is_of(accounts, selection)
        {
            return Some(last.piece.clone());
        }
        let accounts = accounts.iter().map(|account| OwnAccount::of(account)).collect();
        let own = Own { accounts, collectors: selection.collectors.clone(), ..Own::default() };
        let text = own.text(format, |_, family| family.scope != Scope::Exporter);
        if text.is_empty() {
            return None;
        }
        let piece = self.deflated(&text);
        last.store(Some(Arc::new(OwnPiece { of: own, piece: piece.clone() })));
        Some(piece)
    }

    fn deflated(&self, text: &str) -> Piece {
        let spare = || self.deflater.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = spare().take();
        let mut deflater = taken.unwrap_or_else(Deflater::quick);
        let piece = deflater.piece(text);
        *spare() = Some(deflater);
        piece
    }
}

/// The series of the fleets with their headers, and the end.
fn fleet<'a>(accounts: &[&'a AccountSnapshot], selection: &Selection, format: Format) -> Vec<&'a Piece> {
    let mut pieces = Vec::new();
    for (index, (family, header)) in catalogue::families().iter().zip(headers(format)).enumerate() {
        let mut of_family = accounts.iter().filter_map(|account| {
            let families = &account.rendered()?.families;
            let found = families.binary_search_by_key(&index, |(family, _)| *family).ok()?;
            let (_, piece) = families.get(found)?;
            selection.admits_family(account, family).then_some(piece)
        });
        if let Some(first) = of_family.next() {
            pieces.extend([&header.piece, first]);
            pieces.extend(of_family);
        }
    }
    if format == Format::OpenMetrics {
        pieces.push(&end().piece);
    }
    pieces
}

/// What the exporter says of itself: before what it says of the accounts, and after that. It differs at every scrape.
fn exporter_texts(snapshot: &Snapshot, format: Format) -> [String; 2] {
    let own = Own {
        render_duration: snapshot.render_duration,
        reload: snapshot.reload,
        process: Process::read(),
        tasks: Handle::try_current().ok().map(|runtime| runtime.metrics().num_alive_tasks() as u64),
        ..Own::default()
    };
    let of_accounts = catalogue::families().iter().position(|family| family.scope != Scope::Exporter);
    let text = |before| {
        own.text(format, |index, family| family.scope == Scope::Exporter && (Some(index) < of_accounts) == before)
    };
    [text(true), text(false)]
}
