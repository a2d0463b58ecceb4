//! What is exposed of recorded and hand-written answers, whole: answers go through the real decoders into a fleet, and its
//! exposition is compared with a text in `tests/golden`. `UPDATE_GOLDEN=1` writes the texts; whoever does that reads every
//! changed line against the fixture and docs/metrics.md.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "common/golden.rs"]
mod golden;
#[path = "common/nsight_answers.rs"]
mod nsight_answers;
#[path = "common/recorded.rs"]
mod recorded;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use golden::{compare, stale_after};
use recorded::{Recording, answers};
use regex::Regex;
use rmm_exporter::config::ChecksMode;
use rmm_exporter::fleet::{CheckSelector, ClientKey, Filter, Fleet, FleetOptions, Kind, Mapping, Mappings, SiteKey};
use rmm_exporter::metrics::render_text;
use rmm_exporter::platform::nsight::call::Call as NsightCall;
use rmm_exporter::platform::{PlatformName, nsight, tactical};

const MODES: [(ChecksMode, &str); 3] =
    [(ChecksMode::Failing, "failing"), (ChecksMode::All, "all"), (ChecksMode::None, "none")];

/// Recordings in which at least one list of the fleet was answered.
const TACTICAL_FLEETS: [&str; 7] =
    ["fleet", "cold-cache", "down-redis", "key-agentsonly", "key-clients", "key-listonly", "key-sites"];

/// Recordings that are about answers that fail.
const TACTICAL_FAILURES: [&str; 4] = ["errors", "down-app", "down-database", "down-redis"];

/// N-sight answers that are odd, and the call that each answers. Those that are refused are in `nsight-failures.txt`.
const NSIGHT_QUIRKS: [&str; 9] = [
    "list_clients.control-characters",
    "list_clients.empty",
    "list_clients.mixed-nodes",
    "list_clients.one-bad",
    "list_devices_at_client.counts",
    "list_devices_at_client.unknown-mobile",
    "list_failing_checks.reordered",
    "list_servers.online",
    "list_workstations.online",
];

/// The same for odd bytes of patch_list_all.
const NSIGHT_PATCH_QUIRKS: [&str; 2] = ["patch_list_all.empty", "patch_list_all.in-result"];

fn tactical_fleet(mode: ChecksMode, mappings: Mappings) -> Fleet {
    Fleet::new(FleetOptions {
        platform: PlatformName::Tactical,
        filter: Filter::default(),
        checks_mode: mode,
        stale_after: stale_after(tactical::COLLECTORS),
        time_zone: None,
        mappings,
    })
}

fn nsight_fleet(mode: ChecksMode) -> Fleet {
    Fleet::new(FleetOptions {
        platform: PlatformName::Nsight,
        filter: Filter::default(),
        checks_mode: mode,
        stale_after: stale_after(nsight::COLLECTORS),
        time_zone: None,
        mappings: Mappings::default(),
    })
}

/// Whether a collector makes exactly this call.
fn is_planned(recording: &Recording) -> bool {
    let segments: Vec<&str> = recording.path.split('/').collect();
    matches!(
        segments.as_slice(),
        ["", "agents" | "clients" | "alerts", ""]
            | ["", "agents", _, "checks" | "tasks", ""]
            | ["", "agents" | "winupdate", _, ""]
            | ["", "core", "dashinfo" | "customfields", ""]
            | ["", "core", "v2", "status", ""]
    )
}

/// Why an answer is none, on one line.
fn refused(recording: &Recording, failure: &rmm_exporter::platform::Failure) -> String {
    let gone = failure.gone.as_ref().map(|gone| format!(" (gone: {gone:?})")).unwrap_or_default();
    format!("{} {} -> {}{gone}", recording.path, recording.status, failure)
}

fn tactical_exposition(scenario: &str, mode: ChecksMode) -> String {
    tactical_mapped(scenario, mode, &Mappings::default())
}

fn tactical_mapped(scenario: &str, mode: ChecksMode, mappings: &Mappings) -> String {
    let mut fleet = tactical_fleet(mode, mappings.clone());
    let mut text = String::new();
    let recordings = answers(scenario);
    for recording in recordings.iter().filter(|recording| is_planned(recording)) {
        match recording.decode_mapped(mode, mappings.clone()) {
            Ok(answer) => {
                for update in answer.updates {
                    fleet.apply(update, recording.captured_at);
                }
            }
            Err(failure) => {
                if let Some(gone) = &failure.gone {
                    fleet.forget(gone, recording.captured_at);
                }
                writeln!(text, "# {}", refused(recording, &failure)).expect("written");
            }
        }
    }
    let view = fleet.current(recordings[0].captured_at);
    text + &render_text(PlatformName::Tactical, scenario, &view)
}

#[test]
fn tactical_recordings() {
    for scenario in TACTICAL_FLEETS {
        compare(&format!("tactical-{scenario}.prom"), &tactical_exposition(scenario, ChecksMode::Failing));
    }
}

/// Whether a line, sample or comment, is of a family whose name starts like this.
fn is_of(line: &str, family: &str) -> bool {
    let heads = ["", "# HELP ", "# TYPE "];
    heads.iter().any(|head| line.strip_prefix(head).is_some_and(|rest| rest.starts_with(family)))
}

/// The mode decides which checks and tasks are series one by one, and nothing else.
#[test]
fn tactical_fleet_in_every_mode_of_checks() {
    let one_by_one = |line: &&str| is_of(line, "rmm_check_") || is_of(line, "rmm_task_");
    let [failing, all, none] = MODES.map(|(mode, _)| tactical_exposition("fleet", mode));
    let rest = |text: &str| text.lines().filter(|line| !one_by_one(line)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rest(&all), rest(&failing));
    assert_eq!(none.lines().collect::<Vec<_>>(), rest(&failing));
    let checks_and_tasks: String = all.lines().filter(one_by_one).flat_map(|line| [line, "\n"]).collect();
    compare("tactical-fleet-all.prom", &checks_and_tasks);
}

/// Antivirus by one script and by name, backup by custom fields: everything that comes of it, and nothing else changes. Which
/// checks are series does not matter.
#[test]
fn tactical_fleet_with_mappings() {
    let mapping = |checks, date_field: Option<&str>, status_field: Option<&str>| Mapping {
        checks,
        date_field: date_field.map(Into::into),
        status_field: status_field.map(Into::into),
        status_passing: Regex::new("^(?i:true|ok)$").expect("valid"),
    };
    let name = Some(Regex::new("(?i)storage|quoted").expect("valid"));
    let selector = CheckSelector { name, check_type: Some("script".into()), script: None };
    let mappings = Mappings {
        antivirus: Some(mapping(Some(selector), None, None)),
        backup: Some(mapping(None, Some("Last Audit"), Some("Backup OK"))),
    };
    let is_mapped = |line: &&str| line.contains("rmm_antivirus_") || line.contains("rmm_backup_");
    for (mode, _) in MODES {
        let text = tactical_mapped("fleet", mode, &mappings);
        let mapped: String = text.lines().filter(is_mapped).flat_map(|line| [line, "\n"]).collect();
        compare("tactical-fleet-mapped.prom", &mapped);
        let rest: Vec<&str> = text.lines().filter(|line| !is_mapped(line)).collect();
        assert_eq!(rest, tactical_exposition("fleet", mode).lines().collect::<Vec<_>>());
    }
}

#[test]
fn tactical_answers_that_fail() {
    for scenario in TACTICAL_FAILURES {
        let mut text = String::new();
        for recording in answers(scenario) {
            let line = match recording.decode(ChecksMode::Failing) {
                Ok(_) => format!("{} {} -> ok", recording.path, recording.status),
                Err(failure) => refused(&recording, &failure),
            };
            let note = if recording.note.is_empty() { String::new() } else { format!("  # {}", recording.note) };
            writeln!(text, "{line}{note}").expect("written");
        }
        compare(&format!("tactical-{scenario}.txt"), &text);
    }
}

fn nsight_exposition(mode: ChecksMode, with_checks: bool) -> String {
    let mut fleet = nsight_fleet(mode);
    for name in nsight_answers::account() {
        if with_checks || !name.starts_with("list_checks") {
            nsight_answers::apply(&mut fleet, &nsight_answers::call(&name), &format!("{name}.xml"), mode);
        }
    }
    render_text(PlatformName::Nsight, "msp", &fleet.current(nsight_answers::now()))
}

/// The mode, and whether the checks of each device are read, decides about checks and tasks, and about nothing else.
#[test]
fn nsight_account_with_and_without_the_checks_of_each_device() {
    let about_checks = |line: &&str| {
        ["rmm_check_", "rmm_task_", "rmm_device_checks", "rmm_device_tasks"].iter().any(|family| is_of(line, family))
    };
    let whole = nsight_exposition(ChecksMode::Failing, true);
    compare("nsight-failing-with-checks.prom", &whole);
    let rest = |text: &str| text.lines().filter(|line| !about_checks(line)).map(str::to_owned).collect::<Vec<_>>();
    for (mode, mode_name) in MODES {
        for (with_checks, suffix) in [(false, ""), (true, "-with-checks")] {
            let text = nsight_exposition(mode, with_checks);
            assert_eq!(rest(&text), rest(&whole));
            if text != whole {
                let part: String = text.lines().filter(about_checks).flat_map(|line| [line, "\n"]).collect();
                compare(&format!("nsight-{mode_name}{suffix}.prom"), &part);
            }
        }
    }
}

/// The call that a quirk answers: as of the small account, whose objects it names or adds to.
fn quirk_call(quirk: &str) -> NsightCall {
    let (client, site) = (ClientKey::new("41030"), SiteKey::new("50399"));
    match quirk {
        "list_devices_at_client.counts" => NsightCall::ListDevicesAtClient(client, Kind::Server),
        "list_devices_at_client.unknown-mobile" => {
            NsightCall::ListDevicesAtClient(ClientKey::new("41008"), Kind::Mobile)
        }
        "list_servers.online" => NsightCall::ListServers(client, site),
        "list_workstations.online" => NsightCall::ListWorkstations(client, site),
        other => nsight_answers::call(other.split('.').next().expect("a service")),
    }
}

#[test]
fn nsight_quirks() {
    let mut text = String::new();
    for quirk in NSIGHT_QUIRKS {
        let mut fleet = nsight_fleet(ChecksMode::Failing);
        nsight_answers::apply(&mut fleet, &quirk_call(quirk), &format!("quirks/{quirk}.xml"), ChecksMode::Failing);
        let exposition = render_text(PlatformName::Nsight, "msp", &fleet.current(nsight_answers::now()));
        writeln!(text, "# {quirk}\n{}", samples(&exposition)).expect("written");
    }
    for quirk in NSIGHT_PATCH_QUIRKS {
        let mut fleet = nsight_fleet(ChecksMode::Failing);
        let device = "list_devices_at_client.41010.server";
        let patches = nsight_answers::call("patch_list_all.790001");
        nsight_answers::apply(&mut fleet, &nsight_answers::call(device), &format!("{device}.xml"), ChecksMode::Failing);
        nsight_answers::apply(&mut fleet, &patches, &format!("quirks/{quirk}.xml"), ChecksMode::Failing);
        let exposition = render_text(PlatformName::Nsight, "msp", &fleet.current(nsight_answers::now()));
        writeln!(text, "# {quirk}\n{}", samples(&exposition)).expect("written");
    }
    compare("nsight-quirks.txt", &text);
}

/// The samples of an exposition, without what every family says of itself.
fn samples(exposition: &str) -> String {
    let lines = exposition.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn nsight_answers_that_fail() {
    let mut files: Vec<String> =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/nsight/errors"))
            .expect("fixtures")
            .map(|entry| format!("errors/{}", entry.expect("entry").file_name().to_str().expect("a name")))
            .collect();
    files.push("quirks/list_clients.all-bad.xml".to_owned());
    files.push("quirks/list_clients.nothing.xml".to_owned());
    files.push("quirks/list_general_settings.no-zone.xml".to_owned());
    files.push("quirks/list_general_settings.unknown-zone.xml".to_owned());
    files.sort();
    let calls = ["list_clients", "list_sites.41007", "list_checks.770215"].map(nsight_answers::call);
    let mut text = String::new();
    for file in files {
        // An answer to one service is tried as that; a failure of any as the answer to calls for different objects.
        let own =
            file.strip_prefix("quirks/").map(|name| nsight_answers::call(name.split('.').next().expect("a name")));
        for call in own.as_slice().iter().chain(&calls).take(if own.is_some() { 1 } else { calls.len() }) {
            let result = nsight_answers::decode(call, 200, nsight_answers::body(&file), ChecksMode::Failing);
            let Err(failure) = result else { panic!("{file} is good for {call:?}") };
            let gone = failure.gone.as_ref().map(|gone| format!(" (gone: {gone:?})")).unwrap_or_default();
            writeln!(text, "{file} as {} -> {failure}{gone}", call.service()).expect("written");
        }
    }
    compare("nsight-failures.txt", &text);
}

/// A file that no test compares proves nothing.
#[test]
fn every_golden_file_is_compared_and_together_they_are_small() {
    let mut expected: BTreeSet<String> =
        ["nsight-quirks.txt", "nsight-failures.txt", "names-nsight.prom", "names-tactical.prom", "catalogue-rows.txt"]
            .map(Into::into)
            .into();
    expected.extend(TACTICAL_FLEETS.map(|scenario| format!("tactical-{scenario}.prom")));
    expected.extend(["all", "mapped"].map(|what| format!("tactical-fleet-{what}.prom")));
    expected.extend(TACTICAL_FAILURES.map(|scenario| format!("tactical-{scenario}.txt")));
    expected.extend(
        MODES.iter().flat_map(|(_, mode)| [format!("nsight-{mode}.prom"), format!("nsight-{mode}-with-checks.prom")]),
    );
    let entries: Vec<_> =
        std::fs::read_dir(golden::folder()).expect("golden").map(|entry| entry.expect("entry")).collect();
    let found: BTreeSet<String> = entries.iter().map(|entry| entry.file_name().into_string().expect("UTF-8")).collect();
    assert_eq!(found, expected);
    let bytes: u64 = entries.iter().map(|entry| entry.metadata().expect("metadata").len()).sum();
    assert!(bytes < 1_500_000, "{bytes} bytes");
}

#[test]
fn promtool_has_nothing_to_say_about_the_expected_expositions() {
    for entry in std::fs::read_dir(golden::folder()).expect("golden") {
        let path = entry.expect("entry").path();
        if path.extension().is_some_and(|extension| extension == "prom") {
            golden::check_with_promtool(&std::fs::read_to_string(path).expect("text"));
        }
    }
}
