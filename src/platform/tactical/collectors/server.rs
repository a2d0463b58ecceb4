//! Collector `server`: `/core/v2/status/` with the monitoring token, else `/core/dashinfo/`.

use super::super::call::Call;
use super::super::decode::Decoder;
use super::super::wire::array::ArrayError;
use std::time::Duration;

use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::ServerState;
use crate::planner::{Priority, Want};

/// Without the token only the version can be read, at most hourly: for it the server asks its vendor each time.
const LEAST_DASHINFO_INTERVAL: Duration = Duration::from_hours(1);

/// The call.
pub fn wants(config: CollectorConfig, has_token: bool) -> impl Iterator<Item = Want<Call>> {
    let (call, interval) = if has_token {
        (Call::Status, config.interval)
    } else {
        (Call::DashInfo, config.interval.max(LEAST_DASHINFO_INTERVAL))
    };
    std::iter::once(Want { call, collector: Collector::Server, interval, priority: Priority::Sweep })
}

/// What `/core/v2/status/` says.
pub fn status(_decoder: &Decoder, _body: &str) -> Result<ServerState, ArrayError> {
    Err(ArrayError::TooMany(0))
}

/// What `/core/dashinfo/` says: the version.
pub fn dash_info(_decoder: &Decoder, _body: &str) -> Result<ServerState, ArrayError> {
    Err(ArrayError::TooMany(0))
}
