//! What a scraper says: its headers and the query.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::collector::Collector;
use crate::fleet::{ClientKey, ClientRecord, Fleet, KindCounts, Label, Update};
use crate::http::{negotiate, scrape};
use crate::metrics::{
    AccountSetup, AccountStatus, CollectorReport, Exposition, Format, Limits, Publisher, Selection, Snapshot,
};
use crate::platform::PlatformName;

use super::answers;

/// Reads lines as the values of `Accept`, and of `Accept-Encoding`.
///
/// # Panics
///
/// When something is negotiated that was not asked for, or it matters in how many lines it was asked for.
pub fn negotiation(data: &[u8]) {
    let lines: Vec<_> = data.split(|byte| *byte == b'\n').collect();
    let (format, gzip) = negotiate(&lines);
    let said = String::from_utf8_lossy(data).to_ascii_lowercase();
    assert!(
        format == Format::Text || said.contains("application/openmetrics-text") || said.contains("application/*"),
        "OpenMetrics for who did not ask for it"
    );
    assert!(!gzip || said.contains("gzip") || said.contains('*'), "gzip for who did not ask for it");
    // Quotes left open reach to the end of their line; a value that is no text does not count at all.
    let is_plain = |byte: &u8| (b' '..=b'~').contains(byte) && *byte != b'"';
    if lines.iter().all(|line| line.iter().all(is_plain)) {
        let joined = lines.join(&b", "[..]);
        assert!(negotiate(&[&joined]) == (format, gzip), "one line or several is the same");
    }
}

fn negotiate(lines: &[&[u8]]) -> (Format, bool) {
    let of = |name: HeaderName| {
        let values = lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok());
        values.map(|value| (name.clone(), value)).collect::<HeaderMap>()
    };
    (negotiate::format(&of(header::ACCEPT)), negotiate::gzip(&of(header::ACCEPT_ENCODING)))
}

static SNAPSHOT: LazyLock<Arc<Snapshot>> = LazyLock::new(snapshot);

/// Reads the bytes as the query of `/metrics`.
///
/// # Panics
///
/// When accounts or collectors are selected that do not exist, the answer has not the length that is announced, or the message
/// about a bad query is more than one short line.
pub fn query(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    match scrape::selection(&query, &SNAPSHOT) {
        Ok(selection) => {
            assert!(selection.accounts.iter().all(|name| SNAPSHOT.account(name).is_some()), "an unknown account");
            check_exposition(&selection);
        }
        Err(message) => {
            assert!(message.starts_with("Unknown ") && message.len() < 2500, "{message}");
            assert!(message.ends_with('\n') && message.chars().filter(|c| c.is_control()).count() == 1, "{message:?}");
        }
    }
}

/// Writes out what is selected.
fn check_exposition(selection: &Selection) {
    for format in [Format::Text, Format::OpenMetrics] {
        let body = Exposition::new(&SNAPSHOT, selection, format).plain();
        let announced = body.length;
        let text = body.collect::<Vec<_>>().concat();
        assert!(text.len() as u64 == announced, "the length that is announced");
        super::exposition::check(&String::from_utf8_lossy(&text));
    }
}

/// Two accounts with a little fleet each.
fn snapshot() -> Arc<Snapshot> {
    let publisher = Publisher::new();
    let accounts = [(PlatformName::Nsight, "uk"), (PlatformName::Tactical, "Müller & Söhne")];
    let setup = |(platform, name): (PlatformName, &str)| {
        let report = CollectorReport { interval: Duration::from_mins(15), ..CollectorReport::default() };
        let mut status = AccountStatus::new(platform, name, "rmm.example");
        status.collectors = Collector::ALL.into_iter().map(|collector| (collector, report)).collect();
        AccountSetup { status, limits: Limits::default() }
    };
    publisher.configure(accounts.into_iter().map(setup).collect());
    for (platform, name) in accounts {
        let mut fleet = Fleet::new(answers::options(platform));
        let client = ClientRecord {
            key: ClientKey::new("1"),
            id: Label::new("1"),
            name: Label::new("Müller"),
            timezone: None,
            devices: Some(KindCounts { server: Some(1), workstation: Some(0), mobile: None }),
        };
        fleet.apply(Update::Clients(vec![client]), answers::now());
        publisher.publish_fleet(name, &Arc::new(fleet.known()));
    }
    publisher.snapshot()
}
