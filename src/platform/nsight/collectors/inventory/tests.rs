use super::*;
use crate::config::ChecksMode;
use crate::fleet::{ClientView, DeviceView, OsFamily, SiteView};
use crate::planner::{Outcome, ReadCall};
use crate::platform::nsight::collectors::tests::{NOW, known, read, read_in, read_text};
use crate::platform::nsight::noted::Noted;
use crate::platform::nsight::wire::fixture;

fn client_record(id: &str, name: &str, timezone: &str, counts: [u64; 3]) -> ClientRecord {
    let [server, workstation, mobile] = counts.map(Some);
    ClientRecord {
        key: ClientKey::new(id),
        id: id.into(),
        name: name.into(),
        timezone: Some(timezone.into()),
        devices: Some(KindCounts { server, workstation, mobile }),
    }
}

fn read_clients(fixture: &str) -> Vec<ClientRecord> {
    match read(&Call::ListClients, fixture) {
        Update::Clients(clients) => clients,
        other => panic!("{other:?}"),
    }
}

#[test]
fn clients_with_awkward_names() {
    let awkward = format!("The \"Quoted\" \\Backslash\\ & <Tag> Second line ]]> end {}", "x".repeat(300));
    let expected = vec![
        client_record("41007", "Larkspur Dental & Co", "", [2, 2, 0]),
        client_record("41008", "Müller & Söhne GmbH", "Europe/Berlin", [1, 2, 1]),
        client_record("41009", "", "", [0, 0, 0]),
        client_record("41010", "Twin Ltd", "", [1, 0, 0]),
        client_record("41011", "Twin Ltd", "", [1, 0, 0]),
        client_record("41012", &awkward[..200], "", [0, 0, 0]),
    ];
    assert_eq!(read_clients("list_clients"), expected);
}

#[test]
fn clients_in_every_encoding_and_envelope() {
    for (quirk, id, name) in [
        ("mislabelled-utf-8", "41020", "Zahnärzte Łódź 🦷"),
        ("mislabelled-latin-1", "41021", "Börse"),
        ("no-declaration", "41022", "Plain"),
        ("example-wrapper", "41025", "Wrapped"),
        ("single-without-items", "41026", "Bare"),
        ("control-characters", "41027", "Bell [31mred[0m"),
    ] {
        let clients = read_clients(&format!("quirks/list_clients.{quirk}"));
        assert_eq!(clients, [client_record(id, name, "", [0, 0, 0])], "{quirk}");
    }
    assert_eq!(read_clients("quirks/list_clients.empty"), []);
}

#[test]
fn mixed_nodes_unknown_elements_and_padded_numbers() {
    let mut expected = client_record("41023", "A & B & C <x> <d> € 😀 &nbsp; AT&Tbold", "", [3, 0, 0]);
    expected.name = "A & B & C <x> <d> € 😀 &nbsp; AT&T bold".into();
    // What the answer does not say is not 0.
    expected.devices = Some(KindCounts { server: Some(3), workstation: None, mobile: None });
    assert_eq!(read_clients("quirks/list_clients.mixed-nodes"), [expected]);
}

#[test]
fn a_bad_record_spoils_itself_alone() {
    let one_bad = read_in(&Call::ListClients, "quirks/list_clients.one-bad", ChecksMode::Failing).expect("good");
    assert!(matches!(one_bad.0.as_slice(), [Update::Clients(clients)] if clients.len() == 1));
    assert_eq!(one_bad.1, 2);
    let all_bad = read_in(&Call::ListClients, "quirks/list_clients.all-bad", ChecksMode::Failing).expect_err("bad");
    assert_eq!(all_bad.outcome(), Outcome::InvalidResponse);
}

#[test]
fn sites_of_a_client() {
    let site = |id: &str, client: &str, name: &str, connection_up| SiteRecord {
        key: SiteKey::new(id),
        client: ClientKey::new(client),
        id: id.into(),
        name: name.into(),
        connection_up,
    };
    for (client, expected) in [
        (
            "41007",
            vec![
                site("50311", "41007", "Harbour Street", Some(true)),
                site("50312", "41007", "Kiel Nord", Some(false)),
            ],
        ),
        ("41008", vec![site("50321", "41008", "Zürich Büro", Some(true))]),
        ("41009", vec![]),
        ("41011", vec![site("50331", "41011", "Head office", None)]),
    ] {
        let call = Call::ListSites(ClientKey::new(client));
        let Update::Sites(key, sites) = read(&call, &format!("list_sites.{client}")) else { panic!("wrong update") };
        assert_eq!((key, sites), (ClientKey::new(client), expected));
    }
}

fn read_roster(client: &str, kind: Kind, fixture: &str) -> (Vec<DeviceRecord>, usize) {
    let client = ClientKey::new(client);
    let call = Call::ListDevicesAtClient(client.clone(), kind);
    let (mut updates, left_out) = read_in(&call, fixture, ChecksMode::Failing).expect("good");
    match updates.remove(0) {
        Update::Devices(list, devices) => {
            assert_eq!(list, DeviceList::Client(client, kind));
            (devices, left_out)
        }
        other => panic!("{other:?}"),
    }
}

fn counts(passing: u64, failing: u64, cleared: u64) -> StatusCounts {
    StatusCounts { passing: Some(passing), failing: Some(failing), cleared: Some(cleared), pending: None }
}

#[test]
fn a_roster_has_features_and_counts() {
    let (devices, left_out) = read_roster("41007", Kind::Server, "list_devices_at_client.41007.server");
    assert_eq!(left_out, 0);
    let record = |id: &str, name: &str| {
        let mut record =
            DeviceRecord::new(DeviceId::new(id), name.into(), ClientKey::new("41007"), SiteKey::new("50311"));
        record.kind = Some(Kind::Server);
        record.client_name = Some("Larkspur Dental & Co".into());
        record.site_name = Some("Harbour Street".into());
        record
    };
    let mut controller = record("770215", "LKD-DC01");
    controller.features = Some(vec![Feature::TakeControl, Feature::Patch, Feature::ManagedAntivirus, Feature::Backup]);
    controller.antivirus_engine = Some(AntivirusEngine::Bitdefender);
    // Every class but 3 counts as checks.
    controller.checks = Some(counts(19, 1, 1));
    controller.tasks = Some(counts(2, 1, 0));
    let mut files = record("770216", "LKD-FILE01");
    files.features = Some(vec![Feature::TakeControl, Feature::ManagedAntivirus]);
    files.antivirus_engine = Some(AntivirusEngine::Vipre);
    files.checks = Some(counts(9, 0, 0));
    assert_eq!(devices, [controller, files]);

    let (devices, _) = read_roster("41007", Kind::Workstation, "list_devices_at_client.41007.workstation");
    let features = |index: usize| devices[index].features.clone();
    assert_eq!(
        features(0),
        Some(vec![
            Feature::TakeControl,
            Feature::Patch,
            Feature::ManagedAntivirus,
            Feature::Backup,
            Feature::WebProtection,
            Feature::RiskIntelligence
        ])
    );
    assert_eq!((features(1), devices[1].checks, devices[1].tasks), (Some(vec![]), None, None));
}

#[test]
fn the_engine_of_managed_antivirus_by_its_flags() {
    let engine = |flags: &str| {
        let text = format!(
            "<result><items><client><id>1</id><site><id>2</id><server><id>3</id>{flags}</server></site></client></items></result>"
        );
        let call = Call::ListDevicesAtClient(ClientKey::new("1"), Kind::Server);
        let (updates, _) = read_text(&call, &text, ChecksMode::Failing).expect("good");
        let [Update::Devices(_, devices)] = updates.as_slice() else { panic!("wrong update") };
        devices[0].antivirus_engine
    };
    assert_eq!(engine("<mav>1</mav><mavbreck>0</mavbreck>"), Some(AntivirusEngine::Vipre));
    assert_eq!(engine("<mav>0</mav><mavbreck>1</mavbreck>"), Some(AntivirusEngine::Bitdefender));
    assert_eq!(engine("<mav>1</mav><mavbreck>1</mavbreck>"), Some(AntivirusEngine::Bitdefender), "on its way");
    for none in ["", "<mav>0</mav><mavbreck>0</mavbreck>", "<mav>2</mav>", "<mav/><mavbreck>yes</mavbreck>"] {
        assert_eq!(engine(none), None, "{none}");
    }
}

#[test]
fn two_devices_of_one_name_stay_two() {
    let (devices, _) = read_roster("41008", Kind::Workstation, "list_devices_at_client.41008.workstation");
    let seen: Vec<_> = devices.iter().map(|device| (&*device.id.0, device.name.as_str())).collect();
    assert_eq!(seen, [("780100", "WS \"1\" \\ Empfang EG"), ("780101", "WS \"1\" \\ Empfang EG")]);
}

#[test]
fn mobile_devices_have_info_and_nothing_more() {
    for fixture in ["list_devices_at_client.41008.mobile_device", "quirks/list_devices_at_client.unknown-mobile"] {
        let (devices, left_out) = read_roster("41008", Kind::Mobile, fixture);
        let mut expected = DeviceRecord::new(
            DeviceId::new("780900"),
            "Büro-iPhone".into(),
            ClientKey::new("41008"),
            SiteKey::new("50321"),
        );
        expected.kind = Some(Kind::Mobile);
        expected.client_name = Some("Müller & Söhne GmbH".into());
        expected.site_name = Some("Zürich Büro".into());
        expected.info = Some(info(Label::default(), Label::default(), Label::default(), Label::default()));
        assert_eq!((devices, left_out), (vec![expected], 0), "{fixture}");
    }
}

#[test]
fn what_a_count_does_not_say_is_not_zero() {
    let (devices, left_out) = read_roster("41030", Kind::Server, "quirks/list_devices_at_client.counts");
    let seen: Vec<_> = devices.iter().map(|device| (&*device.id.0, device.checks, device.tasks)).collect();
    let unreadable = Some(StatusCounts { passing: Some(6), failing: None, cleared: None, pending: None });
    let expected = [
        ("1", unreadable, None),
        // A class that cannot be told may be either.
        ("2", None, None),
        ("3", None, Some(counts(4, 0, 0))),
        ("4", None, None),
    ];
    assert_eq!(seen, expected);
    assert_eq!(devices[3].features, None, "no flags is not all flags off");
    assert_eq!(devices[0].site_name, Some("Late name".into()));
    assert_eq!(devices[0].site, SiteKey::new("50399"));
    assert_eq!(devices[0].client_name, Some("Late client".into()));
    assert_eq!(left_out, 2, "one device without id, one at a site without id");
}

fn read_details(kind: Kind, fixture: &str) -> Vec<DeviceRecord> {
    let (client, site) = (ClientKey::new("41007"), SiteKey::new("50311"));
    let list = if kind == Kind::Server { Call::ListServers } else { Call::ListWorkstations };
    match read(&list(client, site.clone()), fixture) {
        Update::Devices(list, devices) => {
            assert_eq!(list, DeviceList::Site(site, kind));
            devices
        }
        other => panic!("{other:?}"),
    }
}

fn device_info(os: &str, os_family: OsFamily, agent: &str, maker: &str, model: &str) -> DeviceInfo {
    DeviceInfo {
        os: os.into(),
        os_family,
        agent_version: agent.into(),
        manufacturer: maker.into(),
        model: model.into(),
    }
}

fn time(text: &str) -> jiff::Timestamp {
    text.parse().expect("time")
}

#[test]
fn servers_in_detail() {
    let record = |id: &str, name: &str| {
        let mut record =
            DeviceRecord::new(DeviceId::new(id), name.into(), ClientKey::new("41007"), SiteKey::new("50311"));
        record.kind = Some(Kind::Server);
        record.agentless = Some(false);
        record
    };
    let mut controller = record("770215", "LKD-DC01");
    let windows = "Microsoft Windows Server 2022 Standard";
    controller.info = Some(device_info(windows, OsFamily::Windows, "10.13.8", "ExampleCorp", "Rack 200"));
    controller.online = Some(true);
    controller.overdue = Some(false);
    controller.last_seen = Some(time("2026-03-04T09:12:10Z"));
    controller.boot = Some(time("2026-03-02T11:20:00Z"));
    controller.check_interval = Some(Duration::from_mins(5));
    controller.memory_bytes = Some(34_359_738_368);
    controller.utc_offset = Some(0);
    controller.daily_check = Some(time("2026-03-04T07:03:44Z"));
    let mut files = record("770216", "LKD-FILE01");
    files.info = Some(device_info("Ubuntu 22.04.4 LTS", OsFamily::Linux, "2.1.0.4", "ExampleCorp", "Rack 200"));
    files.online = Some(false);
    files.overdue = Some(true);
    files.last_seen = Some(time("2026-03-04T06:31:00Z"));
    files.check_interval = Some(Duration::from_mins(15));
    files.memory_bytes = Some(17_179_869_184);
    files.utc_offset = Some(0);
    files.daily_check = controller.daily_check;
    assert_eq!(read_details(Kind::Server, "list_servers.50311"), [controller, files]);
    let munich = read_details(Kind::Server, "list_servers.50321");
    assert_eq!(munich[0].name, "SRV-MÜNCHEN".into());
    assert_eq!(munich[0].info.as_ref().map(|info| &info.manufacturer), Some(&"Härtling & Söhne".into()));
}

#[test]
fn how_far_a_clock_is_ahead_of_utc() {
    let offset = |stated: &str, local: [&str; 2], utc: &str| {
        let [date, time] = local;
        let text = format!(
            "<result><items><server><serverid>3</serverid><utc_offset>{stated}</utc_offset><local_date_247>{date}</local_date_247>\
             <local_time_247>{time}</local_time_247><utc_time_247>{utc}</utc_time_247></server></items></result>"
        );
        let call = Call::ListServers(ClientKey::new("1"), SiteKey::new("2"));
        let (updates, _) = read_text(&call, &text, ChecksMode::Failing).expect("good");
        let [Update::Devices(_, devices)] = updates.as_slice() else { panic!("wrong update") };
        devices[0].utc_offset
    };
    let (never, berlin, noon) = (["", ""], ["2026-03-04", "13:00:02"], "2026-03-04 12:00:00");
    let (dawn, night) = (["2026-03-05", "00:59:58"], "2026-03-04 23:00:00");
    for (stated, local, utc, expected) in [
        // The field alone.
        ("3600", never, "", Some(3600)),
        ("-18000", never, "", Some(-18000)),
        ("0", never, "0000-00-00 00:00:00", Some(0)),
        ("20700", never, "", Some(20700)),
        // The two times alone, which are not of the same second.
        ("", berlin, noon, Some(3600)),
        ("", dawn, night, Some(7200)),
        ("", ["2026-03-03", "22:30:30"], "2026-03-04 02:00:00", Some(-12600)),
        ("", ["2026-03-04", "17:30:00"], noon, Some(19800)),
        ("", ["2026-03-04", "17:45:00"], noon, Some(20700)),
        ("", ["2026-03-04", "11:59:20"], noon, Some(0)),
        // Both: the field, unless it counts the other way.
        ("3600", berlin, noon, Some(3600)),
        ("-3600", berlin, noon, Some(3600)),
        ("18000", ["2026-03-04", "07:00:00"], noon, Some(-18000)),
        ("-19800", ["2026-03-04", "17:30:00"], noon, Some(19800)),
        ("7200", berlin, noon, Some(7200)),
        // Neither, and what no zone has.
        ("", never, noon, None),
        ("", berlin, "0000-00-00 00:00:00", None),
        ("", ["2026-03-04", "Not Available"], noon, None),
        ("", ["2026-03-06", "13:00:00"], noon, None),
        ("none", berlin, noon, Some(3600)),
        ("99999", never, "", None),
        ("-2147483648", never, "", None),
        ("99999999999", berlin, noon, Some(3600)),
    ] {
        assert_eq!(offset(stated, local, utc), expected, "{stated:?} {local:?} {utc:?}");
    }
}

#[test]
fn workstations_in_detail() {
    let devices = read_details(Kind::Workstation, "list_workstations.50311");
    let seen: Vec<_> =
        devices.iter().map(|d| (&*d.id.0, d.agentless, d.online, d.overdue, d.last_seen, d.boot)).collect();
    let expected = [
        ("770480", Some(false), Some(true), Some(false), Some(time("2026-03-04T08:40:03Z")), None),
        // N-sight still says online = 1.
        (
            "770481",
            Some(false),
            Some(false),
            Some(false),
            Some(time("2026-03-03T16:00:00Z")),
            Some(time("2026-03-03T06:40:00Z")),
        ),
        ("770490", Some(true), None, None, None, None),
    ];
    assert_eq!(seen, expected);
    let printer = &devices[2];
    assert_eq!((printer.check_interval, printer.memory_bytes), (None, None));
    assert_eq!(printer.info, Some(device_info("", OsFamily::Other, "", "", "")));
    assert_eq!(devices[0].check_interval, Some(Duration::from_hours(1)));
    let müller = read_details(Kind::Workstation, "list_workstations.50321");
    let seen: Vec<_> = müller.iter().map(|d| (&*d.id.0, d.agentless, d.online, d.overdue)).collect();
    // The second has a daily check only: an agent, but nothing that tells whether it is online.
    assert_eq!(seen, [("780100", Some(false), Some(true), Some(false)), ("780101", Some(false), None, None)]);
}

#[test]
fn whether_a_server_is_online() {
    let devices = read_details(Kind::Server, "quirks/list_servers.online");
    let seen: Vec<_> = devices.iter().map(|d| (d.name.as_str(), d.online, d.overdue)).collect();
    let expected = [
        ("unknown online", None, Some(false)),
        ("nothing said", None, Some(false)),
        ("overdue", Some(false), Some(true)),
        ("offline", Some(false), Some(false)),
    ];
    assert_eq!(seen, expected);
    assert_eq!((devices[0].boot, devices[1].boot), (None, None), "0 and the future are no times of a start");
}

#[test]
fn whether_a_workstation_is_online() {
    let online = |offline_after: Option<u64>| -> Vec<_> {
        let noted = Noted::new("msp");
        let context = Context {
            now: NOW.parse().expect("time"),
            offline_after: offline_after.map(Duration::from_secs),
            checks_mode: ChecksMode::Failing,
            noted: &noted,
        };
        let (client, site) = (ClientKey::new("1"), SiteKey::new("2"));
        let text = fixture::text("quirks/list_workstations.online");
        let mut tally = Tally::new("list_workstations");
        let updates = details(&text, &client, &site, Kind::Workstation, &context, &mut tally).expect("good");
        let [Update::Devices(_, devices)] = updates.as_slice() else { panic!("wrong update") };
        devices.iter().map(|device| (device.name.clone(), device.online, device.agentless)).collect()
    };
    let agent = Some(false);
    let expected = |last: [Option<bool>; 7]| -> Vec<_> {
        let names = [
            ("fast, 29 min", agent),
            ("fast, 30 min", agent),
            ("hourly, 119 min", agent),
            ("never reported", agent),
            ("no 24x7", agent),
            ("clock ahead", agent),
            ("minimal", Some(true)),
        ];
        names.into_iter().zip(last).map(|((name, agentless), online)| (name.into(), online, agentless)).collect()
    };
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(online(None), expected([yes, no, yes, no, None, yes, None]));
    assert_eq!(online(Some(7200)), expected([yes, yes, yes, no, None, yes, None]));
    assert_eq!(online(Some(60)), expected([no, no, no, no, None, yes, None]));
}

fn view(clients: &[(&str, [Option<u64>; 3])], sites: &[(&str, &str)], devices: Vec<DeviceView>) -> View {
    let client = |(id, [server, workstation, mobile]): &(&str, [Option<u64>; 3])| ClientView {
        key: ClientKey::new(id),
        id: Label::new(id),
        name: Label::default(),
        timezone: None,
        devices: KindCounts { server: *server, workstation: *workstation, mobile: *mobile },
        licenses: None,
    };
    let site = |(client, id): &(&str, &str)| SiteView {
        key: SiteKey::new(id),
        client_key: ClientKey::new(client),
        client_id: Label::new(client),
        client: Label::default(),
        id: Label::new(id),
        name: Label::default(),
        connection_up: None,
        directory_users: None,
    };
    View {
        clients: clients.iter().map(client).collect(),
        sites: sites.iter().map(site).collect(),
        devices,
        ..View::default()
    }
}

fn identities(filter: &Filter, view: &View) -> Vec<String> {
    calls(filter, view).iter().map(ReadCall::identity).collect()
}

#[test]
fn nothing_known_is_one_call() {
    assert_eq!(identities(&Filter::default(), &View::default()), ["list_clients"]);
}

#[test]
fn empty_lists_are_not_asked_for() {
    let fleet = view(
        &[("1", [Some(2), Some(0), Some(0)]), ("2", [Some(0), Some(3), None]), ("3", [Some(0); 3])],
        &[("1", "10"), ("1", "11"), ("2", "20"), ("3", "30")],
        vec![known("7", Kind::Server, "1", "11", |_| {})],
    );
    let expected = [
        "list_clients",
        "list_sites?clientid=1",
        "list_devices_at_client?clientid=1&devicetype=server",
        "list_sites?clientid=2",
        "list_devices_at_client?clientid=2&devicetype=workstation",
        "list_devices_at_client?clientid=2&devicetype=mobile_device",
        "list_sites?clientid=3",
        "list_servers?siteid=11",
        "list_workstations?siteid=20",
    ];
    assert_eq!(identities(&Filter::default(), &fleet), expected);
    let servers_only = Filter { kinds: vec![Kind::Server], ..Filter::default() };
    let asked = identities(&servers_only, &fleet);
    assert!(!asked.iter().any(|call| call.contains("workstation") || call.contains("mobile")), "{asked:?}");
}

#[test]
fn a_list_whose_devices_are_known_is_asked_although_the_count_is_zero() {
    let devices = vec![known("7", Kind::Workstation, "1", "10", |_| {}), known("8", Kind::Mobile, "1", "10", |_| {})];
    let fleet = view(&[("1", [Some(0); 3])], &[("1", "10"), ("1", "11")], devices);
    let expected = [
        "list_clients",
        "list_sites?clientid=1",
        "list_devices_at_client?clientid=1&devicetype=workstation",
        "list_devices_at_client?clientid=1&devicetype=mobile_device",
        "list_workstations?siteid=10",
        "list_workstations?siteid=11",
    ];
    assert_eq!(identities(&Filter::default(), &fleet), expected);
}

#[test]
fn a_site_of_two_clients_is_asked_for_once() {
    // The site moved from client 1 to client 2; the lists of some devices, and then of sites, are from before.
    let devices = || {
        vec![
            known("7", Kind::Server, "1", "10", |_| {}),
            known("8", Kind::Server, "2", "10", |_| {}),
            known("9", Kind::Workstation, "1", "10", |_| {}),
        ]
    };
    let details = |sites: &[(&str, &str)]| -> Vec<Call> {
        let fleet = view(&[("1", [Some(1); 3]), ("2", [Some(1); 3])], sites, devices());
        let is_detail = |call: &Call| matches!(call, Call::ListServers(..) | Call::ListWorkstations(..));
        calls(&Filter::default(), &fleet).into_iter().filter(is_detail).collect()
    };
    let both = |client: &str| {
        let (client, site) = (ClientKey::new(client), SiteKey::new("10"));
        vec![Call::ListServers(client.clone(), site.clone()), Call::ListWorkstations(client, site)]
    };
    assert_eq!(details(&[("2", "10")]), both("2"), "the list of sites says whose it is");
    assert_eq!(details(&[("2", "10"), ("1", "10")]), both("2"), "one of them");
    assert_eq!(details(&[]), both("1"), "no list of sites has it");
}
