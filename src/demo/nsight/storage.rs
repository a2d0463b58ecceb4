//! list_drive_space_history and list_exchange_storage_history.

use jiff::Timestamp;
use jiff::civil::Date;

use super::xml::Xml;
use super::{Refusal, invalid, missing, number};
use crate::demo::server::{Content, Received};
use crate::demo::world::World;
use crate::demo::world::nsight_storage::NsightVolume;

/// The periods that a history can have.
#[derive(Clone, Copy)]
enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    const fn element(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// How the period of a day is written.
    fn of(self, day: Date) -> String {
        match self {
            Self::Day => day.to_string(),
            Self::Week => day.strftime("%GW%V").to_string(),
            Self::Month => day.strftime("%Y-%m").to_string(),
        }
    }
}

pub(super) fn drives(world: &World, request: &Received, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(number(request, "deviceid")?, at).ok_or_else(|| invalid("deviceid"))?;
    history(request, "drive", &world.nsight_drives(&device, at), at)
}

pub(super) fn stores(world: &World, request: &Received, at: Timestamp) -> Result<Content, Refusal> {
    let device = world.nsight_device(number(request, "deviceid")?, at).ok_or_else(|| invalid("deviceid"))?;
    history(request, "store", &world.nsight_stores(&device, at), at)
}

fn history(request: &Received, element: &str, volumes: &[NsightVolume], at: Timestamp) -> Result<Content, Refusal> {
    let period = match request.parameter("interval").ok_or_else(|| missing("interval"))? {
        "DAY" => Period::Day,
        "WEEK" => Period::Week,
        "MONTH" => Period::Month,
        _ => return Err(invalid("interval")),
    };
    let since = request.parameter("since").unwrap_or_default();
    // Periods of one kind sort as texts do.
    if !since.is_empty() && since.len() != period.of(Date::ZERO).len() {
        return Err(invalid("since"));
    }
    let mut xml = Xml::result("OK", at);
    for volume in volumes {
        xml.open(element);
        // The name need not come first.
        if volume.check_id.is_multiple_of(2) {
            xml.value("check_id", volume.check_id);
            xml.text(volume.element, &volume.name);
        } else {
            xml.text(volume.element, &volume.name);
            xml.value("check_id", volume.check_id);
        }
        let mut inner = Xml::default();
        for (label, used) in periods(volume, period).into_iter().filter(|(label, _)| label.as_str() >= since) {
            inner.open("data");
            inner.value(period.element(), label);
            inner.value("space_used", used);
            inner.value("space_free", 1_000_000);
            inner.close("data");
        }
        if inner.is_empty() {
            xml.empty("history");
        } else {
            xml.open("history");
            xml.append(&inner);
            xml.close("history");
        }
        xml.close(element);
    }
    xml.close("result");
    Ok(Content::Whole(xml.into_bytes()))
}

/// One entry for each period, in the order of the days: the value of its newest day.
fn periods(volume: &NsightVolume, period: Period) -> Vec<(String, u64)> {
    let mut entries: Vec<(String, Date, u64)> = Vec::new();
    for &(day, used) in &volume.days {
        let label = period.of(day);
        match entries.last_mut() {
            Some(last) if last.0 == label => {
                if day > last.1 {
                    *last = (label, day, used);
                }
            }
            _ => entries.push((label, day, used)),
        }
    }
    entries.into_iter().map(|(label, _, used)| (label, used)).collect()
}
