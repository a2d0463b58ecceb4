//! Names whose calls the key may not make: which are switched off, and when each is tried again.
//!
//! A key that may not read something is refused for every device alike, and asking for each of them would only fill the
//! server's log. A key whose scope leaves out some devices is refused for those only, and then nothing is switched off.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::planner::memory::{Clocks, SwitchedOff};
use crate::planner::schedule::MOST_PROBE;
use crate::planner::steady::{Gate, Steady};

/// So many refusals in a row switch off a name that never worked.
const NEVER_WORKED: u32 = 2;
/// So many calls in a row that worked, and then are refused, switch off a name; of fewer calls so many refusals.
const WORKED: u32 = 5;

/// A refused attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    /// The call brought data before, and had not failed since.
    pub(super) worked_before: bool,
    /// How long to leave its name alone.
    pub(super) pause: Duration,
    /// When it started.
    pub(super) started: Steady,
}

/// What is planned of the refused call's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    /// Nothing but this call.
    pub(super) alone: bool,
    /// Every call was refused at its last attempt.
    pub(super) all_refused: bool,
}

/// A name that is switched off.
#[derive(Clone, Copy, Debug)]
struct Off {
    since: Steady,
    until: Steady,
    pause: Duration,
}

/// The calls of one name.
#[derive(Clone, Copy, Debug, Default)]
struct Name {
    /// One of them succeeded.
    worked: bool,
    /// Refusals since the last success.
    refused: u32,
    /// Of those, how many were of calls that had worked before. A call that never worked, while others do, is out of the key's
    /// scope, and one that is refused again says nothing new.
    lost: u32,
    off: Option<Off>,
}

/// What of each name was refused lately.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeMap<String, Name>);

impl Refusals {
    /// A call starts. While its name is off it is the probe, and the next one comes a whole pause later.
    pub(super) fn started(&mut self, name: &str, now: Steady) {
        if let Some(off) = self.0.get_mut(name).and_then(|state| state.off.as_mut()) {
            off.until = now.plus(off.pause);
        }
    }

    /// A call that started at `started` succeeded; says whether its name was off and is on again.
    pub(super) fn succeeded(&mut self, name: &str, started: Steady) -> bool {
        let state = self.0.entry(name.to_owned()).or_default();
        // One that left before the permission was taken away does not say that it is back.
        if state.worked && state.off.is_some_and(|off| started < off.since) {
            return false;
        }
        let was_off = state.off.is_some();
        *state = Name { worked: true, ..Name::default() };
        was_off
    }

    /// A call was refused; says whether its name is off from now on, and was not before.
    pub(super) fn refused(
        &mut self,
        name: &str,
        refused: Refused,
        planned: impl FnOnce() -> Planned,
        now: Steady,
    ) -> bool {
        let Refused { worked_before, pause, started } = refused;
        let state = self.0.entry(name.to_owned()).or_default();
        if let Some(off) = &mut state.off {
            if started >= off.since {
                *off = Off { until: now.plus(pause), pause, ..*off };
            }
            return false;
        }
        state.refused = state.refused.saturating_add(1);
        state.lost = state.lost.saturating_add(u32::from(worked_before));
        let is_off = if state.worked {
            state.lost >= WORKED || (state.refused >= WORKED && planned().all_refused)
        } else {
            state.refused >= NEVER_WORKED || planned().alone
        };
        if is_off {
            state.off = Some(Off { since: now, until: now.plus(pause), pause });
        }
        is_off
    }

    /// When a name that is off is tried next; `None` for one that is on.
    pub(super) fn off_until(&self, name: &str) -> Option<Steady> {
        self.0.get(name)?.off.map(|off| off.until)
    }

    /// Whether a call of that name may start.
    pub(super) fn gate(&self, name: &str, now: Steady) -> Gate {
        Gate::until(self.off_until(name), now)
    }

    /// What is switched off.
    pub(super) fn remember(&self, clocks: &Clocks) -> BTreeMap<String, SwitchedOff> {
        let off = |(name, state): (&String, &Name)| {
            let Off { since, until, pause } = state.off?;
            let (since, until) = (clocks.wall(since), clocks.wall(until));
            Some((name.clone(), SwitchedOff { since, until, pause, worked: state.worked }))
        };
        self.0.iter().filter_map(off).collect()
    }

    /// Switches off what is written down.
    pub(super) fn recall(&mut self, off: &BTreeMap<String, SwitchedOff>, clocks: &Clocks) {
        for (name, off) in off {
            let pause = off.pause.min(MOST_PROBE);
            let (since, until) = (clocks.past(off.since), clocks.end((off.since, off.until), pause));
            let state = Name { worked: off.worked, off: Some(Off { since, until, pause }), ..Name::default() };
            self.0.insert(name.clone(), state);
        }
    }
}
