//! One scrape after the other: what is the same as at the last one is not made again.
//!
//! Nothing is ever older than the scrape: what a text is made of is read at every scrape, and the text of the last one is used
//! only when it was made of exactly the same.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;

use super::catalogue::{self, Scope};
use super::exposition::{Exposition, Format, Part, Selection};
use super::fleet::RenderedAccount;
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
    collectors: Option<Vec<Collector>>,
    piece: Piece,
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
        parts.extend(last.fleet.join(fleet(&accounts, selection, format)).into_iter().map(Part::Piece));
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
        let accounts: Vec<_> = accounts.iter().map(|account| own_account(account)).collect();
        let collectors = (!selection.collectors.is_empty()).then(|| selection.collectors.clone());
        if let Some(last) = &*last.accounts.load()
            && last.accounts == accounts
            && last.collectors == collectors
        {
            return Some(last.piece.clone());
        }
        let own = Own { accounts: accounts.clone(), collectors: collectors.clone(), ..Own::default() };
        let text = with_headers(own.render().into_iter().filter(|(index, _)| !is_of_exporter(*index)), format);
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

fn own_account(account: &AccountSnapshot) -> OwnAccount {
    OwnAccount {
        status: account.status().clone(),
        calls: account.metrics().read(),
        series: account.rendered().map_or(0, |rendered| rendered.series),
        dropped: account.rendered().map_or(0, RenderedAccount::dropped),
    }
}

/// The series of the fleets with their headers, and the end.
fn fleet(accounts: &[&AccountSnapshot], selection: &Selection, format: Format) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, (family, header)) in catalogue::families().iter().zip(headers(format)).enumerate() {
        let mut of_family = accounts.iter().filter_map(|account| {
            let families = &account.rendered()?.families;
            let found = families.binary_search_by_key(&index, |(family, _)| *family).ok()?;
            let (_, piece) = families.get(found)?;
            selection.admits_family(account, family).then(|| piece.clone())
        });
        if let Some(first) = of_family.next() {
            pieces.extend([header.piece.clone(), first]);
            pieces.extend(of_family);
        }
    }
    if format == Format::OpenMetrics {
        pieces.push(end().piece.clone());
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
    let families = own.render().into_iter().filter(|(index, _)| is_of_exporter(*index));
    let of_accounts = catalogue::families().iter().position(|family| family.scope != Scope::Exporter);
    let (before, after): (Vec<_>, Vec<_>) = families.partition(|(index, _)| Some(*index) < of_accounts);
    [with_headers(before, format), with_headers(after, format)]
}

fn is_of_exporter(index: usize) -> bool {
    catalogue::families().get(index).is_some_and(|family| family.scope == Scope::Exporter)
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
