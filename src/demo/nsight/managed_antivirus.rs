//! list_mav_threats, list_mav_quarantine, list_mav_scans.

use jiff::Timestamp;

use super::xml::{Xml, at_offset, utc};
use super::{Refusal, invalid, missing, number};
use crate::demo::server::{Content, Received};
use crate::demo::world::World;
use crate::demo::world::nsight::NsightDevice;
use crate::demo::world::nsight_antivirus::{NsightEngine, NsightQuarantined, NsightScan, NsightThreat};

/// Which records an answer holds: the first version knows the older engine only and does not name it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// What a call asks for.
struct Asked {
    device: NsightDevice,
    version: Version,
}

impl Asked {
    fn of(world: &World, request: &Received, at: Timestamp) -> Result<Self, Refusal> {
        let device = world.nsight_device(number(request, "deviceid")?, at).ok_or_else(|| invalid("deviceid"))?;
        let version = match request.parameter("v") {
            Some("1") => Version::One,
            None | Some("2") => Version::Two,
            Some(_) => return Err(invalid("v")),
        };
        if device.engines().is_empty() {
            return Err(invalid("deviceid"));
        }
        Ok(Self { device, version })
    }

    fn shows(&self, engine: NsightEngine) -> bool {
        match self.version {
            Version::One => engine == NsightEngine::Vipre,
            Version::Two => !self.device.hides_vipre(),
        }
    }

    /// A time as the engine writes it.
    fn time(&self, at: Timestamp, engine: NsightEngine) -> String {
        match engine {
            NsightEngine::Vipre => utc(Some(at)),
            NsightEngine::Bitdefender => at_offset(at, self.device.utc_offset, "%Y-%m-%d %H:%M:%S"),
        }
    }

    fn engine(&self, xml: &mut Xml, engine: NsightEngine) {
        if self.version == Version::Two {
            xml.value("engine", engine.word());
        }
    }
}

pub(super) fn threats(world: &World, request: &Received, at: Timestamp) -> Result<Content, Refusal> {
    let asked = Asked::of(world, request, at)?;
    let mut xml = Xml::result("OK", at);
    for threat in world.nsight_threats(&asked.device, at) {
        if asked.shows(threat.engine) {
            threat_element(&mut xml, &asked, &threat);
        }
    }
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}

fn threat_element(xml: &mut Xml, asked: &Asked, threat: &NsightThreat) {
    xml.open("threat");
    xml.text("name", threat.name);
    xml.text("category", threat.category);
    xml.value("last_event", asked.time(threat.last_event, threat.engine));
    xml.value("last_status", threat.status);
    xml.value("last_scan_type", threat.scan_type);
    xml.value("last_trace_count", 1);
    asked.engine(xml, threat.engine);
    xml.close("threat");
}

pub(super) fn quarantine(world: &World, request: &Received, at: Timestamp) -> Result<Content, Refusal> {
    let asked = Asked::of(world, request, at)?;
    let wanted: fn(bool) -> bool = match request.parameter("items") {
        None | Some("CURRENT") => |current| current,
        Some("PREVIOUS") => |current| !current,
        Some("ALL") => |_| true,
        Some(_) => return Err(invalid("items")),
    };
    let mut xml = Xml::result("OK", at);
    for item in world.nsight_quarantine(&asked.device, at) {
        if asked.shows(item.engine) && wanted(item.current) {
            quarantined_element(&mut xml, &asked, &item);
        }
    }
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}

fn quarantined_element(xml: &mut Xml, asked: &Asked, item: &NsightQuarantined) {
    xml.open("quarantined_item");
    xml.value("quarantine_id", item.id);
    match item.scan {
        Some((start, end)) => {
            xml.value("scan_start", asked.time(start, item.engine));
            xml.value("scan_end", asked.time(end, item.engine));
        }
        None => xml.raw("<scan_start/><scan_end/>"),
    }
    match item.engine {
        NsightEngine::Vipre => xml.value("guid", format_args!("{{00000000-0000-0000-0000-{:012}}}", item.id)),
        NsightEngine::Bitdefender => xml.value("guid", item.id),
    }
    xml.text("threat_name", item.threat);
    xml.text("threat_category", item.category);
    xml.value("status", item.status);
    xml.empty("scan_type");
    xml.open("traces");
    xml.open("trace");
    xml.value("type", "File");
    xml.text("description", "C:\\Users\\müller\\x.com");
    xml.raw("</trace></traces>");
    asked.engine(xml, item.engine);
    xml.close("quarantined_item");
}

pub(super) fn scans(world: &World, request: &Received, at: Timestamp) -> Result<Content, Refusal> {
    let asked = Asked::of(world, request, at)?;
    let details = match request.parameter("details").ok_or_else(|| missing("details"))? {
        "NO" => false,
        "YES" => true,
        _ => return Err(invalid("details")),
    };
    let mut xml = Xml::result("OK", at);
    for scan in world.nsight_scans(&asked.device, at) {
        if asked.shows(scan.engine) {
            scan_element(&mut xml, &asked, &scan, details);
        }
    }
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}

fn scan_element(xml: &mut Xml, asked: &Asked, scan: &NsightScan, details: bool) {
    xml.open("scan");
    xml.value("type", scan.scan_type);
    xml.value("status", scan.status);
    xml.value("start", asked.time(scan.start, scan.engine));
    if let Some(end) = scan.end {
        xml.value("end", asked.time(end, scan.engine));
    }
    xml.value("cookies_scanned", 0);
    xml.value("registry_scanned", 9_120);
    xml.value("files_scanned", 40_412);
    xml.value("folders_scanned", 0);
    xml.value("processes_scanned", 88);
    if details {
        xml.open("threats");
        for number in 1..=scan.threats {
            xml.open("threat");
            xml.text("name", &format!("Threat {number}"));
            xml.raw("<category>Virus</category><status/><quarantine/><traces/></threat>");
        }
        xml.close("threats");
    } else {
        xml.value("threat_count", scan.threats);
        xml.value("quarantine_count", scan.quarantined);
        xml.value("error_count", scan.errors);
    }
    asked.engine(xml, scan.engine);
    xml.close("scan");
}
