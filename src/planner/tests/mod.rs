//! Tests of the planner as a whole: each rule by example, and all of them together in simulated time.

mod failures;
mod floor;
mod key;
mod limits;
mod memory;
mod order;
mod properties;
mod refusals;
mod simulation;
mod size;
mod status;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::clock::Moment;
use crate::collector::Collector;

/// A call to nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) device: u32,
    /// Whose device it is; the server is not told.
    pub(super) owner: u32,
}

impl Call {
    /// The same for every call of one identity.
    pub(super) fn asked(self) -> Self {
        Self { owner: 0, ..self }
    }
}

impl ReadCall for Call {
    fn name(&self) -> &'static str {
        self.name
    }

    fn identity(&self) -> String {
        format!("GET {}?device={}", self.name, self.device)
    }

    fn takes_key(&self) -> bool {
        self.name != KEYLESS
    }
}

/// The name of calls that take no key.
pub(super) const KEYLESS: &str = "keyless";

/// A ledger that outlives its planner.
#[derive(Clone, Default)]
pub(super) struct SharedLedger(Arc<Mutex<MemoryLedger>>);

impl Ledger for SharedLedger {
    fn last(&self, identity: &str) -> Option<Entry> {
        self.0.lock().unwrap().last(identity)
    }

    fn started(&mut self, identity: &str, at: Timestamp) -> Recorded {
        self.0.lock().unwrap().started(identity, at)
    }

    fn ended(&mut self, identity: &str, at: Timestamp, end: End) {
        self.0.lock().unwrap().ended(identity, at, end);
    }

    fn recent(&self, since: Timestamp) -> Vec<Timestamp> {
        self.0.lock().unwrap().recent(since)
    }
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// An N-sight account as it is by default, but with a large budget and no jitter.
pub(super) fn real() -> Limits {
    Limits {
        min_interval: seconds(90),
        requests_per_minute: 60,
        max_concurrent: 2,
        linger_after_timeout: Duration::ZERO,
        start_jitter: Duration::ZERO,
    }
}

pub(super) fn call(name: &'static str, device: u32) -> Call {
    Call { name, device, owner: 0 }
}

/// One call of a sweep over all devices, every hour.
pub(super) fn sweep(device: u32) -> Want<Call> {
    want(call("checks", device), Collector::Checks, 3600, Priority::Sweep)
}

pub(super) fn sweeps(devices: u32) -> Vec<Want<Call>> {
    (0..devices).map(sweep).collect()
}

/// The call for what fails now, every three minutes.
pub(super) fn failing() -> Want<Call> {
    want(call("failing", 0), Collector::FailingChecks, 180, Priority::Failing)
}

/// One of the calls for which devices exist, every quarter of an hour.
pub(super) fn inventory(client: u32) -> Want<Call> {
    want(call("inventory", client), Collector::Inventory, 900, Priority::Inventory)
}

pub(super) fn want(call: Call, collector: Collector, interval: u64, priority: Priority) -> Want<Call> {
    Want { call, collector, interval: seconds(interval), priority, after: None }
}

pub(super) fn failed(outcome: Outcome) -> Finish {
    Finish::Failed { outcome, retry_after: None }
}

/// Whether it is a pause of so many seconds, lengthened by up to a quarter.
#[track_caller]
pub(super) fn assert_pauses(pauses: &[u64], expected: &[u64]) {
    assert_eq!(pauses.len(), expected.len(), "{pauses:?}");
    for (pause, least) in pauses.iter().zip(expected) {
        assert!((*least..=least + least / 4).contains(pause), "{pauses:?} for {expected:?}");
    }
}

/// Whether it is the pause after a key was refused.
#[track_caller]
pub(super) fn assert_key_pause(pause: Option<Duration>) {
    assert!(pause.is_some_and(|pause| (seconds(900)..=seconds(930)).contains(&pause)), "{pause:?}");
}

/// A planner, the time, and a ledger that survives restarts.
pub(super) struct Desk {
    pub(super) planner: Planner<Call>,
    pub(super) now: Moment,
    pub(super) limits: Limits,
    ledger: SharedLedger,
    /// What [`Self::run`] started, the last first, and when it ends.
    running: Vec<(Duration, Call)>,
    /// What the last end of a call switched.
    pub(super) switched: Option<Switched>,
}

impl Desk {
    pub(super) fn new(limits: Limits) -> Self {
        let now = Moment { steady: seconds(1000), wall: "2026-03-01T12:00:00Z".parse().unwrap() };
        let ledger = SharedLedger::default();
        Self {
            planner: Planner::new(limits.clone(), Box::new(ledger.clone()), 7, now),
            now,
            limits,
            ledger,
            running: Vec::new(),
            switched: None,
        }
    }

    pub(super) fn planning(limits: Limits, wants: Vec<Want<Call>>) -> Self {
        let mut desk = Self::new(limits);
        desk.plan(wants);
        desk
    }

    pub(super) fn plan(&mut self, wants: Vec<Want<Call>>) {
        self.planner.plan(wants, self.now);
    }

    /// The process ends here and starts again at once. What was under way never ends.
    pub(super) fn restart(&mut self, wants: Vec<Want<Call>>) {
        self.running.clear();
        self.planner = Planner::new(self.limits.clone(), Box::new(self.ledger.clone()), 8, self.now);
        self.plan(wants);
    }

    /// The same, and the new process recalls what the old one remembered.
    pub(super) fn restart_remembering(&mut self, wants: Vec<Want<Call>>) {
        let memory = serde_json::to_string(&self.planner.memory(self.now)).unwrap();
        self.restart_with(&serde_json::from_str(&memory).unwrap(), wants);
    }

    pub(super) fn restart_with(&mut self, memory: &Memory, wants: Vec<Want<Call>>) {
        self.restart(vec![]);
        self.planner.recall(memory, self.now);
        self.plan(wants);
    }

    /// Time goes by, while the account looks at its clocks now and then.
    pub(super) fn pass(&mut self, time: Duration) {
        let mut left = time;
        while left > Duration::ZERO {
            let step = left.min(seconds(30));
            self.sleep(step);
            self.planner.clock(self.now);
            left -= step;
        }
    }

    /// Time goes by, and nobody looks.
    pub(super) fn sleep(&mut self, time: Duration) {
        self.now.steady += time;
        self.now.wall += time;
    }

    pub(super) fn set_wall_clock(&mut self, step: SignedDuration) {
        self.now.wall += step;
    }

    /// The next start, if one may be made now.
    pub(super) fn start(&mut self) -> Option<Call> {
        match self.planner.next(self.now) {
            Next::Start(start) => Some(start.call),
            Next::Wait(_) => None,
        }
    }

    /// Every start that may be made now.
    pub(super) fn starts(&mut self) -> Vec<Call> {
        std::iter::from_fn(|| self.start()).collect()
    }

    /// How long to wait for the next start; `None`: for an event.
    pub(super) fn wait(&mut self) -> Option<Duration> {
        match self.planner.next(self.now) {
            Next::Start(start) => panic!("{:?} may start", start.call),
            Next::Wait(until) => until.map(|until| {
                assert!(until > self.now.steady, "no waiting for the past");
                until - self.now.steady
            }),
        }
    }

    /// Waits until something may start, and starts it.
    pub(super) fn wait_and_start(&mut self) -> (Duration, Call) {
        let begin = self.now.steady;
        loop {
            if let Some(call) = self.start() {
                return (self.now.steady - begin, call);
            }
            let wait = self.wait().expect("nothing will ever start");
            self.pass(wait);
        }
    }

    pub(super) fn finish(&mut self, call: Call, result: Finish) {
        self.switched = self.planner.finish(&call, result, self.now);
    }

    pub(super) fn fail(&mut self, call: Call, outcome: Outcome) {
        self.finish(call, failed(outcome));
    }

    /// Starts the call that must be next and now, lets it take some time, and ends it.
    pub(super) fn make(&mut self, expected: Call, time: Duration, result: Finish) {
        assert_eq!(self.start(), Some(expected));
        self.pass(time);
        self.finish(expected, result);
    }

    /// Runs for some time; each call takes a second. Says what started when, counted from now.
    pub(super) fn run(&mut self, time: Duration, result: impl Fn(Call) -> Finish) -> Vec<(Duration, Call)> {
        let (begin, end) = (self.now.steady, self.now.steady + time);
        let mut starts = Vec::new();
        loop {
            while let Some((_, call)) = self.running.pop_if(|(end, _)| *end <= self.now.steady) {
                self.finish(call, result(call));
            }
            let mut wake = end;
            match self.planner.next(self.now) {
                Next::Start(start) => {
                    starts.push((self.now.steady - begin, start.call));
                    self.running.insert(0, (self.now.steady + seconds(1), start.call));
                    continue;
                }
                Next::Wait(until) => wake = until.map_or(wake, |until| until.min(wake)),
            }
            wake = self.running.last().map_or(wake, |(end, _)| (*end).min(wake));
            if self.now.steady >= end {
                return starts;
            }
            self.pass(wake - self.now.steady);
        }
    }

    pub(super) fn status(&self) -> PlannerStatus {
        self.planner.status(self.now, |_| seconds(3 * 3600))
    }

    pub(super) fn collector(&self, collector: Collector) -> CollectorStatus {
        self.status().collectors.get(&collector).cloned().expect("the collector was planned")
    }
}
