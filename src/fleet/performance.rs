//! How busy a device was in the newest interval that the platform has.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Label;
use super::encoding;

/// The load of a device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// End of the newest interval of any of its parts.
    #[serde(with = "encoding::optional_time")]
    pub end: Option<Timestamp>,
    /// Processors.
    pub processors: Vec<ProcessorLoad>,
    /// Memory that was free on average, bytes.
    pub memory_available_bytes: Option<f64>,
    /// Requests that waited for each disk on average, reads and writes together.
    pub disk_queues: Vec<(Label, f64)>,
    /// Network adapters.
    pub adapters: Vec<AdapterLoad>,
}

/// The load of one processor, or of all together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessorLoad {
    /// The `cpu` label: its id, or `all`.
    pub cpu: Label,
    /// Average, 0 to 1.
    pub average: Option<f64>,
    /// Maximum, 0 to 1.
    pub most: Option<f64>,
}

/// The load of one network adapter, bytes per second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdapterLoad {
    /// The `adapter` label.
    pub adapter: Label,
    /// Received on average.
    pub receive: Option<f64>,
    /// Transmitted on average.
    pub transmit: Option<f64>,
}
