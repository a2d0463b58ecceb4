//! What is selected for the platform's own backup: mob/mob_list_selection_size.

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Fields, Shape, Tally, read_list};

/// `result/selection/client*/site*/(workstations|servers)/(workstation|server)*/slot*`.
const SHAPE: Shape = Shape { root: None, containers: &["selection"] };

/// What the name of an element with a size ends in.
const SIZE: &str = "plugin";

/// A device and what is selected in its slots. What was removed (device, site, client or slot) is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// `deviceid`.
    pub id: String,
    /// The sizes of all slots.
    pub sizes: Vec<Size>,
}

/// What is selected for one plugin in one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// The name of the element, such as `FsBackupPlugin`.
    pub element: String,
    /// Its text in bytes; `None` when that is no number.
    pub bytes: Option<u64>,
}

/// Reads an answer of mob/mob_list_selection_size.
///
/// # Errors
///
/// When it is none.
pub fn list_selection_size(text: &str, tally: &mut Tally) -> Result<Vec<Device>, Error> {
    let mut devices = Vec::new();
    read_list(text, &SHAPE, |name, element| {
        if name != "client" {
            return Ok(false);
        }
        tally.record()?;
        if is_active(&element) {
            element.children(
                |name, element| if name == "site" { read_site(element, &mut devices, tally) } else { Ok(()) },
            )?;
        }
        Ok(true)
    })?;
    Ok(devices)
}

fn read_site(element: Element<'_, '_>, devices: &mut Vec<Device>, tally: &mut Tally) -> Result<(), Error> {
    tally.record()?;
    if !is_active(&element) {
        return Ok(());
    }
    element.children(|name, element| {
        if matches!(name, "servers" | "workstations") {
            element.children(|name, element| match name {
                "server" | "workstation" => read_device(element, devices, tally),
                _ => Ok(()),
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

fn read_device(element: Element<'_, '_>, devices: &mut Vec<Device>, tally: &mut Tally) -> Result<(), Error> {
    tally.record()?;
    if !is_active(&element) {
        return Ok(());
    }
    let mut sizes = Vec::new();
    let fields = Fields::read_nested(element, &["deviceid"], |name, element| match name {
        "slot" if is_active(&element) => read_slot(element, &mut sizes, tally),
        _ => Ok(()),
    })?;
    match fields.id(&["deviceid"]) {
        Some(id) => {
            tally.good();
            devices.push(Device { id: id.to_owned(), sizes });
        }
        None => tally.bad("device without id"),
    }
    Ok(())
}

fn read_slot(element: Element<'_, '_>, sizes: &mut Vec<Size>, tally: &mut Tally) -> Result<(), Error> {
    element.children(|name, element| {
        if name.to_ascii_lowercase().ends_with(SIZE) {
            tally.record()?;
            sizes.push(Size { element: name.to_owned(), bytes: element.text()?.parse().ok() });
        }
        Ok(())
    })?;
    Ok(())
}

/// What was removed stays in the answer with `active="false"`. What does not say is not removed.
fn is_active(element: &Element<'_, '_>) -> bool {
    element.attribute("active").is_none_or(|active| active.eq_ignore_ascii_case("true") || active == "1")
}
