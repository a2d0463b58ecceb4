//! Links between dashboards: they lead to one that exists, pass what it knows, and name columns that are there.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use crate::dashboard::{Dashboard, UIDS, assert_found, faults_of_all};
use crate::grafana;
use crate::rules::{list, root, text_of};
use crate::tables;

static COLUMN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"__data\.fields(?:\.(\w+)|\["([^"]+)"\])"#).unwrap());

/// Every link with the panel it stands in; `Null` for those of the dashboard.
fn links(dashboard: &Dashboard) -> Vec<(Value, &Value)> {
    let mut links: Vec<_> = list(&dashboard.json, "links").iter().map(|link| (Value::Null, link)).collect();
    for panel in dashboard.panels() {
        let config = &panel["fieldConfig"];
        let of_columns = list(config, "overrides").iter().flat_map(|entry| list(entry, "properties"));
        let of_columns =
            of_columns.filter(|property| property["id"] == "links").flat_map(|property| list(property, "value"));
        let all = list(&config["defaults"], "links").iter().chain(list(panel, "links")).chain(of_columns);
        links.extend(all.map(|link| (panel.clone(), link)));
    }
    links
}

fn faults(dashboard: &Dashboard) -> Vec<String> {
    let mut faults = Vec::new();
    let names = dashboard.variable_names();
    for (panel, link) in links(dashboard) {
        let (title, url) = (text_of(link, "title"), text_of(link, "url"));
        let mut need = |so: bool, fault: String| {
            if !so {
                faults.push(format!("{} {title}: {fault}", text_of(&panel, "title")));
            }
        };
        need(!title.is_empty(), "no title".to_owned());
        if link["type"] == "dashboards" {
            need(link["tags"] == json!(["rmm"]), "not to ours".to_owned());
            need(link["includeVars"] == true && link["keepTime"] == true, "variables and time are not kept".to_owned());
            continue;
        }
        let known = tables::columns(&panel);
        for column in COLUMN.captures_iter(&url) {
            let column = column.get(1).or_else(|| column.get(2)).unwrap().as_str();
            need(known.contains(column), format!("there is no column {column}"));
        }
        // A link to the RMM's own console is the whole address, from the configuration.
        if url == "${__data.fields.Console}" {
            continue;
        }
        let Some((uid, query)) = url.strip_prefix("/d/").map(|rest| rest.split_once('?').unwrap_or((rest, ""))) else {
            need(false, format!("{url} leads somewhere else"));
            continue;
        };
        need(UIDS.contains(&uid), format!("there is no dashboard {uid}"));
        if !UIDS.contains(&uid) {
            continue;
        }
        let theirs = Dashboard::variables_of(uid);
        let mut passed = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            if let Some(variable) = part.strip_prefix("var-").and_then(|rest| rest.split_once('=')) {
                need(variable.1.ends_with(":percentencode}"), format!("{} is not encoded", variable.0));
                passed.push(variable.0.to_owned());
            } else if let Some(variable) = part.strip_prefix("${").and_then(|rest| rest.strip_suffix(":queryparam}")) {
                need(names.iter().any(|name| name == variable), format!("there is no variable {variable} here"));
                passed.push(variable.to_owned());
            } else if let Some(id) = part.strip_prefix("viewPanel=") {
                let number: Option<u64> = id.parse().ok();
                let is_there = Dashboard::of(uid).panels().iter().any(|panel| panel["id"].as_u64() == number);
                need(number.is_some() && is_there, format!("{uid} has no panel {id}"));
            } else {
                need(part == "${__url_time_range}", format!("{part} is passed, which nothing reads"));
            }
        }
        let is_kept = link["includeVars"] == true && link["keepTime"] == true;
        need(is_kept || query.contains("${__url_time_range}"), "the time is not kept".to_owned());
        for variable in &passed {
            need(theirs.contains(variable), format!("{uid} has no variable {variable}"));
        }
        for variable in ["datasource", "job"] {
            need(is_kept || passed.iter().any(|name| name == variable), format!("{variable} is not passed"));
        }
        if uid == "rmm-device" && !is_kept {
            let missing = ["account", "client", "site", "device", "device_id"]
                .into_iter()
                .find(|name| !passed.iter().any(|passed| passed == name));
            need(missing.is_none(), format!("{missing:?} is not passed"));
        }
    }
    faults
}

/// The client's dashboard is fit to be shown to the client: nothing on it asks for others, or leads to them.
fn other_clients(dashboard: &Dashboard) -> Vec<String> {
    let mut faults = Vec::new();
    for target in dashboard.targets() {
        // Those that tell of the account as a whole, and show nothing that has a name of others.
        let is_of_account = ["Last answer", "Account down", "Configuration reloaded"].contains(&&*target.panel);
        let is_of_client = |part: &&str| part.starts_with("${client:regex}`");
        // Nor do these, which have no client: whether anything is known.
        let guards = ["up", "rmm_exporter_build_info", "rmm_collector_targets", "rmm_collector_targets_fresh"];
        let count = |name: &str| target.expression.matches(&format!("{name}{{job=~\"$job\"")).count();
        let selectors = count("") - guards.map(count).iter().sum::<usize>();
        let asked = target.expression.split("client=~`").skip(1).filter(is_of_client).count();
        if !is_of_account && (selectors == 0 || asked != selectors) {
            faults.push(format!("{} {}: not only of the client", target.panel, target.reference));
        }
        if is_of_account && target.panel == "Account down" && !grafana::uses(&target.expression, "account") {
            faults.push("other accounts are told of".to_owned());
        }
    }
    for (_, link) in links(dashboard) {
        let url = text_of(link, "url");
        let uid = url.trim_start_matches("/d/").split('?').next().unwrap_or_default();
        let is_narrow = UIDS.contains(&uid) && Dashboard::variables_of(uid).iter().any(|name| name == "client");
        if !is_narrow || uid == "rmm-wall" {
            faults.push(format!("{} leads to what others have", text_of(link, "title")));
        }
    }
    faults
}

#[test]
fn links_lead_somewhere() {
    assert_eq!(faults_of_all(faults), [""; 0]);
    for dashboard in Dashboard::all() {
        assert!(!list(&dashboard.json, "links").is_empty(), "{} has no links", dashboard.name);
    }
    let good = Dashboard::of("rmm-fleet");
    let panel = good.pointer("Clients by health");
    let at = format!("{panel}/fieldConfig/defaults/links");
    let head = "${__url_time_range}&${datasource:queryparam}&${job:queryparam}";
    for (url, fault) in [
        (format!("/d/rmm-customer?{head}"), "there is no dashboard rmm-customer"),
        (
            format!("/d/rmm-exporter?{head}&var-client=${{__data.fields[\"Client\"]:percentencode}}"),
            "rmm-exporter has no variable client",
        ),
        (
            format!("/d/rmm-client?{head}&var-client=${{__data.fields[\"Name\"]:percentencode}}"),
            "there is no column Name",
        ),
        (format!("/d/rmm-client?{head}&var-client=${{__data.fields[\"Client\"]}}"), "client is not encoded"),
        (format!("/d/rmm-client?{head}&${{site:queryparam}}"), "there is no variable site here"),
        (format!("/d/rmm-client?{head}&client=x"), "client=x is passed"),
        (format!("/d/rmm-client?{head}&viewPanel=999"), "rmm-client has no panel 999"),
        ("/d/rmm-client?${datasource:queryparam}&${job:queryparam}".to_owned(), "the time is not kept"),
        ("/d/rmm-client?${__url_time_range}&${datasource:queryparam}".to_owned(), "job is not passed"),
        (format!("/d/rmm-device?{head}"), "Some(\"account\") is not passed"),
        ("https://example.com".to_owned(), "leads somewhere else"),
    ] {
        assert_found(faults, &good, &at, json!([{"title": "A link", "url": url}]), fault);
    }
    assert_found(faults, &good, &at, json!([{"title": "", "url": "/d/rmm-wall"}]), "no title");
    let dropdown = json!({"type": "dashboards", "title": "RMM", "tags": [], "includeVars": false});
    assert_found(faults, &good, "/links/0", dropdown.clone(), "not to ours");
    assert_found(faults, &good, "/links/0", dropdown, "variables and time are not kept");
}

#[test]
fn a_client_sees_nothing_of_others() {
    let good = Dashboard::of("rmm-client");
    assert_eq!(other_clients(&good), [""; 0]);
    let at = good.pointer("Health") + "/targets/0/expr";
    for expression in [
        "max(rmm_up)",
        "max(rmm_up{job=~\"$job\"})",
        "rmm_client_info{job=~\"$job\",client=~`${client:regex}`} + rmm_client_info{job=~\"$job\"}",
    ] {
        assert_found(other_clients, &good, &at, json!(expression), "Health A: not only of the client");
    }
    let down = json!("1 - max by (account) (rmm_up{job=~\"$job\"})");
    assert_found(other_clients, &good, "/annotations/list/1/expr", down, "other accounts are told of");
    for url in ["/d/rmm-fleet", "/d/rmm-wall", ""] {
        let link = json!([{"title": "Elsewhere", "type": "link", "url": url}]);
        assert_found(other_clients, &good, "/links", link, "Elsewhere leads to what others have");
    }
}

/// Faults of the links to dashboards in a text that is no dashboard.
fn faults_of_text(text: &str) -> Vec<String> {
    let (mut faults, variables) = (Vec::new(), Regex::new(r"var-(\w+)=").unwrap());
    for link in Regex::new(r"/d/([\w-]+)(?:\?(\S*var-.*))?").unwrap().captures_iter(text) {
        if !UIDS.contains(&&link[1]) {
            faults.push(format!("there is no dashboard {}", &link[1]));
        }
        let query = link.get(2).map_or("", |query| query.as_str());
        for variable in variables.captures_iter(query) {
            if !Dashboard::variables_of(&link[1]).contains(&variable[1].to_owned()) {
                faults.push(format!("{} has no variable {}", &link[1], &variable[1]));
            }
        }
    }
    faults
}

#[test]
fn alerts_link_to_dashboards_that_are_there() {
    let text = std::fs::read_to_string(root().join("alerts/rmm-alerts.yml")).unwrap();
    assert!(text.matches("/d/rmm-").count() > 5);
    assert_eq!(faults_of_text(&text), [""; 0]);
    let broken = "a: x/d/rmm-fleets\nb: x/d/rmm-exporter?var-account={{ $labels.account | urlquery }}&var-site=y\n";
    assert_eq!(faults_of_text(broken), ["there is no dashboard rmm-fleets", "rmm-exporter has no variable site"]);
}
