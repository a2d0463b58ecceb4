//! Pauses after failures: of the whole account, and of all calls of one name.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::planner::Outcome;
use crate::planner::memory::{Clocks, Memory, Paused};
use crate::planner::schedule::{Pauses, a_little_longer, doubled, longer};
use crate::planner::steady::{Gate, Steady};

/// So many failures in a row of one name pause the name.
const NAME_FAILURES: u32 = 5;
/// So many failures in a row, over at least two names, pause the account.
const ACCOUNT_FAILURES: u32 = 3;
/// The longest that a server can ask to be left alone.
const MOST_RETRY_AFTER: Duration = Duration::from_hours(24);
/// A random number from 0 to 1 at its most.
const MOST_JITTER: f64 = 1.0;

/// A pause; some grow each time that they did not help.
#[derive(Clone, Copy, Debug, Default)]
struct Pause {
    /// When it was set, and until when it lasts.
    set: Option<(Steady, Steady)>,
    /// How often it was set since it last helped.
    times: u32,
}

impl Pause {
    /// Sets it, doubled each time, after a failure of a call that started at `started`.
    fn grow(&mut self, Pauses { first, most, jitter, .. }: Pauses, started: Steady, now: Steady) {
        if self.knew(started) {
            let until = now.plus(longer(doubled(first, self.times, most), jitter));
            self.extend(until, now);
            self.times = self.times.saturating_add(1);
        }
    }

    /// Sets it until `until`, if it does not last longer.
    fn extend(&mut self, until: Steady, now: Steady) {
        self.set = Some((now, self.set.map_or(until, |(_, before)| before.max(until))));
    }

    /// Whether a call that started then says something of how things are after the pause, not of why it was set.
    fn knew(&self, started: Steady) -> bool {
        self.set.is_none_or(|(set, _)| started >= set)
    }

    fn until(&self) -> Option<Steady> {
        self.set.map(|(_, until)| until)
    }

    fn memory(&self, clocks: &Clocks) -> Option<Paused> {
        let (since, until) = self.set?;
        Some(Paused { since: clocks.wall(since), until: clocks.wall(until), times: self.times })
    }

    /// As it was remembered; no such pause is longer than `most`.
    fn recall(paused: Option<Paused>, most: Duration, clocks: &Clocks) -> Self {
        let times = paused.map_or(0, |paused| paused.times);
        let set = paused.map(|paused| (clocks.past(paused.since), clocks.end((paused.since, paused.until), most)));
        Self { set, times }
    }
}

/// Why an account makes no calls for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffReason {
    /// The server does not accept the key.
    KeyRefused,
    /// The server asked for fewer calls.
    Throttled,
    /// Calls of several names failed in a row.
    Unreachable,
}

impl BackoffReason {
    /// The word for it, for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyRefused => "key_refused",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
        }
    }

    /// The same for people.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::KeyRefused => "the server does not accept the key",
            Self::Throttled => "the server asked for fewer calls",
            Self::Unreachable => "several calls failed in a row",
        }
    }
}

/// How a call failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    pub(super) outcome: Outcome,
    pub(super) retry_after: Option<Duration>,
    /// It failed at its last attempt too.
    pub(super) again: bool,
}

/// What the end of a call can tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witness {
    /// When the call started.
    pub(super) started: Steady,
    /// It was sent with the present key, not with one that has changed since or without any.
    pub(super) key: bool,
}

/// The calls of one name.
#[derive(Debug, Default)]
struct Name {
    in_flight: u32,
    failures: u32,
    pause: Pause,
}

/// What failed lately, and what pauses for it.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    names: BTreeMap<String, Name>,
    /// One reason can end while another lasts; each grows by itself, but that of the key, which does not grow.
    key: Pause,
    throttled: Pause,
    unreachable: Pause,
    /// One call at a time until one succeeds.
    careful: bool,
    /// The same, until one shows that the key is accepted.
    doubtful: bool,
    /// Failures in a row, the name of the first, and whether others were among them.
    failures: u32,
    failed_name: Option<&'static str>,
    several_names: bool,
}

impl Backoff {
    /// A call starts. While the key is refused it is the probe, and the next one comes a whole pause later, however this one
    /// ends, unless it shows that the key is accepted.
    pub(super) fn started(&mut self, name: &str, pauses: Pauses, now: Steady) {
        self.name(name).in_flight += 1;
        if let Some((_, until)) = &mut self.key.set {
            *until = now.plus(a_little_longer(pauses.key, pauses.jitter));
        }
    }

    /// A call ended, and the platform answered as it should.
    pub(super) fn succeeded(&mut self, name: &str, witness: Witness) {
        let state = self.name(name);
        state.in_flight = state.in_flight.saturating_sub(1);
        state.failures = 0;
        if state.pause.knew(witness.started) {
            state.pause = Pause::default();
        }
        self.failures = 0;
        self.failed_name = None;
        self.several_names = false;
        self.accepted(witness);
        let mut pauses = [&mut self.throttled, &mut self.unreachable];
        if self.key.set.is_none() && pauses.iter().all(|pause| pause.knew(witness.started)) {
            for pause in &mut pauses {
                **pause = Pause::default();
            }
            self.careful = false;
        }
    }

    /// The platform took the key of a call.
    fn accepted(&mut self, Witness { started, key }: Witness) {
        if key && self.key.knew(started) {
            self.key = Pause::default();
            self.doubtful = false;
        }
    }

    /// A call failed.
    pub(super) fn failed(
        &mut self,
        name: &'static str,
        Failed { outcome, retry_after, again }: Failed,
        pauses: Pauses,
        witness: Witness,
        now: Steady,
    ) {
        let started = witness.started;
        let is_careful = self.is_careful();
        let state = self.name(name);
        state.in_flight = state.in_flight.saturating_sub(1);
        match (outcome, retry_after) {
            (Outcome::AuthError, _) => {
                if witness.key && self.key.knew(started) {
                    let since = self.key.set.map_or(now, |(since, _)| since);
                    self.key.set = Some((since, now.plus(a_little_longer(pauses.key, pauses.jitter))));
                    self.key.times = self.key.times.saturating_add(1);
                    self.doubtful = true;
                }
            }
            (Outcome::Throttled, _) => {
                self.throttled.grow(pauses, started, now);
                // A server that says "at once", or names a time that has passed, and throttles the next call all the same must
                // not be believed for ever: it can ask for a longer pause, not for a shorter one.
                if let Some(time) = retry_after {
                    let time = a_little_longer(time.min(MOST_RETRY_AFTER), pauses.jitter);
                    self.throttled.extend(now.plus(time), now);
                }
                self.careful = true;
            }
            // Whether calls of that name are allowed at all is not for a pause to find out. But who is told so is known.
            (Outcome::Forbidden, _) => self.accepted(witness),
            _ => {
                // A few calls that fail for ever (a damaged device) must not hold up the good ones: a call that failed before
                // says nothing new, unless the pause is on and the question is whether it is over.
                if !again || state.pause.set.is_some() {
                    state.failures = state.failures.saturating_add(1);
                    if state.failures >= NAME_FAILURES {
                        state.pause.grow(pauses, started, now);
                    }
                }
                // A platform that understood and refused is well.
                if outcome != Outcome::ApiError && (!again || is_careful) {
                    self.count_failure(name, pauses, started, now);
                }
            }
        }
    }

    fn count_failure(&mut self, name: &'static str, pauses: Pauses, started: Steady, now: Steady) {
        self.failures = self.failures.saturating_add(1);
        self.several_names |= *self.failed_name.get_or_insert(name) != name;
        if self.failures >= ACCOUNT_FAILURES && self.several_names {
            self.unreachable.grow(pauses, started, now);
            self.careful = true;
        }
    }

    /// There may be another key now, and no reason to wait for it; one call goes first all the same.
    pub(super) fn forgive_key(&mut self) {
        self.key = Pause::default();
    }

    /// Whether the key was refused, and neither accepted nor changed since.
    pub(super) const fn is_key_refused(&self) -> bool {
        self.key.set.is_some()
    }

    /// Whether one call goes at a time.
    const fn is_careful(&self) -> bool {
        self.careful || self.doubtful
    }

    fn name(&mut self, name: &str) -> &mut Name {
        self.names.entry(name.to_owned()).or_default()
    }

    /// Until when the account pauses.
    pub(super) fn account_until(&self, now: Steady) -> Option<Steady> {
        let until = [self.key, self.throttled, self.unreachable].iter().filter_map(Pause::until).max();
        until.filter(|until| *until > now)
    }

    /// Why the account pauses: what does so longest.
    pub(super) fn account_reason(&self, now: Steady) -> Option<BackoffReason> {
        let reasons = [
            (&self.unreachable, BackoffReason::Unreachable),
            (&self.throttled, BackoffReason::Throttled),
            (&self.key, BackoffReason::KeyRefused),
        ];
        let longest = reasons.into_iter().max_by_key(|(pause, _)| pause.until());
        longest.filter(|(pause, _)| pause.until().is_some_and(|until| until > now)).map(|(_, reason)| reason)
    }

    /// Whether a call may start, as far as the account goes, with `in_flight` under way.
    pub(super) fn gate(&self, in_flight: usize, now: Steady) -> Gate {
        let careful = if self.is_careful() && in_flight > 0 { Gate::Event } else { Gate::Open };
        careful.max(Gate::until(self.account_until(now), now))
    }

    /// Whether a call of that name may start. After a pause only one of the name at a time, until one succeeds.
    pub(super) fn name_gate(&self, name: &str, now: Steady) -> Gate {
        let Some(state) = self.names.get(name) else { return Gate::Open };
        let careful = if state.pause.set.is_some() && state.in_flight > 0 { Gate::Event } else { Gate::Open };
        careful.max(Gate::until(state.pause.until(), now))
    }

    /// Writes down what pauses.
    pub(super) fn remember(&self, memory: &mut Memory, clocks: &Clocks) {
        memory.key = self.key.memory(clocks);
        memory.throttled = self.throttled.memory(clocks);
        memory.unreachable = self.unreachable.memory(clocks);
        memory.careful = self.is_careful();
        let paused = |(name, state): (&String, &Name)| Some((name.clone(), state.pause.memory(clocks)?));
        memory.names = self.names.iter().filter_map(paused).collect();
    }

    /// Pauses for what is written down, in place of what paused.
    pub(super) fn recall(&mut self, memory: &Memory, pauses: Pauses, clocks: &Clocks) {
        let most = longer(pauses.most, MOST_JITTER);
        self.key = Pause::recall(memory.key, a_little_longer(pauses.key, MOST_JITTER), clocks);
        self.throttled = Pause::recall(memory.throttled, a_little_longer(MOST_RETRY_AFTER, MOST_JITTER), clocks);
        self.unreachable = Pause::recall(memory.unreachable, most, clocks);
        self.careful = memory.careful || [self.throttled, self.unreachable].iter().any(|pause| pause.set.is_some());
        self.doubtful = self.key.set.is_some();
        // The next failure says that the pause did not help.
        if self.unreachable.set.is_some() {
            self.failures = ACCOUNT_FAILURES;
            self.several_names = true;
        }
        for (name, paused) in &memory.names {
            let state = self.name(name);
            state.pause = Pause::recall(Some(*paused), most, clocks);
            state.failures = NAME_FAILURES;
        }
    }
}
