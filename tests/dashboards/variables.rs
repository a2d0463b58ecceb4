//! Variables: one chain from the data source to the check, on every dashboard as far as it goes.

use serde_json::{Value, json};

use crate::dashboard::{Dashboard, assert_found, faults_of_all};
use crate::grafana;
use crate::rules::text_of;

/// The chain; each variable is narrowed by all before it.
const CHAIN: [(&str, &str); 9] = [
    ("datasource", "Data source"),
    ("job", "Job"),
    ("platform", "Platform"),
    ("account", "Account"),
    ("client", "Client"),
    ("site", "Site"),
    ("device", "Device"),
    ("device_id", "Device id"),
    ("check", "Check"),
];
/// Variables with one value and no "All": who looks at one client must not see another, and a device is one device.
const SINGLE: [(&str, &str); 3] = [("rmm-client", "account"), ("rmm-client", "client"), ("rmm-device", "device")];

fn faults(dashboard: &Dashboard) -> Vec<String> {
    let mut faults = Vec::new();
    let names = dashboard.variable_names();
    let expected: Vec<_> = CHAIN.iter().map(|(name, _)| (*name).to_owned()).take(names.len()).collect();
    if names != expected || names.len() < 4 {
        faults.push(format!("the variables are {names:?}, not the beginning of the chain"));
    }
    for (at, variable) in dashboard.variables().iter().enumerate() {
        let name = text_of(variable, "name");
        let mut need = |so: bool, fault: &str| {
            if !so {
                faults.push(format!("{name}: {fault}"));
            }
        };
        let label = CHAIN.iter().find(|(known, _)| *known == name).map(|(_, label)| *label);
        need(label == Some(&text_of(variable, "label")), "not its label");
        if name == "datasource" {
            need(variable["type"] == "datasource" && variable["query"] == "prometheus", "no Prometheus to choose");
            continue;
        }
        let is_single = SINGLE.contains(&(&dashboard.name, &name));
        need(variable["type"] == "query", "no query");
        need(
            variable["datasource"] == json!({"type": "prometheus", "uid": "${datasource}"}),
            "the data source cannot be chosen",
        );
        need(variable["refresh"] == 2, "not read again when the time changes");
        need(variable["multi"] == !is_single && variable["includeAll"] == !is_single, "as many values as it may have");
        let all = if name == "job" { json!(".+") } else { json!(".*") };
        need(is_single || variable["allValue"] == all, "not its value for All");
        need((name == "job") == (variable["hide"] == 2), "only the job is hidden");
        need(variable["sort"] == 5, "not sorted as people read");
        let query = text_of(&variable["query"], "query");
        need(query == text_of(variable, "definition"), "query and definition differ");
        need(
            grafana::label_values(&query).is_some_and(|(_, label)| label == name),
            "it does not ask for its own label",
        );
        let used: Vec<_> = CHAIN.iter().map(|(name, _)| *name).filter(|name| grafana::uses(&query, name)).collect();
        let before: Vec<_> = CHAIN.iter().map(|(name, _)| *name).take(at).skip(1).collect();
        need(used == before, &format!("narrowed by {used:?} instead of {before:?}"));
    }
    // The client of the client's dashboard is asked for wherever there is a client: nothing of others is shown.
    faults.extend(unknown_variables(dashboard));
    faults
}

/// Variables that are used and do not exist: Grafana would leave them in the text.
fn unknown_variables(dashboard: &Dashboard) -> Vec<String> {
    let names = dashboard.variable_names();
    let mut faults = Vec::new();
    for target in dashboard.targets() {
        let unknown = grafana::references(&target.expression)
            .into_iter()
            .filter(|name| !name.starts_with("__") && !names.contains(name));
        faults
            .extend(unknown.map(|name| format!("{} {}: there is no variable {name}", target.panel, target.reference)));
    }
    faults
}

#[test]
fn variables_are_chained() {
    assert_eq!(faults_of_all(faults), [""; 0]);
    let (good, client) = (Dashboard::of("rmm-patches"), Dashboard::of("rmm-client"));
    for (pointer, value, fault) in [
        ("/templating/list/1/name", json!("jobs"), "not the beginning of the chain"),
        ("/templating/list/0/label", json!("Source"), "datasource: not its label"),
        ("/templating/list/0/query", json!("loki"), "no Prometheus to choose"),
        ("/templating/list/4/type", json!("custom"), "client: no query"),
        ("/templating/list/4/datasource", Value::Null, "client: the data source"),
        ("/templating/list/4/refresh", json!(1), "client: not read again"),
        ("/templating/list/4/multi", json!(false), "client: as many values"),
        ("/templating/list/4/includeAll", json!(false), "client: as many values"),
        ("/templating/list/4/allValue", json!(""), "client: not its value for All"),
        ("/templating/list/1/allValue", json!(".*"), "job: not its value for All"),
        ("/templating/list/1/hide", json!(0), "job: only the job is hidden"),
        ("/templating/list/4/hide", json!(2), "client: only the job is hidden"),
        ("/templating/list/4/sort", json!(0), "client: not sorted"),
        ("/templating/list/4/definition", json!("x"), "query and definition differ"),
        (
            "/templating/list/4/query/query",
            json!("label_values(rmm_device_info, site)"),
            "does not ask for its own label",
        ),
        (
            "/templating/list/5/query/query",
            json!("label_values(rmm_device_info{job=~\"$job\"}, site)"),
            "narrowed by [\"job\"]",
        ),
        ("/panels/0/targets/0/expr", json!("rmm_up{account=\"$accounts\"}"), "there is no variable accounts"),
    ] {
        assert_found(faults, &good, pointer, value, fault);
    }
    assert_found(faults, &client, "/templating/list/4/multi", json!(true), "client: as many values");
    assert_found(faults, &client, "/templating/list/3/includeAll", json!(true), "account: as many values");
}
