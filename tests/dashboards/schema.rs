//! A small language for what JSON may look like, and what is wrong with a value. Keys may be left out; none may be made up.

use serde_json::Value;

use self::Schema::{Any, Choice, Colour, Each, Flag, List, Map, Nothing, Number, Text, Word};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Schema {
    /// Anything: something else looks at it.
    Any,
    Nothing,
    Flag,
    /// From, to.
    Number(f64, f64),
    Text,
    /// One of these.
    Word(&'static [&'static str]),
    /// A colour that Grafana has a name for, or a hexadecimal one.
    Colour,
    List(&'static Schema),
    /// Keys that are names of the dashboard's own.
    Each(&'static Schema),
    /// The keys that there are.
    Map(&'static [(&'static str, Schema)]),
    /// The keys that there are beside `type`, by what that is.
    Choice(&'static [(&'static str, &'static [(&'static str, Schema)])]),
    /// One or the other.
    Or(&'static Schema, &'static Schema),
}

/// What is wrong with a value that stands at this place.
pub fn faults(at: &str, value: &Value, schema: Schema) -> Vec<String> {
    let is_good = match schema {
        Any => true,
        Nothing => value.is_null(),
        Flag => value.is_boolean(),
        Number(from, to) => value.as_f64().is_some_and(|number| (from..=to).contains(&number)),
        Text => value.is_string(),
        Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Colour => value.as_str().is_some_and(is_colour),
        List(entry) => match value.as_array() {
            Some(entries) => return entries.iter().flat_map(|value| faults(at, value, *entry)).collect(),
            None => false,
        },
        Each(entry) => match value.as_object() {
            Some(map) => return map.iter().flat_map(|(key, value)| faults(&below(at, key), value, *entry)).collect(),
            None => false,
        },
        Map(known) => match value.as_object() {
            Some(_) => return faults_of_keys(at, value, known, ""),
            None => false,
        },
        Choice(kinds) => match kinds.iter().find(|(kind, _)| value["type"] == *kind) {
            Some((_, known)) => return faults_of_keys(at, value, known, "type"),
            None => false,
        },
        Schema::Or(one, other) => {
            return if faults(at, value, *one).is_empty() { Vec::new() } else { faults(at, value, *other) };
        }
    };
    if is_good { Vec::new() } else { vec![format!("{at} is {value}")] }
}

fn faults_of_keys(at: &str, value: &Value, known: &[(&str, Schema)], besides: &str) -> Vec<String> {
    let members = value.as_object().into_iter().flatten().filter(|(key, _)| *key != besides);
    let check = |(key, value): (&String, &Value)| {
        let found = known.iter().find(|(known, _)| known == key);
        found.map_or_else(
            || vec![format!("there is no {}", below(at, key))],
            |(_, schema)| faults(&below(at, key), value, *schema),
        )
    };
    members.flat_map(check).collect()
}

fn below(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}

fn is_colour(text: &str) -> bool {
    let shades = ["super-light-", "light-", "semi-dark-", "dark-"];
    let name = shades.iter().find_map(|shade| text.strip_prefix(shade)).unwrap_or(text);
    let is_hexadecimal = |digits: &str| digits.len() == 6 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    ["green", "red", "orange", "yellow", "blue", "purple"].contains(&name)
        || ["transparent", "text"].contains(&text)
        || text.strip_prefix('#').is_some_and(is_hexadecimal)
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    const INNER: Schema = Map(&[("size", Number(0.0, 1.0)), ("mode", Word(&["a", "b"]))]);
    const ALL: Schema = Map(&[
        ("inner", INNER),
        ("list", List(&INNER)),
        ("names", Each(&Flag)),
        ("cell", Choice(&[("gauge", &[("mode", Text)]), ("auto", &[])])),
        ("value", Schema::Or(&Nothing, &Number(0.0, f64::MAX))),
        ("colour", Colour),
        ("any", Any),
    ]);
    let found = |value: Value| faults("", &value, ALL);
    let good = serde_json::json!({
        "inner": {"size": 1, "mode": "a"}, "list": [{}, {"mode": "b"}], "names": {"x": true}, "colour": "semi-dark-red",
        "cell": {"type": "gauge", "mode": "x"}, "value": null, "any": [1, "a"],
    });
    assert_eq!(found(good), [""; 0]);
    for (value, fault) in [
        (serde_json::json!([]), " is []"),
        (serde_json::json!({"iner": 1}), "there is no iner"),
        (serde_json::json!({"inner": {"mode": "c"}}), "inner.mode is \"c\""),
        (serde_json::json!({"inner": {"size": 1.1}}), "inner.size is 1.1"),
        (serde_json::json!({"inner": {"size": "1"}}), "inner.size is \"1\""),
        (serde_json::json!({"list": [{"mode": "a"}, {"sise": 1}]}), "there is no list.sise"),
        (serde_json::json!({"list": {}}), "list is {}"),
        (serde_json::json!({"names": {"x": 1}}), "names.x is 1"),
        (serde_json::json!({"cell": {"type": "auto", "mode": "x"}}), "there is no cell.mode"),
        (serde_json::json!({"cell": {"type": "bar"}}), "cell is {\"type\":\"bar\"}"),
        (serde_json::json!({"value": -1}), "value is -1"),
        (serde_json::json!({"colour": "gren"}), "colour is \"gren\""),
        (serde_json::json!({"colour": "#12345"}), "colour is \"#12345\""),
    ] {
        assert_eq!(found(value), [fault]);
    }
}
