//! Mappings that mean nothing on the server: no check is selected, no custom field has the name. Probably they are misspelt, and
//! nobody would notice, because what is not known has no series.

use super::{CheckSelector, Fleet, Mapping, Signal, Signals};

/// So many of the server's own names are offered in place of one that it does not have.
const NEAREST: usize = 3;
/// So many characters of a name are shown and compared.
const MOST_SHOWN: usize = 60;

impl Fleet {
    /// The mappings whose checks no device has, in words; `None` while nothing was read of any device, or
    /// only while other checks were mapped.
    #[must_use]
    pub fn unmatched_checks(&self) -> Option<Vec<String>> {
        if self.checks.is_empty() {
            return None;
        }
        let signals: [fn(&Signals) -> Option<Signal>; 2] = [|signals| signals.antivirus, |signals| signals.backup];
        let mut unmatched = Vec::new();
        for ((name, mapping), signal) in self.mappings().into_iter().zip(signals) {
            let Some(selector) = mapping.and_then(|mapping| mapping.checks.as_ref()) else { continue };
            let digest = selector.digest();
            let signals = self.checks.values().filter_map(|part| signal(&part.value.signals));
            let mut by_it = signals.filter(|signal| signal.selector == digest).peekable();
            by_it.peek()?;
            if !by_it.any(|signal| signal.matched) {
                let selector = describe(selector);
                unmatched.push(format!(
                    "mapping {name}: no check of any device matches {selector}; see rmm-exporter doctor"
                ));
            }
        }
        Some(unmatched)
    }

    /// The mappings whose custom fields the server does not have, in words; `None` while the names are not known.
    #[must_use]
    pub fn unmatched_fields(&self) -> Option<Vec<String>> {
        if !self.options.mappings.use_fields() {
            return Some(Vec::new());
        }
        let known: Vec<&str> = self.field_names.as_ref()?.iter().map(|(_, name)| &**name).collect();
        let mut unmatched = Vec::new();
        for (name, mapping) in self.mappings() {
            let fields =
                mapping.map(|mapping| [("date_field", &mapping.date_field), ("status_field", &mapping.status_field)]);
            for (option, field) in fields.into_iter().flatten() {
                if let Some(field) = field.as_deref().filter(|field| !known.contains(field)) {
                    let instead = instead(field, &known);
                    unmatched
                        .push(format!("mapping {name}: agents have no custom field {field:?} ({option}); {instead}"));
                }
            }
        }
        Some(unmatched)
    }

    fn mappings(&self) -> [(&'static str, Option<&Mapping>); 2] {
        let mappings = &self.options.mappings;
        [("antivirus", mappings.antivirus.as_ref()), ("backup", mappings.backup.as_ref())]
    }
}

fn describe(selector: &CheckSelector) -> String {
    let conditions = [
        selector.name.as_ref().map(|name| format!("check_name {:?}", name.as_str())),
        selector.check_type.as_ref().map(|check_type| format!("check_type {check_type:?}")),
        selector.script.map(|script| format!("script {script}")),
    ];
    conditions.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// The known names that are most like `field`, exactly as they are: often a blank or a capital is the difference.
fn instead(field: &str, known: &[&str]) -> String {
    let shown = |name: &str| name.chars().take(MOST_SHOWN).collect::<String>();
    let field = shown(field).to_lowercase();
    let mut known: Vec<String> = known.iter().map(|name| shown(name)).collect();
    known.sort_by_cached_key(|name| strsim::damerau_levenshtein(&field, &name.to_lowercase()));
    let names: Vec<String> = known.iter().take(NEAREST).map(|name| format!("{name:?}")).collect();
    if names.is_empty() { "they have none at all".to_owned() } else { format!("the nearest are {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use regex::Regex;

    use super::super::tests::options;
    use super::*;
    use crate::fleet::{DeviceChecks, DeviceId, FleetOptions, Mappings, Update};
    use crate::platform::PlatformName;

    fn mapping(check_name: Option<&str>, date_field: Option<&str>, status_field: Option<&str>) -> Mapping {
        let name = check_name.map(|name| Regex::new(name).expect("valid"));
        Mapping {
            checks: name.map(|name| CheckSelector { name: Some(name), check_type: None, script: Some(7) }),
            date_field: date_field.map(Into::into),
            status_field: status_field.map(Into::into),
            status_passing: Regex::new("^ok$").expect("valid"),
        }
    }

    fn fleet(antivirus: Option<Mapping>, backup: Option<Mapping>) -> Fleet {
        Fleet::new(FleetOptions { mappings: Mappings { antivirus, backup }, ..options(PlatformName::Tactical) })
    }

    fn read(fleet: &mut Fleet, device: &str, antivirus: bool, backup: bool) {
        let signal = |mapping: &Option<Mapping>, matched| {
            let selector = mapping.as_ref()?.checks.as_ref()?.digest();
            Some(Signal { selector, matched, ..Signal::default() })
        };
        let Mappings { antivirus: by_antivirus, backup: by_backup } = &fleet.options.mappings;
        let signals = Signals { antivirus: signal(by_antivirus, antivirus), backup: signal(by_backup, backup) };
        let checks = DeviceChecks { signals, ..DeviceChecks::default() };
        fleet.apply(Update::Checks(DeviceId::new(device), checks), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn a_mapping_is_unmatched_when_no_device_has_such_a_check() {
        let mut fleet =
            fleet(Some(mapping(Some("(?i)defender"), None, None)), Some(mapping(Some("backup"), None, None)));
        assert_eq!(fleet.unmatched_checks(), None, "nothing was read yet");
        read(&mut fleet, "a", false, false);
        let both = fleet.unmatched_checks().expect("read");
        let expected = "mapping antivirus: no check of any device matches check_name \"(?i)defender\" and script 7; see \
                        rmm-exporter doctor";
        assert_eq!((both.len(), both[0].as_str()), (2, expected));
        // One that never ran is one that is meant.
        read(&mut fleet, "b", true, false);
        let one = fleet.unmatched_checks().expect("read");
        assert!(one.len() == 1 && one[0].starts_with("mapping backup:"), "{one:?}");
        read(&mut fleet, "c", false, true);
        assert_eq!(fleet.unmatched_checks(), Some(Vec::new()));
    }

    #[test]
    fn a_field_that_no_definition_has_is_named_with_the_nearest() {
        let mut fleet =
            fleet(Some(mapping(None, Some("Last AV"), Some("Tier"))), Some(mapping(None, Some("last backup"), None)));
        assert_eq!(fleet.unmatched_fields(), None, "the names are not known yet");
        assert_eq!(fleet.unmatched_checks(), None);
        read(&mut fleet, "a", false, false);
        assert_eq!(fleet.unmatched_checks(), Some(Vec::new()), "no mapping looks at checks");
        let names = [(1, "Asset"), (2, "Last Backup"), (3, "Tier"), (4, "Contract number"), (5, "Last\nAV")];
        let names: Vec<(u64, Arc<str>)> = names.map(|(id, name)| (id, name.into())).into();
        fleet.apply(Update::FieldNames(names.into()), Timestamp::UNIX_EPOCH);
        let expected = [
            "mapping antivirus: agents have no custom field \"Last AV\" (date_field); the nearest are \"Last\\nAV\", \
             \"Asset\", \"Last Backup\"",
            "mapping backup: agents have no custom field \"last backup\" (date_field); the nearest are \"Last Backup\", \
             \"Last\\nAV\", \"Asset\"",
        ];
        assert_eq!(fleet.unmatched_fields(), Some(expected.map(Into::into).into()));
        fleet.apply(Update::FieldNames(Arc::new([])), Timestamp::UNIX_EPOCH);
        let unmatched = fleet.unmatched_fields().expect("known");
        assert!(unmatched.len() == 3 && unmatched[1].ends_with("\"Tier\" (status_field); they have none at all"));
    }

    #[test]
    fn without_mappings_nothing_is_unmatched() {
        let mut fleet = fleet(None, None);
        assert_eq!(fleet.unmatched_fields(), Some(Vec::new()));
        read(&mut fleet, "a", false, false);
        assert_eq!(fleet.unmatched_checks(), Some(Vec::new()));
    }
}
