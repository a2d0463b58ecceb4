//! Devices: servers, workstations, mobile devices.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AntivirusEngine, ClientKey, CustomField, Label, SiteKey, StatusCounts};
use super::{encoding, shared_text};

/// A device's id, unique within an account: N-sight's number, Tactical RMM's `agent_id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeviceId(#[serde(deserialize_with = "shared_text::text")] pub Arc<str>);

impl DeviceId {
    /// The id as the platform writes it.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }
}

/// What sort of machine a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A server.
    Server,
    /// A workstation.
    Workstation,
    /// A phone or tablet (N-sight only).
    Mobile,
}

impl Kind {
    /// Every kind, in the order of the catalogue.
    pub const ALL: [Self; 3] = [Self::Server, Self::Workstation, Self::Mobile];

    /// The `kind` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Workstation => "workstation",
            Self::Mobile => "mobile",
        }
    }
}

/// Operating system family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OsFamily {
    /// Microsoft Windows.
    Windows,
    /// Linux and other Unixes.
    Linux,
    /// Apple macOS.
    MacOs,
    /// Anything else, and unknown.
    Other,
}

impl OsFamily {
    /// The `os_family` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::MacOs => "macos",
            Self::Other => "other",
        }
    }
}

/// A feature of N-sight that can be switched on for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Feature {
    /// Remote control.
    TakeControl,
    /// Patch management.
    Patch,
    /// Managed antivirus, either engine.
    ManagedAntivirus,
    /// Backup and recovery.
    Backup,
    /// Web protection.
    WebProtection,
    /// Risk intelligence.
    RiskIntelligence,
}

impl Feature {
    /// The `feature` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TakeControl => "take_control",
            Self::Patch => "patch",
            Self::ManagedAntivirus => "managed_antivirus",
            Self::Backup => "backup",
            Self::WebProtection => "web_protection",
            Self::RiskIntelligence => "risk_intelligence",
        }
    }
}

/// What `rmm_device_info` shows. Empty labels are fields that the platform left empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Operating system, as the platform writes it.
    pub os: Label,
    /// Its family.
    pub os_family: OsFamily,
    /// Version of the RMM agent, with dots.
    pub agent_version: Label,
    /// Maker of the machine.
    pub manufacturer: Label,
    /// Model of the machine.
    pub model: Label,
}

/// One device as one list names it. Several lists may name the same device (N-sight needs two); the store lays their
/// records over each other, the newest first. `None` is "this list does not say", never "no".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// Its id.
    pub id: DeviceId,
    /// Its name; the `device` label.
    pub name: Label,
    /// Server, workstation or mobile device.
    pub kind: Option<Kind>,
    /// Its client.
    pub client: ClientKey,
    /// The client's name as this list gives it; used while the client list does not know the client. `None` where the
    /// list has no names.
    pub client_name: Option<Label>,
    /// Its site.
    pub site: SiteKey,
    /// The site's name as this list gives it; used while the site list does not know the site.
    pub site_name: Option<Label>,
    /// Operating system, agent, make and model.
    pub info: Option<DeviceInfo>,
    /// An entry without agent (no 24x7 checks, no daily check, never reported): it has info only and causes no calls.
    pub agentless: Option<bool>,
    /// Whether the device is online by what this list says, decided when the answer arrived.
    pub online: Option<bool>,
    /// Whether its report is overdue, decided when the answer arrived.
    pub overdue: Option<bool>,
    /// Last contact.
    #[serde(with = "encoding::optional_time")]
    pub last_seen: Option<Timestamp>,
    /// Last start of the machine.
    #[serde(with = "encoding::optional_time")]
    pub boot: Option<Timestamp>,
    /// Interval of its 24x7 checks.
    pub check_interval: Option<Duration>,
    /// Maintenance mode (Tactical RMM).
    pub maintenance: Option<bool>,
    /// Whether it waits for a restart (Tactical RMM; N-sight tells by its patches).
    pub reboot_required: Option<bool>,
    /// Installed memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Features that are switched on (N-sight).
    pub features: Option<Vec<Feature>>,
    /// The engine of its managed antivirus, where that is switched on (N-sight).
    pub antivirus_engine: Option<AntivirusEngine>,
    /// How many seconds its clock is ahead of UTC (N-sight).
    pub utc_offset: Option<i32>,
    /// When its daily checks ran last (N-sight).
    #[serde(with = "encoding::optional_time")]
    pub daily_check: Option<Timestamp>,
    /// Its custom fields, where a mapping looks at them (Tactical RMM).
    pub custom_fields: Option<Arc<[CustomField]>>,
    /// Pending actions (Tactical RMM).
    pub pending_actions: Option<u64>,
    /// Whether an approved update is not installed (Tactical RMM).
    pub patches_pending: Option<bool>,
    /// Checks by status, as the list counts them.
    pub checks: Option<StatusCounts>,
    /// Every counter that the list gives of the checks, in its own order: they are only compared, to tell that a check
    /// changed (Tactical RMM).
    pub check_counters: Option<[u64; 5]>,
    /// Automated tasks by status, as the list counts them.
    pub tasks: Option<StatusCounts>,
}

impl DeviceRecord {
    /// Whether a feature is known to be switched on.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.features.as_ref().is_some_and(|features| features.contains(&feature))
    }

    /// A record that says nothing but who and where the device is.
    #[must_use]
    pub fn new(id: DeviceId, name: Label, client: ClientKey, site: SiteKey) -> Self {
        Self {
            id,
            name,
            kind: None,
            client,
            client_name: None,
            site,
            site_name: None,
            info: None,
            agentless: None,
            online: None,
            overdue: None,
            last_seen: None,
            boot: None,
            check_interval: None,
            maintenance: None,
            reboot_required: None,
            memory_bytes: None,
            features: None,
            antivirus_engine: None,
            utc_offset: None,
            daily_check: None,
            custom_fields: None,
            pending_actions: None,
            patches_pending: None,
            checks: None,
            check_counters: None,
            tasks: None,
        }
    }
}
