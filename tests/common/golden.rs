//! Text files with what is expected, read line by line by a person when they change.

#![allow(dead_code, reason = "not every test needs every helper")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rmm_exporter::collector::{Collector, CollectorDefaults};

/// Where the files are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The file's text.
pub fn read(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compares `actual` with the file of that name; with `UPDATE_GOLDEN=1` in the environment writes it.
pub fn compare(name: &str, actual: &str) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::write(&path, actual).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "tests/golden/{name} differs. When the new text is right, line by line: UPDATE_GOLDEN=1 cargo test --test golden \
         --test names\n{}",
        difference(&expected, actual)
    );
}

/// Lines that only one of the texts has.
fn difference(expected: &str, actual: &str) -> String {
    const MOST: usize = 40;
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (old, new) = (lines(expected), lines(actual));
    let gone = expected.lines().filter(|line| !new.contains(*line)).map(|line| format!("- {line}"));
    let come = actual.lines().filter(|line| !old.contains(*line)).map(|line| format!("+ {line}"));
    let mut differing: Vec<String> = gone.chain(come).collect();
    match differing.len() {
        0 => "the same lines in another order or number".to_owned(),
        count => {
            differing.truncate(MOST);
            if count > MOST {
                differing.push(format!("… and {} more", count - MOST));
            }
            differing.join("\n")
        }
    }
}

/// How long the data of each collector are good, when the configuration says nothing.
pub fn stale_after(collectors: &[CollectorDefaults]) -> BTreeMap<Collector, Duration> {
    let stale_after = |interval: Duration| (interval * 3).max(Duration::from_mins(15));
    collectors.iter().map(|defaults| (defaults.collector, stale_after(defaults.interval))).collect()
}

/// `promtool check metrics` finds nothing. Without promtool nothing is checked, unless `RMM_REQUIRE_TOOLS=1` is set.
pub fn check_with_promtool(text: &str) {
    let required = std::env::var_os("RMM_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    let promtool =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut promtool = match promtool {
        Ok(promtool) => promtool,
        Err(error) if required => panic!("promtool: {error}"),
        Err(_) => {
            println!("skipped: promtool is not installed");
            return;
        }
    };
    promtool.stdin.take().expect("stdin").write_all(text.as_bytes()).expect("written");
    let output = promtool.wait_with_output().expect("promtool ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
