//! What a configuration costs: calls in a sweep, calls a minute, an hour and a day, and whether the budget suffices.
//!
//! An estimate for a fleet of assumed size, made without any call. Filters by name cannot be taken into account, since
//! names are not known; filters by kind are. Entries without agent cause no calls, so leave them out of the size. Where
//! calls depend on what else is not known, the estimate is the most that it can be.

mod cost;
mod notes;
mod size;
mod table;

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::account::AccountConfig;
use super::duration::display;
use super::{Config, defaults};
use crate::collector::Collector;
use crate::platform::PlatformName;

pub use size::{FleetSize, Having};
pub(crate) use table::rounded;
pub use table::{render, render_warnings};

/// The part of the budget that a plan should use at most: the rest is for repeated calls after failures.
const GOOD_SHARE: f64 = 0.8;

/// What answers for the whole account in few calls: it goes first, and is repeated soon.
const FREQUENT: [Collector; 4] = [Collector::Inventory, Collector::FailingChecks, Collector::Alerts, Collector::Server];

/// What one collector costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CollectorPlan {
    /// The collector's name.
    pub collector: &'static str,
    /// How often its calls are repeated.
    #[serde(rename = "interval_seconds", serialize_with = "seconds")]
    pub interval: Duration,
    /// Calls in one full sweep.
    pub calls_per_sweep: u64,
    /// Whether they may be fewer: it depends on what devices, clients and sites have.
    pub at_most: bool,
    /// Whether no calls are made, because `metrics.exclude` leaves nothing of what they would tell.
    pub idle: bool,
    /// Calls a minute in the steady state, sweeps spread evenly.
    pub calls_per_minute: f64,
    /// Calls an hour in the steady state.
    pub calls_per_hour: f64,
    /// Calls a day in the steady state.
    pub calls_per_day: f64,
    /// How long one full sweep takes when it has the whole budget for itself.
    #[serde(rename = "sweep_at_budget_seconds", serialize_with = "seconds")]
    pub sweep_at_budget: Duration,
}

/// Whether the budget suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does, with room for repeated calls.
    Fits,
    /// It does, but failures will make data late.
    Tight,
    /// It does not: intervals cannot be kept.
    TooMuch,
}

/// What one account costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountPlan {
    /// The account's name.
    pub account: String,
    /// `nsight` or `tactical`.
    pub platform: &'static str,
    /// Host of the server, with its port where that is unusual.
    pub server: String,
    /// The assumed size of the fleet.
    pub fleet: FleetSize,
    /// Most calls a minute.
    pub budget_per_minute: u32,
    /// Most calls at once.
    pub max_concurrent_requests: usize,
    /// Least time between two identical calls.
    #[serde(rename = "min_interval_seconds", serialize_with = "seconds")]
    pub min_interval: Duration,
    /// The enabled collectors.
    pub collectors: Vec<CollectorPlan>,
    /// Calls a minute of all collectors, in the steady state.
    pub calls_per_minute: f64,
    /// Calls an hour of all collectors.
    pub calls_per_hour: f64,
    /// Calls a day of all collectors.
    pub calls_per_day: f64,
    /// Part of the budget that the steady state uses; more than 1 is too much.
    pub budget_used_ratio: f64,
    /// Calls of the first sweep: every collector once.
    pub first_sweep_calls: u64,
    /// How long the first sweep takes at full budget, while the frequent collectors go on beside it and go first.
    /// Later sweeps are spread over their intervals. `None` when the frequent calls leave nothing for it.
    #[serde(rename = "first_sweep_seconds", serialize_with = "maybe_seconds")]
    pub first_sweep: Option<Duration>,
    /// What the mappings look for, one a line.
    pub mappings: Vec<String>,
    /// What the numbers do not say, one sentence a line.
    pub notes: Vec<String>,
    /// Whether the budget suffices.
    pub verdict: Verdict,
    /// What to change when it does not; one remedy a line, any of which helps.
    pub advice: Vec<String>,
}

impl AccountPlan {
    /// The collectors that go first, and are repeated during the first sweep.
    #[must_use]
    pub fn frequent(&self) -> Vec<&'static str> {
        self.collectors.iter().filter(|plan| is_frequent(plan) && !plan.idle).map(|plan| plan.collector).collect()
    }

    /// Whether any of its numbers may turn out smaller.
    #[must_use]
    pub fn at_most(&self) -> bool {
        self.collectors.iter().any(|collector| collector.at_most)
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn maybe_seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
}

/// The plan of every account, each for a fleet of that size.
#[must_use]
pub fn plan(config: &Config, fleet: FleetSize) -> Vec<AccountPlan> {
    config.accounts.iter().map(|account| plan_account(account, fleet)).collect()
}

/// The plan of one account.
#[must_use]
pub fn plan_account(account: &AccountConfig, fleet: FleetSize) -> AccountPlan {
    // What else devices have makes a difference on N-sight only.
    let fleet = match account.platform_name() {
        PlatformName::Nsight => fleet,
        PlatformName::Tactical => FleetSize { having: Having::default(), ..fleet },
    };
    let budget = f64::from(account.requests_per_minute);
    let collectors: Vec<CollectorPlan> = account
        .collectors
        .iter()
        .map(|(collector, config)| {
            let cost::Cost { calls, at_most } = cost::cost(account, *collector, fleet);
            let per_second = calls as f64 / config.interval.as_secs_f64();
            CollectorPlan {
                collector: collector.name(),
                interval: config.interval,
                calls_per_sweep: calls,
                at_most,
                idle: account.needs().is_idle(*collector),
                calls_per_minute: per_second * 60.0,
                calls_per_hour: per_second * 3600.0,
                calls_per_day: per_second * 86_400.0,
                sweep_at_budget: at_budget(calls, budget),
            }
        })
        .collect();
    let calls_per_minute: f64 = collectors.iter().map(|collector| collector.calls_per_minute).sum();
    let first_sweep_calls =
        collectors.iter().fold(0_u64, |calls, collector| calls.saturating_add(collector.calls_per_sweep));
    let used = calls_per_minute / budget;
    let verdict = match used {
        _ if used > 1.0 => Verdict::TooMuch,
        _ if used > GOOD_SHARE => Verdict::Tight,
        _ => Verdict::Fits,
    };
    let advice = match verdict {
        Verdict::Fits => Vec::new(),
        Verdict::Tight | Verdict::TooMuch => advice(account, &collectors, calls_per_minute, fleet),
    };
    AccountPlan {
        account: account.name.clone(),
        platform: account.platform_name().name(),
        server: host(account),
        fleet,
        budget_per_minute: account.requests_per_minute,
        max_concurrent_requests: account.max_concurrent_requests,
        min_interval: account.min_interval,
        calls_per_minute,
        calls_per_hour: calls_per_minute * 60.0,
        calls_per_day: calls_per_minute * 1440.0,
        budget_used_ratio: used,
        first_sweep_calls,
        first_sweep: first_sweep(&collectors, budget),
        mappings: notes::mappings(account),
        notes: notes::notes(account, &collectors, fleet),
        collectors,
        verdict,
        advice,
    }
}

fn host(account: &AccountConfig) -> String {
    let host = account.server.host_str().unwrap_or_default();
    account.server.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The time that so many calls need when the budget is used to the full.
fn at_budget(calls: u64, budget: f64) -> Duration {
    Duration::try_from_secs_f64(calls as f64 / budget * 60.0).unwrap_or(Duration::MAX)
}

fn is_frequent(plan: &CollectorPlan) -> bool {
    FREQUENT.iter().any(|collector| collector.name() == plan.collector)
}

/// The time until every collector ran once: the frequent, account-wide ones first, then the per-device ones with what
/// repetitions of the frequent ones leave.
fn first_sweep(collectors: &[CollectorPlan], budget: f64) -> Option<Duration> {
    let (first, then): (Vec<_>, Vec<_>) = collectors.iter().partition(|plan| is_frequent(plan));
    let calls =
        |plans: &[&CollectorPlan]| plans.iter().fold(0_u64, |calls, plan| calls.saturating_add(plan.calls_per_sweep));
    let left = budget - first.iter().map(|plan| plan.calls_per_minute).sum::<f64>();
    match calls(&then) {
        0 => Some(at_budget(calls(&first), budget)),
        _ if left <= 0.0 => None,
        then => Some(at_budget(calls(&first), budget).saturating_add(at_budget(then, left))),
    }
}

/// What would make the plan fit, the mildest remedy first.
fn advice(
    account: &AccountConfig,
    collectors: &[CollectorPlan],
    calls_per_minute: f64,
    fleet: FleetSize,
) -> Vec<String> {
    let mut advice = Vec::new();
    let most = defaults::limits(account.platform_name(), account.is_loopback()).most_requests_per_minute;
    let wanted = (calls_per_minute / GOOD_SHARE).ceil();
    if wanted <= f64::from(most) {
        advice.push(format!("raise requests_per_minute to {wanted:.0}"));
    }
    let room = f64::from(account.requests_per_minute) * GOOD_SHARE;
    let mut dearest: Vec<&CollectorPlan> = collectors.iter().collect();
    dearest.sort_by(|a, b| b.calls_per_minute.total_cmp(&a.calls_per_minute));
    let longer = longer_intervals(&dearest, calls_per_minute, room);
    let list =
        |write: fn(&(&CollectorPlan, Duration)) -> String| longer.iter().map(write).collect::<Vec<_>>().join(", ");
    advice.push(format!(
        "set these intervals, or longer ones: {}. The price is how late it is seen: {}",
        list(|(plan, interval)| format!("{} {}", plan.collector, display(*interval))),
        list(price)
    ));
    if let Some(first) = dearest.first()
        && first.collector != Collector::Inventory.name()
    {
        advice.push(format!("switch {} off, if its data are not needed", first.collector));
    }
    let flags = notes::flags_left(account, fleet).join(", ");
    if collectors.iter().any(|collector| collector.at_most) && !flags.is_empty() {
        advice.push(format!("tell how many devices have a feature ({flags}): it may be less"));
    }
    advice.push("leave devices out with filter (by client, site, device name or device_kinds)".to_owned());
    advice
}

/// Longer intervals for the dearest collectors, as few of them as do without becoming absurdly long.
fn longer_intervals<'a>(
    dearest: &[&'a CollectorPlan],
    calls_per_minute: f64,
    room: f64,
) -> Vec<(&'a CollectorPlan, Duration)> {
    let mut lengthened = 0.0;
    let mut count = 0;
    for collector in dearest {
        lengthened += collector.calls_per_minute;
        count += 1;
        if calls_per_minute - lengthened <= room * 0.6 {
            break;
        }
    }
    let factor = lengthened / (room - (calls_per_minute - lengthened));
    let interval = |collector: &CollectorPlan| round_up(collector.interval.as_secs_f64() / 60.0 * factor);
    dearest.iter().take(count).map(|collector| (*collector, interval(collector))).collect()
}

/// What a longer interval costs: how late it is then seen what the collector is for.
fn price((plan, interval): &(&CollectorPlan, Duration)) -> String {
    let what = match Collector::from_name(plan.collector) {
        Some(Collector::Inventory) => "a server that went offline",
        Some(Collector::FailingChecks) => "a check that fails",
        _ => plan.collector,
    };
    format!("{what} up to {} (now {})", display(*interval), display(plan.interval))
}

/// An interval that a person would write: whole minutes, above two hours whole quarters of an hour.
fn round_up(minutes: f64) -> Duration {
    let step = if minutes > 120.0 { 15.0 } else { 1.0 };
    Duration::try_from_secs_f64((minutes / step).ceil() * step * 60.0).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
