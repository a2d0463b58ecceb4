//! list_outages.

use jiff::Timestamp;

use super::xml::{Xml, utc};
use super::{Refusal, invalid};
use crate::demo::server::Content;
use crate::demo::world::World;
use crate::demo::world::nsight_outages::NsightOutage;

pub(super) fn outages(world: &World, device: u64, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(device, at).ok_or_else(|| invalid("deviceid"))?;
    let mut xml = Xml::result("OK", at);
    for outage in world.nsight_outages(&device, at) {
        element(&mut xml, &outage);
    }
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}

fn element(xml: &mut Xml, outage: &NsightOutage) {
    xml.open("outage");
    xml.value("reason", outage.reason);
    xml.value("state", if outage.end.is_some() { "CLOSED" } else { "OPEN" });
    xml.value("utc_start", utc(Some(outage.start)));
    if let Some(end) = outage.end {
        xml.value("utc_end", utc(Some(end)));
    }
    xml.value("outage_id", outage.id);
    if let Some((id, check_type, description)) = &outage.check {
        xml.value("check_id", id);
        xml.value("check_type", check_type);
        xml.text("check_description", description);
        xml.value("check_status", if outage.end.is_some() { "PASSING" } else { "FAILING" });
        xml.value("check_frequency", "24x7");
        xml.text("cause", "STOPPED\nSECRET-RECOVERY-KEY");
    }
    xml.close("outage");
}
