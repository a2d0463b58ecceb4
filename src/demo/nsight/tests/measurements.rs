use std::collections::BTreeSet;

use super::*;
use crate::demo::world::nsight_performance::{NsightInterval, NsightPerformance};
use crate::demo::world::nsight_storage::NsightVolume;

#[tokio::test]
async fn outages_are_the_truth() {
    let demo = demo(400).await;
    let now = demo.world.now();
    let days = |count: i64| now - jiff::SignedDuration::from_hours(24 * count);
    let mut seen = BTreeSet::new();
    for truth in &truth(&demo).devices {
        let nodes = children(&demo, &format!("service=list_outages&deviceid={}", truth.device.id)).await;
        assert_eq!(nodes.len(), truth.outages.len());
        for (node, outage) in nodes.iter().zip(&truth.outages) {
            assert_eq!((node.get("reason"), node.number("outage_id")), (outage.reason, outage.id));
            assert_eq!(node.get("state"), if outage.end.is_some() { "CLOSED" } else { "OPEN" });
            assert_eq!((moment(node, "utc_start"), moment(node, "utc_end")), (Some(outage.start), outage.end));
            assert!(outage.start <= now && outage.end.is_none_or(|end| end <= now && end > days(61)));
            assert_eq!(node.all("check_id").count(), usize::from(outage.check.is_some()));
            seen.extend([outage.reason, node.get("state")].map(str::to_owned));
            if outage.start < days(30) && outage.end.is_none_or(|end| end > days(30)) {
                seen.insert("across".to_owned());
            }
            let meets = |other: &&crate::demo::world::nsight_outages::NsightOutage| {
                other.reason == outage.reason
                    && other.start > outage.start
                    && outage.end.is_none_or(|end| other.start < end)
            };
            if truth.outages.iter().any(|other| meets(&other)) {
                seen.insert("overlap".to_owned());
            }
        }
        let open = |reason| truth.outages.iter().any(|outage| outage.end.is_none() && outage.reason == reason);
        let kind = truth.device.problem.map(|problem| problem.kind);
        assert_eq!(open("DEVICE_OVERDUE"), kind == Some(ProblemKind::Overdue));
        assert_eq!(open("DEVICE_OFFLINE"), kind == Some(ProblemKind::Offline));
        assert_eq!(open("SITE_DOWN"), kind == Some(ProblemKind::Unreachable));
    }
    for needed in [
        "CHECK_FAILURE",
        "DEVICE_OFFLINE",
        "DEVICE_OVERDUE",
        "SITE_DOWN",
        "UPLOAD_ERROR",
        "AGENT_STUCK",
        "OPEN",
        "CLOSED",
        "across",
        "overlap",
    ] {
        assert!(seen.contains(needed), "{needed}: {seen:?}");
    }
}

/// Compares the intervals of one history, value by value.
fn same<T>(holder: &Node, intervals: &[NsightInterval<T>], value: impl Fn(&Node, &T)) {
    let nodes = &holder.child("history").children;
    assert_eq!(nodes.len(), intervals.len());
    for (node, interval) in nodes.iter().zip(intervals) {
        assert_eq!((moment(node, "start"), moment(node, "end")), (Some(interval.start), Some(interval.end)));
        value(node, &interval.value);
    }
}

fn real(node: &Node, name: &str) -> f64 {
    node.get(name).parse().unwrap()
}

fn performance(root: &Node, truth: &NsightPerformance) {
    for holder in root.all("cpu_load") {
        same(holder, &truth.cpu, |node, loads| {
            let each: Vec<_> = node.all("cpu").collect();
            for (index, load) in loads.iter().enumerate() {
                let place = if load.cpu.is_some() { each[index] } else { node };
                assert_eq!(load.cpu, place.all("cpu_id").next().map(|id| id.text.parse().unwrap()));
                assert_eq!((real(place, "load_average"), real(place, "load_max")), (load.average, load.max));
            }
        });
    }
    for holder in root.all("memory_usage") {
        same(holder, &truth.memory, |node, memory| {
            assert_eq!(node.number("available_average"), memory.available_average);
            assert_eq!((node.number("available_min"), node.number("total")), (memory.available_min, memory.total));
        });
    }
    let disks: Vec<_> = root.all("disk_load").flat_map(|list| list.all("disk")).collect();
    assert_eq!(disks.len(), truth.disks.len());
    for (holder, (name, intervals)) in disks.into_iter().zip(&truth.disks) {
        assert_eq!(holder.get("disk"), *name);
        same(holder, intervals, |node, queue| {
            assert_eq!(
                (real(node, "read_queue_average"), real(node, "write_queue_average")),
                (queue.read, queue.write)
            );
        });
    }
    let adapters: Vec<_> = root.all("network_usage").flat_map(|list| list.all("interface")).collect();
    assert_eq!(adapters.len(), truth.adapters.len());
    for (holder, (name, intervals)) in adapters.into_iter().zip(&truth.adapters) {
        assert_eq!(holder.get("adapter"), *name);
        same(holder, intervals, |node, traffic| {
            let told = (real(node, "receive_average"), real(node, "transmit_average"));
            assert_eq!(told, (traffic.receive, traffic.transmit));
        });
    }
}

#[tokio::test]
async fn performance_is_the_truth() {
    let demo = demo(200).await;
    let (mut without, mut merged, mut total, mut never, mut workstations) = (0, 0, 0, 0, 0);
    for truth in &truth(&demo).devices {
        let query = format!("service=list_performance_history&interval=15&deviceid={}", truth.device.id);
        let root = ask(&demo, &query).await;
        let Some(expected) = &truth.performance else {
            assert_eq!(root.children.len(), 0, "{truth:?}");
            without += 1;
            continue;
        };
        assert!(truth.checks.iter().any(|check| check.check_type == 1007 && check.id == expected.check_id));
        performance(&root, expected);
        workstations += usize::from(truth.device.kind == NsightKind::Workstation);
        never += usize::from(expected.cpu.is_empty() && expected.memory.is_empty());
        total += usize::from(expected.cpu.iter().any(|interval| interval.value.iter().any(|load| load.cpu.is_none())));
        let length = |interval: &NsightInterval<_>| interval.end.duration_since(interval.start).as_secs();
        merged += usize::from(expected.cpu.iter().any(|interval| length(interval) == 2_699));
        let ends: BTreeSet<_> =
            [expected.cpu.last().map(|interval| interval.end), expected.memory.last().map(|interval| interval.end)]
                .into_iter()
                .flatten()
                .collect();
        assert!(ends.len() <= 1 && ends.iter().all(|end| *end < demo.world.now()));
        let Some(end) = ends.first() else { continue };
        let since = ask(&demo, &format!("{query}&since={}", end.strftime("%F%%20%T"))).await;
        assert!(since.all("cpu_load").all(|load| load.child("history").children.len() == 1));
        let hours = ask(&demo, &query.replace("=15", "=60")).await;
        assert!(hours.all("cpu_load").all(|load| (1..=192).contains(&load.child("history").children.len())));
    }
    assert!(
        without > 5 && merged > 2 && total > 2 && never > 0 && workstations > 2,
        "{without} {merged} {total} {never} {workstations}"
    );
}

async fn volumes(demo: &Demo, service: &str, element: &str, id: u64, volumes: &[NsightVolume]) {
    let query = format!("service={service}&interval=DAY&deviceid={id}");
    let nodes = children(demo, &query).await;
    assert_eq!(nodes.len(), volumes.len());
    for (node, volume) in nodes.iter().zip(volumes) {
        assert_eq!((node.name.as_str(), node.get(volume.element)), (element, volume.name.as_str()));
        assert_eq!(node.number("check_id"), volume.check_id);
        let days: Vec<_> = node
            .child("history")
            .children
            .iter()
            .map(|data| (data.get("day").parse().unwrap(), data.number("space_used")))
            .collect();
        assert_eq!(days, volume.days);
    }
    let Some((newest, used)) = volumes.iter().filter_map(|volume| volume.days.iter().max()).max() else { return };
    let since = children(demo, &format!("{query}&since={newest}")).await;
    let told: Vec<_> = since.iter().flat_map(|node| &node.child("history").children).collect();
    assert!(told.iter().all(|data| data.get("day") == newest.to_string()));
    let month = children(demo, &query.replace("DAY", "MONTH")).await;
    let months = month.iter().flat_map(|node| &node.child("history").children);
    let newest: Vec<_> = months.filter(|data| data.get("month") == newest.strftime("%Y-%m").to_string()).collect();
    assert!(newest.iter().any(|data| data.number("space_used") == *used));
    let weeks = children(demo, &query.replace("DAY", "WEEK")).await;
    assert!(weeks.iter().flat_map(|node| &node.child("history").children).all(|data| data.get("week").contains('W')));
}

#[tokio::test]
async fn drives_and_stores_are_the_truth() {
    let demo = demo(400).await;
    let (mut names, mut elements, mut stores) = (BTreeSet::new(), BTreeSet::new(), 0);
    for truth in &truth(&demo).devices {
        volumes(&demo, "list_drive_space_history", "drive", truth.device.id, &truth.drives).await;
        volumes(&demo, "list_exchange_storage_history", "store", truth.device.id, &truth.stores).await;
        names.extend(truth.drives.iter().map(|drive| drive.name.clone()));
        elements.extend(truth.drives.iter().chain(&truth.stores).map(|volume| volume.element));
        stores += truth.stores.len();
        if !truth.stores.is_empty() {
            assert!(truth.device.os.contains("Windows") && truth.device.kind == NsightKind::Server);
        }
    }
    assert!(names.is_superset(&["C", "C:", "D", "D:", "/"].map(str::to_owned).into()), "{names:?}");
    assert_eq!(elements, ["database", "drive", "letter", "name", "store"].into());
    assert!(stores > 3);
}
