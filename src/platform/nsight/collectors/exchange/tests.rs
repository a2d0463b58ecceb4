use super::*;
use crate::config::ChecksMode;
use crate::fleet::{DeviceInfo, OsFamily};
use crate::planner::{Outcome, ReadCall as _};
use crate::platform::nsight::collectors::tests::{THREE_DAYS, device_id, known, read, read_noting, read_text};
use crate::platform::nsight::noted::Noted;
use crate::platform::nsight::wire::fixture;

const MEGABYTE: u64 = 1_048_576;

fn call() -> Call {
    Call::ListExchangeStorageHistory(device_id("770215"), THREE_DAYS)
}

fn shown(update: Update) -> Vec<(String, u64)> {
    let Update::Reading(_, Reading::Stores(stores)) = update else { panic!("wrong update") };
    stores.iter().map(|store| (store.store.as_str().to_owned(), store.bytes / MEGABYTE)).collect()
}

/// The stores that `inner` names within a good answer, with their megabytes. No record of it is bad.
fn stores(inner: &str) -> Vec<(String, u64)> {
    let text = format!("<result status=\"OK\">{inner}</result>");
    let (mut updates, left_out) = read_text(&call(), &text, ChecksMode::Failing).expect("good");
    assert_eq!((updates.len(), left_out), (1, 0), "{inner}");
    shown(updates.remove(0))
}

fn history(data: &str) -> String {
    format!("<history><data><day>2026-03-04</day>{data}</data></history>")
}

#[test]
fn the_newest_day_of_each_store() {
    let stores = shown(read(&call(), "list_exchange_storage_history.770215"));
    assert_eq!(stores, [("Mailbox Database 01 & Archiv".to_owned(), 81_920), ("Öffentliche Ordner".to_owned(), 512)]);
}

#[test]
fn any_element_with_a_history_is_a_store() {
    let history = history("<size>5</size>");
    for inner in [
        format!("<store><name>DB1</name>{history}</store>"),
        format!("<database><database>DB1</database>{history}</database>"),
        format!("<exchange_store><check_id>4</check_id><store_name>DB1</store_name>{history}</exchange_store>"),
        format!("<mailbox><whatever>DB1</whatever>{history}</mailbox>"),
        format!("<exchange><server><name>EX1</name><store><name>DB1</name>{history}</store></server></exchange>"),
    ] {
        assert_eq!(stores(&inner), [("DB1".to_owned(), 5)], "{inner}");
    }
}

#[test]
fn the_size_by_any_of_its_names() {
    for (data, megabytes) in [
        ("<size>5</size>", Some(5)),
        ("<store_size>5</store_size>", Some(5)),
        ("<Space_Used>5</Space_Used><space_free>9</space_free>", Some(5)),
        ("<space>9</space><store_size>5</store_size>", Some(5)),
        ("<space_free>9</space_free><items>3</items>", None),
        ("<size>-5</size>", None),
        ("<size/>", None),
    ] {
        let sizes: Vec<_> = stores(&format!("<store><name>DB1</name>{}</store>", history(data))).into_iter().collect();
        let expected: Vec<_> = megabytes.map(|megabytes| ("DB1".to_owned(), megabytes)).into_iter().collect();
        assert_eq!(sizes, expected, "{data}");
    }
}

#[test]
fn unknown_forms_are_noted_and_fail_nothing() {
    for inner in [
        String::new(),
        "<items/>".to_owned(),
        "<store><name>DB1</name></store>".to_owned(),
        "<server><name>EX1</name><total>5</total></server><message>text</message>".to_owned(),
        history("<size>5</size>"),
        format!("<store><check_id>4</check_id>{}</store>", history("<size>5</size>")),
        "<store><name>DB1</name><history>text</history></store>".to_owned(),
    ] {
        assert_eq!(stores(&inner), [], "{inner}");
    }
    let mixed = format!("<x>{0}</x><x><name>DB1</name>{0}</x>", history("<size>5</size>"));
    assert_eq!(stores(&mixed), [("DB1".to_owned(), 5)]);
    for text in ["<html/>", "<result status=\"FAIL\"/>", "<result>", ""] {
        assert!(read_text(&call(), text, ChecksMode::Failing).is_err(), "{text}");
    }
    let deep = format!("<result>{}</result>", "<a>".repeat(100));
    let error = read_text(&call(), &deep, ChecksMode::Failing).expect_err("too deep");
    assert_eq!(error.outcome(), Outcome::InvalidResponse);
}

#[test]
fn a_store_without_name_or_size_is_noted_by_its_element() {
    let noted = Noted::new("msp");
    let read = |text: &str| {
        read_noting(&call(), text, ChecksMode::Failing, &noted).expect("good");
        noted.seen().into_iter().map(|(_, _, element)| element).collect::<Vec<_>>()
    };
    assert_eq!(read(&fixture::text("list_exchange_storage_history.770215")), [""; 0]);
    assert_eq!(read("<result><empty><name>DB1</name><history/></empty></result>"), [""; 0], "it has no day yet");
    assert_eq!(read(&format!("<result><nameless>{}</nameless></result>", history("<size>5</size>"))), ["nameless"]);
    let sizeless = format!("<result><sizeless><name>DB1</name>{}</sizeless></result>", history("<items>5</items>"));
    assert_eq!(read(&sizeless), ["nameless", "sizeless"]);
}

#[test]
fn only_windows_servers_are_asked() {
    let with_system = |id, kind, os_family| {
        known(id, kind, "10", "20", |record| {
            record.agentless = Some(false);
            let none = Label::default();
            let [os, agent_version, manufacturer, model] = [none.clone(), none.clone(), none.clone(), none];
            record.info = Some(DeviceInfo { os, os_family, agent_version, manufacturer, model });
        })
    };
    let devices = vec![
        with_system("1", Kind::Server, OsFamily::Windows),
        with_system("2", Kind::Server, OsFamily::Linux),
        with_system("3", Kind::Workstation, OsFamily::Windows),
        known("4", Kind::Server, "10", "20", |_| {}),
    ];
    let calls = calls(&View { devices, ..View::default() }, THREE_DAYS);
    let identities: Vec<_> = calls.iter().map(Call::identity).collect();
    assert_eq!(identities, ["list_exchange_storage_history?deviceid=1&interval=DAY"]);
    let since = calls[0].moving_parameters("2026-03-04T09:15:00Z".parse().expect("time"));
    assert_eq!(since, [("since", "2026-03-01".to_owned())]);
}
