use super::*;
use crate::config::ChecksMode;
use crate::fleet::Kind;
use crate::planner::{Outcome, ReadCall as _};
use crate::platform::nsight::collectors::tests::{device_id, known, read, read_noting, read_text};
use crate::platform::nsight::noted::Noted;
use crate::platform::nsight::wire::fixture;

fn call() -> Call {
    Call::ListOutages(device_id("770215"))
}

/// What `inner` says within a good answer, and how many records were left out.
fn outages(inner: &str) -> Result<(Arc<Outages>, usize), Error> {
    let (mut updates, left_out) =
        read_text(&call(), &format!("<result status=\"OK\">{inner}</result>"), ChecksMode::Failing)?;
    assert_eq!(updates.len(), 1);
    let Some(Update::Reading(id, Reading::Outages(outages))) = updates.pop() else { panic!("wrong update") };
    assert_eq!(id, device_id("770215"));
    Ok((outages, left_out))
}

/// An outage of a check with these elements besides.
fn outage(inner: &str) -> String {
    format!("<outage><reason>CHECK_FAILURE</reason>{inner}</outage>")
}

fn only(reason: OutageReason, value: f64) -> [f64; 6] {
    let mut seconds = [0.0; 6];
    seconds[reason as usize] = value;
    seconds
}

#[test]
fn outages_by_reason() {
    let Update::Reading(_, Reading::Outages(outages)) = read(&call(), "list_outages.770215") else { panic!("update") };
    // 05:15 to 09:15 of two that overlap, 1,206 s, and one hour of the first day of the window.
    let check_failure = 14_400.0 + 1_206.0 + 3_600.0;
    let expected = Outages { open: [1, 0, 0, 0, 0, 0], seconds: [check_failure, 0.0, 0.0, 5_400.0, 30.0, 60.0] };
    assert_eq!(*outages, expected);
    let call = Call::ListOutages(device_id("770216"));
    let Update::Reading(_, Reading::Outages(outages)) = read(&call, "list_outages.770216") else { panic!("update") };
    // One without a start is open.
    let expected = Outages { open: [0, 1, 1, 0, 0, 0], seconds: only(OutageReason::DeviceOverdue, 9_840.0) };
    assert_eq!(*outages, expected);
}

#[test]
fn an_answer_without_outages_is_zeros_and_any_other_is_none() {
    for inner in ["", "<outages/>", "<items/>"] {
        let (outages, left_out) = outages(inner).expect("good");
        assert_eq!((&*outages, left_out), (&Outages::default(), 0), "{inner}");
    }
    for inner in ["<message>done</message>", "<outage/>", "<outage><reason>CHECK_FAILURE</reason></outage>"] {
        assert_eq!(outages(inner).expect_err(inner).outcome(), Outcome::InvalidResponse, "{inner}");
    }
    let open = outage("<state>OPEN</state>");
    let (outages, left_out) = outages(&format!("<note>x</note>{open}<outage/>")).expect("good");
    assert_eq!((outages.open[0], left_out), (1, 1), "a bad record spoils itself only");
}

#[test]
fn reasons_by_how_they_begin() {
    for (word, reason) in [
        ("CHECK_FAILURE", OutageReason::CheckFailure),
        ("check", OutageReason::CheckFailure),
        ("DEVICE_OFFLINE", OutageReason::DeviceOffline),
        ("DEVICEOFFLINE", OutageReason::DeviceOffline),
        ("DEVICE_OVERDUE", OutageReason::DeviceOverdue),
        ("Device Overdue", OutageReason::DeviceOverdue),
        ("SITE_DOWN", OutageReason::SiteDown),
        ("SITE_UNREACHABLE", OutageReason::SiteDown),
        ("UPLOAD_ERROR", OutageReason::UploadError),
        ("DEVICE", OutageReason::Unknown),
        ("", OutageReason::Unknown),
    ] {
        for element in ["reason", "outage_reason"] {
            let record = format!("<outage><{element}>{word}</{element}><state>OPEN</state></outage>");
            let mut expected = [0; 6];
            expected[reason as usize] = 1;
            assert_eq!(outages(&record).expect("good").0.open, expected, "{element} {word:?}");
        }
    }
}

#[test]
fn time_is_what_lies_in_the_window_and_can_be_told() {
    let closed = |start: &str, end: &str| {
        outage(&format!("<state>CLOSED</state><utc_start>{start}</utc_start><utc_end>{end}</utc_end>"))
    };
    let open = |start: &str| outage(&format!("<state>open</state><utc_start>{start}</utc_start>"));
    for (records, seconds, why) in [
        (closed("2026-03-04 08:00:00", "2026-03-04 08:00:07"), 7.0, "whole"),
        (closed("2026-01-01 00:00:00", "2026-02-02 09:15:00"), 0.0, "it ended when the window begins"),
        (closed("2026-01-01 00:00:00", "2026-02-02 09:15:01"), 1.0, "a second of it is in the window"),
        (open("2025-12-01 00:00:00"), 2_592_000.0, "the whole window"),
        (closed("2026-03-04 09:14:00", "2026-03-04 10:00:00"), 60.0, "no more than up to now"),
        (closed("2026-03-04 09:00:00", "2026-03-04 08:00:00"), 0.0, "it ends before it starts"),
        (closed("2026-03-04 10:00:00", "2026-03-04 11:00:00"), 0.0, "it is yet to come"),
        (open("2026-03-04 09:15:30"), 0.0, "it starts in the future"),
        (closed("0000-00-00 00:00:00", "2026-03-04 08:00:00"), 0.0, "nobody knows when it began"),
        (closed("2026-03-04 08:00:00", ""), 0.0, "nobody knows when it ended"),
        (
            closed("2026-03-04 08:30:00", "2026-03-04 08:40:00")
                + &closed("2026-03-04 08:00:00", "2026-03-04 09:00:00")
                + &closed("2026-03-04 08:50:00", "2026-03-04 09:10:00")
                + &closed("2026-03-04 09:10:00", "2026-03-04 09:11:00"),
            71.0 * 60.0,
            "overlaps count once",
        ),
    ] {
        let (outages, _) = outages(&records).expect("good");
        let expected = Outages { open: outages.open, seconds: only(OutageReason::CheckFailure, seconds) };
        assert_eq!(*outages, expected, "{why}");
    }
}

#[test]
fn the_state_decides_what_is_open_and_else_the_end() {
    let end = "<utc_end>2026-03-04 08:00:00</utc_end>";
    for (state, with_end, without) in [("OPEN", 1, 1), ("Closed", 0, 0), ("ACKNOWLEDGED", 0, 1), ("", 0, 1)] {
        let start = "<utc_start>2026-03-04 07:00:00</utc_start>";
        let open = |end: &str| {
            let record = outage(&format!("<state>{state}</state>{start}{end}"));
            outages(&record).expect("good").0.open[0]
        };
        assert_eq!((open(end), open("")), (with_end, without), "{state:?}");
    }
}

#[test]
fn every_device_with_an_agent_is_asked() {
    let devices = vec![
        known("1", Kind::Server, "10", "20", |_| {}),
        known("2", Kind::Workstation, "10", "20", |record| record.agentless = Some(false)),
        known("3", Kind::Workstation, "10", "20", |record| record.agentless = Some(true)),
        known("4", Kind::Mobile, "10", "20", |_| {}),
    ];
    let calls = calls(&View { devices, ..View::default() });
    let identities: Vec<_> = calls.iter().map(Call::identity).collect();
    assert_eq!(identities, ["list_outages?deviceid=1", "list_outages?deviceid=2"]);
}

#[test]
fn unknown_words_are_noted_once() {
    let noted = Noted::new("msp");
    for fixture in ["list_outages.770215", "list_outages.770216", "list_outages.770215"] {
        read_noting(&call(), &fixture::text(fixture), ChecksMode::Failing, &noted).expect("good");
    }
    assert_eq!(noted.seen(), [("list_outages", "reason", "MAINTENANCE".to_owned())]);
    let text = format!("<result>{}</result>", outage("<state>PAUSED</state>").repeat(2));
    read_noting(&call(), &text, ChecksMode::Failing, &noted).expect("good");
    assert_eq!(noted.seen()[1..], [("list_outages", "state", "PAUSED".to_owned())]);
}

#[test]
fn an_outage_that_is_named_twice_is_one() {
    let open = |id: &str| outage(&format!("<outage_id>{id}</outage_id><state>OPEN</state>"));
    let (outages, left_out) = outages(&[open("1"), open("2"), open("1"), open(""), open("")].concat()).expect("good");
    assert_eq!((outages.open[0], left_out), (4, 0), "those without an id are told apart by nothing");
}
