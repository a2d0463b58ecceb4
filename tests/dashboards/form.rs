//! What concerns a dashboard as a whole: canonical JSON, uid, ids, version, tag, layout.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::dashboard::{Dashboard, assert_found, canonical, faults_of_all};
use crate::rules::{list, root, text_of};

/// Members with one right value.
fn fixed() -> [(&'static str, Value); 8] {
    [
        ("schemaVersion", json!(39)),
        ("id", Value::Null),
        ("editable", json!(false)),
        ("tags", json!(["rmm"])),
        ("graphTooltip", json!(1)),
        ("timezone", json!("browser")),
        ("timepicker", json!({})),
        ("liveNow", json!(false)),
    ]
}

fn faults(dashboard: &Dashboard) -> Vec<String> {
    let json = &dashboard.json;
    let mut faults = Vec::new();
    if json["uid"] != dashboard.name.as_str() {
        faults.push(format!("its uid is {}", json["uid"]));
    }
    for (key, value) in fixed() {
        if json.get(key) != Some(&value) {
            faults.push(format!("{key} is not {value}"));
        }
    }
    if !text_of(json, "title").starts_with("RMM / ") || text_of(json, "description").is_empty() {
        faults.push("no title or no description".to_owned());
    }
    // Scrapes come every minute; the wall is to be quick.
    if !["30s", "1m"].contains(&&*text_of(json, "refresh")) {
        faults.push(format!("refresh is {}", json["refresh"]));
    }
    // Only "export for sharing" knows them; provisioning does not resolve them.
    faults.extend(
        ["__inputs", "__requires"].into_iter().filter(|key| json.get(key).is_some()).map(|key| format!("it has {key}")),
    );
    faults
}

fn layout_faults(dashboard: &Dashboard) -> Vec<String> {
    let (mut faults, mut ids, mut taken) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for panel in dashboard.placed() {
        let title = text_of(panel, "title");
        let Some(id) = panel["id"].as_u64().filter(|id| *id > 0) else {
            faults.push(format!("{title} has no id"));
            continue;
        };
        if !ids.insert(id) {
            faults.push(format!("{title}: id {id} stands there twice"));
        }
        let [x, y, width, height] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap_or_default());
        if width == 0 || height == 0 || x + width > 24 {
            faults.push(format!("{title} does not fit into the grid"));
        }
        let cells = (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y)));
        let over = cells.filter(|cell| !taken.insert(*cell)).count();
        if over > 0 {
            faults.push(format!("{title} lies on another panel"));
        }
    }
    // A hole in the page looks like a panel that is missing: what is free may only be at the right end of the last row.
    let bottom = taken.iter().map(|(_, y)| y + 1).max().unwrap_or_default();
    let free = (0..bottom).filter(|y| (0..24).any(|x| !taken.contains(&(x, *y))));
    faults.extend(free.map(|y| format!("line {y} of the grid is not full")));
    faults
}

#[test]
fn the_json_is_canonical() {
    let is_update = std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1");
    for dashboard in Dashboard::all() {
        let expected = canonical(&dashboard.json);
        if is_update {
            std::fs::write(root().join(format!("dashboards/{}.json", dashboard.name)), &expected).unwrap();
        } else {
            let name = &dashboard.name;
            let rewrite = "UPDATE_DOCS=1 cargo test --test dashboards canonical rewrites it";
            assert!(
                dashboard.text == expected,
                "dashboards/{name}.json: two spaces, sorted keys, one newline at the end: {rewrite}"
            );
        }
    }
}

#[test]
fn canonical_has_sorted_keys_and_two_spaces() {
    let json: Value = serde_json::from_str(r#"{"b": [1, {"d": [], "c": {}}], "a": "ä"}"#).unwrap();
    let expected = "{\n  \"a\": \"ä\",\n  \"b\": [\n    1,\n    {\n      \"c\": {},\n      \"d\": []\n    }\n  ]\n}\n";
    assert_eq!(canonical(&json), expected);
}

#[test]
fn the_dashboards_are_as_all_of_them_are() {
    assert_eq!(faults_of_all(faults), [""; 0]);
    let good = Dashboard::of("rmm-fleet");
    for (pointer, value, fault) in [
        ("/uid", json!("rmm-wall"), "its uid is"),
        ("/schemaVersion", json!(40), "schemaVersion is not 39"),
        ("/id", json!(3), "id is not null"),
        ("/editable", json!(true), "editable is not false"),
        ("/tags", json!([]), "tags is not"),
        ("/title", json!("Fleet"), "no title"),
        ("/description", json!(""), "no title or no description"),
        ("/refresh", json!("5s"), "refresh is"),
        ("/__inputs", json!([]), "it has __inputs"),
    ] {
        assert_found(faults, &good, pointer, value, fault);
    }
}

#[test]
fn panels_neither_overlap_nor_leave_holes() {
    assert_eq!(faults_of_all(layout_faults), [""; 0]);
    let good = Dashboard::of("rmm-fleet");
    for (pointer, value, fault) in [
        ("/panels/1/id", json!(1), "id 1 stands there twice"),
        ("/panels/1/id", Value::Null, "has no id"),
        ("/panels/1/gridPos/x", json!(21), "does not fit"),
        ("/panels/1/gridPos/w", json!(0), "does not fit"),
        ("/panels/1/gridPos/x", json!(3), "lies on another panel"),
        ("/panels/1/gridPos/w", json!(3), "is not full"),
    ] {
        assert_found(layout_faults, &good, pointer, value, fault);
    }
}

#[test]
fn all_are_in_the_config_maps() {
    let text = std::fs::read_to_string(root().join("dashboards/kustomization.yaml")).unwrap();
    let maps = crate::yaml::parse(&text);
    let (mut files, mut largest) = (BTreeSet::new(), 0);
    for map in list(&maps, "configMapGenerator") {
        let names: Vec<_> =
            list(map, "files").iter().map(|file| file.as_str().unwrap().trim_end_matches(".json").to_owned()).collect();
        largest = largest.max(names.iter().map(|name| Dashboard::of(name).text.len()).sum());
        files.extend(names);
    }
    let all: BTreeSet<_> = Dashboard::all().into_iter().map(|dashboard| dashboard.name).collect();
    assert_eq!(files, all);
    // A ConfigMap holds 1 MiB, and `kubectl apply` keeps a copy in an annotation of at most 256 KiB.
    assert!((1..1 << 20).contains(&largest), "{largest} bytes");
}
