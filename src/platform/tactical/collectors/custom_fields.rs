//! Custom fields: their names, `/core/customfields/`, and the values that `/agents/` has of them. Not a collector of its own:
//! the call belongs to `inventory`.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::super::call::Call;
use super::super::decode::Decoder;
use super::super::wire::MAX_NAME_BYTES;
use super::super::wire::array::{ArrayError, each_record};
use super::super::wire::custom_fields::{Definition, Value};
use crate::collector::Collector;
use crate::config::CollectorConfig;
use crate::fleet::{CustomField, CustomValue, FieldNames, Label, Mappings};
use crate::planner::{Priority, Want};

/// The most fields that are read of one agent.
const MAX_VALUES: usize = 1000;

/// The call, when a mapping looks at a field.
pub fn wants(config: CollectorConfig, mappings: &Mappings) -> impl Iterator<Item = Want<Call>> {
    // Nobody renames fields every day, but a longer interval would keep the inventory's runs from ending.
    let (collector, interval, priority) = (Collector::Inventory, config.interval, Priority::Inventory);
    mappings
        .use_fields()
        .then_some(Want { call: Call::CustomFields, collector, interval, priority, after: None })
        .into_iter()
}

/// Reads the names of fields that agents have. Clients and sites have others, maybe of the same name.
pub fn decode(decoder: &Decoder, call: &Call, body: &str) -> Result<FieldNames, ArrayError> {
    let mut names = Vec::new();
    decoder.readable_records(call, body, |definition: Definition<'_>| {
        if definition.model.as_deref() == Some("agent") && definition.name.len() <= MAX_NAME_BYTES {
            names.push((definition.id, Arc::from(definition.name)));
        }
    })?;
    decoder.looks_at(names.iter().filter(|(_, name)| decoder.mappings.names_field(name)).map(|(id, _)| *id).collect());
    Ok(names.into())
}

/// The values that an agent has in the fields that `is_mapped`. What is empty, a list of choices or not readable is no value;
/// `None` when nothing is.
pub fn values(fields: &RawValue, is_mapped: impl Fn(u64) -> bool) -> Option<Arc<[CustomField]>> {
    let mut values = Vec::new();
    each_record(fields.get(), MAX_VALUES, |Value { field, value }| {
        let value = if is_mapped(field) { value_of(value) } else { None };
        values.extend(value.map(|value| CustomField { definition: field, value }));
    })
    .ok()?;
    Some(values.into())
}

fn value_of(value: &RawValue) -> Option<CustomValue> {
    if let Ok(flag) = serde_json::from_str(value.get()) {
        return Some(CustomValue::Flag(flag));
    }
    // Numbers are texts to this server; another version may write them as what they are.
    let is_number = value.get().starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let text = if is_number { value.get().to_owned() } else { serde_json::from_str(value.get()).ok()? };
    Some(Label::new(&text)).filter(|text| !text.as_str().is_empty()).map(CustomValue::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ChecksMode;

    #[test]
    fn names_of_what_agents_have() {
        let body = r#"[
            {"id":1,"model":"agent","type":"text","name":"Asset \"Tag\""},
            {"id":8,"model":"client","type":"text","name":"Contract"},
            {"id":9,"model":"site","type":"text","name":"Asset \"Tag\""},
            {"id":10,"name":"of nobody"},
            {"id":12,"model":"agent","name":"LONG"},
            {"id":"x","model":"agent","name":"bad"},
            {"id":11,"model":"agent","name":null},
            {"id":5,"model":"agent","type":"checkbox","name":" Backup OK"}
        ]"#;
        let body = &body.replace("LONG", &"x".repeat(MAX_NAME_BYTES + 1));
        let decoder = Decoder::new("test", ChecksMode::Failing);
        let names = decode(&decoder, &Call::CustomFields, body).expect("a list");
        let names: Vec<(u64, &str)> = names.iter().map(|(id, name)| (*id, &**name)).collect();
        assert_eq!(names, [(1, "Asset \"Tag\""), (5, " Backup OK")], "exactly as written: a mapping must find it");
        assert_eq!(decode(&decoder, &Call::CustomFields, "{}"), Err(ArrayError::NotAnArray));
    }

    fn read(fields: &str) -> Option<Vec<(u64, CustomValue)>> {
        let fields: &RawValue = serde_json::from_str(fields).expect("JSON");
        let values = values(fields, |_| true)?;
        Some(values.iter().map(|field| (field.definition, field.value.clone())).collect())
    }

    #[test]
    fn values_by_what_they_are() {
        let text = |text| CustomValue::Text(Label::new(text));
        let fields = r#"[
            {"id":25,"field":3,"agent":6,"value":"b\\s \n"},
            {"id":26,"field":4,"agent":6,"value":["db"]},
            {"id":27,"field":5,"agent":6,"value":false},
            {"id":28,"field":6,"agent":6,"value":"2026-03-04T05:06"},
            {"id":29,"field":7,"agent":6,"value":null},
            {"id":30,"field":8,"agent":6,"value":""},
            {"id":31,"field":9,"agent":6,"value":"  "},
            {"id":32,"field":10,"agent":6,"value":-3.5},
            {"id":33,"field":11,"agent":6,"value":{"a":1}},
            {"id":34,"field":null,"agent":6,"value":"x"},
            {"id":35,"field":12},
            7
        ]"#;
        let expected =
            [(3, text("b\\s")), (5, CustomValue::Flag(false)), (6, text("2026-03-04T05:06")), (10, text("-3.5"))];
        assert_eq!(read(fields), Some(expected.to_vec()));
        assert_eq!(read("[]"), Some(Vec::new()));
        for unreadable in ["null", "{}", "\"x\""] {
            assert_eq!(read(unreadable), None, "{unreadable}");
        }
    }
}
