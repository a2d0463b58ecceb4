//! YAML with anchors and aliases, as Prometheus takes it and the configuration of the exporter does not.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

/// What is open around the node that is read.
enum Open {
    List(usize, Vec<Value>),
    Map(usize, Map<String, Value>, Option<String>),
}

/// The one document of `text`. Every scalar is a text: what it means is decided by who reads it.
pub fn parse(text: &str) -> Value {
    let (mut open, mut anchors, mut root) = (Vec::new(), HashMap::new(), None);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (anchor, value) = match event.expect("valid YAML").0 {
            Event::Scalar(text, _, anchor, _) => (anchor, Value::String(text.into_owned())),
            Event::Alias(anchor) => (0, Value::clone(anchors.get(&anchor).expect("an anchor before its alias"))),
            Event::SequenceStart(anchor, _) => {
                open.push(Open::List(anchor, Vec::new()));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open::Map(anchor, Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().expect("an open node") {
                Open::List(anchor, list) => (anchor, Value::Array(list)),
                Open::Map(anchor, map, _) => (anchor, Value::Object(map)),
            },
            _ => continue,
        };
        if anchor != 0 {
            anchors.insert(anchor, value.clone());
        }
        match open.last_mut() {
            None => assert!(root.replace(value).is_none(), "one document"),
            Some(Open::List(_, list)) => list.push(value),
            Some(Open::Map(_, map, key)) => match key.take() {
                None => *key = Some(value.as_str().expect("a text as the key").to_owned()),
                Some(key) => assert!(map.insert(key.clone(), value).is_none(), "{key} stands there twice"),
            },
        }
    }
    root.expect("a document")
}

#[test]
fn anchors_are_followed_and_scalars_are_texts() {
    let value = parse("a: &one { for: 10m, n: 3 }\nb: [*one, \"x\"]\nc: &t yes\nd: *t\n");
    let expected = serde_json::json!({
        "a": {"for": "10m", "n": "3"}, "b": [{"for": "10m", "n": "3"}, "x"], "c": "yes", "d": "yes",
    });
    assert_eq!(value, expected);
}

#[test]
#[should_panic(expected = "a stands there twice")]
fn a_key_stands_there_once() {
    parse("a: 1\na: 2\n");
}
