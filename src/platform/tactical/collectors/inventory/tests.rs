use super::*;
use crate::config::ChecksMode;

const NOW: &str = "2026-11-21T02:24:32Z";

fn decoder() -> Decoder {
    Decoder::new("test", ChecksMode::Failing)
}

fn devices(body: &str) -> Result<Vec<DeviceRecord>, ArrayError> {
    match agents(&decoder(), &Call::Agents, body, NOW.parse().expect("a time"))?.said().clone() {
        Update::Devices(DeviceList::Account, devices) => Ok(devices),
        other => panic!("not a device list: {other:?}"),
    }
}

/// One agent with these fields besides its id.
fn device_with(fields: &str) -> DeviceRecord {
    devices(&format!(r#"[{{"agent_id":"A1",{fields}}}]"#)).expect("a list").remove(0)
}

#[test]
fn a_full_record() {
    let device = device_with(
        r#""hostname":" DC\t01 ","client_name":"Acme ","site_name":"HQ ","monitoring_type":"server","plat":"darwin",
        "operating_system":"Darwin 14.6.1","version":"2.11.0","make_model":"Book1,1","status":"online",
        "last_seen":"2026-11-21T02:23:52.051167Z","boot_time":1793373851.752366,"maintenance_mode":true,
        "needs_reboot":false,"pending_actions_count":3,"has_patches_pending":true,"unknown_key":[{}],
        "checks":{"total":9,"passing":4,"failing":1,"warning":2,"info":1,"has_failing_checks":true}"#,
    );
    let client = ClientKey::new("Acme ");
    let expected = DeviceRecord {
        kind: Some(Kind::Server),
        client_name: Some(Label::new("Acme")),
        site_name: Some(Label::new("HQ")),
        info: Some(DeviceInfo {
            os: Label::new("Darwin 14.6.1"),
            os_family: OsFamily::MacOs,
            agent_version: Label::new("2.11.0"),
            manufacturer: Label::default(),
            model: Label::new("Book1,1"),
        }),
        agentless: Some(false),
        online: Some(true),
        overdue: Some(false),
        last_seen: Some("2026-11-21T02:23:52.051167Z".parse().expect("a time")),
        boot: Some(Timestamp::from_microsecond(1_793_373_851_752_366).expect("a time")),
        maintenance: Some(true),
        reboot_required: Some(false),
        pending_actions: Some(3),
        patches_pending: Some(true),
        checks: Some(StatusCounts { passing: Some(4), failing: Some(4), cleared: None, pending: None }),
        check_counters: Some([9, 4, 1, 2, 1]),
        ..DeviceRecord::new(DeviceId::new("A1"), Label::new("DC 01"), client, SiteKey::from_names("Acme ", "HQ "))
    };
    assert_eq!(device, expected);
}

#[test]
fn nulls_missing_fields_and_wrong_types_are_unknown() {
    let names = [
        "hostname",
        "client_name",
        "site_name",
        "monitoring_type",
        "plat",
        "operating_system",
        "version",
        "make_model",
        "status",
        "last_seen",
        "boot_time",
        "maintenance_mode",
        "needs_reboot",
        "pending_actions_count",
        "has_patches_pending",
        "checks",
    ];
    let client = ClientKey::new("");
    let bare = DeviceRecord {
        client_name: Some(Label::default()),
        site_name: Some(Label::default()),
        info: Some(DeviceInfo {
            os: Label::default(),
            os_family: OsFamily::Other,
            agent_version: Label::default(),
            manufacturer: Label::default(),
            model: Label::default(),
        }),
        agentless: Some(false),
        ..DeviceRecord::new(DeviceId::new("A1"), Label::default(), client, SiteKey::from_names("", ""))
    };
    assert_eq!(devices(r#"[{"agent_id":"A1"}]"#).expect("a list"), std::slice::from_ref(&bare));
    for value in ["null", "[]", "[7]", r#"[["x"]]"#, r#""\udc00""#] {
        let fields: Vec<String> = names.iter().map(|name| format!("\"{name}\":{value}")).collect();
        assert_eq!(device_with(&fields.join(",")), bare, "{value}");
    }
}

#[test]
fn status_words() {
    for (word, online, overdue) in [
        ("online", Some(true), Some(false)),
        ("offline", Some(false), Some(false)),
        ("overdue", Some(false), Some(true)),
        ("asleep", None, None),
        ("", None, None),
    ] {
        let device = device_with(&format!(r#""status":"{word}""#));
        assert_eq!((device.online, device.overdue), (online, overdue), "{word}");
    }
}

#[test]
fn start_times_that_cannot_be_are_unknown() {
    let now = NOW.parse::<Timestamp>().expect("a time").as_second();
    for (boot, known) in [
        ("0".to_owned(), None),
        ("0.0".to_owned(), None),
        ("-5".to_owned(), None),
        ("1e300".to_owned(), None),
        ("-1e300".to_owned(), None),
        ("\"1793373851\"".to_owned(), None),
        ((now + 1).to_string(), None),
        (now.to_string(), Some(now)),
        ("1793373851".to_owned(), Some(1_793_373_851)),
    ] {
        let device = device_with(&format!(r#""boot_time":{boot}"#));
        assert_eq!(device.boot.map(Timestamp::as_second), known, "{boot}");
    }
}

#[test]
fn no_checks_at_all_is_a_cold_cache_and_says_nothing() {
    let counts = |fields: &str| device_with(&format!(r#""checks":{{{fields}}}"#)).checks;
    assert_eq!(counts(r#""total":0,"passing":0,"failing":0,"warning":0,"info":0,"has_failing_checks":false"#), None);
    assert_eq!(counts(""), None);
    assert_eq!(counts(r#""passing":3,"failing":0,"warning":0,"info":0"#), None);
    assert_eq!(counts(r#""total":-1,"passing":3"#), None);
    let known = |passing, failing| Some(StatusCounts { passing, failing, cleared: None, pending: None });
    // A pending check counts in the total only.
    assert_eq!(counts(r#""total":2,"passing":0,"failing":0,"warning":0,"info":0"#), known(Some(0), Some(0)));
    assert_eq!(counts(r#""total":9,"passing":1,"failing":2,"warning":null,"info":0"#), known(Some(1), None));
    let huge = format!(r#""total":9,"failing":{0},"warning":{0},"info":0"#, u64::MAX);
    assert_eq!(counts(&huge), known(None, None));
}

#[test]
fn make_and_model() {
    for (written, shown) in [("unknown make/model", ""), ("QEMU pc", "QEMU pc"), ("", "")] {
        let device = device_with(&format!(r#""make_model":"{written}""#));
        assert_eq!(device.info.expect("info").model.as_str(), shown);
    }
}

#[test]
fn an_agent_without_id_spoils_itself_alone() {
    let body = r#"[{"agent_id":"A"},{"agent_id":""},{"agent_id":null},{"hostname":"x"},7,null,[],{"agent_id":5},
        {"agent_id":"B","hostname":"b","agent_id":"C"},{"agent_id":"Ü/\n"},{"agent_id":"Ü/"}]"#;
    let ids: Vec<_> = devices(body).expect("a list").into_iter().map(|device| device.id.0.to_string()).collect();
    assert_eq!(ids, ["A", "Ü/"]);
    assert_eq!(devices("[]"), Ok(vec![]));
    assert!(matches!(devices(r#"[{"agent_id":""},7]"#), Err(ArrayError::AllBad { total: 2, .. })));
}

#[test]
fn names_are_kept_once() {
    let one = r#""client_name":"Acme","site_name":"HQ","version":"2.11.0""#;
    let devices = devices(&format!(r#"[{{"agent_id":"A",{one}}},{{"agent_id":"B",{one}}}]"#)).expect("a list");
    let [first, second] = devices.as_slice() else { panic!("two devices") };
    assert!(std::sync::Arc::ptr_eq(&first.client.0, &second.client.0));
    assert!(std::sync::Arc::ptr_eq(&first.site.0, &second.site.0));
    let version = |device: &DeviceRecord| device.info.as_ref().map(|info| info.agent_version.as_str().as_ptr());
    assert_eq!(version(first), version(second));
}

#[test]
fn clients_and_sites_keep_their_names_as_keys() {
    let body = r#"[
        {"id":1,"name":"Acme","sites":[{"id":11,"name":"HQ"},{"id":12,"name":"HQ "},{"id":null,"name":"lost"}]},
        {"id":2,"name":"","sites":[]},
        {"id":3,"name":null,"sites":null},
        {"id":"four","name":"lost"},
        {"name":"lost as well"},
        {"id":5,"name":"tab\there","sites":"none"}
    ]"#;
    let update = clients(&decoder(), &Call::Clients, body).expect("a list");
    let Update::ClientsAndSites(clients, sites) = update.said() else { panic!("not a client list") };
    let seen: Vec<_> =
        clients.iter().map(|client| (&*client.key.0, client.id.as_str(), client.name.as_str())).collect();
    assert_eq!(seen, [("Acme", "1", "Acme"), ("", "2", ""), ("", "3", ""), ("tab\there", "5", "tab here")]);
    assert!(clients.iter().all(|client| client.timezone.is_none() && client.devices.is_none()));
    let acme = ClientKey::new("Acme");
    let expected = |name: &str, id: &str| SiteRecord {
        key: SiteKey::from_names("Acme", name),
        client: acme.clone(),
        id: Label::new(id),
        name: Label::new(name),
        connection_up: None,
    };
    assert_eq!(*sites, [expected("HQ", "11"), expected("HQ ", "12")]);
}

#[test]
fn times_and_numbers_that_cannot_be_are_unknown() {
    for (seen, known) in
        [("2026-11-22T02:24:32Z", true), ("2026-11-22T02:24:33Z", false), ("2099-01-01T00:00:00Z", false)]
    {
        assert_eq!(device_with(&format!(r#""last_seen":"{seen}""#)).last_seen.is_some(), known, "{seen}");
    }
    let huge = device_with(
        r#""pending_actions_count":18446744073709551615,
        "checks":{"total":3,"passing":9223372036854775808,"failing":1,"warning":9223372036854775808,"info":0}"#,
    );
    assert_eq!(huge.pending_actions, None);
    assert_eq!(huge.checks, Some(StatusCounts::default()));
}

#[test]
fn a_list_with_records_that_cannot_be_read_is_incomplete() {
    let agents = |body| agents(&decoder(), &Call::Agents, body, NOW.parse().expect("a time")).expect("a list");
    let clients = |body| clients(&decoder(), &Call::Clients, body).expect("a list");
    let is_incomplete = |update| matches!(update, Update::Incomplete(_));
    assert!(!is_incomplete(agents(r#"[{"agent_id":"A"}]"#)) && !is_incomplete(agents("[]")));
    assert!(is_incomplete(agents(r#"[{"agent_id":"A"},{"agent_id":null}]"#)));
    assert!(!is_incomplete(clients(r#"[{"id":1,"name":"a","sites":[{"id":2,"name":"s"}]}]"#)));
    assert!(is_incomplete(clients(r#"[{"id":1,"name":"a"},{"id":"x"}]"#)));
    assert!(is_incomplete(clients(r#"[{"id":1,"name":"a","sites":[{"id":2,"name":"s"},{"id":[]}]}]"#)));
}
