//! The store and the view, through a day in the life of small accounts.

mod incomplete;
mod known;
mod lacking;
mod lists;
mod readings;
mod stored;
mod tactical;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use regex::Regex;

use super::filter::NameFilter;
use super::*;
use crate::collector::Collector;
use crate::config::ChecksMode;
use crate::platform::PlatformName;

pub(super) const MINUTE: i64 = 60;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_600_000 + second).expect("in range")
}

pub(super) fn options(platform: PlatformName) -> FleetOptions {
    let stale_after = Collector::ALL.into_iter().map(|collector| (collector, Duration::from_mins(45)));
    FleetOptions {
        platform,
        filter: Filter::default(),
        checks_mode: ChecksMode::Failing,
        stale_after: stale_after.collect::<BTreeMap<_, _>>(),
        time_zone: None,
        mappings: Mappings::default(),
    }
}

pub(super) fn client(id: &str, name: &str, server: u64, workstation: u64) -> ClientRecord {
    ClientRecord {
        key: ClientKey::new(id),
        id: id.into(),
        name: name.into(),
        timezone: Some("".into()),
        devices: Some(KindCounts { server: Some(server), workstation: Some(workstation), mobile: Some(0) }),
    }
}

pub(super) fn site(id: &str, client: &str, name: &str) -> SiteRecord {
    SiteRecord {
        key: SiteKey::new(id),
        client: ClientKey::new(client),
        id: id.into(),
        name: name.into(),
        connection_up: Some(true),
    }
}

pub(super) fn device(id: &str, client: &str, site: &str, kind: Kind) -> DeviceRecord {
    let name = format!("PC{id}");
    DeviceRecord {
        kind: Some(kind),
        client_name: Some("old client name".into()),
        site_name: Some("old site name".into()),
        ..DeviceRecord::new(DeviceId::new(id), name.as_str().into(), ClientKey::new(client), SiteKey::new(site))
    }
}

pub(super) fn detailed(id: &str, client: &str, site: &str, kind: Kind) -> DeviceRecord {
    DeviceRecord {
        agentless: Some(false),
        online: Some(true),
        overdue: Some(false),
        client_name: None,
        site_name: None,
        ..device(id, client, site, kind)
    }
}

pub(super) fn roster(client: &str, kind: Kind) -> DeviceList {
    DeviceList::Client(ClientKey::new(client), kind)
}

pub(super) fn details(site: &str, kind: Kind) -> DeviceList {
    DeviceList::Site(SiteKey::new(site), kind)
}

/// Client 1 with site 10 (server 100, workstation 101) and site 11 (server 102); client 2 with site 20 (server 200).
pub(super) fn nsight() -> Fleet {
    let mut fleet = Fleet::new(options(PlatformName::Nsight));
    fleet.apply(Update::Clients(vec![client("1", "Acme", 2, 1), client("2", "Bolt", 1, 0)]), at(0));
    fleet.apply(Update::Sites(ClientKey::new("1"), vec![site("10", "1", "HQ"), site("11", "1", "Lab")]), at(1));
    fleet.apply(Update::Sites(ClientKey::new("2"), vec![site("20", "2", "HQ")]), at(1));
    let servers = vec![device("100", "1", "10", Kind::Server), device("102", "1", "11", Kind::Server)];
    fleet.apply(Update::Devices(roster("1", Kind::Server), servers), at(2));
    let workstations = vec![device("101", "1", "10", Kind::Workstation)];
    fleet.apply(Update::Devices(roster("1", Kind::Workstation), workstations), at(2));
    fleet.apply(Update::Devices(roster("2", Kind::Server), vec![device("200", "2", "20", Kind::Server)]), at(2));
    for (place, owner, id, kind) in [
        ("10", "1", "100", Kind::Server),
        ("10", "1", "101", Kind::Workstation),
        ("11", "1", "102", Kind::Server),
        ("20", "2", "200", Kind::Server),
    ] {
        fleet.apply(Update::Devices(details(place, kind), vec![detailed(id, owner, place, kind)]), at(3));
    }
    fleet
}

pub(super) fn ids(view: &View) -> Vec<&str> {
    view.devices.iter().map(|device| &*device.id.0).collect()
}

pub(super) fn find<'a>(view: &'a View, id: &str) -> &'a DeviceView {
    view.devices.iter().find(|device| &*device.id.0 == id).unwrap_or_else(|| panic!("no device {id}"))
}

pub(super) fn failing(id: &str, overdue: bool, offline: bool, unreachable: bool) -> FailingDevice {
    FailingDevice {
        device: device(id, "1", "10", Kind::Server),
        overdue,
        offline,
        unreachable,
        checks: vec![],
        tasks: vec![],
    }
}
