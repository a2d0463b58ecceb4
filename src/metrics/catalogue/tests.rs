use std::collections::HashSet;

use super::*;

#[test]
fn names_are_unique_and_follow_the_conventions() {
    let mut names = HashSet::new();
    for family in families() {
        assert!(names.insert(family.name), "{} is declared twice", family.name);
        assert!(family.name.starts_with("rmm_") || family.name.starts_with("process_"), "{}", family.name);
        assert_eq!(family.name.ends_with("_total"), family.metric_type == MetricType::Counter, "{}", family.name);
    }
    let fleet: Vec<_> = families().iter().map(|family| family.is_fleet()).collect();
    assert!(fleet.is_sorted(), "the exporter's own families come first");
}

#[test]
fn help_says_where_fleet_values_come_from() {
    for family in families() {
        let help = family.help();
        assert!(!help.contains(['\\', '\n', '"']), "{}: fit for every format", family.name);
        assert!(family.meaning.ends_with('.'), "{}", family.name);
        assert_eq!(family.is_fleet(), help.ends_with(" Value of the last poll."), "{help}");
        for source in [&family.nsight, &family.tactical].into_iter().flatten() {
            assert!(source.calls.iter().all(|call| help.contains(call)), "{help}");
            assert!(!source.collectors.is_empty() && !source.calls.is_empty(), "{}", family.name);
        }
        assert_eq!(family.is_fleet(), !family.collectors().is_empty(), "{}", family.name);
    }
    let online = families().iter().find(|family| family.name == "rmm_device_online").unwrap();
    assert!(
        online.help().starts_with("Whether the device is online (1) or not (0). On N-sight: a server "),
        "{online:?}"
    );
    assert!(online.help().ends_with(
        " N-sight: list_servers, list_workstations, list_failing_checks. Tactical RMM: /agents/. Value of the last poll."
    ));
}

#[test]
fn enumerated_labels_exist() {
    for family in families() {
        for enumeration in family.enumerations {
            assert!(family.labels.contains(&enumeration.label), "{} {}", family.name, enumeration.label);
        }
    }
}

#[test]
fn every_collector_gives_something() {
    for collector in Collector::ALL {
        assert!(families().iter().any(|family| family.collectors().contains(&collector)), "{}", collector.name());
    }
}

#[test]
fn metrics_document_is_what_the_catalogue_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        std::fs::write(path, markdown()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == markdown(), "docs/metrics.md is out of date: run UPDATE_DOCS=1 cargo test metrics_document");
}

#[test]
fn the_table_has_labels_source_and_meaning_of_each_metric() {
    let table = table("");
    assert!(table.lines().all(|line| line.chars().count() <= 120), "fits into a terminal");
    for family in families() {
        let first = format!("{}  {}", family.name, family.metric_type.name());
        assert_eq!(table.lines().filter(|line| *line == first).count(), 1, "{first}");
    }
    let one_line = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(families().iter().all(|family| one_line.contains(family.meaning)), "every meaning is whole");
    let tasks = table.split("\n\n").find(|block| block.starts_with("rmm_device_tasks ")).unwrap();
    for line in [
        "  labels    platform, account, client, site, device, device_id, status (passing, failing, cleared, pending)",
        "  nsight    inventory, checks (off by default): list_devices_at_client, list_checks",
        "  tactical  tasks: /agents/{id}/tasks/",
    ] {
        assert!(tasks.lines().any(|it| it == line), "{line}\nin\n{tasks}");
    }
    assert!(table.contains("\n\nBACKUP\n\n"), "sections have headings");
}

#[test]
fn a_part_of_a_name_narrows_table_and_json() {
    let table = table("backup_");
    let names: Vec<_> = table.lines().filter_map(|line| line.strip_suffix("  gauge")).collect();
    assert!(names.len() > 1 && names.iter().all(|name| name.contains("backup_")), "{table}");
    assert!(table.starts_with("BACKUP\n\n") && super::listing::table("no such").is_empty());
    let list: serde_json::Value = serde_json::from_str(&json("backup_")).unwrap();
    assert_eq!(list.as_array().unwrap().len(), names.len());
}

#[test]
fn json_is_complete() {
    let list: serde_json::Value = serde_json::from_str(&json("")).unwrap();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), families().len());
    let patches = list.iter().find(|family| family["name"] == "rmm_patches").unwrap();
    assert_eq!(patches["enumerations"][0]["full_set"], true);
    assert_eq!(patches["nsight"]["calls"][0], "patch_list_all");
    assert_eq!(patches["tactical"]["collectors"][0], "patches");
    let up = list.iter().find(|family| family["name"] == "rmm_up").unwrap();
    assert_eq!((up["type"].as_str(), up["nsight"].is_null()), (Some("gauge"), true));
}
