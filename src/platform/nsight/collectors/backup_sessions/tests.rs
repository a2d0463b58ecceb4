use std::fmt::Write as _;

use super::*;
use crate::config::ChecksMode;
use crate::fleet::Kind;
use crate::planner::{Outcome, ReadCall};
use crate::platform::nsight::collectors::tests::{device_id, known, read, read_text};

fn time(text: &str) -> Timestamp {
    text.parse().expect("time")
}

fn call() -> Call {
    Call::ListMobSessions(device_id("770215"))
}

/// Whatever is in a good answer of the device, and how many records were left out.
fn sessions_in(inner: &str) -> (Vec<PluginSessions>, usize) {
    let text = format!("<result status='OK'>{inner}</result>");
    let (updates, left_out) = read_text(&call(), &text, ChecksMode::Failing).expect("good");
    let [Update::Reading(id, Reading::Sessions(sessions))] = updates.as_slice() else { panic!("{updates:?}") };
    assert_eq!(*id, device_id("770215"));
    (sessions.to_vec(), left_out)
}

fn session(id: u64, plugin: &str, start: &str, end: &str, status: &str) -> String {
    format!(
        "<session><session_id>{id}</session_id><type>BACKUP</type><plugin>{plugin}</plugin><start>{start}</start>\
         <end>{end}</end><transferred_size>{id}</transferred_size><status>{status}</status></session>"
    )
}

#[test]
fn devices_with_the_feature_and_an_agent_are_asked() {
    let with_backup = |agentless| {
        move |record: &mut crate::fleet::DeviceRecord| {
            record.agentless = agentless;
            record.features = Some(vec![Feature::Patch, Feature::Backup]);
        }
    };
    let view = View {
        devices: vec![
            known("1", Kind::Server, "10", "20", with_backup(None)),
            known("2", Kind::Server, "10", "20", |record| record.features = Some(vec![Feature::Patch])),
            known("3", Kind::Server, "10", "20", |_| {}),
            known("4", Kind::Workstation, "10", "20", with_backup(Some(false))),
            known("5", Kind::Workstation, "10", "20", with_backup(Some(true))),
            known("6", Kind::Workstation, "10", "20", with_backup(None)),
            known("7", Kind::Mobile, "10", "20", with_backup(None)),
        ],
        ..View::default()
    };
    let identities: Vec<_> = calls(&view).iter().map(ReadCall::identity).collect();
    assert_eq!(identities, ["list_mob_sessions?deviceid=1", "list_mob_sessions?deviceid=4"]);
    assert_eq!(calls(&View::default()), []);
}

#[test]
fn the_newest_session_of_each_plugin_in_any_order() {
    let Update::Reading(id, Reading::Sessions(sessions)) = read(&call(), "list_mob_sessions.770215") else {
        panic!("wrong update")
    };
    assert_eq!(id, device_id("770215"));
    let newest = |status, seconds: Option<u64>, sizes: [Option<u64>; 3], errors| NewestSession {
        status,
        duration: seconds.map(Duration::from_secs),
        transferred_bytes: sizes[0],
        selected_bytes: sizes[1],
        processed_bytes: sizes[2],
        errors: Some(errors),
    };
    let plugin = |plugin: &str, last_success: Option<&str>, newest| PluginSessions {
        plugin: plugin.into(),
        last_success: last_success.map(time),
        newest,
    };
    let expected = [
        // A status that this version does not know; the rest is told.
        plugin("exchange", None, newest(None, Some(1200), [Some(0), Some(2000), Some(0)], 0)),
        plugin(
            "file_system",
            Some("2026-03-04T00:31:12Z"),
            newest(
                Some(SessionStatus::Completed),
                Some(1572),
                [Some(524_288), Some(812_345_678_901), Some(2_048_576)],
                0,
            ),
        ),
        plugin(
            "mssql",
            Some("2026-02-20T01:10:00Z"),
            newest(Some(SessionStatus::NotStarted), None, [Some(0), Some(5_368_709_120), Some(0)], 1),
        ),
        // It ends before it starts.
        plugin("network_shares", None, newest(Some(SessionStatus::Failed), None, [Some(0), Some(1000), Some(0)], 17)),
        plugin(
            "system_state",
            Some("2026-03-03T00:40:00Z"),
            newest(Some(SessionStatus::CompletedWithErrors), Some(570), [Some(850), Some(42_949_672_960), None], 3),
        ),
    ];
    assert_eq!(*sessions, expected);
}

#[test]
fn a_whole_life_of_sessions_is_as_small_as_its_plugins() {
    let mut inner = String::new();
    let first = time("2016-03-04T00:00:00Z");
    let (sessions, plugins) = (25_000_u64, ["FILE_SYSTEM", "SYSTEM_STATE", "MSSQL", "EXCHANGE", "VMWARE"]);
    // Neither in order nor in reverse: 7919 has no factor in common with their number.
    for number in (0..sessions).map(|index| index * 7919 % sessions) {
        let start = first + Duration::from_hours(number);
        let (start, end) = (start.strftime("%F %T"), (start + Duration::from_mins(1)).strftime("%F %T"));
        let plugin = plugins[usize::try_from(number % 5).expect("small")];
        let status = if number < 24_000 { "COMPLETED" } else { "FAILED" };
        write!(inner, "{}", session(number, plugin, &start.to_string(), &end.to_string(), status)).expect("written");
    }
    let (newest, left_out) = sessions_in(&inner);
    assert_eq!((newest.len(), left_out), (5, 0));
    for plugin in newest {
        let number = plugins.iter().position(|name| plugin.plugin == backup_plugin(name)).expect("one of them") as u64;
        assert_eq!(plugin.newest.transferred_bytes, Some(24_995 + number), "{:?}", plugin.plugin);
        assert_eq!(plugin.newest.status, Some(SessionStatus::Failed));
        let success = first + Duration::from_secs((23_995 + number) * 3600 + 60);
        assert_eq!(plugin.last_success, Some(success));
    }
}

#[test]
fn a_session_without_end_counts_by_its_start() {
    let ended = session(1, "ORACLE", "2026-03-01 00:00:00", "2026-03-01 05:00:00", "COMPLETED");
    let later = session(2, "ORACLE", "2026-03-01 06:00:00", "0000-00-00 00:00:00", "COMPLETED");
    let earlier = session(3, "ORACLE", "2026-03-01 04:00:00", "", "INTERRUPTED");
    let (sessions, _) = sessions_in(&[later, ended, earlier].concat());
    let [oracle] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!((oracle.newest.transferred_bytes, oracle.newest.duration), (Some(2), None));
    assert_eq!(oracle.last_success, Some(time("2026-03-01T05:00:00Z")), "when it ended is known of this one");
}

#[test]
fn sessions_that_end_at_once_are_ordered_by_id() {
    let [one, two] = [1, 2].map(|id| session(id, "ORACLE", "", "2026-03-01 05:00:00", "FAILED"));
    for inner in [format!("{one}{two}"), format!("{two}{one}")] {
        assert_eq!(sessions_in(&inner).0[0].newest.transferred_bytes, Some(2));
    }
}

#[test]
fn a_time_to_come_is_none() {
    let past = session(1, "ORACLE", "2026-03-01 00:00:00", "2026-03-01 05:00:00", "COMPLETED");
    let future = session(2, "ORACLE", "2027-03-01 00:00:00", "2027-03-01 05:00:00", "COMPLETED");
    let into_future = session(3, "ORACLE", "2026-02-01 00:00:00", "2027-03-01 05:00:00", "COMPLETED");
    let (sessions, left_out) = sessions_in(&[future.clone(), past, into_future].concat());
    assert_eq!((sessions[0].newest.transferred_bytes, left_out), (Some(1), 0));
    assert_eq!(sessions[0].last_success, Some(time("2026-03-01T05:00:00Z")));
    assert_eq!(sessions_in(&future), (vec![], 0));
}

#[test]
fn every_status_in_any_case() {
    for (index, label) in SessionStatus::LABELS.into_iter().enumerate() {
        for word in [label.to_owned(), label.to_uppercase()] {
            let (sessions, _) = sessions_in(&session(1, "ORACLE", "", "2026-03-01 05:00:00", &word));
            assert_eq!(sessions[0].newest.status.map(|status| status as usize), Some(index), "{word}");
        }
    }
}

#[test]
fn no_sessions_are_none_and_something_else_is_no_answer() {
    for inner in ["", "<example/>", "<sessions/>", "<items> </items>"] {
        assert_eq!(sessions_in(inner), (vec![], 0), "{inner}");
    }
    let wrapped = session(1, "ORACLE", "", "2026-03-01 05:00:00", "FAILED");
    for name in ["example", "sessions"] {
        assert_eq!(sessions_in(&format!("<{name}>{wrapped}</{name}>")).0.len(), 1, "{name}");
    }
    for text in ["<result><days><day/></days></result>", "<settings/>", ""] {
        let error = read_text(&call(), text, ChecksMode::Failing).expect_err(text);
        assert_eq!(error.outcome(), Outcome::InvalidResponse, "{text}");
    }
}

#[test]
fn a_session_that_says_too_little_spoils_itself() {
    let good = session(1, "ORACLE", "", "2026-03-01 05:00:00", "FAILED");
    let without_plugin = session(2, "", "", "2026-03-02 05:00:00", "FAILED");
    let without_time = session(3, "ORACLE", "", "0000-00-00 00:00:00", "FAILED");
    let other_type = session(4, "ORACLE", "", "2026-03-02 05:00:00", "FAILED").replace("BACKUP", "ARCHIVE");
    let (sessions, left_out) = sessions_in(&[without_plugin, without_time.clone(), other_type, good].concat());
    assert_eq!((sessions[0].newest.transferred_bytes, left_out), (Some(1), 2));
    assert!(read_text(&call(), &format!("<result>{without_time}</result>"), ChecksMode::Failing).is_err());
}

#[test]
fn the_number_of_plugins_is_bounded() {
    let inner: String =
        (0..100).map(|n| session(n, &format!("PLUGIN_{n}"), "", "2026-03-01 05:00:00", "FAILED")).collect();
    assert_eq!(sessions_in(&inner).0.len(), MAX_PLUGINS);
}
