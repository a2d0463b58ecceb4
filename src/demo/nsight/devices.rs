//! list_servers and list_workstations: the same long item, with a few fields for servers only.

use jiff::Timestamp;

use super::xml::{Xml, at_offset, utc};
use super::{Refusal, invalid, items};
use crate::demo::server::Content;
use crate::demo::world::World;
use crate::demo::world::nsight::{NsightCheck, NsightDevice, NsightKind};

pub(super) fn servers(world: &World, site: u64, at: Timestamp) -> Result<Content, Refusal> {
    list(world, site, at, "server", &[NsightKind::Server])
}

pub(super) fn workstations(world: &World, site: u64, at: Timestamp) -> Result<Content, Refusal> {
    list(world, site, at, "workstation", &[NsightKind::Workstation, NsightKind::Agentless])
}

fn list(world: &World, site: u64, at: Timestamp, element: &str, kinds: &[NsightKind]) -> Result<Content, Refusal> {
    let plan = world.nsight_layout().site(site).ok_or_else(|| invalid("siteid"))?;
    Ok(items(at, |xml| {
        for device in world.nsight_devices(plan.places.clone(), at).filter(|device| kinds.contains(&device.kind)) {
            xml.open(element);
            xml.value(&format!("{element}id"), device.id);
            if device.kind == NsightKind::Agentless {
                agentless(xml, &device);
            } else {
                let checks = world.nsight_checks(&device, at);
                report(xml, &device, &checks);
                hardware(xml, &device);
            }
            xml.close(element);
        }
    }))
}

/// An entry without agent: nothing was ever reported.
fn agentless(xml: &mut Xml, device: &NsightDevice) {
    xml.text("name", &device.name);
    xml.text("description", "Drucker");
    xml.empty("agent_version");
    xml.empty("last_boot_time");
    xml.value("online", 0);
    xml.value("active_247", 0);
    xml.empty("check_interval_247");
    xml.value("status_247", 0);
    xml.value("utc_time_247", utc(None));
    xml.value("dsc_active", 0);
    xml.value("dsc_utc_time", utc(None));
    xml.value("role", 103);
    xml.raw("<os></os><manufacturer></manufacturer><model/>");
    xml.value("last_scan_time", utc(None));
}

/// Who the device is and when it reported.
fn report(xml: &mut Xml, device: &NsightDevice, checks: &[NsightCheck]) {
    let server = device.kind == NsightKind::Server;
    let overall = |class: fn(u8) -> bool| {
        let mut statuses = checks.iter().filter(|check| class(check.class)).map(|check| check.status);
        if statuses.any(|status| status == 1) { 1 } else { 5 }
    };
    xml.text("guid", &format!("example-guid-{}", device.id));
    // Custom asset fields stand anywhere.
    xml.text("Standort", "Büro 3 / Schrank \"links\"");
    xml.text("name", &device.name);
    xml.text("description", &device.description);
    xml.text("agent_version", &device.agent_version.replace('.', "_"));
    xml.value("install_date", device.installed);
    match device.boot {
        Some(boot) => xml.value("last_boot_time", boot.as_second()),
        None if device.id.is_multiple_of(2) => xml.value("last_boot_time", "Not Available"),
        None => xml.empty("last_boot_time"),
    }
    xml.flag("online", device.online_flag);
    xml.flag("active_247", device.active_247);
    xml.value("check_interval_247", device.check_interval);
    xml.value("status_247", overall(|class| class == 1));
    local_times(xml, device, device.last_report, ["local_date_247", "local_time_247"]);
    xml.value("utc_time_247", utc(device.last_report));
    xml.value("dsc_active", 1);
    xml.value("agent_mode", if server { 3 } else { 1 });
    xml.value("dsc_hour", 7);
    xml.value("dsc_status", overall(|class| class == 2));
    local_times(xml, device, device.daily_check(), ["dsc_local_date", "dsc_local_time"]);
    xml.value("dsc_utc_time", utc(device.daily_check()));
    if server {
        xml.value("miss_factor_247", "2.5");
        xml.raw("<email_overdue_alert>1</email_overdue_alert><sms_overdue_alert>0</sms_overdue_alert>");
        xml.flag("missed_247", device.missed);
        xml.raw("<remote_connection_type>0</remote_connection_type><remote_address/><remote_port/><remote_username/>");
        xml.empty("remote_domain");
    }
    // As Windows has it: minutes from local time to UTC, standard time now.
    xml.value("tz_bias", -device.utc_offset / 60);
    xml.raw("<tz_dst_bias>-60</tz_dst_bias><tz_std_bias>0</tz_std_bias><tz_mode>1</tz_mode>");
    xml.value("tz_dst_date", "0000-03-05:00T01:00:00");
    xml.value("utc_apt", utc(device.last_report));
    xml.value("utc_offset", device.utc_offset);
}

/// Date and time of a report where the device stands.
fn local_times(xml: &mut Xml, device: &NsightDevice, report: Option<Timestamp>, [date, time]: [&str; 2]) {
    let Some(report) = report else {
        xml.value(date, "0000-00-00");
        xml.empty(time);
        return;
    };
    xml.value(date, at_offset(report, device.utc_offset, "%Y-%m-%d"));
    xml.value(time, at_offset(report, device.utc_offset, "%H:%M:%S"));
}

/// What the machine is.
fn hardware(xml: &mut Xml, device: &NsightDevice) {
    let server = device.kind == NsightKind::Server;
    xml.value("assetid", 8_000_000 + device.id);
    xml.text("wins_name", "WINS-NAME");
    xml.text("user", "MUSTER\\müller");
    xml.text("domain", "muster.example");
    xml.value("role", if server { 5 } else { 1 });
    xml.value("chassis_type", if server { 17 } else { 10 });
    if device.manufacturer.is_empty() {
        xml.empty("manufacturer");
    } else {
        xml.text("manufacturer", &device.manufacturer);
    }
    xml.text("model", &device.model);
    xml.text("device_serial", &format!("EX{}", device.id));
    xml.text("ip", "192.0.2.10");
    xml.text("external_ip", "203.0.113.5");
    xml.text("mac1", "02:00:00:00:00:01");
    xml.raw("<mac2/><mac3/>");
    xml.text("Garantie", "2027-01 – verlängert");
    xml.value("processor_count", 1);
    xml.value("total_memory", device.memory);
    xml.value("os_type", if server { 11 } else { 18 });
    xml.text("os", &device.os);
    xml.text("os_details", &format!("{}, 64-bit (build 26100)", device.os));
    xml.raw("<service_pack>0</service_pack><os_serial_number/>");
    xml.text("os_product_key", "SECRET-PRODUCT-KEY");
    xml.value("last_scan_time", if device.id.is_multiple_of(3) { utc(None) } else { utc(device.last_report) });
}
