//! The `mappings` section: which checks and custom fields of a Tactical RMM account say how antivirus and backup are.

use super::filter::{self, anchored_text};
use super::reader::{Context, Field, Section};
use super::text::{shown, suggest};
use crate::fleet::{CheckSelector, Mapping, Mappings};

/// The keys that name checks.
pub const CHECK_KEYS: [&str; 3] = ["check_name", "check_type", "script"];
/// The keys that name custom fields.
pub const FIELD_KEYS: [&str; 2] = ["date_field", "status_field"];
const KEYS: [&str; 6] = ["check_name", "check_type", "script", "date_field", "status_field", "status_passing"];

/// The sorts of checks that a Tactical RMM server has, in the words of the `check_type` label.
const CHECK_TYPES: [&str; 7] = ["disk_space", "cpu_load", "memory", "ping", "service", "event_log", "script"];

/// The texts of a status field that mean "well" when the configuration says nothing; whole texts. A checkbox needs none.
pub const STATUS_PASSING: &str = "(?i)(1|true|yes|y|on|ok|okay|good|healthy|pass|passed|passing|success|successful|succeeded|complete|completed|enabled|up[ _-]?to[ _-]?date)";

/// Reads the section.
pub fn read(account: &Section, context: &mut Context) -> Mappings {
    let section = account.get("mappings").and_then(|field| field.section(&["antivirus", "backup"], context));
    let Some(section) = section else { return Mappings::default() };
    let mut read = |key| section.get(key).and_then(|field| mapping(&field, context));
    Mappings { antivirus: read("antivirus"), backup: read("backup") }
}

fn mapping(field: &Field, context: &mut Context) -> Option<Mapping> {
    const NOTHING: &str = "the mapping names neither a check nor a field. Add check_name, check_type, script, date_field or status_field, or remove the mapping.";
    if field.is_nothing() {
        field.error(NOTHING, context);
        return None;
    }
    let section = field.section(&KEYS, context)?;
    let names = |keys: &[&str]| keys.iter().any(|key| section.get(key).is_some());
    if !names(&CHECK_KEYS) && !names(&FIELD_KEYS) {
        field.error(NOTHING, context);
    }
    let checks = names(&CHECK_KEYS).then(|| selector(&section, context));
    let mut custom_field = |key| Some(section.get(key)?.nonempty_text(context)?.to_owned());
    let (date_field, status_field) = (custom_field("date_field"), custom_field("status_field"));
    let status_passing = match section.get("status_passing") {
        Some(passing) if section.get("status_field").is_none() => {
            passing.error("there is no status_field that it could be about. Add status_field, or remove it.", context);
            None
        }
        Some(passing) => filter::anchored(&passing, context),
        None => anchored_text(STATUS_PASSING).ok(),
    };
    Some(Mapping { checks, date_field, status_field, status_passing: status_passing? })
}

fn selector(section: &Section, context: &mut Context) -> CheckSelector {
    let name = section.get("check_name").and_then(|field| {
        let text = field.nonempty_text(context)?;
        filter::expression(&field, text, context)
    });
    let check_type = section.get("check_type").and_then(|field| check_type(&field, context));
    let script = section.get("script").and_then(|field| {
        let script = field.integer(1..=u64::from(u32::MAX), "Scripts are numbered from 1. ", context)?;
        if let Some(other) = check_type.as_deref().filter(|check_type| *check_type != "script") {
            let message = format!("checks of the type {other} run no script. Keep one of the two conditions.");
            field.error(message, context);
        }
        Some(script)
    });
    CheckSelector { name, check_type, script }
}

fn check_type(field: &Field, context: &mut Context) -> Option<String> {
    let text = field.nonempty_text(context)?;
    if !CHECK_TYPES.contains(&text) {
        let remedy = suggest(text, &CHECK_TYPES, "types");
        field.error(format!("{} is no type of check of Tactical RMM. {remedy}", shown(text)), context);
        return None;
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_mean_well() {
        let passing = anchored_text(STATUS_PASSING).expect("valid");
        for text in ["1", "True", "OK", "Passing", "up to date", "Up-to-date", "up_to_date", "uptodate", "Success"] {
            assert!(passing.is_match(text), "{text}");
        }
        for text in ["", "0", "10", "false", "not ok", "out of date", "failed", "disabled", "okx", "yesterday"] {
            assert!(!passing.is_match(text), "{text}");
        }
    }
}
