//! Daily results of antivirus update checks and backup checks: list_av_history, list_backup_history.

use jiff::civil::Date;

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};

/// `result/checks/name*` and `result/days/day*`; both are empty when the device has no such check.
const SHAPE: Shape = Shape { root: None, containers: &["days", "checks"] };

/// One day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// `date`: a day of the account's time zone.
    pub date: Date,
    /// `status`: a word, as written.
    pub status: String,
}

/// Reads an answer of list_av_history or list_backup_history.
///
/// # Errors
///
/// When it is none.
pub fn list_history(text: &str, tally: &mut Tally) -> Result<Vec<Day>, Error> {
    let mut days = Vec::new();
    read_list(text, &SHAPE, |name, element| {
        if name != "day" {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, &["date", "status"], Names::Exact)?;
        match fields.date("date") {
            Some(date) => {
                tally.good();
                days.push(Day { date, status: fields.text("status").to_owned() });
            }
            None => tally.bad("day without date"),
        }
        Ok(true)
    })?;
    Ok(days)
}
