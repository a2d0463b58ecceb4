//! Independent parsers read what is exposed: `promtool check metrics` the text format, the Python client's strict parser
//! OpenMetrics. Where a tool is missing its test says so and passes, unless `RMM_REQUIRE_TOOLS=1` is set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod views;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rmm_exporter::collector::Collector;
use rmm_exporter::metrics::{
    AccountSetup, AccountStatus, CollectorReport, Exposition, Format, Limits, Publisher, Selection,
};
use rmm_exporter::planner::Outcome;
use rmm_exporter::platform::PlatformName;
use views::{client, full_device, full_view, shared, time};

const READ_OPEN_METRICS: &str = r#"
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
seen = set()
for family in families:
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in seen, key
        seen.add(key)
names = {family.name: family.type for family in families}
assert names["rmm_api_requests"] == "counter", names
assert names["rmm_api_request_duration_seconds"] == "histogram", names
assert names["rmm_device_online"] == "gauge", names
labels = [s.labels for f in families if f.name == "rmm_device_online" for s in f.samples]
assert any(l["site"] == 'a "b" \\ c \\n' and l["device"] == "ÄÖ 🦀 ]]>" for l in labels), labels
print(len(seen))
"#;

/// Ends of lines, other blanks, what turns the writing direction or combines, look-alikes of separators, ends of the code
/// points. Labels lose some of it; device ids, of which labels are not made, keep all.
const HARD: [&str; 12] = [
    "\r",
    "\r\n\u{85}\u{2028}\u{2029}",
    "\0\u{1b}[31m\u{7f}",
    "\u{a0}\u{3000}\u{200b}",
    "\u{202e}\u{2066}\u{200f}",
    "\u{301}",
    "\u{feff}",
    "\u{fffd}\u{fffe}\u{ffff}\u{10ffff}",
    "，＂＝｛｝",
    "\"} 1 # {} 2",
    "\n# EOF\n",
    "\\\"\\n\\\\",
];

/// Everything at once: two accounts, every family, names that are hard to write.
fn exposition(format: Format) -> String {
    let publisher = Publisher::new();
    let report = CollectorReport {
        interval: Duration::from_mins(15),
        last_success: Some(time("2026-03-04T05:06:07Z")),
        last_duration: Some(Duration::from_millis(1234)),
        ..CollectorReport::default()
    };
    let setup = |platform, name: &str| {
        let mut status = AccountStatus::new(platform, name, "rmm.example");
        status.backoff_until = Some(time("2026-03-04T05:06:07Z"));
        status.collectors = Collector::ALL.into_iter().map(|collector| (collector, report)).collect();
        AccountSetup { status, limits: Limits::default() }
    };
    publisher.configure(vec![setup(PlatformName::Nsight, "msp \"uk\""), setup(PlatformName::Tactical, "helpdesk")]);
    publisher.config_read(true, time("2026-03-04T05:06:07Z"));
    let mut view = full_view();
    view.clients.push(client("7", ""));
    view.devices.push(full_device("", "a \"b\" \\ c \\n", "ÄÖ 🦀 ]]>", "d-2"));
    view.devices.push(full_device("", "a \"b\" \\ c \\n", "ÄÖ 🦀 ]]>", "d-2"));
    for (number, hard) in HARD.into_iter().enumerate() {
        view.devices.push(full_device(hard, hard, hard, &format!("hard {number} {hard}")));
    }
    let view = shared(view);
    for account in ["msp \"uk\"", "helpdesk"] {
        publisher.publish_fleet(account, &view);
        let metrics = publisher.metrics(account).expect("configured");
        for outcome in Outcome::ALL {
            metrics.observe("/agents/{id}/checks/", outcome, Duration::from_millis(333), 4096);
        }
    }
    let body = Exposition::new(&publisher.snapshot(), &Selection::default(), format).plain();
    String::from_utf8(body.collect::<Vec<_>>().concat()).expect("UTF-8")
}

fn run(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("is read");
    child.wait_with_output().expect("ends")
}

fn is_there(command: &mut Command) -> bool {
    let found = command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    let required = std::env::var_os("RMM_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(found || !required, "{command:?} does not work, and RMM_REQUIRE_TOOLS=1 is set");
    if !found {
        println!("skipped: {command:?} does not work here");
    }
    found
}

#[test]
fn promtool_has_nothing_to_say_about_the_text_format() {
    if !is_there(Command::new("promtool").arg("--version")) {
        return;
    }
    let output = run(Command::new("promtool").args(["check", "metrics"]), &exposition(Format::Text));
    let (said, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.is_empty() && complaints.is_empty(), "{said}{complaints}");
}

#[test]
fn a_strict_parser_accepts_openmetrics() {
    if !is_there(Command::new("python3").args(["-c", "import prometheus_client.openmetrics.parser"])) {
        return;
    }
    let text = exposition(Format::OpenMetrics);
    let mut python = Command::new("python3");
    let output = run(python.args(["-c", READ_OPEN_METRICS]).env("PYTHONUTF8", "1"), &text);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: usize = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number");
    assert_eq!(read, text.lines().filter(|line| !line.starts_with('#')).count());
}
