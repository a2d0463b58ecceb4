//! Dashboards as they are written.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use serde_json::Value;

use crate::rules::{list, root, text_of};

/// The dashboards, by uid.
pub const UIDS: [&str; 7] =
    ["rmm-client", "rmm-device", "rmm-exporter", "rmm-fleet", "rmm-patches", "rmm-protection", "rmm-wall"];

/// One file of `dashboards/`.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// The file's name without `.json`.
    pub name: String,
    pub text: String,
    pub json: Value,
}

/// An expression, and where it stands.
#[derive(Clone, Debug)]
pub struct Target {
    /// The title of the panel, or of the annotation.
    pub panel: String,
    /// The letter of the query; `annotation` for one.
    pub reference: String,
    pub expression: String,
    pub instant: bool,
}

impl Dashboard {
    pub fn of(name: &str) -> Self {
        let text = fs::read_to_string(root().join(format!("dashboards/{name}.json"))).expect(name);
        Self { name: name.to_owned(), json: serde_json::from_str(&text).expect(name), text }
    }

    /// All that lie in the folder.
    pub fn all() -> Vec<Self> {
        let files = fs::read_dir(root().join("dashboards")).unwrap().map(|file| file.unwrap().path());
        let json = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        let mut names: Vec<_> = json.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names.iter().map(|name| Self::of(name)).collect()
    }

    /// Everything with a place in the grid, also what rows hold.
    pub fn placed(&self) -> Vec<&Value> {
        let panels = list(&self.json, "panels");
        panels.iter().chain(panels.iter().flat_map(|panel| list(panel, "panels"))).collect()
    }

    /// The panels that show data.
    pub fn panels(&self) -> Vec<&Value> {
        let placed = self.placed().into_iter();
        placed.filter(|panel| !["row", "text"].contains(&panel["type"].as_str().unwrap_or_default())).collect()
    }

    pub fn variables(&self) -> &[Value] {
        list(&self.json["templating"], "list")
    }

    /// The variables of the dashboard with this uid, as it lies in the folder.
    pub fn variables_of(uid: &str) -> &'static [String] {
        static NAMES: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
            Dashboard::all().into_iter().map(|one| (one.name.clone(), one.variable_names())).collect()
        });
        NAMES.get(uid).map_or(&[], Vec::as_slice)
    }

    pub fn variable_names(&self) -> Vec<String> {
        self.variables().iter().map(|variable| text_of(variable, "name")).collect()
    }

    /// The annotations that ask Prometheus.
    pub fn annotations(&self) -> impl Iterator<Item = &Value> {
        list(&self.json["annotations"], "list").iter().filter(|annotation| annotation.get("builtIn").is_none())
    }

    /// Every expression of panels and annotations.
    pub fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        for panel in self.panels() {
            targets.extend(list(panel, "targets").iter().map(|target| Target {
                panel: text_of(panel, "title"),
                reference: text_of(target, "refId"),
                expression: text_of(target, "expr"),
                instant: target["instant"] == true,
            }));
        }
        targets.extend(self.annotations().map(|annotation| Target {
            panel: text_of(annotation, "name"),
            reference: "annotation".to_owned(),
            expression: text_of(annotation, "expr"),
            instant: false,
        }));
        targets
    }

    /// The same with another value at a place; the place must exist, a last key may be new.
    #[cfg(test)]
    pub fn with(&self, pointer: &str, value: Value) -> Self {
        let mut broken = self.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match broken.json.pointer_mut(parent).unwrap_or_else(|| panic!("{} has no {parent}", self.name)) {
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
            Value::Object(map) => drop(map.insert(key.to_owned(), value)),
            other => panic!("{pointer} is below {other}"),
        }
        broken.text = canonical(&broken.json);
        broken
    }

    /// The pointer of the panel with this title.
    #[cfg(test)]
    pub fn pointer(&self, title: &str) -> String {
        let at = list(&self.json, "panels").iter().position(|panel| panel["title"] == title);
        format!("/panels/{}", at.unwrap_or_else(|| panic!("{} has no panel {title}", self.name)))
    }
}

/// Two spaces, keys in order (as `serde_json` keeps them), a newline at the end.
pub fn canonical(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap() + "\n"
}

/// What `check` finds in any of the dashboards, with their names.
pub fn faults_of_all(check: impl Fn(&Dashboard) -> Vec<String>) -> Vec<String> {
    let faults = Dashboard::all().into_iter().flat_map(|dashboard| {
        check(&dashboard).into_iter().map(move |fault| format!("{}: {fault}", dashboard.name)).collect::<Vec<_>>()
    });
    faults.collect()
}

/// That `check` finds this in a dashboard once it is broken at a place. That it finds nothing before is for the caller to say.
#[cfg(test)]
pub fn assert_found(
    check: impl Fn(&Dashboard) -> Vec<String>,
    good: &Dashboard,
    pointer: &str,
    value: Value,
    fault: &str,
) {
    let found = check(&good.with(pointer, value));
    assert!(found.iter().any(|found| found.contains(fault)), "{pointer}: {fault}: {found:?}");
}

#[test]
fn the_seven_are_there() {
    let names: Vec<_> = Dashboard::all().into_iter().map(|dashboard| dashboard.name).collect();
    assert_eq!(names, UIDS);
}
