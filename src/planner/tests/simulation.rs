//! An account in simulated time: a server with its moods, and an operator who reloads, restarts and sets the clock.
//!
//! The simulation keeps its own record of every start, and checks it against the rules without asking the planner.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

/// What happens to the account.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Plan(Vec<Want<Call>>),
    Limits(Limits),
    /// The process dies and starts again.
    Restart,
    /// The same, and the new process recalls what the old one remembered.
    RestartRemembering,
    /// The key may be another.
    KeyChanged,
    WallClock(SignedDuration),
    Hurry(Call),
}

/// The server answers so for a while, to calls of one name or to all.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) from: Duration,
    pub(super) until: Duration,
    pub(super) name: Option<&'static str>,
    pub(super) finish: Finish,
}

/// A schedule; all times from its begin.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) seed: u64,
    pub(super) limits: Limits,
    pub(super) wants: Vec<Want<Call>>,
    pub(super) events: Vec<(Duration, Event)>,
    pub(super) faults: Vec<Fault>,
    /// The longest that a call takes; under a minute.
    pub(super) longest_call: Duration,
    pub(super) length: Duration,
}

/// One start, and what held when it was made.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) call: Call,
    pub(super) started: Duration,
    /// When the server got it.
    pub(super) arrived: Duration,
    /// `None`: the process died first.
    pub(super) ended: Option<Duration>,
    limits: Limits,
    /// Calls under way or lingering, itself included.
    running: usize,
    /// One of its name lingered.
    beside_lingering: bool,
}

struct Running {
    ends: Duration,
    call: Call,
    finish: Finish,
    record: usize,
    started: Duration,
    /// How often the key had changed.
    key: u32,
}

/// A call that lingers.
struct Lingering {
    until: Duration,
    name: &'static str,
}

/// The key is refused.
#[derive(Clone, Copy)]
struct Refusal {
    since: Duration,
    /// No call before.
    until: Duration,
}

pub(super) struct Simulation {
    scenario: Scenario,
    random: StdRng,
    desk: Desk,
    begin: Duration,
    running: Vec<Running>,
    lingering: Vec<Lingering>,
    refusal: Option<Refusal>,
    /// Counts the changes of the key.
    keys: u32,
    /// What the planner said last, as long as nothing has happened since: nothing starts before then, on the steady clock.
    promise: Option<Duration>,
    wants: Vec<Want<Call>>,
    failed: BTreeSet<Call>,
    attempted: BTreeSet<Call>,
    gone: BTreeSet<Call>,
    pub(super) records: Vec<Record>,
}

impl Simulation {
    /// Plays the scenario to its end.
    pub(super) fn play(scenario: Scenario) -> Self {
        let mut desk = Desk::new(scenario.limits.clone());
        desk.planner = Planner::new(desk.limits.clone(), Box::new(desk.ledger.clone()), scenario.seed, desk.now);
        let mut simulation = Self {
            random: StdRng::seed_from_u64(scenario.seed),
            begin: desk.now.steady,
            desk,
            running: Vec::new(),
            lingering: Vec::new(),
            refusal: None,
            keys: 0,
            promise: None,
            wants: Vec::new(),
            failed: BTreeSet::new(),
            attempted: BTreeSet::new(),
            gone: BTreeSet::new(),
            records: Vec::new(),
            scenario,
        };
        simulation.scenario.events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        simulation.happen(Event::Plan(simulation.scenario.wants.clone()));
        while simulation.time() < simulation.scenario.length {
            simulation.step();
        }
        simulation
    }

    pub(super) fn status(&self) -> PlannerStatus {
        self.desk.status()
    }

    fn time(&self) -> Duration {
        self.desk.now.steady - self.begin
    }

    fn step(&mut self) {
        let now = self.time();
        while let Some((_, event)) = self.scenario.events.pop_if(|(at, _)| *at <= now) {
            self.happen(event);
        }
        let ended = self.running.extract_if(.., |running| running.ends <= now).collect::<Vec<_>>();
        for running in &ended {
            self.end(running);
        }
        self.lingering.retain(|call| call.until > now);
        loop {
            match self.desk.planner.next(self.desk.now) {
                Next::Start(start) => self.start(start.call),
                Next::Wait(until) => {
                    self.promise = Some(until.unwrap_or(Duration::MAX));
                    break;
                }
            }
        }
        self.check_status();
        let wait = self.promise.map(|until| until - self.begin);
        let event = self.scenario.events.last().map(|(at, _)| *at);
        let end = self.running.iter().map(|running| running.ends).min();
        let mut wake =
            [wait, event, end].into_iter().flatten().fold(self.scenario.length.max(now + seconds(1)), Duration::min);
        assert!(wake > now, "time must pass");
        if self.random.random_bool(0.2) {
            // Asking early must not matter.
            wake = now + (wake - now).mul_f64(self.random.random_range(0.1..1.0));
        }
        self.desk.pass(wake - now);
    }

    fn happen(&mut self, event: Event) {
        self.promise = None;
        match event {
            Event::Plan(wants) => {
                self.desk.plan(wants.clone());
                let mut seen = BTreeSet::new();
                self.wants = wants.into_iter().filter(|want| seen.insert(want.call.asked())).collect();
            }
            Event::Limits(limits) => {
                self.desk.planner.set_limits(limits.clone(), self.desk.now);
                self.desk.limits = limits;
            }
            Event::Restart | Event::RestartRemembering => {
                let remembering = matches!(event, Event::RestartRemembering);
                self.end_process(remembering);
                for running in self.running.drain(..) {
                    let record = &mut self.records[running.record];
                    record.ended = None;
                    record.arrived = record.arrived.min(self.desk.now.steady - self.begin);
                    self.failed.remove(&running.call.asked());
                    self.gone.remove(&running.call.asked());
                }
                // What was gone neither failed nor has data.
                self.gone.clear();
                self.attempted.clear();
                if remembering {
                    self.desk.restart_remembering(self.wants.clone());
                } else {
                    self.desk.restart(self.wants.clone());
                }
            }
            Event::KeyChanged => {
                self.desk.planner.key_changed(self.desk.now);
                self.keys += 1;
                self.refusal = None;
            }
            Event::WallClock(step) => self.desk.set_wall_clock(step),
            Event::Hurry(call) => self.desk.planner.hurry(&call, self.desk.now),
        }
    }

    /// What of the past counts in the next process.
    fn end_process(&mut self, remembering: bool) {
        let now = self.time();
        // Nothing lasts longer than the present limits let it: they may have changed since it was set.
        let (linger, pause) = (now + self.desk.limits.linger_after_timeout, now + self.key_pause());
        self.lingering.retain(|call| call.until > now && remembering);
        for call in &mut self.lingering {
            call.until = call.until.min(linger);
        }
        self.refusal = self.refusal.filter(|_| remembering);
        if let Some(refusal) = &mut self.refusal {
            refusal.until = refusal.until.min(pause);
        }
    }

    /// How long nothing is called with a key that was refused. A simulator's pauses follow its intervals.
    fn key_pause(&self) -> Duration {
        if self.desk.limits.min_interval >= seconds(15) { seconds(900) } else { Duration::ZERO }
    }

    fn start(&mut self, call: Call) {
        let now = self.time();
        let until = now + self.key_pause();
        if let Some(refusal) = &mut self.refusal {
            assert!(
                now >= refusal.until,
                "{call:?} starts at {now:?} with a refused key, not after {:?}",
                refusal.until
            );
            assert!(self.running.is_empty(), "{call:?} is not the only one to try the key");
            refusal.until = until;
        }
        let promised = self.promise.is_some_and(|until| until > self.desk.now.steady);
        assert!(!promised, "{call:?} starts at {now:?}, before {:?}", self.promise);
        assert!(!self.running.iter().any(|running| running.call.asked() == call.asked()), "{call:?} is under way");
        assert!(self.wants.iter().any(|want| want.call == call), "{call:?} is not wanted");
        let time = self.scenario.longest_call.mul_f64(self.random.random_range(0.01..1.0));
        let fault =
            self.scenario.faults.iter().find(|fault| {
                (fault.from..fault.until).contains(&now) && fault.name.is_none_or(|name| name == call.name)
            });
        let finish = fault.map_or(Finish::Ok, |fault| fault.finish);
        let (record, key) = (self.records.len(), self.keys);
        self.running.push(Running { ends: now + time, call, finish, record, started: now, key });
        self.records.push(Record {
            call,
            started: now,
            arrived: now + time.mul_f64(self.random.random()),
            ended: Some(now + time),
            limits: self.desk.limits.clone(),
            running: self.running.len() + self.lingering.len(),
            beside_lingering: self.lingering.iter().any(|lingering| lingering.name == call.name),
        });
    }

    fn end(&mut self, running: &Running) {
        self.promise = None;
        let call = running.call.asked();
        self.desk.finish(running.call, running.finish);
        self.judge_key(running);
        self.attempted.insert(call);
        self.gone.remove(&call);
        match running.finish {
            Finish::Ok => {
                self.failed.remove(&call);
            }
            Finish::Gone => {
                self.failed.remove(&call);
                self.gone.insert(call);
                self.wants.retain(|want| want.call.asked() != call);
            }
            Finish::Failed { outcome, .. } => {
                self.failed.insert(call);
                let linger = self.desk.limits.linger_after_timeout;
                if outcome == Outcome::Timeout && !linger.is_zero() {
                    let until = self.time() + linger;
                    self.lingering.push(Lingering { until, name: call.name });
                }
            }
        }
    }

    /// What the answer says of the present key.
    fn judge_key(&mut self, running: &Running) {
        let since = self.refusal.map(|refusal| refusal.since);
        if running.key != self.keys || since.is_some_and(|since| running.started < since) {
            return;
        }
        match running.finish {
            Finish::Failed { outcome: Outcome::AuthError, .. } => {
                let (now, pause) = (self.time(), self.key_pause());
                self.refusal = Some(Refusal { since: since.unwrap_or(now), until: now + pause });
            }
            Finish::Ok | Finish::Gone | Finish::Failed { outcome: Outcome::Forbidden, .. } => self.refusal = None,
            Finish::Failed { .. } => {}
        }
    }

    /// The planner counts while it goes; here everything is counted afresh.
    fn check_status(&self) {
        let status = self.desk.status();
        assert_eq!(status.in_flight, self.running.len() as u64);
        let mut counts: BTreeMap<Collector, (u64, u64, u64)> = BTreeMap::new();
        for want in &self.wants {
            let (targets, failed, attempted) = counts.entry(want.collector).or_default();
            *targets += 1;
            *failed += u64::from(self.failed.contains(&want.call.asked()));
            *attempted += u64::from(self.attempted.contains(&want.call.asked()));
        }
        for (collector, status) in status.collectors {
            let counts = counts.remove(&collector).unwrap_or_default();
            assert_eq!((status.targets, status.failed, status.attempted), counts, "{collector:?}");
            // What is switched off need not have failed itself.
            assert!(!status.success || status.failed == 0);
        }
        assert!(counts.is_empty());
    }

    /// The starts of one call.
    pub(super) fn starts(&self, call: Call) -> Vec<Duration> {
        self.records.iter().filter(|record| record.call == call).map(|record| record.started).collect()
    }

    /// Checks every start against the rules.
    pub(super) fn audit(&self) {
        self.audit_floor();
        let minute_by = |time: fn(&Record) -> Duration| {
            let mut records: Vec<_> = self.records.iter().map(|record| (time(record), record)).collect();
            records.sort_by_key(|(at, _)| *at);
            let mut first = 0;
            for (last, (at, record)) in records.iter().enumerate() {
                while records[first].0 + seconds(60) <= *at {
                    first += 1;
                }
                let window = &records[first..=last];
                let budget = window.iter().map(|(_, record)| record.limits.requests_per_minute).max().unwrap();
                assert!(window.len() <= budget as usize, "{} calls in the minute to {at:?}: {record:?}", window.len());
            }
        };
        minute_by(|record| record.started);
        minute_by(|record| record.arrived);
        for record in &self.records {
            assert!(record.running <= record.limits.max_concurrent, "too many at once: {record:?}");
            assert!(!record.beside_lingering, "beside one that lingers: {record:?}");
        }
    }

    fn audit_floor(&self) {
        let mut last: BTreeMap<Call, &Record> = BTreeMap::new();
        for record in &self.records {
            if let Some(before) = last.insert(record.call.asked(), record) {
                let end = before.ended.unwrap_or(before.started + seconds(60));
                let spacing = record.started.checked_sub(end).unwrap_or_default();
                assert!(spacing >= record.limits.min_interval, "floor broken by {record:?} after {before:?}");
                let arrivals = record.arrived.checked_sub(before.arrived).unwrap_or_default();
                assert!(arrivals >= record.limits.min_interval, "floor broken at the server by {record:?}");
            }
        }
    }
}
