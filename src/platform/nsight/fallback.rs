//! Account-wide calls that the platform does not answer, or too slowly, and the many small calls that stand in for them.
//!
//! Which form is asked is part of what the account wants, so nothing is called here. The time is that of the account's clock.

use std::time::Duration;

use super::call::{Call, SelectionTarget};
use super::collectors::Fallbacks;
use crate::collector::Collector;
use crate::config::AccountConfig;
use crate::planner::{Outcome, Priority, Want};

/// So many account-wide reports in a row that came too late, or not, are enough.
const TOO_SLOW: u32 = 2;
/// How long clients are asked one by one before the whole account is tried again; twice as long each time that this fails.
const FIRST_STAY: Duration = Duration::from_hours(1);
/// The longest.
const LONGEST_STAY: Duration = Duration::from_hours(24);
/// How long devices are asked one by one for what the platform did not say of the whole account; twice as long each time that
/// this fails.
const FIRST_SELECTION_STAY: Duration = Duration::from_hours(24);
/// The longest.
const LONGEST_SELECTION_STAY: Duration = Duration::from_hours(7 * 24);
/// So long a plan is good at most.
const PLAN_AGAIN: Duration = Duration::from_hours(1);
/// Clients one by one may take this part of the budget (one part in N).
const BUDGET_SHARE: u32 = 2;

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended<'a> {
    /// Which.
    pub(super) call: &'a Call,
    /// How.
    pub(super) outcome: Outcome,
    /// The HTTP status, if an answer came.
    pub(super) status: Option<u16>,
    /// Whether a good answer names nothing at all.
    pub(super) is_empty: bool,
    /// How long the answer took.
    pub(super) took: Duration,
    /// When, by the steady clock.
    pub(super) at: Duration,
}

/// A change that the log should tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// list_failing_checks: one call for each client from now on, for so long.
    ClientByClient(Duration),
    /// list_failing_checks: one call for the account again.
    WholeAccount,
    /// mob/mob_list_selection_size: one call for each device from now on, for so long.
    DeviceByDevice(Duration),
    /// mob/mob_list_selection_size: one call for the account again.
    WholeSelection,
}

/// How list_failing_checks is asked.
#[derive(Clone, Copy, Debug)]
enum Report {
    /// Of the whole account. So many attempts in a row were too slow, and since the first of them the platform answered
    /// something else, or not: where it answers nothing, smaller questions do not help.
    Whole { slow: u32, answers_others: bool },
    /// Client by client, until then.
    Clients { until: Duration, stay: Duration },
    /// Of the whole account, once, to see whether it works after that stay.
    Trial { stay: Duration },
}

/// How mob/mob_list_selection_size is asked.
#[derive(Clone, Copy, Debug)]
enum Selection {
    /// Of the whole account. So many attempts in a row were too slow.
    Whole { slow: u32 },
    /// Device by device, until then.
    Devices { until: Duration, stay: Duration },
    /// Of the whole account, once, to see whether it works after that stay.
    Trial { stay: Duration },
}

/// What stands in for what.
#[derive(Debug)]
pub(super) struct FallbackState {
    /// An answer that takes longer is too slow: half of what is waited for.
    slow: Duration,
    /// The clients are known by name: without the inventory there is nobody to ask one by one.
    knows_clients: bool,
    report: Report,
    selection: Selection,
    /// What [`Self::now`] said when it was last asked for the plan.
    planned: Fallbacks,
    /// When that was.
    planned_at: Duration,
}

impl FallbackState {
    /// Of an account that asks everything of all.
    pub(super) fn new(config: &AccountConfig) -> Self {
        Self {
            slow: config.timeout / 2,
            knows_clients: config.collectors.contains_key(&Collector::Inventory),
            report: Report::Whole { slow: 0, answers_others: false },
            selection: Selection::Whole { slow: 0 },
            planned: Fallbacks::default(),
            planned_at: Duration::ZERO,
        }
    }

    /// What to ask at that time, for a plan.
    pub(super) fn for_plan(&mut self, now: Duration) -> Fallbacks {
        self.planned_at = now;
        self.planned = self.now(now);
        self.planned
    }

    /// Whether another plan is due: also now and then, for what depends on how old data are, and on when daily checks ran.
    pub(super) fn plan_changed(&mut self, now: Duration) -> bool {
        self.now(now) != self.planned || now.saturating_sub(self.planned_at) >= PLAN_AGAIN
    }

    fn now(&mut self, now: Duration) -> Fallbacks {
        if let Report::Clients { until, stay } = self.report
            && until <= now
        {
            self.report = Report::Trial { stay };
        }
        if let Selection::Devices { until, stay } = self.selection
            && until <= now
        {
            self.selection = Selection::Trial { stay };
        }
        Fallbacks {
            failing_checks: matches!(self.report, Report::Clients { .. }),
            backup_selection: matches!(self.selection, Selection::Devices { .. }),
        }
    }

    /// Draws the conclusion from a call that ended.
    pub(super) fn ended(&mut self, ended: Ended<'_>) -> Option<Change> {
        match ended.call {
            Call::ListFailingChecks if self.knows_clients => self.report_ended(ended),
            Call::MobListSelectionSize(SelectionTarget { device: None, .. }) => self.selection_ended(ended),
            _ => self.other_ended(ended),
        }
    }

    fn report_ended(&mut self, ended: Ended<'_>) -> Option<Change> {
        let is_slow = self.is_slow(ended);
        match self.report {
            Report::Whole { slow, answers_others } if is_slow => {
                // A good answer itself says that the platform is well.
                let answers_others = answers_others || ended.outcome == Outcome::Ok;
                self.report = Report::Whole { slow: slow.saturating_add(1), answers_others };
                self.settle(ended.at)
            }
            Report::Whole { .. } => {
                self.report = Report::Whole { slow: 0, answers_others: false };
                None
            }
            Report::Trial { .. } if !is_slow && ended.outcome == Outcome::Ok => {
                self.report = Report::Whole { slow: 0, answers_others: false };
                Some(Change::WholeAccount)
            }
            Report::Trial { stay } => {
                // A failure for another reason tells nothing: the next try comes as soon as this one did.
                let stay = if is_slow { (2 * stay).min(LONGEST_STAY) } else { stay };
                self.client_by_client(stay, ended.at);
                None
            }
            // It was under way when the plan changed.
            Report::Clients { .. } => None,
        }
    }

    fn other_ended(&mut self, ended: Ended<'_>) -> Option<Change> {
        let Report::Whole { slow: slow @ 1.., .. } = self.report else { return None };
        match ended.outcome {
            // It understood; that it refused does not matter here.
            Outcome::Ok | Outcome::ApiError | Outcome::Forbidden => {
                self.report = Report::Whole { slow, answers_others: true };
            }
            _ => self.report = Report::Whole { slow, answers_others: false },
        }
        self.settle(ended.at)
    }

    /// Gives the account-wide report up, when it was too slow too often and nothing else is.
    fn settle(&mut self, at: Duration) -> Option<Change> {
        let Report::Whole { slow: TOO_SLOW.., answers_others: true } = self.report else { return None };
        Some(self.client_by_client(FIRST_STAY, at))
    }

    fn client_by_client(&mut self, stay: Duration, at: Duration) -> Change {
        self.report = Report::Clients { until: at + stay, stay };
        Change::ClientByClient(stay)
    }

    /// Whether the answer was too large, too late, or never came. (That no connection came about says nothing of the call.)
    fn is_slow(&self, ended: Ended<'_>) -> bool {
        match ended.outcome {
            Outcome::Timeout | Outcome::TooLarge => true,
            Outcome::HttpError => matches!(ended.status, Some(504 | 524)),
            Outcome::Ok => ended.took > self.slow,
            _ => false,
        }
    }

    fn selection_ended(&mut self, ended: Ended<'_>) -> Option<Change> {
        // Whether ids of 0 mean every device is not documented. It is asked because some device has backup, so an answer that
        // names none says that they do not.
        let is_refused = ended.outcome == Outcome::ApiError || (ended.outcome == Outcome::Ok && ended.is_empty);
        let is_late = ended.outcome != Outcome::Ok && self.is_slow(ended);
        match self.selection {
            Selection::Whole { slow } if is_refused || (is_late && slow + 1 >= TOO_SLOW) => {
                let stay = FIRST_SELECTION_STAY;
                self.selection = Selection::Devices { until: ended.at + stay, stay };
                Some(Change::DeviceByDevice(stay))
            }
            Selection::Whole { slow } => {
                self.selection = Selection::Whole { slow: if is_late { slow + 1 } else { 0 } };
                None
            }
            Selection::Trial { stay } if is_refused || is_late => {
                let stay = (2 * stay).min(LONGEST_SELECTION_STAY);
                self.selection = Selection::Devices { until: ended.at + stay, stay };
                None
            }
            Selection::Trial { .. } if ended.outcome == Outcome::Ok => {
                self.selection = Selection::Whole { slow: 0 };
                Some(Change::WholeSelection)
            }
            // It was under way when the plan changed, or tells nothing.
            Selection::Trial { .. } | Selection::Devices { .. } => None,
        }
    }
}

/// Clients one by one must not crowd out everything else: they come behind what tells whether the platform is up, and in a large
/// account less often than configured.
pub(super) fn pace(wants: &mut [Want<Call>], config: &AccountConfig) {
    let is_one = |want: &Want<Call>| matches!(want.call, Call::ListFailingChecksOf(_));
    let clients = u32::try_from(wants.iter().filter(|want| is_one(want)).count()).unwrap_or(u32::MAX);
    let at_share =
        Duration::from_mins(1).saturating_mul(clients).saturating_mul(BUDGET_SHARE) / config.requests_per_minute.max(1);
    for want in wants.iter_mut().filter(|want| is_one(want)) {
        want.interval = want.interval.max(at_share);
        want.priority = Priority::Inventory;
    }
}

#[cfg(test)]
mod tests;
