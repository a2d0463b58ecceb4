//! list_clients, list_sites, list_devices_at_client, list_general_settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::xml::{Xml, created};
use super::{Refusal, invalid, items};
use crate::demo::server::Content;
use crate::demo::world::World;
use crate::demo::world::nsight::{ACCOUNT_ZONE, NsightCheck, NsightClient, NsightDevice, NsightKind};

pub(super) fn clients(world: Arc<World>, at: Timestamp) -> Content {
    let count = world.nsight_layout().clients.len();
    if count == 0 {
        return items(at, |_| {});
    }
    let start = {
        let mut xml = Xml::result("OK", at);
        xml.open("items");
        xml.into_bytes()
    };
    let middle = (0..count).map(move |index| {
        let mut xml = Xml::default();
        if let Some(plan) = world.nsight_layout().clients.get(index)
            && let Some(client) = world.nsight_client(plan.id, at)
        {
            client_element(&mut xml, &client);
        }
        xml.into_bytes()
    });
    let end = b"</items></result>".to_vec();
    Content::pieces(count, std::iter::once(start).chain(middle).chain(std::iter::once(end)))
}

fn client_element(xml: &mut Xml, client: &NsightClient) {
    xml.open("client");
    xml.text("name", &client.name);
    xml.value("clientid", client.id);
    xml.flag("view_dashboard", client.id.is_multiple_of(2));
    xml.value("view_wkstsn_assets", 0);
    xml.text("dashboard_username", "none");
    if client.timezone.is_empty() {
        xml.empty("timezone");
    } else {
        xml.value("timezone", client.timezone);
    }
    xml.value("creation_date", "2019-02-11");
    xml.value("server_count", client.servers);
    xml.value("workstation_count", client.workstations);
    xml.value("mobile_device_count", client.mobiles);
    xml.value("device_count", client.servers + client.workstations + client.mobiles);
    xml.close("client");
}

pub(super) fn sites(world: &World, client: u64, at: Timestamp) -> Result<Content, Refusal> {
    let plan = world.nsight_layout().client(client).ok_or_else(|| invalid("clientid"))?;
    Ok(items(at, |xml| {
        for site in world.nsight_layout().sites_of(plan).iter().filter_map(|site| world.nsight_site(site.id, at)) {
            xml.open("site");
            xml.value("siteid", site.id);
            xml.text("name", &site.name);
            xml.flag("connection_ok", site.connection_ok);
            xml.empty("creation_date");
            xml.text("primary_router", "198.51.100.7");
            xml.empty("secondary_router");
            xml.close("site");
        }
    }))
}

pub(super) fn devices_at_client(world: &World, client: u64, kind: &str, at: Timestamp) -> Result<Content, Refusal> {
    let plan = world.nsight_layout().client(client).ok_or_else(|| invalid("clientid"))?;
    let wanted = match kind {
        "server" => NsightKind::Server,
        "workstation" => NsightKind::Workstation,
        "mobile_device" => NsightKind::Mobile,
        _ => return Err(invalid("devicetype")),
    };
    let mut sites: Vec<_> = world.nsight_layout().sites_of(plan).iter().collect();
    sites.sort_by(|one, other| one.name.cmp(&other.name));
    let mut inner = Xml::default();
    let mut found = false;
    for site in sites {
        let mut devices: Vec<_> =
            world.nsight_devices(site.places.clone(), at).filter(|device| device.kind == wanted).collect();
        devices.sort_by(|one, other| one.name.cmp(&other.name));
        if devices.is_empty() {
            continue;
        }
        found = true;
        inner.open("site");
        inner.value("id", site.id);
        inner.text("name", &site.name);
        for device in &devices {
            device_element(&mut inner, world, device, kind, at);
        }
        inner.close("site");
    }
    Ok(items(at, |xml| {
        if found {
            xml.open("client");
            xml.value("id", plan.id);
            xml.text("name", &plan.name);
            xml.append(&inner);
            xml.close("client");
        }
    }))
}

fn device_element(xml: &mut Xml, world: &World, device: &NsightDevice, element: &str, at: Timestamp) {
    xml.open(element);
    xml.value("id", device.id);
    xml.text("name", &device.name);
    xml.text("username", "MUSTER\\müller");
    xml.text("description", &device.description);
    xml.value("status", "Ok");
    for (class, [pass, clear, fail]) in check_counts(&world.nsight_checks(device, at)) {
        xml.open("checkcount");
        xml.value("dsc_247", class);
        xml.value("pass", pass);
        xml.value("clear", clear);
        xml.value("fail", fail);
        xml.close("checkcount");
    }
    if device.kind != NsightKind::Mobile {
        for name in ["takecontrol", "patch", "mav", "mob", "systray", "mavbreck", "webprotection", "riskintelligence"] {
            xml.flag(name, device.features.contains(&name));
        }
    }
    xml.close(element);
}

/// Passing, cleared and failing checks of each class that the device has checks of.
pub(super) fn check_counts(checks: &[NsightCheck]) -> BTreeMap<u8, [u64; 3]> {
    let mut counts = BTreeMap::new();
    for check in checks {
        let [pass, clear, fail]: &mut [u64; 3] = counts.entry(check.class).or_default();
        match check.status {
            5 => *pass += 1,
            4 => *clear += 1,
            1 => *fail += 1,
            _ => {}
        }
    }
    counts
}

/// Its root is not `result` and has no status.
pub(super) fn general_settings(at: Timestamp) -> Content {
    let mut xml = Xml::document();
    xml.raw(&format!("<settings created=\"{}\" host=\"www.systemmonitor.example\"><items><general>", created(at)));
    xml.value("language", "de");
    xml.value("clear24x7checks", 1);
    xml.value("cleardailysafetychecks", 1);
    xml.value("notesbacklog", 30);
    xml.value("forcenotes", 0);
    xml.value("vartimezone", ACCOUNT_ZONE);
    xml.raw("</general></items></settings>");
    Content::Whole(xml.into_bytes())
}
