//! Options that Grafana knows: it ignores a key that is misspelt or in the wrong place, and takes its default for a word that it does not know.

use serde_json::{Value, json};

use crate::dashboard::{Dashboard, assert_found, faults_of_all};
use crate::known::{DASHBOARD, FIELD, KINDS, PANEL, TRANSFORMATIONS};
use crate::rules::{list, text_of};
use crate::schema::Schema::{self, Map};
use crate::schema::faults as schema_faults;

fn faults(dashboard: &Dashboard) -> Vec<String> {
    let mut faults = schema_faults("", &dashboard.json, DASHBOARD);
    for panel in dashboard.placed() {
        let title = text_of(panel, "title");
        faults.extend(panel_faults(panel).into_iter().map(|fault| format!("{title}: {fault}")));
    }
    faults
}

fn panel_faults(panel: &Value) -> Vec<String> {
    let mut faults = schema_faults("", panel, PANEL);
    let kind = text_of(panel, "type");
    if kind == "row" {
        return faults;
    }
    let Some((_, options, custom)) = KINDS.into_iter().find(|(name, ..)| *name == kind) else {
        return vec![format!("what a {kind} can be told is not in the tables")];
    };
    faults.extend(schema_faults("options", &panel["options"], Map(options)));
    let defaults = &panel["fieldConfig"]["defaults"];
    for (key, value) in defaults.as_object().into_iter().flatten() {
        if key == "custom" {
            faults.extend(schema_faults("custom", value, Map(custom)));
        } else {
            faults.extend(field_faults(key, value, FIELD));
        }
    }
    let properties = list(&panel["fieldConfig"], "overrides").iter().flat_map(|entry| list(entry, "properties"));
    for property in properties {
        let (id, value) = (text_of(property, "id"), &property["value"]);
        faults.extend(match id.strip_prefix("custom.") {
            Some(key) => field_faults(key, value, custom),
            None => field_faults(&id, value, FIELD),
        });
    }
    for step in list(panel, "transformations") {
        let id = text_of(step, "id");
        match TRANSFORMATIONS.into_iter().find(|(known, _)| *known == id) {
            Some((_, schema)) => faults.extend(schema_faults(&id, &step["options"], schema)),
            None => faults.push(format!("there is no transformation {id}")),
        }
    }
    // Heights of bars are read with this only.
    if kind == "bargauge" && panel["options"]["sizing"] != "manual" && panel["options"].get("maxVizHeight").is_some() {
        faults.push("maxVizHeight has no effect".to_owned());
    }
    faults
}

/// What is wrong with one property of a field.
fn field_faults(key: &str, value: &Value, known: &[(&str, Schema)]) -> Vec<String> {
    match known.iter().find(|(known, _)| *known == key) {
        Some((_, schema)) => schema_faults(key, value, *schema),
        None => vec![format!("a field has no {key}")],
    }
}

#[test]
fn options_are_some_that_grafana_knows() {
    assert_eq!(faults_of_all(faults), [""; 0]);
    let good = Dashboard::of("rmm-fleet");
    let stat = good.pointer("Servers offline");
    let age = good.pointer("Last answer");
    let table = good.pointer("Accounts");
    let series = good.pointer("Failing checks over time");
    let bars = good.pointer("Failing checks by type");
    for (pointer, value, fault) in [
        ("/weekstart".to_owned(), json!(""), "there is no weekstart"),
        ("/time/form".to_owned(), json!("now-6h"), "there is no time.form"),
        ("/annotations/list/1/expression".to_owned(), json!("x"), "there is no annotations.list.expression"),
        ("/templating/list/1/hide".to_owned(), json!("label"), "templating.list.hide is \"label\""),
        ("/links/0/type".to_owned(), json!("dashboard"), "links.type is \"dashboard\""),
        (format!("{stat}/type"), json!("piechart"), "what a piechart can be told"),
        (format!("{stat}/unit"), json!("s"), "Servers offline: there is no unit"),
        (format!("{stat}/targets/0/legend"), json!("x"), "there is no targets.legend"),
        (format!("{stat}/options/colourMode"), json!("value"), "there is no options.colourMode"),
        (format!("{stat}/options/colorMode"), json!("backgroud"), "options.colorMode is \"backgroud\""),
        (format!("{stat}/options/showValue"), json!("auto"), "there is no options.showValue"),
        (format!("{stat}/options/reduceOptions/calcs"), json!(["lastNonNull"]), "options.reduceOptions.calcs is"),
        (format!("{stat}/fieldConfig/defaults/custom"), json!({"width": 1}), "there is no custom.width"),
        (format!("{stat}/fieldConfig/defaults/units"), json!("s"), "a field has no units"),
        (format!("{stat}/fieldConfig/defaults/color/mode"), json!("threshold"), "color.mode is \"threshold\""),
        (
            format!("{stat}/fieldConfig/defaults/thresholds/steps/0/color"),
            json!("gren"),
            "thresholds.steps.color is \"gren\"",
        ),
        (format!("{stat}/fieldConfig/defaults/mappings/0/type"), json!("specal"), "mappings is {"),
        (
            format!("{stat}/fieldConfig/defaults/mappings/0/options/match"),
            json!("nothing"),
            "mappings.options.match is",
        ),
        (format!("{age}/fieldConfig/defaults/mappings/0/options/to"), Value::Null, "mappings.options.to is null"),
        (format!("{series}/options/legend/displayMode"), json!("bottom"), "options.legend.displayMode is"),
        (format!("{series}/options/legend/display"), json!("list"), "there is no options.legend.display"),
        (format!("{series}/options/tooltip/mode"), json!("all"), "options.tooltip.mode is"),
        (format!("{series}/fieldConfig/defaults/custom/lineWidht"), json!(1), "there is no custom.lineWidht"),
        (format!("{series}/fieldConfig/defaults/custom/stacking/mode"), json!("stack"), "custom.stacking.mode is"),
        (format!("{series}/fieldConfig/defaults/custom/fillOpacity"), json!(101), "custom.fillOpacity is 101"),
        (format!("{bars}/options/sizing"), json!("auto"), "maxVizHeight has no effect"),
        (format!("{bars}/options/namePlacement"), json!("right"), "options.namePlacement is \"right\""),
        (format!("{table}/options/footer/fields"), json!("Read"), "options.footer.fields is \"Read\""),
        (format!("{table}/options/sortBy"), json!([{"displayname": "Account"}]), "options.sortBy.displayname"),
        (format!("{table}/fieldConfig/defaults/custom/cellOptions/type"), json!("color"), "custom.cellOptions is"),
        (format!("{table}/fieldConfig/overrides/0/matcher/id"), json!("byname"), "overrides.matcher.id is"),
        (format!("{table}/transformations/0/id"), json!("merged"), "there is no transformation merged"),
        (format!("{table}/transformations/2/options/renamebyName"), json!({}), "there is no organize.renamebyName"),
        (format!("{table}/transformations/2/options/indexByName/Time"), json!("1"), "organize.indexByName.Time is"),
        (format!("{table}/transformations/1/options/match"), json!("some"), "filterByValue.match is \"some\""),
    ] {
        assert_found(faults, &good, &pointer, value, fault);
    }
    for (id, value, fault) in [
        ("custom.widht", json!(80), "a field has no widht"),
        ("width", json!(80), "a field has no width"),
        ("custom.unit", json!("s"), "a field has no unit"),
        ("custom.cellOptions", json!({"type": "color-text", "mode": "basic"}), "there is no cellOptions.mode"),
        ("unit", json!("seconds"), "unit is \"seconds\""),
        ("links", json!([{"title": "Open", "href": "/"}]), "there is no links.href"),
        ("decimals", json!("1"), "decimals is \"1\""),
    ] {
        let property = json!([{"id": id, "value": value}]);
        assert_found(faults, &good, &format!("{table}/fieldConfig/overrides/0/properties"), property, fault);
    }
}
