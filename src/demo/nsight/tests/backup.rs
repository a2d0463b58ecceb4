use std::collections::BTreeSet;

use super::*;
use crate::demo::world::nsight_backup::NsightSlot;

const ACCOUNT: &str = "service=mob/mob_list_selection_size&month=3&year=2026&clientid=0&siteid=0&deviceid=0";

#[tokio::test]
async fn sessions_are_the_truth() {
    let demo = demo(400).await;
    let mut seen = BTreeSet::new();
    for truth in &truth(&demo).devices {
        let query = format!("service=list_mob_sessions&deviceid={}", truth.device.id);
        if !truth.device.features.contains(&"mob") {
            assert_eq!(refusal(&demo, &query).await.0, 4);
            assert_eq!(truth.sessions, []);
            continue;
        }
        let nodes = children(&demo, &query).await;
        assert_eq!(nodes.len(), truth.sessions.len());
        for (node, session) in nodes.iter().zip(&truth.sessions) {
            assert_eq!((node.number("session_id"), node.get("status")), (session.id, session.status));
            assert_eq!((node.get("type"), node.get("plugin")), (session.kind, session.plugin));
            assert_eq!((moment(node, "start"), moment(node, "end")), (Some(session.start), session.end));
            assert_eq!(node.number("selection_size"), session.selected);
            assert_eq!(node.number("processed_size"), session.processed);
            assert_eq!(node.number("transferred_size"), session.transferred);
            assert_eq!(node.number("error_count"), session.errors);
            seen.extend([session.kind, session.status, session.plugin]);
            assert!(session.end.is_none_or(|end| end > session.start && end <= demo.world.now()));
            assert!(session.status != "COMPLETED" || session.end.is_some());
        }
        if !truth.sessions.iter().any(|session| session.status == "COMPLETED") {
            seen.insert("never");
        }
        if !truth.sessions.is_sorted_by_key(|session| std::cmp::Reverse(session.start)) {
            seen.insert("unordered");
        }
        if truth.sessions.len() > 250 {
            seen.insert("many");
        }
    }
    for needed in [
        "BACKUP",
        "RESTORE",
        "COMPLETED",
        "COMPLETED_WITH_ERRORS",
        "FAILED",
        "INTERRUPTED",
        "NOT_STARTED",
        "CANCELED",
        "FILE_SYSTEM",
        "SYSTEM_STATE",
        "MSSQL",
        "never",
        "unordered",
        "many",
    ] {
        assert!(seen.contains(needed), "{needed}: {seen:?}");
    }
}

/// Every slot of every device that is in use, by device.
fn slots(selection: &Node) -> BTreeMap<u64, Vec<NsightSlot>> {
    let mut found = BTreeMap::new();
    for client in selection.all("client").filter(|client| client.attributes["active"] == "true") {
        for site in client.all("site") {
            for (list, element) in [("servers", "server"), ("workstations", "workstation")] {
                let devices = site.child(list).all(element);
                for device in devices.filter(|device| device.attributes["active"] == "true") {
                    found.insert(device.number("deviceid"), device.all("slot").map(slot).collect());
                }
            }
        }
    }
    found
}

fn slot(node: &Node) -> NsightSlot {
    let element = |name: &str| -> &'static str {
        let known = ["Fs", "SystemState", "Mssql", "Exchange", "NetworkShares", "Vmware", "Sharepoint", "Oracle"];
        let index = known.iter().position(|known| format!("{known}BackupPlugin") == name).unwrap();
        [
            "FsBackupPlugin",
            "SystemStateBackupPlugin",
            "MssqlBackupPlugin",
            "ExchangeBackupPlugin",
            "NetworkSharesBackupPlugin",
            "VmwareBackupPlugin",
            "SharepointBackupPlugin",
            "OracleBackupPlugin",
        ][index]
    };
    let plugins = node.children.iter().filter(|child| child.name.ends_with("Plugin"));
    NsightSlot {
        id: node.number("slotid"),
        active: node.attributes["active"] == "true",
        plugins: plugins.map(|child| (element(&child.name), child.text.parse().unwrap())).collect(),
    }
}

#[tokio::test]
async fn the_selection_of_the_account_is_the_truth() {
    let demo = demo(400).await;
    let truth = truth(&demo);
    let root = ask(&demo, ACCOUNT).await;
    let selection = root.child("selection");
    let expected: BTreeMap<_, _> = truth
        .devices
        .iter()
        .filter(|device| device.device.features.contains(&"mob"))
        .map(|device| (device.device.id, device.selection.clone()))
        .collect();
    assert_eq!(slots(selection), expected);
    let all: Vec<_> = expected.values().flatten().collect();
    let sum: u64 = all.iter().filter(|slot| slot.active).flat_map(|slot| &slot.plugins).map(|(_, bytes)| bytes).sum();
    assert_eq!(selection.number("total"), sum);
    assert!(all.iter().any(|slot| !slot.active) && all.iter().any(|slot| slot.plugins.len() > 1));
    let twice = |slots: &Vec<NsightSlot>| {
        let files = |slot: &&NsightSlot| slot.active && slot.plugins.iter().any(|(name, _)| *name == "FsBackupPlugin");
        slots.iter().filter(files).count() > 1
    };
    assert!(expected.values().any(twice));
    let text = format!("{selection:?}");
    assert!(text.contains("REMOVED") && text.contains("40999"));
    assert!(truth.devices.iter().all(|device| !text.contains(&format!("\"false\"}}, text: \"{}\"", device.device.id))));
    let encoded = ask(&demo, &ACCOUNT.replace("mob/mob", "mob%2Fmob")).await;
    assert_eq!(format!("{:?}", encoded.child("selection")), text);
    assert_eq!(demo.nsight.handle.audit().violations(), []);
}

#[tokio::test]
async fn with_the_switch_only_single_devices_are_listed() {
    let demo = demo(200).await;
    demo.world.set_selection_per_device(true);
    assert_eq!(refusal(&demo, ACCOUNT).await, (4, "Invalid value for parameter: deviceid".to_owned()));
    let start = "service=mob/mob_list_selection_size&month=3&year=2026";
    for truth in &truth(&demo).devices {
        let device = &truth.device;
        let short = format!("{start}&clientid=0&siteid=0&deviceid={}", device.id);
        if !device.features.contains(&"mob") {
            assert_eq!(refusal(&demo, &short).await.0, 4);
            continue;
        }
        let long = format!("{start}&clientid={}&siteid={}&deviceid={}", device.client_id, device.site_id, device.id);
        for query in [short, long] {
            let root = ask(&demo, &query).await;
            assert_eq!(slots(root.child("selection")), BTreeMap::from([(device.id, truth.selection.clone())]));
        }
        let elsewhere = format!("{start}&clientid={}&siteid=0&deviceid={}", device.client_id + 1, device.id);
        assert_eq!(refusal(&demo, &elsewhere).await.0, 4);
    }
    demo.world.set_selection_per_device(false);
    assert!(!slots(ask(&demo, ACCOUNT).await.child("selection")).is_empty());
}

#[tokio::test]
async fn another_month_has_other_sizes() {
    let demo = demo(100).await;
    let now = slots(ask(&demo, ACCOUNT).await.child("selection"));
    let before = slots(ask(&demo, &ACCOUNT.replace("month=3", "month=2")).await.child("selection"));
    assert_ne!(now, before);
    assert_eq!(now.len(), before.len());
}
