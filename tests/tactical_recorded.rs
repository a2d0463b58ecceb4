//! Every recorded answer of a Tactical RMM server, compared with what the test itself counts in the JSON.

#[path = "common/recorded.rs"]
mod recorded;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use recorded::{Recording, SCENARIOS, answer, answers};
use rmm_exporter::config::ChecksMode;
use rmm_exporter::fleet::{
    CheckState, ClientRecord, DeviceChecks, DeviceId, DeviceList, DeviceRecord, DeviceTasks, Gone, Kind, Label,
    OsFamily, PatchCounts, Severity, SiteKey, SiteRecord, StatusCounts, Update,
};
use rmm_exporter::planner::{Outcome, ReadCall};
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
    let expected = [("auth_error", 5), ("forbidden", 35), ("http_error", 16), ("ok", 174)];
    assert_eq!(seen, BTreeMap::from(expected));
}

#[test]
fn agents_say_what_the_list_says() {
    for scenario in ["fleet", "cold-cache", "key-clients", "key-sites", "key-listonly", "key-agentsonly"] {
        let records = devices(scenario);
        let rows = rows(scenario, "/agents/");
        assert_eq!(records.len(), rows.len(), "{scenario}");
        for (record, row) in records.iter().zip(&rows) {
            compare_agent(record, row);
        }
    }
}

fn compare_agent(record: &DeviceRecord, row: &Value) {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    assert_eq!(*record.id.0, *text("agent_id"));
    assert_eq!(record.name, Label::new(text("hostname")));
    assert_eq!(&*record.client.0, text("client_name"));
    assert_eq!(record.client_name, Some(Label::new(text("client_name"))));
    assert_eq!(record.site, SiteKey::from_names(text("client_name"), text("site_name")));
    assert_eq!(record.site_name, Some(Label::new(text("site_name"))));
    assert_eq!(record.kind.map(Kind::name), row["monitoring_type"].as_str());
    assert_eq!(record.online, Some(row["status"] == "online"));
    assert_eq!(record.overdue, Some(row["status"] == "overdue"));
    assert_eq!(record.maintenance, row["maintenance_mode"].as_bool());
    assert_eq!(record.reboot_required, row["needs_reboot"].as_bool());
    assert_eq!(record.pending_actions, row["pending_actions_count"].as_u64());
    assert_eq!(record.patches_pending, row["has_patches_pending"].as_bool());
    assert_eq!(record.last_seen.map(Timestamp::as_microsecond), micros(&row["last_seen"]));
    match (record.boot, row["boot_time"].as_f64().filter(|seconds| *seconds > 0.0)) {
        (Some(boot), Some(seconds)) => {
            #[expect(clippy::cast_precision_loss, reason = "a microsecond more or less")]
            let boot = boot.as_microsecond() as f64 / 1e6;
            assert!((boot - seconds).abs() < 1e-5, "{boot} {seconds}");
        }
        (boot, seconds) => assert_eq!((boot, seconds), (None, None)),
    }
    let info = record.info.as_ref().expect("info");
    assert_eq!(info.os, Label::new(text("operating_system")));
    assert_eq!(info.os_family.name(), text("plat").replace("darwin", "macos"));
    assert_eq!(info.agent_version.as_str(), text("version"));
    assert_eq!(info.model.as_str(), text("make_model").replace("unknown make/model", ""));
    assert_eq!(info.manufacturer.as_str(), "");
    let count = |name: &str| row["checks"][name].as_u64().expect("a count");
    let counts = StatusCounts {
        passing: Some(count("passing")),
        failing: Some(count("failing") + count("warning") + count("info")),
        cleared: None,
        pending: None,
    };
    assert_eq!(record.checks, (count("total") > 0).then_some(counts), "{}", record.id.0);
}

#[test]
fn some_agents_by_hand() {
    let devices = devices("fleet");
    let device = |id: &str| devices.iter().find(|device| *device.id.0 == *id).expect("a device");
    let mac = device("HAvmqbOSIqaWUSLOWCNjqWNloCPPXkGkEmeOejrj");
    assert_eq!(mac.name.as_str(), "Karens-MacBook-Air.local");
    assert_eq!(mac.client_name.as_ref().map(Label::as_str), Some("日本電気サービス"));
    assert_eq!((mac.kind, mac.online, mac.overdue), (Some(Kind::Server), Some(true), Some(false)));
    assert_eq!(mac.boot.map(Timestamp::as_second), Some(1_793_373_851));
    assert_eq!(mac.last_seen.map(Timestamp::as_second), Some(1_795_227_832));
    let counts = StatusCounts { passing: Some(7), failing: Some(0), cleared: None, pending: None };
    assert_eq!(mac.checks, Some(counts));
    let offline = device("voWNhAkINHUZvWkpAccSjSPMfILHVDBZQSyoQFIA");
    assert_eq!((offline.online, offline.overdue), (Some(false), Some(false)));
    assert_eq!(offline.checks.and_then(|counts| counts.failing), Some(3));
    assert_eq!(offline.info.as_ref().map(|info| info.model.as_str()), Some(""));
    let overdue = device("yuNBRiLTowXlOmPhpEzasaxmGCeiUlZUqyWwhqPs");
    assert_eq!((overdue.online, overdue.overdue), (Some(false), Some(true)));
    let number = |test: fn(&DeviceRecord) -> bool| devices.iter().filter(|device| test(device)).count();
    assert_eq!(number(|device| device.online == Some(true)), 28);
    assert_eq!(number(|device| device.overdue == Some(true)), 11);
    assert_eq!(number(|device| device.kind == Some(Kind::Workstation)), 18);
    assert_eq!(number(|device| device.info.as_ref().is_some_and(|info| info.os_family == OsFamily::MacOs)), 3);
    assert_eq!(number(|device| device.patches_pending == Some(true)), 20);
    assert_eq!(number(|device| device.reboot_required == Some(true)), 11);
    assert_eq!(devices.iter().filter_map(|device| device.pending_actions).sum::<u64>(), 7);
    let sum = |count: fn(&StatusCounts) -> Option<u64>| {
        devices.iter().filter_map(|device| device.checks.as_ref().and_then(count)).sum::<u64>()
    };
    assert_eq!((sum(|counts| counts.passing), sum(|counts| counts.failing)), (265, 38));
}

#[test]
fn awkward_names_become_clean_labels_and_stay_exact_keys() {
    let devices = devices("fleet");
    let named = |name: &str| devices.iter().filter(|device| device.name.as_str() == name).collect::<Vec<_>>();
    for name in ["nl host", "WS-\"QUOTED\"", "HOST\\BACK", "O'HOST", "🖥️-kiosk", "ホスト01", "srv-münchen"] {
        assert_eq!(named(name).len(), 1, "{name}");
    }
    let twins = named("DESKTOP-DUPLICATE");
    assert_eq!(twins.len(), 2);
    assert_ne!(twins[0].id, twins[1].id);
    let trailing = named("nl host")[0];
    assert_eq!(&*trailing.client.0, "Trailing space ");
    assert_eq!(trailing.client_name.as_ref().map(Label::as_str), Some("Trailing space"));
    assert_eq!(trailing.site, SiteKey::from_names("Trailing space ", " lead"));
    assert_eq!(devices.iter().map(|device| device.name.as_str().len()).max(), Some(200));
    let zero_width = devices.iter().filter(|device| device.client.0.contains('\u{200d}')).count();
    assert_eq!(zero_width, 5);
}

#[test]
fn clients_and_sites_are_all_there_and_every_agent_finds_its_own() {
    for (scenario, client_count, site_count) in [("fleet", 13, 21), ("key-listonly", 13, 21), ("down-redis", 13, 21)] {
        let (clients, sites) = clients(scenario);
        assert_eq!((clients.len(), sites.len()), (client_count, site_count), "{scenario}");
    }
    for scenario in ["fleet", "cold-cache", "key-clients", "key-sites", "key-listonly"] {
        let (clients, sites) = clients(scenario);
        let mut expected_sites = Vec::new();
        for (client, row) in clients.iter().zip(rows(scenario, "/clients/")) {
            let name = row["name"].as_str().expect("a name");
            assert_eq!((&*client.key.0, client.id.as_str()), (name, row["id"].to_string().as_str()));
            assert_eq!((client.name.as_str(), client.timezone.is_none()), (Label::new(name).as_str(), true));
            for site in row["sites"].as_array().expect("sites") {
                let site_name = site["name"].as_str().expect("a name");
                expected_sites.push(SiteRecord {
                    key: SiteKey::from_names(name, site_name),
                    client: client.key.clone(),
                    id: Label::new(&site["id"].to_string()),
                    name: Label::new(site_name),
                    connection_up: None,
                });
            }
        }
        assert_eq!(sites, expected_sites, "{scenario}");
        for device in devices(scenario) {
            assert!(clients.iter().any(|client| client.key == device.client), "{scenario} {}", device.id.0);
            let site = sites.iter().find(|site| site.key == device.site).expect("a site");
            assert_eq!((&site.client, Some(&site.name)), (&device.client, device.site_name.as_ref()));
        }
    }
}

#[test]
fn checks_are_counted_as_a_recount_says() {
    let (mut all, mut kept) = (0, 0);
    for id in agent_ids("fleet") {
        let mut expected = (0, 0, 0);
        let rows = rows("fleet", &format!("/agents/{id}/checks/"));
        let counted: Vec<&Value> = rows.iter().filter(|row| row["overridden_by_policy"] == false).collect();
        let mut never_ran = 0;
        for row in &counted {
            match row["check_result"]["status"].as_str() {
                Some("passing") => expected.0 += 1,
                Some("failing") => expected.1 += 1,
                Some("pending") => expected.2 += 1,
                _ => never_ran += 1,
            }
        }
        let found = checks("fleet", &id, ChecksMode::All);
        let (passing, failing, pending) = expected;
        let counts = StatusCounts {
            passing: Some(passing),
            failing: Some(failing),
            cleared: None,
            pending: Some(pending + never_ran),
        };
        assert_eq!(found.counts, counts, "{id}");
        for (check, row) in found.checks.iter().zip(&counted) {
            compare_check(check, row);
        }
        assert_eq!(found.checks.len(), counted.len());
        all += found.checks.len();
        // The list counts a check that never ran as passing.
        let listed = devices("fleet").into_iter().find(|device| *device.id.0 == *id).expect("listed").checks;
        let expected = listed.map(|counts| (counts.passing, counts.failing));
        let none = (counts.passing, counts.failing, counts.pending) == (Some(0), Some(0), Some(0));
        assert_eq!(expected, (!none).then_some((Some(passing + never_ran), Some(failing))), "{id}");
        let failing_only = checks("fleet", &id, ChecksMode::Failing);
        assert!(failing_only.checks.iter().all(|check| check.state == CheckState::Failing));
        assert_eq!(failing_only.checks.len() as u64, failing);
        kept += failing_only.checks.len();
        let none = checks("fleet", &id, ChecksMode::None);
        assert_eq!((none.counts, none.checks.len()), (counts, 0));
    }
    assert_eq!((all, kept), (306, 38));
}

fn compare_check(check: &rmm_exporter::fleet::Check, row: &Value) {
    let result = &row["check_result"];
    let state = match result["status"].as_str() {
        Some("passing") => CheckState::Passing,
        Some("failing") => CheckState::Failing,
        _ => CheckState::Pending,
    };
    assert_eq!((check.id.as_str(), check.state), (row["id"].to_string().as_str(), state));
    assert_eq!(check.consecutive_failures, result["fail_count"].as_u64());
    assert_eq!(check.last_run.map(Timestamp::as_microsecond), micros(&result["last_run"]));
    let by_result = ["memory", "cpuload", "diskspace", "script"].contains(&row["check_type"].as_str().expect("a type"));
    let severity = if state == CheckState::Failing && by_result { result } else { row };
    assert_eq!(Some(check.severity.name()), severity["alert_severity"].as_str());
    assert!(!check.name.as_str().is_empty() && !check.name.as_str().contains("Threshold"), "{}", check.name.as_str());
}

#[test]
fn some_failing_checks_by_hand() {
    let failing = |id: &str| checks("fleet", id, ChecksMode::Failing).checks;
    let seen = |id: &str| {
        let of = |check: &rmm_exporter::fleet::Check| {
            let run = check.last_run.map(|time| time.to_string()).unwrap_or_default();
            let failures = check.consecutive_failures.expect("a count");
            format!(
                "{} {} {} {:?} {failures} {run}",
                check.id.as_str(),
                check.name.as_str(),
                check.check_type,
                check.severity
            )
        };
        failing(id).iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(
        seen("voWNhAkINHUZvWkpAccSjSPMfILHVDBZQSyoQFIA"),
        [
            "60 CPU load cpu_load Error 2 2026-11-21T02:20:23.752366Z",
            "61 Memory memory Warning 7 2026-11-21T02:15:31.752366Z",
            "62 Script Check: Script \"quoted\" \\ back script Error 1 2026-11-21T02:15:33.752366Z",
        ]
    );
    assert_eq!(
        seen("dtFzGiservHsXWGVPACRtcGINprFnwsChhHHuaKH"),
        ["79 Disk D: disk_space Warning 6 2026-11-21T02:18:43.752366Z"]
    );
    assert_eq!(
        seen("tuoBDfCSnpYeaxmjtXwJnCDpXIwYpPmPUnhEruil"),
        [
            "9 Service Windows \"Time\" service Error 8 2026-11-21T02:09:59.752366Z",
            "4 Script Check: Check storage pool health script Error 8 2026-11-21T02:09:40.752366Z",
        ]
    );
    assert_eq!(
        seen("yuNBRiLTowXlOmPhpEzasaxmGCeiUlZUqyWwhqPs"),
        ["220 NAS \"1\" ping Error 5 2026-11-21T02:18:13.752366Z"]
    );
    // Its one failing check is overridden by a policy.
    assert!(failing("VUUedDlNFolcdTFHCLHTbrWpdcZYIgFwVbMgivAG").iter().all(|check| check.id.as_str() != "128"));
    let mut severities = BTreeMap::<&str, u32>::new();
    for check in agent_ids("fleet").iter().flat_map(|id| failing(id)) {
        *severities.entry(check.severity.name()).or_default() += 1;
    }
    assert_eq!(severities, BTreeMap::from([("error", 18), ("info", 5), ("warning", 15)]));
}

#[test]
fn tasks_are_counted_as_a_recount_says() {
    let mut failing_ids = Vec::new();
    let mut sums = [0, 0, 0, 0];
    for id in agent_ids("fleet") {
        let rows = rows("fleet", &format!("/agents/{id}/tasks/"));
        let enabled: Vec<&Value> = rows.iter().filter(|row| row["enabled"] == true).collect();
        let status = |word: &str| enabled.iter().filter(|row| row["task_result"]["status"] == word).count() as u64;
        let (passing, failing) = (status("passing"), status("failing"));
        let found = tasks("fleet", &id, ChecksMode::All);
        let pending = enabled.len() as u64 - passing - failing;
        let counts =
            StatusCounts { passing: Some(passing), failing: Some(failing), cleared: None, pending: Some(pending) };
        assert_eq!(found.counts, counts, "{id}");
        for (task, row) in found.tasks.iter().zip(&enabled) {
            assert_eq!(task.id.as_str(), row["id"].to_string());
            assert_eq!(task.name, Label::new(row["name"].as_str().expect("a name")));
            assert_eq!(Some(task.severity.name()), row["alert_severity"].as_str());
            assert_eq!(task.consecutive_failures, None);
        }
        assert_eq!(found.tasks.len(), enabled.len());
        let failing_only = tasks("fleet", &id, ChecksMode::Failing).tasks;
        failing_ids.extend(failing_only.iter().map(|task| (task.id.as_str().to_owned(), task.severity)));
        for (sum, count) in sums.iter_mut().zip([rows.len() as u64, passing, failing, pending]) {
            *sum += count;
        }
    }
    assert_eq!(sums, [80, 63, 6, 7]);
    failing_ids.sort_by(|left, right| left.0.cmp(&right.0));
    let expected = [("1", Severity::Warning); 5].into_iter().chain([("18", Severity::Error)]);
    assert_eq!(failing_ids, expected.map(|(id, severity)| (id.to_owned(), severity)).collect::<Vec<_>>());
}

#[test]
fn updates_are_counted_as_a_recount_says() {
    let mut sums = [0; 8];
    let mut without = 0;
    for id in agent_ids("fleet") {
        let rows = rows("fleet", &format!("/winupdate/{id}/"));
        let found = patches("fleet", &id);
        assert_eq!(found.is_none(), rows.is_empty(), "{id}");
        let Some(found) = found else {
            without += 1;
            continue;
        };
        let open: Vec<&Value> = rows.iter().filter(|row| row["installed"] == false).collect();
        let ignored = open.iter().filter(|row| row["action"] == "ignore").count() as u64;
        let failed = open.iter().filter(|row| row["action"] != "ignore" && row["result"] == "failed").count() as u64;
        let pending = open.iter().filter(|row| row["action"] == "approve" && row["result"] != "failed").count() as u64;
        let installed = (rows.len() - open.len()) as u64;
        let missing = open.len() as u64 - ignored - failed - pending;
        assert_eq!(found.by_status, [missing, pending, 0, installed, failed, ignored, 0, 0], "{id}");
        let severity = |word: &str| {
            let outstanding = open.iter().filter(|row| row["action"] != "ignore");
            outstanding.filter(|row| row["severity"].as_str().unwrap_or_default() == word).count() as u64
        };
        let by_severity = ["Critical", "Important", "Moderate", "Low", ""].map(severity);
        assert_eq!(found.outstanding, by_severity, "{id}");
        assert_eq!((found.last_installed, found.reboot_required), (None, None));
        for (sum, count) in sums.iter_mut().zip(found.by_status) {
            *sum += count;
        }
    }
    assert_eq!((sums, without), ([54, 27, 0, 258, 8, 7, 0, 0], 8));
    let one = patches("fleet", "RNtvRGIvSRwsgVwjVLYUIsPzaiyHthcAdCMzlmAi").expect("updates");
    assert_eq!((one.by_status, one.outstanding), ([4, 0, 0, 12, 1, 1, 0, 0], [2, 0, 1, 1, 1]));
}

#[test]
fn a_cold_cache_is_unknown_and_not_healthy() {
    let cold = devices("cold-cache");
    assert_eq!(cold.len(), 40);
    assert!(cold.iter().all(|device| device.checks.is_none()));
    // Everything but the counters is as true as ever.
    let warm: BTreeMap<_, _> = devices("fleet").into_iter().map(|device| (device.id.clone(), device)).collect();
    for device in &cold {
        let warm = warm.get(&device.id).expect("the same fleet");
        assert_eq!(
            (&device.name, &device.info, device.pending_actions),
            (&warm.name, &warm.info, warm.pending_actions)
        );
    }
    // The checks themselves are counted by the server as it answers.
    let id = "druoNbMKlBYdtzjgQfAbQQFzobfieDUzBIVrIbaP";
    let counts = checks("cold-cache", id, ChecksMode::Failing).counts;
    assert_eq!(counts, checks("fleet", id, ChecksMode::Failing).counts);
    assert_eq!(counts.failing, Some(1));
}

#[test]
fn restricted_keys_see_less_and_that_is_no_error() {
    for (scenario, device_count, client_count, site_count) in [("key-clients", 9, 2, 5), ("key-sites", 3, 3, 3)] {
        let (clients, sites) = clients(scenario);
        let sizes = (devices(scenario).len(), clients.len(), sites.len());
        assert_eq!(sizes, (device_count, client_count, site_count), "{scenario}");
    }
    for (scenario, path, permission) in [
        ("key-agentsonly", "/clients/", "can_list_clients"),
        ("key-agentsonly", "/agents/ShbjUrHXrwkWEXHXzEQqQRNISrKSkpZbWrHdmQus/checks/", "can_list_checks"),
        ("key-agentsonly", "/agents/ShbjUrHXrwkWEXHXzEQqQRNISrKSkpZbWrHdmQus/tasks/", "can_list_autotasks"),
        ("key-listonly", "/winupdate/ShbjUrHXrwkWEXHXzEQqQRNISrKSkpZbWrHdmQus/", "can_manage_winupdates"),
    ] {
        let failure = answer(scenario, path).decode(ChecksMode::Failing).expect_err("forbidden");
        assert_eq!((failure.outcome, failure.gone.is_none()), (Outcome::Forbidden, true), "{path}");
        assert!(failure.message.contains(permission), "{failure}");
    }
    assert_eq!(devices("key-agentsonly").len(), 40);
}

#[test]
fn every_recorded_error_says_what_to_do() {
    let recordings = answers("errors");
    let expected = [
        ("GET_agents_key-none.json", "auth_error: the server saw no API key"),
        ("GET_agents_key-other.json", "auth_error: the server does not know this API key; make a new one"),
        ("GET_agents_key-expired.json", "auth_error: the API key has expired; give it a later expiry date"),
        ("GET_agents_key-inactive.json", "auth_error: the user of the API key is inactive or deleted; activate"),
        ("GET_agents_key-none_2.json", "auth_error: the server does not know this API key"),
        (
            "GET_agents_key-norole.json",
            "forbidden: the user of the API key may not do this; its role needs can_list_agents",
        ),
        ("GET_agents_tooshort.html", "http_error: the server answered with status 404; there is no such path"),
        ("GET_nosuch.html", "http_error: the server answered with status 404; there is no such path"),
        ("GET_agents.html", "http_error: the server answered with status 301; redirects are not followed"),
        (
            "GET_agents_2.html",
            "http_error: the server answered with status 400; the server name must be the API domain",
        ),
        ("GET_agents_client_abc.html", "http_error: the server answered with status 500; Tactical RMM failed"),
        ("GET_agents_monitoring_type_bogus.json", "http_error: the server answered with status 400"),
        ("GET_core_version_2.json", "http_error: the server answered with status 406: "),
    ];
    for (file, message) in expected {
        let recording = recordings.iter().find(|recording| recording.file == file).expect(file);
        let failure = recording.decode(ChecksMode::Failing).expect_err(file);
        assert!(failure.to_string().starts_with(message), "{file}: {failure}");
        assert_eq!((failure.gone, failure.retry_after), (None, None), "{file}");
        assert_eq!(failure.bytes, recording.body.len() as u64);
    }
    let mut gone = 0;
    for recording in recordings.iter().filter(|recording| recording.path.to_ascii_lowercase().contains("zzzzzzzz")) {
        let call = recording.call();
        let failure = recording.decode(ChecksMode::Failing).expect_err("an unknown agent");
        assert_eq!(failure.gone, call.device().cloned().map(Gone::Device), "{}", call.identity());
        assert!(failure.message.contains("No Agent matches the given query"), "{failure}");
        gone += 1;
    }
    assert_eq!(gone, 3);
    let empty = recordings.iter().find(|recording| recording.file == "GET_agents_client_9999.json").expect("recorded");
    assert!(matches!(update(empty, ChecksMode::Failing), Update::Devices(_, devices) if devices.is_empty()));
}

#[test]
fn a_server_that_is_down_is_an_http_error_and_nobody_is_gone() {
    for (scenario, path, status) in [
        ("down-app", "/agents/", 502),
        ("down-app", "/clients/", 502),
        ("down-database", "/agents/", 500),
        ("down-database", "/clients/", 500),
        ("down-redis", "/agents/", 500),
    ] {
        let failure = answer(scenario, path).decode(ChecksMode::Failing).expect_err(scenario);
        assert_eq!((failure.outcome, failure.gone.is_none()), (Outcome::HttpError, true));
        assert!(failure.message.contains(&format!("status {status};")), "{failure}");
    }
    // Without redis the clients are still there.
    assert_eq!(clients("down-redis").0.len(), 13);
}
