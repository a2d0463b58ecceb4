//! Custom fields of Tactical RMM agents. The scripts of an imaginary operator fill some of them: when the last backup was,
//! how the antivirus is.

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use super::tactical::TacticalAgent;
use super::{World, last_tick, time};

/// The definition of a custom field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldDefinition {
    /// Its id, which the values refer to.
    pub id: u64,
    /// Name; unique among the fields of one `model`.
    pub name: &'static str,
    /// What has such a field: `agent`, `client`, `site`.
    pub model: &'static str,
    /// `type`: `text`, `number`, `single`, `multiple`, `checkbox`, `datetime`.
    pub field_type: &'static str,
    /// What can be chosen in a `single` or `multiple` one.
    pub options: &'static [&'static str],
}

/// The value of a custom field as the server keeps it: numbers and times are texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Emptied again.
    Null,
    /// Everything but the two below.
    Text(String),
    /// `checkbox`.
    Checkbox(bool),
    /// `multiple`.
    Multiple(Vec<&'static str>),
}

/// A custom field of an agent. One that was never set does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacticalField {
    /// The value's own id.
    pub id: u64,
    /// What it is.
    pub definition: FieldDefinition,
    /// Its value.
    pub value: FieldValue,
}

const fn field(id: u64, name: &'static str, model: &'static str, field_type: &'static str) -> FieldDefinition {
    FieldDefinition { id, name, model, field_type, options: &[] }
}

const ASSET_TAG: FieldDefinition = field(1, "Asset Tag", "agent", "text");
const WARRANTY: FieldDefinition = field(2, "Warranty Years", "agent", "number");
const TIER: FieldDefinition =
    FieldDefinition { options: &["gold", "silver"], ..field(3, "Tier \"class\"", "agent", "single") };
const ROLES: FieldDefinition =
    FieldDefinition { options: &["db", "web", "dc"], ..field(4, "Rôles\\multi", "agent", "multiple") };
const BACKUP_OK: FieldDefinition = field(5, "Backup OK", "agent", "checkbox");
const LAST_BACKUP: FieldDefinition = field(6, "Last Backup", "agent", "datetime");
const HIDDEN: FieldDefinition = field(7, "hidden 🔑", "agent", "text");
const CONTRACT: FieldDefinition = field(8, "Contract", "client", "text");
const SITE_CODE: FieldDefinition = field(9, "Site Code", "site", "text");
const LAST_BACKUP_EPOCH: FieldDefinition = field(10, "Last Backup Epoch", "agent", "number");
const LAST_AV_UPDATE: FieldDefinition = field(11, "Last AV Update", "agent", "text");
const AV_STATE: FieldDefinition = field(12, "AV State", "agent", "text");
/// The name of an agent's field, but it belongs to clients.
const CLIENT_BACKUP: FieldDefinition = field(13, "Last Backup", "client", "datetime");

/// The definitions, by id.
pub const FIELDS: [FieldDefinition; 13] = [
    ASSET_TAG,
    WARRANTY,
    TIER,
    ROLES,
    BACKUP_OK,
    LAST_BACKUP,
    HIDDEN,
    CONTRACT,
    SITE_CODE,
    LAST_BACKUP_EPOCH,
    LAST_AV_UPDATE,
    AV_STATE,
    CLIENT_BACKUP,
];

impl World {
    /// The custom fields of an agent that were ever set.
    #[must_use]
    pub fn agent_fields(&self, agent: &TacticalAgent, at: Timestamp) -> Vec<TacticalField> {
        let set = FIELDS.iter().filter(|field| field.model == "agent" && agent.chance.of(220 + field.id).happens(800));
        set.filter_map(|definition| {
            let value = self.field_value(agent, definition, at)?;
            Some(TacticalField { id: 1 + agent.pk * 20 + definition.id, definition: *definition, value })
        })
        .collect()
    }

    /// `None` where a script should have set the field, but the agent has never run one.
    fn field_value(&self, agent: &TacticalAgent, definition: &FieldDefinition, at: Timestamp) -> Option<FieldValue> {
        let chance = agent.chance.of(240 + definition.id);
        let text = |texts: &[&str]| FieldValue::Text(chance.pick(texts).to_owned());
        let value = match *definition {
            ASSET_TAG if chance.of(1).happens(200) => FieldValue::Null,
            ASSET_TAG => text(&["A-0012", "q\"uote", "b\\s", "🏷", ""]),
            WARRANTY => text(&["3", "3.5", "n/a", ""]),
            TIER => text(TIER.options),
            ROLES => {
                let chosen = ROLES.options.iter().zip(1..).filter(|(_, part)| chance.of(*part).happens(500));
                FieldValue::Multiple(chosen.map(|(option, _)| *option).collect())
            }
            HIDDEN => text(&["SECRET-RECOVERY-KEY", "gold"]),
            _ => self.reported(agent, definition, at)?,
        };
        Some(value)
    }

    /// What a script on the agent has reported up to its last contact.
    fn reported(&self, agent: &TacticalAgent, definition: &FieldDefinition, at: Timestamp) -> Option<FieldValue> {
        let now = agent.last_seen?.min(at).as_millisecond();
        let chance = agent.chance;
        let failing = chance.of(260).episode(self.minutes(25), 150, now);
        let backup = last_tick(chance.of(261), self.minutes(8), failing.unwrap_or(now));
        // What a field holds where the script does not work.
        let spoilt = chance.of(262).of(definition.id).below(20);
        Some(match (*definition, spoilt) {
            (BACKUP_OK, _) => FieldValue::Checkbox(failing.is_none()),
            (_, 0) => FieldValue::Null,
            (_, 1) => FieldValue::Text(String::new()),
            (LAST_BACKUP, _) => FieldValue::Text(time(backup).strftime("%Y-%m-%dT%H:%M").to_string()),
            (LAST_BACKUP_EPOCH, 2) => FieldValue::Text("n/a".to_owned()),
            (LAST_BACKUP_EPOCH, _) => FieldValue::Text((backup / 1_000).to_string()),
            (LAST_AV_UPDATE, 2) => FieldValue::Text("gestern gegen 5".to_owned()),
            (LAST_AV_UPDATE, 3) => FieldValue::Text("2026-02-30T25:00:00+01:00".to_owned()),
            (LAST_AV_UPDATE, luck) => {
                let updated = time(last_tick(chance.of(263), self.minutes(15), now));
                FieldValue::Text(if luck < 10 { format!("{updated}") } else { with_offset(updated, luck < 15) })
            }
            _ => {
                let outdated = chance.of(264).episode(self.minutes(12), 200, now).is_some();
                FieldValue::Text(if outdated { "outdated" } else { "up to date" }.to_owned())
            }
        })
    }
}

/// A time in an office, east or west of Greenwich.
fn with_offset(at: Timestamp, east: bool) -> String {
    let offset = Offset::constant(if east { 1 } else { -5 });
    Zoned::new(at, TimeZone::fixed(offset)).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_unique_and_in_order() {
        for (definition, id) in FIELDS.iter().zip(1..) {
            assert_eq!(definition.id, id);
            let alike = |other: &&FieldDefinition| (other.model, other.name) == (definition.model, definition.name);
            assert_eq!(FIELDS.iter().filter(alike).count(), 1);
        }
    }

    #[test]
    fn a_time_keeps_its_moment_with_an_offset() {
        let at: Timestamp = "2026-03-04T05:06:12Z".parse().unwrap();
        assert_eq!(with_offset(at, true), "2026-03-04T06:06:12+01:00");
        assert_eq!(with_offset(at, false), "2026-03-04T00:06:12-05:00");
    }
}
