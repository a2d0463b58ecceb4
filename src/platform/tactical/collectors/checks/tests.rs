use regex::Regex;

use super::*;
use crate::config::ChecksMode;
use crate::fleet::{CheckSelector, DeviceId, Mapping, Mappings, Signal, Signals};

fn read(mode: ChecksMode, body: &str) -> DeviceChecks {
    let call = Call::AgentChecks(DeviceId::new("a"));
    decode(&Decoder::new("test", mode), &call, body, now()).expect("a list")
}

/// One check with these fields besides its id.
fn check(fields: &str) -> Check {
    read(ChecksMode::All, &format!(r#"[{{"id":7,{fields}}}]"#)).checks.remove(0)
}

#[test]
fn names_never_hold_thresholds() {
    let desc = r#""readable_desc":"Disk Space Check: Drive C: - Warning Threshold: 25%""#;
    for (fields, name) in [
        (r#""check_type":"diskspace","disk":"C:""#, "Disk C:"),
        (r#""check_type":"diskspace","disk":null"#, "Disk"),
        (r#""check_type":"cpuload""#, "CPU load"),
        (r#""check_type":"memory","name":"""#, "Memory"),
        (r#""check_type":"memory","name":" \n ""#, "Memory"),
        (r#""check_type":"memory","name":" my\nmemory ""#, "my memory"),
        (r#""check_type":"ping","ip":"10.0.0.1""#, "Ping"),
        (r#""check_type":"ping","name":"gateway""#, "gateway"),
        (r#""check_type":"winsvc","svc_display_name":"Print Spooler","svc_name":"Spooler""#, "Service Print Spooler"),
        (r#""check_type":"winsvc","svc_display_name":"","svc_name":"Spooler""#, "Service Spooler"),
        (r#""check_type":"eventlog","log_name":"System""#, "Event log System"),
        (r#""check_type":"snmp""#, "snmp"),
        (r#""name":null"#, ""),
    ] {
        assert_eq!(check(&format!("{fields},{desc}")).name.as_str(), name, "{fields}");
    }
    let script = check(r#""check_type":"script","readable_desc":"Script Check: Check storage pool health""#);
    assert_eq!(script.name.as_str(), "Script Check: Check storage pool health");
}

#[test]
fn types_become_words_of_the_shared_vocabulary() {
    for (written, word) in [
        ("diskspace", "disk_space"),
        ("cpuload", "cpu_load"),
        ("memory", "memory"),
        ("ping", "ping"),
        ("winsvc", "service"),
        ("eventlog", "event_log"),
        ("script", "script"),
        ("Quantum\\nFlux", "quantum flux"),
    ] {
        assert_eq!(check(&format!(r#""check_type":"{written}""#)).check_type, word);
    }
    assert_eq!(check(r#""check_type":null"#).check_type, "unknown");
}

#[test]
fn severity_of_a_failing_check_is_the_results_where_thresholds_decide() {
    let severity = |check_type: &str, own: &str, status: &str, result: &str| {
        let result = format!(r#"{{"status":"{status}","alert_severity":{result}}}"#);
        check(&format!(r#""check_type":"{check_type}","alert_severity":{own},"check_result":{result}"#)).severity
    };
    for check_type in ["memory", "cpuload", "diskspace", "script"] {
        assert_eq!(severity(check_type, r#""warning""#, "failing", r#""error""#), Severity::Error);
        assert_eq!(severity(check_type, r#""error""#, "failing", r#""info""#), Severity::Info);
        assert_eq!(severity(check_type, r#""info""#, "failing", "null"), Severity::Info);
        assert_eq!(severity(check_type, r#""info""#, "failing", r#""dire""#), Severity::Info);
        // Left over from the last failure.
        assert_eq!(severity(check_type, r#""info""#, "passing", r#""error""#), Severity::Info);
    }
    for check_type in ["ping", "winsvc", "eventlog", "quantum"] {
        assert_eq!(severity(check_type, r#""warning""#, "failing", r#""error""#), Severity::Warning);
        assert_eq!(severity(check_type, r#""info""#, "passing", "null"), Severity::Info);
    }
    assert_eq!(severity("ping", "null", "failing", "null"), Severity::Error);
    assert_eq!(severity("script", r#""dire""#, "failing", "7"), Severity::Error);
}

#[test]
fn without_a_result_it_never_ran() {
    for fields in [
        r#""check_result":{}"#,
        r#""check_result":null"#,
        r#""check_result":{"status":null}"#,
        r#""check_result":{"status":"pending"}"#,
        r#""check_result":[]"#,
        // Servers before 0.13 have the result in the check itself.
        r#""status":"failing","fail_count":3,"last_run":"2026-11-21T02:24:17Z""#,
        r#""check_type":"ping""#,
    ] {
        let check = check(fields);
        assert_eq!(check.state, CheckState::Pending, "{fields}");
        assert_eq!((check.consecutive_failures, check.last_run), (None, None), "{fields}");
    }
}

#[test]
fn the_result_of_a_run() {
    let check = check(
        r#""check_result":{"status":"failing","fail_count":8,"last_run":"2026-11-21T02:24:17.058195Z","retcode":-1}"#,
    );
    assert_eq!((check.id.as_str(), check.state, check.consecutive_failures), ("7", CheckState::Failing, Some(8)));
    assert_eq!(check.last_run.map(jiff::Timestamp::as_microsecond), Some(1_795_227_857_058_195));
}

const BODY: &str = r#"[
    {"id":1,"check_type":"ping","check_result":{"status":"failing"}},
    {"id":2,"check_type":"ping","check_result":{"status":"failing"},"overridden_by_policy":true},
    {"id":3,"check_type":"ping","check_result":{"status":"passing"},"overridden_by_policy":null},
    {"id":4,"check_type":"ping","check_result":{"status":"passing"},"overridden_by_policy":false},
    {"id":5,"check_type":"ping","check_result":{}},
    {"id":6,"check_type":"ping","check_result":{"status":"exploding"}},
    {"id":"7","check_type":"ping","check_result":{"status":"failing"}}
]"#;

#[test]
fn counted_once_whatever_the_mode() {
    let ids = |mode| {
        let DeviceChecks { counts, checks, .. } = read(mode, BODY);
        let found = (counts.passing, counts.failing, counts.cleared, counts.pending);
        assert_eq!(found, (Some(2), Some(2), None, Some(1)), "{mode:?}");
        checks.iter().map(|check| check.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(ChecksMode::Failing), ["1"]);
    assert_eq!(ids(ChecksMode::All), ["1", "3", "4", "5", "6"]);
    assert_eq!(ids(ChecksMode::None), [""; 0]);
}

#[test]
fn an_unknown_state_is_neither_passing_nor_failing() {
    assert_eq!(check(r#""check_result":{"status":"exploding","fail_count":2}"#).state, CheckState::Unknown);
}

#[test]
fn an_agent_without_checks_has_none() {
    let DeviceChecks { counts, checks, .. } = read(ChecksMode::All, "[]");
    assert_eq!((counts.passing, counts.failing, counts.pending, checks.len()), (Some(0), Some(0), Some(0), 0));
}

/// Which checks become series does not decide what is well.
#[test]
fn all_checks_that_count_are_asked_about_antivirus_and_backup() {
    let by = |name: Option<&str>, script| Mapping {
        checks: Some(CheckSelector {
            name: name.map(|name| Regex::new(name).expect("valid")),
            check_type: None,
            script,
        }),
        date_field: None,
        status_field: None,
        status_passing: Regex::new("^ok$").expect("valid"),
    };
    let mappings = Mappings { antivirus: Some(by(Some("Defender"), None)), backup: Some(by(None, Some(7))) };
    let body = r#"[
        {"id":1,"check_type":"script","readable_desc":"Script Check: Defender","script":3,
         "check_result":{"status":"passing","last_run":"2026-11-21T02:00:00Z"}},
        {"id":2,"check_type":"script","readable_desc":"Script Check: Defender","script":3,"overridden_by_policy":true,
         "check_result":{"status":"failing"}},
        {"id":3,"check_type":"script","name":"Nightly","script":7,"check_result":{"status":"failing"}},
        {"id":4,"check_type":"script","name":"Other","script":"7","check_result":{"status":"passing"}}
    ]"#;
    let last_pass = "2026-11-21T02:00:00Z".parse().ok();
    let digest = |mapping: &Option<Mapping>| mapping.as_ref().unwrap().checks.as_ref().unwrap().digest();
    let expected = Signals {
        antivirus: Some(Signal { selector: digest(&mappings.antivirus), matched: true, well: Some(true), last_pass }),
        backup: Some(Signal { selector: digest(&mappings.backup), matched: true, well: Some(false), last_pass: None }),
    };
    for (mode, kept) in [(ChecksMode::None, 0), (ChecksMode::Failing, 1), (ChecksMode::All, 3)] {
        let decoder = Decoder::new("test", mode).mapping(mappings.clone());
        let checks = decode(&decoder, &Call::AgentChecks(DeviceId::new("a")), body, now()).expect("a list");
        assert_eq!((checks.checks.len(), checks.signals), (kept, expected));
    }
    assert_eq!(read(ChecksMode::All, body).signals, Signals::default());
}

#[test]
fn a_run_far_ahead_and_a_count_beyond_measure_are_unknown() {
    let body = r#"[{"id":1,"check_result":{"status":"failing","fail_count":18446744073709551615,
        "last_run":"9999-12-30T23:59:59Z"}},{"id":2,"check_result":{"status":"failing","fail_count":3,
        "last_run":"2026-11-21T05:00:00Z"}}]"#;
    let checks = read(ChecksMode::All, body).checks;
    assert_eq!((checks[0].last_run, checks[0].consecutive_failures), (None, None));
    assert_eq!((checks[1].last_run.is_some(), checks[1].consecutive_failures), (true, Some(3)));
}

#[test]
fn a_check_without_id_counts_and_one_that_is_no_record_leaves_no_count() {
    let body = r#"[{"id":1,"check_result":{"status":"failing"}},{"id":null,"check_result":{"status":"failing"}},
        {"id":"x","check_result":{"status":"passing"}}]"#;
    let read = read(ChecksMode::All, body);
    assert_eq!((read.counts.failing, read.counts.passing, read.checks.len()), (Some(2), Some(1), 1));
    let call = Call::AgentChecks(DeviceId::new("a"));
    let error = decode(&Decoder::new("test", ChecksMode::All), &call, r#"[{"id":1},7]"#, now());
    assert!(matches!(error, Err(ArrayError::SomeBad { bad: 1, total: 2, .. })), "{error:?}");
}

#[test]
fn a_check_that_is_listed_twice_is_its_first_record() {
    let body = r#"[{"id":1,"check_result":{"status":"failing"}},{"id":1,"check_result":{"status":"passing"}}]"#;
    let read = read(ChecksMode::All, body);
    assert_eq!((read.counts.failing, read.counts.passing, read.checks.len()), (Some(1), Some(0), 1));
    assert_eq!(read.checks[0].state, CheckState::Failing);
}

fn now() -> Timestamp {
    "2026-11-21T02:30:00Z".parse().expect("time")
}
