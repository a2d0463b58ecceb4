//! How long the calls of each collector take to come round where the budget does not suffice for their intervals.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::collector::Collector;
use crate::planner::{Priority, Want};

/// The part of the budget that calls of the steady state can have: a call counts a little longer than a minute.
const USABLE: f64 = 0.95;
/// What sweeps get at least: every fourth start.
const LEAST_OF_SWEEPS: f64 = 0.25;

/// The calls of one sort.
#[derive(Clone, Copy, Default)]
struct Load {
    calls: f64,
    /// Calls a minute, if every interval is kept.
    wanted: f64,
}

impl Load {
    fn add(&mut self, interval: Duration) {
        self.calls += 1.0;
        self.wanted += 60.0 / interval.as_secs_f64().max(f64::MIN_POSITIVE);
    }

    /// How long all of them take at so many calls a minute; no time where every interval is kept.
    fn round(self, a_minute: f64) -> Duration {
        // What is left of a sum after a subtraction may be a hair less than what was added.
        if self.wanted <= a_minute * (1.0 + 1e-9) {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(self.calls / a_minute * 60.0).unwrap_or(Duration::MAX)
    }
}

/// From one call to the next of the same identity, at most, by collector; nothing where the budget suffices.
///
/// What goes first is kept up while sweeps get a quarter of the budget, and what fails now waits for nothing else. Of calls
/// that are due and equally urgent the oldest data are read first, so that sweeps of all collectors come round equally often,
/// whatever their intervals. A call that has a time of the day can miss it, and waits for the next one.
pub(super) fn rounds<C>(wants: &[Want<C>], requests_per_minute: u32) -> BTreeMap<Collector, Duration> {
    let (mut failing, mut first, mut sweeps) = (Load::default(), Load::default(), Load::default());
    for want in wants {
        match want.priority {
            Priority::Failing => failing.add(want.interval),
            Priority::Inventory => {}
            Priority::Sweep => sweeps.add(want.interval),
        }
        if want.priority != Priority::Sweep {
            first.add(want.interval);
        }
    }
    let usable = f64::from(requests_per_minute) * USABLE;
    if first.wanted + sweeps.wanted <= usable {
        return BTreeMap::new();
    }
    let of_sweeps = (usable - first.wanted).max(sweeps.wanted.min(usable * LEAST_OF_SWEEPS));
    let of_first = usable - of_sweeps;
    let mut rounds = BTreeMap::new();
    for want in wants {
        let round = match want.priority {
            Priority::Failing => failing.round(of_first),
            Priority::Inventory => first.round(of_first),
            Priority::Sweep => sweeps.round(of_sweeps) + want.after.map_or(Duration::ZERO, |_| want.interval),
        };
        let longest: &mut Duration = rounds.entry(want.collector).or_default();
        *longest = round.max(want.interval).max(*longest);
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(calls: usize, collector: Collector, interval: Duration, priority: Priority) -> Vec<Want<()>> {
        vec![Want { call: (), collector, interval, priority, after: None }; calls]
    }

    fn account(sites: usize, devices: usize) -> Vec<Want<()>> {
        let (quarter, day) = (Duration::from_mins(15), Duration::from_hours(24));
        let sweeps = [Collector::Antivirus, Collector::Backup];
        let sweeps = sweeps.map(|collector| wants(devices, collector, day, Priority::Sweep)).concat();
        [wants(sites, Collector::Inventory, quarter, Priority::Inventory), sweeps].concat()
    }

    fn minutes(rounds: &BTreeMap<Collector, Duration>) -> Vec<u64> {
        rounds.values().map(|round| round.as_secs().div_ceil(60)).collect()
    }

    #[test]
    fn a_budget_that_suffices_changes_nothing() {
        assert_eq!(rounds::<()>(&[], 30), BTreeMap::new());
        // 20 a minute, and 5.
        assert_eq!(rounds(&account(300, 3_600), 30), BTreeMap::new());
    }

    #[test]
    fn sweeps_wait_for_what_goes_first() {
        // 26 a minute of 28.5, which would leave 2.5 for 7 a minute: nearly a quarter of all, so they have it.
        assert_eq!(minutes(&rounds(&account(390, 5_000), 30)), [19, 1_440, 1_440]);
        // 24 leave 4.5 for 8.3, of which they get a quarter of all.
        assert_eq!(minutes(&rounds(&account(360, 6_000), 30)), [17, 1_685, 1_685]);
    }

    #[test]
    fn what_goes_first_has_three_quarters_at_most() {
        // 2,400 calls at 21.4 a minute; 20,000 at 7.1.
        assert_eq!(minutes(&rounds(&account(2_400, 10_000), 30)), [113, 2_808, 2_808]);
        assert_eq!(minutes(&rounds(&account(2_400, 10_000), 60)), [56, 1_440, 1_440]);
    }
    #[test]
    fn what_fails_now_waits_for_nothing_else() {
        let failing = wants(1, Collector::FailingChecks, Duration::from_mins(3), Priority::Failing);
        let clients = wants(1, Collector::Inventory, Duration::from_mins(15), Priority::Failing);
        let all = [account(2_400, 10_000), failing, clients].concat();
        let rounds = rounds(&all, 30);
        assert_eq!(rounds[&Collector::FailingChecks], Duration::from_mins(3));
        assert_eq!(rounds[&Collector::Inventory].as_secs().div_ceil(60), 113, "the slowest of its calls");
    }

    #[test]
    fn what_the_budget_holds_keeps_its_interval() {
        for calls in 1..200 {
            let minutes = |minutes| Duration::from_mins(minutes);
            let first = wants(calls, Collector::Inventory, minutes(15), Priority::Inventory);
            let alerts = wants(1, Collector::Alerts, minutes(7), Priority::Inventory);
            let sweeps = wants(100_000, Collector::Patches, minutes(720), Priority::Sweep);
            let rounds = rounds(&[first, alerts, sweeps].concat(), 30);
            assert_eq!(
                (rounds[&Collector::Inventory], rounds[&Collector::Alerts]),
                (minutes(15), minutes(7)),
                "{calls}"
            );
        }
    }

    #[test]
    fn a_call_with_a_time_of_the_day_can_miss_it() {
        let day = Duration::from_hours(24);
        let mut timed = wants(20_000, Collector::Backup, day, Priority::Sweep);
        let free = rounds(&timed, 5)[&Collector::Backup];
        for want in &mut timed {
            want.after = Some(jiff::Timestamp::UNIX_EPOCH);
        }
        assert_eq!(rounds(&timed, 5)[&Collector::Backup], free + day);
    }
}
