//! Settings of the account: list_general_settings.

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Shape, read_list};

/// The root is `settings`, without status.
const SHAPE: Shape = Shape { root: Some("settings"), containers: &["settings"] };

/// The account's time zone of an answer of list_general_settings: `vartimezone`, wherever it stands and in any case.
/// Empty when there is none.
///
/// # Errors
///
/// When it is no such answer.
pub fn account_time_zone(text: &str) -> Result<String, Error> {
    let mut zone = String::new();
    read_list(text, &SHAPE, |name, element| {
        search(name, element, &mut zone)?;
        Ok(true)
    })?;
    Ok(zone)
}

fn search(name: &str, element: Element<'_, '_>, zone: &mut String) -> Result<(), Error> {
    if name.eq_ignore_ascii_case("vartimezone") && zone.is_empty() {
        *zone = element.text()?.into_owned();
    } else {
        element.children(|name, element| search(name, element, zone))?;
    }
    Ok(())
}
