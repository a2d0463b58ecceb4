//! The RMM server itself and its open alerts (Tactical RMM).

use serde::{Deserialize, Serialize};

use super::{Label, Severity};

/// How the server is. `None` and missing components are what it did not say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerState {
    /// Its version.
    pub version: Option<Label>,
    /// Agents.
    pub agents: Option<u64>,
    /// Clients.
    pub clients: Option<u64>,
    /// Sites.
    pub sites: Option<u64>,
    /// Seconds until its certificate expires; negative once it has.
    pub certificate_expiry_seconds: Option<f64>,
    /// Used part of its disk, 0 to 1.
    pub disk_usage: Option<f64>,
    /// Used part of its memory, 0 to 1.
    pub memory_usage: Option<f64>,
    /// Which of its parts answer a ping, by [`ServerState::PINGED`].
    pub pings: [Option<bool>; 4],
    /// Which of its services run.
    pub components: Vec<(Label, bool)>,
    /// Jobs that wait.
    pub celery_queue_length: Option<u64>,
}

impl ServerState {
    /// The `component` labels of what is pinged.
    pub const PINGED: [&'static str; 4] = ["redis", "nats_std", "nats_ws", "mesh"];
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertKind {
    /// A device is overdue.
    Availability,
    /// A check fails.
    Check,
    /// A task fails.
    Task,
    /// Made by somebody.
    Custom,
}

impl AlertKind {
    /// The `kind` labels, in the order of the variants.
    pub const LABELS: [&'static str; 4] = ["availability", "check", "task", "custom"];
}

/// Open alerts by severity and kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlerts([[u64; 4]; 3]);

impl OpenAlerts {
    /// Counts one.
    pub fn count(&mut self, severity: Severity, kind: AlertKind) {
        if let Some(count) = self.0.get_mut(severity as usize).and_then(|row| row.get_mut(kind as usize)) {
            *count += 1;
        }
    }

    /// Every severity and kind with its number, zeros included.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let severities = [Severity::Error, Severity::Warning, Severity::Info].into_iter().zip(self.0);
        severities.flat_map(|(severity, row)| {
            AlertKind::LABELS.into_iter().zip(row).map(move |(kind, count)| (severity.name(), kind, count))
        })
    }
}
