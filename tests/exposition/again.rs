//! One scrape after the other: what is kept of the last one is never older than the next.

use std::io::Read as _;
use std::time::Duration;

use rmm_exporter::collector::Collector;
use rmm_exporter::metrics::{Exposition, Expositions, Format, Publisher, Selection};
use rmm_exporter::planner::Outcome;
use rmm_exporter::platform::PlatformName::Nsight;

use super::views::{shared, synthetic, usual_view};
use super::{setup, text_of};

/// What the exporter says of itself as a process differs between two moments.
fn lasting(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("process_") && !line.starts_with("rmm_exporter_tasks")).collect()
}

#[test]
fn the_next_exposition_says_what_a_first_one_would_say() {
    let publisher = Publisher::new();
    publisher.configure(vec![setup(Nsight, "msp-uk"), setup(Nsight, "msp-us")]);
    let expositions = Expositions::default();
    let selections = [
        Selection::default(),
        Selection { accounts: vec!["msp-us".to_owned()], ..Selection::default() },
        Selection { collectors: vec![Collector::Patches], ..Selection::default() },
    ];
    let mut status = setup(Nsight, "msp-uk").status;
    status.queue_length = 7;
    let metrics = publisher.metrics("msp-us").unwrap();
    let observe = |outcome, bytes| metrics.observe("list_clients", outcome, Duration::from_millis(70), bytes);
    let changes: [&dyn Fn(); 8] = [
        &|| (),
        &|| observe(Outcome::Ok, 10),
        &|| observe(Outcome::Timeout, 0),
        &|| publisher.publish_fleet("msp-uk", &shared(usual_view())),
        &|| publisher.publish_fleet("msp-us", &shared(synthetic(60))),
        &|| publisher.publish_status("msp-uk", status.clone()),
        &|| publisher.publish_fleet("msp-us", &shared(synthetic(61))),
        &|| publisher.configure(vec![setup(Nsight, "msp-uk")]),
    ];
    let mut before = String::new();
    for (index, change) in changes.into_iter().enumerate() {
        change();
        let snapshot = publisher.snapshot();
        // Each twice, so that what is kept is used too.
        for selection in selections.iter().chain(&selections) {
            for format in [Format::Text, Format::OpenMetrics] {
                let next = || expositions.exposition(&snapshot, selection, format);
                let first = text_of(Exposition::new(&snapshot, selection, format));
                let plain = text_of(next());
                assert_eq!(lasting(&plain), lasting(&first), "change {index}, {selection:?}, {format:?}");
                let member = next().gzip().collect::<Vec<_>>().concat();
                let mut decoder = flate2::bufread::GzDecoder::new(member.as_slice());
                let mut text = String::new();
                decoder.read_to_string(&mut text).unwrap();
                assert_eq!(lasting(&text), lasting(&first), "gzip: change {index}, {selection:?}, {format:?}");
                assert!(decoder.into_inner().is_empty(), "one member, nothing after it");
            }
        }
        let now = text_of(expositions.exposition(&snapshot, &Selection::default(), Format::Text));
        assert!(index == 0 || lasting(&now) != lasting(&before), "change {index} is seen");
        before = now;
    }
}
