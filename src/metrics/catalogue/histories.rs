//! Daily histories of the antivirus update check and the backup check.

use super::{Enumeration, Family, Scope, Section, Series, Source};
use crate::collector::Collector::{Antivirus, Backup};
use crate::fleet::{DayStatus, HistoryView};
use crate::metrics::samples::Samples;

const RESULTS: &[Enumeration] = &[Enumeration::full("status", &DayStatus::LABELS)];
const ANTIVIRUS: Family = Family {
    nsight: Source::new(&[Antivirus], &["list_av_history"]),
    ..Family::gauge(Section::Antivirus, Scope::Device)
};
const BACKUP: Family = Family {
    nsight: Source::new(&[Backup], &["list_backup_history"]),
    ..Family::gauge(Section::Backup, Scope::Device)
};

pub(super) static FAMILIES: [Family; 7] = [
    Family {
        name: "rmm_antivirus_up_to_date",
        meaning: "Whether the antivirus update check passed on the newest decided day (1) or not (0). A cleared or \
                  overdue day counts as 0; days without a run are skipped; without a decided day it is absent.",
        series: Series::Device(|device, out| out.put_known(&[], device.antivirus.and_then(|days| days.up_to_date))),
        ..ANTIVIRUS
    },
    Family {
        name: "rmm_antivirus_last_pass_timestamp_seconds",
        meaning: "End of the newest day on which the antivirus update check passed, in Unix time; the time of the \
                  poll while that day lasts.",
        series: Series::Device(|device, out| out.put_known(&[], device.antivirus.and_then(|days| days.last_pass))),
        ..ANTIVIRUS
    },
    Family {
        name: "rmm_antivirus_daily_results",
        meaning: "Days of the last 30 by result of the antivirus update check.",
        labels: &["status"],
        enumerations: RESULTS,
        series: Series::Device(|device, out| put_results(device.antivirus, out)),
        ..ANTIVIRUS
    },
    Family {
        name: "rmm_backup_up_to_date",
        meaning: "Whether the backup check passed on the newest decided day (1) or not (0). A cleared or overdue day \
                  counts as 0; days without a run are skipped; without a decided day it is absent.",
        series: Series::Device(|device, out| out.put_known(&[], device.backup.and_then(|days| days.up_to_date))),
        ..BACKUP
    },
    Family {
        name: "rmm_backup_last_pass_timestamp_seconds",
        meaning: "End of the newest day on which the backup check passed, in Unix time; the time of the poll while \
                  that day lasts.",
        series: Series::Device(|device, out| out.put_known(&[], device.backup.and_then(|days| days.last_pass))),
        ..BACKUP
    },
    Family {
        name: "rmm_backup_consecutive_failures",
        meaning: "Newest days with a result in a row on which the backup check failed or was overdue.",
        series: Series::Device(|device, out| {
            out.put_known(&[], device.backup.and_then(|days| days.consecutive_failures));
        }),
        ..BACKUP
    },
    Family {
        name: "rmm_backup_daily_results",
        meaning: "Days of the last 30 by result of the backup check.",
        labels: &["status"],
        enumerations: RESULTS,
        series: Series::Device(|device, out| put_results(device.backup, out)),
        ..BACKUP
    },
];

fn put_results(history: Option<HistoryView>, out: &mut Samples<'_, '_>) {
    if let Some(results) = history.and_then(|days| days.daily_results) {
        for (status, days) in DayStatus::LABELS.into_iter().zip(results) {
            out.put(&[("status", status)], days);
        }
    }
}
