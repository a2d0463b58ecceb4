//! The exporter's own metrics.

use super::{Enumeration, Family, MetricType, Scope, Section, Series};
use crate::metrics::{REVISION, RUSTC, VERSION};
use crate::planner::Outcome;

const OUTCOMES: [&str; Outcome::ALL.len()] = {
    let mut names = [""; Outcome::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        // Evaluated by the compiler: an index out of bounds would not build.
        #[allow(clippy::indexing_slicing)]
        {
            names[index] = Outcome::ALL[index].name();
        }
        index += 1;
    }
    names
};

const EXPORTER: Family = Family::gauge(Section::Exporter, Scope::Exporter);
const ACCOUNT: Family = Family::gauge(Section::Exporter, Scope::Account);
const COLLECTOR: Family = Family::gauge(Section::Exporter, Scope::Collector);

pub(super) static FAMILIES: [Family; 32] = [
    Family {
        name: "rmm_exporter_build_info",
        meaning: "What this exporter was built from; always 1.",
        labels: &["version", "revision", "rustc"],
        series: Series::Exporter(|_, out| {
            out.put(&[("version", VERSION), ("revision", REVISION), ("rustc", RUSTC)], true);
        }),
        ..EXPORTER
    },
    Family {
        name: "rmm_account_info",
        meaning: "A configured account with the host name of its server and the address of its console; always 1.",
        labels: &["server", "console_url"],
        series: Series::Account(|account, out| {
            let status = &account.status;
            out.put(&[("server", &status.server), ("console_url", &status.console_url)], true);
        }),
        ..ACCOUNT
    },
    Family {
        name: "rmm_up",
        meaning: "Whether the last finished attempt of list_clients (N-sight) or /agents/ (Tactical RMM) succeeded \
                  (1) or \
                  not (0).",
        series: Series::Account(|account, out| out.put(&[], account.status.up)),
        ..ACCOUNT
    },
    Family {
        name: "rmm_collector_success",
        meaning: "0 while the last attempt of any planned call of the collector failed or had records that cannot be read, \
                  else 1; also 1 while there is nothing to ask, as before the first inventory.",
        series: Series::Report(|report, out| out.put(&[], report.success)),
        ..COLLECTOR
    },
    Family {
        name: "rmm_collector_last_success_timestamp_seconds",
        meaning: "When a call of the collector last succeeded, in Unix time.",
        series: Series::Report(|report, out| out.put_known(&[], report.last_success)),
        ..COLLECTOR
    },
    Family {
        name: "rmm_collector_last_duration_seconds",
        meaning: "Wall time of the last finished run or sweep of the collector.",
        series: Series::Report(|report, out| out.put_known(&[], report.last_duration)),
        ..COLLECTOR
    },
    Family {
        name: "rmm_collector_interval_seconds",
        meaning: "Configured interval of the collector.",
        series: Series::Report(|report, out| out.put(&[], report.interval)),
        ..COLLECTOR
    },
    Family {
        name: "rmm_collector_targets",
        meaning: "Calls in one full sweep of the collector; 0 while there is nothing to ask.",
        series: Series::Report(|report, out| out.put(&[], report.targets)),
        ..COLLECTOR
    },
    Family {
        name: "rmm_collector_targets_fresh",
        meaning: "Calls of the collector whose data are not stale.",
        series: Series::Report(|report, out| out.put(&[], report.fresh)),
        ..COLLECTOR
    },
    Family {
        name: "rmm_collector_targets_failed",
        meaning: "Calls of the collector that failed at their last attempt.",
        series: Series::Report(|report, out| out.put(&[], report.failed)),
        ..COLLECTOR
    },
    Family {
        name: "rmm_api_requests_total",
        metric_type: MetricType::Counter,
        meaning: "API calls by outcome.",
        labels: &["call", "outcome"],
        enumerations: &[Enumeration::of("outcome", &OUTCOMES)],
        series: Series::Account(|account, out| {
            for (call, metrics) in &account.calls {
                for (outcome, count) in &metrics.outcomes {
                    out.put_counter(&[("call", call), ("outcome", outcome.name())], *count);
                }
            }
        }),
        ..ACCOUNT
    },
    Family {
        name: "rmm_api_request_duration_seconds",
        metric_type: MetricType::Histogram,
        meaning: "Duration of API calls.",
        labels: &["call"],
        series: Series::Account(|account, out| {
            for (call, metrics) in &account.calls {
                out.put_histogram(&[("call", call)], metrics.seconds, &metrics.bounded_buckets());
            }
        }),
        ..ACCOUNT
    },
    Family {
        name: "rmm_api_response_bytes_total",
        metric_type: MetricType::Counter,
        meaning: "Bytes of API answers, decompressed.",
        labels: &["call"],
        series: Series::Account(|account, out| {
            for (call, metrics) in &account.calls {
                out.put_counter(&[("call", call)], metrics.bytes);
            }
        }),
        ..ACCOUNT
    },
    Family {
        name: "rmm_api_min_interval_seconds",
        meaning: "Enforced floor between two identical API calls.",
        series: Series::Account(|account, out| out.put(&[], account.status.min_interval)),
        ..ACCOUNT
    },
    Family {
        name: "rmm_api_budget_per_minute",
        meaning: "Enforced ceiling of API calls in any minute.",
        series: Series::Account(|account, out| out.put(&[], account.status.budget_per_minute)),
        ..ACCOUNT
    },
    Family {
        name: "rmm_api_queue_length",
        meaning: "API calls that are due and wait: for budget, a free place or the end of a pause.",
        series: Series::Account(|account, out| out.put(&[], account.status.queue_length)),
        ..ACCOUNT
    },
    Family {
        name: "rmm_api_oldest_due_seconds",
        meaning: "How late the most overdue API call is; 0 when none waits.",
        series: Series::Account(|account, out| out.put(&[], account.status.oldest_due)),
        ..ACCOUNT
    },
    Family {
        name: "rmm_api_backoff_until_timestamp_seconds",
        meaning: "Until when no API call is made, in Unix time; present only while the account is backing off.",
        series: Series::Account(|account, out| out.put_known(&[], account.status.backoff_until)),
        ..ACCOUNT
    },
    Family {
        name: "rmm_exporter_series",
        meaning: "Fleet series exposed for the account.",
        series: Series::Account(|account, out| out.put(&[], account.series)),
        ..ACCOUNT
    },
    Family {
        name: "rmm_exporter_series_dropped",
        meaning: "Fleet series of the account that are missing: those of whole families that are withheld because there \
                  are more than max_series, and duplicates; 0 normally.",
        series: Series::Account(|account, out| out.put(&[], account.dropped)),
        ..ACCOUNT
    },
    Family {
        name: "rmm_exporter_state_write_success",
        meaning: "Whether what the account learns is written to the state directory (1), or kept in memory only because \
                  writing failed (0); absent without a state directory.",
        series: Series::Account(|account, out| out.put_known(&[], account.status.state.map(|state| state.writing))),
        ..ACCOUNT
    },
    Family {
        name: "rmm_exporter_state_written_bytes_total",
        metric_type: MetricType::Counter,
        meaning: "Bytes written to the state directory for the account.",
        series: Series::Account(|account, out| {
            if let Some(state) = account.status.state {
                out.put_counter(&[], state.written);
            }
        }),
        ..ACCOUNT
    },
    Family {
        name: "rmm_exporter_state_size_bytes",
        meaning: "Size of the account's file in the state directory.",
        series: Series::Account(|account, out| out.put_known(&[], account.status.state.map(|state| state.size))),
        ..ACCOUNT
    },
    Family {
        name: "rmm_exporter_render_duration_seconds",
        meaning: "Time it took to render the fleet of the account that changed last.",
        series: Series::Exporter(|own, out| out.put_known(&[], own.render_duration)),
        ..EXPORTER
    },
    Family {
        name: "rmm_exporter_config_last_reload_success",
        meaning: "Whether the configuration was good the last time it was read (1) or not (0).",
        series: Series::Exporter(|own, out| out.put_known(&[], own.reload.map(|reload| reload.success))),
        ..EXPORTER
    },
    Family {
        name: "rmm_exporter_config_last_reload_success_timestamp_seconds",
        meaning: "When a good configuration was last read, in Unix time.",
        series: Series::Exporter(|own, out| out.put_known(&[], own.reload.and_then(|reload| reload.last_success))),
        ..EXPORTER
    },
    Family {
        name: "rmm_exporter_tasks",
        meaning: "Tasks that the exporter works on: accounts, listeners, API calls under way, connections.",
        series: Series::Exporter(|own, out| out.put_known(&[], own.tasks)),
        ..EXPORTER
    },
    Family {
        name: "process_cpu_seconds_total",
        metric_type: MetricType::Counter,
        meaning: "User and system CPU time of the process.",
        series: Series::Exporter(|own, out| {
            if let Some(process) = &own.process {
                out.put_counter(&[], process.cpu_seconds);
            }
        }),
        ..EXPORTER
    },
    Family {
        name: "process_resident_memory_bytes",
        meaning: "Resident memory of the process.",
        series: Series::Exporter(|own, out| out.put_known(&[], own.process.map(|process| process.resident_bytes))),
        ..EXPORTER
    },
    Family {
        name: "process_open_fds",
        meaning: "Open file descriptors of the process.",
        series: Series::Exporter(|own, out| out.put_known(&[], own.process.and_then(|process| process.open_files))),
        ..EXPORTER
    },
    Family {
        name: "process_max_fds",
        meaning: "Most file descriptors that the process may open.",
        series: Series::Exporter(|own, out| out.put_known(&[], own.process.and_then(|process| process.max_files))),
        ..EXPORTER
    },
    Family {
        name: "process_start_time_seconds",
        meaning: "When the process started, in Unix time.",
        series: Series::Exporter(|own, out| out.put_known(&[], own.process.map(|process| process.start_seconds))),
        ..EXPORTER
    },
];
