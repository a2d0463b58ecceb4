//! What holds for every schedule.

use proptest::collection::vec;
use proptest::prelude::*;

use super::simulation::{Event, Fault, Scenario, Simulation};
use super::*;

const NAMES: [(&str, Collector, Priority); 4] = [
    ("failing", Collector::FailingChecks, Priority::Failing),
    ("inventory", Collector::Inventory, Priority::Inventory),
    ("checks", Collector::Checks, Priority::Sweep),
    ("patches", Collector::Patches, Priority::Sweep),
];

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn duration(seconds: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    (seconds.start * 1000..seconds.end * 1000).prop_map(Duration::from_millis)
}

/// A call and the index of its name.
fn calls() -> impl Strategy<Value = (usize, Call)> + Clone {
    let call = |(name, device, owner): (usize, u32, u32)| (name, Call { owner, ..call(NAMES[name].0, device) });
    (0..NAMES.len(), 0_u32..8, 0_u32..3).prop_map(call)
}

prop_compose! {
    fn limits()(
        min_interval in prop_oneof![Just(Duration::ZERO), duration(0..5), duration(10..120)],
        requests_per_minute in prop_oneof![1_u32..8, 1_u32..60],
        max_concurrent in 1_usize..5,
        linger_after_timeout in prop_oneof![Just(Duration::ZERO), duration(0..200)],
        start_jitter in duration(0..30),
    ) -> Limits {
        Limits { min_interval, requests_per_minute, max_concurrent, linger_after_timeout, start_jitter }
    }
}

/// A part of the fleet. Everything may change from plan to plan but what the calls ask for; some may be there twice.
fn wants() -> impl Strategy<Value = Vec<Want<Call>>> {
    let one = (calls(), 1_u64..400, 0..NAMES.len(), any::<bool>());
    vec(one, 0..40).prop_map(|wants| {
        let want = |((name, call), interval, other, usual): ((usize, Call), _, usize, _)| {
            let (_, collector, priority) = NAMES[if usual { name } else { other }];
            want(call, collector, interval, priority)
        };
        wants.into_iter().map(want).collect()
    })
}

fn finish() -> impl Strategy<Value = Finish> {
    let retry_after = proptest::option::of(duration(0..200));
    let failed = (1..Outcome::ALL.len(), retry_after)
        .prop_map(|(outcome, retry_after)| Finish::Failed { outcome: Outcome::ALL[outcome], retry_after });
    prop_oneof![1 => Just(Finish::Gone), 3 => Just(super::failed(Outcome::Timeout)), 9 => failed]
}

fn fault(length: u64) -> impl Strategy<Value = Fault> {
    let name = proptest::option::of((0..NAMES.len()).prop_map(|name| NAMES[name].0));
    (duration(0..length), duration(1..600), name, finish()).prop_map(|(from, time, name, finish)| Fault {
        from,
        until: from + time,
        name,
        finish,
    })
}

/// What happens, without the restarts after the wall clock was set forward: those cannot keep the floor, as the ledger has
/// only wall times.
fn possible(mut events: Vec<(Duration, Event)>) -> Vec<(Duration, Event)> {
    let forward = |event: &Event| matches!(event, Event::WallClock(step) if step.is_positive());
    let restart = |event: &Event| matches!(event, Event::Restart | Event::RestartRemembering);
    let first = events.iter().filter(|(_, event)| forward(event)).map(|(at, _)| *at).min();
    events.retain(|(at, event)| !restart(event) || first.is_none_or(|first| *at < first));
    events
}

/// An hour, or a part, of anything.
fn anything() -> impl Strategy<Value = Scenario> {
    any::<bool>().prop_flat_map(|sets_forward| {
        let hurry = calls().prop_map(|(_, call)| Event::Hurry(call));
        let year = 365 * 86_400;
        let most = i64::from(sets_forward);
        let step = prop_oneof![3 => -5000..=5000 * most, 1 => -3 * year..=3 * year * most];
        let step = step.prop_map(|seconds| Event::WallClock(SignedDuration::from_secs(seconds)));
        let restart = prop_oneof![Just(Event::Restart), Just(Event::RestartRemembering)];
        let event = prop_oneof![
            3 => wants().prop_map(Event::Plan),
            2 => limits().prop_map(Event::Limits),
            2 => restart,
            1 => step,
            1 => Just(Event::KeyChanged),
            2 => hurry
        ];
        let length = 600..3600_u64;
        (any::<u64>(), limits(), wants(), length, duration(0..50)).prop_flat_map(
            move |(seed, limits, wants, length, longest_call)| {
                let events = vec((duration(0..length), event.clone()), 0..12);
                let faults = vec(fault(length), 0..4);
                (events, faults).prop_map(move |(events, faults)| Scenario {
                    seed,
                    limits: limits.clone(),
                    wants: wants.clone(),
                    events: possible(events),
                    faults,
                    longest_call: longest_call.max(Duration::from_millis(10)),
                    length: seconds(length),
                })
            },
        )
    })
}

/// One call of each name, then sweeps over some devices.
fn fleet(devices: u32, interval: u64) -> Vec<Want<Call>> {
    let sweeps = (0..devices).map(|device| Want { interval: seconds(interval), ..sweep(device) });
    sweeps.chain([failing(), inventory(1)]).collect()
}

/// The longest time between starts (also the begin and the end of the scenario).
fn longest_gap(simulation: &Simulation, call: Call, length: Duration) -> Duration {
    let mut times = simulation.starts(call);
    times.insert(0, Duration::ZERO);
    times.push(length);
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
}

proptest! {
    #![proptest_config(config(400))]

    /// No schedule, no failure, no reload, no restart and no clock breaks the floor, the budget or the concurrency; the
    /// planner never says "wait" and then starts earlier; and what it counts is right.
    #[test]
    fn the_limits_always_hold(scenario in anything()) {
        Simulation::play(scenario).audit();
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// When the budget suffices, every call is made in time; reloads and restarts included.
    #[test]
    fn every_call_is_made_in_time(
        seed: u64,
        devices in 1_u32..40,
        requests_per_minute in 4_u32..30,
        restarts in vec(duration(0..7200), 0..3),
        reloads in vec(duration(0..7200), 0..3),
    ) {
        let limits = Limits { requests_per_minute, start_jitter: seconds(30), ..real() };
        let unreserved = u64::from(requests_per_minute - limits.reserve());
        // Half of the unreserved budget, with half a minute to spare for calls that take time.
        let interval = (u64::from(devices) * 180 / unreserved).max(600);
        let wants = fleet(devices, interval);
        let length = seconds(7200);
        let restarts = restarts.into_iter().map(|at| (at, Event::Restart));
        let reload = |at| [(at, Event::Limits(limits.clone())), (at, Event::Plan(wants.clone()))];
        let events = restarts.chain(reloads.into_iter().flat_map(reload)).collect();
        let scenario = Scenario {
            seed, limits: limits.clone(), wants: wants.clone(), events, faults: vec![], longest_call: seconds(4), length,
        };
        let simulation = Simulation::play(scenario);
        simulation.audit();
        for want in wants {
            // What was cut off by a restart is retried after a minute and the floor.
            let retries = seconds(3 * (60 + 90 + 30));
            let queue = seconds(60 * (2 + u64::from(devices) / unreserved) * 65 / 60);
            let most = want.interval * 3 / 2 + queue + retries;
            let gap = longest_gap(&simulation, want.call, length);
            prop_assert!(gap <= most, "{:?} was not called for {gap:?}, {most:?} allowed", want.call);
        }
    }

    /// When more urgent calls would fill the budget for ever, every other call is made all the same.
    #[test]
    fn nothing_starves(seed: u64, urgent in 2_u32..30, devices in 1_u32..15, requests_per_minute in 1_u32..20) {
        let limits = Limits { requests_per_minute, min_interval: seconds(1), ..real() };
        let (_, collector, priority) = NAMES[(seed % 2) as usize];
        let urgent_interval = u64::from(urgent) * 60 / u64::from(requests_per_minute) / 2;
        let urgent_wants = (0..urgent).map(|device| want(call("urgent", device), collector, urgent_interval, priority));
        let wants: Vec<_> = urgent_wants.chain((0..devices).map(|device| Want { interval: seconds(600), ..sweep(device) })).collect();
        // Every fourth start goes to the longest due; so many may be ahead.
        let ahead = u64::from(4 * (urgent + devices + 1) / requests_per_minute + 2);
        let most = seconds(900 + ahead * 65);
        let length = most * 2;
        let scenario = Scenario {
            seed, limits, wants: wants.clone(), events: vec![], faults: vec![], longest_call: seconds(4), length,
        };
        let simulation = Simulation::play(scenario);
        simulation.audit();
        for want in wants {
            let gap = longest_gap(&simulation, want.call, length);
            prop_assert!(gap <= most, "{:?} was not called for {gap:?}, {most:?} allowed", want.call);
        }
    }

    /// When the faults are over, all is well again after the longest pause.
    #[test]
    fn every_fault_passes(
        seed: u64,
        devices in 1_u32..20,
        faults in vec((fault(3600), 1..Outcome::ALL.len()), 1..4),
    ) {
        let limits = Limits { linger_after_timeout: seconds(300), ..real() };
        let repair = |(fault, outcome): (Fault, usize)| Fault { finish: failed(Outcome::ALL[outcome]), ..fault };
        let faults: Vec<_> = faults.into_iter().map(repair).collect();
        let over = faults.iter().map(|fault| fault.until).max().unwrap();
        // The probe of a refused key and the one before it that could not tell, a name's pause after it, two places that linger, one sweep's retries one by one. What the
        // key might not read is tried once an hour, as often as it repeats.
        let length = over + seconds(3600 + 930 + 930 + 375 + 300 + 900 + u64::from(devices) * 30);
        let scenario = Scenario {
            seed, limits, wants: fleet(devices, 3600), events: vec![], faults, longest_call: seconds(20), length,
        };
        let simulation = Simulation::play(scenario);
        simulation.audit();
        let status = simulation.status();
        prop_assert!(status.collectors.values().all(|status| status.success), "{status:?}");
        prop_assert_eq!(status.backoff_until, None);
    }
}
