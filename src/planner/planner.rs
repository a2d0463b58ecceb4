//! The planner: which call may start now, and what follows from how it ended.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::clock::Moment;
use crate::planner::backoff::{Backoff, Failed, Witness};
use crate::planner::budget::{Budget, Lingering, Lingers, MINUTE};
use crate::planner::memory::Clocks;
use crate::planner::queue::Queue;
use crate::planner::refusals::Refusals;
use crate::planner::schedule::{Pauses, after_gap, next_due};
use crate::planner::slots::{Flight, Id, Slots};
use crate::planner::steady::{Gate, Steady};
use crate::planner::steps::Steps;
use crate::planner::sweeps::Sweeps;
use crate::planner::{End, Finish, Ledger, Limits, Next, Outcome, Permit, Priority, ReadCall, Start, Switched};

/// One start in so many goes to the call that has been due longest, whatever its priority, so that nothing starves.
const FAIR_TURN: u64 = 4;
/// Clocks that drift apart by less, as they do while the wall clock is being corrected, go on as before.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(1);

/// Decides when which call of one account may start.
///
/// It keeps to these rules, whatever the plan, the failures, reloads, restarts and the wall clock do:
/// - A call starts at the earliest `min_interval` after the end of the last one of the same identity.
/// - No rolling minute holds more starts, or arrivals at the server, than `requests_per_minute`.
/// - At most `max_concurrent` calls run at once. A call that timed out runs on for `linger_after_timeout`, and nothing of its
///   name starts meanwhile.
/// - While the key is not accepted nothing starts but one probe now and then.
/// - Every due call gets its turn, but those that the key may not make: of each such name only a probe now and then.
pub struct Planner<C> {
    pub(super) limits: Limits,
    pub(super) ledger: Box<dyn Ledger>,
    pub(super) random: StdRng,
    pub(super) slots: Slots<C>,
    pub(super) queue: Queue,
    pub(super) sweeps: Sweeps,
    pub(super) backoff: Backoff,
    pub(super) refusals: Refusals,
    pub(super) in_flight: usize,
    /// The shortest interval of the plan.
    pub(super) shortest: Duration,
    /// Counts the plans.
    pub(super) generation: u64,
    /// Counts the calls that ever came.
    pub(super) came: u64,
    /// Nothing starts before.
    pub(super) opening: Steady,
    /// The names of planned calls that do not tell whether the key is accepted, if others do.
    pub(super) keyless: BTreeSet<&'static str>,
    pub(super) lingering: Lingering,
    budget: Budget,
    starts: u64,
    /// Counts the changes of the key.
    keys: u64,
    /// When it was made.
    made: Moment,
    /// Both clocks read together; later only when the wall clock was set.
    tie: Moment,
    /// The latest time it was told.
    latest: Duration,
    pub(super) steps: Steps,
}

impl<C: ReadCall> Planner<C> {
    /// A planner without a plan. It knows from the ledger what was called before; `seed` decides all that is random.
    #[must_use]
    pub fn new(limits: Limits, ledger: Box<dyn Ledger>, seed: u64, now: Moment) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let at = Steady::of(now);
        let recent = now.wall.checked_sub(MINUTE).map(|since| ledger.recent(since)).unwrap_or_default();
        // Anything may have been called until then.
        let opening =
            ledger.gap().map_or(at, |gap| at.max(Steady::of_past(gap, now).plus(after_gap(limits.min_interval))));
        Self {
            opening: opening.plus(limits.start_jitter.mul_f64(random.random())),
            budget: Budget::new(recent.into_iter().map(|end| Steady::of_past(end, now)).collect()),
            limits,
            ledger,
            random,
            slots: Slots::new(),
            queue: Queue::default(),
            sweeps: Sweeps::default(),
            backoff: Backoff::default(),
            refusals: Refusals::default(),
            in_flight: 0,
            shortest: Duration::MAX,
            generation: 0,
            came: 0,
            keyless: BTreeSet::new(),
            lingering: Lingering::default(),
            starts: 0,
            keys: 0,
            made: now,
            tie: now,
            latest: now.steady,
            steps: Steps::new(now),
        }
    }

    /// Takes new limits, as after a reload. A longer floor holds at once, also for calls that already wait.
    pub fn set_limits(&mut self, limits: Limits, now: Moment) {
        let now = self.clock(now);
        self.limits = limits;
        for (id, slot) in self.slots.iter_mut().filter(|(_, slot)| slot.planned && slot.flight.is_none()) {
            if let Some(floor) = slot.floor(self.limits.min_interval)
                && slot.due < floor
            {
                self.queue.remove(id, slot);
                slot.due = floor;
                self.queue.insert(id, slot, Steady::of(now));
            }
        }
    }

    /// The data of this call are known to be old: it is due as soon as the floor allows (after a failure: when its delay is
    /// over), and goes before others of its priority. If it is under way, it is made once more. A call that is not planned is
    /// left alone.
    pub fn hurry(&mut self, call: &C, now: Moment) {
        let at = Steady::of(self.clock(now));
        let Some(id) = self.slots.find(&call.identity()) else { return };
        let Some(slot) = self.slots.at_mut(id).filter(|slot| slot.planned) else { return };
        if let Some(flight) = &mut slot.flight {
            flight.again = true;
            return;
        }
        self.queue.remove(id, slot);
        slot.hurried = true;
        if slot.failures == 0 {
            let floor = slot.floor(self.limits.min_interval).unwrap_or(at);
            slot.due = slot.due.min(floor.max(at));
        }
        self.queue.insert(id, slot, at);
    }

    /// The key may be another from now on, as after a change of its file or a reload. Where it was refused, calls start again as
    /// floor and budget allow; one at a time until one shows that the key is accepted. Those that it was refused for are due as
    /// soon as the floor allows, and what calls under way say of the old key no longer counts.
    pub fn key_changed(&mut self, now: Moment) {
        let at = Steady::of(self.clock(now));
        self.keys += 1;
        self.backoff.forgive_key();
        let min_interval = self.limits.min_interval;
        for (id, slot) in self.slots.iter_mut().filter(|(_, slot)| slot.planned && slot.key_refused) {
            slot.key_refused = false;
            if slot.flight.is_none()
                && let Some(floor) = slot.floor(min_interval)
                && floor < slot.due
            {
                self.queue.remove(id, slot);
                slot.due = floor;
                self.queue.insert(id, slot, at);
            }
        }
    }

    /// Whether the key was refused, and neither accepted nor [changed](Self::key_changed) since.
    #[must_use]
    pub const fn is_key_refused(&self) -> bool {
        self.backoff.is_key_refused()
    }

    /// Whether the account pauses after failures.
    #[must_use]
    pub fn is_pausing(&self, now: Moment) -> bool {
        self.backoff.account_until(self.reading(now)).is_some()
    }

    /// The next call to make, if one may start now. Each start that is handed out must be made, and finished with
    /// [`finish`](Self::finish).
    pub fn next(&mut self, now: Moment) -> Next<C> {
        let now = self.clock(now);
        let at = Steady::of(now);
        self.queue.release(&mut self.slots, at);
        self.budget.expire(at);
        self.lingering.expire(at);
        match self.choose(at) {
            Ok(id) => self.start(id, now).map_or(Next::Wait(None), Next::Start),
            Err(until) => Next::Wait(until.map(Steady::reading)),
        }
    }

    /// The call that may start now, or when the next may.
    fn choose(&self, now: Steady) -> Result<Id, Option<Steady>> {
        let gate = self.account_gate(now);
        if gate != Gate::Open {
            let due = self.next_candidate(now, |_| true);
            return Err(gate.opens(now).and_then(|opens| due.map(|due| due.max(opens))));
        }
        let open = |name| self.name_gate(name, now) == Gate::Open;
        let fair_turn = self.starts % FAIR_TURN == FAIR_TURN - 1;
        let chosen = if fair_turn { self.queue.longest_due(open) } else { self.queue.first(open) };
        let Some(id) = chosen else { return Err(self.next_candidate(now, |_| true)) };
        let sweep = self.slots.at(id).is_some_and(|slot| slot.priority == Priority::Sweep);
        if sweep && !fair_turn {
            let unreserved = self.limits.requests_per_minute.saturating_sub(self.reserve(now));
            let reserve = self.budget_gate(unreserved);
            if reserve != Gate::Open {
                // What becomes due or open meanwhile may be of the sort that the reserve is for.
                let other = self.next_candidate(now, |name| !open(name));
                return Err([reserve.opens(now), other].into_iter().flatten().min());
            }
        }
        Ok(id)
    }

    /// How much of the budget a sweep leaves to calls that go before it: as many as become due before what it takes is free again,
    /// at least one, which nobody foresaw, and at most the tenth.
    fn reserve(&self, now: Steady) -> u32 {
        let most = self.limits.reserve();
        self.queue.urgent_until(now.plus(MINUTE), most).max(1).min(most)
    }

    /// What holds for every call.
    fn account_gate(&self, now: Steady) -> Gate {
        Gate::until(Some(self.opening), now)
            .max(self.backoff.gate(self.in_flight, now))
            .max(self.lingering.gate(self.in_flight, self.limits.max_concurrent))
            .max(self.budget_gate(self.limits.requests_per_minute))
    }

    fn budget_gate(&self, limit: u32) -> Gate {
        self.budget.gate(self.in_flight, usize::try_from(limit).unwrap_or(usize::MAX))
    }

    fn name_gate(&self, name: &str, now: Steady) -> Gate {
        let lingering = Gate::until(self.lingering.name_until(name), now);
        // The probe is for a call that can tell.
        let probe = if self.is_key_refused() && self.keyless.contains(name) { Gate::Event } else { Gate::Open };
        self.backoff.name_gate(name, now).max(lingering).max(self.refusals.gate(name, now)).max(probe)
    }

    /// When a call may start as far as due times and names go: one that becomes due, or a due one of the names asked for.
    fn next_candidate(&self, now: Steady, names: impl Fn(&'static str) -> bool) -> Option<Steady> {
        let ready = self.queue.ready_names().filter(|name| names(name));
        ready.filter_map(|name| self.name_gate(name, now).opens(now)).chain(self.queue.next_due()).min()
    }

    fn start(&mut self, id: Id, now: Moment) -> Option<Start<C>> {
        let at = Steady::of(now);
        let pauses = self.pauses();
        let slot = self.slots.at_mut(id)?;
        self.queue.remove(id, slot);
        slot.hurried = false;
        let run = self.sweeps.start(slot.collector, slot.standing(), at);
        slot.flight = Some(Flight { started: at, run, again: false, key: self.keys });
        self.starts = self.starts.wrapping_add(1);
        self.in_flight += 1;
        self.backoff.started(slot.name, pauses, at);
        self.refusals.started(slot.name, at);
        let recorded = self.ledger.started(&slot.call.identity(), now.wall);
        Some(Start { call: slot.call.clone(), collector: slot.collector, permit: Permit::new(), recorded })
    }

    /// A call that was handed out ended; says when that switched the calls of its name off or on. One that is not under way is
    /// ignored.
    pub fn finish(&mut self, call: &C, result: Finish, now: Moment) -> Option<Switched> {
        let now = self.clock(now);
        let at = Steady::of(now);
        let identity = call.identity();
        let id = self.slots.find(&identity)?;
        let pauses = self.pauses();
        let slot = self.slots.at_mut(id)?;
        let flight = slot.flight.take()?;
        self.in_flight = self.in_flight.saturating_sub(1);
        self.budget.ended(at);
        let end = match result {
            Finish::Ok => End::Succeeded,
            Finish::Gone => End::Gone,
            Finish::Failed { .. } => End::Failed,
        };
        self.ledger.ended(&identity, now.wall, end);

        let before = slot.standing();
        let worked_before = slot.failures == 0 && slot.last_success.is_some();
        slot.last_end = Some(at);
        slot.attempted = true;
        slot.is_gone = result == Finish::Gone;
        slot.refused = matches!(result, Finish::Failed { outcome: Outcome::Forbidden, .. });
        slot.key_refused = matches!(result, Finish::Failed { outcome: Outcome::AuthError, .. });
        slot.run = flight.run.or(slot.run);
        let witness = Witness { started: flight.started, key: flight.key == self.keys && slot.call.takes_key() };
        match result {
            Finish::Ok => {
                slot.failures = 0;
                slot.last_success = Some(at);
                self.backoff.succeeded(slot.name, witness);
            }
            Finish::Gone => {
                slot.failures = 0;
                // The platform knows its objects, so it is well.
                self.backoff.succeeded(slot.name, witness);
            }
            Finish::Failed { outcome, retry_after } => {
                let again = slot.failures > 0;
                slot.failures = slot.failures.saturating_add(1);
                let failed = Failed { outcome, retry_after, again };
                self.backoff.failed(slot.name, failed, pauses, witness, at);
                if outcome == Outcome::Timeout && !self.limits.linger_after_timeout.is_zero() {
                    let until = at.plus(self.limits.linger_after_timeout);
                    self.lingering.add(Lingers { until, name: slot.name.to_owned() });
                }
            }
        }
        if slot.planned {
            self.sweeps.finish(slot.collector, (before, slot.standing()), result == Finish::Ok, now);
            if result == Finish::Gone {
                self.withdraw(id, now);
            } else {
                self.schedule(id, flight.again, now);
            }
        }
        if result == Finish::Gone
            && let Some(slot) = self.slots.at_mut(id)
        {
            slot.last_success = None;
        }
        self.judge(id, flight, worked_before, result, now)
    }

    /// Decides when a planned call that just ended is due again, and queues it. `again`: as soon as the floor allows.
    fn schedule(&mut self, id: Id, again: bool, now: Moment) {
        let at = Steady::of(now);
        let min_interval = self.limits.min_interval;
        let Some(slot) = self.slots.at_mut(id) else { return };
        let due = next_due(slot, min_interval, self.random.random(), now).unwrap_or(at);
        let sooner = slot.floor(min_interval).filter(|_| again && slot.failures == 0);
        slot.due = sooner.map_or(due, |floor| floor.min(due));
        slot.hurried = again;
        self.queue.insert(id, slot, at);
    }

    /// How long to pause if something fails now, lengthened at random.
    fn pauses(&mut self) -> Pauses {
        Pauses::new(self.shortest, self.limits.min_interval, self.random.random())
    }

    /// The time, which does not go back.
    pub(super) fn clock(&mut self, now: Moment) -> Moment {
        let before = self.latest;
        self.latest = before.max(now.steady);
        let now = Moment { steady: self.latest, ..now };
        self.tie = self.tied(now);
        if let Some(step) = self.steps.look(before, now) {
            self.hasten(step, Steady::of(now));
        }
        now
    }

    /// All data are older by so much than they were a moment ago: what brings them anew is due sooner by as much, as far as the
    /// floor allows. What fails waits as long as it did.
    fn hasten(&mut self, step: Duration, now: Steady) {
        let min_interval = self.limits.min_interval;
        let idle = self.slots.iter_mut().filter(|(_, slot)| slot.planned && slot.flight.is_none() && slot.answered());
        for (id, slot) in idle {
            let due = slot.due.minus(step).max(now).max(slot.floor(min_interval).unwrap_or(now));
            if due < slot.due {
                self.queue.remove(id, slot);
                slot.due = due;
                self.queue.insert(id, slot, now);
            }
        }
    }

    /// Both clocks read together, as before while the wall clock was not set: so a point in time keeps its wall time.
    fn tied(&self, now: Moment) -> Moment {
        let expected = Steady::of(now).wall(self.tie);
        if now.wall.duration_since(expected).abs() < CLOCKS_APART { self.tie } else { now }
    }

    /// What turns wall time into steady time and back.
    pub(super) fn clocks(&self, now: Moment) -> Clocks {
        let now = Moment { steady: self.latest.max(now.steady), ..now };
        Clocks { tie: self.tied(now), now: Steady::of(now) }
    }

    /// What the wall clock would say if it had not been set since the planner was made.
    pub(super) fn since_start(&self, now: Moment) -> Moment {
        Moment { wall: Steady::of(now).wall(self.made), ..now }
    }

    /// The same, without remembering it.
    pub(super) fn reading(&self, now: Moment) -> Steady {
        Steady::of(Moment { steady: self.latest.max(now.steady), ..now })
    }
}
