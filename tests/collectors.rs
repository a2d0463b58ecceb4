//! What belongs to every collector is there: its files, its row in the platform's table, its metrics, answers with the text
//! that is expected for them, and its documentation.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "common/golden.rs"]
mod golden;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rmm_exporter::collector::Collector::{
    self, Alerts, Antivirus, AntivirusDefinitions, Assets, Backup, BackupSelection, BackupSessions, Checks, Details,
    Directory, DriveSpace, Exchange, FailingChecks, Inventory, Licenses, ManagedAntivirus, Outages, Patches,
    Performance, Server, Tasks,
};
use rmm_exporter::collector::CollectorDefaults;
use rmm_exporter::metrics::catalogue::{self, Family};
use rmm_exporter::platform::PlatformName::{self, Nsight, Tactical};
use rmm_exporter::platform::{nsight, tactical};

/// The wire files that each collector reads its answers with. A new collector needs a row here.
const WIRE: [(PlatformName, Collector, &[&str]); 24] = [
    (Nsight, Inventory, &["clients", "roster", "devices"]),
    (Nsight, FailingChecks, &["checks"]),
    (Nsight, Checks, &["checks"]),
    (Nsight, Antivirus, &["history", "settings"]),
    (Nsight, Backup, &["history", "settings"]),
    (Nsight, BackupSessions, &["backup_sessions"]),
    (Nsight, BackupSelection, &["backup_selection", "settings"]),
    (Nsight, Patches, &["patches"]),
    (Nsight, Assets, &["assets"]),
    (Nsight, AntivirusDefinitions, &["antivirus_definitions"]),
    (Nsight, ManagedAntivirus, &["managed_antivirus"]),
    (Nsight, Licenses, &["licenses"]),
    (Nsight, Directory, &["directory"]),
    (Nsight, Outages, &["outages"]),
    (Nsight, Performance, &["performance"]),
    (Nsight, DriveSpace, &["storage"]),
    (Nsight, Exchange, &["storage"]),
    (Tactical, Inventory, &["clients", "agents", "custom_fields"]),
    (Tactical, Checks, &["checks"]),
    (Tactical, Tasks, &["tasks"]),
    (Tactical, Patches, &["updates"]),
    (Tactical, Server, &["status"]),
    (Tactical, Alerts, &["alerts"]),
    (Tactical, Details, &["detail"]),
];

/// Files in the folders `wire` that are about the format, not about answers.
const FORMAT_FILES: [&str; 2] = ["mod", "array"];

const PLATFORMS: [(PlatformName, &[CollectorDefaults]); 2] =
    [(Nsight, nsight::COLLECTORS), (Tactical, tactical::COLLECTORS)];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    entries.map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8")).collect()
}

/// Every platform with every collector that it has.
fn rows() -> impl Iterator<Item = (PlatformName, Collector)> {
    PLATFORMS.iter().flat_map(|(platform, table)| table.iter().map(|defaults| (*platform, defaults.collector)))
}

/// The families that a collector of a platform feeds.
fn fed_by(platform: PlatformName, collector: Collector) -> Vec<&'static Family> {
    let feeds =
        |family: &&&Family| family.source(platform).is_some_and(|source| source.collectors.contains(&collector));
    catalogue::families().iter().filter(feeds).copied().collect()
}

#[test]
fn every_collector_is_in_the_table_of_a_platform_and_once() {
    let rows: Vec<_> = rows().collect();
    for collector in Collector::ALL {
        assert!(rows.iter().any(|(_, row)| *row == collector), "no platform has {}", collector.name());
    }
    let distinct: BTreeSet<_> = rows.iter().collect();
    assert_eq!(distinct.len(), rows.len(), "{rows:?}");
}

#[test]
fn every_collector_has_its_file_and_its_row() {
    for (platform, collector) in rows() {
        let file = format!("src/platform/{}/collectors/{}.rs", platform.name(), collector.name());
        let code = read(&file);
        assert!(code.starts_with("//! "), "{file} says what it is about");
        // The row of an N-sight collector stands in its file, that of a Tactical RMM one in the platform's.
        let row = if platform == Nsight { code } else { read("src/platform/tactical/mod.rs") };
        assert!(row.contains(&format!("collector: Collector::{collector:?},")), "the row of {file}");
    }
}

#[test]
fn every_collector_has_wire_files_and_every_wire_file_a_collector() {
    let listed: BTreeSet<_> = WIRE.iter().map(|(platform, collector, _)| (*platform, *collector)).collect();
    assert_eq!(listed, rows().collect(), "the table WIRE of this test");
    for (platform, _) in PLATFORMS {
        let folder = format!("src/platform/{}/wire", platform.name());
        let here = WIRE.iter().filter(|(of, ..)| *of == platform);
        let used: BTreeSet<String> =
            here.flat_map(|(.., files)| files.iter().map(|file| format!("{file}.rs"))).collect();
        let mut found = names_in(&folder);
        found.retain(|file| !FORMAT_FILES.iter().any(|format| *file == format!("{format}.rs")));
        assert_eq!(found, used, "{folder}");
    }
}

#[test]
fn every_collector_feeds_a_metric() {
    for (platform, collector) in rows() {
        let families = fed_by(platform, collector);
        assert!(!families.is_empty(), "no metric names {} of {}", collector.name(), platform.name());
    }
    // And no metric names a collector that its platform does not have.
    let rows: BTreeSet<_> = rows().collect();
    for family in catalogue::families() {
        for (platform, _) in PLATFORMS {
            for collector in family.source(platform).iter().flat_map(|source| source.collectors) {
                assert!(rows.contains(&(platform, *collector)), "{} of {}", family.name, platform.name());
            }
        }
    }
}

/// Whether there is an answer to `call` in the fixtures.
fn has_fixture(platform: PlatformName, call: &str) -> bool {
    match platform {
        Nsight => {
            // One service has a slash in its name.
            let service = call.rsplit('/').next();
            names_in("tests/fixtures/nsight").iter().any(|file| file.split('.').next() == service)
        }
        Tactical => {
            let index = read("tests/fixtures/tactical/fleet/index.json");
            let index: serde_json::Value = serde_json::from_str(&index).expect("JSON");
            let paths =
                index["answers"].as_array().expect("answers").iter().filter_map(|answer| answer["path"].as_str());
            let is = |path: &str| {
                let (path, call) = (path.split('/'), call.split('/'));
                path.clone().count() == call.clone().count() && path.zip(call).all(|(is, of)| is == of || of == "{id}")
            };
            paths.into_iter().any(is)
        }
    }
}

#[test]
fn every_call_of_a_collector_has_a_recorded_answer() {
    for (platform, collector) in rows() {
        for family in fed_by(platform, collector) {
            for call in family.source(platform).expect("a source").calls {
                assert!(has_fixture(platform, call), "{}: no answer to {call} in tests/fixtures", family.name);
            }
        }
    }
}

/// The text of every expected exposition of a platform.
fn goldens(platform: PlatformName) -> String {
    let files = names_in("tests/golden").into_iter().filter(|file| {
        file.starts_with(platform.name()) && Path::new(file).extension().is_some_and(|extension| extension == "prom")
    });
    files.map(|file| golden::read(&file)).collect()
}

#[test]
fn every_metric_of_a_platform_is_in_an_expected_exposition() {
    for (platform, _) in PLATFORMS {
        let goldens = goldens(platform);
        let mut missing: BTreeSet<&str> = BTreeSet::new();
        for (_, collector) in rows().filter(|(of, _)| *of == platform) {
            for family in fed_by(platform, collector) {
                let sample = format!("\n{}{{platform=\"{}\"", family.name, platform.name());
                if !goldens.contains(&sample) {
                    missing.insert(family.name);
                }
            }
        }
        assert!(missing.is_empty(), "not in tests/golden/{}-*.prom: {missing:?}", platform.name());
    }
}

#[test]
fn every_collector_is_documented() {
    let metrics = read("docs/metrics.md");
    let documented = collectors_in(&read("docs/configuration.md"));
    for (platform, collector) in rows() {
        for family in fed_by(platform, collector) {
            let row = metrics.lines().find(|line| line.starts_with(&format!("| `{}` |", family.name)));
            let row = row.unwrap_or_else(|| panic!("docs/metrics.md has no row for {}", family.name));
            // The last two cells: `inventory, checks: call, call` for each platform.
            let mut cells = row.trim_end_matches(['|', ' ']).rsplit('|').take(2);
            let cell = if platform == Tactical { cells.next() } else { cells.nth(1) };
            let (collectors, _) = cell.expect("a cell").split_once(':').unwrap_or_else(|| panic!("{row}"));
            let is_off = PLATFORMS
                .iter()
                .filter(|(of, _)| *of == platform)
                .any(|(_, table)| table.iter().any(|defaults| defaults.collector == collector && !defaults.enabled));
            let mark = if is_off { " (off by default)" } else { "" };
            let name = format!("{}{mark}", collector.name());
            assert!(collectors.split(',').any(|cell| cell.trim() == name), "{name} in {row}");
        }
    }
    let defaults = PLATFORMS.iter().flat_map(|(platform, table)| {
        let row = move |defaults: &CollectorDefaults| {
            let on = if defaults.enabled { "on" } else { "off" };
            (platform.name().to_owned(), defaults.collector.name().to_owned(), on.to_owned())
        };
        table.iter().map(row)
    });
    assert_eq!(documented, defaults.collect(), "the table of collectors in docs/configuration.md");
}

/// Platform, collector and default of every row in the table of collectors, where an empty platform is the one above.
fn collectors_in(document: &str) -> BTreeSet<(String, String, String)> {
    let mut platform = String::new();
    let mut rows = BTreeSet::new();
    for line in document.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [of, collector, default, ..] = cells.as_slice() else { continue };
        match *of {
            "nsight" | "tactical" => (*of).clone_into(&mut platform),
            "" if !platform.is_empty() => {}
            _ => {
                platform.clear();
                continue;
            }
        }
        rows.insert((platform.clone(), collector.trim_matches('`').to_owned(), (*default).to_owned()));
    }
    rows
}
