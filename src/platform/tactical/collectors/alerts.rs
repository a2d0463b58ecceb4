//! Collector `alerts`: `/alerts/`.

use super::super::call::Call;
use super::super::decode::{Decoder, all_records};
use super::super::notices::Notices;
use super::super::wire::alerts::Alert;
use super::super::wire::array::ArrayError;
use super::severity;
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{AlertKind, OpenAlerts};
use crate::planner::{Priority, Want};

/// The call.
pub fn wants(config: CollectorConfig) -> impl Iterator<Item = Want<Call>> {
    let (collector, interval, priority) = (Collector::Alerts, config.interval, Priority::Inventory);
    std::iter::once(Want { call: Call::Alerts, collector, interval, priority, after: None })
}

/// Counts open alerts. The call asks for those that are neither resolved nor snoozed; should the server name others, they are
/// still not open. One with a word that this version does not know counts nowhere: any place would be a wrong one.
pub fn decode(decoder: &Decoder, call: &Call, body: &str) -> Result<OpenAlerts, ArrayError> {
    let mut open = OpenAlerts::default();
    all_records(call, body, |alert: Alert<'_>| {
        if [alert.hidden, alert.resolved, alert.snoozed].contains(&Some(true)) {
            return;
        }
        let severity = severity(&decoder.notices, Some(&alert.severity));
        if let (Some(severity), Some(kind)) = (severity, kind(&decoder.notices, &alert.alert_type)) {
            open.count(severity, kind);
        }
    })?;
    Ok(open)
}

fn kind(notices: &Notices, word: &str) -> Option<AlertKind> {
    match word {
        "availability" => Some(AlertKind::Availability),
        "check" => Some(AlertKind::Check),
        "task" => Some(AlertKind::Task),
        "custom" => Some(AlertKind::Custom),
        word => {
            notices.unknown_word("alert type", word);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ChecksMode;

    fn read(body: &str) -> Result<Vec<(&'static str, &'static str, u64)>, ArrayError> {
        let open = decode(&Decoder::new("test", ChecksMode::Failing), &Call::Alerts, body)?;
        Ok(open.all().filter(|(.., count)| *count > 0).collect())
    }

    #[test]
    fn open_alerts_by_severity_and_kind() {
        let alerts = r#"[
            {"severity":"error","alert_type":"check","hidden":false,"resolved":false,"snoozed":false,"hostname":"PC"},
            {"severity":"error","alert_type":"check","hidden":null,"resolved":"no"},
            {"severity":"error","alert_type":"task"},
            {"severity":"warning","alert_type":"availability"},
            {"severity":"info","alert_type":"custom","agent":null}
        ]"#;
        let expected =
            [("error", "check", 2), ("error", "task", 1), ("warning", "availability", 1), ("info", "custom", 1)];
        assert_eq!(read(alerts), Ok(expected.to_vec()));
    }

    #[test]
    fn what_is_not_open_or_not_known_counts_nowhere() {
        let alerts = r#"[
            {"severity":"error","alert_type":"check","hidden":true},
            {"severity":"error","alert_type":"check","resolved":true},
            {"severity":"error","alert_type":"check","snoozed":true},
            {"severity":"dire","alert_type":"check"},
            {"severity":"error","alert_type":"rumour"},
            {"severity":"info","alert_type":"task"}
        ]"#;
        assert_eq!(read(alerts), Ok(vec![("info", "task", 1)]));
    }

    #[test]
    fn alerts_that_cannot_be_read_leave_no_count() {
        let good = r#"{"severity":"error","alert_type":"check"}"#;
        for bad in [r#"{"severity":null,"alert_type":"check"}"#, r#"{"severity":"error"}"#, "[]", "7"] {
            let error = read(&format!("[{good},{bad}]"));
            assert!(matches!(error, Err(ArrayError::SomeBad { bad: 1, total: 2, .. })), "{bad}: {error:?}");
        }
    }

    #[test]
    fn none_is_zero_and_no_list_is_an_error() {
        let open = decode(&Decoder::new("test", ChecksMode::Failing), &Call::Alerts, "[]").expect("a list");
        let all: Vec<_> = open.all().collect();
        assert_eq!((all.len(), all.iter().map(|(.., count)| count).sum::<u64>()), (12, 0));
        assert_eq!(read(r#"{"alerts_count":13,"alerts":[]}"#), Err(ArrayError::NotAnArray));
        assert!(matches!(read(r#"[{"id":1},{"id":2}]"#), Err(ArrayError::AllBad { total: 2, .. })));
    }
}
