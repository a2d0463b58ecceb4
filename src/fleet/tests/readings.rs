//! What the calls for single objects said, beyond checks and histories.

use super::*;

fn with(fleet: &mut Fleet, features: &[Feature]) {
    let record = DeviceRecord { features: Some(features.to_vec()), ..device("200", "2", "20", Kind::Server) };
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![record]), at(4));
}

fn readings(fleet: &Fleet, now: i64) -> Readings {
    let view = fleet.current(at(now));
    view.devices.iter().find(|device| &*device.id.0 == "200").expect("device 200").readings.clone()
}

fn read(fleet: &mut Fleet, reading: Reading, second: i64) {
    assert_eq!(fleet.apply(Update::Reading(DeviceId::new("200"), reading), at(second)), Changed::default());
}

fn selection(plugin: &str, bytes: u64) -> Arc<[PluginSelection]> {
    Arc::new([PluginSelection { plugin: plugin.into(), bytes }])
}

#[test]
fn each_reading_is_as_fresh_as_its_own_call() {
    let mut fleet = nsight();
    with(&mut fleet, &[Feature::ManagedAntivirus]);
    read(&mut fleet, Reading::Threats([1, 0, 0, 0]), 10 * MINUTE);
    read(&mut fleet, Reading::Quarantined(3), 20 * MINUTE);
    let keep_listed = |fleet: &mut Fleet, second| {
        fleet.apply(
            Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]),
            at(second),
        );
    };
    keep_listed(&mut fleet, 40 * MINUTE);
    let both = readings(&fleet, 54 * MINUTE);
    assert_eq!((both.threats, both.quarantined), (Some([1, 0, 0, 0]), Some(3)));
    let one = readings(&fleet, 56 * MINUTE);
    assert_eq!((one.threats, one.quarantined), (None, Some(3)), "45 minutes are over for the first");
    assert_eq!(fleet.current(at(56 * MINUTE)).valid_until, Some(at(65 * MINUTE)));
    read(&mut fleet, Reading::Threats([0, 0, 2, 0]), 57 * MINUTE);
    assert_eq!(readings(&fleet, 58 * MINUTE).threats, Some([0, 0, 2, 0]));
}

#[test]
fn what_a_feature_told_goes_when_it_is_switched_off() {
    let mut fleet = nsight();
    with(&mut fleet, &[Feature::ManagedAntivirus, Feature::Backup, Feature::Patch]);
    read(&mut fleet, Reading::Threats([1, 0, 0, 0]), 5);
    read(&mut fleet, Reading::Selection(selection("file_system", 7)), 5);
    let patches = PatchCounts { reboot_required: Some(true), ..PatchCounts::default() };
    fleet.apply(Update::Patches(DeviceId::new("200"), Some(patches)), at(5));
    let of = |fleet: &Fleet| {
        let view = fleet.current(at(10));
        let device = view.devices.into_iter().find(|device| &*device.id.0 == "200").expect("device 200");
        let readings = device.readings;
        let told = [readings.threats.is_some(), readings.selection.is_some(), device.patches.is_some()];
        (told, device.record.reboot_required)
    };
    assert_eq!(of(&fleet), ([true; 3], Some(true)));
    with(&mut fleet, &[Feature::ManagedAntivirus, Feature::Backup]);
    assert_eq!(of(&fleet), ([true, true, false], None));
    with(&mut fleet, &[Feature::Backup]);
    assert_eq!(of(&fleet), ([false, true, false], None));
    with(&mut fleet, &[]);
    assert_eq!(of(&fleet), ([false; 3], None));
}

#[test]
fn selections_of_the_account_replace_those_of_every_device() {
    let mut fleet = nsight();
    read(&mut fleet, Reading::Selection(selection("file_system", 7)), 5);
    read(&mut fleet, Reading::Quarantined(1), 5);
    fleet.apply(Update::Selections(vec![(DeviceId::new("100"), selection("exchange", 1))]), at(6));
    let after = readings(&fleet, 10);
    assert_eq!((after.selection, after.quarantined), (None, Some(1)));
    let view = fleet.current(at(10));
    let named = view.devices.iter().find(|device| &*device.id.0 == "100").expect("device 100");
    assert_eq!(named.readings.selection, Some(selection("exchange", 1)));
}

#[test]
fn what_was_read_of_a_device_goes_with_it_and_is_forgotten_later() {
    let mut fleet = nsight();
    read(&mut fleet, Reading::Quarantined(1), 5);
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![]), at(6));
    assert!(fleet.current(at(7)).devices.iter().all(|device| &*device.id.0 != "200"));
    fleet.prune(at(8));
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]), at(9));
    assert_eq!(readings(&fleet, 10).quarantined, Some(1), "it was out of the lists for a moment");
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![]), at(11));
    fleet.prune(at(60 * MINUTE));
    fleet.apply(
        Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]),
        at(60 * MINUTE),
    );
    let view = fleet.known();
    let back = view.devices.iter().find(|device| &*device.id.0 == "200").expect("device 200");
    assert_eq!(back.readings, Readings::default());
}

#[test]
fn licences_and_directories_belong_to_clients_and_sites_that_are_listed() {
    let mut fleet = nsight();
    let license = License { name: "CAD".into(), owned: Some(1), installed: None };
    fleet.apply(Update::Licenses(ClientKey::new("2"), Arc::new([license.clone()])), at(5));
    fleet.apply(Update::Directory(SiteKey::new("20"), [1, 0, 0, 0, 0, 0]), at(5));
    let of = |fleet: &Fleet, second| {
        let view = fleet.current(at(second));
        let licenses: Vec<_> =
            view.clients.iter().flat_map(|client| client.licenses.iter().flat_map(|all| all.iter())).cloned().collect();
        let users: Vec<_> = view.sites.iter().filter_map(|site| site.directory_users).collect();
        (licenses, users)
    };
    assert_eq!(of(&fleet, 10), (vec![license.clone()], vec![[1, 0, 0, 0, 0, 0]]));
    fleet.apply(Update::Clients(vec![client("1", "Acme", 2, 1)]), at(11));
    assert_eq!(of(&fleet, 12), (vec![], vec![]));
    // An answer that was under way when its client went brings nothing back.
    fleet.apply(Update::Licenses(ClientKey::new("2"), Arc::new([license])), at(13));
    fleet.apply(Update::Clients(vec![client("1", "Acme", 2, 1), client("2", "Bolt", 1, 0)]), at(60 * MINUTE));
    fleet.prune(at(60 * MINUTE));
    assert_eq!(of(&fleet, 60 * MINUTE + 1).0, vec![]);
}

#[test]
fn definitions_and_the_server_go_stale_like_everything() {
    let mut fleet = Fleet::new(options(PlatformName::Tactical));
    let server = ServerState { agents: Some(3), ..ServerState::default() };
    fleet.apply(Update::Server(server.clone()), at(0));
    fleet.apply(Update::Alerts(OpenAlerts::default()), at(10 * MINUTE));
    let view = fleet.current(at(44 * MINUTE));
    assert_eq!((view.server, view.alerts.is_some()), (Some(server), true));
    let view = fleet.current(at(46 * MINUTE));
    assert_eq!((view.server, view.alerts.is_some()), (None, true));

    let mut fleet = nsight();
    let product = |id: &str| AntivirusProduct { id: id.into(), name: id.into() };
    assert!(fleet.apply(Update::AntivirusProducts(Arc::new([product("a")])), at(0)).objects, "there is more to ask");
    assert!(!fleet.apply(Update::AntivirusProducts(Arc::new([product("a")])), at(1)).objects);
    fleet.apply(Update::AntivirusDefinitions("a".into(), Some(at(-5))), at(2));
    fleet.apply(Update::AntivirusDefinitions("b".into(), None), at(2));
    assert_eq!(fleet.current(at(3)).antivirus_definitions, [("a".into(), at(-5))]);
    assert_eq!(fleet.current(at(46 * MINUTE)).antivirus_definitions, []);
}
