//! The table from the catalogue to its proof: every metric of every platform → the recorded answer that it is read from → a
//! line of an expected exposition. A row of the catalogue without one fails here, and so does a fixed label value that no
//! expected exposition has.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "common/golden.rs"]
mod golden;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rmm_exporter::metrics::catalogue::{self, Family};
use rmm_exporter::platform::PlatformName::{self, Nsight, Tactical};

/// Fixed label values that no recorded answer has, and why.
const NOT_RECORDED: [(PlatformName, &str, &str, &str); 17] = [
    (Nsight, "rmm_check_failing", "warning", ONE_SEVERITY),
    (Nsight, "rmm_check_failing", "info", ONE_SEVERITY),
    (Nsight, "rmm_task_failing", "warning", ONE_SEVERITY),
    (Nsight, "rmm_task_failing", "info", ONE_SEVERITY),
    (Nsight, "rmm_device_tasks", "cleared", "nobody clears a task in the small account"),
    (Tactical, "rmm_client_devices", "mobile", "it has no mobile devices"),
    (Tactical, "rmm_device_info", "mobile", "it has no mobile devices"),
    (Tactical, "rmm_device_info", "other", "every recorded agent runs on a system that it supports"),
    (Tactical, "rmm_device_checks", "cleared", "it clears nothing"),
    (Tactical, "rmm_device_tasks", "cleared", "it clears nothing"),
    (Tactical, "rmm_task_failing", "info", "no recorded task of that severity fails"),
    (Tactical, "rmm_patches", "queued", "it has no such state"),
    (Tactical, "rmm_patches", "reboot_required", "it has no such state"),
    (Tactical, "rmm_patches", "unknown", "every recorded update says whether it is installed"),
    (Tactical, "rmm_server_ping_up", "nats_std", NOT_INSTALLED),
    (Tactical, "rmm_server_ping_up", "nats_ws", NOT_INSTALLED),
    (Tactical, "rmm_server_ping_up", "mesh", NOT_INSTALLED),
];
const ONE_SEVERITY: &str = "every failing check is an error there";
const NOT_INSTALLED: &str = "the recorded server ran without it";

/// A sample of an expected exposition, and the file that it is in.
struct Sample {
    file: String,
    line: String,
}

impl Sample {
    fn value(&self) -> f64 {
        self.line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a value")
    }
}

fn samples(platform: PlatformName, family: &Family) -> Vec<Sample> {
    let start = format!("{}{{platform=\"{}\"", family.name, platform.name());
    let entries = fs::read_dir(golden::folder()).expect("golden");
    let mut files: Vec<String> =
        entries.map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8")).collect();
    files.sort();
    files
        .retain(|file| file.starts_with(platform.name()) && Path::new(file).extension().is_some_and(|it| it == "prom"));
    let of = |file: String| {
        let text = golden::read(&file);
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with(&start)).map(str::to_owned).collect();
        lines.into_iter().map(move |line| Sample { file: file.clone(), line })
    };
    files.into_iter().flat_map(of).collect()
}

/// A file with an answer to one of the calls that the family is read from.
fn fixture(platform: PlatformName, family: &Family) -> Option<String> {
    let calls = family.source(platform)?.calls;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(platform.name());
    match platform {
        Nsight => {
            let mut files: Vec<String> = fs::read_dir(&root)
                .expect("fixtures")
                .map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"))
                .collect();
            files.sort();
            let answers = |file: &&String| {
                let service = file.split('.').next();
                calls.iter().any(|call| call.rsplit('/').next() == service)
            };
            files.iter().find(answers).cloned()
        }
        Tactical => {
            let index = fs::read_to_string(root.join("fleet/index.json")).expect("an index");
            let index: serde_json::Value = serde_json::from_str(&index).expect("JSON");
            let same = |path: &str, call: &str| {
                let (path, call) = (path.split('/'), call.split('/'));
                path.clone().count() == call.clone().count() && path.zip(call).all(|(is, of)| is == of || of == "{id}")
            };
            let mut paths = index["answers"].as_array().expect("answers").iter().filter_map(|row| row["path"].as_str());
            paths.find(|path| calls.iter().any(|call| same(path, call))).map(str::to_owned)
        }
    }
}

#[test]
fn every_row_of_the_catalogue_has_an_answer_and_a_line() {
    let (mut table, mut missing) = (String::new(), String::new());
    for family in catalogue::families().iter().filter(|family| family.is_fleet()) {
        for platform in [Nsight, Tactical].into_iter().filter(|platform| family.source(*platform).is_some()) {
            let samples = samples(platform, family);
            match (fixture(platform, family), samples.first()) {
                (Some(fixture), Some(sample)) => {
                    let (name, platform, file) = (family.name, platform.name(), &sample.file);
                    writeln!(table, "{name} | {platform} | {fixture} | {file} | {}", sample.line).expect("written");
                }
                (fixture, sample) => {
                    let (fixture, line) = (fixture.is_some(), sample.is_some());
                    let of = format!("{} of {}", family.name, platform.name());
                    writeln!(missing, "{of}: an answer {fixture}, a line {line}").expect("written");
                }
            }
        }
    }
    assert!(missing.is_empty(), "rows of the catalogue without proof:\n{missing}");
    golden::compare("catalogue-rows.txt", &table);
}

#[test]
fn every_fixed_label_value_is_in_a_line_that_says_something() {
    let mut missing = BTreeSet::new();
    let mut unneeded: BTreeSet<_> = NOT_RECORDED.iter().map(|(of, family, value, _)| (*of, *family, *value)).collect();
    for family in catalogue::families().iter().filter(|family| family.is_fleet()) {
        for platform in [Nsight, Tactical].into_iter().filter(|platform| family.source(*platform).is_some()) {
            let samples = samples(platform, family);
            for enumeration in family.enumerations {
                for value in enumeration.values {
                    let label = format!("{}=\"{value}\"", enumeration.label);
                    let mut lines = samples.iter().filter(|sample| sample.line.contains(&label));
                    // A zero can be there without anybody having counted.
                    let said = lines.any(|sample| sample.value() != 0.0);
                    if !said && !unneeded.remove(&(platform, family.name, *value)) {
                        missing.insert(format!("{} of {}: {label}", family.name, platform.name()));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "no expected exposition counts:\n{missing:#?}");
    assert!(unneeded.is_empty(), "these are recorded after all: {unneeded:?}");
}
