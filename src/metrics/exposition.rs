//! The answer to a scrape: pieces in the order of the catalogue, with their headers.

use bytes::Bytes;
use tokio::runtime::Handle;

use super::catalogue::{self, Family};
use super::fleet::RenderedAccount;
use super::own::{Own, OwnAccount};
use super::piece::{Deflater, Inflated, Piece, gzip};
use super::process::Process;
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
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these accounts; all when empty.
    pub accounts: Vec<String>,
    /// Only what these collectors give; all when empty.
    pub collectors: Vec<Collector>,
}

impl Selection {
    fn admits_account(&self, account: &AccountSnapshot) -> bool {
        self.accounts.is_empty() || self.accounts.contains(&account.status().account)
    }

    fn admits_family(&self, account: &AccountSnapshot, family: &Family) -> bool {
        let comes_from = |collector| {
            family.source(account.status().platform).is_some_and(|source| source.collectors.contains(collector))
        };
        self.collectors.is_empty() || self.collectors.iter().any(comes_from)
    }
}

/// The answer to a scrape, before it is written out.
#[derive(Debug)]
pub struct Exposition {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Piece(Piece),
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
    /// Picks what `selection` asks for out of `snapshot`, and reads the exporter's own metrics.
    #[must_use]
    pub fn new(snapshot: &Snapshot, selection: &Selection, format: Format) -> Self {
        let accounts: Vec<_> = snapshot.accounts().iter().filter(|account| selection.admits_account(account)).collect();
        let mut parts = vec![Part::Text(own_text(snapshot, &accounts, selection, format))];
        for (index, family) in catalogue::families().iter().enumerate() {
            let mut pieces = accounts.iter().filter_map(|account| {
                let families = &account.rendered()?.families;
                let found = families.binary_search_by_key(&index, |(family, _)| *family).ok()?;
                let (_, piece) = families.get(found)?;
                selection.admits_family(account, family).then(|| piece.clone())
            });
            if let Some(first) = pieces.next() {
                parts.push(Part::Text(header(family, format)));
                parts.push(Part::Piece(first));
                parts.extend(pieces.map(Part::Piece));
            }
        }
        if format == Format::OpenMetrics {
            parts.push(Part::Text("# EOF\n".to_owned()));
        }
        Self { parts }
    }

    /// As one gzip member. The fleet's part is already compressed.
    #[must_use]
    pub fn gzip(self) -> Body {
        let mut deflater = Deflater::new();
        let pieces: Vec<_> = self
            .parts
            .into_iter()
            .map(|part| match part {
                Part::Text(text) => deflater.piece(&text),
                Part::Piece(piece) => piece,
            })
            .collect();
        let chunks = gzip(&pieces);
        Body { length: chunks.iter().map(|chunk| chunk.len() as u64).sum(), chunks: Box::new(chunks.into_iter()) }
    }

    /// As plain text, decompressed while it is read.
    #[must_use]
    pub fn plain(self) -> Body {
        let length = self.parts.iter().map(Part::length).sum();
        let chunks = self.parts.into_iter().flat_map(|part| match part {
            Part::Text(text) => Chunks::Text(Some(text.into())),
            Part::Piece(piece) => Chunks::Piece(Inflated::new(vec![piece])),
        });
        Body { length, chunks: Box::new(chunks) }
    }
}

impl Part {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Piece(piece) => piece.length,
        }
    }
}

enum Chunks {
    Text(Option<Bytes>),
    Piece(Inflated),
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Text(text) => text.take(),
            Self::Piece(inflated) => inflated.next(),
        }
    }
}

/// The fleet's part of the text format, for one account.
pub(super) fn fleet_text(rendered: &RenderedAccount) -> String {
    let mut text = Vec::new();
    for (index, piece) in &rendered.families {
        if let Some(family) = catalogue::families().get(*index) {
            text.extend_from_slice(header(family, Format::Text).as_bytes());
            Inflated::new(vec![piece.clone()]).for_each(|chunk| text.extend_from_slice(&chunk));
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn own_text(snapshot: &Snapshot, accounts: &[&AccountSnapshot], selection: &Selection, format: Format) -> String {
    let own = Own {
        accounts: accounts
            .iter()
            .map(|account| OwnAccount {
                status: account.status().clone(),
                calls: account.metrics().read(),
                series: account.rendered().map_or(0, |rendered| rendered.series),
                dropped: account.rendered().map_or(0, RenderedAccount::dropped),
            })
            .collect(),
        collectors: (!selection.collectors.is_empty()).then(|| selection.collectors.clone()),
        render_duration: snapshot.render_duration,
        reload: snapshot.reload,
        process: Process::read(),
        tasks: Handle::try_current().ok().map(|runtime| runtime.metrics().num_alive_tasks() as u64),
    };
    let mut text = String::new();
    for (index, samples) in own.render() {
        if let Some(family) = catalogue::families().get(index) {
            text.push_str(&header(family, format));
            text.push_str(&samples);
        }
    }
    text
}

/// The `# HELP` and `# TYPE` lines.
fn header(family: &Family, format: Format) -> String {
    let (name, help) = match format {
        Format::Text => (family.name, escape_help(&family.help(), false)),
        Format::OpenMetrics => (family.open_metrics_name(), escape_help(&family.help(), true)),
    };
    format!("# HELP {name} {help}\n# TYPE {name} {}\n", family.metric_type.name())
}

/// OpenMetrics escapes quotes in HELP as it does in label values; the older format does not know that escape.
fn escape_help(help: &str, quotes: bool) -> String {
    let escaped = help.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { escaped.replace('"', "\\\"") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_escaped_as_each_format_wants_it() {
        assert_eq!(escape_help("a \"b\" \\ c\nd", false), "a \"b\" \\\\ c\\nd");
        assert_eq!(escape_help("a \"b\" \\ c\nd", true), "a \\\"b\\\" \\\\ c\\nd");
    }

    #[test]
    fn only_openmetrics_drops_total_from_the_name_of_a_counter() {
        let counter = catalogue::families().iter().find(|family| family.name == "rmm_api_requests_total").unwrap();
        assert_eq!(
            header(counter, Format::Text),
            "# HELP rmm_api_requests_total API calls by outcome.\n# TYPE rmm_api_requests_total counter\n"
        );
        assert_eq!(
            header(counter, Format::OpenMetrics),
            "# HELP rmm_api_requests API calls by outcome.\n# TYPE rmm_api_requests counter\n"
        );
    }
}
