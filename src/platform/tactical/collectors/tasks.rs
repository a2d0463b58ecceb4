//! Collector `tasks`: `/agents/{id}/tasks/`.

use std::collections::HashSet;

use super::super::call::Call;
use super::super::decode::{Decoder, all_records};
use super::super::wire::array::ArrayError;
use super::super::wire::tasks as wire;
use super::{Counter, severity, state, sweep};
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{CheckState, DeviceTasks, Label, Severity, Task, View};
use crate::planner::{ReadCall, Want};

/// One call for each agent.
pub fn wants(config: CollectorConfig, known: &View) -> impl Iterator<Item = Want<Call>> {
    sweep(Collector::Tasks, config, known, |_| true, Call::AgentTasks)
}

/// Counts every task that is switched on, and keeps those that become series.
pub fn decode(decoder: &Decoder, call: &Call, body: &str) -> Result<DeviceTasks, ArrayError> {
    let mut counter = Counter::default();
    let (mut tasks, mut total, mut unnamed, mut repeated) = (Vec::new(), 0, 0, 0);
    let mut seen = HashSet::new();
    all_records(call, body, |task: wire::Task<'_>| {
        if task.enabled == Some(false) {
            return;
        }
        if task.id.is_some_and(|id| !seen.insert(id)) {
            repeated += 1;
            return;
        }
        let status = task.task_result.as_ref().and_then(|result| result.status.as_deref());
        let state = state(&decoder.notices, "task status", status);
        counter.count(state);
        total += 1;
        let Some(id) = task.id else {
            unnamed += 1;
            return;
        };
        if decoder.keeps(state == CheckState::Failing) {
            tasks.push(Task {
                id: Label::new(&id.to_string()),
                name: Label::new(task.name.as_deref().unwrap_or_default()),
                state,
                // Without any severity it is the worst, so that somebody looks.
                severity: severity(&decoder.notices, task.alert_severity.as_deref()).unwrap_or(Severity::Error),
                consecutive_failures: None,
            });
        }
    })?;
    decoder.notices.repeated_records(call.name(), repeated);
    decoder.notices.bad_records(call.name(), unnamed, total, "a task has no id");
    Ok(DeviceTasks { counts: counter.counts(), tasks })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ChecksMode;
    use crate::fleet::DeviceId;

    fn read(mode: ChecksMode, body: &str) -> DeviceTasks {
        let call = Call::AgentTasks(DeviceId::new("a"));
        decode(&Decoder::new("test", mode), &call, body).expect("a list")
    }

    const BODY: &str = r#"[
        {"id":1,"name":"Nightly","enabled":true,"alert_severity":"info","task_result":{"status":"failing"}},
        {"id":2,"name":" two\nlines ","enabled":true,"alert_severity":"warning","task_result":{"status":"passing"}},
        {"id":3,"enabled":true,"alert_severity":"error","task_result":{}},
        {"id":4,"enabled":true,"alert_severity":"error","task_result":null},
        {"id":5,"enabled":true,"alert_severity":"error"},
        {"id":6,"enabled":true,"alert_severity":"error","task_result":{"status":"exploding"}},
        {"id":7,"enabled":false,"alert_severity":"error","task_result":{"status":"failing"}},
        {"id":8,"name":null,"enabled":null,"alert_severity":"dire","task_result":{"status":"failing"}}
    ]"#;

    #[test]
    fn disabled_tasks_do_not_exist_and_unknown_states_count_nowhere() {
        let DeviceTasks { counts, tasks } = read(ChecksMode::Failing, BODY);
        assert_eq!((counts.passing, counts.failing, counts.cleared, counts.pending), (Some(1), Some(2), None, Some(3)));
        let seen: Vec<_> = tasks.iter().map(|task| (task.id.as_str(), task.name.as_str(), task.severity)).collect();
        assert_eq!(seen, [("1", "Nightly", Severity::Info), ("8", "", Severity::Error)]);
        assert!(tasks.iter().all(|task| task.consecutive_failures.is_none()));
    }

    #[test]
    fn the_mode_decides_what_is_kept_and_never_what_is_counted() {
        let all = read(ChecksMode::All, BODY);
        let none = read(ChecksMode::None, BODY);
        assert_eq!(all.counts, none.counts);
        assert_eq!((all.tasks.len(), none.tasks.len()), (7, 0));
        let second = all.tasks.get(1).expect("a task");
        assert_eq!((second.name.as_str(), second.state), ("two lines", CheckState::Passing));
        assert_eq!(second.severity, Severity::Warning);
        assert_eq!(all.tasks.get(5).map(|task| task.state), Some(CheckState::Unknown));
    }

    #[test]
    fn a_task_without_id_counts_and_one_that_is_listed_twice_once() {
        let read = read(ChecksMode::All, r#"[{"id":null,"task_result":{"status":"failing"}},{"id":2},{"id":2}]"#);
        assert_eq!((read.counts.failing, read.counts.pending, read.tasks.len()), (Some(1), Some(1), 1));
    }

    #[test]
    fn an_agent_without_tasks_has_none() {
        let DeviceTasks { counts, tasks } = read(ChecksMode::All, "[]");
        assert_eq!((counts.passing, counts.failing, counts.pending, tasks.len()), (Some(0), Some(0), Some(0), 0));
    }
}
