//! Whether the custom fields that a mapping names exist on this server, and can hold what the mapping reads from them.

use super::report::Line;
use super::sees::listed;
use crate::config::text::nearest;
use crate::fleet::Mapping;
use crate::platform::tactical::probe::SeenField;

/// What a mapping reads from a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// The time of the last success.
    Date,
    /// Whether it is well.
    Status,
}

impl Use {
    /// The option of the mapping.
    const fn key(self) -> &'static str {
        match self {
            Self::Date => "date_field",
            Self::Status => "status_field",
        }
    }

    /// Types of which a field should be instead.
    const fn good_types(self) -> &'static str {
        match self {
            Self::Date => "datetime, or text or number that a script writes a time into",
            Self::Status => "checkbox, single or text",
        }
    }

    /// What a field of that type cannot be used for.
    fn fit(self, field_type: Option<&str>) -> Fit {
        match (self, field_type) {
            (Self::Date, Some("checkbox")) => Fit::Never("it holds yes or no, never a time"),
            (Self::Date, Some("multiple")) => Fit::Never("a list of choices is no time"),
            (Self::Date, Some("single")) => {
                Fit::Hardly("a choice is a time only when its options are written as times")
            }
            (Self::Status, Some("multiple")) => Fit::Never("a list of choices is no status"),
            (Self::Status, Some("datetime")) => {
                Fit::Hardly("no value of it can count as well unless status_passing matches times")
            }
            _ => Fit::Well,
        }
    }
}

/// How a field's type fits its use, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Well,
    Hardly(&'static str),
    Never(&'static str),
}

/// One line for each field that the mapping names.
pub fn lines(mapping: &Mapping, known: Option<&[SeenField]>) -> Vec<Line> {
    let both = [(Use::Date, &mapping.date_field), (Use::Status, &mapping.status_field)];
    let swap = are_swapped(mapping, known);
    both.into_iter().filter_map(|(usage, field)| Some(line(usage, field.as_deref()?, known, swap))).collect()
}

fn line(usage: Use, field: &str, known: Option<&[SeenField]>, swap: bool) -> Line {
    let key = usage.key();
    let Some(known) = known else {
        return Line::skip("mapping", format!("{key} \"{field}\": the custom fields cannot be read"));
    };
    let Some(seen) = find(known, field) else { return unknown(key, field, known) };
    let field_type = seen.field_type.as_deref();
    let finding =
        |why: &str| format!("{key}: the custom field \"{field}\" is of type {}: {why}", field_type.unwrap_or("?"));
    let remedy = || {
        if swap {
            "date_field and status_field seem to be swapped: change them over".to_owned()
        } else {
            format!("name a field of type {}", usage.good_types())
        }
    };
    match usage.fit(field_type) {
        Fit::Well => {
            let of_type = field_type.map(|name| format!(", of type {name}")).unwrap_or_default();
            Line::ok("mapping", format!("{key}: agents have the custom field \"{field}\"{of_type}"))
        }
        Fit::Hardly(why) => Line::warn("mapping", finding(why), remedy()),
        Fit::Never(why) => Line::bad("mapping", finding(why), remedy()),
    }
}

/// Whether both fields would fit in each other's place, and do not as they stand.
fn are_swapped(mapping: &Mapping, known: Option<&[SeenField]>) -> bool {
    let type_of = |name: &Option<String>| find(known?, name.as_deref()?)?.field_type.as_deref();
    let (Some(date), Some(status)) = (type_of(&mapping.date_field), type_of(&mapping.status_field)) else {
        return false;
    };
    let fits = |usage: Use, field_type| usage.fit(Some(field_type)) == Fit::Well;
    !(fits(Use::Date, date) && fits(Use::Status, status)) && fits(Use::Date, status) && fits(Use::Status, date)
}

fn find<'a>(known: &'a [SeenField], name: &str) -> Option<&'a SeenField> {
    known.iter().find(|field| field.name == name)
}

fn unknown(key: &str, field: &str, known: &[SeenField]) -> Line {
    let finding = format!("{key}: no custom field of agents is called \"{field}\"");
    let names: Vec<&str> = known.iter().map(|field| field.name.as_str()).collect();
    let remedy = match (nearest(field, names.iter().copied()), listed(&names, ", ")) {
        (Some(nearest), _) => format!("did you mean \"{nearest}\"? Names count exactly, capitals too"),
        (None, Some(names)) => format!("take one of: {names}"),
        (None, None) => "make the field for agents under Settings > Global Settings > Custom Fields".to_owned(),
    };
    Line::bad("mapping", finding, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;
    use regex::Regex;

    fn mapping(date: Option<&str>, status: Option<&str>) -> Mapping {
        Mapping {
            checks: None,
            date_field: date.map(str::to_owned),
            status_field: status.map(str::to_owned),
            status_passing: Regex::new("ok").expect("valid"),
        }
    }

    /// A field of each type, called as its type, and one whose type is not told.
    fn known() -> Vec<SeenField> {
        let types = ["text", "number", "single", "multiple", "checkbox", "datetime"];
        let field = |name: &str, field_type| SeenField { name: name.to_owned(), field_type };
        let known = types.iter().map(|name| field(name, Some((*name).to_owned())));
        known.chain([field("untold", None)]).collect()
    }

    #[test]
    fn types_that_fit_and_that_do_not() {
        use Verdict::{Bad, Ok, Warn};
        for (field, as_date, as_status) in [
            ("text", Ok, Ok),
            ("number", Ok, Ok),
            ("single", Warn, Ok),
            ("multiple", Bad, Bad),
            ("checkbox", Bad, Ok),
            ("datetime", Ok, Warn),
            ("untold", Ok, Ok),
        ] {
            let of = |mapping: &Mapping| lines(mapping, Some(&known())).remove(0);
            let (date, status) = (of(&mapping(Some(field), None)), of(&mapping(None, Some(field))));
            assert_eq!((date.verdict, status.verdict), (as_date, as_status), "{date:?} {status:?}");
            for line in [date, status].into_iter().filter(|line| line.verdict != Ok) {
                assert!(line.finding.contains(&format!("is of type {field}")), "{line:?}");
                assert!(line.remedy.is_some_and(|remedy| remedy.starts_with("name a field of type ")));
            }
        }
    }

    #[test]
    fn swapped_fields() {
        let told = |date, status| {
            let lines = lines(&mapping(Some(date), Some(status)), Some(&known()));
            let verdicts: Vec<Verdict> = lines.iter().map(|line| line.verdict).collect();
            (verdicts, lines.iter().any(|line| line.remedy.as_ref().is_some_and(|remedy| remedy.contains("swapped"))))
        };
        assert_eq!(told("checkbox", "datetime"), (vec![Verdict::Bad, Verdict::Warn], true));
        assert_eq!(told("checkbox", "text"), (vec![Verdict::Bad, Verdict::Ok], true));
        assert_eq!(told("datetime", "checkbox"), (vec![Verdict::Ok, Verdict::Ok], false));
        assert_eq!(told("checkbox", "checkbox"), (vec![Verdict::Bad, Verdict::Ok], false));
        assert_eq!(told("text", "number"), (vec![Verdict::Ok, Verdict::Ok], false));
    }
}
