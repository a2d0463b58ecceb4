//! Each fault of a runbook is found.

use super::*;

const RULES: &str = r#"
groups:
  - name: rmm-one
    rules:
      - { record: "rmm:late_seconds:warning", expr: vector(30 * 60) }
      - alert: RMMLate
        expr: max by (job, account) (rmm_api_oldest_due_seconds) > scalar(rmm:late_seconds:warning)
        for: 10m
        keep_firing_for: 5m
        labels: { severity: warning }
        annotations: { dashboard_url: https://grafana.example.com/d/rmm-exporter }
  - name: rmm-two
    rules:
      - alert: RMMQuiet
        expr: max by (account) (rmm_up == 0)
        labels: { severity: none }
        annotations: { dashboard_url: https://grafana.example.com/d/rmm-fleet }
"#;

const LATE: &str = r#"# RMMLate

Calls come late.

| severity | after | goes on for | threshold |
|---|---|---|---|
| warning | 10m | 5m | `rmm:late_seconds:warning` = 30 * 60 |

## Look at first

```promql
rmm_api_oldest_due_seconds{account="ACCOUNT"}
```

Dashboard: `rmm-exporter`.

## Likely causes

`rmm_api_queue_length` tells; see [quiet](RMMQuiet.md#how-it-ends).

## What to do

Wait.

## How to silence it

```sh
amtool silence add alertname=RMMLate account='ACCOUNT' --duration=2h --comment='why'
```

## How it ends

By itself; `rmm:late_seconds:warning` moves it.
"#;

const QUIET: &str = "# RMMQuiet

Nothing speaks.

| severity | after | goes on for | threshold |
|---|---|---|---|
| none | at once | – | – |

## Look at first

```promql
rmm_up == 0
```

Dashboard: `rmm-fleet`.

## How it ends

See [above](#look-at-first).
";

const README: &str = "# Runbooks

<!-- index -->

## `rmm-one`

| alert | severity | it means |
|---|---|---|
| [RMMLate](RMMLate.md) | warning | Calls come late. |

## `rmm-two`

| alert | severity | it means |
|---|---|---|
| [RMMQuiet](RMMQuiet.md) | none | Nothing speaks. |

<!-- end of index -->
";

/// The faults of the three files, each after its change.
fn faults_of(change: impl Fn(&str, &str) -> Option<String>) -> Vec<String> {
    let folder = tempfile::tempdir().expect("folder");
    for (name, text) in [("RMMLate", LATE), ("RMMQuiet", QUIET), ("README", README)] {
        if let Some(text) = change(name, text) {
            fs::write(folder.path().join(format!("{name}.md")), text).expect("written");
        }
    }
    faults(&Rules::of(&[RULES]), &read(folder.path()), folder.path())
}

#[test]
fn good_runbooks_have_no_fault() {
    assert_eq!(faults_of(|_, text| Some(text.to_owned())), [""; 0]);
}

#[test]
fn every_fault_is_found() {
    let too_long = format!("Wait.\n{}", "Wait.\n".repeat(MOST_LINES));
    for (from, to, fault) in [
        ("# RMMLate", "# RMMQuiet", "RMMLate: the title is not its name"),
        ("Calls come late.", "Calls come late", "the third line is not the sentence"),
        ("| warning | 10m", "| critical | 10m", "are not those of the rules"),
        ("| warning | 10m", "| warning | 15m", "are not those of the rules"),
        ("| 5m |", "| – |", "are not those of the rules"),
        ("= 30 * 60 |", "= 1800 |", "are not those of the rules"),
        ("| warning | 10m | 5m | `rmm:late_seconds:warning` = 30 * 60 |\n", "", "are not those of the rules"),
        ("| severity | after", "| severity | then", "are not those of the rules"),
        ("## Likely causes", "## Causes", "its headings are"),
        ("## What to do\n\nWait.", "## What to do", "## What to do is empty"),
        ("Wait.", too_long.as_str(), "it has more than"),
        ("Dashboard: `rmm-exporter`.", "Dashboard: `rmm-fleet`.", "it does not name the dashboard rmm-exporter"),
        ("```promql", "```text", "it has no query"),
        ("amtool silence add", "amtool silence query", "it does not tell how to silence it"),
        ("account='ACCOUNT' --", "client='CLIENT' --", "its silence asks for client"),
        ("alertname=RMMLate", "alertname=RMMQuiet", "it silences RMMQuiet"),
        ("alertname=RMMLate ", "", "a silence needs alertname"),
        (" --comment='why'", "", "a silence needs alertname, --duration and --comment"),
        (" --duration=2h", "", "a silence needs alertname, --duration and --comment"),
        ("{account=", "{client=", "has no label client"),
        ("\"ACCOUNT\"}\n", "\"ACCOUNT\"}\nrmm_upp\n", "there is no metric rmm_upp"),
        ("rmm_api_oldest_due_seconds{account=\"ACCOUNT\"}", "rmm_api_oldest_due_seconds{", "is no PromQL"),
        ("`rmm_api_queue_length`", "`rmm_api_queue`", "there is no metric rmm_api_queue"),
        (
            "`rmm:late_seconds:warning` moves",
            "`rmm:lat_seconds:warning` moves",
            "there is no threshold rmm:lat_seconds:warning",
        ),
        ("Wait.", "Wait for RMMThird.", "there is no alert RMMThird"),
        ("RMMQuiet.md#how", "RMMQuite.md#how", "leads nowhere"),
        ("#how-it-ends", "#how-it-end", "RMMQuiet.md#how-it-end leads nowhere"),
        ("#look-at-first", "#look", "RMMQuiet: #look leads nowhere"),
        ("## How it ends\n\nSee", "See", "RMMQuiet: its headings are"),
        ("(RMMLate.md) | warning", "(RMMLate.md) | info", "README: the index is not that of the rules"),
        ("| warning | Calls", "| warning | All calls", "README: the index is not that of the rules"),
        ("<!-- end of index -->", "", "README: the index is not that of the rules"),
    ] {
        let faults = faults_of(|_, text| Some(text.replacen(from, to, 1))).join("; ");
        assert!(faults.contains(fault), "{from} -> {to}: {faults}");
    }
}

#[test]
fn each_alert_has_one_and_each_is_of_an_alert() {
    let faults = faults_of(|name, text| (name != "RMMLate").then(|| text.to_owned()));
    assert!(faults.contains(&"RMMLate has no runbook".to_owned()), "{faults:#?}");
    let folder = tempfile::tempdir().expect("folder");
    fs::write(folder.path().join("RMMThird.md"), "# RMMThird\n").expect("written");
    let faults = super::faults(&Rules::of(&[RULES]), &read(folder.path()), folder.path());
    assert!(faults.contains(&"RMMThird: there is no such alert".to_owned()), "{faults:#?}");
}

#[test]
fn tables_and_index_are_written_anew() {
    let folder = tempfile::tempdir().expect("folder");
    for (name, text) in [("RMMLate", LATE), ("RMMQuiet", QUIET), ("README", README)] {
        fs::write(folder.path().join(format!("{name}.md")), text).expect("written");
    }
    let rules = Rules::of(&[&RULES.replace("for: 10m", "for: 11m").replace("name: rmm-two", "name: rmm-third")]);
    assert_eq!(faults(&rules, &read(folder.path()), folder.path()).len(), 2);
    update(&rules, folder.path());
    assert_eq!(faults(&rules, &read(folder.path()), folder.path()), [""; 0]);
    assert!(read(folder.path())["README"].contains("## `rmm-third`"));
}
