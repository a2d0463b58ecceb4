//! What every panel has: a data source to choose, title, description, unit, a text for "no data", thresholds.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::dashboard::{Dashboard, assert_found, faults_of_all};
use crate::rules::{list, text_of};

/// Ids of Grafana's units, as far as they are used.
pub const UNITS: [&str; 9] = ["short", "percentunit", "s", "bytes", "Bps", "dateTimeFromNow", "none", "cpm", "string"];
/// Kinds of panels that show what is, not what was.
const INSTANT: [&str; 4] = ["stat", "table", "bargauge", "gauge"];
const RANGE: [&str; 3] = ["timeseries", "state-timeline", "status-history"];

fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

fn faults(dashboard: &Dashboard) -> Vec<String> {
    let mut faults = Vec::new();
    for panel in dashboard.placed().into_iter().filter(|panel| panel["type"] == "text") {
        if text_of(panel, "title").is_empty() || text_of(panel, "description").is_empty() {
            faults.push("a text without title or description".to_owned());
        }
    }
    for panel in dashboard.panels() {
        let title = text_of(panel, "title");
        faults.extend(panel_faults(panel).into_iter().map(|fault| format!("{title}: {fault}")));
    }
    for annotation in dashboard.annotations() {
        if annotation["datasource"] != source() {
            faults.push(format!("{}: the data source cannot be chosen", text_of(annotation, "name")));
        }
    }
    faults
}

fn panel_faults(panel: &Value) -> Vec<String> {
    let (defaults, kind) = (&panel["fieldConfig"]["defaults"], text_of(panel, "type"));
    let mut faults = Vec::new();
    let mut need = |so: bool, fault: &str| {
        if !so {
            faults.push(fault.to_owned());
        }
    };
    need(!text_of(panel, "title").is_empty(), "no title");
    need(text_of(panel, "description").ends_with('.'), "no description that is a sentence");
    need(panel["datasource"] == source(), "the data source cannot be chosen");
    need(UNITS.contains(&&*text_of(defaults, "unit")), "no unit");
    // An empty text would be shown as "No data", or as nothing.
    need(!text_of(defaults, "noValue").is_empty(), "no text for no data");
    need(defaults["mappings"].is_array(), "no mappings");
    let steps = list(&defaults["thresholds"], "steps");
    need(!steps.is_empty(), "no thresholds");
    need(steps.first().is_none_or(|step| step["value"].is_null()), "the first threshold has a value");
    let values: Vec<f64> = steps.iter().skip(1).map(|step| step["value"].as_f64().unwrap_or(f64::NAN)).collect();
    need(values.is_sorted(), "thresholds are not in order");
    need(values.iter().all(|value| value.is_finite()), "a threshold is no number");
    need(INSTANT.contains(&&*kind) || RANGE.contains(&&*kind), "a kind of panel that nothing checks");
    let targets = list(panel, "targets");
    need(!targets.is_empty(), "no targets");
    let references: BTreeSet<_> = targets.iter().map(|target| text_of(target, "refId")).collect();
    need(references.len() == targets.len() && !references.contains(""), "two targets have one refId");
    for target in targets {
        let is_instant = INSTANT.contains(&&*kind);
        need(target["datasource"] == source(), "the data source of a target cannot be chosen");
        need(
            target["instant"] == is_instant && target["range"] == !is_instant,
            "instant and range do not fit the panel",
        );
        need(
            target["format"] == if kind == "table" { "table" } else { "time_series" },
            "the format does not fit the panel",
        );
    }
    let is_shown_alone = ["stat", "bargauge", "gauge"].contains(&&*kind);
    need(
        !is_shown_alone || has_colour_for_nothing(list(defaults, "mappings")),
        "no data has the colour of a good value",
    );
    need(!is_alarm(panel) || is_honest(panel), "no data looks like a good value");
    // Beyond a point for every two of its pixels Grafana draws nothing and asks for fewer.
    let is_short = panel["maxDataPoints"].as_u64().is_some_and(|most| most <= 200);
    need(kind != "status-history" || is_short, "a long time is too many points");
    // They ignore `noValue`: without a series they say "Data does not have a time field".
    let is_never_empty = targets.iter().any(|target| text_of(target, "expr").contains("vector(NaN)"));
    let is_history = ["state-timeline", "status-history"].contains(&&*kind);
    need(!is_history || is_never_empty && has_colour_for_nothing(list(defaults, "mappings")), "no data is not grey");
    faults
}

/// Whether mappings have a colour for no value that does not say that all is well. Without one Grafana takes the first threshold's.
pub fn has_colour_for_nothing(mappings: &[Value]) -> bool {
    mappings.iter().any(|mapping| {
        let colour = text_of(&mapping["options"]["result"], "color");
        mapping["type"] == "special" && mapping["options"]["match"] == "null+nan" && !["", "green"].contains(&&*colour)
    })
}

/// Whether a panel has a colour that says that something is well.
fn is_alarm(panel: &Value) -> bool {
    list(&panel["fieldConfig"]["defaults"]["thresholds"], "steps").iter().any(|step| step["color"] == "green")
}

/// Whether the text for "no data" is no number and no word of praise, and no expression makes 0 of nothing.
fn is_honest(panel: &Value) -> bool {
    let text = text_of(&panel["fieldConfig"]["defaults"], "noValue");
    let praise = ["ok", "good", "well", "fine", "none", "0"];
    let is_filled =
        |target: &Value| text_of(target, "expr").contains("or vector(") || text_of(target, "expr").contains("absent(");
    let is_plain = panel["type"] != "stat" || !praise.contains(&&*text.to_lowercase());
    is_plain && text.parse::<f64>().is_err() && !list(panel, "targets").iter().any(is_filled)
}

#[test]
fn panels_have_what_panels_need() {
    assert_eq!(faults_of_all(faults), [""; 0]);
    let good = Dashboard::of("rmm-fleet");
    let stat = good.pointer("Servers offline");
    for (below, value, fault) in [
        ("/title", json!(""), "no title"),
        ("/description", json!("Servers"), "no description"),
        ("/datasource", json!({"type": "prometheus", "uid": "abc"}), "the data source cannot be chosen"),
        ("/targets/0/datasource", Value::Null, "the data source of a target"),
        ("/targets", json!([]), "no targets"),
        ("/targets/0/instant", json!(false), "instant and range"),
        ("/targets/0/format", json!("table"), "the format does not fit"),
        ("/targets/0/refId", json!(""), "one refId"),
        ("/fieldConfig/defaults/unit", json!("percentage"), "no unit"),
        ("/fieldConfig/defaults/noValue", json!(""), "no text for no data"),
        ("/fieldConfig/defaults/noValue", json!("0"), "no data looks like a good value"),
        ("/fieldConfig/defaults/noValue", json!("OK"), "no data looks like a good value"),
        ("/targets/0/expr", json!("sum(rmm_up) or vector(0)"), "no data looks like a good value"),
        ("/fieldConfig/defaults/mappings", Value::Null, "no mappings"),
        ("/fieldConfig/defaults/mappings", json!([]), "no data has the colour of a good value"),
        (
            "/fieldConfig/defaults/mappings/0/options/result/color",
            json!("green"),
            "no data has the colour of a good value",
        ),
        ("/fieldConfig/defaults/thresholds/steps", json!([]), "no thresholds"),
        ("/fieldConfig/defaults/thresholds/steps/0/value", json!(0), "the first threshold has a value"),
        ("/fieldConfig/defaults/thresholds/steps/1/value", Value::Null, "a threshold is no number"),
        ("/type", json!("graph"), "a kind of panel that nothing checks"),
    ] {
        assert_found(faults, &good, &format!("{stat}{below}"), value, fault);
    }
    let protection = Dashboard::of("rmm-protection");
    let history = format!("{}/maxDataPoints", protection.pointer("Failed days in a row"));
    assert_found(faults, &protection, &history, json!(1_000), "a long time is too many points");
    let device = Dashboard::of("rmm-device");
    let state = device.pointer("State over time");
    assert_found(faults, &device, &format!("{state}/targets/0/expr"), json!("min(rmm_device_online)"), "not grey");
    assert_found(faults, &device, &format!("{state}/fieldConfig/defaults/mappings"), json!([]), "not grey");
    let steps =
        json!([{"color": "green", "value": null}, {"color": "red", "value": 5}, {"color": "orange", "value": 1}]);
    assert_found(
        faults,
        &good,
        &format!("{stat}/fieldConfig/defaults/thresholds/steps"),
        steps,
        "thresholds are not in order",
    );
    assert_found(faults, &good, "/annotations/list/1/datasource", Value::Null, "Account down: the data source");
    let text = json!({"type": "text", "title": "", "description": "", "id": 1});
    assert_found(faults, &good, &stat, text, "a text without title");
}
