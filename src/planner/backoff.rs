//! Pauses after failures: of the whole account, and of all calls of one name.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::planner::Outcome;
use crate::planner::schedule::{Pauses, doubled};
use crate::planner::steady::{Gate, Steady};

/// So many failures in a row of one name pause the name.
const NAME_FAILURES: u32 = 5;
/// So many failures in a row, over at least two names, pause the account.
const ACCOUNT_FAILURES: u32 = 3;
/// The longest that a server can ask to be left alone.
const MOST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// A pause that grows each time that it did not help.
#[derive(Clone, Copy, Debug, Default)]
struct Pause {
    /// When it was set, and until when it lasts.
    set: Option<(Steady, Steady)>,
    /// How often it was set since it last helped.
    times: u32,
}

impl Pause {
    /// Sets it, doubled each time, after a failure of a call that started at `started`.
    fn grow(&mut self, first: Duration, most: Duration, started: Steady, now: Steady) {
        if self.knew(started) {
            let until = now.plus(doubled(first, self.times, most));
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
}

/// How a call failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    pub(super) outcome: Outcome,
    pub(super) retry_after: Option<Duration>,
    /// It failed at its last attempt too.
    pub(super) again: bool,
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
    names: BTreeMap<&'static str, Name>,
    /// One reason can end while another lasts; each grows by itself.
    key: Pause,
    throttled: Pause,
    unreachable: Pause,
    /// One call at a time until one succeeds.
    careful: bool,
    /// Failures in a row, the name of the first, and whether others were among them.
    failures: u32,
    failed_name: Option<&'static str>,
    several_names: bool,
}

impl Backoff {
    /// A call starts.
    pub(super) fn started(&mut self, name: &'static str) {
        self.names.entry(name).or_default().in_flight += 1;
    }

    /// A call that started at `started` ended, and the platform answered as it should.
    pub(super) fn succeeded(&mut self, name: &'static str, started: Steady) {
        let state = self.names.entry(name).or_default();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.failures = 0;
        if state.pause.knew(started) {
            state.pause = Pause::default();
        }
        self.failures = 0;
        self.failed_name = None;
        self.several_names = false;
        let mut pauses = [&mut self.key, &mut self.throttled, &mut self.unreachable];
        if pauses.iter().all(|pause| pause.knew(started)) {
            for pause in &mut pauses {
                **pause = Pause::default();
            }
            self.careful = false;
        }
    }

    /// A call that started at `started` failed.
    pub(super) fn failed(
        &mut self,
        name: &'static str,
        Failed { outcome, retry_after, again }: Failed,
        pauses: Pauses,
        started: Steady,
        now: Steady,
    ) {
        let state = self.names.entry(name).or_default();
        state.in_flight = state.in_flight.saturating_sub(1);
        match (outcome, retry_after) {
            (Outcome::AuthError, _) => {
                self.key.grow(pauses.first_key, pauses.most_key, started, now);
                self.careful = true;
            }
            (Outcome::Throttled, Some(time)) => {
                self.throttled.extend(now.plus(time.min(MOST_RETRY_AFTER)), now);
                self.careful = true;
            }
            (Outcome::Throttled, None) => {
                self.throttled.grow(pauses.first, pauses.most, started, now);
                self.careful = true;
            }
            // Whether calls of that name are allowed at all is not for a pause to find out.
            (Outcome::Forbidden, _) => {}
            _ => {
                // A few calls that fail for ever (a damaged device) must not hold up the good ones: a call that failed before
                // says nothing new, unless the pause is on and the question is whether it is over.
                if !again || state.pause.set.is_some() {
                    state.failures = state.failures.saturating_add(1);
                    if state.failures >= NAME_FAILURES {
                        state.pause.grow(pauses.first, pauses.most, started, now);
                    }
                }
                // A platform that understood and refused is well.
                if outcome != Outcome::ApiError && (!again || self.careful) {
                    self.count_failure(name, pauses, started, now);
                }
            }
        }
    }

    fn count_failure(&mut self, name: &'static str, pauses: Pauses, started: Steady, now: Steady) {
        self.failures = self.failures.saturating_add(1);
        self.several_names |= *self.failed_name.get_or_insert(name) != name;
        if self.failures >= ACCOUNT_FAILURES && self.several_names {
            self.unreachable.grow(pauses.first, pauses.most, started, now);
            self.careful = true;
        }
    }

    /// Until when the account pauses.
    pub(super) fn account_until(&self, now: Steady) -> Option<Steady> {
        let until = [self.key, self.throttled, self.unreachable].iter().filter_map(Pause::until).max();
        until.filter(|until| *until > now)
    }

    /// Whether a call may start, as far as the account goes, with `in_flight` under way.
    pub(super) fn gate(&self, in_flight: usize, now: Steady) -> Gate {
        let careful = if self.careful && in_flight > 0 { Gate::Event } else { Gate::Open };
        careful.max(Gate::until(self.account_until(now), now))
    }

    /// Whether a call of that name may start. After a pause only one of the name at a time, until one succeeds.
    pub(super) fn name_gate(&self, name: &str, now: Steady) -> Gate {
        let Some(state) = self.names.get(name) else { return Gate::Open };
        let careful = if state.pause.set.is_some() && state.in_flight > 0 { Gate::Event } else { Gate::Open };
        careful.max(Gate::until(state.pause.until(), now))
    }
}
