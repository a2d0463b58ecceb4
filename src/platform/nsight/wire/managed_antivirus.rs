//! Managed antivirus: list_mav_threats, list_mav_quarantine, list_mav_scans. Two engines write the same records in
//! different words.

use jiff::Timestamp;

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Fields, Names, Shape, Tally, read_list};

/// Records stand directly under `result`, which is empty for a device that has none.
const SHAPE: Shape = Shape { root: Some("result"), containers: &["threats", "quarantined_items", "scans"] };

/// A scan, finished or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// `type`: a word, as written.
    pub scan_type: String,
    /// `status`: a word, as written.
    pub status: String,
    /// `start`, as if it were UTC.
    pub start: Option<Timestamp>,
    /// `end`, as if it were UTC; only finished scans have it.
    pub end: Option<Timestamp>,
    /// `threat_count`.
    pub threats: Option<u64>,
    /// `error_count`.
    pub errors: Option<u64>,
    /// `engine`, as written; empty in answers of version 1.
    pub engine: String,
}

const SCAN: &[&str] = &["type", "status", "start", "end", "threat_count", "error_count", "engine"];

/// Reads an answer of list_mav_threats: the `last_status` of each threat, as written.
///
/// # Errors
///
/// When it is none.
pub fn list_mav_threats(text: &str, tally: &mut Tally) -> Result<Vec<String>, Error> {
    let mut statuses = Vec::new();
    read_records(text, "threat", tally, |element, tally| {
        let fields = Fields::read(element, &["name", "last_status"], Names::Exact)?;
        let status = fields.text("last_status");
        if status.is_empty() && fields.text("name").is_empty() {
            tally.bad("threat without name and status");
            return Ok(());
        }
        tally.good();
        statuses.push(status.to_owned());
        Ok(())
    })?;
    Ok(statuses)
}

/// Reads an answer of list_mav_quarantine: how many items it has, each once by its ids (those of two engines can be equal). Their words are not read: the call asks for what is in
/// quarantine now, and who answers knows better than a list of words which of them mean that.
///
/// # Errors
///
/// When it is none.
pub fn list_mav_quarantine(text: &str, tally: &mut Tally) -> Result<u64, Error> {
    const ITEM: &[&str] = &["quarantine_id", "guid", "threat_name", "engine"];
    let mut items = 0;
    read_records(text, "quarantined_item", tally, |element, tally| {
        let fields = Fields::read(element, ITEM, Names::Exact)?;
        let [id, guid, threat, engine] =
            ["quarantine_id", "guid", "threat_name", "engine"].map(|name| fields.text(name));
        let has_id = !(id.is_empty() && guid.is_empty());
        if !has_id && threat.is_empty() {
            tally.bad("quarantined item without id and threat");
            return Ok(());
        }
        tally.good();
        items += u64::from(!has_id || tally.is_first(&[id, guid, engine]));
        Ok(())
    })?;
    Ok(items)
}

/// Reads an answer of list_mav_scans, which goes back a year: calls `each` with one scan after the other.
///
/// # Errors
///
/// When it is none.
pub fn list_mav_scans(text: &str, tally: &mut Tally, mut each: impl FnMut(Scan)) -> Result<(), Error> {
    read_records(text, "scan", tally, |element, tally| {
        let fields = Fields::read(element, SCAN, Names::Exact)?;
        if fields.text("status").is_empty() {
            tally.bad("scan without status");
            return Ok(());
        }
        tally.good();
        each(Scan {
            scan_type: fields.text("type").to_owned(),
            status: fields.text("status").to_owned(),
            start: fields.utc("start"),
            end: fields.utc("end"),
            threats: fields.count("threat_count"),
            errors: fields.count("error_count"),
            engine: fields.text("engine").to_owned(),
        });
        Ok(())
    })
}

/// An answer without anything in it is an empty list; one with something else in it is not.
fn read_records(
    text: &str,
    wanted: &str,
    tally: &mut Tally,
    mut each: impl FnMut(Element<'_, '_>, &mut Tally) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut records, mut others) = (0_usize, 0_usize);
    read_list(text, &SHAPE, |name, element| {
        if name != wanted {
            others += 1;
            return Ok(false);
        }
        records += 1;
        tally.record()?;
        each(element, tally)?;
        Ok(true)
    })?;
    if records == 0 && others > 0 { Err(Error::decode(format!("it has no <{wanted}>"))) } else { Ok(()) }
}
