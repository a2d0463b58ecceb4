//! Lists of devices at a client.

use super::*;

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
