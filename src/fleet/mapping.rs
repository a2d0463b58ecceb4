//! Antivirus and backup signals where the platform has no history of its own (Tactical RMM): which checks and custom fields
//! of a device say so, by the configuration.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::encoding;
use super::{Check, CheckState, HistoryView, Label};

/// What says whether something is well; the section `mappings` of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mappings {
    /// Antivirus.
    pub antivirus: Option<Mapping>,
    /// Backup.
    pub backup: Option<Mapping>,
}

impl Mappings {
    /// Whether custom fields are looked at.
    #[must_use]
    pub fn use_fields(&self) -> bool {
        let mut mappings = [&self.antivirus, &self.backup].into_iter().flatten();
        mappings.any(|mapping| mapping.date_field.is_some() || mapping.status_field.is_some())
    }

    /// Whether a custom field of that name is looked at.
    #[must_use]
    pub fn names_field(&self, name: &str) -> bool {
        let mut mappings = [&self.antivirus, &self.backup].into_iter().flatten();
        mappings.any(|mapping| {
            [&mapping.date_field, &mapping.status_field].into_iter().flatten().any(|field| *field == *name)
        })
    }

    /// What the checks of a device say, all of them, whatever becomes a series.
    #[must_use]
    pub fn signals(&self, checks: &[(Check, Option<u64>)]) -> Signals {
        let signal = |mapping: &Option<Mapping>| {
            mapping.as_ref().and_then(|mapping| mapping.checks.as_ref()).map(|selector| selector.signal(checks))
        };
        Signals { antivirus: signal(&self.antivirus), backup: signal(&self.backup) }
    }
}

/// What says whether one thing is well. Of several signals the worst counts.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The checks that say it.
    pub checks: Option<CheckSelector>,
    /// Name of the custom field that holds the time of the last success.
    pub date_field: Option<String>,
    /// Name of the custom field that says whether it is well.
    pub status_field: Option<String>,
    /// Texts of that field that mean "well"; must match the whole text.
    pub status_passing: Regex,
}

/// Which checks are meant: those that meet every condition that is set.
#[derive(Clone, Debug, Default)]
pub struct CheckSelector {
    /// Found anywhere in the `check` label.
    pub name: Option<Regex>,
    /// The `check_type` label.
    pub check_type: Option<String>,
    /// The number of the script that the check runs.
    pub script: Option<u64>,
}

impl CheckSelector {
    /// Whether it means a check, which runs `script`.
    #[must_use]
    pub fn selects(&self, check: &Check, script: Option<u64>) -> bool {
        self.name.as_ref().is_none_or(|name| name.is_match(check.name.as_str()))
            && self.check_type.as_ref().is_none_or(|check_type| check.check_type == check_type.as_str())
            && self.script.is_none_or(|wanted| script == Some(wanted))
    }

    /// What the selected ones of `checks` say. Those that never ran say nothing. While one of them fails there is no time at
    /// which all passed last.
    fn signal(&self, checks: &[(Check, Option<u64>)]) -> Signal {
        let selected: Vec<&Check> =
            checks.iter().filter(|(check, script)| self.selects(check, *script)).map(|(check, _)| check).collect();
        let in_state = |state| selected.iter().filter(move |check| check.state == state);
        let passing = in_state(CheckState::Passing);
        let well = match (in_state(CheckState::Failing).next(), passing.clone().next()) {
            (Some(_), _) => Some(false),
            (None, Some(_)) => Some(true),
            (None, None) => None,
        };
        let runs: Option<Vec<Timestamp>> = passing.map(|check| check.last_run).collect();
        let last_pass = runs.filter(|_| well == Some(true)).and_then(|runs| runs.into_iter().min());
        Signal { selector: self.digest(), matched: !selected.is_empty(), well, last_pass }
    }

    /// The same for equal selectors, also in another process: what they chose is stored without them.
    #[must_use]
    pub fn digest(&self) -> u32 {
        let script = self.script.map(|script| script.to_string());
        let mut digest = crc32fast::Hasher::new();
        for condition in [self.name.as_ref().map(Regex::as_str), self.check_type.as_deref(), script.as_deref()] {
            // A byte that no text has ends each, and one more where it is set.
            digest.update(condition.map_or(&[][..], str::as_bytes));
            digest.update(if condition.is_some() { &[0xfe, 0xff] } else { &[0xff] });
        }
        digest.finalize()
    }
}

/// What the checks of a device say of antivirus and backup; `None` where no check is mapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signals {
    /// Antivirus.
    pub antivirus: Option<Signal>,
    /// Backup.
    pub backup: Option<Signal>,
}

/// What one source says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The [`digest`](CheckSelector::digest) of the selector that chose the checks. What another one chose says nothing.
    pub selector: u32,
    /// Whether anything was meant, even if it says nothing.
    pub matched: bool,
    /// Whether it is well.
    pub well: Option<bool>,
    /// Last success.
    #[serde(with = "encoding::optional_time")]
    pub last_pass: Option<Timestamp>,
}

/// The value of a custom field of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// Number of its definition.
    pub definition: u64,
    /// What it holds.
    pub value: CustomValue,
}

/// What a custom field can hold. Numbers, dates and choices are texts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustomValue {
    /// A text; not empty.
    Text(Label),
    /// A checkbox.
    Flag(bool),
}

/// People keep all sorts of things in custom fields, so the text stays hidden.
impl fmt::Debug for CustomValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(…)"),
            Self::Flag(flag) => f.debug_tuple("Flag").field(flag).finish(),
        }
    }
}

impl Mapping {
    /// What is exposed of a device: `checks` is what its checks say, `field` gives the value of a custom field by name.
    /// Times without zone are in `zone`; those after `now` are not believed.
    #[must_use]
    pub fn view<'f>(
        &self,
        checks: Option<Signal>,
        field: impl Fn(&str) -> Option<&'f CustomValue>,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Option<HistoryView> {
        let selector = self.checks.as_ref().map(CheckSelector::digest);
        let mut signal = checks.filter(|signal| Some(signal.selector) == selector).unwrap_or_default();
        if let Some(value) = self.status_field.as_deref().and_then(&field) {
            let well = match value {
                CustomValue::Flag(flag) => *flag,
                CustomValue::Text(text) => self.status_passing.is_match(text.as_str()),
            };
            signal.well = Some(signal.well.unwrap_or(true) && well);
        }
        // The field is about the thing itself, the check's last run about somebody who looked: that is the next best.
        let date = match self.date_field.as_deref().and_then(&field) {
            Some(CustomValue::Text(text)) => time(text.as_str(), zone).filter(|time| *time <= now),
            Some(CustomValue::Flag(_)) | None => None,
        };
        let last_pass = date.or(signal.last_pass);
        (signal.well.is_some() || last_pass.is_some()).then_some(HistoryView {
            up_to_date: signal.well,
            last_pass,
            consecutive_failures: None,
            daily_results: None,
        })
    }
}

/// A time as people and scripts write it into a field: Unix seconds or milliseconds, or ISO 8601 with or without offset,
/// seconds and time of day. 0 is no time.
fn time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    /// From this number on it is milliseconds: as seconds it would be the year 5138.
    const MILLISECONDS: f64 = 1e11;
    if let Ok(number) = text.parse::<f64>() {
        let seconds = if number >= MILLISECONDS { number / 1000.0 } else { number };
        #[expect(clippy::cast_possible_truncation, reason = "casting saturates, and what is out of range is no time")]
        let time = Timestamp::from_second(seconds.round() as i64).ok()?;
        return (time > Timestamp::UNIX_EPOCH).then_some(time);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let local = text.parse::<DateTime>().ok()?;
    local.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// Names of the custom fields by the numbers of their definitions.
pub type FieldNames = Arc<[(u64, Arc<str>)]>;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, state: CheckState, ran: Option<&str>) -> (Check, Option<u64>) {
        let check = Check {
            id: "1".into(),
            name: name.into(),
            check_type: "script".into(),
            state,
            severity: super::super::Severity::Error,
            consecutive_failures: None,
            last_run: ran.map(|time| time.parse().expect("time")),
        };
        (check, Some(7))
    }

    fn by_name(name: &str) -> CheckSelector {
        CheckSelector { name: Some(Regex::new(name).expect("valid")), ..CheckSelector::default() }
    }

    #[test]
    fn every_condition_must_be_met() {
        let (defender, script) = check("Windows Defender", CheckState::Passing, None);
        for (selector, selects) in [
            (by_name("(?i)defender"), true),
            (by_name("^Defender"), false),
            (CheckSelector { check_type: Some("script".into()), ..CheckSelector::default() }, true),
            (CheckSelector { check_type: Some("ping".into()), ..by_name("Defender") }, false),
            (CheckSelector { script: Some(7), ..CheckSelector::default() }, true),
            (CheckSelector { script: Some(8), ..by_name("Defender") }, false),
        ] {
            assert_eq!(selector.selects(&defender, script), selects, "{selector:?}");
        }
    }

    #[test]
    fn of_several_checks_the_worst_counts() {
        let (old, new) = ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
        let [passed, later] = [old, new].map(|time| check("AV", CheckState::Passing, Some(time)));
        let failed = check("AV", CheckState::Failing, Some(new));
        let pending = check("AV", CheckState::Pending, None);
        let old = old.parse().ok();
        let signal = |well, last_pass| Signal { selector: by_name("AV").digest(), matched: true, well, last_pass };
        for (checks, expected) in [
            (vec![later.clone(), passed.clone()], signal(Some(true), old)),
            (vec![passed.clone(), failed.clone()], signal(Some(false), None)),
            (vec![failed, passed.clone()], signal(Some(false), None)),
            (vec![pending.clone()], signal(None, None)),
            (vec![pending, passed.clone()], signal(Some(true), old)),
            (vec![check("AV", CheckState::Passing, None), passed], signal(Some(true), None)),
            (vec![check("other", CheckState::Failing, None)], Signal { matched: false, ..signal(None, None) }),
        ] {
            assert_eq!(by_name("AV").signal(&checks), expected, "{checks:?}");
        }
    }

    #[test]
    fn times_as_people_write_them() {
        let zone = TimeZone::get("Europe/Berlin").expect("zone");
        for (text, expected) in [
            ("1772600767", Some("2026-03-04T05:06:07Z")),
            ("1772600767.4", Some("2026-03-04T05:06:07Z")),
            ("1772600767000", Some("2026-03-04T05:06:07Z")),
            ("2026-03-04T05:06:07Z", Some("2026-03-04T05:06:07Z")),
            ("2026-03-04T05:06:07+02:00", Some("2026-03-04T03:06:07Z")),
            ("2026-03-04T05:06", Some("2026-03-04T04:06:00Z")),
            ("2026-03-04 05:06:07", Some("2026-03-04T04:06:07Z")),
            ("2026-03-04", Some("2026-03-03T23:00:00Z")),
            ("0", None),
            ("yesterday", None),
            ("04.03.2026", None),
            ("NaN", None),
            ("inf", None),
        ] {
            assert_eq!(time(text, &zone), expected.map(|time| time.parse().expect("time")), "{text}");
        }
    }

    #[test]
    fn fields_and_checks_together() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().expect("time");
        let mapping = Mapping {
            checks: Some(by_name("AV")),
            date_field: Some("Date".into()),
            status_field: Some("Ok".into()),
            status_passing: Regex::new("^(?:(?i)ok)$").expect("valid"),
        };
        let view = |well: Option<bool>, ok: Option<CustomValue>, date: Option<&str>| {
            let date = date.map(|text| CustomValue::Text(text.into()));
            let field = |name: &str| if name == "Ok" { ok.as_ref() } else { date.as_ref() };
            let last_pass = (well == Some(true)).then_some(now);
            let signal = Signal { selector: by_name("AV").digest(), matched: true, well, last_pass };
            let view = mapping.view(Some(signal), field, &TimeZone::UTC, now);
            view.map(|view| (view.up_to_date, view.last_pass.map(Timestamp::as_second)))
        };
        let text = |text: &str| Some(CustomValue::Text(text.into()));
        let ran = Some(now.as_second());
        assert_eq!(
            view(Some(true), None, None),
            Some((Some(true), ran)),
            "without a date the check's run is all there is"
        );
        assert_eq!(view(Some(true), text("OK"), Some("86400")), Some((Some(true), Some(86_400))));
        assert_eq!(view(Some(true), text("not ok"), None), Some((Some(false), ran)));
        assert_eq!(view(Some(false), Some(CustomValue::Flag(true)), None), Some((Some(false), None)));
        assert_eq!(view(None, Some(CustomValue::Flag(false)), None), Some((Some(false), None)));
        assert_eq!(view(None, None, Some("2026-03-04T12:00:01Z")), None, "the future is not believed");
    }
}
