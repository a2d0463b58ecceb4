//! What totals say when something cannot be read, minutes and days later: never a zero that nobody knows.

use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::dashboard::Dashboard;
use crate::expressions::filled_in;
use crate::tool;

const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;
/// How long the second exporter lives.
const LIFE: u32 = 2 * HOUR;

/// The expression of a panel for everything, with the job of the series below.
fn expression(dashboard: &str, panel: &str) -> String {
    let targets = Dashboard::of(dashboard).targets();
    let target = targets.iter().find(|target| target.panel == panel).expect(panel);
    filled_in(&target.expression)
}

/// Series each minute: two exporters with an account each.
fn series(second_lives: bool, fresh: u32) -> Vec<Value> {
    let (all, life) = (4 * DAY, if second_lives { 4 * DAY } else { LIFE });
    let mut series = Vec::new();
    let mut add = |name: &str, labels: &str, values: String| {
        series.push(json!({ "series": format!("{name}{{job=\"the-job\",{labels}}}"), "values": values }));
    };
    for (instance, account, life) in [("a", "one", all), ("b", "two", life)] {
        let place = format!("instance=\"{instance}\"");
        let account = format!("{place},platform=\"nsight\",account=\"{account}\"");
        let inventory = format!("{account},collector=\"inventory\"");
        let mut up = format!("1x{life}");
        if life < all {
            let _ = write!(up, " 0x{}", all - life);
        }
        add("up", &place, up);
        add("rmm_exporter_build_info", &place, format!("1x{life}"));
        add("rmm_up", &account, format!("1x{life}"));
        add("rmm_collector_success", &inventory, format!("1x{life}"));
        add("rmm_collector_targets", &inventory, format!("100x{life}"));
        add("rmm_collector_targets_fresh", &inventory, format!("{fresh}x{life}"));
    }
    for (name, labels) in [
        ("account:rmm_devices_offline:count", "kind=\"server\""),
        ("client:rmm_devices_offline:count", "client=\"c\",kind=\"server\""),
        ("site:rmm_devices_offline:count", "client=\"c\",site=\"s\",kind=\"server\""),
    ] {
        add(name, &format!("platform=\"nsight\",account=\"one\",{labels}"), format!("0x{all}"));
    }
    series.push(json!({ "series": "rmm:collector_fresh_ratio:warning", "values": format!("0.9x{all}") }));
    series
}

/// What the panel shows at a minute: a number, or nothing that is known.
fn at(minute: u32, (dashboard, panel): (&str, &str), shown: Option<u32>) -> Value {
    let samples: Vec<_> = shown.iter().map(|value| json!({ "value": value, "labels": "{}" })).collect();
    json!({ "expr": expression(dashboard, panel), "eval_time": format!("{minute}m"), "exp_samples": samples })
}

#[test]
fn a_zero_is_known() {
    if tool::is_missing("promtool") {
        return;
    }
    let offline = ["rmm-fleet", "rmm-wall", "rmm-client"].map(|dashboard| (dashboard, "Servers offline"));
    let down = ["rmm-fleet", "rmm-wall", "rmm-exporter"].map(|dashboard| (dashboard, "Accounts down"));
    let failing = ("rmm-exporter", "Failing collectors");
    let exporters = ("rmm-exporter", "Exporters down");
    // All is well, and then an exporter does not answer: for minutes, for a day, for the days of a long weekend.
    let mut dies = Vec::new();
    for (minute, is_dead) in [(HOUR, false), (LIFE + 10, true), (20 * HOUR, true), (30 * HOUR, true), (4 * DAY, true)] {
        let (one, none) = (Some(u32::from(is_dead)), (!is_dead).then_some(0));
        dies.extend(down.into_iter().chain([exporters]).map(|panel| at(minute, panel, one)));
        dies.extend(offline.into_iter().chain([failing]).map(|panel| at(minute, panel, none)));
    }
    // Both accounts answer, but a fifth of their lists cannot be read.
    let mut partly = Vec::new();
    partly.extend(offline.map(|panel| at(HOUR, panel, None)));
    partly.extend(down.map(|panel| at(HOUR, panel, Some(0))));
    let group = |series: Vec<Value>, tests: Vec<Value>| json!({ "interval": "1m", "input_series": series, "promql_expr_test": tests });
    let tests = json!({ "tests": [group(series(false, 100), dies), group(series(true, 80), partly)] });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gone.yml");
    std::fs::write(&file, tests.to_string()).unwrap();
    let ended = Command::new("promtool").args(["test", "rules"]).arg(&file).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
}
