//! The account's time zone, whose days and months the histories and selections of antivirus and backup are in. Not a collector of its own: the call
//! belongs to whichever history is collected.

use jiff::tz::TimeZone;

use crate::collector::Collector;
use crate::config::{AccountConfig, PlatformOptions};
use crate::fleet::{Label, Update};
use crate::planner::{Priority, Want};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::settings::account_time_zone;

/// The collectors that need the account's time zone; the call goes with the first of them that runs.
pub const IN_NEED: [Collector; 3] = [Collector::Antivirus, Collector::Backup, Collector::BackupSelection];

/// The call, when something that needs it is collected and the configuration names no zone.
#[must_use]
pub fn want(config: &AccountConfig) -> Option<Want<Call>> {
    if matches!(&config.platform, PlatformOptions::Nsight(options) if options.time_zone.is_some()) {
        return None;
    }
    let (collector, settings) = IN_NEED.iter().find_map(|collector| config.collectors.get_key_value(collector))?;
    // Nobody changes this setting, but a longer interval would keep the collector's runs from ending.
    let (collector, interval) = (*collector, settings.interval);
    Some(Want { call: Call::ListGeneralSettings, collector, interval, priority: Priority::Inventory, after: None })
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
