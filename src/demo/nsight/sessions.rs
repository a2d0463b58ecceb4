//! list_mob_sessions.

use jiff::Timestamp;

use super::xml::{Xml, utc};
use super::{Refusal, invalid};
use crate::demo::server::Content;
use crate::demo::world::World;
use crate::demo::world::nsight_backup::NsightSession;

pub(super) fn sessions(world: &World, device: u64, at: Timestamp) -> Result<Content, Refusal> {
    let device = world
        .nsight_device(device, at)
        .filter(|device| device.features.contains(&"mob"))
        .ok_or_else(|| invalid("deviceid"))?;
    let mut xml = Xml::result("OK", at);
    for session in world.nsight_sessions(&device, at) {
        element(&mut xml, &session);
    }
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}

fn element(xml: &mut Xml, session: &NsightSession) {
    xml.open("session");
    xml.value("session_id", session.id);
    xml.value("type", session.kind);
    xml.value("storage_account_id", 9);
    xml.value("plugin", session.plugin);
    xml.value("start", utc(Some(session.start)));
    match session.end {
        Some(end) => xml.value("end", utc(Some(end))),
        // Left out, or empty.
        None if session.id.is_multiple_of(2) => {}
        None => xml.empty("end"),
    }
    xml.value("selection_size", session.selected);
    xml.value("selection_item_count", 400_112);
    xml.value("size_change", 1_048_576);
    xml.value("item_count_change", 12);
    xml.value("removed_item_count", 0);
    xml.value("processed_size", session.processed);
    xml.value("processed_item_count", 40);
    xml.value("transferred_size", session.transferred);
    xml.value("error_count", session.errors);
    xml.value("status", session.status);
    xml.close("session");
}
