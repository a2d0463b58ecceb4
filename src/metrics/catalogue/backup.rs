//! Backup: whether it is up to date, and the sessions of the platform's own backup.

use super::histories::{MAPPED, RESULTS, put_results};
use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector::{Backup, BackupSelection, BackupSessions};
use crate::fleet::{DeviceView, Session, SessionStatus};
use crate::metrics::samples::{Samples, Value};

const HISTORY: Family = Family {
    nsight: Source::new(&[Backup], &["list_backup_history"]),
    ..Family::gauge(Section::Backup, Scope::Device)
};
const SESSION: Family = Family {
    labels: &["plugin"],
    nsight: Source::new(&[BackupSessions], &["list_mob_sessions"]),
    ..Family::gauge(Section::Backup, Scope::Device)
};

pub(super) static FAMILIES: [Family; 12] = [
    Family {
        name: "rmm_backup_up_to_date",
        meaning: "Whether the backup is up to date (1) or not (0). On N-sight: whether its check passed on the newest \
                  decided day; a cleared or overdue day counts as 0, days without a run are skipped, and without a \
                  decided day it is absent. On Tactical RMM: by the checks and custom fields that are mapped.",
        tactical: MAPPED,
        series: Series::Device(|device, out| out.put_known(&[], device.backup.and_then(|days| days.up_to_date))),
        ..HISTORY
    },
    Family {
        name: "rmm_backup_last_pass_timestamp_seconds",
        meaning: "When the backup last succeeded, in Unix time. On N-sight: end of the newest day on which its check \
                  passed; the time of the poll while that day lasts. On Tactical RMM: last run of the mapped check while \
                  it passes, or the mapped date field.",
        tactical: MAPPED,
        series: Series::Device(|device, out| out.put_known(&[], device.backup.and_then(|days| days.last_pass))),
        ..HISTORY
    },
    Family {
        name: "rmm_backup_consecutive_failures",
        meaning: "Newest days with a result in a row on which the backup check failed or was overdue.",
        series: Series::Device(|device, out| {
            out.put_known(&[], device.backup.and_then(|days| days.consecutive_failures));
        }),
        ..HISTORY
    },
    Family {
        name: "rmm_backup_daily_results",
        meaning: "Days of the last 30 by result of the backup check.",
        labels: &["status"],
        enumerations: RESULTS,
        series: Series::Device(|device, out| put_results(device.backup, out)),
        ..HISTORY
    },
    Family {
        name: "rmm_backup_session_last_success_timestamp_seconds",
        meaning: "When the newest completed backup session of the plugin ended, in Unix time.",
        series: Series::Device(|device, out| {
            for sessions in device.readings.sessions.iter().flat_map(|sessions| sessions.iter()) {
                out.put_known(&[("plugin", sessions.plugin.as_str())], sessions.last_success);
            }
        }),
        ..SESSION
    },
    Family {
        name: "rmm_backup_session_last_status",
        meaning: "How the newest backup session of the plugin ended: 1 for its status, 0 for the others.",
        labels: &["plugin", "status"],
        enumerations: &[Enumeration::full("status", &SessionStatus::LABELS)],
        series: Series::Device(|device, out| {
            for sessions in device.readings.sessions.iter().flat_map(|sessions| sessions.iter()) {
                let Some(last) = sessions.newest.status else { continue };
                for (index, status) in SessionStatus::LABELS.into_iter().enumerate() {
                    out.put(&[("plugin", sessions.plugin.as_str()), ("status", status)], index == last as usize);
                }
            }
        }),
        ..SESSION
    },
    Family {
        name: "rmm_backup_session_last_duration_seconds",
        meaning: "How long the newest backup session of the plugin took.",
        series: Series::Device(|device, out| newest(device, out, |session| session.duration.map(Value::from))),
        ..SESSION
    },
    Family {
        name: "rmm_backup_session_last_transferred_bytes",
        meaning: "What the newest backup session of the plugin sent, in bytes.",
        series: Series::Device(|device, out| newest(device, out, |session| session.transferred_bytes.map(Value::from))),
        ..SESSION
    },
    Family {
        name: "rmm_backup_session_last_selected_bytes",
        meaning: "What was selected for the newest backup session of the plugin, in bytes.",
        series: Series::Device(|device, out| newest(device, out, |session| session.selected_bytes.map(Value::from))),
        ..SESSION
    },
    Family {
        name: "rmm_backup_session_last_processed_bytes",
        meaning: "What the newest backup session of the plugin read because it had changed, in bytes.",
        series: Series::Device(|device, out| newest(device, out, |session| session.processed_bytes.map(Value::from))),
        ..SESSION
    },
    Family {
        name: "rmm_backup_session_last_errors",
        meaning: "Errors of the newest backup session of the plugin.",
        series: Series::Device(|device, out| newest(device, out, |session| session.errors.map(Value::from))),
        ..SESSION
    },
    Family {
        name: "rmm_backup_selected_bytes",
        meaning: "What is selected for backup on the device this month, in bytes.",
        labels: &["plugin"],
        nsight: Source::new(&[BackupSelection], &["mob/mob_list_selection_size"]),
        series: Series::Device(|device, out| {
            for selection in device.readings.selection.iter().flat_map(|selection| selection.iter()) {
                out.put(&[("plugin", selection.plugin.as_str())], selection.bytes);
            }
        }),
        ..Family::gauge(Section::Backup, Scope::Device)
    },
];

/// A value of the newest session of each plugin.
fn newest(device: &DeviceView, out: &mut Samples<'_, '_>, value: impl Fn(&Session) -> Option<Value>) {
    for sessions in device.readings.sessions.iter().flat_map(|sessions| sessions.iter()) {
        out.put_known(&[("plugin", sessions.plugin.as_str())], value(&sessions.newest));
    }
}
