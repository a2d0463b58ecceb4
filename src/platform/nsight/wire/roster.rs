//! Devices of a client with features and counts: list_devices_at_client.

use std::borrow::Cow;
use std::sync::Arc;

use crate::fleet::{Kind, Label, SiteKey};
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Fields, Names, Shape, Tally, read_list};

/// A device, of list_devices_at_client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// Name of its client.
    pub client_name: Label,
    /// Id of its site.
    pub site: SiteKey,
    /// Name of its site.
    pub site_name: Label,
    /// `id`.
    pub id: Cow<'a, str>,
    /// `name`.
    pub name: Label,
    /// `os`: not documented here, but a mobile device has no other list.
    pub os: Label,
    /// Feature flags; `None` where the device has none of these fields.
    pub flags: Option<Flags>,
    /// Checks by class.
    pub counts: Vec<CheckCount>,
}

/// Which features are switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "that is what the answer holds")]
pub struct Flags {
    /// `takecontrol`.
    pub take_control: bool,
    /// `patch`.
    pub patch: bool,
    /// `mav` or `mavbreck`, the two engines.
    pub managed_antivirus: bool,
    /// `mavbreck`: the present engine.
    pub bitdefender: bool,
    /// `mob`: backup, not mobile.
    pub backup: bool,
    /// `webprotection`.
    pub web_protection: bool,
    /// `riskintelligence`.
    pub risk_intelligence: bool,
}

/// Checks of one class by status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckCount {
    /// `dsc_247`: 1 24x7 check, 2 daily check, 3 automated task, others.
    pub class: Option<u64>,
    /// `pass`.
    pub pass: Option<u64>,
    /// `clear`.
    pub clear: Option<u64>,
    /// `fail`.
    pub fail: Option<u64>,
}

/// The most classes of checks; there are four.
const MAX_COUNTS: usize = 64;

const PLACE: &[&str] = &["id", "name"];
const FLAGS: &[&str] = &["takecontrol", "patch", "mav", "mavbreck", "mob", "webprotection", "riskintelligence"];
const DEVICE: &[&str] =
    &["id", "name", "os", "takecontrol", "patch", "mav", "mavbreck", "mob", "webprotection", "riskintelligence"];
const COUNT: &[&str] = &["dsc_247", "pass", "clear", "fail"];

/// Reads an answer of list_devices_at_client for one kind of devices.
///
/// # Errors
///
/// When it is none.
pub fn list_devices_at_client<'a>(text: &'a str, kind: Kind, tally: &mut Tally) -> Result<Vec<Device<'a>>, Error> {
    let mut devices = Vec::new();
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != "client" {
            return Ok(false);
        }
        tally.record()?;
        let first = devices.len();
        let client = Fields::read_nested(element, PLACE, |name, element| match name {
            "site" => read_site(element, kind, &mut devices, tally),
            _ => Ok(()),
        })?;
        // The name may come after the sites.
        let name = client.label("name");
        for device in devices.iter_mut().skip(first) {
            device.client_name = name.clone();
        }
        Ok(true)
    })?;
    Ok(devices)
}

fn read_site<'a>(
    element: Element<'_, 'a>,
    kind: Kind,
    devices: &mut Vec<Device<'a>>,
    tally: &mut Tally,
) -> Result<(), Error> {
    tally.record()?;
    let first = devices.len();
    let site = Fields::read_nested(element, PLACE, |name, element| {
        if !is_device(name, kind) {
            return Ok(());
        }
        tally.record()?;
        match read_device(element)? {
            Some(device) => devices.push(device),
            // An unknown element without id is not a mobile device but something else.
            None if kind == Kind::Mobile => {}
            None => tally.bad("device without id"),
        }
        Ok(())
    })?;
    let Some(id) = site.id(&["id"]) else {
        for _ in devices.drain(first..) {
            tally.bad("device of a site without id");
        }
        return Ok(());
    };
    let (id, name) = (SiteKey::new(id), site.label("name"));
    for device in devices.iter_mut().skip(first) {
        tally.good();
        device.site = id.clone();
        device.site_name = name.clone();
    }
    Ok(())
}

/// The element of a mobile device has no documented name.
fn is_device(name: &str, kind: Kind) -> bool {
    match kind {
        Kind::Server => name == "server",
        Kind::Workstation => name == "workstation",
        Kind::Mobile => name != "server" && name != "workstation",
    }
}

fn read_device<'a>(element: Element<'_, 'a>) -> Result<Option<Device<'a>>, Error> {
    let mut counts = Vec::new();
    let fields = Fields::read_nested(element, DEVICE, |name, element| {
        if name == "checkcount" {
            if counts.len() == MAX_COUNTS {
                return Err(Error::decode(format!("a device has more than {MAX_COUNTS} elements <checkcount>")));
            }
            let count = Fields::read(element, COUNT, Names::Exact)?;
            counts.push(CheckCount {
                class: count.number("dsc_247"),
                pass: count.count("pass"),
                clear: count.count("clear"),
                fail: count.count("fail"),
            });
        }
        Ok(())
    })?;
    let Some(id) = fields.kept_id(&["id"]) else { return Ok(None) };
    let on = |name| fields.flag(name) == Some(true);
    let flags = FLAGS.iter().any(|name| fields.has(name)).then(|| Flags {
        take_control: on("takecontrol"),
        patch: on("patch"),
        managed_antivirus: on("mav") || on("mavbreck"),
        bitdefender: on("mavbreck"),
        backup: on("mob"),
        web_protection: on("webprotection"),
        risk_intelligence: on("riskintelligence"),
    });
    Ok(Some(Device {
        client_name: Label::default(),
        site: SiteKey(Arc::default()),
        site_name: Label::default(),
        id,
        name: fields.label("name"),
        os: fields.label("os"),
        flags,
        counts,
    }))
}
