//! YAML as a tree whose every node knows its place.
//!
//! The parser's events are turned into a tree here, and not by a ready-made loader, because loaders stop at the first
//! duplicate key, follow aliases, and recurse as deep as the input likes.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use zeroize::Zeroizing;

/// Deepest nesting. The configuration itself needs seven levels.
const MAX_DEPTH: usize = 32;

/// Line and column, counted from 1.
pub type Place = (usize, usize);

/// A node. Deliberately without `Debug`: it may hold a key.
pub struct Node {
    /// Where it starts.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a node is.
pub enum Value {
    /// A text, a number, a truth value or nothing: what a plain scalar means is decided by who reads it.
    Scalar {
        /// The text without quotes. It may be a key.
        text: Zeroizing<String>,
        /// Written without quotes.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in the order of the file, duplicates included.
    Mapping(Vec<Entry>),
    /// Something that was reported as an error already and is not worth a second one.
    Broken,
}

/// A key with its value.
pub struct Entry {
    /// The key; `None` when it is no plain text.
    pub key: Option<String>,
    /// Where the key stands.
    pub place: Place,
    /// The value.
    pub node: Node,
}

/// A fault of the YAML itself.
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What, and the remedy.
    pub message: String,
}

/// An unfinished collection.
enum Open {
    Sequence(Place, Vec<Node>),
    Mapping(Place, Vec<Entry>, Option<(Option<String>, Place)>),
}

/// Reads one YAML document. The tree is as complete as the faults allow; without any node the document is empty.
#[must_use]
pub fn parse(text: &str) -> (Option<Node>, Vec<Fault>) {
    let mut builder = Builder { stack: Vec::new(), root: None, documents: 0, faults: Vec::new() };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => {
                if builder.accept(event, span).is_break() {
                    break;
                }
            }
            Err(error) => {
                let marker = error.marker();
                let place = (marker.line(), marker.col() + 1);
                builder.fault(place, format!("this is not valid YAML: {}. Check the indentation, colons and quotes here and in the line above.", error.info()));
                break;
            }
        }
    }
    (builder.root, builder.faults)
}

/// The place of the start of what `span` covers.
fn place_of(span: &Span) -> Place {
    (span.start.line(), span.start.col() + 1)
}

struct Builder {
    stack: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    faults: Vec<Fault>,
}

type Flow = std::ops::ControlFlow<()>;

impl Builder {
    fn fault(&mut self, place: Place, message: String) {
        self.faults.push(Fault { place, message });
    }

    fn accept(&mut self, event: Event<'_>, span: Span) -> Flow {
        let place = place_of(&span);
        let mut tagged = false;
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.fault(
                        place,
                        "a second YAML document starts here. Put everything into one document, without ---.".to_owned(),
                    );
                    return Flow::Break(());
                }
            }
            Event::Alias(_) => {
                self.fault(place, "YAML aliases (*name) are not supported. Write the value out.".to_owned());
                self.add(Node { place, value: Value::Broken });
            }
            Event::Scalar(text, style, anchor, tag) => {
                tagged = tag.is_some();
                self.refuse_anchor(anchor, place);
                let plain = style == ScalarStyle::Plain;
                self.add(Node { place, value: Value::Scalar { text: Zeroizing::new(text.into_owned()), plain } });
            }
            Event::SequenceStart(anchor, tag) => {
                tagged = tag.is_some();
                self.refuse_anchor(anchor, place);
                self.stack.push(Open::Sequence(place, Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                tagged = tag.is_some();
                self.refuse_anchor(anchor, place);
                self.stack.push(Open::Mapping(place, Vec::new(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(Open::Sequence(place, nodes)) => self.add(Node { place, value: Value::Sequence(nodes) }),
                Some(Open::Mapping(place, entries, _)) => self.add(Node { place, value: Value::Mapping(entries) }),
                None => {}
            },
        }
        if tagged {
            self.fault(place, "YAML tags (!name) are not supported. Remove the tag.".to_owned());
        }
        if self.stack.len() > MAX_DEPTH {
            self.fault(
                place,
                format!("this is nested deeper than {MAX_DEPTH} levels. No key of the configuration is."),
            );
            return Flow::Break(());
        }
        Flow::Continue(())
    }

    fn refuse_anchor(&mut self, anchor: usize, place: Place) {
        if anchor > 0 {
            self.fault(
                place,
                "YAML anchors (&name) are not supported. Remove it and write the value out where it is used."
                    .to_owned(),
            );
        }
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node) {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence(_, nodes)) => nodes.push(node),
            Some(Open::Mapping(_, entries, pending)) => {
                if let Some((key, place)) = pending.take() {
                    entries.push(Entry { key, place, node });
                } else {
                    let place = node.place;
                    let key = match node.value {
                        Value::Scalar { mut text, .. } => Some(std::mem::take(&mut *text)),
                        _ => None,
                    };
                    *pending = Some((key, place));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(Place, String)> {
        parse(text).1.into_iter().map(|fault| (fault.place, fault.message)).collect()
    }

    #[test]
    fn keys_and_values_know_their_places() {
        let (root, faults) = parse("# comment\naccounts:\n  - name: x\n    name: 'y'\n");
        assert!(faults.is_empty());
        let Some(Value::Mapping(top)) = root.map(|node| node.value) else { panic!("mapping") };
        assert_eq!((top[0].key.as_deref(), top[0].place), (Some("accounts"), (2, 1)));
        let Value::Sequence(items) = &top[0].node.value else { panic!("sequence") };
        let Value::Mapping(entries) = &items[0].value else { panic!("mapping") };
        assert_eq!(entries.len(), 2, "duplicates stay");
        assert_eq!((entries[1].place, entries[1].node.place), ((4, 5), (4, 11)));
        assert!(matches!(&entries[1].node.value, Value::Scalar { text, plain: false } if text.as_str() == "y"));
    }

    #[test]
    fn what_yaml_can_but_a_configuration_should_not() {
        assert!(
            faults("a: &x 1\nb: *x\n").iter().map(|(place, _)| *place).eq([(1, 4), (2, 4)]),
            "{:?}",
            faults("a: &x 1\nb: *x\n")
        );
        assert!(faults("a: !!int 1").iter().any(|(_, message)| message.contains("tags")));
        assert!(faults("a: 1\n---\nb: 2\n").iter().any(|(place, message)| place.0 == 2 && message.contains("second")));
        assert!(faults("a: [1, 2\nb: 3").iter().any(|(_, message)| message.contains("not valid YAML")));
        assert!(faults("a:\n\tb: 1").iter().any(|(_, message)| message.contains("not valid YAML")));
    }

    #[test]
    fn depth_is_bounded_in_either_style() {
        let flow = "[".repeat(100_000);
        let block = "- ".repeat(100_000);
        for text in [flow, block] {
            assert_eq!(faults(&text).len(), 1);
        }
    }

    #[test]
    fn an_empty_document_has_no_root() {
        for text in ["", "# only a comment\n", "\u{feff}"] {
            let (root, faults) = parse(text);
            assert!(faults.is_empty());
            assert!(root.is_none_or(|node| matches!(node.value, Value::Scalar { text, .. } if text.is_empty())));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_input_panics(text in "[-a:\\[\\]{}&*!'\" \n#|>?,%\t]{0,80}") {
            let _tree = parse(&text);
        }
    }
}
