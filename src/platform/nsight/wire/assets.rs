//! Asset tracking: list_device_asset_details.

use jiff::Timestamp;

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Fields, Names, Shape, Tally, read_list, utc};

/// Flat fields, `hardware/item*` and `software/item*`: the root itself is the record, and all of them may be missing.
const SHAPE: Shape = Shape { root: Some("result"), containers: &[] };

/// What a device consists of, counted. Users, addresses, serial numbers, product keys and custom fields are in the answer as
/// well: they are not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssetDetails {
    /// `scantime`, of which no document says in which zone it is; taken as UTC. `None` when the device was never scanned.
    pub scanned: Option<Timestamp>,
    /// `hardware`; `None` when the element is not there.
    pub hardware: Option<Items>,
    /// `software`; `None` when the element is not there.
    pub software: Option<Items>,
}

/// The items of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// Those that are there.
    pub present: u64,
    /// Those with `deleted` 1: they were removed in the last days.
    pub deleted: u64,
}

/// Reads an answer of list_device_asset_details.
///
/// # Errors
///
/// When it is none.
pub fn list_device_asset_details(text: &str, tally: &mut Tally) -> Result<AssetDetails, Error> {
    let mut details = AssetDetails::default();
    read_list(text, &SHAPE, |name, element| {
        match name {
            "scantime" => details.scanned = utc(&element.text()?),
            "hardware" => count(element, details.hardware.get_or_insert_default(), tally)?,
            "software" => count(element, details.software.get_or_insert_default(), tally)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(details)
}

fn count(element: Element<'_, '_>, items: &mut Items, tally: &mut Tally) -> Result<(), Error> {
    element.children(|name, element| {
        if name != "item" {
            return Ok(());
        }
        tally.record()?;
        let fields = Fields::read(element, &["deleted"], Names::Exact)?;
        tally.good();
        match fields.text("deleted") {
            "" | "0" => items.present += 1,
            _ => items.deleted += 1,
        }
        Ok(())
    })?;
    Ok(())
}
