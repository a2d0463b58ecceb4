//! Tables: which columns there are follows from the expressions; each is hidden, or has a name, a place and a width.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::dashboard::{Dashboard, assert_found, faults_of_all};
use crate::expressions::filled_in;
use crate::panels::has_colour_for_nothing;
use crate::promql::{Metrics, Shape};
use crate::rules::{Rules, list, text_of};

/// The fields that the answers to the queries of a table have.
fn fields(panel: &Value, metrics: &Metrics) -> BTreeSet<String> {
    let targets = list(panel, "targets");
    let mut fields = BTreeSet::from(["Time".to_owned()]);
    for target in targets {
        if let Shape::Series(labels) = metrics.shape(&filled_in(&text_of(target, "expr"))).0 {
            fields.extend(labels.into_keys());
        }
        fields.insert(if targets.len() == 1 {
            "Value".to_owned()
        } else {
            format!("Value #{}", text_of(target, "refId"))
        });
    }
    fields
}

/// The properties of a column.
fn properties<'p>(panel: &'p Value, column: &str) -> Vec<&'p Value> {
    let overrides = list(&panel["fieldConfig"], "overrides").iter();
    let ours = overrides.filter(|entry| entry["matcher"] == json!({"id": "byName", "options": column}));
    ours.flat_map(|entry| list(entry, "properties")).collect()
}

/// Whether mappings have a colour of their own for what is not there.
fn paints_nothing(property: &Value) -> bool {
    property["id"] == "mappings" && has_colour_for_nothing(list(property, "value"))
}

/// The columns of a table that can be named in links, hidden ones too.
pub fn columns(panel: &Value) -> BTreeSet<String> {
    let organize = list(panel, "transformations").iter().find(|step| step["id"] == "organize");
    let names = organize.and_then(|step| step["options"]["renameByName"].as_object()).cloned().unwrap_or_default();
    names.into_iter().filter_map(|(_, name)| name.as_str().map(str::to_owned)).collect()
}

fn faults(dashboard: &Dashboard, metrics: &Metrics) -> Vec<String> {
    let mut faults = Vec::new();
    for panel in dashboard.panels().into_iter().filter(|panel| panel["type"] == "table") {
        let title = text_of(panel, "title");
        faults
            .extend(table_faults(panel, &fields(panel, metrics)).into_iter().map(|fault| format!("{title}: {fault}")));
    }
    faults
}

fn table_faults(panel: &Value, fields: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let steps: Vec<_> = list(panel, "transformations").iter().map(|step| text_of(step, "id")).collect();
    let is_single = list(panel, "targets").len() == 1;
    // The first query says which rows there are; what the others have besides is left out, unless all of them say so.
    let are_fit = match &*steps.iter().map(String::as_str).collect::<Vec<_>>() {
        ["organize"] => is_single,
        ["merge", "organize"]
        | ["merge", "filterByValue", "organize"]
        | ["merge", "filterByValue", "sortBy", "organize"] => !is_single,
        _ => false,
    };
    if !are_fit {
        return vec![format!("the transformations are {steps:?}")];
    }
    let options = &list(panel, "transformations").last().unwrap()["options"];
    let hidden = options["excludeByName"].as_object().unwrap();
    let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
    for field in fields {
        if hidden.get(field) == Some(&json!(true)) {
            continue;
        }
        let name = text_of(&options["renameByName"], field);
        let has = |id: &str| {
            properties(panel, &name).iter().any(|property| property["id"] == id && !property["value"].is_null())
        };
        let place = options["indexByName"][field].as_u64();
        if name.is_empty() || !names.insert(name.clone()) {
            faults.push(format!("{field} has no name of its own"));
        } else if place.is_none_or(|place| !places.insert(place)) {
            faults.push(format!("{name} has no place of its own"));
        } else if !["custom.width", "custom.minWidth", "custom.hidden"].into_iter().any(has) {
            faults.push(format!("{name} has no width"));
        } else if field.starts_with("Value") && !has("noValue") {
            // It would be the text of the whole table.
            faults.push(format!("{name} has no text for an empty cell"));
        } else if has("custom.cellOptions") && !properties(panel, &name).into_iter().any(paints_nothing) {
            faults.push(format!("{name}: an empty cell has the colour of a good one"));
        }
    }
    for (list, map) in [
        ("hides", hidden),
        ("names", options["renameByName"].as_object().unwrap()),
        ("orders", options["indexByName"].as_object().unwrap()),
    ] {
        faults.extend(
            map.keys()
                .filter(|field| !fields.contains(*field))
                .map(|field| format!("it {list} {field}, which is not there")),
        );
    }
    let sorted = list(&panel["options"], "sortBy").iter().map(|sort| text_of(sort, "displayName"));
    faults.extend(
        sorted.filter(|column| !names.contains(column)).map(|column| format!("sorted by {column}, which is not there")),
    );
    let overrides = list(&panel["fieldConfig"], "overrides");
    // Else names and identities that look like numbers would be shown as numbers, in links too, and the text of the empty table would
    // stand in each empty cell.
    let texts = overrides.first().filter(|entry| entry["matcher"] == json!({"id": "byType", "options": "string"}));
    let keeps = |id: &str, value: &str| {
        texts.is_some_and(|entry| list(entry, "properties").contains(&json!({"id": id, "value": value})))
    };
    if !keeps("unit", "string") || !keeps("noValue", "–") {
        faults.push("texts do not stay texts".to_owned());
    }
    let by_name = overrides.iter().filter(|entry| entry["matcher"]["id"] == "byName");
    let overridden = by_name.map(|entry| text_of(&entry["matcher"], "options"));
    faults.extend(
        overridden.filter(|column| !names.contains(column)).map(|column| format!("{column} is set up and not there")),
    );
    faults
}

#[test]
fn columns_are_named_ordered_and_sized() {
    let metrics = Metrics::of(&Rules::of_the_project());
    let check = |dashboard: &Dashboard| faults(dashboard, &metrics);
    assert_eq!(faults_of_all(check), [""; 0]);
    let good = Dashboard::of("rmm-fleet");
    let table = good.pointer("Accounts");
    let organize = format!("{table}/transformations/2/options");
    for (pointer, value, fault) in [
        (format!("{table}/transformations"), json!([]), "the transformations are []"),
        (format!("{organize}/excludeByName/Time"), json!(false), "Time has no name"),
        (format!("{organize}/renameByName/Value #B"), json!(""), "Value #B has no name"),
        (format!("{organize}/renameByName/Value #B"), json!("Account"), "has no name of its own"),
        (format!("{organize}/indexByName/Value #B"), json!(0), "has no place"),
        (format!("{organize}/indexByName/device"), json!(90), "it orders device, which is not there"),
        (format!("{organize}/excludeByName/device"), json!(true), "it hides device, which is not there"),
        (format!("{table}/options/sortBy/0/displayName"), json!("Name"), "sorted by Name"),
        (format!("{table}/fieldConfig/overrides/0/properties"), json!([]), "texts do not stay texts"),
        (format!("{table}/fieldConfig/overrides/0/matcher/options"), json!("number"), "texts do not stay texts"),
        (format!("{table}/fieldConfig/overrides/1/properties"), json!([]), "Account has no width"),
        (
            format!("{table}/fieldConfig/overrides/3/properties"),
            json!([{"id": "custom.width", "value": 80}]),
            "Read has no text",
        ),
        (
            format!("{table}/fieldConfig/overrides/3/properties"),
            json!([{"id": "custom.width", "value": 80}, {"id": "noValue", "value": "–"}, {"id": "custom.cellOptions", "value": {}}]),
            "Read: an empty cell has the colour",
        ),
        (format!("{table}/fieldConfig/overrides/1/matcher/options"), json!("Name"), "Name is set up and not there"),
        (
            format!("{table}/targets/0/expr"),
            json!("max by (account, platform, instance) (rmm_up)"),
            "instance has no name",
        ),
    ] {
        assert_found(check, &good, &pointer, value, fault);
    }
}
