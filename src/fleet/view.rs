//! What is true of an account at one moment: every list merged, stale parts left out, every decision taken.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{
    AntivirusProduct, ClientKey, DeviceId, DeviceRecord, KindCounts, Label, Lacking, License, OpenAlerts, PatchCounts,
    Readings, ServerState, Severity, SiteKey, StatusCounts,
};

/// An account at one moment. Ordered by names, then ids, so that the same fleet gives the same text.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Clients.
    pub clients: Vec<ClientView>,
    /// Sites.
    pub sites: Vec<SiteView>,
    /// Devices.
    pub devices: Vec<DeviceView>,
    /// When antivirus products released their newest definitions, by product id (N-sight).
    pub antivirus_definitions: Vec<(Label, Timestamp)>,
    /// The server itself (Tactical RMM).
    pub server: Option<ServerState>,
    /// Open alerts (Tactical RMM).
    pub alerts: Option<OpenAlerts>,
    /// The account's time zone, once known (N-sight).
    pub time_zone: Option<TimeZone>,
    /// The antivirus products that the platform knows, once known (N-sight).
    pub antivirus_products: Option<Arc<[AntivirusProduct]>>,
    /// Devices that need not be asked for a history (N-sight); only in what is known, for the plan.
    pub lacking: Lacking,
    /// Records that named an object which the same answer had named before; the first one counts.
    pub duplicates: u64,
    /// When the next part of it goes stale; `None` when nothing can.
    pub valid_until: Option<Timestamp>,
}

/// A client.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientView {
    /// What device lists call it.
    pub key: ClientKey,
    /// The `client_id` label.
    pub id: Label,
    /// The `client` label.
    pub name: Label,
    /// Its own time zone, where the platform has such a field; may be empty.
    pub timezone: Option<Label>,
    /// Its devices by kind; a kind that cannot be told is `None`.
    pub devices: KindCounts,
    /// Its software licences (N-sight).
    pub licenses: Option<Arc<[License]>>,
}

/// A site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteView {
    /// What device lists call it.
    pub key: SiteKey,
    /// What device lists call its client.
    pub client_key: ClientKey,
    /// The `client_id` label.
    pub client_id: Label,
    /// The `client` label.
    pub client: Label,
    /// The `site_id` label.
    pub id: Label,
    /// The `site` label.
    pub name: Label,
    /// Whether its connection answers (N-sight).
    pub connection_up: Option<bool>,
    /// Users in its directory by [`super::DirectoryStatus::LABELS`] (N-sight).
    pub directory_users: Option<[u64; 6]>,
}

/// A device with everything that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceView {
    /// Its id.
    pub id: DeviceId,
    /// The `client` label: the client list's name for it.
    pub client: Label,
    /// The `site` label: the site list's name for it.
    pub site: Label,
    /// The merged record. Its `name` is the `device` label; `checks`, `tasks`, `online`, `overdue` and
    /// `reboot_required` are decided from all data at hand.
    pub record: DeviceRecord,
    /// Checks that are series.
    pub checks: Vec<CheckSeries>,
    /// Tasks that are series.
    pub tasks: Vec<TaskSeries>,
    /// Antivirus history.
    pub antivirus: Option<HistoryView>,
    /// Backup history.
    pub backup: Option<HistoryView>,
    /// Updates.
    pub patches: Option<PatchCounts>,
    /// Whether a performance monitoring check runs on it; `None` while its checks were not read (N-sight).
    pub performance_monitored: Option<bool>,
    /// Everything else.
    pub readings: Readings,
}

/// One check as series: each field that is `Some` is one series.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSeries {
    /// The `check_id` label.
    pub id: Label,
    /// The `check` label.
    pub name: Label,
    /// The `check_type` label.
    pub check_type: Cow<'static, str>,
    /// The `severity` label of `rmm_check_failing`.
    pub severity: Severity,
    /// `rmm_check_failing`.
    pub failing: Option<bool>,
    /// `rmm_check_cleared`.
    pub cleared: Option<bool>,
    /// `rmm_check_consecutive_failures`.
    pub consecutive_failures: Option<u64>,
    /// `rmm_check_last_run_timestamp_seconds`.
    pub last_run: Option<Timestamp>,
}

/// One task as series.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSeries {
    /// The `task_id` label.
    pub id: Label,
    /// The `task` label.
    pub name: Label,
    /// The `severity` label of `rmm_task_failing`.
    pub severity: Severity,
    /// `rmm_task_failing`.
    pub failing: bool,
    /// `rmm_task_consecutive_failures`.
    pub consecutive_failures: Option<u64>,
}

/// A daily history, judged in the account's time zone at the time of its poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryView {
    /// `rmm_*_up_to_date`.
    pub up_to_date: Option<bool>,
    /// `rmm_*_last_pass_timestamp_seconds`; `None` also while the time zone is unknown.
    pub last_pass: Option<Timestamp>,
    /// `rmm_backup_consecutive_failures`.
    pub consecutive_failures: Option<u64>,
    /// `rmm_*_daily_results` by [`super::DayStatus::LABELS`]; `None` while the time zone is unknown.
    pub daily_results: Option<[u64; 6]>,
}

/// Checks or tasks by status, as `(status, count)` for the statuses that the data can tell.
pub fn known_statuses(counts: &StatusCounts) -> impl Iterator<Item = (&'static str, u64)> {
    [("passing", counts.passing), ("failing", counts.failing), ("cleared", counts.cleared), ("pending", counts.pending)]
        .into_iter()
        .filter_map(|(status, count)| Some((status, count?)))
}
