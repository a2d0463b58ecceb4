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
use super::joined::Joiner;
use super::own::{Own, OwnAccount};
use super::piece::{Deflater, Piece};
use super::process::Process;
use super::publisher::{AccountSnapshot, Snapshot};
use crate::collector::Collector;

/// Makes expositions.
#[derive(Default)]
pub struct Expositions {
    text: Last,
    open_metrics: Last,
    /// A compressor is large; it is taken from here and put back.
    deflater: Mutex<Option<Deflater>>,
}

/// What the last exposition in a format left.
#[derive(Default)]
struct Last {
    accounts: ArcSwapOption<OwnPiece>,
    fleet: Joiner,
}

/// What the exporter says of the accounts, and what that was made of.
struct OwnPiece {
    accounts: Vec<OwnAccount>,
    collectors: Vec<Collector>,
    piece: Piece,
}

impl OwnPiece {
    /// Whether the same would be said now.
    fn is_of(&self, accounts: &[&AccountSnapshot], selection: &Selection) -> bool {
        self.collectors == selection.collectors
            && self.accounts.len() == accounts.len()
            && self.accounts.iter().zip(accounts).all(|(said, account)| said.is_of(account))
    }
}

impl Expositions {
    /// Picks what `selection` asks for out of `snapshot`, and reads the exporter's own metrics.
    #[must_use]
    pub fn exposition(&self, snapshot: &Snapshot, selection: &Selection, format: Format) -> Exposition {
        let last = match format {
            Format::Text => &self.text,
            Format::OpenMetrics => &self.open_metrics,
        };
        let accounts: Vec<_> = snapshot.accounts().iter().filter(|account| selection.admits_account(account)).collect();
        let [before, after] = exporter_texts(snapshot, format);
        let mut parts = vec![Part::Text(before)];
        parts.extend(self.accounts(last, &accounts, selection, format).map(Part::Piece));
        parts.push(Part::Text(after));
        parts.extend(last.fleet.join(&fleet(&accounts, selection, format)).into_iter().map(Part::Piece));
        Exposition { parts }
    }

    /// What the exporter says of the accounts.
    fn accounts(
        &self,
        last: &Last,
        accounts: &[&AccountSnapshot],
        selection: &Selection,
        format: Format,
    ) -> Option<Piece> {
        if let Some(last) = &*last.accounts.load()
            && last.is_of(accounts, selection)
        {
            return Some(last.piece.clone());
        }
        let accounts: Vec<_> = accounts.iter().map(|account| OwnAccount::of(account)).collect();
        let collectors = selection.collectors.clone();
        let own = Own {
            accounts: accounts.clone(),
            collectors: (!collectors.is_empty()).then(|| collectors.clone()),
            ..Own::default()
        };
        let text = with_headers(own.render(|family| family.scope != Scope::Exporter), format);
        if text.is_empty() {
            return None;
        }
        let piece = self.deflated(&text);
        last.accounts.store(Some(Arc::new(OwnPiece { accounts, collectors, piece: piece.clone() })));
        Some(piece)
    }

    fn deflated(&self, text: &str) -> Piece {
        let spare = || self.deflater.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = spare().take();
        let mut deflater = taken.unwrap_or_else(Deflater::new);
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
    let families = own.render(|family| family.scope == Scope::Exporter).into_iter();
    let of_accounts = catalogue::families().iter().position(|family| family.scope != Scope::Exporter);
    let (before, after): (Vec<_>, Vec<_>) = families.partition(|(index, _)| Some(*index) < of_accounts);
    [with_headers(before, format), with_headers(after, format)]
}

fn with_headers(families: impl IntoIterator<Item = (usize, String)>, format: Format) -> String {
    let mut text = String::new();
    for (index, samples) in families {
        if let Some(header) = headers(format).get(index) {
            text.push_str(&header.text);
            text.push_str(&samples);
        }
    }
    text
}
