//! The envelopes of N-sight's answers, which are not uniform.

use super::{Cursor, Element, Node};
use crate::platform::nsight::error::Error;

/// Where an answer keeps its records.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The root element that the answer has instead of `result`, if it has one.
    pub root: Option<&'static str>,
    /// Elements that hold records. One of them must be there, or a record: an answer without any says nothing, and
    /// nothing is not an empty list.
    pub containers: &'static [&'static str],
}

impl Shape {
    /// `result/items/…`.
    pub const ITEMS: Self = Self { root: None, containers: &["items"] };

    fn is_transparent(&self, name: &str) -> bool {
        matches!(name, "items" | "example") || self.root == Some(name) || self.containers.contains(&name)
    }
}

/// Reads an answer and calls `each` for every element that can be a record, whatever it is wrapped in.
///
/// # Errors
///
/// When the answer is a FAIL, HTML, malformed, or not of this shape.
pub fn read_list<'a>(
    text: &'a str,
    shape: &Shape,
    mut each: impl FnMut(&str, Element<'_, 'a>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let mut cursor = Cursor::new(text);
    let root = loop {
        match cursor.next()? {
            Node::Start(root) => break root,
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Eof => return Err(Error::decode("it holds no XML element")),
            Node::Text(_) | Node::End => return Err(Error::decode("it is not XML")),
        }
    };
    let name = root.local_name();
    let name = name.as_ref();
    let level = cursor.depth;
    if is_html(name) {
        return Err(Error::Blocked(200));
    }
    if name == "error" {
        return Err(read_error(Element { cursor: &mut cursor, level, start: &root })?);
    }
    let bare = shape.root == Some(name);
    if name != "result" && !bare {
        let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        return Err(Error::decode(format!("its root is <{name}>")));
    }
    let mut walk = Walk { shape, found: bare, each: &mut each };
    let element = Element { cursor: &mut cursor, start: &root, level };
    if has_failed(&element) {
        return Err(read_fail(element)?);
    }
    walk.run(element)?;
    let found = walk.found;
    loop {
        match cursor.next()? {
            Node::Eof => break,
            Node::Text(text) if text.trim().is_empty() => {}
            _ => return Err(Error::decode("something follows its root element")),
        }
    }
    if found { Ok(()) } else { Err(Error::decode(format!("it has no <{}>", shape.containers.join("> or <")))) }
}

/// Whether an answer is a good one as far as its envelope tells, whatever it holds.
///
/// # Errors
///
/// When it is a FAIL, HTML, or malformed.
pub fn check_envelope(text: &str) -> Result<(), Error> {
    let mut cursor = Cursor::new(text);
    let root = loop {
        match cursor.next()? {
            Node::Start(root) => break root,
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(_) | Node::End | Node::Eof => return Err(Error::decode("it is not XML")),
        }
    };
    let name = root.local_name();
    let (is_html, is_error) = (is_html(name.as_ref()), name.as_ref() == "error");
    let level = cursor.depth;
    let element = Element { cursor: &mut cursor, start: &root, level };
    let failed = has_failed(&element);
    if is_html {
        return Err(Error::Blocked(200));
    }
    if is_error {
        return Err(read_error(element)?);
    }
    if failed {
        return Err(read_fail(element)?);
    }
    // An error is a failure whatever the status says.
    element.children(|name, child| if name == "error" { Err(read_error(child)?) } else { Ok(()) })?;
    Ok(())
}

fn is_html(name: &str) -> bool {
    ["html", "head", "body"].iter().any(|html| name.eq_ignore_ascii_case(html))
}

struct Walk<'s, F> {
    shape: &'s Shape,
    found: bool,
    each: &'s mut F,
}

impl<F> Walk<'_, F> {
    fn run<'a>(&mut self, element: Element<'_, 'a>) -> Result<(), Error>
    where
        F: FnMut(&str, Element<'_, 'a>) -> Result<bool, Error>,
    {
        element.children(|name, child| {
            if name == "error" {
                // An error is a failure whatever the status says.
                return Err(read_error(child)?);
            }
            if self.shape.is_transparent(name) {
                self.found |= name != "example";
                return self.run(child);
            }
            self.found |= (self.each)(name, child)?;
            Ok(())
        })?;
        Ok(())
    }
}

/// Whether the root says so. A root without `status` has not failed; one with a status that is not OK has.
fn has_failed(root: &Element<'_, '_>) -> bool {
    root.attribute("status").is_some_and(|status| !status.is_empty() && !status.eq_ignore_ascii_case("ok"))
}

/// The failure that a root with `status="FAIL"` describes: by `error`, or by a bare `msg` or `message`.
fn read_fail(root: Element<'_, '_>) -> Result<Error, Error> {
    let mut failure = None;
    let mut message = String::new();
    let text = root.children(|name, child| {
        match name {
            "error" if failure.is_none() => failure = Some(read_error(child)?),
            "msg" | "message" if message.is_empty() => message = child.text()?.into_owned(),
            _ => {}
        }
        Ok(())
    })?;
    let message = if message.is_empty() { text } else { message };
    Ok(failure.unwrap_or_else(|| Error::from_fail(None, &brief(&message))))
}

fn read_error(element: Element<'_, '_>) -> Result<Error, Error> {
    let (mut code, mut message) = (None, String::new());
    let text = element.children(|name, child| {
        match name {
            "errorcode" | "code" if code.is_none() => code = child.text()?.parse().ok(),
            "message" | "msg" if message.is_empty() => message = child.text()?.into_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(Error::from_fail(code, &brief(if message.is_empty() { &text } else { &message })))
}

/// A message on one line, of bounded length.
fn brief(message: &str) -> String {
    crate::fleet::Label::new(message).as_str().to_owned()
}
