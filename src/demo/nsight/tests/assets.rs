use std::collections::BTreeSet;

use super::*;
use crate::demo::world::nsight_assets::NsightAsset;

fn list(node: &Node, id: &str) -> Vec<NsightAsset> {
    let item = |node: &Node| NsightAsset {
        id: node.number(id),
        name: node.get("name").to_owned(),
        deleted: node.number("deleted") == 1,
    };
    node.all("item").map(item).collect()
}

#[tokio::test]
async fn assets_are_the_truth_and_hold_what_must_go_no_further() {
    let demo = demo(200).await;
    let (mut deleted, mut never) = (0, 0);
    for truth in &truth(&demo).devices {
        let query = format!("service=list_device_asset_details&deviceid={}", truth.device.id);
        let Some(assets) = &truth.assets else {
            assert_eq!(refusal(&demo, &query).await.0, 4);
            continue;
        };
        let root = ask(&demo, &query).await;
        assert_eq!(list(root.child("hardware"), "hardwareid"), assets.hardware);
        assert_eq!(list(root.child("software"), "softwareid"), assets.software);
        let scan = assets.scanned.map_or("0000-00-00 00:00:00".to_owned(), |at| at.strftime("%F %T").to_string());
        assert_eq!(root.get("scantime"), scan);
        assert_eq!(root.get("productkey"), "SECRET-PRODUCT-KEY");
        never += usize::from(assets.scanned.is_none());
        deleted += assets.software.iter().filter(|item| item.deleted).count();
    }
    assert!(deleted > 10 && never > 3, "{deleted} {never}");
}

#[tokio::test]
async fn licenses_are_the_truth() {
    let demo = demo(60).await;
    let truth = truth(&demo);
    let (mut twice, mut none) = (0, 0);
    for client in &truth.clients {
        let nodes = items(&demo, &format!("service=list_client_license_count&clientid={}", client.id)).await;
        let expected: Vec<_> = truth.licenses.iter().filter(|license| license.client_id == client.id).collect();
        assert_eq!(nodes.len(), expected.len());
        for (node, license) in nodes.iter().zip(&expected) {
            assert_eq!((node.get("name"), node.number("count")), (license.name, license.owned));
            assert_eq!(node.number("installed"), license.installed);
        }
        let names: BTreeSet<_> = expected.iter().map(|license| license.name).collect();
        twice += usize::from(names.len() < expected.len());
        none += usize::from(expected.is_empty());
    }
    assert!(twice > 0 && none > 0, "{twice} {none}");
}

#[tokio::test]
async fn directory_users_are_the_truth() {
    let demo = demo(400).await;
    let truth = truth(&demo);
    let (mut seen, mut empty) = (BTreeSet::new(), 0);
    for directory in &truth.directory {
        let query = format!("service=list_active_directory_users&siteid={}", directory.site_id);
        let nodes = children(&demo, &query).await;
        assert_eq!((nodes.len(), nodes[0].name.as_str()), (1, "users"));
        let statuses: Vec<u8> =
            nodes[0].children.iter().map(|user| user.attributes["status"].parse().unwrap()).collect();
        assert_eq!(statuses, directory.statuses);
        for user in &nodes[0].children {
            assert_eq!(user.attributes["device"], directory.device_id.to_string());
            assert!(user.get("displayName").starts_with("SECRET-NAME"));
        }
        empty += usize::from(statuses.is_empty());
        seen.extend(statuses);
        if directory.device_id != 0 {
            assert_eq!(device(&truth, directory.device_id).device.site_id, directory.site_id);
        }
    }
    assert_eq!(truth.directory.len(), truth.sites.len());
    assert_eq!(seen, (0..=5).collect());
    assert!(empty * 2 > truth.sites.len());
}
