//! Outages of a device: list_outages.

use jiff::Timestamp;

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};

/// `result/outage*`: an empty `result` means that there was none.
const SHAPE: Shape = Shape { root: Some("result"), containers: &["outages"] };

/// One outage, which lasts or ended in the last 61 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// `reason`, which the documentation's table calls `outage_reason`: a word, as written.
    pub reason: String,
    /// `state`: a word, as written.
    pub state: String,
    /// `utc_start`.
    pub start: Option<Timestamp>,
    /// `utc_end`, only of one that is over.
    pub end: Option<Timestamp>,
}

const OUTAGE: &[&str] = &["outage_id", "reason", "outage_reason", "state", "utc_start", "utc_end"];

/// Reads an answer of list_outages: each outage once, by its id.
///
/// # Errors
///
/// When it is none. An answer that holds something, but no outage, is none: it would make zeros of what is not understood.
pub fn list_outages(text: &str, tally: &mut Tally) -> Result<Vec<Outage>, Error> {
    let mut outages = Vec::new();
    let (mut found, mut strange) = (false, false);
    read_list(text, &SHAPE, |name, element| {
        if name != "outage" {
            strange = true;
            return Ok(false);
        }
        found = true;
        tally.record()?;
        let fields = Fields::read(element, OUTAGE, Names::Exact)?;
        let reason =
            ["reason", "outage_reason"].map(|name| fields.text(name)).into_iter().find(|text| !text.is_empty());
        let outage = Outage {
            reason: reason.unwrap_or_default().to_owned(),
            state: fields.text("state").to_owned(),
            start: fields.utc("utc_start"),
            end: fields.utc("utc_end"),
        };
        if outage.state.is_empty() && outage.start.is_none() && outage.end.is_none() {
            tally.bad("outage without state and time");
            return Ok(true);
        }
        tally.good();
        if tally.is_first(&[fields.text("outage_id")]) {
            outages.push(outage);
        }
        Ok(true)
    })?;
    if strange && !found {
        return Err(Error::decode("it has no <outage>, but other elements"));
    }
    Ok(outages)
}
