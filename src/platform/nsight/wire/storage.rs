//! Space that is used, day by day: list_drive_space_history, list_exchange_storage_history.

use jiff::civil::Date;

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Shape, Tally, quantity, read_list};

/// `result/drive*`, and for Exchange something that is not documented: an empty `result` means that the device has no such
/// check.
const SHAPE: Shape = Shape { root: Some("result"), containers: &[] };

/// Something with a history of its size: a drive, or a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// The name of its element.
    pub element: String,
    /// What it is called; empty when nothing in it can be a name.
    pub name: String,
    /// The newest day in its history.
    pub newest: Option<Day>,
}

/// One `data` of a history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// `day`, in UTC.
    pub day: Date,
    /// The size on that day, in megabytes.
    pub megabytes: Option<f64>,
}

/// Which element holds the size: the first of these that is there.
const DRIVE_SIZES: &[&str] = &["space_used", "used_space", "used"];
const STORE_SIZES: &[&str] = &["store_size", "database_size", "size", "space_used", "used_space", "space", "used"];

/// Which element holds the name, the best one first. Only that there is one is documented.
const NAMES: &[&str] = &[
    "letter",
    "drive_letter",
    "drive",
    "disk",
    "store_name",
    "store",
    "database_name",
    "database",
    "name",
    "display_name",
];

/// Other elements with a short text, which name something else.
const NO_NAMES: &[&str] = &["unit", "units", "type", "status", "state", "interval", "active", "description"];

/// The longest text of an element of another name that can be the name.
const MAX_UNKNOWN_NAME: usize = 64;

/// Reads an answer of list_drive_space_history. Of each drive only the newest day is kept, up to `last`: what is later
/// comes of a wrong clock.
///
/// # Errors
///
/// When it is none.
pub fn list_drive_space_history(text: &str, last: Date, tally: &mut Tally) -> Result<Vec<Volume>, Error> {
    list_history(text, &mut Reader { sizes: DRIVE_SIZES, last, tally, volumes: Vec::new() })
}

/// Reads an answer of list_exchange_storage_history, in the same way: any element with a history is a store.
///
/// # Errors
///
/// When it is none.
pub fn list_exchange_storage_history(text: &str, last: Date, tally: &mut Tally) -> Result<Vec<Volume>, Error> {
    list_history(text, &mut Reader { sizes: STORE_SIZES, last, tally, volumes: Vec::new() })
}

fn list_history(text: &str, reader: &mut Reader<'_>) -> Result<Vec<Volume>, Error> {
    read_list(text, &SHAPE, |name, element| {
        if name == "history" {
            reader.tally.record()?;
            let newest = reader.read_history(element)?;
            reader.volumes.push(Volume { element: name.to_owned(), name: String::new(), newest });
        } else {
            reader.read_volume(name, element)?;
        }
        Ok(true)
    })?;
    Ok(std::mem::take(&mut reader.volumes))
}

struct Reader<'t> {
    sizes: &'static [&'static str],
    last: Date,
    tally: &'t mut Tally,
    volumes: Vec<Volume>,
}

impl Reader<'_> {
    /// Reads an element that is a volume, or holds some, or is text, which it gives back.
    fn read_volume(&mut self, element_name: &str, element: Element<'_, '_>) -> Result<String, Error> {
        let (mut name, mut has_history, mut newest) = (Name::default(), false, None);
        let text = element.children(|child_name, child| {
            if child_name == "history" {
                if !has_history {
                    self.tally.record()?;
                }
                has_history = true;
                newest = newer(newest, self.read_history(child)?);
            } else {
                let text = self.read_volume(child_name, child)?;
                name.offer(child_name, text);
            }
            Ok(())
        })?;
        if has_history {
            let (element, name) = (element_name.to_owned(), name.0.map(|(_, name)| name).unwrap_or_default());
            self.volumes.push(Volume { element, name, newest });
        }
        Ok(text)
    }

    /// The newest day of a history.
    fn read_history(&self, history: Element<'_, '_>) -> Result<Option<Day>, Error> {
        let mut newest = None;
        history.children(|_, data| {
            newest = newer(newest, self.read_data(data)?);
            Ok(())
        })?;
        Ok(newest)
    }

    /// One day; `None` without a readable one, and for one that is yet to come.
    fn read_data(&self, data: Element<'_, '_>) -> Result<Option<Day>, Error> {
        let (mut day, mut size) = (None, None);
        data.children(|name, child| {
            let name = name.to_ascii_lowercase();
            if matches!(name.as_str(), "day" | "date") {
                day = child.text()?.parse::<Date>().ok();
            } else if let Some(place) = self.sizes.iter().position(|wanted| *wanted == name)
                && size.as_ref().is_none_or(|(best, _)| place < *best)
            {
                size = Some((place, quantity(&child.text()?)));
            }
            Ok(())
        })?;
        let day = day.filter(|day| *day <= self.last);
        Ok(day.map(|day| Day { day, megabytes: size.and_then(|(_, megabytes)| megabytes) }))
    }
}

/// The newer one of two days; the later one in the answer when they are the same.
fn newer(one: Option<Day>, other: Option<Day>) -> Option<Day> {
    match (one, other) {
        (Some(one), Some(other)) if one.day > other.day => Some(one),
        (one, other) => other.or(one),
    }
}

/// The best candidate for a name so far, and how good it is: 0 is the best.
#[derive(Default)]
struct Name(Option<(usize, String)>);

impl Name {
    fn offer(&mut self, element: &str, text: String) {
        if text.is_empty() {
            return;
        }
        let element = element.to_ascii_lowercase();
        let known = NAMES.iter().position(|name| *name == element);
        let Some(quality) = known.or_else(|| is_name(&element, &text).then_some(NAMES.len())) else { return };
        if self.0.as_ref().is_none_or(|(best, _)| quality < *best) {
            self.0 = Some((quality, text));
        }
    }
}

/// Whether the text of an element of an unknown name can be the name: short, and neither number nor time nor address.
fn is_name(element: &str, text: &str) -> bool {
    !NO_NAMES.contains(&element)
        && text.len() <= MAX_UNKNOWN_NAME
        && !text.contains('@')
        && text.chars().any(|letter| !letter.is_ascii_digit() && !" .,:+-%TZ".contains(letter))
}
