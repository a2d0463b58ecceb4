//! Collector `alerts`: `/alerts/`.

use super::super::call::Call;
use super::super::decode::Decoder;
use super::super::wire::array::ArrayError;
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::OpenAlerts;
use crate::planner::{Priority, Want};

/// The call.
pub fn wants(config: CollectorConfig) -> impl Iterator<Item = Want<Call>> {
    let (collector, interval, priority) = (Collector::Alerts, config.interval, Priority::Sweep);
    std::iter::once(Want { call: Call::Alerts, collector, interval, priority })
}

/// Counts open alerts.
pub fn decode(_decoder: &Decoder, _call: &Call, _body: &str) -> Result<OpenAlerts, ArrayError> {
    Err(ArrayError::TooMany(0))
}
