//! Collector `details`: `/agents/{id}/`.

use super::super::call::Call;
use super::super::decode::Decoder;
use super::super::wire::array::ArrayError;
use super::sweep;
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{Details, View};
use crate::planner::Want;

/// One call for each agent.
pub fn wants(config: CollectorConfig, known: &View) -> impl Iterator<Item = Want<Call>> {
    sweep(Collector::Details, config, known, |_| true, Call::Agent)
}

/// Keeps a few fields of a large answer.
pub fn decode(_decoder: &Decoder, _body: &str) -> Result<Details, ArrayError> {
    Err(ArrayError::TooMany(0))
}
