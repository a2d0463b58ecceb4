//! Daily histories of the antivirus update check and the backup check.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::encoding;

/// What happened on one day. The platform's inactive variants ("last result X, not run that day") count with their base
/// in the daily results; only `PassInactive` is kept apart, because it is no fresh success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DayStatus {
    /// The check passed.
    Pass,
    /// The check did not run; its last result was a pass.
    PassInactive,
    /// The check failed, or did not run and its last result was a failure.
    Fail,
    /// Failed and acknowledged.
    Cleared,
    /// The device was overdue.
    Overdue,
    /// The check never ran, or the device was not installed yet.
    NotRun,
    /// The platform does not know.
    Unknown,
}

impl DayStatus {
    /// The `status` labels of `rmm_*_daily_results`, in the order of [`Self::index`].
    pub const LABELS: [&'static str; 6] = ["pass", "fail", "cleared", "overdue", "not_run", "unknown"];

    /// Which of [`Self::LABELS`] this day counts under.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Pass | Self::PassInactive => 0,
            Self::Fail => 1,
            Self::Cleared => 2,
            Self::Overdue => 3,
            Self::NotRun => 4,
            Self::Unknown => 5,
        }
    }

    /// Whether the check was up to date that day; `None` for a day that decides nothing.
    #[must_use]
    pub const fn up_to_date(self) -> Option<bool> {
        match self {
            Self::Pass | Self::PassInactive => Some(true),
            Self::Fail | Self::Cleared | Self::Overdue => Some(false),
            Self::NotRun | Self::Unknown => None,
        }
    }
}

/// Days of the last-30-days window, and one more on each side because the account's time zone may not be known yet.
const KEPT_DAYS: usize = 33;

/// A device's daily history, from one call. Days are days of the account's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The newest day that decides: 1 for a pass.
    pub up_to_date: Option<bool>,
    /// The newest day with a real pass.
    #[serde(with = "encoding::optional_day")]
    pub last_pass: Option<Date>,
    /// Newest decided days in a row that failed or were overdue; `None` without a decided day.
    pub consecutive_failures: Option<u64>,
    /// The newest days, newest first.
    #[serde(with = "encoding::days")]
    recent: Vec<(Date, DayStatus)>,
}

impl History {
    /// Sums up the days of one answer, in any order. `None` when there are none: the device has no such check.
    #[must_use]
    pub fn new(mut days: Vec<(Date, DayStatus)>) -> Option<Self> {
        if days.is_empty() {
            return None;
        }
        days.sort_by_key(|(date, _)| std::cmp::Reverse(*date));
        days.dedup_by_key(|(date, _)| *date);
        let decided = || days.iter().filter_map(|(_, status)| status.up_to_date().map(|_| *status));
        let up_to_date = decided().next().and_then(DayStatus::up_to_date);
        let failed = |status: &DayStatus| matches!(status, DayStatus::Fail | DayStatus::Overdue);
        let run = decided().take_while(failed).count();
        let last_pass = days.iter().find(|(_, status)| *status == DayStatus::Pass).map(|(date, _)| *date);
        days.truncate(KEPT_DAYS);
        days.shrink_to_fit();
        Some(Self {
            up_to_date,
            last_pass,
            consecutive_failures: up_to_date.map(|_| u64::try_from(run).unwrap_or(u64::MAX)),
            recent: days,
        })
    }

    /// Midnight at the end of the newest passed day in `zone`, but not later than `polled`.
    #[must_use]
    pub fn last_pass_time(&self, zone: &TimeZone, polled: Timestamp) -> Option<Timestamp> {
        let end = self.last_pass?.checked_add(1.day()).ok()?.to_zoned(zone.clone()).ok()?;
        Some(end.timestamp().min(polled))
    }

    /// Days of each status (by [`DayStatus::index`]) within the 30 calendar days that end on the day of `polled` in
    /// `zone`. Days that the answer lacks are not counted.
    #[must_use]
    pub fn daily_results(&self, zone: &TimeZone, polled: Timestamp) -> [u64; 6] {
        let today = polled.to_zoned(zone.clone()).date();
        let first = today.saturating_sub(29.days());
        let mut results = [0; 6];
        for (date, status) in &self.recent {
            if (first..=today).contains(date)
                && let Some(count) = results.get_mut(status.index())
            {
                *count += 1;
            }
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn history(days: &[(i8, DayStatus)]) -> History {
        History::new(days.iter().map(|(day, status)| (date(2026, 3, *day), *status)).collect()).expect("days")
    }

    #[test]
    fn no_days_is_no_history() {
        assert_eq!(History::new(Vec::new()), None);
    }

    #[test]
    fn the_newest_decided_day_decides_whatever_the_order() {
        use DayStatus::*;
        let one = history(&[(1, Pass), (4, NotRun), (3, Fail), (2, Overdue)]);
        assert_eq!(
            (one.up_to_date, one.consecutive_failures, one.last_pass),
            (Some(false), Some(2), Some(date(2026, 3, 1)))
        );
        let cleared = history(&[(3, Cleared), (2, Fail)]);
        assert_eq!((cleared.up_to_date, cleared.consecutive_failures), (Some(false), Some(0)));
        let inactive = history(&[(3, PassInactive), (2, Fail), (1, Pass)]);
        assert_eq!((inactive.up_to_date, inactive.last_pass), (Some(true), Some(date(2026, 3, 1))));
        let undecided = history(&[(3, NotRun), (2, Unknown)]);
        assert_eq!((undecided.up_to_date, undecided.consecutive_failures), (None, None));
    }

    #[test]
    fn a_day_ends_at_midnight_of_the_account_not_of_this_machine() {
        let zone = TimeZone::get("America/New_York").expect("zone");
        let passed = history(&[(4, DayStatus::Pass)]);
        let later: Timestamp = "2026-03-06T00:00:00Z".parse().expect("time");
        assert_eq!(passed.last_pass_time(&zone, later), Some("2026-03-05T05:00:00Z".parse().expect("time")));
        let during: Timestamp = "2026-03-04T18:00:00Z".parse().expect("time");
        assert_eq!(passed.last_pass_time(&zone, during), Some(during), "never in the future");
    }

    #[test]
    fn the_window_is_thirty_days_that_end_today_in_the_zone() {
        let days = (1..=31).map(|day| (date(2026, 3, day), DayStatus::Pass)).collect();
        let history = History::new(days).expect("days");
        let zone = TimeZone::get("Pacific/Auckland").expect("zone");
        // 13:00 UTC on the 30th is already the 31st in Auckland: days 2 to 31.
        let polled = "2026-03-30T13:00:00Z".parse().expect("time");
        assert_eq!(history.daily_results(&zone, polled), [30, 0, 0, 0, 0, 0]);
        // In UTC it is still the 30th: days 1 to 30, and the 31st is not counted.
        assert_eq!(history.daily_results(&TimeZone::UTC, polled), [30, 0, 0, 0, 0, 0]);
        let polled = "2026-03-20T13:00:00Z".parse().expect("time");
        assert_eq!(history.daily_results(&TimeZone::UTC, polled), [20, 0, 0, 0, 0, 0]);
    }
}
