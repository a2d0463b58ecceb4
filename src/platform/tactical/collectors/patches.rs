//! Collector `patches`: `/winupdate/{id}/`.

use std::collections::HashSet;

use super::super::call::Call;
use super::super::decode::{Decoder, all_records};
use super::super::wire::array::ArrayError;
use super::super::wire::updates::WindowsUpdate;
use super::sweep;
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{OsFamily, PatchCounts, PatchSeverity, PatchStatus, View};
use crate::planner::{ReadCall, Want};

/// One call for each Windows agent; the others have no updates.
pub fn wants(config: CollectorConfig, known: &View) -> impl Iterator<Item = Want<Call>> {
    let windows = |device: &crate::fleet::DeviceView| {
        device.record.info.as_ref().is_some_and(|info| info.os_family == OsFamily::Windows)
    };
    sweep(Collector::Patches, config, known, windows, Call::AgentUpdates)
}

/// Counts the updates. An empty list is an agent that never reported any: `None`, not zeros.
pub fn decode(decoder: &Decoder, call: &Call, body: &str) -> Result<Option<PatchCounts>, ArrayError> {
    let (mut counts, mut seen, mut repeated) = (None, HashSet::new(), 0);
    all_records(call, body, |update: WindowsUpdate<'_>| {
        if update.id.is_some_and(|id| !seen.insert(id)) {
            repeated += 1;
            return;
        }
        let severity = PatchSeverity::from_label(update.severity.as_deref().unwrap_or_default());
        counts.get_or_insert_with(PatchCounts::default).count(status(&update), severity);
    })?;
    decoder.notices.repeated_records(call.name(), repeated);
    Ok(counts)
}

/// Installed goes before everything: what was decided about an update that is installed means nothing. An ignored one
/// stays ignored when it failed earlier.
fn status(update: &WindowsUpdate<'_>) -> PatchStatus {
    match (update.installed, update.action.as_deref(), update.result.as_deref()) {
        (None, _, _) => PatchStatus::Unknown,
        (Some(true), _, _) => PatchStatus::Installed,
        (_, Some("ignore"), _) => PatchStatus::Ignored,
        (_, _, Some("failed")) => PatchStatus::Failed,
        (_, Some("approve"), _) => PatchStatus::Pending,
        _ => PatchStatus::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ChecksMode;
    use crate::fleet::DeviceId;

    fn read(body: &str) -> Result<Option<PatchCounts>, ArrayError> {
        decode(&Decoder::new("test", ChecksMode::Failing), &Call::AgentUpdates(DeviceId::new("a")), body)
    }

    fn status_of(fields: &str) -> &'static str {
        let counts = read(&format!("[{{{fields}}}]")).expect("a list").expect("counts");
        let index = counts.by_status.iter().position(|count| *count == 1).expect("one");
        PatchStatus::LABELS[index]
    }

    #[test]
    fn precedence() {
        for (fields, status) in [
            (r#""installed":true,"action":"ignore","result":"failed""#, "installed"),
            (r#""installed":true,"action":null,"result":null"#, "installed"),
            (r#""installed":false,"action":"ignore","result":"failed""#, "ignored"),
            (r#""installed":false,"action":"approve","result":"failed""#, "failed"),
            (r#""installed":false,"action":"approve","result":"n/a""#, "pending"),
            (r#""installed":false,"action":"nothing","result":"n/a""#, "missing"),
            (r#""installed":false,"action":"inherit","result":"success""#, "missing"),
            (r#""installed":false,"action":"postpone""#, "missing"),
            (r#""installed":false"#, "missing"),
            (r#""installed":null,"action":"approve""#, "unknown"),
            (r#""installed":"false""#, "unknown"),
        ] {
            assert_eq!(status_of(fields), status, "{fields}");
        }
    }

    #[test]
    fn severities_of_what_is_outstanding() {
        let rows = ["Critical", "CRITICAL", "Important", "Moderate", "low", "", "Severe"];
        let open = |word: &str| format!(r#"{{"installed":false,"action":"nothing","severity":"{word}"}}"#);
        let mut rows: Vec<String> = rows.into_iter().map(open).collect();
        rows.push(r#"{"installed":false,"severity":null}"#.to_owned());
        rows.push(r#"{"installed":true,"severity":"Critical"}"#.to_owned());
        rows.push(r#"{"installed":false,"action":"ignore","severity":"Critical"}"#.to_owned());
        rows.push(r#"{"installed":null,"severity":"Critical"}"#.to_owned());
        let counts = read(&format!("[{}]", rows.join(","))).expect("a list").expect("counts");
        assert_eq!(counts.outstanding, [2, 1, 1, 1, 3]);
        assert_eq!(counts.by_status, [8, 0, 0, 1, 0, 1, 0, 1]);
        assert_eq!((counts.last_installed, counts.reboot_required), (None, None));
    }

    #[test]
    fn an_update_that_is_listed_twice_counts_once() {
        let counts =
            read(r#"[{"id":1,"installed":true},{"id":1,"installed":false},{"installed":true},{"installed":true}]"#);
        assert_eq!(counts.expect("a list").expect("counts").by_status, [0, 0, 0, 3, 0, 0, 0, 0]);
    }

    #[test]
    fn an_empty_list_is_no_list_and_a_bad_one_is_an_error() {
        assert_eq!(read("[]"), Ok(None));
        assert!(matches!(read("[[], 7]"), Err(ArrayError::AllBad { total: 2, .. })));
    }
}
