//! Names that are hard to write, from the platform's bytes to what a reader of the exposition gets back.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "common/golden.rs"]
mod golden;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rmm_exporter::config::ChecksMode;
use rmm_exporter::fleet::{ClientKey, DeviceId, Filter, Fleet, FleetOptions, Kind};
use rmm_exporter::metrics::render_text;
use rmm_exporter::platform::nsight::call::Call as NsightCall;
use rmm_exporter::platform::tactical::Call as TacticalCall;
use rmm_exporter::platform::transport::RawAnswer;
use rmm_exporter::platform::{PlatformName, nsight, tactical};
use serde_json::json;

fn now() -> Timestamp {
    "2026-03-04T09:15:00Z".parse().expect("a time")
}

fn fleet(platform: PlatformName, collectors: &[rmm_exporter::collector::CollectorDefaults]) -> Fleet {
    Fleet::new(FleetOptions {
        platform,
        filter: Filter::default(),
        checks_mode: ChecksMode::Failing,
        stale_after: golden::stale_after(collectors),
        time_zone: None,
        mappings: rmm_exporter::fleet::Mappings::default(),
    })
}

fn raw(content_type: &str, body: Vec<u8>) -> RawAnswer {
    RawAnswer { status: 200, content_type: content_type.to_owned(), retry_after: None, date: None, body }
}

/// `id`, the name as the platform writes it, the name as a label.
type Name = (&'static str, String, String);

fn name(id: &'static str, written: impl Into<String>, label: impl Into<String>) -> Name {
    (id, written.into(), label.into())
}

/// Names that both platforms can have. The second of each pair is written out, not computed.
fn names() -> Vec<Name> {
    vec![
        name("1", "He said \"hi\"", "He said \"hi\""),
        name("2", r"C:\Back\Slash\", r"C:\Back\Slash\"),
        name("3", "line one\nline two\r\n\tline three\n", "line one line two line three"),
        name("4", r"literal \n and \t", r"literal \n and \t"),
        name("5", "end ]]> of CDATA", "end ]]> of CDATA"),
        name("6", "Müller & Söhne <GmbH> 'ß'", "Müller & Söhne <GmbH> 'ß'"),
        name("7", "x".repeat(300), "x".repeat(200)),
        name("8", "Twin", "Twin"),
        // With Twin the second of one name; byte 85 would be an ellipsis: ISO-8859-1 means windows-1252.
        name("9", "\u{a0} Twin\u{a0}", "Twin"),
        name("10", "", ""),
        name("11", "\"} 1 rmm_up{x=\"", "\"} 1 rmm_up{x=\""),
        name("12", "# HELP rmm_up x", "# HELP rmm_up x"),
        name("13", format!("{} tail", "y".repeat(199)), "y".repeat(199)),
    ]
}

/// Names that ISO-8859-1 cannot write.
fn wide_names() -> Vec<Name> {
    vec![
        name("20", "Łódź 🦷 👩\u{200d}💻", "Łódź 🦷 👩\u{200d}💻"),
        name("21", "日本\u{3000}電気\u{85}\u{2028}\u{2029}", "日本 電気"),
        name("22", "ü".repeat(300), "ü".repeat(100)),
        // 199 bytes and half a character.
        name("23", format!("{}é", "z".repeat(199)), "z".repeat(199)),
        name("24", format!("{}🦀🦀", "a".repeat(195)), format!("{}🦀", "a".repeat(195))),
    ]
}

/// Text as CDATA, where `]]>` has to be split.
fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

fn xml(items: &str) -> String {
    format!(r#"<?xml version="1.0" encoding="ISO-8859-1"?><result status="OK"><items>{items}</items></result>"#)
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("a character of ISO-8859-1")).collect()
}

/// The clients as ISO-8859-1; a roster of devices as UTF-8 that says it is ISO-8859-1; failing checks of the first device.
fn nsight_exposition(clients: &[Name], devices: &[Name], checks: &[Name]) -> String {
    let client =
        |(id, written, _): &Name| format!("<client><name>{}</name><clientid>{id}</clientid></client>", cdata(written));
    let clients: String = clients.iter().map(client).collect();
    let device = |(id, written, _): &Name| {
        format!("<server><id>{id}</id><name>{}</name><takecontrol>1</takecontrol></server>", cdata(written))
    };
    let devices: String = devices.iter().map(device).collect();
    let place =
        format!("<id>3</id><name>x</name><site><id>77</id><name>{}</name>{devices}</site>", cdata("Büro \"1\"\\"));
    let check = |(id, written, _): &Name| {
        format!(
            "<check><checkid>{id}</checkid><check_type>1024</check_type><description>{}</description>\
             <checkstatus>testerror</checkstatus></check>",
            cdata(written)
        )
    };
    let checks: String = checks.iter().map(check).collect();
    let failing = format!(
        "<client><clientid>3</clientid><name>x</name><site><siteid>77</siteid><name>x</name><servers><server><id>1</id>\
         <name>old name</name><failed_checks>{checks}</failed_checks></server></servers></site></client>"
    );
    let calls = [
        (NsightCall::ListClients, latin1(&xml(&clients))),
        (
            NsightCall::ListDevicesAtClient(ClientKey::new("3"), Kind::Server),
            xml(&format!("<client>{place}</client>")).into_bytes(),
        ),
        (NsightCall::ListFailingChecks, xml(&failing).into_bytes()),
    ];
    let decoder = nsight::Decoder::new("names", None, ChecksMode::Failing);
    let mut fleet = fleet(PlatformName::Nsight, nsight::COLLECTORS);
    for (call, body) in calls {
        for update in decoder.decode(&call, raw("text/xml", body), now()).expect("good").updates {
            fleet.apply(update, now());
        }
    }
    render_text(PlatformName::Nsight, "msp \"uk\" \\", &fleet.current(now()))
}

/// Clients, and one device in each client that has the client's name too; failing checks of the first device.
fn tactical_exposition(names: &[Name], checks: &[Name]) -> String {
    let clients: Vec<_> = names
        .iter()
        .map(|(id, written, _)| json!({"id": id.parse::<u64>().expect("a number"), "name": written, "sites": []}))
        .collect();
    let agent = |(id, written, _): &Name| {
        json!({
            "agent_id": format!("agent-{id}"), "hostname": written, "client_name": written, "site_name": "Büro \"1\"\\",
            "monitoring_type": "server", "plat": "linux", "operating_system": written, "status": "online",
        })
    };
    let agents: Vec<_> = names.iter().map(agent).collect();
    let check = |(id, written, _): &Name| {
        json!({
            "id": id.parse::<u64>().expect("a number"), "name": "", "check_type": "script", "readable_desc": written,
            "alert_severity": "warning", "check_result": {"status": "failing"},
        })
    };
    let checks: Vec<_> = checks.iter().map(check).collect();
    let calls = [
        (TacticalCall::Clients, json!(clients)),
        (TacticalCall::Agents, json!(agents)),
        (TacticalCall::AgentChecks(DeviceId::new("agent-1")), json!(checks)),
    ];
    let decoder = tactical::Decoder::new("names", ChecksMode::Failing);
    let mut fleet = fleet(PlatformName::Tactical, tactical::COLLECTORS);
    for (call, body) in calls {
        let body = serde_json::to_vec(&body).expect("JSON");
        for update in decoder.decode(&call, raw("application/json", body), now()).expect("good").updates {
            fleet.apply(update, now());
        }
    }
    render_text(PlatformName::Tactical, "msp \"uk\" \\", &fleet.current(now()))
}

/// The labels of every sample of a family, read back as the text format says.
fn labels_of(text: &str, family: &str) -> Vec<BTreeMap<String, String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(family)?.strip_prefix('{'));
    lines
        .map(|line| {
            let mut labels = BTreeMap::new();
            let mut rest = line;
            while let Some((name, value)) = rest.split_once("=\"") {
                let mut label = String::new();
                let mut characters = value.char_indices();
                let end = loop {
                    match characters.next().expect("a closing quote") {
                        (at, '"') => break at,
                        (_, '\\') => label.push(match characters.next().expect("an escaped character").1 {
                            'n' => '\n',
                            c @ ('\\' | '"') => c,
                            c => panic!("\\{c} in {line}"),
                        }),
                        (_, c) => label.push(c),
                    }
                };
                labels.insert(name.trim_start_matches(',').to_owned(), label);
                rest = &value[end + 1..];
                if rest.starts_with('}') {
                    break;
                }
            }
            assert_eq!(rest.strip_prefix("} "), Some("1"), "{line}");
            labels
        })
        .collect()
}

/// The label `label` of every sample of a family by its label `id`.
fn by_id(text: &str, family: &str, id: &str, label: &str) -> BTreeMap<String, String> {
    let samples = labels_of(text, family);
    let count = samples.len();
    let found: BTreeMap<_, _> = samples.into_iter().map(|labels| (labels[id].clone(), labels[label].clone())).collect();
    assert_eq!(found.len(), count, "{family} has one series for each {id}");
    found
}

fn expected(names: &[Name], prefix: &str) -> BTreeMap<String, String> {
    names.iter().map(|(id, _, label)| (format!("{prefix}{id}"), label.clone())).collect()
}

#[test]
fn nsight_names_come_back_as_cleaned() {
    let (narrow, wide) = (names(), wide_names());
    let all = [narrow.clone(), wide].concat();
    let text = nsight_exposition(&narrow, &all, &all);
    assert_eq!(by_id(&text, "rmm_client_info", "client_id", "client"), expected(&narrow, ""));
    assert_eq!(by_id(&text, "rmm_device_feature_enabled", "device_id", "device"), expected(&all, ""));
    assert_eq!(by_id(&text, "rmm_check_failing", "check_id", "check"), expected(&all, ""));
    for labels in labels_of(&text, "rmm_check_failing") {
        // The device's newest list names it, and the client list its client.
        assert_eq!(labels["device"], "He said \"hi\"");
        assert_eq!(labels["client"], "line one line two line three");
        assert_eq!((labels["site"].as_str(), labels["account"].as_str()), ("Büro \"1\"\\", "msp \"uk\" \\"));
    }
    golden::check_with_promtool(&text);
    golden::compare("names-nsight.prom", &text);
}

#[test]
fn tactical_names_come_back_as_cleaned() {
    let all = [names(), wide_names()].concat();
    let text = tactical_exposition(&all, &all);
    assert_eq!(by_id(&text, "rmm_client_info", "client_id", "client"), expected(&all, ""));
    for label in ["client", "device", "os"] {
        assert_eq!(by_id(&text, "rmm_device_info", "device_id", label), expected(&all, "agent-"), "{label}");
    }
    // A script without any name has an empty label, not the name of another one.
    assert_eq!(by_id(&text, "rmm_check_failing", "check_id", "check"), expected(&all, ""));
    // Two clients that look alike are two clients: each has its own device.
    let servers: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("rmm_client_devices{") && line.contains(r#"client="Twin""#))
        .filter(|line| line.contains(r#"kind="server""#))
        .collect();
    assert_eq!(servers.len(), 2, "{servers:?}");
    assert!(servers.iter().all(|line| line.ends_with(" 1")), "{servers:?}");
    golden::check_with_promtool(&text);
    golden::compare("names-tactical.prom", &text);
}

#[test]
fn a_broken_byte_or_character_spoils_its_name_only() {
    let clients = b"[{\"id\":1,\"name\":\"M\xfcller\",\"sites\":[]},{\"id\":2,\"name\":\"half \\ud83e\",\"sites\":[]},\
        {\"id\":3,\"name\":\"Good\",\"sites\":[]},{\"id\":4,\"name\":\"a\\u0000b\\u001b[31m\",\"sites\":[]}]";
    let decoder = tactical::Decoder::new("names", ChecksMode::Failing);
    let mut fleet = fleet(PlatformName::Tactical, tactical::COLLECTORS);
    let answer = decoder.decode(&TacticalCall::Clients, raw("application/json", clients.to_vec()), now());
    for update in answer.expect("good").updates {
        fleet.apply(update, now());
    }
    let text = render_text(PlatformName::Tactical, "names", &fleet.current(now()));
    let names = by_id(&text, "rmm_client_info", "client_id", "client");
    let expected = [("1", "M\u{fffd}ller"), ("2", ""), ("3", "Good"), ("4", "a b [31m")];
    assert_eq!(names, expected.map(|(id, name)| (id.to_owned(), name.to_owned())).into());
    golden::check_with_promtool(&text);
}
