//! What Grafana makes of variables in the text of a query.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What is chosen for a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    /// "All", with the variable's `allValue`, which is put in as it is.
    All(String),
    /// One value or several.
    Values(Vec<String>),
}

/// By the name of the variable; also Grafana's own, such as `__rate_interval`.
pub type Choice = BTreeMap<String, Chosen>;

static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$(?<plain>\w+)|\$\{(?<braced>\w+)(?::(?<format>\w+))?\}").unwrap());

/// The names of the variables in a text.
pub fn references(text: &str) -> Vec<String> {
    let names = REFERENCE.captures_iter(text).filter_map(|found| found.name("plain").or_else(|| found.name("braced")));
    names.map(|name| name.as_str().to_owned()).filter(|name| name.parse::<u8>().is_err()).collect()
}

pub fn uses(text: &str, variable: &str) -> bool {
    references(text).iter().any(|name| name == variable)
}

/// Metric selector and label of `label_values(selector, label)`.
pub fn label_values(query: &str) -> Option<(&str, &str)> {
    query.strip_prefix("label_values(")?.strip_suffix(')')?.rsplit_once(", ")
}

/// The text with everything put in that is chosen; what is not chosen stays, as in Grafana.
pub fn interpolated(text: &str, choice: &Choice) -> String {
    let put = |found: &Captures<'_>| {
        let name = found.name("plain").or_else(|| found.name("braced")).unwrap().as_str();
        match (choice.get(name), found.name("format").map(|format| format.as_str())) {
            (None, _) => found[0].to_owned(),
            (Some(Chosen::All(raw)), _) => raw.clone(),
            (Some(Chosen::Values(values)), Some("regex")) => joined(values, regex_escaped),
            (Some(Chosen::Values(values)), None) if name.starts_with("__") => values[0].clone(),
            (Some(Chosen::Values(values)), None) => joined(values, prometheus_escaped),
            (_, Some(format)) => panic!("the format {format} is not known here"),
        }
    };
    REFERENCE.replace_all(text, put).into_owned()
}

fn joined(values: &[String], escaped: fn(&str) -> String) -> String {
    match values {
        [one] => escaped(one),
        several => format!("({})", several.iter().map(|value| escaped(value)).collect::<Vec<_>>().join("|")),
    }
}

/// The format `regex`: Grafana escapes the slash too.
fn regex_escaped(value: &str) -> String {
    escaped(value, r"\^$*+?.()|[]{}/", "\\")
}

/// What the Prometheus data source does with a variable of several values without a format: it stands in double quotes, where
/// a backslash is written twice. It leaves double quotes as they are, and so is for words only.
fn prometheus_escaped(value: &str) -> String {
    escaped(&value.replace('\\', r"\\\\"), "$^*{}[]'+?.()|", r"\\")
}

fn escaped(value: &str, special: &str, escape: &str) -> String {
    value
        .chars()
        .flat_map(|letter| special.contains(letter).then_some(escape).into_iter().flat_map(str::chars).chain([letter]))
        .collect()
}

#[test]
fn values_are_put_in_as_grafana_does_it() {
    let choice = Choice::from([
        ("one".to_owned(), Chosen::Values(vec![r#"A "B" \ (C/D) 🐝's"#.to_owned()])),
        ("two".to_owned(), Chosen::Values(vec!["a.b".to_owned(), "c|d".to_owned()])),
        ("all".to_owned(), Chosen::All(".*".to_owned())),
        ("__rate_interval".to_owned(), Chosen::Values(vec!["4m".to_owned()])),
    ]);
    for (text, expected) in [
        ("`${one:regex}`", r#"`A "B" \\ \(C\/D\) 🐝's`"#),
        ("`${two:regex}`", r"`(a\.b|c\|d)`"),
        ("`${all:regex}` \"$all\"", "`.*` \".*\""),
        ("\"$two\"", r#""(a\\.b|c\\|d)""#),
        ("x[$__rate_interval]", "x[4m]"),
        ("$other ${other:regex}", "$other ${other:regex}"),
    ] {
        assert_eq!(interpolated(text, &choice), expected);
    }
}

#[test]
fn variables_are_found() {
    assert_eq!(references("a=\"$job\",b=~`${client:regex}` [$__interval] \"$1\""), ["job", "client", "__interval"]);
    assert!(uses("`${device:regex}`", "device") && !uses("$device_id", "device"));
    assert_eq!(label_values("label_values(up{a=\"b, c\"}, job)"), Some(("up{a=\"b, c\"}", "job")));
    assert_eq!(label_values("label_names()"), None);
}
