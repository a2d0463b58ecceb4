use super::*;
use crate::config::ChecksMode;
use crate::fleet::Kind;
use crate::planner::{Outcome, ReadCall as _};
use crate::platform::nsight::collectors::tests::{THREE_DAYS, device_id, known, read, read_text};

const MEGABYTE: u64 = 1_048_576;

fn call() -> Call {
    Call::ListDriveSpaceHistory(device_id("770215"), THREE_DAYS)
}

fn shown(update: Update) -> Vec<(String, u64)> {
    let Update::Reading(_, Reading::Drives(drives)) = update else { panic!("wrong update") };
    assert!(drives.iter().all(|drive| drive.size_bytes.is_none() && drive.used_ratio.is_none()));
    drives.iter().map(|drive| (drive.disk.as_str().to_owned(), drive.used_bytes.expect("known"))).collect()
}

/// The drives that `inner` names within a good answer, with their megabytes, and how many records were left out.
fn drives(inner: &str) -> Result<(Vec<(String, u64)>, usize), Error> {
    let text = format!("<result status=\"OK\">{inner}</result>");
    let (mut updates, left_out) = read_text(&call(), &text, ChecksMode::Failing)?;
    let drives = shown(updates.pop().expect("an update"));
    Ok((drives.into_iter().map(|(disk, bytes)| (disk, bytes / MEGABYTE)).collect(), left_out))
}

fn good(inner: &str) -> Vec<(String, u64)> {
    let (drives, left_out) = drives(inner).expect("good");
    assert_eq!(left_out, 0, "{inner}");
    drives
}

/// A drive with the given elements and its megabytes on days of March.
fn drive(elements: &str, days: &[(u8, &str)]) -> String {
    let days = days.iter().map(|(day, used)| {
        format!("<data><day>2026-03-{day:02}</day><space_free>7</space_free><space_used>{used}</space_used></data>")
    });
    format!("<drive>{elements}<history>{}</history></drive>", days.collect::<String>())
}

fn expected(drives: &[(&str, u64)]) -> Vec<(String, u64)> {
    drives.iter().map(|(disk, used)| ((*disk).to_owned(), *used)).collect()
}

#[test]
fn the_newest_day_of_each_drive() {
    let drives = shown(read(&call(), "list_drive_space_history.770215"));
    // E: was last measured three days before C:.
    assert_eq!(drives, expected(&[("C:", 239_402 * MEGABYTE), ("D:", 20 * MEGABYTE + MEGABYTE / 2)]));
    let call = Call::ListDriveSpaceHistory(device_id("770216"), THREE_DAYS);
    assert_eq!(shown(read(&call, "list_drive_space_history.770216")), expected(&[("/srv/größe", 0)]));
}

#[test]
fn no_drive_space_check_is_no_drives() {
    for inner in ["", "<items/>", "<drives/>", "<drive><letter>C</letter></drive>", "<message>none</message>"] {
        assert_eq!(good(inner), [], "{inner}");
    }
}

#[test]
fn the_name_wherever_it_stands() {
    for (elements, name) in [
        ("<letter>C</letter><check_id>1</check_id>", "C:"),
        ("<check_id>1</check_id><drive>d:</drive>", "d:"),
        ("<name><![CDATA[/var]]></name>", "/var"),
        ("<label>System</label><letter>C</letter>", "C:"),
        (
            "<space_total>5000</space_total><checked>2026-03-04</checked><status>OK</status><volume_id>E</volume_id>",
            "E:",
        ),
        ("<letter/><mount>/</mount>", "/"),
    ] {
        assert_eq!(good(&drive(elements, &[(4, "5")])), expected(&[(name, 5)]), "{elements}");
    }
    let after = "<drive><history><data><day>2026-03-04</day><space_used>5</space_used></data></history><letter>C</letter></drive>";
    assert_eq!(good(after), expected(&[("C:", 5)]));
    let wrapped = format!(
        "<drives>{}{}</drives>",
        drive("<letter>C</letter>", &[(4, "5")]),
        drive("<letter>D</letter>", &[(4, "6")])
    );
    assert_eq!(good(&wrapped), expected(&[("C:", 5), ("D:", 6)]));
    let long = format!("<remark>{}</remark>", "long ".repeat(20));
    let (named, nameless) = (drive("<letter>C</letter>", &[(4, "5")]), drive(&long, &[(4, "5")]));
    assert_eq!(drives(&(named + &nameless)).expect("good"), (expected(&[("C:", 5)]), 1));
    assert_eq!(drives(&nameless).expect_err("nothing good").outcome(), Outcome::InvalidResponse);
}

#[test]
fn a_drive_that_is_gone_is_not_shown() {
    let two = |one: u8, other: u8| {
        good(&(drive("<letter>C</letter>", &[(one, "5")]) + &drive("<letter>D</letter>", &[(1, "9"), (other, "6")])))
    };
    assert_eq!(two(4, 3), expected(&[("C:", 5), ("D:", 6)]), "one day is the difference between two checks");
    assert_eq!(two(4, 2), expected(&[("C:", 5)]));
    // The account reads on 4 March; a clock that is a day ahead is believed, one that is far ahead hides nothing.
    assert_eq!(two(5, 4), expected(&[("C:", 5), ("D:", 6)]));
    assert_eq!(two(20, 4), expected(&[("D:", 6)]));
    let of = |day| good(&drive("<letter>C</letter>", &[(day, "5")]));
    assert_eq!((of(1).len(), of(4).len()), (1, 1));
    let before = "<drive><letter>C</letter><history><data><day>2026-02-28</day><space_used>5</space_used></data></history></drive>";
    assert_eq!(good(before), [], "older than what was asked for");
}

#[test]
fn a_drive_twice_has_the_newer_value_or_the_first() {
    let two = |one: u8, other: u8| {
        good(&(drive("<letter>C</letter>", &[(one, "5")]) + &drive("<letter>C:</letter>", &[(other, "6")])))
    };
    assert_eq!(
        (two(4, 4), two(3, 4), two(4, 3)),
        (expected(&[("C:", 5)]), expected(&[("C:", 6)]), expected(&[("C:", 5)]))
    );
}

#[test]
fn numbers_that_cannot_be_are_no_values() {
    for used in ["", "-5", "NaN", "inf", "1e9", "99999999999999999999", "n/a"] {
        let c = drive("<letter>C</letter>", &[(3, "4"), (4, used)]);
        assert_eq!(good(&(c + &drive("<letter>D</letter>", &[(4, "6")]))), expected(&[("D:", 6)]), "{used:?}");
    }
    let without = |data: &str| format!("<drive><letter>C</letter><history><data>{data}</data></history></drive>");
    for data in
        ["", "<day>2026-03-04</day>", "<space_used>5</space_used>", "<day>2026W10</day><space_used>5</space_used>"]
    {
        assert_eq!(good(&without(data)), [], "{data}");
    }
}

#[test]
fn every_device_with_an_agent_is_asked_for_what_would_be_shown() {
    let devices = vec![
        known("1", Kind::Server, "10", "20", |_| {}),
        known("2", Kind::Workstation, "10", "20", |record| record.agentless = Some(false)),
        known("3", Kind::Workstation, "10", "20", |record| record.agentless = Some(true)),
        known("4", Kind::Mobile, "10", "20", |_| {}),
    ];
    let calls = calls(&View { devices, ..View::default() }, THREE_DAYS);
    let identities: Vec<_> = calls.iter().map(Call::identity).collect();
    let of = |id| format!("list_drive_space_history?deviceid={id}&interval=DAY");
    assert_eq!(identities, [of(1), of(2)]);
    let since = calls[0].moving_parameters("2026-03-04T09:15:00Z".parse().expect("time"));
    assert_eq!(since, [("since", "2026-03-01".to_owned())]);
}
