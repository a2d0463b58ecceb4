//! list_failing_checks and list_checks.

use std::sync::Arc;

use jiff::Timestamp;

use super::xml::{Xml, local, utc};
use super::{Refusal, invalid, items};
use crate::demo::server::Content;
use crate::demo::world::World;
use crate::demo::world::layout::SitePlan;
use crate::demo::world::nsight::{NsightCheck, NsightDevice, NsightKind, Problem, ProblemKind};

/// Which checks list_failing_checks shows.
#[derive(Clone, Copy)]
enum Wanted {
    All,
    Tasks,
    Checks,
}

pub(super) fn failing(
    world: Arc<World>,
    client: Option<u64>,
    check_type: Option<&str>,
    at: Timestamp,
) -> Result<Content, Refusal> {
    let wanted = match check_type {
        None | Some("random") => Wanted::All,
        Some("tasks") => Wanted::Tasks,
        Some("checks") => Wanted::Checks,
        Some(_) => return Err(invalid("check_type")),
    };
    if let Some(client) = client {
        world.nsight_layout().client(client).ok_or_else(|| invalid("clientid"))?;
        return Ok(items(at, |xml| client_element(xml, &world, client, wanted, at)));
    }
    let clients: Vec<u64> = world.nsight_layout().clients.iter().map(|client| client.id).collect();
    let count = clients.len();
    let start = {
        let mut xml = Xml::result("OK", at);
        xml.open("items");
        xml.into_bytes()
    };
    let middle = clients.into_iter().map(move |client| {
        let mut xml = Xml::default();
        client_element(&mut xml, &world, client, wanted, at);
        xml.into_bytes()
    });
    let end = b"</items></result>".to_vec();
    Ok(Content::pieces(count, std::iter::once(start).chain(middle).chain(std::iter::once(end))))
}

fn client_element(xml: &mut Xml, world: &World, client: u64, wanted: Wanted, at: Timestamp) {
    let Some(plan) = world.nsight_layout().client(client) else { return };
    let mut inner = Xml::default();
    for site in world.nsight_layout().sites_of(plan) {
        site_element(&mut inner, world, site, wanted, at);
    }
    if !inner.is_empty() {
        xml.open("client");
        xml.value("clientid", plan.id);
        xml.text("name", &plan.name);
        xml.append(&inner);
        xml.close("client");
    }
}

fn site_element(xml: &mut Xml, world: &World, site: &SitePlan, wanted: Wanted, at: Timestamp) {
    let (mut servers, mut workstations) = (Xml::default(), Xml::default());
    for device in world.nsight_devices(site.places.clone(), at) {
        match device.kind {
            NsightKind::Server => device_element(&mut servers, world, &device, "server", wanted, at),
            NsightKind::Workstation => device_element(&mut workstations, world, &device, "workstation", wanted, at),
            NsightKind::Mobile | NsightKind::Agentless => {}
        }
    }
    if servers.is_empty() && workstations.is_empty() {
        return;
    }
    xml.open("site");
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
    xml.close("site");
}

fn device_element(xml: &mut Xml, world: &World, device: &NsightDevice, name: &str, wanted: Wanted, at: Timestamp) {
    let checks = world.nsight_checks(device, at).into_iter().filter(|check| check.status == 1);
    let checks: Vec<_> = checks
        .filter(|check| match wanted {
            Wanted::All => true,
            Wanted::Tasks => check.check_type == 1023,
            Wanted::Checks => check.check_type != 1023,
        })
        .collect();
    if checks.is_empty() && device.problem.is_none() {
        return;
    }
    xml.open(name);
    xml.value("id", device.id);
    xml.text("name", &device.name);
    if let Some(problem) = device.problem {
        problem_element(xml, problem);
    }
    if checks.is_empty() {
        xml.empty("failed_checks");
    } else {
        xml.open("failed_checks");
        for check in &checks {
            failed_check(xml, check);
        }
        xml.close("failed_checks");
    }
    xml.close(name);
}

fn problem_element(xml: &mut Xml, problem: Problem) {
    let (name, description) = match problem.kind {
        ProblemKind::Overdue => ("overdue", "OVERDUE"),
        ProblemKind::Offline => ("offline", "Gerät wurde heruntergefahren"),
        ProblemKind::Unreachable => ("unreachable", "Site unreachable"),
    };
    xml.open(name);
    xml.text("description", description);
    xml.value("startdate", local(problem.since, "%Y-%m-%d"));
    xml.value("starttime", local(problem.since, "%H:%M:%S"));
    xml.close(name);
}

fn failed_check(xml: &mut Xml, check: &NsightCheck) {
    xml.open("check");
    xml.value("checkid", check.id);
    xml.value("check_type", check.check_type);
    xml.text("description", &check.description);
    xml.value("date", check.last_run.map_or_else(|| "0000-00-00".to_owned(), |run| local(run, "%Y-%m-%d")));
    xml.value("time", check.last_run.map_or_else(|| "00:00:00".to_owned(), |run| local(run, "%H:%M:%S")));
    xml.value("consecutive_fails", check.consecutive_fails);
    xml.text("formatted_output", "<b>Status:</b> STOPPED<br />\nSECRET-RECOVERY-KEY");
    xml.value("checkstatus", "testerror");
    xml.close("check");
}

pub(super) fn all(world: &World, device: u64, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(device, at).ok_or_else(|| invalid("deviceid"))?;
    Ok(items(at, |xml| {
        for check in world.nsight_checks(&device, at) {
            xml.open("check");
            xml.value("checkid", check.id);
            xml.value("uid", check.id % 100);
            xml.value("sync_status", 0);
            xml.value("check_type", check.check_type);
            xml.text("description", &check.description);
            xml.value("dsc_247", check.class);
            xml.value("statusid", check.status);
            xml.value("consecutive_fails", check.consecutive_fails);
            match check.last_run {
                Some(run) => {
                    xml.value("date", local(run, "%Y-%m-%d"));
                    xml.value("time", local(run, "%H:%M:%S"));
                }
                None => xml.raw("<date>0000-00-00</date><time>00:00:00</time>"),
            }
            xml.value("utc_run", utc(check.last_run));
            xml.text("output", "Zeile 1\nSECRET-RECOVERY-KEY");
            xml.raw("<email>1</email><sms>0</sms>");
            xml.close("check");
        }
    }))
}
