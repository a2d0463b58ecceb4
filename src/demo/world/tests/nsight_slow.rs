//! What the slow collectors of N-sight read: it must move, and what is over must stay as it was.

use std::collections::HashMap;
use std::fmt::Debug;

use super::*;
use crate::demo::world::nsight::NsightDeviceTruth;

/// Records that both lists hold, told by their key, are equal. Gives how many those are.
fn unchanged<T: PartialEq + Debug>(before: &[T], after: &[T], key: impl Fn(&T) -> (u64, i64)) -> usize {
    let before: HashMap<_, _> = before.iter().map(|record| (key(record), record)).collect();
    let both: Vec<_> = after.iter().filter_map(|record| Some((before.get(&key(record))?, record))).collect();
    assert!(both.iter().all(|(before, after)| **before == *after), "{both:?}");
    both.len()
}

#[test]
fn what_is_over_stays_as_it_was() {
    let world = world(400);
    let mut kept = [0; 4];
    for device in world.truth(at(0)).nsight.devices {
        let Some(after) = world.nsight_device(device.device.id, at(30)) else { continue };
        let after = world.nsight_details(after, at(30));
        kept[0] += unchanged(&device.sessions, &after.sessions, |session| (session.id, 0));
        let closed = |truth: &NsightDeviceTruth| -> Vec<_> {
            truth.outages.iter().filter(|outage| outage.end.is_some()).cloned().collect()
        };
        kept[1] += unchanged(&closed(&device), &closed(&after), |outage| (outage.id, 0));
        let ended = |truth: &NsightDeviceTruth| -> Vec<_> {
            truth.scans.iter().filter(|scan| scan.end.is_some()).cloned().collect()
        };
        let key =
            |scan: &crate::demo::world::nsight_antivirus::NsightScan| (scan.engine as u64, scan.start.as_second());
        kept[2] += unchanged(&ended(&device), &ended(&after), key);
        for (before, after) in device.drives.iter().zip(&after.drives) {
            assert_eq!((&before.name, before.element), (&after.name, after.element));
            let number = |(day, _): &(jiff::civil::Date, u64)| (0, i64::from(day.day_of_year()));
            kept[3] += unchanged(&before.days, &after.days, number);
        }
    }
    assert!(kept.iter().all(|count| *count > 100), "{kept:?}");
}

#[test]
fn everything_moves_within_an_hour() {
    let world = world(60);
    let mut changed = BTreeSet::new();
    let before = world.truth(at(0)).nsight;
    for minute in (5..60).step_by(5) {
        let now = world.truth(at(minute)).nsight;
        let pairs = before.devices.iter().filter_map(|before| {
            Some((before, now.devices.iter().find(|device| device.device.id == before.device.id)?))
        });
        for (before, now) in pairs {
            let differs = [
                ("threats", before.threats != now.threats),
                ("quarantine", before.quarantine != now.quarantine),
                ("scans", before.scans != now.scans),
                ("sessions", before.sessions != now.sessions),
                ("selection", before.selection != now.selection),
                ("outages", before.outages != now.outages),
                ("performance", before.performance != now.performance),
                ("assets", before.assets != now.assets),
            ];
            changed.extend(differs.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what));
        }
        let differs = [
            ("licenses", before.licenses != now.licenses),
            ("directory", before.directory != now.directory),
            ("definitions", before.definitions != now.definitions),
        ];
        changed.extend(differs.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what));
    }
    assert_eq!(changed.len(), 11, "{changed:?}");
}

#[test]
fn nothing_of_it_is_dated_in_the_future_or_before_the_device() {
    let now = at(3);
    for truth in world(200).truth(now).nsight.devices {
        let mut times: Vec<_> = truth.threats.iter().map(|threat| threat.last_event).collect();
        times.extend(truth.quarantine.iter().filter_map(|item| item.scan).map(|(_, end)| end));
        times.extend(truth.scans.iter().flat_map(|scan| scan.end.into_iter().chain([scan.start])));
        times.extend(truth.sessions.iter().flat_map(|session| session.end.into_iter().chain([session.start])));
        times.extend(truth.assets.iter().filter_map(|assets| assets.scanned));
        times.extend(truth.performance.iter().flat_map(|one| &one.memory).map(|interval| interval.end));
        assert!(times.iter().all(|time| *time <= now), "{truth:?}");
        let came = truth.device.since.map(|since| since.div_euclid(1_000));
        assert!(truth.sessions.iter().all(|session| came.is_none_or(|came| session.start.as_second() >= came)));
        assert!(truth.scans.iter().all(|scan| came.is_none_or(|came| scan.start.as_second() >= came)));
        assert!(truth.checks.iter().all(|check| check.failing_since.is_some() == matches!(check.status, 1 | 4)));
    }
}

/// Whether a device is such a case.
type Holds<'a> = &'a dyn Fn(&NsightDeviceTruth) -> bool;

#[test]
fn the_default_fleet_has_the_awkward_cases_of_the_slow_collectors() {
    let truth = world(60).truth(at(0)).nsight;
    let any = |holds: Holds<'_>| truth.devices.iter().any(holds);
    let kind = |truth: &NsightDeviceTruth, kind| truth.device.kind == kind;
    let one_load = |truth: &NsightDeviceTruth| {
        truth.performance.iter().flat_map(|one| &one.cpu).any(|one| one.value.iter().any(|load| load.cpu.is_none()))
    };
    let cases: [(&str, Holds<'_>); 14] = [
        ("an Exchange store", &|truth| !truth.stores.is_empty()),
        ("drives without a colon", &|truth| truth.drives.iter().any(|drive| drive.name == "C")),
        ("drives with a colon", &|truth| truth.drives.iter().any(|drive| drive.name == "C:")),
        ("a measured workstation", &|truth| kind(truth, NsightKind::Workstation) && truth.performance.is_some()),
        ("one load for all processors", &one_load),
        ("loads of single processors", &|truth| truth.performance.is_some() && !one_load(truth)),
        ("a lost scan time", &|truth| truth.assets.as_ref().is_some_and(|assets| assets.scanned.is_none())),
        ("an open outage", &|truth| truth.outages.iter().any(|outage| outage.end.is_none())),
        ("an unknown reason", &|truth| truth.outages.iter().any(|outage| outage.reason == "AGENT_STUCK")),
        ("a workstation with backup", &|truth| kind(truth, NsightKind::Workstation) && !truth.sessions.is_empty()),
        ("a restore", &|truth| truth.sessions.iter().any(|session| session.kind == "RESTORE")),
        ("no backup that came through", &|truth| {
            !truth.sessions.is_empty() && truth.sessions.iter().all(|session| session.status != "COMPLETED")
        }),
        ("a slot out of use", &|truth| truth.selection.iter().any(|slot| !slot.active)),
        ("two slots with files", &|truth| {
            let files = |slot: &&super::nsight_backup::NsightSlot| {
                slot.active && slot.plugins.iter().any(|(name, _)| *name == "FsBackupPlugin")
            };
            truth.selection.iter().filter(files).count() > 1
        }),
    ];
    let absent: Vec<_> = cases.iter().filter(|(_, holds)| !any(*holds)).map(|(case, _)| *case).collect();
    assert_eq!(absent, [""; 0]);
}
