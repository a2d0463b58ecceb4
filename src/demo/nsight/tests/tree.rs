//! A generic reader of XML, apart from the exporter's own.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element with everything in it.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

impl Node {
    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Self> + use<'a> {
        let name = name.to_owned();
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn child(&self, name: &str) -> &Self {
        self.all(name).next().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub(super) fn get(&self, name: &str) -> &str {
        &self.child(name).text
    }

    pub(super) fn number(&self, name: &str) -> u64 {
        self.get(name).parse().unwrap_or_else(|_| panic!("{name} in {self:?}"))
    }
}

/// Reads a document, checking that it is well-formed and has the declaration of the real server.
pub(super) fn tree(body: &[u8]) -> Node {
    let text: String = body.iter().copied().map(char::from).collect();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"), "{text}");
    let mut reader = Reader::from_str(&text);
    let mut open = vec![Node::default()];
    loop {
        let start = |bytes: &quick_xml::events::BytesStart<'_>| Node {
            name: bytes.name().as_ref().to_owned(),
            attributes: bytes
                .attributes()
                .map(Result::unwrap)
                .map(|attribute| {
                    let key = attribute.key.as_ref().to_owned();
                    (key, attribute.value.to_string())
                })
                .collect(),
            ..Node::default()
        };
        match reader.read_event().expect("well-formed") {
            Event::Start(bytes) => open.push(start(&bytes)),
            Event::Empty(bytes) => open.last_mut().unwrap().children.push(start(&bytes)),
            Event::End(_) => {
                let node = open.pop().unwrap();
                open.last_mut().unwrap().children.push(node);
            }
            Event::Text(text) => open.last_mut().unwrap().text += &text,
            Event::CData(text) => open.last_mut().unwrap().text += &text,
            Event::GeneralRef(reference) => {
                let name = reference.to_string();
                let letter = match name.as_str() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    name => char::from_u32(u32::from_str_radix(name.strip_prefix("#x").unwrap(), 16).unwrap()).unwrap(),
                };
                open.last_mut().unwrap().text.push(letter);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open.len(), 1, "every element is closed");
    let mut document = open.pop().unwrap();
    assert_eq!((document.text.as_str(), document.children.len()), ("", 1), "one root");
    document.children.pop().unwrap()
}
