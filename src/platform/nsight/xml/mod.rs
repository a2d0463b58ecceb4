//! XML → records, by pulling: no tree is built, and what nobody asks for is skipped.

mod envelope;
mod fields;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};

use super::encoding::is_allowed;
use super::error::Error;
use crate::fleet::Label;

pub use envelope::{Shape, check_envelope, read_list};
pub use fields::{Fields, MAX_RECORDS, Names, Tally, quantity, utc};

/// The deepest nesting that is read; real answers have about ten levels.
const MAX_DEPTH: usize = 64;

/// The most elements in one answer. An answer within the byte limit with more than this has no records in it.
const MAX_ELEMENTS: u64 = 4_000_000;

/// A position in a document.
pub struct Cursor<'a> {
    reader: quick_xml::Reader<&'a [u8]>,
    /// How many elements are open.
    depth: usize,
    elements: u64,
}

/// What comes next in a document.
enum Node<'a> {
    Start(BytesStart<'a>),
    End,
    Text(Cow<'a, str>),
    Eof,
}

impl<'a> Cursor<'a> {
    /// Before the root of a document.
    fn new(text: &'a str) -> Self {
        let mut reader = quick_xml::Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // A bare & is kept as it stands.
        config.allow_dangling_amp = true;
        Self { reader, depth: 0, elements: 0 }
    }

    fn next(&mut self) -> Result<Node<'a>, Error> {
        loop {
            match self.reader.read_event().map_err(|error| self.malformed(&error))? {
                Event::Start(start) => {
                    self.depth += 1;
                    self.elements += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(Error::decode(format!("elements are nested deeper than {MAX_DEPTH}")));
                    }
                    if self.elements > MAX_ELEMENTS {
                        return Err(Error::decode(format!("it has more than {MAX_ELEMENTS} elements")));
                    }
                    return Ok(Node::Start(start));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Node::End);
                }
                Event::Text(text) => return Ok(Node::Text(text.into_inner())),
                Event::CData(text) => return Ok(Node::Text(text.into_inner())),
                Event::GeneralRef(reference) => return Ok(Node::Text(resolve(&reference))),
                Event::DocType(doctype) => {
                    let is_html = doctype.trim_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html"));
                    return Err(if is_html {
                        Error::Blocked(200)
                    } else {
                        Error::decode("it has a DOCTYPE, which no answer of N-sight has")
                    });
                }
                Event::Eof => {
                    return if self.depth == 0 { Ok(Node::Eof) } else { Err(Error::decode("it ends too early")) };
                }
                Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    /// Skips to the end of the element that was opened as number `level`, if it is still open.
    fn close(&mut self, level: usize) -> Result<(), Error> {
        while self.depth >= level {
            self.next()?;
        }
        Ok(())
    }

    fn malformed(&self, error: &quick_xml::Error) -> Error {
        // It repeats names of the document, however long, and whatever is in them.
        let what = Label::new(&error.to_string());
        Error::decode(format!("malformed XML at byte {}: {}", self.reader.error_position(), what.as_str()))
    }
}

/// The character of a numeric reference or of one of XML's five entities; nothing for a control character. Anything else
/// stays as it is written: an entity is never expanded.
fn resolve(reference: &BytesRef<'_>) -> Cow<'static, str> {
    if let Some(text) = quick_xml::escape::resolve_xml_entity(reference) {
        return Cow::Borrowed(text);
    }
    let number = reference.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => number.parse().ok(),
    });
    match number.map(char::from_u32) {
        Some(Some(c)) if is_allowed(c) => Cow::Owned(c.to_string()),
        Some(Some(_)) => Cow::Borrowed(""),
        Some(None) | None => Cow::Owned(format!("&{};", &**reference)),
    }
}

/// An open element: it is read once, as text or as children, or not at all.
pub struct Element<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    start: &'c BytesStart<'a>,
    level: usize,
}

impl<'a> Element<'_, 'a> {
    /// The value of an attribute, its name in any case: as it is written, trimmed; entities in it are left alone. `None` when
    /// it is not there.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.start.attributes().flatten();
        let attribute = attributes.find(|attribute| attribute.key.local_name().as_ref().eq_ignore_ascii_case(name))?;
        Some(attribute.value.trim().to_owned())
    }

    /// All text within, CDATA or not, concatenated and trimmed. What the document has in one piece is not copied.
    ///
    /// # Errors
    ///
    /// When the document is malformed.
    pub fn text(self) -> Result<Cow<'a, str>, Error> {
        let mut text = Cow::Borrowed("");
        while self.cursor.depth >= self.level {
            if let Node::Text(part) = self.cursor.next()? {
                if text.is_empty() {
                    text = part;
                } else {
                    text.to_mut().push_str(&part);
                }
            }
        }
        Ok(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(mut text) => {
                trim(&mut text);
                Cow::Owned(text)
            }
        })
    }

    /// Calls `each` for every child element, and gives back the text between them, trimmed. What `each` leaves unread is
    /// skipped.
    ///
    /// # Errors
    ///
    /// When the document is malformed, or `each` fails.
    pub fn children(self, mut each: impl FnMut(&str, Element<'_, 'a>) -> Result<(), Error>) -> Result<String, Error> {
        let mut text = String::new();
        loop {
            match self.cursor.next()? {
                Node::Start(start) => {
                    let level = self.cursor.depth;
                    each(start.local_name().as_ref(), Element { cursor: self.cursor, start: &start, level })?;
                    self.cursor.close(level)?;
                }
                Node::Text(part) if text.is_empty() && part.trim().is_empty() => {}
                Node::Text(part) => text.push_str(&part),
                Node::End | Node::Eof => break,
            }
        }
        trim(&mut text);
        Ok(text)
    }
}

fn trim(text: &mut String) {
    text.truncate(text.trim_end().len());
    let start = text.len() - text.trim_start().len();
    text.drain(..start);
}
