//! The account's time zone, whose days the histories of antivirus and backup are in. Not a collector of its own: the call
//! belongs to whichever history is collected.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::collector::Collector;
use crate::config::{AccountConfig, PlatformOptions};
use crate::fleet::{Label, Update};
use crate::planner::{Priority, Want};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::settings::account_time_zone;

/// A setting that nobody changes.
const INTERVAL: Duration = Duration::from_hours(24);

/// The call, when histories are collected and the configuration names no zone.
#[must_use]
pub fn want(config: &AccountConfig) -> Option<Want<Call>> {
    if matches!(&config.platform, PlatformOptions::Nsight(options) if options.time_zone.is_some()) {
        return None;
    }
    let histories = [Collector::Antivirus, Collector::Backup];
    let collector = histories.into_iter().find(|collector| config.collectors.contains_key(collector))?;
    Some(Want { call: Call::ListGeneralSettings, collector, interval: INTERVAL, priority: Priority::Inventory })
}

/// What list_general_settings says.
///
/// # Errors
///
/// When `text` is no such answer, or names no zone that is known here.
pub fn update(text: &str) -> Result<Vec<Update>, Error> {
    let name = account_time_zone(text)?;
    let remedy = "set time_zone of this account in the configuration, for example to Europe/London";
    if name.is_empty() {
        return Err(Error::decode(format!("list_general_settings has no vartimezone; {remedy}")));
    }
    let zone = TimeZone::get(&name).map_err(|_| {
        let name = Label::new(&name);
        Error::decode(format!("the account's time zone {:?} is not an IANA time zone; {remedy}", name.as_str()))
    })?;
    Ok(vec![Update::TimeZone(zone)])
}
