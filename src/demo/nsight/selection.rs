//! mob/mob_list_selection_size: of the whole account, a client, a site or a device.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::xml::Xml;
use super::{Refusal, invalid, number};
use crate::demo::server::{Content, Received};
use crate::demo::world::World;
use crate::demo::world::layout::{ClientPlan, SitePlan};
use crate::demo::world::nsight::{ACCOUNT_ZONE, NsightDevice, NsightKind};
use crate::demo::world::nsight_backup::NsightSlot;

/// A client that was removed with everything that it had.
const REMOVED_CLIENT: &str = "<client active=\"false\"><clientid>40999</clientid><name><![CDATA[Ehemals GmbH]]></name>\
    <site active=\"false\"><siteid>49999</siteid><name><![CDATA[Zentrale]]></name><workstations/><servers>\
    <server active=\"false\"><deviceid>760123</deviceid><name><![CDATA[OLD-SRV]]></name><slot active=\"false\">\
    <slotid>1</slotid><FsBackupPlugin>5000000000</FsBackupPlugin></slot><total>0</total></server></servers>\
    <total>0</total></site><total>0</total></client>";

/// What the answer covers; `None` is everything there is.
#[derive(Clone, Copy)]
struct Wanted {
    client: Option<u64>,
    site: Option<u64>,
    device: Option<u64>,
}

pub(super) fn sizes(world: Arc<World>, request: &Received, at: Timestamp) -> Result<Content, Refusal> {
    let (month, year) = (number(request, "month")?, number(request, "year")?);
    let [client, site, device] = ["clientid", "siteid", "deviceid"].map(|name| number(request, name));
    let some = |id: u64| (id != 0).then_some(id);
    let wanted = Wanted { client: some(client?), site: some(site?), device: some(device?) };
    let then = end_of(month, year)?.min(at);
    check(&world, wanted, at)?;
    let clients = world.nsight_layout().clients.iter().filter(|plan| wanted.client.is_none_or(|id| plan.id == id));
    let clients: Vec<ClientPlan> = clients.cloned().collect();
    let everything = wanted.client.is_none() && wanted.site.is_none() && wanted.device.is_none();
    let mut start = Xml::result("OK", at);
    start.open("selection");
    if everything {
        start.raw(REMOVED_CLIENT);
    }
    // The total stands at the end, when all the others have been written.
    let sum = Arc::new(AtomicU64::new(0));
    let total = Arc::clone(&sum);
    let count = clients.len();
    let middle = clients.into_iter().map(move |plan| {
        let mut xml = Xml::default();
        sum.fetch_add(client_element(&mut xml, &world, &plan, wanted, (at, then)), Ordering::Relaxed);
        xml.into_bytes()
    });
    let end = std::iter::once_with(move || {
        let mut end = Xml::default();
        end.value("total", total.load(Ordering::Relaxed));
        end.raw("</selection></result>");
        end.into_bytes()
    });
    Ok(Content::pieces(count, std::iter::once(start.into_bytes()).chain(middle).chain(end)))
}

/// The last moment of a month in the account's zone.
fn end_of(month: u64, year: u64) -> Result<Timestamp, Refusal> {
    let month = i8::try_from(month).ok().filter(|month| (1..=12).contains(month)).ok_or_else(|| invalid("month"))?;
    let year = i16::try_from(year).ok().filter(|year| (2000..=2100).contains(year)).ok_or_else(|| invalid("year"))?;
    let first = Date::new(year, month, 1).map_err(|_| invalid("month"))?;
    let zone = TimeZone::get(ACCOUNT_ZONE).unwrap_or(TimeZone::UTC);
    let next = first.saturating_add(1.month()).to_zoned(zone).map_err(|_| invalid("year"))?;
    Ok(next.timestamp().saturating_sub(1.second()).unwrap_or_default())
}

/// Refuses ids that do not exist or do not belong together, and, while the switch is on, everything but one device.
fn check(world: &World, wanted: Wanted, at: Timestamp) -> Result<(), Refusal> {
    if world.is_selection_per_device() && wanted.device.is_none() {
        return Err(invalid("deviceid"));
    }
    if let Some(client) = wanted.client {
        world.nsight_layout().client(client).ok_or_else(|| invalid("clientid"))?;
    }
    if let Some(site) = wanted.site {
        let site = world.nsight_site(site, at).ok_or_else(|| invalid("siteid"))?;
        if wanted.client.is_some_and(|client| client != site.client_id) {
            return Err(invalid("siteid"));
        }
    }
    if let Some(device) = wanted.device {
        let belongs = |device: &NsightDevice| {
            device.features.contains(&"mob")
                && wanted.client.is_none_or(|client| client == device.client_id)
                && wanted.site.is_none_or(|site| site == device.site_id)
        };
        world.nsight_device(device, at).filter(belongs).ok_or_else(|| invalid("deviceid"))?;
    }
    Ok(())
}

/// Writes a client and gives its total. With one site or device wanted, a client without it is left out.
fn client_element(
    xml: &mut Xml,
    world: &World,
    plan: &ClientPlan,
    wanted: Wanted,
    times: (Timestamp, Timestamp),
) -> u64 {
    let mut inner = Xml::default();
    let mut sum = 0;
    for site in world.nsight_layout().sites_of(plan) {
        if wanted.site.is_none_or(|id| site.id == id) {
            sum += site_element(&mut inner, world, site, wanted, times);
        }
    }
    if inner.is_empty() {
        return 0;
    }
    xml.raw("<client active=\"true\">");
    xml.value("clientid", plan.id);
    xml.text("name", &plan.name);
    xml.append(&inner);
    xml.value("total", sum);
    xml.close("client");
    sum
}

fn site_element(
    xml: &mut Xml,
    world: &World,
    site: &SitePlan,
    wanted: Wanted,
    (at, then): (Timestamp, Timestamp),
) -> u64 {
    let (mut servers, mut workstations, mut sum) = (Xml::default(), Xml::default(), 0);
    for device in world.nsight_devices(site.places.clone(), at) {
        if device.features.contains(&"mob") && wanted.device.is_none_or(|id| device.id == id) {
            let slots = world.nsight_selection(&device, then);
            let server = device.kind == NsightKind::Server;
            let inner = if server { &mut servers } else { &mut workstations };
            sum += device_element(inner, server, (device.id, &device.name), &slots, true);
        }
    }
    if wanted.device.is_some() && servers.is_empty() && workstations.is_empty() {
        return 0;
    }
    if wanted.device.is_none() {
        for removed in world.nsight_removed(site.places.clone(), at) {
            let server = removed.kind == NsightKind::Server;
            let inner = if server { &mut servers } else { &mut workstations };
            device_element(inner, server, (removed.id, "REMOVED"), &removed.slots, false);
        }
    }
    xml.raw("<site active=\"true\">");
    xml.value("siteid", site.id);
    xml.text("name", &site.name);
    for (name, inner) in [("workstations", workstations), ("servers", servers)] {
        if inner.is_empty() {
            xml.empty(name);
        } else {
            xml.open(name);
            xml.append(&inner);
            xml.close(name);
        }
    }
    xml.value("total", sum);
    xml.close("site");
    sum
}

/// Writes a device and gives its total: of what is in use.
fn device_element(xml: &mut Xml, server: bool, (id, name): (u64, &str), slots: &[NsightSlot], active: bool) -> u64 {
    let element = if server { "server" } else { "workstation" };
    let mut sum = 0;
    xml.raw(&format!("<{element} active=\"{active}\">"));
    xml.value("deviceid", id);
    xml.text("name", name);
    for slot in slots {
        xml.raw(&format!("<slot active=\"{}\">", slot.active));
        xml.value("slotid", slot.id);
        for (plugin, bytes) in &slot.plugins {
            xml.value(plugin, bytes);
            if slot.active && active {
                sum += bytes;
            }
        }
        xml.close("slot");
    }
    xml.value("total", sum);
    xml.close(element);
    sum
}
