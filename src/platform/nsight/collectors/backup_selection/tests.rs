use jiff::tz::TimeZone;

use super::*;
use crate::config::ChecksMode;
use crate::fleet::{ClientKey, Kind, SiteKey};
use crate::planner::{Outcome, ReadCall};
use crate::platform::nsight::collectors::tests::{device_id, known, read, read_text};

type Selected = Vec<(&'static str, u64)>;

fn whole_account() -> Call {
    Call::MobListSelectionSize(SelectionTarget { device: None, zone: None })
}

fn of_device(id: &str) -> Call {
    let device = Some((ClientKey::new("41007"), SiteKey::new("50311"), device_id(id)));
    Call::MobListSelectionSize(SelectionTarget { device, zone: None })
}

fn selection(selected: &[(&str, u64)]) -> Arc<[PluginSelection]> {
    selected.iter().map(|(plugin, bytes)| PluginSelection { plugin: (*plugin).into(), bytes: *bytes }).collect()
}

/// What an answer for device 1 says of it, and how many records were left out.
fn read_slots(slots: &str) -> (Arc<[PluginSelection]>, usize) {
    read_device(&format!("<server active='true'><deviceid>1</deviceid>{slots}</server>"))
}

fn read_device(device: &str) -> (Arc<[PluginSelection]>, usize) {
    let text = format!(
        "<result><selection><client active='true'><site active='true'><servers>{device}</servers></site></client>\
         </selection></result>"
    );
    let (updates, left_out) = read_text(&of_device("1"), &text, ChecksMode::Failing).expect("good");
    let [Update::Reading(id, Reading::Selection(selection))] = updates.as_slice() else { panic!("{updates:?}") };
    assert_eq!(*id, device_id("1"));
    (Arc::clone(selection), left_out)
}

#[test]
fn one_call_for_the_account_or_one_for_each_device() {
    let with_backup = |record: &mut crate::fleet::DeviceRecord| record.features = Some(vec![Feature::Backup]);
    let mut view = View {
        devices: vec![
            known("1", Kind::Server, "10", "20", |record| record.features = Some(vec![Feature::Patch])),
            known("2", Kind::Server, "10", "20", with_backup),
            known("3", Kind::Workstation, "11", "21", |record| {
                with_backup(record);
                record.agentless = Some(false);
            }),
            known("4", Kind::Workstation, "11", "21", with_backup),
            known("5", Kind::Mobile, "11", "21", with_backup),
        ],
        time_zone: Some(TimeZone::get("Europe/Berlin").expect("zone")),
        ..View::default()
    };
    let identities =
        |view: &View, per_device| -> Vec<String> { calls(view, per_device).iter().map(ReadCall::identity).collect() };
    assert_eq!(identities(&view, false), ["mob/mob_list_selection_size?clientid=0&deviceid=0&siteid=0"]);
    let each = [
        "mob/mob_list_selection_size?clientid=10&deviceid=2&siteid=20",
        "mob/mob_list_selection_size?clientid=11&deviceid=3&siteid=21",
    ];
    assert_eq!(identities(&view, true), each);
    for call in calls(&view, true) {
        let Call::MobListSelectionSize(target) = call else { panic!("{call:?}") };
        assert_eq!(target.zone.as_deref(), Some("Europe/Berlin"));
    }
    // Where no device has the feature, nothing is asked.
    view.devices.truncate(1);
    assert!(calls(&view, false).is_empty() && calls(&view, true).is_empty());
}

#[test]
fn only_what_is_active_counts() {
    let Update::Selections(devices) = read(&whole_account(), "mob_list_selection_size") else { panic!("wrong update") };
    let expected: [(&str, Selected); 3] = [
        // Two slots of one plugin are one sum.
        ("770215", vec![("file_system", 813_345_678_901), ("system_state", 42_949_672_960)]),
        ("770216", vec![]),
        ("770480", vec![("hyper_v", 0), ("network_shares", 1_073_741_824)]),
    ];
    assert_eq!(devices, expected.map(|(id, selected)| (device_id(id), selection(&selected))));
}

#[test]
fn a_device_that_was_asked_for_is_answered_for() {
    for (id, selected) in [
        ("770480", vec![("hyper_v", 0), ("network_shares", 1_073_741_824)]),
        ("770216", vec![]),
        // Its site is removed; then a device that is removed; then one that is not named.
        ("780001", vec![]),
        ("770210", vec![]),
        ("999999", vec![]),
    ] {
        let Update::Reading(device, Reading::Selection(found)) = read(&of_device(id), "mob_list_selection_size") else {
            panic!("wrong update")
        };
        assert_eq!((device, found), (device_id(id), selection(&selected)));
    }
}

#[test]
fn the_word_active_is_read_leniently() {
    for (active, counts) in [
        ("active='true'", true),
        ("ACTIVE=' True '", true),
        ("active='1'", true),
        ("", true),
        ("active='false'", false),
        ("active='FALSE'", false),
        ("active='0'", false),
        ("active=''", false),
    ] {
        let (found, _) = read_slots(&format!("<slot {active}><FsBackupPlugin>5</FsBackupPlugin></slot>"));
        assert_eq!(!found.is_empty(), counts, "{active}");
    }
}

#[test]
fn without_one_of_its_sizes_a_sum_is_not_known() {
    let (found, left_out) = read_slots(
        "<slot active='true'><slotid>1</slotid><FsBackupPlugin>5</FsBackupPlugin><MsSqlbackupplugin>7</MsSqlbackupplugin>\
         <SharePointBackupPlugin/><total>12</total></slot>\
         <slot active='true'><FsBackupPlugin>many</FsBackupPlugin><MsSqlBackupPlugin>8</MsSqlBackupPlugin></slot>\
         <slot active='true'><OracleBackupPlugin>18446744073709551615</OracleBackupPlugin>\
         <OraclePlugin>1</OraclePlugin></slot>",
    );
    assert_eq!((found, left_out), (selection(&[("mssql", 15)]), 0));
}

#[test]
fn a_device_in_two_places_is_one() {
    let twice = "<server active='true'><slot active='true'><FsBackupPlugin>5</FsBackupPlugin></slot><deviceid>1</deviceid>\
                 </server><server active='true'><deviceid>1</deviceid></server>\
                 <server active='false'><deviceid>1</deviceid></server><server active='true'/>";
    assert_eq!(read_device(twice), (selection(&[("file_system", 5)]), 1));
}

#[test]
fn nothing_selected_is_an_answer_and_nothing_is_none() {
    for text in ["<result><selection/></result>", "<result><selection><total>0</total></selection></result>"] {
        let (updates, _) = read_text(&whole_account(), text, ChecksMode::Failing).expect(text);
        let [Update::Selections(devices)] = updates.as_slice() else { panic!("{updates:?}") };
        assert_eq!(devices.len(), 0);
    }
    let error = read_text(&whole_account(), "<result status='OK'/>", ChecksMode::Failing).expect_err("nothing");
    assert_eq!(error.outcome(), Outcome::InvalidResponse);
}
