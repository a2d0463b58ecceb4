//! list_av_history, list_backup_history, patch_list_all.

use jiff::Timestamp;

use super::xml::Xml;
use super::{Refusal, invalid};
use crate::demo::server::Content;
use crate::demo::world::World;
use crate::demo::world::nsight::{NsightHistory, NsightPatch};

pub(super) fn antivirus(world: &World, device: u64, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(device, at).ok_or_else(|| invalid("deviceid"))?;
    Ok(history(&world.nsight_antivirus(&device, at), at))
}

pub(super) fn backup(world: &World, device: u64, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(device, at).ok_or_else(|| invalid("deviceid"))?;
    Ok(history(&world.nsight_backup(&device, at), at))
}

fn history(history: &NsightHistory, at: Timestamp) -> Content {
    let mut xml = Xml::result("OK", at);
    if history.checks.is_empty() {
        xml.empty("checks");
    } else {
        xml.open("checks");
        for name in &history.checks {
            xml.text("name", name);
        }
        xml.close("checks");
    }
    if history.days.is_empty() {
        xml.empty("days");
    } else {
        xml.open("days");
        for (date, status) in &history.days {
            xml.open("day");
            xml.value("date", date);
            xml.value("status", status);
            xml.close("day");
        }
        xml.close("days");
    }
    xml.raw("</result>");
    Content::Whole(xml.into_bytes())
}

/// Its root is `patches`, without an envelope.
pub(super) fn patches(world: &World, device: u64, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(device, at).ok_or_else(|| invalid("deviceid"))?;
    let patches = world.nsight_patches(&device, at);
    let mut xml = Xml::document();
    if patches.is_empty() {
        xml.empty("patches");
        return Ok(Content::Whole(xml.into_bytes()));
    }
    xml.open("patches");
    for patch in &patches {
        patch_element(&mut xml, patch);
    }
    xml.close("patches");
    Ok(Content::Whole(xml.into_bytes()))
}

fn patch_element(xml: &mut Xml, patch: &NsightPatch) {
    let label = match patch.status {
        1 => "Missing",
        2 => "Pending",
        4 => "Queued",
        8 => "Installed",
        16 => "Failed",
        32 | 23 => "Ignored",
        64 => "Reboot required",
        _ => "Under review",
    };
    xml.open("patch");
    xml.value("patchid", patch.id);
    xml.value("policy", if matches!(patch.status, 32 | 23) { 65 } else { 2 });
    xml.text("policyLabel", if matches!(patch.status, 32 | 23) { "Ignore" } else { "Approve" });
    xml.empty("patchicon");
    xml.value("status", patch.status);
    xml.value("selectpatch", 1);
    xml.text("statusLabel", label);
    xml.text("patchUrl", "https://patch.example/5001?a=1&b=2");
    xml.text("patchTitle", &patch.title);
    xml.text("product", patch.product);
    xml.value("severity", 3);
    xml.text("severityLabel", patch.severity);
    xml.value("releaseDate", patch.released.as_second());
    xml.text("releaseDateText", &patch.released.strftime("%d-%b-%Y").to_string());
    match patch.installed {
        Some(installed) => {
            xml.value("installdate", installed.as_second());
            // Both spellings occur.
            let text = if patch.id.is_multiple_of(2) { "installdatetext" } else { "installDateText" };
            xml.text(text, &installed.strftime("%d-%b-%Y").to_string());
        }
        None => xml.raw("<installdate/><installdatetext/>"),
    }
    xml.raw("<deployable>1</deployable><uninstallable>0</uninstallable>");
    xml.close("patch");
}
