//! The truth about the N-sight account.

use jiff::Timestamp;
use jiff::civil::Date;

use super::chance::Chance;
use super::nsight_antivirus::{NsightQuarantined, NsightScan, NsightThreat};
use super::nsight_assets::{NsightAssets, NsightLicense};
use super::nsight_backup::{NsightSession, NsightSlot};
use super::nsight_definitions::NsightProduct;
use super::nsight_directory::NsightDirectory;
use super::nsight_outages::NsightOutage;
use super::nsight_performance::NsightPerformance;
use super::nsight_storage::NsightVolume;

/// The account's own time zone.
pub const ACCOUNT_ZONE: &str = "Europe/Berlin";

/// What an N-sight device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NsightKind {
    /// A server.
    Server,
    /// A workstation.
    Workstation,
    /// A phone or tablet.
    Mobile,
    /// An entry without agent among the workstations.
    Agentless,
}

/// What list_failing_checks says of a device as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Its report is missing.
    Overdue,
    /// It announced that it goes away.
    Offline,
    /// Its site does not answer.
    Unreachable,
}

/// A device's own trouble, apart from its checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which.
    pub kind: ProblemKind,
    /// Since when.
    pub since: Timestamp,
}

/// One N-sight device without its checks, histories and patches.
#[derive(Clone, Debug, PartialEq)]
pub struct NsightDevice {
    /// The device id.
    pub id: u64,
    /// Its client.
    pub client_id: u64,
    /// Its site.
    pub site_id: u64,
    /// What it is.
    pub kind: NsightKind,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Operating system; `os_type` and `role` follow from it.
    pub os: String,
    /// Agent version with dots; empty without agent.
    pub agent_version: String,
    /// Maker.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Installed memory, bytes.
    pub memory: u64,
    /// When it was installed.
    pub installed: Date,
    /// Last start of the machine.
    pub boot: Option<Timestamp>,
    /// Whether 24x7 checks are active.
    pub active_247: bool,
    /// Minutes between two 24x7 reports.
    pub check_interval: u64,
    /// Seconds that its local time is ahead of UTC.
    pub utc_offset: i32,
    /// Last 24x7 report.
    pub last_report: Option<Timestamp>,
    /// The field `online`: 1 for every workstation, whatever is true.
    pub online_flag: bool,
    /// The field `missed_247` (servers).
    pub missed: bool,
    /// What list_failing_checks says of it.
    pub problem: Option<Problem>,
    /// Element names of the features that are on.
    pub features: Vec<&'static str>,
    pub(super) chance: Chance,
    /// When it came, Unix ms; `None` for one that was always there.
    pub(super) since: Option<i64>,
    pub(super) silent_since: Option<i64>,
}

/// The local hour of daily checks.
const DAILY_HOUR: i64 = 7;

impl NsightDevice {
    /// When its daily checks ran last: some minutes after the hour where it stands, or later, when it was away then.
    #[must_use]
    pub fn daily_check(&self) -> Option<Timestamp> {
        let report = self.last_report?.as_second() + i64::from(self.utc_offset);
        let check = report.div_euclid(86_400) * 86_400 + DAILY_HOUR * 3_600 + i64::try_from(self.id % 600).unwrap_or(0);
        let check = if check > report { check - 86_400 } else { check };
        Timestamp::from_second(check - i64::from(self.utc_offset)).ok()
    }

    /// The last moment at which it could do anything, Unix ms.
    pub(super) fn awake_until(&self, at: Timestamp) -> i64 {
        self.silent_since.map_or(at.as_millisecond(), |since| since - 1_000)
    }

    /// Whether it had come by that time.
    pub(super) fn was_there(&self, at: i64) -> bool {
        self.since.is_none_or(|since| at >= since)
    }
}

/// One check or automated task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightCheck {
    /// The check id.
    pub id: u64,
    /// `check_type`.
    pub check_type: u32,
    /// `dsc_247`: 1 24x7, 2 daily, 3 task, 4 managed antivirus, 6 backup.
    pub class: u8,
    /// Description.
    pub description: String,
    /// `statusid`: 5 passed, 1 failed, 4 cleared, 0 not run, anything else unknown.
    pub status: u8,
    /// Failures in a row.
    pub consecutive_fails: u64,
    /// Last run; `None` = never.
    pub last_run: Option<Timestamp>,
    /// Since when it has failed, cleared or not; `None` while it passes.
    pub failing_since: Option<Timestamp>,
}

/// The daily history of one kind of check; no names and no days when the device has no such check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NsightHistory {
    /// Names of the checks.
    pub checks: Vec<String>,
    /// Days of the account's zone with their status word, in the order of the answer.
    pub days: Vec<(Date, &'static str)>,
}

/// One patch of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightPatch {
    /// The patch id.
    pub id: u64,
    /// Title.
    pub title: String,
    /// Product.
    pub product: &'static str,
    /// Severity label.
    pub severity: &'static str,
    /// `status`: 1 missing, 2 pending, 4 queued, 8 installed, 16 failed, 32 or 23 ignored, 64 reboot required, else unknown.
    pub status: u32,
    /// When it was installed.
    pub installed: Option<Timestamp>,
    /// When it came out.
    pub released: Timestamp,
}

/// A device with everything.
#[derive(Clone, Debug, PartialEq)]
pub struct NsightDeviceTruth {
    /// The device.
    pub device: NsightDevice,
    /// Its checks and tasks.
    pub checks: Vec<NsightCheck>,
    /// Its antivirus history.
    pub antivirus: NsightHistory,
    /// Its backup history.
    pub backup: NsightHistory,
    /// Its patches.
    pub patches: Vec<NsightPatch>,
    /// Threats of managed antivirus.
    pub threats: Vec<NsightThreat>,
    /// What is and was in quarantine.
    pub quarantine: Vec<NsightQuarantined>,
    /// Scans of managed antivirus.
    pub scans: Vec<NsightScan>,
    /// Sessions of Backup & Recovery.
    pub sessions: Vec<NsightSession>,
    /// What is chosen for backup.
    pub selection: Vec<NsightSlot>,
    /// Outages.
    pub outages: Vec<NsightOutage>,
    /// The last day in intervals of 15 minutes; `None` without a performance monitoring check.
    pub performance: Option<NsightPerformance>,
    /// Drives.
    pub drives: Vec<NsightVolume>,
    /// Exchange stores.
    pub stores: Vec<NsightVolume>,
    /// Hardware and software.
    pub assets: Option<NsightAssets>,
}

/// A client with the counts of list_clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightClient {
    /// The client id.
    pub id: u64,
    /// Name, may be empty.
    pub name: String,
    /// Own time zone; empty = the account's.
    pub timezone: &'static str,
    /// Servers.
    pub servers: u64,
    /// Workstations, without agentless entries.
    pub workstations: u64,
    /// Mobile devices.
    pub mobiles: u64,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightSite {
    /// The site id.
    pub id: u64,
    /// Its client.
    pub client_id: u64,
    /// Name.
    pub name: String,
    /// `connection_ok`.
    pub connection_ok: bool,
}

/// The account at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct NsightTruth {
    /// The account's time zone.
    pub time_zone: &'static str,
    /// Clients.
    pub clients: Vec<NsightClient>,
    /// Sites.
    pub sites: Vec<NsightSite>,
    /// Devices.
    pub devices: Vec<NsightDeviceTruth>,
    /// Licences of all clients.
    pub licenses: Vec<NsightLicense>,
    /// Directory users of every site.
    pub directory: Vec<NsightDirectory>,
    /// Antivirus products.
    pub definitions: Vec<NsightProduct>,
}
