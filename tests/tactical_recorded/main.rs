//! Every recorded answer of a Tactical RMM server, compared with what the tests themselves count in the JSON.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod errors;
mod inventory;
mod per_device;
#[path = "../common/recorded.rs"]
mod recorded;
mod rest;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use recorded::{Recording, SCENARIOS, answer, answers};
use regex::Regex;
use rmm_exporter::config::ChecksMode;
use rmm_exporter::fleet::{
    CheckState, ClientRecord, CustomField, CustomValue, DeviceChecks, DeviceId, DeviceList, DeviceRecord, DeviceTasks,
    Gone, Kind, Label, Mapping, Mappings, OsFamily, PatchCounts, Reading, ServerState, Severity, SiteKey, SiteRecord,
    StatusCounts, Update,
};
use rmm_exporter::planner::{Outcome, ReadCall};
use rmm_exporter::platform::tactical::Call;
use serde_json::Value;

fn update(recording: &Recording, mode: ChecksMode) -> Update {
    let answer = recording.decode(mode).unwrap_or_else(|failure| panic!("{}: {failure}", recording.file));
    assert_eq!(answer.bytes, recording.body.len() as u64);
    let [update] = answer.updates.try_into().expect("one update");
    update
}

fn devices(scenario: &str) -> Vec<DeviceRecord> {
    match update(&answer(scenario, "/agents/"), ChecksMode::Failing) {
        Update::Devices(DeviceList::Account, devices) => devices,
        other => panic!("{other:?}"),
    }
}

fn clients(scenario: &str) -> (Vec<ClientRecord>, Vec<SiteRecord>) {
    match update(&answer(scenario, "/clients/"), ChecksMode::Failing) {
        Update::ClientsAndSites(clients, sites) => (clients, sites),
        other => panic!("{other:?}"),
    }
}

fn checks(scenario: &str, id: &str, mode: ChecksMode) -> DeviceChecks {
    match update(&answer(scenario, &format!("/agents/{id}/checks/")), mode) {
        Update::Checks(of, checks) if of == DeviceId::new(id) => checks,
        other => panic!("{other:?}"),
    }
}

fn tasks(scenario: &str, id: &str, mode: ChecksMode) -> DeviceTasks {
    match update(&answer(scenario, &format!("/agents/{id}/tasks/")), mode) {
        Update::Tasks(of, tasks) if of == DeviceId::new(id) => tasks,
        other => panic!("{other:?}"),
    }
}

fn patches(scenario: &str, id: &str) -> Option<PatchCounts> {
    match update(&answer(scenario, &format!("/winupdate/{id}/")), ChecksMode::Failing) {
        Update::Patches(of, patches) if of == DeviceId::new(id) => patches,
        other => panic!("{other:?}"),
    }
}

fn rows(scenario: &str, path: &str) -> Vec<Value> {
    answer(scenario, path).json().as_array().expect("an array").clone()
}

fn agent_ids(scenario: &str) -> Vec<String> {
    rows(scenario, "/agents/").iter().map(|agent| agent["agent_id"].as_str().expect("an id").to_owned()).collect()
}

fn micros(time: &Value) -> Option<i64> {
    Some(time.as_str()?.parse::<Timestamp>().expect("a time").as_microsecond())
}

#[test]
fn the_index_names_every_file_and_no_other() {
    for scenario in SCENARIOS {
        let named: BTreeSet<String> = answers(scenario).into_iter().map(|recording| recording.file).collect();
        let folder = format!("{}/tests/fixtures/tactical/{scenario}/bodies", env!("CARGO_MANIFEST_DIR"));
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        assert_eq!(named, there, "{scenario}");
    }
}

#[test]
fn every_answer_of_every_scenario_has_the_outcome_of_its_status() {
    let mut seen = BTreeMap::<&str, u32>::new();
    for scenario in SCENARIOS {
        for recording in answers(scenario) {
            let outcome = recording.decode(ChecksMode::Failing).map_or_else(|failure| failure.outcome, |_| Outcome::Ok);
            let expected = match recording.status {
                200 => Outcome::Ok,
                401 => Outcome::AuthError,
                403 => Outcome::Forbidden,
                _ => Outcome::HttpError,
            };
            assert_eq!(outcome, expected, "{scenario} {}", recording.file);
            *seen.entry(outcome.name()).or_default() += 1;
        }
    }
    let expected = [("auth_error", 7), ("forbidden", 38), ("http_error", 19), ("ok", 201)];
    assert_eq!(seen, BTreeMap::from(expected));
}
