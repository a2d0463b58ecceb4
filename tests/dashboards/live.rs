//! Every expression of every panel, variable and annotation against a real Prometheus, with each variable at one value, at several
//! and at All, put in as Grafana does it: each must be taken, and give data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;

use crate::dashboard::{Dashboard, Target};
use crate::grafana::{self, Choice, Chosen};
use crate::prometheus::Prometheus;
use crate::rules::text_of;
use crate::support::PATIENCE;
use crate::tool::is_missing;

/// How many values each variable has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Count {
    One,
    Several,
    All,
}

const COUNTS: [Count; 3] = [Count::One, Count::Several, Count::All];

/// Dashboard, panel, letter: what may have no data in the demo, and why. Whether it has any is a matter of the moment.
const MAY_BE_EMPTY: [(&str, &str, &str, &str); 1] =
    [("rmm-exporter", "Accounts", "G", "only while an account pauses after failures")];

/// Labels of a device, by name.
type Device = BTreeMap<String, String>;

const OF_DEVICE: [&str; 6] = ["platform", "account", "client", "site", "device", "device_id"];

/// All devices that there are or were: variables offer what there was in the time that is shown, and the demo renames some.
fn devices(prometheus: &Prometheus) -> Vec<Device> {
    let data = prometheus.ask("/api/v1/query", &[("query", "last_over_time(rmm_device_info[1h])")]).unwrap();
    let metrics = data["result"].as_array().unwrap().iter().map(|series| &series["metric"]);
    let labels = |metric: &Value| OF_DEVICE.map(|name| (name.to_owned(), text_of(metric, name))).into();
    let mut devices: Vec<Device> = metrics.map(labels).collect::<BTreeSet<_>>().into_iter().collect();
    // A check of each, where one fails now.
    let failing = prometheus.ask("/api/v1/query", &[("query", "rmm_check_failing")]).unwrap();
    for device in &mut devices {
        let is_of =
            |metric: &&Value| ["account", "device_id"].iter().all(|name| text_of(metric, name) == device[*name]);
        let check = failing["result"].as_array().unwrap().iter().map(|series| &series["metric"]).find(is_of);
        device
            .insert("check".to_owned(), check.map_or_else(|| "no check".to_owned(), |metric| text_of(metric, "check")));
    }
    devices
}

/// The variables of a dashboard at values of these devices. Those of one value have that of the first.
fn choice(dashboard: &Dashboard, count: Count, devices: &[&Device]) -> Choice {
    let mut choice = Choice::from([("job".to_owned(), Chosen::Values(vec!["rmm".to_owned()]))]);
    for (name, value) in [("__rate_interval", "1m"), ("__interval", "5s"), ("__range", "1m")] {
        choice.insert(name.to_owned(), Chosen::Values(vec![value.to_owned()]));
    }
    for variable in dashboard.variables() {
        let name = text_of(variable, "name");
        if name == "datasource" || (name == "job" && count != Count::All) {
            continue;
        }
        let is_single = variable["multi"] == false;
        let chosen = match count {
            Count::All if !is_single => Chosen::All(text_of(variable, "allValue")),
            Count::Several if !is_single => {
                let values: BTreeSet<_> = devices.iter().map(|device| device[&name].clone()).collect();
                Chosen::Values(values.into_iter().collect())
            }
            _ => Chosen::Values(vec![devices[0][&name].clone()]),
        };
        choice.insert(name, chosen);
    }
    choice
}

/// Letters that mean something in a regular expression or in PromQL.
const HARD: [&str; 3] = ["\"", "\\", "{"];

fn has_hard_name(choice: &Choice) -> bool {
    let is_hard = |value: &String| HARD.iter().any(|letter| value.contains(letter));
    choice.values().any(|chosen| matches!(chosen, Chosen::Values(values) if values.iter().any(is_hard)))
}

/// All choices of a dashboard that are worth a try for a count.
fn choices(dashboard: &Dashboard, count: Count, devices: &[Device]) -> Vec<Choice> {
    let half = devices.len() / 2;
    let mut all: Vec<Choice> = Vec::new();
    for (at, device) in devices.iter().enumerate() {
        let others = [device, &devices[(at + half) % devices.len()], &devices[(at + 1) % devices.len()]];
        let one = choice(dashboard, count, &others);
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// The expression without its conditions on what is wrong now. The demo's troubles come and go: whether there is one of a kind at this
/// moment says nothing about the expression, but that its series are there, and that the sides of its joins meet, does.
fn without_conditions(expression: &str) -> String {
    static CONDITION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" (?:==|>) [01]\b").unwrap());
    CONDITION.replace_all(expression, "").replace(" unless on ", " or on ")
}

/// Whether there is data: for the expression of a target, with a choice. A scrape that came too late leaves none for a second.
fn has_data(prometheus: &Prometheus, target: &Target, choice: &Choice) -> Result<bool, String> {
    for _ in 0..2 {
        if has_data_now(prometheus, target, choice)? {
            return Ok(true);
        }
        let is_whole = prometheus.ask("/api/v1/query", &[("query", "min(min_over_time(up[5s])) == 1")])?;
        if is_whole["result"].as_array().is_some_and(|result| !result.is_empty()) {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_secs(6));
    }
    Ok(false)
}

fn has_data_now(prometheus: &Prometheus, target: &Target, choice: &Choice) -> Result<bool, String> {
    let expression = grafana::interpolated(&target.expression, choice);
    let answer = if target.instant {
        prometheus.ask("/api/v1/query", &[("query", &expression)])
    } else {
        let now = Timestamp::now().as_second();
        let (start, end) = ((now - 60).to_string(), now.to_string());
        prometheus
            .ask("/api/v1/query_range", &[("query", &expression), ("start", &start), ("end", &end), ("step", "5")])
    };
    let data = answer.map_err(|error| format!("{error}: {expression}"))?;
    // A quantile of no calls is no number.
    let is_quantile = target.expression.contains("histogram_quantile");
    let is_number = |sample: &Value| sample[1].as_str().is_some_and(|value| value != "NaN" || is_quantile);
    let result = data["result"].as_array().ok_or_else(|| format!("no series: {expression}"))?;
    Ok(result.iter().any(|series| {
        is_number(&series["value"]) || series["values"].as_array().is_some_and(|values| values.iter().any(is_number))
    }))
}

/// Faults of one target: not taken with some choice, or without data with all of them.
fn faults(prometheus: &Prometheus, dashboard: &Dashboard, target: &Target, devices: &[Device]) -> Vec<String> {
    let place = format!("{} / {} / {}", dashboard.name, target.panel, target.reference);
    let calm = Target { expression: without_conditions(&target.expression), ..target.clone() };
    let is_listed = MAY_BE_EMPTY.iter().any(|(uid, panel, reference, _)| {
        (*uid, *panel, *reference) == (&dashboard.name, &target.panel, &target.reference)
    });
    let mut faults = Vec::new();
    for count in COUNTS {
        let choices = choices(dashboard, count, devices);
        let ask = |target: &Target| -> Result<bool, String> {
            let (mut found, mut tried) = (false, BTreeSet::new());
            for choice in &choices {
                // Hard names are tried all, also where there is data already: each client and site once, and a few of several values.
                let names = ["client", "site"].map(|name| format!("{:?}", choice.get(name)));
                let is_new =
                    has_hard_name(choice) && (count != Count::Several || tried.len() < 4) && tried.insert(names);
                if !found || is_new {
                    found |= has_data(prometheus, target, choice)?;
                }
            }
            Ok(found)
        };
        let found = ask(target).and_then(|found| {
            if found || calm.expression == target.expression {
                return Ok(found);
            }
            println!("{place}, {count:?}: only without its conditions");
            ask(&calm)
        });
        match found {
            Err(error) => faults.push(format!("{place}, {count:?}: {error}")),
            Ok(false) if !is_listed => faults.push(format!("{place}, {count:?}: no data")),
            Ok(_) => {}
        }
    }
    faults
}

/// Runs jobs on a few threads, as Grafana has a few connections.
fn in_parallel<T: Sync>(jobs: &[T], run: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = run(job);
                    faults.lock().unwrap().extend(found);
                }
            });
        }
    });
    let mut faults = faults.into_inner().unwrap();
    faults.sort();
    faults
}

/// Faults of the variables of a dashboard: each gives exactly the values that the chosen devices have, whatever their names are.
fn variable_faults(prometheus: &Prometheus, dashboard: &Dashboard, devices: &[Device]) -> Vec<String> {
    let (mut faults, mut asked) = (Vec::new(), BTreeSet::new());
    for (count, choice) in COUNTS
        .iter()
        .flat_map(|count| choices(dashboard, *count, devices).into_iter().map(move |choice| (count, choice)))
    {
        for variable in dashboard.variables().iter().filter(|variable| variable["type"] == "query") {
            let (name, query) = (text_of(variable, "name"), text_of(&variable["query"], "query"));
            let (selector, label) = grafana::label_values(&query).unwrap();
            let filled = grafana::interpolated(selector, &choice);
            if !asked.insert((filled.clone(), name.clone())) {
                continue;
            }
            let is_chosen = |device: &Device, of: &str| match choice.get(of) {
                Some(Chosen::Values(values)) if grafana::uses(selector, of) => values.contains(&device[of]),
                _ => true,
            };
            let expected = |devices: &[Device]| -> BTreeSet<String> {
                if name == "job" {
                    return ["rmm".to_owned()].into();
                }
                let chosen = devices.iter().filter(|device| OF_DEVICE.iter().all(|of| is_chosen(device, of)));
                // To Prometheus a label without a value is none: a client without a name is found under All only.
                chosen.map(|device| device[&name].clone()).filter(|value| !value.is_empty()).collect()
            };
            match prometheus.label_values(&filled, label).map(|values| values.into_iter().collect::<BTreeSet<_>>()) {
                // Which checks fail changes from one question to the next, and the demo gives devices new names.
                Ok(values) if name == "check" || values == expected(devices) => {}
                Ok(values) if values == expected(&self::devices(prometheus)) => {}
                Ok(values) => {
                    let expected = expected(devices);
                    faults
                        .push(format!("{} {name}, {count:?}: {values:?}, not {expected:?}: {filled}", dashboard.name));
                }
                Err(error) => faults.push(format!("{} {name}, {count:?}: {error}: {filled}", dashboard.name)),
            }
        }
    }
    faults
}

#[test]
fn conditions_are_left_out() {
    let expression = "max by (a) (x{b=\"1\"} == 1) unless on (a) y > 0 or z > bool 14 * 86400 or 1000 * w > 10";
    let expected = "max by (a) (x{b=\"1\"}) or on (a) y or z > bool 14 * 86400 or 1000 * w > 10";
    assert_eq!(without_conditions(expression), expected);
}

#[test]
fn every_expression_gives_data_with_one_value_several_and_all() {
    if is_missing("prometheus") {
        return;
    }
    let mut prometheus = Prometheus::start();
    let limit = PATIENCE;
    prometheus.until("count(rmm_device_info) > 45", limit);
    // The slow collectors, the last of the recording rules, and an alert.
    for expression in [
        "rmm_patches_outstanding",
        "rmm_backup_session_last_status",
        "client:rmm_health:ratio",
        "ALERTS{alertstate=\"firing\",alertname=~\"RMM.*CheckFailing\"}",
    ] {
        prometheus.until(expression, limit);
    }
    prometheus.until("min(rmm_collector_targets_fresh / rmm_collector_targets) >= 1", limit);
    prometheus.until("min(count_over_time(up[1m])) >= 3", limit);
    let devices = devices(&prometheus);
    // The names that make it hard are there.
    for letters in HARD {
        let has = |device: &Device| device.values().any(|value| value.contains(letters));
        assert!(devices.iter().any(has), "no name has {letters}");
    }
    assert!(
        devices.iter().any(|device| device.values().any(|value| value.chars().any(|letter| letter > '\u{1f000}'))),
        "no emoji"
    );

    let dashboards = Dashboard::all();
    let targets: Vec<_> = dashboards
        .iter()
        .flat_map(|dashboard| dashboard.targets().into_iter().map(move |target| (dashboard, target)))
        .collect();
    assert!(targets.len() > 150, "{}", targets.len());
    let mut faults = in_parallel(&targets, |(dashboard, target)| faults(&prometheus, dashboard, target, &devices));
    faults.extend(in_parallel(&dashboards, |dashboard| variable_faults(&prometheus, dashboard, &devices)));
    let unknown = MAY_BE_EMPTY.iter().filter(|(uid, panel, reference, _)| {
        !targets.iter().any(|(dashboard, target)| {
            (&*dashboard.name, &*target.panel, &*target.reference) == (*uid, *panel, *reference)
        })
    });
    faults.extend(unknown.map(|entry| format!("{entry:?} is listed as empty and does not exist")));
    assert!(faults.is_empty(), "{faults:#?}");
}
