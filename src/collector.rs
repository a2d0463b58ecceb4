//! The collectors: the unit of configuration, of freshness and of the `collector` label.

/// A group of metrics that is collected, switched on and judged together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Collector {
    /// Clients, sites and devices.
    Inventory,
    /// What fails now, in one account-wide call (N-sight only).
    FailingChecks,
    /// Every check of every device.
    Checks,
    /// Automated tasks (Tactical RMM only; N-sight's ride on the check collectors).
    Tasks,
    /// Daily history of the antivirus update check (N-sight only).
    Antivirus,
    /// When antivirus products released their newest definitions (N-sight only).
    AntivirusDefinitions,
    /// Threats, quarantine and scans of the managed antivirus (N-sight only).
    ManagedAntivirus,
    /// Daily history of the backup check (N-sight only).
    Backup,
    /// Sessions of the platform's own backup (N-sight only).
    BackupSessions,
    /// How much is selected for the platform's own backup (N-sight only).
    BackupSelection,
    /// Operating system and third-party updates.
    Patches,
    /// Outages of devices and of their checks (N-sight only).
    Outages,
    /// Processor, memory, disk and network load (N-sight only).
    Performance,
    /// Used space of drives (N-sight only).
    DriveSpace,
    /// Size of Exchange stores (N-sight only).
    Exchange,
    /// How much hardware and software devices have (N-sight only).
    Assets,
    /// Software licences of clients (N-sight only).
    Licenses,
    /// Users of Active Directory, counted (N-sight only).
    Directory,
    /// The RMM server itself (Tactical RMM only).
    Server,
    /// Open alerts (Tactical RMM only).
    Alerts,
    /// Disks, memory and time limits of devices (Tactical RMM only).
    Details,
}

impl Collector {
    /// Every collector of this version.
    pub const ALL: [Self; 21] = [
        Self::Inventory,
        Self::FailingChecks,
        Self::Checks,
        Self::Tasks,
        Self::Antivirus,
        Self::AntivirusDefinitions,
        Self::ManagedAntivirus,
        Self::Backup,
        Self::BackupSessions,
        Self::BackupSelection,
        Self::Patches,
        Self::Outages,
        Self::Performance,
        Self::DriveSpace,
        Self::Exchange,
        Self::Assets,
        Self::Licenses,
        Self::Directory,
        Self::Server,
        Self::Alerts,
        Self::Details,
    ];

    /// The name in the configuration and in the `collector` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::FailingChecks => "failing_checks",
            Self::Checks => "checks",
            Self::Tasks => "tasks",
            Self::Antivirus => "antivirus",
            Self::AntivirusDefinitions => "antivirus_definitions",
            Self::ManagedAntivirus => "managed_antivirus",
            Self::Backup => "backup",
            Self::BackupSessions => "backup_sessions",
            Self::BackupSelection => "backup_selection",
            Self::Patches => "patches",
            Self::Outages => "outages",
            Self::Performance => "performance",
            Self::DriveSpace => "drive_space",
            Self::Exchange => "exchange",
            Self::Assets => "assets",
            Self::Licenses => "licenses",
            Self::Directory => "directory",
            Self::Server => "server",
            Self::Alerts => "alerts",
            Self::Details => "details",
        }
    }

    /// The collector of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|collector| collector.name() == name)
    }
}

/// What a platform says of one of its collectors.
#[derive(Clone, Copy, Debug)]
pub struct CollectorDefaults {
    /// Which collector.
    pub collector: Collector,
    /// Whether it runs when the configuration says nothing.
    pub enabled: bool,
    /// Its interval when the configuration says nothing.
    pub interval: std::time::Duration,
}
