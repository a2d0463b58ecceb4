//! The `collectors` section: what runs, how often, and how long its data are good.

use std::collections::BTreeMap;
use std::time::Duration;

use super::account::{CollectorConfig, PlatformOptions};
use super::defaults;
use super::duration::display;
use super::reader::{Context, Field, Section};
use super::text::{shown, suggest};
use crate::collector::{Collector, CollectorDefaults};
use crate::platform::PlatformName;

/// Longest interval and longest time that data can be good.
pub const LONGEST: Duration = Duration::from_hours(8784);

/// What the `collectors` section says of one collector.
#[derive(Default)]
struct Wish {
    enabled: Option<bool>,
    interval: Option<Duration>,
}

/// Reads the `collectors` section and lays it over the platform's defaults.
pub fn read(
    account: &Section,
    options: &PlatformOptions,
    min_interval: Duration,
    context: &mut Context,
) -> BTreeMap<Collector, CollectorConfig> {
    let platform = options.platform_name();
    let table = defaults::collectors(platform);
    let stale_after = account.get("stale_after").and_then(|field| stale_after(&field, context));
    let mut wishes = BTreeMap::new();
    if let Some(section) = account.get("collectors").and_then(|field| field.section(&[], context)) {
        for (name, field) in section.fields() {
            let mut wish = wish(&field, min_interval, context);
            match table.iter().find(|defaults| defaults.collector.name() == name) {
                Some(defaults) => {
                    if wish.interval.is_some() && wish.enabled.is_none() && !defaults::is_on(defaults, options) {
                        let message = "this collector is off by default, and an interval alone does not switch it on. Add enabled: true.";
                        field.warn(message, context);
                    }
                    let least = defaults::least_interval(defaults.collector, options);
                    if let Some(short) =
                        wish.interval.filter(|interval| wish.enabled == Some(true) && *interval < least)
                    {
                        let (short, least) = (display(short), display(least));
                        let message = format!(
                            "without monitoring_token only the version is read, at most every {least}, not every {short}. Add the token, or set {least} or more."
                        );
                        field.warn(&message, context);
                    }
                    wish.interval = wish.interval.map(|interval| interval.max(least));
                    wishes.insert(defaults.collector, wish);
                }
                None => unknown(name, &field, platform, context),
            }
        }
    }
    let mut collectors = BTreeMap::new();
    for defaults in table {
        let wish = wishes.remove(&defaults.collector).unwrap_or_default();
        if wish.enabled.unwrap_or_else(|| defaults::is_on(defaults, options)) {
            let interval = wish.interval.unwrap_or_else(|| defaults::interval(defaults, options).max(min_interval));
            let stale_after = stale_after.unwrap_or_else(|| defaults::stale_after(interval));
            collectors.insert(defaults.collector, CollectorConfig { interval, stale_after });
        }
    }
    warn_of_gaps(account, &collectors, context);
    if collectors.is_empty()
        && let Some(field) = account.get("collectors")
    {
        field.error("every collector is switched off, so the account would yield nothing. Enable one.", context);
    }
    collectors
}

/// Checks the form of `collectors` and `stale_after` when nobody knows which platform it is.
pub fn check_without_platform(account: &Section, context: &mut Context) {
    if let Some(field) = account.get("stale_after") {
        let _checked = stale_after(&field, context);
    }
    if let Some(section) = account.get("collectors").and_then(|field| field.section(&[], context)) {
        for (_, field) in section.fields() {
            let _checked = wish(&field, Duration::ZERO, context);
        }
    }
}

fn wish(field: &Field, min_interval: Duration, context: &mut Context) -> Wish {
    let Some(section) = field.section(&["enabled", "interval"], context) else { return Wish::default() };
    let enabled = section.get("enabled").and_then(|field| field.boolean(context));
    let interval = section.get("interval").and_then(|field| interval(&field, min_interval, context));
    Wish { enabled, interval }
}

fn interval(field: &Field, min_interval: Duration, context: &mut Context) -> Option<Duration> {
    let interval = field.duration(context)?;
    let (shown, least) = (display(interval), display(min_interval));
    if interval < min_interval {
        field.error(format!("{shown} is below the account's min_interval of {least}. Set {least} or more."), context);
        None
    } else if interval.is_zero() {
        field.error("0s would be without any pause. Set more than 0s.", context);
        None
    } else {
        within_longest(field, interval, context)
    }
}

/// Refuses more than a year: far beyond any use, and far below what arithmetic with times can bear.
pub fn within_longest(field: &Field, duration: Duration, context: &mut Context) -> Option<Duration> {
    if duration > LONGEST {
        field.error(format!("{} is longer than a year. Set less.", display(duration)), context);
        return None;
    }
    Some(duration)
}

fn stale_after(field: &Field, context: &mut Context) -> Option<Duration> {
    let duration = field.duration(context)?;
    if duration.is_zero() {
        field.error(
            "with 0s no data would ever be shown. Set more than the longest interval, or remove the key.",
            context,
        );
        return None;
    }
    within_longest(field, duration, context)
}

/// Data that go before they are read again leave gaps in every graph.
fn warn_of_gaps(account: &Section, collectors: &BTreeMap<Collector, CollectorConfig>, context: &mut Context) {
    let Some(field) = account.get("stale_after") else { return };
    let gaps: Vec<String> = collectors
        .iter()
        .filter(|(_, config)| config.stale_after < config.interval)
        .map(|(collector, config)| format!("{} ({})", collector.name(), display(config.interval)))
        .collect();
    if !gaps.is_empty() {
        let message = format!(
            "shorter than the interval of {}: their series will be missing until the next poll. Raise stale_after, or remove it.",
            gaps.join(", ")
        );
        field.warn(&message, context);
    }
}

fn unknown(name: &str, field: &Field, platform: PlatformName, context: &mut Context) {
    let own = |table: &[CollectorDefaults]| table.iter().any(|defaults| defaults.collector.name() == name);
    let known: Vec<&str> = defaults::collectors(platform).iter().map(|defaults| defaults.collector.name()).collect();
    let elsewhere = [PlatformName::Nsight, PlatformName::Tactical]
        .into_iter()
        .filter(|other| *other != platform)
        .find(|other| own(defaults::collectors(*other)));
    let message = if let Some(other) = elsewhere {
        format!(
            "this collector is for {} accounts only. {} accounts have {}.",
            other.name(),
            platform.name(),
            known.join(", ")
        )
    } else {
        format!("{} is no collector. {}", shown(name), suggest(name, &known, "collectors"))
    };
    field.error(message, context);
}
