//! Which checks and tasks of a device become series, and what they say.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{Check, CheckSeries, CheckState, Label, Task, TaskSeries};
use crate::config::ChecksMode;

/// The checks of a device as series.
///
/// `read` are the device's own checks, `reported` the platform's report of failing checks (N-sight), each with its time.
/// Where both speak, the newer one decides what fails.
pub(super) fn check_series(
    mode: ChecksMode,
    can_be_cleared: bool,
    read: Option<(&[Check], Timestamp)>,
    reported: Option<(&[Check], Timestamp)>,
) -> Vec<CheckSeries> {
    let all = mode == ChecksMode::All;
    let read_checks = read.map(|(checks, _)| checks).unwrap_or_default();
    let newer_report = match (read, reported) {
        (Some((_, read_at)), Some((checks, reported_at))) => (reported_at >= read_at).then_some(checks),
        (_, reported) => reported.map(|(checks, _)| checks),
    };
    let reported_by_id: Option<HashMap<&Label, &Check>> =
        newer_report.map(|report| report.iter().map(|check| (&check.id, check)).collect());
    let mut series = Vec::new();
    for check in read_checks {
        let now = reported_by_id.as_ref().map(|report| report.get(&check.id).copied());
        let failing = match now {
            Some(reported) => reported.is_some_and(|reported| reported.state == CheckState::Failing),
            None => check.state == CheckState::Failing,
        };
        let changed = failing != (check.state == CheckState::Failing);
        let cleared = !failing && check.state == CheckState::Cleared;
        if !all && !failing && !cleared {
            continue;
        }
        let told = all && check.state != CheckState::Unknown;
        let fresh_count = now.flatten().and_then(|reported| reported.consecutive_failures);
        series.push(CheckSeries {
            id: check.id.clone(),
            name: check.name.clone(),
            check_type: check.check_type.clone(),
            severity: check.severity,
            failing: (failing || told).then_some(failing),
            // The report does not say whether a check that failed before passed or was cleared.
            cleared: (can_be_cleared && (all || cleared) && (failing || !changed)).then_some(cleared),
            // A count or time from before the change says nothing of the state after it.
            consecutive_failures: fresh_count
                .or(check.consecutive_failures.filter(|_| !changed))
                .filter(|_| all || failing),
            last_run: check.last_run.filter(|_| all || failing && !changed),
        });
    }
    let read_ids: HashSet<&Label> = read_checks.iter().map(|check| &check.id).collect();
    let mut shown = read_ids;
    for check in newer_report.unwrap_or_default() {
        if check.state == CheckState::Failing && shown.insert(&check.id) {
            series.push(CheckSeries {
                id: check.id.clone(),
                name: check.name.clone(),
                check_type: check.check_type.clone(),
                severity: check.severity,
                failing: Some(true),
                cleared: None,
                consecutive_failures: check.consecutive_failures,
                last_run: check.last_run,
            });
        }
    }
    series
}

/// The tasks of a device as series; arguments as for [`check_series`].
pub(super) fn task_series(
    mode: ChecksMode,
    read: Option<(&[Task], Timestamp)>,
    reported: Option<(&[Task], Timestamp)>,
) -> Vec<TaskSeries> {
    let read = read.map(|(tasks, at)| (as_checks(tasks), at));
    let reported = reported.map(|(tasks, at)| (as_checks(tasks), at));
    check_series(
        mode,
        false,
        read.as_ref().map(|(checks, at)| (checks.as_slice(), *at)),
        reported.as_ref().map(|(checks, at)| (checks.as_slice(), *at)),
    )
    .into_iter()
    .filter_map(|series| {
        Some(TaskSeries {
            id: series.id,
            name: series.name,
            severity: series.severity,
            failing: series.failing?,
            consecutive_failures: series.consecutive_failures,
        })
    })
    .collect()
}

/// Tasks follow the same rules as checks.
fn as_checks(tasks: &[Task]) -> Vec<Check> {
    let as_check = |task: &Task| Check {
        id: task.id.clone(),
        name: task.name.clone(),
        check_type: Cow::Borrowed("task"),
        state: task.state,
        severity: task.severity,
        consecutive_failures: task.consecutive_failures,
        last_run: None,
    };
    tasks.iter().map(as_check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Severity;

    fn check(id: &str, state: CheckState) -> Check {
        Check {
            id: id.into(),
            name: id.into(),
            check_type: "script".into(),
            state,
            severity: Severity::Error,
            consecutive_failures: Some(7),
            last_run: Some(at(1)),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    /// `id:failing/cleared/consecutive/last_run` of every series.
    fn seen(series: &[CheckSeries]) -> Vec<String> {
        let flag = |flag: Option<bool>| flag.map_or("-", |set| if set { "1" } else { "0" });
        series
            .iter()
            .map(|one| {
                let count = one.consecutive_failures.map_or("-".to_owned(), |count| count.to_string());
                let last = if one.last_run.is_some() { "t" } else { "-" };
                format!("{}:{}/{}/{count}/{last}", one.id.as_str(), flag(one.failing), flag(one.cleared))
            })
            .collect()
    }

    const READ: [(&str, CheckState); 5] = [
        ("p", CheckState::Passing),
        ("f", CheckState::Failing),
        ("c", CheckState::Cleared),
        ("n", CheckState::Pending),
        ("u", CheckState::Unknown),
    ];

    #[test]
    fn without_a_report_the_checks_themselves_decide() {
        let read = READ.map(|(id, state)| check(id, state));
        let series = |mode, cleared| seen(&check_series(mode, cleared, Some((&read, at(5))), None));
        assert_eq!(series(ChecksMode::Failing, true), ["f:1/-/7/t", "c:-/1/-/-"]);
        assert_eq!(series(ChecksMode::All, true), ["p:0/0/7/t", "f:1/0/7/t", "c:0/1/7/t", "n:0/0/7/t", "u:-/0/7/t"]);
        assert_eq!(series(ChecksMode::All, false), ["p:0/-/7/t", "f:1/-/7/t", "c:0/-/7/t", "n:0/-/7/t", "u:-/-/7/t"]);
    }

    #[test]
    fn a_newer_report_decides_what_fails_now() {
        let read = READ.map(|(id, state)| check(id, state));
        let report = [
            Check { consecutive_failures: Some(2), ..check("p", CheckState::Failing) },
            check("new", CheckState::Failing),
        ];
        let series = |mode| seen(&check_series(mode, true, Some((&read, at(5))), Some((&report, at(6)))));
        assert_eq!(series(ChecksMode::Failing), ["p:1/-/2/-", "c:-/1/-/-", "new:1/-/7/t"]);
        assert_eq!(
            series(ChecksMode::All),
            ["p:1/0/2/t", "f:0/-/-/t", "c:0/1/7/t", "n:0/0/7/t", "u:-/0/7/t", "new:1/-/7/t"]
        );
    }

    #[test]
    fn an_older_report_does_not_contradict_the_checks() {
        let read = READ.map(|(id, state)| check(id, state));
        let report = [check("p", CheckState::Failing), check("gone", CheckState::Failing)];
        let series = check_series(ChecksMode::Failing, true, Some((&read, at(6))), Some((&report, at(5))));
        assert_eq!(seen(&series), ["f:1/-/7/t", "c:-/1/-/-"]);
    }

    #[test]
    fn a_report_alone_is_enough_and_an_empty_one_says_nothing_fails() {
        let report = [check("a", CheckState::Failing), check("parked", CheckState::Cleared)];
        assert_eq!(seen(&check_series(ChecksMode::Failing, true, None, Some((&report, at(5))))), ["a:1/-/7/t"]);
        assert!(check_series(ChecksMode::All, true, None, Some((&[], at(5)))).is_empty());
        assert!(check_series(ChecksMode::All, true, None, None).is_empty());
    }

    #[test]
    fn tasks_follow_the_same_rules_and_an_unknown_state_is_no_series() {
        let task = |id: &str, state| Task {
            id: id.into(),
            name: id.into(),
            state,
            severity: Severity::Info,
            consecutive_failures: None,
        };
        let read = READ.map(|(id, state)| task(id, state));
        let series = |mode| {
            task_series(mode, Some((&read, at(5))), None)
                .iter()
                .map(|one| (one.id.as_str().to_owned(), one.failing))
                .collect::<Vec<_>>()
        };
        assert_eq!(series(ChecksMode::Failing), [("f".to_owned(), true)]);
        assert_eq!(series(ChecksMode::All).len(), 4);
    }
}
