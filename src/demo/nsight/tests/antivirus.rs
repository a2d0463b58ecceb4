use super::*;
use crate::demo::world::nsight_antivirus::NsightEngine;

/// The time in a child, as the engine writes it, brought to UTC.
fn told(node: &Node, name: &str, engine: NsightEngine, truth: &NsightDeviceTruth) -> Option<Timestamp> {
    let offset = match engine {
        NsightEngine::Vipre => 0,
        NsightEngine::Bitdefender => truth.device.utc_offset,
    };
    moment(node, name).map(|at| at - jiff::SignedDuration::from_secs(offset.into()))
}

fn of_engine<T: Clone>(records: &[T], engine: impl Fn(&T) -> NsightEngine, wanted: &[NsightEngine]) -> Vec<T> {
    records.iter().filter(|record| wanted.contains(&engine(record))).cloned().collect()
}

/// Compares the answers of one version with the records of the engines that it shows.
async fn compare(demo: &Demo, truth: &NsightDeviceTruth, version: &str, wanted: &[NsightEngine]) -> usize {
    let query = |service: &str| format!("service={service}&deviceid={}{version}", truth.device.id);
    let engines = usize::from(version != "&v=1");
    let mut found = 0;
    let threats = of_engine(&truth.threats, |threat| threat.engine, wanted);
    let nodes = children(demo, &query("list_mav_threats")).await;
    assert_eq!(nodes.len(), threats.len(), "{truth:?}");
    for (node, threat) in nodes.iter().zip(&threats) {
        found += 1;
        assert_eq!((node.get("name"), node.get("last_status")), (threat.name, threat.status));
        assert_eq!(node.get("last_scan_type"), threat.scan_type);
        assert_eq!(told(node, "last_event", threat.engine, truth), Some(threat.last_event));
        assert_eq!(node.all("engine").count(), engines);
        assert!(node.all("engine").all(|engine| engine.text == threat.engine.word()));
    }
    let scans = of_engine(&truth.scans, |scan| scan.engine, wanted);
    let nodes = children(demo, &format!("{}&details=NO", query("list_mav_scans"))).await;
    assert_eq!(nodes.len(), scans.len());
    for (node, scan) in nodes.iter().zip(&scans) {
        found += 1;
        assert_eq!((node.name.as_str(), node.get("type"), node.get("status")), ("scan", scan.scan_type, scan.status));
        assert_eq!(told(node, "start", scan.engine, truth), Some(scan.start));
        assert_eq!(told(node, "end", scan.engine, truth), scan.end);
        assert_eq!((node.number("threat_count"), node.number("error_count")), (scan.threats, scan.errors));
        assert_eq!(node.number("quarantine_count"), scan.quarantined);
        assert_eq!(node.all("engine").count(), engines);
    }
    let items = of_engine(&truth.quarantine, |item| item.engine, wanted);
    for (asked, states) in
        [("", &[true][..]), ("&items=CURRENT", &[true]), ("&items=PREVIOUS", &[false]), ("&items=ALL", &[true, false])]
    {
        let nodes = children(demo, &format!("{}{asked}", query("list_mav_quarantine"))).await;
        let items: Vec<_> = items.iter().filter(|item| states.contains(&item.current)).collect();
        assert_eq!(nodes.len(), items.len());
        for (node, item) in nodes.iter().zip(items) {
            found += 1;
            assert_eq!((node.number("quarantine_id"), node.get("status")), (item.id, item.status));
            assert_eq!(told(node, "scan_start", item.engine, truth), item.scan.map(|(start, _)| start));
            assert_eq!(node.child("traces").all("trace").count(), 1);
        }
    }
    found
}

#[tokio::test]
async fn managed_antivirus_is_the_truth_in_both_versions() {
    use NsightEngine::{Bitdefender, Vipre};
    let demo = demo(200).await;
    let (mut hidden, mut shown, mut both) = (0, 0, 0);
    for device in &truth(&demo).devices {
        let engines = device.device.engines();
        if engines.is_empty() {
            continue;
        }
        compare(&demo, device, "&v=1", &[Vipre]).await;
        let second: &[NsightEngine] = if device.device.hides_vipre() { &[] } else { &[Vipre, Bitdefender] };
        let found = compare(&demo, device, "", second).await;
        assert_eq!(found, compare(&demo, device, "&v=2", second).await);
        match (engines, found) {
            ([Vipre], 0) => hidden += 1,
            ([Vipre], _) => shown += 1,
            ([_, _], _) => both += 1,
            _ => {}
        }
    }
    assert!(hidden > 1 && shown > 1 && both > 1, "{hidden} {shown} {both}");
}

#[tokio::test]
async fn the_default_fleet_has_every_mix_of_engines_and_offsets() {
    let truth = truth(&demo(60).await);
    let mixes: Vec<_> = truth.devices.iter().map(|device| device.device.engines()).collect();
    for mix in [
        &[][..],
        &[NsightEngine::Vipre],
        &[NsightEngine::Bitdefender],
        &[NsightEngine::Vipre, NsightEngine::Bitdefender],
    ] {
        assert!(mixes.contains(&mix), "{mix:?}");
    }
    let managed = truth.devices.iter().filter(|device| device.device.engines().contains(&NsightEngine::Bitdefender));
    let offsets: Vec<_> = managed.map(|device| device.device.utc_offset).collect();
    assert!(
        offsets.iter().any(|offset| *offset < 0) && offsets.iter().any(|offset| offset % 3_600 != 0),
        "{offsets:?}"
    );
}

#[tokio::test]
async fn products_and_definitions_are_the_truth() {
    let demo = demo(60).await;
    let truth = truth(&demo);
    let root = ask(&demo, "service=list_supported_av_products").await;
    assert_eq!((root.name.as_str(), root.attributes.len()), ("products", 0));
    assert_eq!(root.children.len(), truth.definitions.len());
    for (node, product) in root.children.iter().zip(&truth.definitions) {
        assert_eq!((node.get("id"), node.get("name")), (product.id, product.name));
        let query = format!("service=list_av_definitions&product={}", product.id);
        for (more, count) in [("", 20), ("&max_results=3", 3), ("&max_results=20", 20)] {
            let nodes = children(&demo, &format!("{query}{more}")).await;
            let nodes = &nodes[0].children;
            let count = count.min(product.definitions.len());
            assert_eq!(nodes.len(), count);
            let mut dates: Vec<_> = nodes.iter().map(|node| moment(node, "date").unwrap()).collect();
            let mut expected: Vec<_> = product.definitions.iter().map(|definition| definition.released).collect();
            dates.sort();
            expected.sort();
            assert_eq!(dates, expected[expected.len() - count..], "the newest");
            assert!(dates.iter().all(|date| *date <= demo.world.now()));
        }
    }
    let newest = |truth: &NsightTruth| truth.definitions[0].definitions.iter().map(|one| one.released).max();
    let later = demo.world.truth(demo.world.now() + jiff::SignedDuration::from_mins(10)).nsight;
    assert!(newest(&later) > newest(&truth));
}
