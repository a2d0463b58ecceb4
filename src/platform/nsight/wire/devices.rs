//! Devices of a site in detail: list_servers, list_workstations.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::fleet::{Kind, Label};
use crate::platform::bounds;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};
use crate::platform::shared::Shared;

/// A server or workstation in detail. Agentless entries are among the workstations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// `serverid` or `workstationid`.
    pub id: Cow<'a, str>,
    /// `name`.
    pub name: Label,
    /// `agent_version`, with underscores.
    pub agent_version: Cow<'a, str>,
    /// `os`.
    pub os: Label,
    /// `manufacturer`.
    pub manufacturer: Label,
    /// `model`.
    pub model: Label,
    /// `last_boot_time`.
    pub last_boot: Option<Timestamp>,
    /// `online`: 1 or 0. Of no use for workstations: those that are off still have 1.
    pub online: Option<bool>,
    /// `active_247`: whether 24x7 checks are active.
    pub active_247: Option<bool>,
    /// `check_interval_247`.
    pub check_interval: Option<Duration>,
    /// `utc_time_247`: the last report. `None` without one, and when the answer does not say.
    pub last_report: Option<Timestamp>,
    /// `utc_time_247` says that there never was a report: `0000-00-00 00:00:00`.
    pub never_reported: bool,
    /// `missed_247` (of servers, says the documentation): the report is overdue.
    pub missed_247: Option<bool>,
    /// `dsc_active`: whether the daily check is active.
    pub daily_check_active: Option<bool>,
    /// `dsc_utc_time`: the last daily check.
    pub last_daily_check: Option<Timestamp>,
    /// `total_memory` in bytes; `None` also for 0 and for more than can be.
    pub memory_bytes: Option<u64>,
    /// How many seconds its clock is ahead of UTC.
    pub utc_offset: Option<i32>,
}

const DEVICE: &[&str] = &[
    "serverid",
    "workstationid",
    "deviceid",
    "id",
    "name",
    "agent_version",
    "os",
    "manufacturer",
    "model",
    "last_boot_time",
    "online",
    "active_247",
    "check_interval_247",
    "utc_time_247",
    "missed_247",
    "dsc_active",
    "dsc_utc_time",
    "total_memory",
    "utc_offset",
    "local_date_247",
    "local_time_247",
];

/// The offsets that a time zone can have, in seconds.
const OFFSETS: RangeInclusive<i32> = -14 * 3600..=14 * 3600;

/// Reads an answer of list_servers or list_workstations.
///
/// # Errors
///
/// When it is none.
pub fn list_devices<'a>(text: &'a str, kind: Kind, tally: &mut Tally) -> Result<Vec<Device<'a>>, Error> {
    let (wanted, ids) = match kind {
        Kind::Server => ("server", ["serverid", "deviceid", "id"]),
        Kind::Workstation | Kind::Mobile => ("workstation", ["workstationid", "deviceid", "id"]),
    };
    let mut names = Shared::default();
    let mut devices = Vec::new();
    read_list(text, &Shape::ITEMS, |name, element| {
        if name != wanted {
            return Ok(false);
        }
        tally.record()?;
        let fields = Fields::read(element, DEVICE, Names::Exact)?;
        let Some(id) = fields.kept_id(&ids) else {
            tally.bad("device without id");
            return Ok(true);
        };
        tally.good();
        devices.push(Device {
            id,
            name: fields.label("name"),
            agent_version: fields.kept("agent_version"),
            os: fields.shared("os", &mut names),
            manufacturer: fields.shared("manufacturer", &mut names),
            model: fields.shared("model", &mut names),
            last_boot: fields.epoch("last_boot_time"),
            online: fields.flag("online"),
            active_247: fields.flag("active_247"),
            check_interval: fields.minutes("check_interval_247"),
            last_report: fields.utc("utc_time_247"),
            never_reported: fields.text("utc_time_247").starts_with("0000-00-00"),
            missed_247: fields.flag("missed_247"),
            daily_check_active: fields.flag("dsc_active"),
            last_daily_check: fields.utc("dsc_utc_time"),
            memory_bytes: fields.number("total_memory").and_then(bounds::memory),
            utc_offset: utc_offset(&fields),
        });
        Ok(true)
    })?;
    Ok(devices)
}

/// `utc_offset`, or what the two times of the last report tell. They also decide which way the field counts, where they
/// contradict it.
fn utc_offset(fields: &Fields<'_>) -> Option<i32> {
    let stated = fields.text("utc_offset").parse().ok().filter(|offset| OFFSETS.contains(offset));
    let seen = seen_offset(fields);
    if seen.is_some_and(|seen| stated == Some(-seen)) { seen } else { stated.or(seen) }
}

/// How far `local_date_247` and `local_time_247` are ahead of `utc_time_247`, to the quarter of an hour.
fn seen_offset(fields: &Fields<'_>) -> Option<i32> {
    const QUARTER: i64 = 900;
    let local = format!("{} {}", fields.text("local_date_247"), fields.text("local_time_247"));
    let local = local.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let ahead = local.as_second() - fields.utc("utc_time_247")?.as_second();
    let ahead = (ahead + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
    i32::try_from(ahead).ok().filter(|ahead| OFFSETS.contains(ahead))
}
