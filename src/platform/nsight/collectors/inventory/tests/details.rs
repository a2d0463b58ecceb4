//! Lists of servers and workstations, and what they say of each.

use super::*;

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
        ("770480", Some(false), Some(true), None, Some(time("2026-03-04T08:40:03Z")), None),
        // N-sight still says online = 1.
        (
            "770481",
            Some(false),
            Some(false),
            None,
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
    assert_eq!(seen, [("780100", Some(false), Some(true), None), ("780101", Some(false), None, None)]);
}

#[test]
fn whether_a_server_is_online() {
    let devices = read_details(Kind::Server, "quirks/list_servers.online");
    let seen: Vec<_> = devices.iter().map(|d| (d.name.as_str(), d.online, d.overdue)).collect();
    let expected = [
        ("unknown online", None, Some(false)),
        ("nothing said", None, None),
        ("overdue", Some(false), Some(true)),
        ("offline", Some(false), Some(false)),
    ];
    assert_eq!(seen, expected);
    assert_eq!((devices[0].boot, devices[1].boot), (None, None), "0 and the future are no times of a start");
}

#[test]
fn what_is_not_said_or_cannot_be_is_no_value() {
    let read = |kind, fields: &str| {
        let (element, id) = match kind {
            Kind::Server => ("server", "serverid"),
            _ => ("workstation", "workstationid"),
        };
        let text = format!("<result><items><{element}><{id}>1</{id}>{fields}</{element}></items></result>");
        let (client, site) = (ClientKey::new("1"), SiteKey::new("2"));
        let call = match kind {
            Kind::Server => Call::ListServers(client, site),
            _ => Call::ListWorkstations(client, site),
        };
        let (mut updates, _) = read_text(&call, &text, ChecksMode::Failing).expect("good");
        let Update::Devices(_, mut devices) = updates.remove(0) else { panic!("wrong update") };
        devices.remove(0)
    };
    for (missed, overdue) in [
        ("", None),
        ("<missed_247/>", None),
        ("<missed_247>yes</missed_247>", None),
        ("<missed_247>0</missed_247>", Some(false)),
        ("<missed_247>1</missed_247>", Some(true)),
    ] {
        let fields = format!("<online>1</online>{missed}");
        let server = read(Kind::Server, &fields);
        assert_eq!((server.overdue, server.online), (overdue, Some(overdue != Some(true))), "{missed}");
    }
    for (report, interval, online, is_seen) in [
        ("<utc_time_247>2026-03-04 09:00:00</utc_time_247>", "60", Some(true), true),
        ("<utc_time_247>0000-00-00 00:00:00</utc_time_247>", "60", Some(false), false),
        ("", "60", None, false),
        ("<utc_time_247/>", "60", None, false),
        ("<utc_time_247>04.03.2026 09:00</utc_time_247>", "60", None, false),
        ("<utc_time_247>2030-01-01 00:00:00</utc_time_247>", "60", None, false),
        // Without an interval only the shortest limit says something.
        ("<utc_time_247>2026-03-04 09:00:00</utc_time_247>", "", Some(true), true),
        ("<utc_time_247>2026-03-04 08:00:00</utc_time_247>", "", None, true),
    ] {
        let interval = format!("<check_interval_247>{interval}</check_interval_247>");
        let device =
            read(Kind::Workstation, &format!("<active_247>1</active_247><online>1</online>{interval}{report}"));
        let got = (device.online, device.last_seen.is_some(), device.overdue);
        assert_eq!(got, (online, is_seen, None), "{report} {interval}");
    }
    for (field, sane) in [
        ("<check_interval_247>527040</check_interval_247>", true),
        ("<check_interval_247>300000000000000000</check_interval_247>", false),
        ("<total_memory>1125899906842624</total_memory>", true),
        ("<total_memory>18446744073709551615</total_memory>", false),
    ] {
        let device = read(Kind::Server, &format!("<active_247>1</active_247>{field}"));
        assert_eq!(device.check_interval.is_some() || device.memory_bytes.is_some(), sane, "{field}");
    }
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
