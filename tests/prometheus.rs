//! A real Prometheus scrapes the demo. Skipped where the program is missing, unless RMM_REQUIRE_TOOLS=1.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod support;
#[path = "common/tool.rs"]
mod tool;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::child::{Process, exporter};
use support::servers::until;
use support::{PATIENCE, get};
use tool::is_missing;

fn demo() -> (Process, SocketAddr) {
    let mut process = Process::start(exporter().args(["demo", "--devices=60", "--web.listen-address=127.0.0.1:0"]));
    let address = process.address();
    process.until_ok(address, "/-/ready");
    (process, address)
}

/// The value of an instant query that gives one number.
fn query(address: SocketAddr, query: &str) -> Option<f64> {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    // HTTP/1.0 style answers are not chunked; this one is small and has a length.
    let (status, _, body) = get(address, &format!("/api/v1/query?query={query}"), &[]).ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&body).ok()?;
    assert_eq!(status, 200, "{answer}");
    answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

#[test]
fn prometheus_takes_every_sample() {
    if is_missing("prometheus") {
        return;
    }
    let (_demo, exporter) = demo();
    let directory = tempfile::TempDir::new().unwrap();
    let config = directory.path().join("prometheus.yml");
    let text = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n  - job_name: rmm\n    static_configs:\n      - targets: ['{exporter}']\n"
    );
    std::fs::write(&config, text).unwrap();
    let (mut prometheus, address) = support::prometheus::start(&config);
    let end = Instant::now() + PATIENCE;
    let expected = [
        ("up{job='rmm'}", 1.0),
        ("min(rmm_up)", 1.0),
        ("count(rmm_up)", 2.0),
        ("count(count by (platform) (rmm_device_info))", 2.0),
        ("bool_of_devices", 1.0),
    ];
    for (expression, wanted) in expected {
        let expression = match expression {
            "bool_of_devices" => "count(rmm_device_info) > bool 45",
            other => other,
        };
        while query(address, expression) != Some(wanted) {
            let state = query(address, expression);
            assert!(
                prometheus.is_running() && Instant::now() < end,
                "{expression} is {state:?}: {}",
                prometheus.stderr()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    // A scrape that takes too long has none; and another one may come between two questions.
    until("none is dropped", PATIENCE, || {
        let kept = "scrape_samples_scraped == scrape_samples_post_metric_relabeling";
        query(address, kept).is_some_and(|samples| samples > 500.0)
    });
    // Types arrive as they are: a histogram can be asked for its quantile.
    let quantile = "max(histogram_quantile(0.9, rmm_api_request_duration_seconds_bucket))";
    until("a quantile", PATIENCE, || query(address, quantile).is_some());
    let complaints: Vec<_> =
        prometheus.stderr().lines().filter(|line| line.contains("scrape")).map(str::to_owned).collect();
    assert!(
        complaints.iter().all(|line| !line.contains("level=warn") && !line.contains("level=error")),
        "{complaints:?}"
    );
    prometheus.signal("TERM");
    prometheus.end(Duration::from_secs(10));
}

#[test]
fn promtool_finds_nothing_to_improve() {
    if is_missing("promtool") {
        return;
    }
    let (_demo, exporter) = demo();
    let (_, _, body) = get(exporter, "/metrics", &[]).unwrap();
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = command.spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(&body).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
