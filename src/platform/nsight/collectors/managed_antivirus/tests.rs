use super::*;
use crate::config::ChecksMode;
use crate::fleet::{DeviceRecord, Kind};
use crate::planner::{Outcome, ReadCall};
use crate::platform::nsight::collectors::tests::{device_id, known, read, read_text};
use crate::platform::nsight::noted::tests::logged;

fn target(engine: AntivirusEngine, utc_offset: Option<i32>) -> AntivirusTarget {
    AntivirusTarget { device: device_id("770215"), engine, utc_offset }
}

fn vipre() -> AntivirusTarget {
    target(AntivirusEngine::Vipre, None)
}

fn bitdefender(utc_offset: Option<i32>) -> AntivirusTarget {
    target(AntivirusEngine::Bitdefender, utc_offset)
}

/// What the records say as an answer to `call`, and how many were left out.
fn reading(call: &Call, records: &str) -> Result<(Reading, usize), Error> {
    let text = format!("<result status=\"OK\">{records}</result>");
    let (mut updates, left_out) = read_text(call, &text, ChecksMode::Failing)?;
    match (updates.pop(), updates.is_empty()) {
        (Some(Update::Reading(device, reading)), true) => {
            assert_eq!(device, device_id("770215"));
            Ok((reading, left_out))
        }
        other => panic!("{other:?}"),
    }
}

fn of_fixture(call: &Call, fixture: &str) -> Reading {
    match read(call, fixture) {
        Update::Reading(_, reading) => reading,
        other => panic!("{other:?}"),
    }
}

#[test]
fn calls_for_devices_with_the_feature() {
    let engine = |engine, utc_offset| {
        move |record: &mut DeviceRecord| {
            record.agentless = Some(false);
            record.antivirus_engine = engine;
            record.utc_offset = utc_offset;
        }
    };
    let view = View {
        devices: vec![
            known("1", Kind::Server, "10", "20", engine(Some(AntivirusEngine::Vipre), None)),
            known("2", Kind::Workstation, "10", "20", engine(Some(AntivirusEngine::Bitdefender), Some(3600))),
            known("3", Kind::Server, "10", "20", engine(None, Some(0))),
            known("4", Kind::Workstation, "10", "20", |record| {
                record.antivirus_engine = Some(AntivirusEngine::Vipre);
            }),
            known("5", Kind::Mobile, "10", "20", engine(Some(AntivirusEngine::Vipre), None)),
        ],
        ..View::default()
    };
    let calls = calls(&view);
    let identities: Vec<String> = calls.iter().map(ReadCall::identity).collect();
    let expected = [
        "list_mav_threats?deviceid=1&v=1",
        "list_mav_quarantine?deviceid=1&items=CURRENT&v=1",
        "list_mav_scans?details=NO&deviceid=1&v=1",
        "list_mav_threats?deviceid=2&v=2",
        "list_mav_quarantine?deviceid=2&items=CURRENT&v=2",
        "list_mav_scans?details=NO&deviceid=2&v=2",
    ];
    assert_eq!(identities, expected, "not without the feature, nor before it is known that there is an agent");
    let Some(Call::ListMavScans(target)) = calls.last() else { panic!("{calls:?}") };
    assert_eq!(target.utc_offset, Some(3600));
}

#[test]
fn scans_in_local_time_wait_for_the_details_of_the_device() {
    let scans = |engine, agentless| {
        let server = known("1", Kind::Server, "10", "20", |record| {
            record.antivirus_engine = Some(engine);
            record.agentless = agentless;
        });
        let calls = calls(&View { devices: vec![server], ..View::default() });
        assert!(calls.iter().any(|call| matches!(call, Call::ListMavThreats(_))));
        assert!(calls.iter().any(|call| matches!(call, Call::ListMavQuarantine(_))));
        calls.iter().any(|call| matches!(call, Call::ListMavScans(_)))
    };
    assert!(!scans(AntivirusEngine::Bitdefender, None));
    assert!(scans(AntivirusEngine::Bitdefender, Some(false)), "with or without an offset");
    assert!(scans(AntivirusEngine::Vipre, None), "its times are UTC");
}

#[test]
fn threats_by_every_word_of_both_engines() {
    use ThreatStatus::{Active, Failed, Quarantined, Resolved};
    let counts = |word: &str| {
        let record = format!("<threat><name>x</name><last_status>{word}</last_status></threat>");
        reading(&Call::ListMavThreats(vipre()), &record).expect("good").0
    };
    for (status, words) in [
        (Quarantined, &["QUARANTINED", "Quarantined", "DELETE_PENDING", "RELEASE_PENDING", "Release Pending"][..]),
        (Resolved, &["DELETED", "Deleted", "Cleaned", "CLEANED", "Blocked", "QuarantineDeleted", "quarantinedeleted"]),
        (Failed, &["FAILED_TO_QUARANTINE", "FAILED_TO_RELEASE", "FAILED_TO_DELETE", "Failed To Clean"]),
        (Active, &["Detected", "REPORTED", "Ignored", "RELEASED", "QuarantineRestored", "Vaporised", ""]),
    ] {
        for word in words {
            let mut expected = [0; 4];
            expected[status as usize] = 1;
            assert_eq!(counts(word), Reading::Threats(expected), "{word:?}");
        }
    }
    let fixture = |id: &str| of_fixture(&Call::ListMavThreats(vipre()), &format!("list_mav_threats.{id}"));
    assert_eq!(fixture("770215.v2"), Reading::Threats([3, 1, 4, 1]));
    assert_eq!(fixture("770216.v1"), Reading::Threats([2, 3, 1, 3]));
    assert_eq!(fixture("770480.v2"), Reading::Threats([0; 4]), "looked, and there is none");
}

#[test]
fn only_unknown_words_are_logged_and_each_once() {
    let noted = crate::platform::nsight::noted::Noted::new("msp");
    let context = Context {
        now: "2026-03-04T09:15:00Z".parse().expect("time"),
        offline_after: None,
        checks_mode: ChecksMode::Failing,
        noted: &noted,
    };
    let log = logged(|| {
        for word in
            ["Detected", "REPORTED", "Ignored", "RELEASED", "QuarantineRestored", "DELETED", "Vaporised", "Vaporised"]
        {
            threat_status(word, &context);
        }
        let unfinished = ["NONE", "PENDING", "PENDING_AGENT", "CANCELED", "ERROR", "PAUSED", "RUNNING"];
        for word in unfinished.into_iter().chain(["Scan Aborted", "Scan Stopped", "Scan In Progress", "Dreaming"]) {
            assert!(!is_finished(word, &context), "{word}");
        }
        for word in ["FINISHED", "Finished", "Scan Finished Normally", "SCAN FINISHED NORMALLY"] {
            assert!(is_finished(word, &context), "{word}");
        }
        for (word, expected) in [
            ("QUICK", ScanType::Quick),
            ("Quick", ScanType::Quick),
            ("DEEP", ScanType::Deep),
            ("Deep", ScanType::Deep),
            ("CUSTOM", ScanType::Custom),
            ("Custom", ScanType::Custom),
            ("ACTIVE", ScanType::Other),
            ("Active Protection", ScanType::Other),
            ("Behavioral", ScanType::Other),
            ("IDS", ScanType::Other),
            ("Device", ScanType::Other),
            ("Sideways", ScanType::Other),
        ] {
            assert_eq!(scan_type(word, &context), expected, "{word}");
        }
    });
    let mut values: Vec<_> = log.lines().filter_map(|line| line.split("value=").nth(1)).collect();
    values.sort_unstable();
    assert_eq!(values, ["\"Dreaming\"", "\"Sideways\"", "\"Vaporised\""], "{log}");
}

#[test]
fn quarantine_is_what_the_answer_holds() {
    let call = Call::ListMavQuarantine(vipre());
    let fixture = |id: &str| of_fixture(&call, &format!("list_mav_quarantine.{id}"));
    assert_eq!(fixture("770215.v2"), Reading::Quarantined(3));
    assert_eq!(fixture("770216.v1"), Reading::Quarantined(1));
    assert_eq!(fixture("770480.v2"), Reading::Quarantined(0));
    // Asked for what is in quarantine now, the platform names these: their words do not count.
    let words = ["Deleted", "Restored", "RELEASED", "Quarantined", ""];
    let item = |(id, word): (usize, &&str)| {
        format!("<quarantined_item><guid>{id}</guid><status>{word}</status></quarantined_item>")
    };
    let items: String = words.iter().enumerate().map(item).collect();
    assert_eq!(reading(&call, &items).expect("good"), (Reading::Quarantined(5), 0));
    let one_bad = format!("{items}<quarantined_item/>");
    assert_eq!(reading(&call, &one_bad).expect("good"), (Reading::Quarantined(5), 1));
}

#[test]
fn an_item_that_is_named_twice_is_one() {
    let item = |id: &str, guid: &str, engine: &str| {
        let ids = format!("<quarantine_id>{id}</quarantine_id><guid>{guid}</guid>");
        format!("<quarantined_item>{ids}<threat_name>A</threat_name><engine>{engine}</engine></quarantined_item>")
    };
    let items = [item("1", "1", "Bitdefender"), item("1", "{1}", "VIPRE"), item("1", "1", "Bitdefender")].concat();
    let call = Call::ListMavQuarantine(vipre());
    assert_eq!(reading(&call, &items).expect("good"), (Reading::Quarantined(2), 0), "ids of two engines can be equal");
    let nameless = item("", "", "").repeat(2);
    assert_eq!(reading(&call, &nameless).expect("good"), (Reading::Quarantined(2), 0));
}

#[test]
fn an_answer_of_another_sort_is_no_empty_list() {
    let calls = [Call::ListMavThreats(vipre()), Call::ListMavQuarantine(vipre()), Call::ListMavScans(vipre())];
    for call in &calls {
        for other in ["<message>later</message>", "<items><client><clientid>1</clientid></client></items>"] {
            let error = reading(call, other).expect_err("another answer");
            assert_eq!(error.outcome(), Outcome::InvalidResponse, "{call:?} {other}");
        }
        for bad in ["<threat/>", "<quarantined_item/>", "<scan/>"] {
            assert!(reading(call, bad).is_err(), "{call:?} {bad}");
        }
        for empty in ["", "<items/>", "<threats/><quarantined_items/><scans/>"] {
            assert!(reading(call, empty).is_ok(), "{call:?} {empty}");
        }
    }
}

/// A scan with two threats; errors are not told.
fn scan(scan_type: &str, status: &str, end: &str, engine: &str) -> String {
    format!(
        "<scan><type>{scan_type}</type><status>{status}</status><start>2026-01-01 00:00:00</start><end>{end}</end>\
         <threat_count>2</threat_count><error_count/><engine>{engine}</engine></scan>"
    )
}

/// Type, end, threats and errors of what is kept.
type Kept = (&'static str, Option<String>, Option<u64>, Option<u64>);

fn kept(reading: &Reading) -> Vec<Kept> {
    let Reading::Scans(scans) = reading else { panic!("{reading:?}") };
    let end = |scan: &Scan| scan.end.map(|end| end.to_string());
    scans.iter().map(|scan| (scan.scan_type.name(), end(scan), scan.threats, scan.errors)).collect()
}

fn ends(target: &AntivirusTarget, scans: &[String]) -> Vec<Option<String>> {
    let (reading, _) = reading(&Call::ListMavScans(target.clone()), &scans.concat()).expect("good");
    kept(&reading).into_iter().map(|(_, end, ..)| end).collect()
}

fn at(time: &str) -> String {
    time.to_owned()
}

#[test]
fn the_newest_finished_scan_of_each_type() {
    let of = |target: AntivirusTarget, fixture: &str| {
        kept(&of_fixture(&Call::ListMavScans(target), &format!("list_mav_scans.{fixture}")))
    };
    let expected = [
        ("quick", Some(at("2026-03-04T01:06:40Z")), Some(0), Some(2)),
        // 02:30 of the device is 01:30 UTC, before 01:45 UTC.
        ("deep", Some(at("2026-03-01T01:45:00Z")), Some(4), Some(1)),
        ("other", Some(at("2026-02-11T13:02:00Z")), Some(1), Some(0)),
    ];
    assert_eq!(of(bitdefender(Some(3600)), "770215.v2"), expected);
    let expected = [
        ("quick", Some(at("2026-03-02T01:20:00Z")), Some(0), Some(0)),
        ("custom", Some(at("2026-02-20T20:15:30Z")), Some(2), Some(1)),
    ];
    assert_eq!(of(vipre(), "770216.v1"), expected);
    assert_eq!(of(bitdefender(None), "770480.v2"), []);
}

#[test]
fn without_the_offset_counts_are_known_and_times_are_not() {
    let expected =
        [("quick", None, Some(0), Some(2)), ("deep", None, Some(3), Some(0)), ("other", None, Some(1), Some(0))];
    let call = Call::ListMavScans(bitdefender(None));
    assert_eq!(kept(&of_fixture(&call, "list_mav_scans.770215.v2")), expected);
}

#[test]
fn the_engine_of_the_record_decides_then_that_of_the_device() {
    let (utc, local) = (Some(at("2026-03-01T12:00:00Z")), Some(at("2026-03-01T17:00:00Z")));
    let west = bitdefender(Some(-18000));
    let late = target(AntivirusEngine::Vipre, Some(-18000));
    for (target, engine, expected) in [
        (&west, "Bitdefender", &local),
        (&west, "", &local),
        (&west, "Newcomer", &local),
        (&west, "VIPRE", &utc),
        (&bitdefender(None), "vipre", &utc),
        (&vipre(), "", &utc),
        (&late, "", &utc),
        (&late, "bitdefender", &local),
    ] {
        let records = [scan("Quick", "Finished", "2026-03-01 12:00:00", engine)];
        assert_eq!(ends(target, &records), std::slice::from_ref(expected), "{target:?} {engine}");
    }
}

#[test]
fn what_ended_in_the_future_is_not_believed() {
    // It is 09:15.
    let quick = |end: &str| scan("Quick", "Finished", end, "");
    let real = quick("2026-03-03 01:00:00");
    assert_eq!(ends(&vipre(), &[quick("2026-03-05 09:15:01"), real.clone()]), [Some(at("2026-03-03T01:00:00Z"))]);
    assert_eq!(ends(&vipre(), &[quick("2035-01-01 00:00:00")]), [None; 0]);
    assert_eq!(
        ends(&vipre(), &[real, quick("2026-03-05 09:15:00")]),
        [Some(at("2026-03-05T09:15:00Z"))],
        "a day or less"
    );
}

#[test]
fn a_finished_scan_without_end_is_as_old_as_its_start() {
    let records = [scan("Quick", "FINISHED", "", ""), scan("Quick", "FINISHED", "2025-12-31 23:59:59", "")];
    assert_eq!(ends(&vipre(), &records), [None]);
    let records =
        [scan("Quick", "FINISHED", "0000-00-00 00:00:00", ""), scan("Quick", "FINISHED", "2026-01-01 00:00:01", "")];
    assert_eq!(ends(&vipre(), &records), [Some(at("2026-01-01T00:00:01Z"))]);
    let (reading, left_out) =
        reading(&Call::ListMavScans(vipre()), "<scan><type>Deep</type><status>Finished</status></scan><scan/>")
            .expect("good");
    assert_eq!((kept(&reading), left_out), (vec![("deep", None, None, None)], 1));
}
