//! One account in virtual time, by the rules of `src/account`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::time::Duration;

use rmm_exporter::account::{fleet_options, limits, stale_after};
use rmm_exporter::clock::Clock;
use rmm_exporter::collector::Collector;
use rmm_exporter::demo::PinnedClock;
use rmm_exporter::fleet::Fleet;
use rmm_exporter::planner::{Finish, MemoryLedger, Next, Planner, ReadCall};

use super::gaps::Gaps;
use super::latency;
use super::spent::Costs;
use super::subject::Subject;

const DAY: Duration = Duration::from_hours(24);
/// After so long a first sweep that is not over is given up: the day is simulated all the same.
const PATIENCE: Duration = Duration::from_hours(10 * 24);
/// A plan of many devices takes its time, so an account plans less often than answers come: so much for each device. (An
/// account goes by the time that its last plan took, some microseconds a device, times twenty. It plans more often than this.)
const PLAN_PAUSE_A_DEVICE: Duration = Duration::from_millis(2);

/// What is known of one collector.
#[derive(Clone, Debug)]
pub struct CollectorOutcome {
    pub collector: Collector,
    pub interval: Duration,
    pub stale_after: Duration,
    pub targets: usize,
    pub gaps: Gaps,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub budget: u32,
    /// Calls a minute that keep every interval, by the last plan.
    pub needed: f64,
    /// Until every planned call had been made once; `None` when that was given up.
    pub first_sweep: Option<Duration>,
    /// Calls made until then, and how many of them were the first of their identity.
    pub first_calls: (u64, u64),
    /// Calls by name in the day after it.
    pub calls: BTreeMap<&'static str, u64>,
    pub collectors: Vec<CollectorOutcome>,
    pub costs: Costs,
}

pub struct Simulation<S: Subject> {
    devices: usize,
    subject: S,
    clock: PinnedClock,
    planner: Planner<S::Call>,
    fleet: Fleet,
    running: BinaryHeap<Reverse<(Duration, u64)>>,
    under_way: HashMap<u64, S::Call>,
    starts: u64,
    plan_due: Option<Duration>,
    stale_after: BTreeMap<Collector, Duration>,
    wanted: Vec<(Collector, String, Duration)>,
    /// So many of them, from the first on, were answered.
    seen: usize,
    answered: HashMap<String, Duration>,
    costs: Costs,
}

impl<S: Subject> Simulation<S> {
    pub fn new(devices: usize, subject: S, clock: PinnedClock) -> Self {
        let now = clock.now();
        let config = subject.config();
        Self {
            devices,
            planner: Planner::new(limits(config), Box::new(MemoryLedger::default()), 1, now),
            fleet: Fleet::new(fleet_options(config)),
            running: BinaryHeap::new(),
            under_way: HashMap::new(),
            starts: 0,
            plan_due: Some(now.steady),
            stale_after: BTreeMap::new(),
            wanted: Vec::new(),
            seen: 0,
            answered: HashMap::new(),
            costs: Costs::default(),
            subject,
            clock,
        }
    }

    /// Plays the first sweep and the day after it.
    pub fn play(mut self) -> Outcome {
        let begin = self.clock.now().steady;
        let mut first_sweep = None;
        while self.clock.now().steady - begin < PATIENCE && first_sweep.is_none() {
            self.step(&mut |_, _| {});
            if self.plan_due.is_none() && self.lacks_nothing() {
                first_sweep = Some(self.clock.now().steady - begin);
            }
        }
        let first_calls = (self.starts, self.answered.len() as u64);
        let morning = self.clock.now().steady;
        let mut calls: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut gaps: HashMap<String, Vec<f64>> = HashMap::new();
        let mut last = self.answered.clone();
        while self.clock.now().steady - morning < DAY {
            self.step(&mut |call, at| {
                *calls.entry(call.name()).or_default() += 1;
                let identity = call.identity();
                if let Some(before) = last.insert(identity.clone(), at) {
                    gaps.entry(identity).or_default().push((at - before).as_secs_f64());
                }
            });
        }
        let evening = self.clock.now().steady;
        let mut collectors: BTreeMap<Collector, CollectorOutcome> = BTreeMap::new();
        for (collector, identity, interval) in &self.wanted {
            let stale_after = self.stale_after.get(collector).copied().unwrap_or_default();
            let outcome = collectors.entry(*collector).or_insert_with(|| CollectorOutcome {
                collector: *collector,
                interval: *interval,
                stale_after,
                targets: 0,
                gaps: Gaps::default(),
            });
            outcome.targets += 1;
            for gap in gaps.remove(identity).unwrap_or_default() {
                outcome.gaps.add(gap);
            }
            if let Some(last) = last.get(identity) {
                outcome.gaps.add((evening - *last).as_secs_f64());
            }
        }
        let config = self.subject.config();
        Outcome {
            name: format!("{} {}", config.platform_name().name(), self.devices),
            budget: config.requests_per_minute,
            needed: self.wanted.iter().map(|(.., interval)| 60.0 / interval.as_secs_f64()).sum(),
            first_sweep,
            first_calls,
            calls,
            collectors: collectors.into_values().collect(),
            costs: self.costs,
        }
    }

    /// Whether every planned call was answered.
    fn lacks_nothing(&mut self) -> bool {
        let rest = self.wanted.iter().skip(self.seen);
        self.seen += rest.take_while(|(_, identity, _)| self.answered.contains_key(identity)).count();
        self.seen == self.wanted.len()
    }

    /// Does what is due now, then moves the clock to what comes next.
    fn step(&mut self, ended: &mut impl FnMut(&S::Call, Duration)) {
        let now = self.clock.now();
        if self.plan_due.is_some_and(|due| due <= now.steady) {
            self.plan();
        }
        let mut wake = loop {
            match self.costs.choose.on(|| self.planner.next(now)) {
                Next::Start(start) => {
                    self.starts += 1;
                    let takes = latency::of(start.call.name(), self.devices);
                    self.running.push(Reverse((now.steady + takes, self.starts)));
                    self.under_way.insert(self.starts, start.call);
                }
                Next::Wait(until) => break until.unwrap_or(Duration::MAX),
            }
        };
        if let Some(due) = self.plan_due {
            wake = wake.min(due);
        }
        if let Some(Reverse((end, number))) = self.running.peek().copied()
            && end <= wake
        {
            self.running.pop();
            self.clock.advance(end - now.steady);
            if let Some(call) = self.under_way.remove(&number) {
                self.finish(&call);
                ended(&call, end);
            }
        } else {
            self.clock.advance(wake.min(now.steady + Duration::from_mins(1)).saturating_sub(now.steady));
        }
    }

    fn plan(&mut self) {
        let now = self.clock.now();
        let known = self.costs.known.on(|| {
            self.fleet.prune(now.wall);
            self.fleet.known()
        });
        let mut wants = self.costs.wants.on(|| self.subject.wants(&known));
        let needs = self.subject.config().needs();
        wants.retain(|want| needs.asks(want.collector, want.call.name()));
        self.stale_after = stale_after(self.subject.config(), &wants);
        self.fleet.keep_for(self.stale_after.clone());
        self.wanted = wants.iter().map(|want| (want.collector, want.call.identity(), want.interval)).collect();
        self.seen = 0;
        self.costs.plan.on(|| self.planner.plan(wants, now));
        self.plan_due = None;
    }

    fn finish(&mut self, call: &S::Call) {
        let now = self.clock.now();
        self.answered.insert(call.identity(), now.steady);
        let mut objects = false;
        let mut hurry = Vec::new();
        for update in self.costs.read.on(|| self.subject.read(call, now.wall)).into_iter().flatten() {
            let changed = self.costs.apply.on(|| self.fleet.apply(update, now.wall));
            objects |= changed.objects;
            hurry.extend(changed.hurry);
        }
        for call in hurry.iter().filter_map(|device| self.subject.checks_call(device)) {
            self.planner.hurry(&call, now);
        }
        if objects || self.subject.plan_changed() {
            self.planner.expect_plan();
            let pause = PLAN_PAUSE_A_DEVICE * u32::try_from(self.devices).unwrap_or(u32::MAX);
            self.plan_due.get_or_insert(now.steady + pause);
        }
        self.planner.finish(call, Finish::Ok, now);
    }
}
