//! What is exposed of a fleet reads back as the fleet, whatever its labels say: in both formats, compressed or not, by a
//! reader that shares nothing with the writer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail
#![allow(clippy::float_cmp, reason = "what is written is exactly what is read")]

mod expected;
mod parser;
mod texts;
#[path = "../views/mod.rs"]
mod views;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use expected::Expected;
use parser::{Family, Sample, parse};
use proptest::collection::vec;
use proptest::prelude::*;
use rmm_exporter::fleet::{Label, View};
use rmm_exporter::metrics::{
    AccountSetup, AccountStatus, Exposition, Format, Limits, Publisher, Selection, Snapshot, catalogue,
};
use rmm_exporter::planner::Outcome;
use rmm_exporter::platform::PlatformName;
use texts::{Texts, text};
use views::{client, full_view, shared, site};

/// The name of a series: its metric and its labels.
type Key = (String, BTreeMap<String, String>);

fn key(sample: &Sample) -> Key {
    (sample.name.clone(), sample.labels.clone())
}

/// Every sort of metric and label, several of each.
fn view(texts: &[String]) -> View {
    let mut view = full_view();
    view.clients.push(client("2", "b"));
    view.sites.push(site("b", "2", "3", "c"));
    let second = view.devices[0].clone();
    view.devices.extend([second.clone(), second]);
    for device in &mut view.devices {
        let another = device.checks[0].clone();
        device.checks.push(another);
    }
    let definitions = view.antivirus_definitions[0].clone();
    view.antivirus_definitions.push(definitions);
    Texts(texts.iter().cycle()).fill(&mut view);
    view
}

fn publish(accounts: &[(PlatformName, &str)], view: &Arc<View>, text: &str) -> Arc<Snapshot> {
    let publisher = Publisher::new();
    let setup = |(platform, name): &(PlatformName, &str)| {
        let mut status = AccountStatus::new(*platform, name, text);
        text.clone_into(&mut status.console_url);
        AccountSetup { status, limits: Limits::default() }
    };
    publisher.configure(accounts.iter().map(setup).collect());
    for (_, name) in accounts {
        publisher.publish_fleet(name, view);
        publisher.metrics(name).expect("configured").observe(text, Outcome::Ok, Duration::from_millis(300), 7);
    }
    publisher.snapshot()
}

/// The text of an exposition; `gzip` is taken the long way.
fn body(snapshot: &Snapshot, format: Format, gzip: bool) -> String {
    let exposition = Exposition::new(snapshot, &Selection::default(), format);
    let body = if gzip { exposition.gzip() } else { exposition.plain() };
    let announced = body.length;
    let bytes = body.collect::<Vec<_>>().concat();
    assert_eq!(bytes.len() as u64, announced);
    if !gzip {
        return String::from_utf8(bytes).expect("UTF-8");
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("one whole member");
    text
}

/// An account and every series that its fleet should have.
struct Account<'a> {
    platform: PlatformName,
    name: &'a str,
    expected: Vec<(Key, Sample)>,
}

/// Compares what is exposed with the accounts' fleet.
fn compare(families: &[Family], accounts: &[Account<'_>], text: &str, format: Format) {
    let declared: HashMap<&str, _> = catalogue::families()
        .iter()
        .map(|family| (if format == Format::Text { family.name } else { family.open_metrics_name() }, *family))
        .collect();
    let mut read: HashMap<Key, f64> = HashMap::new();
    for family in families {
        let row = declared[family.name.as_str()];
        assert_eq!((family.kind.as_str(), &family.help), (row.metric_type.name(), &row.help()), "{}", family.name);
        for sample in &family.samples {
            assert_eq!(read.insert(key(sample), sample.value), None, "{sample:?} comes twice");
            if row.is_fleet() {
                let labels: HashSet<&str> = sample.labels.keys().map(String::as_str).collect();
                assert_eq!(labels, row.all_labels().collect(), "{}", family.name);
            }
        }
    }

    let mut exposed = 0;
    for Account { platform, name: account, expected } in accounts {
        // Of two that differ in nothing but the value the first one counts, and the others are counted.
        let (mut fresh, mut dropped) = (0, 0);
        let mut seen = HashSet::new();
        for (series, sample) in expected {
            if seen.insert(series) {
                assert_eq!(read.get(series), Some(&sample.value), "{sample:?}");
                fresh += 1;
            } else {
                dropped += 1;
            }
        }
        exposed += fresh;
        let own = |name: &str, more: &[(&str, &str)]| {
            let labels = [("platform", platform.name()), ("account", *account)].into_iter().chain(more.iter().copied());
            let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            *read.get(&(name.to_owned(), labels)).unwrap_or_else(|| panic!("{name} of {account:?}"))
        };
        assert_eq!(own("rmm_exporter_series", &[]), f64::from(fresh));
        assert_eq!(own("rmm_exporter_series_dropped", &[]), f64::from(dropped));
        assert_eq!(own("rmm_account_info", &[("server", text), ("console_url", text)]), 1.0);
        assert_eq!(own("rmm_api_requests_total", &[("call", text), ("outcome", "ok")]), 1.0);
        assert_eq!(own("rmm_api_response_bytes_total", &[("call", text)]), 7.0);
        for (bound, observed) in [("0.25", 0.0), ("0.5", 1.0), ("+Inf", 1.0)] {
            assert_eq!(own("rmm_api_request_duration_seconds_bucket", &[("call", text), ("le", bound)]), observed);
        }
        assert_eq!(own("rmm_api_request_duration_seconds_sum", &[("call", text)]), 0.3);
    }
    let fleet = families.iter().filter(|family| declared[family.name.as_str()].is_fleet());
    let all: usize = fleet.map(|family| family.samples.len()).sum();
    assert_eq!(all, usize::try_from(exposed).unwrap(), "nothing else is exposed");
}

fn round_trip(texts: &[String], accounts: &[String; 2]) {
    let view = view(texts);
    let accounts = [(PlatformName::Nsight, accounts[0].as_str()), (PlatformName::Tactical, accounts[1].as_str())];
    let accounts = if accounts[0].1 == accounts[1].1 { &accounts[..1] } else { &accounts[..] };
    let snapshot = publish(accounts, &shared(view.clone()), &texts[0]);
    let expect = |platform: PlatformName, name| {
        let samples = Expected::of(platform.name(), name, &view);
        Account { platform, name, expected: samples.into_iter().map(|sample| (key(&sample), sample)).collect() }
    };
    let expected: Vec<_> = accounts.iter().map(|(platform, name)| expect(*platform, *name)).collect();
    for format in [Format::Text, Format::OpenMetrics] {
        for gzip in [false, true] {
            let families = parse(&body(&snapshot, format, gzip), format == Format::OpenMetrics);
            compare(&families, &expected, &texts[0], format);
        }
    }
}

#[test]
fn every_metric_of_a_fleet_is_expected() {
    let names: Vec<String> = (0..200).map(|number| format!("name {number}")).collect();
    let mut view = full_view();
    Texts(names.iter().cycle()).fill(&mut view);
    let mut missing: HashSet<&str> = HashSet::new();
    let expected: HashSet<String> = [view, full_view()]
        .iter()
        .flat_map(|view| Expected::of("nsight", "a", view))
        .map(|sample| sample.name)
        .collect();
    for family in catalogue::families().iter().filter(|family| family.is_fleet()) {
        if !expected.contains(family.name) {
            missing.insert(family.name);
        }
    }
    assert!(missing.is_empty(), "expected.rs says nothing of {missing:?}");
    round_trip(&names, &["uk".to_owned(), "help desk".to_owned()]);
}

#[test]
fn devices_that_become_equal_are_one() {
    let same: Vec<String> = ["a", " a", "a\n", "a\u{a0}", "\ta"].map(str::to_owned).into();
    round_trip(&same, &["a".to_owned(), "b".to_owned()]);
    round_trip(&[String::new()], &[String::new(), "\n".to_owned()]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_label_reads_back(texts in vec(text(), 1..60), accounts in [text(), text()]) {
        round_trip(&texts, &accounts);
    }

    #[test]
    fn labels_are_clean(text in text()) {
        // The same rule in other words.
        let blank = regex::Regex::new(r"[\s\p{Cc}]+").unwrap();
        let spaced = blank.replace_all(&text, " ").trim_matches(' ').to_owned();
        let fits = spaced.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 200).last().unwrap_or(0);
        let label = Label::new(&text);
        prop_assert_eq!(label.as_str(), spaced[..fits].trim_end_matches(' '));
        prop_assert_eq!(Label::new(label.as_str()), label, "clean texts stay as they are");
    }
}
