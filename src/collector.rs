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
    /// Daily history of the backup check (N-sight only).
    Backup,
    /// Operating system and third-party updates.
    Patches,
}

impl Collector {
    /// Every collector of this version.
    pub const ALL: [Self; 7] =
        [Self::Inventory, Self::FailingChecks, Self::Checks, Self::Tasks, Self::Antivirus, Self::Backup, Self::Patches];

    /// The name in the configuration and in the `collector` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::FailingChecks => "failing_checks",
            Self::Checks => "checks",
            Self::Tasks => "tasks",
            Self::Antivirus => "antivirus",
            Self::Backup => "backup",
            Self::Patches => "patches",
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
