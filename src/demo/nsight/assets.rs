//! list_device_asset_details and list_client_license_count.

use jiff::Timestamp;

use super::xml::{Xml, utc};
use super::{Refusal, invalid, items};
use crate::demo::server::Content;
use crate::demo::world::World;
use crate::demo::world::nsight::{NsightDevice, NsightKind};
use crate::demo::world::nsight_assets::NsightAsset;

pub(super) fn details(world: &World, device: u64, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(device, at).ok_or_else(|| invalid("deviceid"))?;
    let assets = world.nsight_assets(&device, at).ok_or_else(|| invalid("deviceid"))?;
    let mut xml = Xml::result("OK", at);
    machine(&mut xml, &device);
    xml.value("scantime", utc(assets.scanned));
    xml.raw("<custom1 customname=\"Garantie\"><![CDATA[2027-01]]></custom1>");
    list(&mut xml, "hardware", &assets.hardware, |xml, item| {
        xml.value("hardwareid", item.id);
        xml.text("name", &item.name);
        xml.raw("<type>9</type><manufacturer/><details>Size=512</details><status/>");
    });
    list(&mut xml, "software", &assets.software, |xml, item| {
        xml.text("name", &item.name);
        xml.value("softwareid", item.id);
        xml.raw("<version>16.1</version><install_date>2025-01-02 00:00:00</install_date><type>All</type>");
    });
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}

/// What the machine is, with much that must go no further.
fn machine(xml: &mut Xml, device: &NsightDevice) {
    let server = device.kind == NsightKind::Server;
    xml.text("client", "MUSTER\\müller");
    xml.value("chassistype", if server { 17 } else { 10 });
    xml.text("ip", "192.0.2.10");
    xml.text("mac1", "02:00:00:00:00:01");
    xml.raw("<mac2/><mac3/>");
    xml.text("user", "MUSTER\\müller");
    xml.text("manufacturer", &device.manufacturer);
    xml.text("model", &device.model);
    xml.text("os", &device.os);
    xml.value("osinstalldate", "2024-05-01 09:00:00");
    xml.text("serialnumber", &format!("SECRET-SERIAL-{}", device.id));
    xml.text("productkey", "SECRET-PRODUCT-KEY");
    xml.value("role", if server { 5 } else { 1 });
    xml.value("servicepack", 0);
    xml.value("ram", device.memory);
}

fn list(xml: &mut Xml, name: &str, items: &[NsightAsset], write: impl Fn(&mut Xml, &NsightAsset)) {
    if items.is_empty() {
        xml.empty(name);
        return;
    }
    xml.open(name);
    for item in items {
        xml.open("item");
        write(xml, item);
        xml.flag("deleted", item.deleted);
        xml.value("modified", 0);
        xml.close("item");
    }
    xml.close(name);
}

pub(super) fn licenses(world: &World, client: u64, at: Timestamp) -> Result<Content, Refusal> {
    let plan = world.nsight_layout().client(client).ok_or_else(|| invalid("clientid"))?;
    Ok(items(at, |xml| {
        for (license, number) in world.nsight_licenses(plan, at).iter().zip(1..) {
            xml.open("license_count");
            xml.text("name", license.name);
            xml.value("count", license.owned);
            xml.value("installed", license.installed);
            xml.value("license_count_id", client * 10 + number);
            xml.value("swgrpid", number);
            xml.close("license_count");
        }
    }))
}
