//! Names of the custom fields, `/core/customfields/`. Not a collector of its own: the call belongs to `inventory`, whose agents
//! hold the values.

use super::super::call::Call;
use super::super::decode::Decoder;
use super::super::wire::array::ArrayError;
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{FieldNames, Mappings};
use crate::planner::{Priority, Want};

/// The call, when a mapping looks at a field.
pub fn wants(config: CollectorConfig, mappings: &Mappings) -> impl Iterator<Item = Want<Call>> {
    // Nobody renames fields every day, but a longer interval would keep the inventory's runs from ending.
    let (collector, interval, priority) = (Collector::Inventory, config.interval, Priority::Inventory);
    mappings.use_fields().then_some(Want { call: Call::CustomFields, collector, interval, priority }).into_iter()
}

/// Reads the names of fields that agents have.
pub fn decode(_decoder: &Decoder, _call: &Call, _body: &str) -> Result<FieldNames, ArrayError> {
    Err(ArrayError::TooMany(0))
}
