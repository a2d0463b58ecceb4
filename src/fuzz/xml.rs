//! The XML reader, from bytes to texts, whatever the service.

use crate::platform::nsight::encoding;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Element, Shape, check_envelope, read_list};

/// Reads the bytes as an answer, every element and attribute of it.
///
/// # Panics
///
/// When the reader makes more of a document than is in it, or its two ways to judge an envelope disagree.
pub fn xml(data: &[u8]) {
    let text = encoding::decode(data.to_vec());
    assert!(text.chars().all(encoding::is_allowed), "a character that XML does not have");
    assert!(text.len() <= 3 * data.len() + 3, "{} bytes became {}", data.len(), text.len());

    let shape = Shape { root: Some("bare"), containers: &["items", "rows"] };
    let mut read = Read::default();
    let listed = read_list(&text, &shape, |_, element| {
        read.walk(element, 1)?;
        Ok(true)
    });
    assert!(read.elements * 3 <= text.len(), "{} elements in {} bytes", read.elements, text.len());
    assert!(read.bytes <= text.len(), "{} bytes of text in {}: something was expanded", read.bytes, text.len());
    assert!(read.depth <= 64, "{} levels", read.depth);
    if listed.is_ok() {
        assert!(check_envelope(&text).is_ok(), "a list that can be read has a good envelope");
    }
}

/// What was read of a document.
#[derive(Default)]
struct Read {
    elements: usize,
    bytes: usize,
    depth: usize,
}

impl Read {
    /// Every second level is read as text, so that both ways of reading meet everything.
    fn walk(&mut self, element: Element<'_, '_>, depth: usize) -> Result<(), Error> {
        self.elements += 1;
        self.depth = self.depth.max(depth);
        self.bytes += element.attribute("name").map_or(0, |value| value.len());
        let mut children = 0;
        let text = element.children(|_, child| {
            children += 1;
            if children % 2 == 0 {
                self.elements += 1;
                self.bytes += child.text()?.len();
                Ok(())
            } else {
                self.walk(child, depth + 1)
            }
        })?;
        self.bytes += text.len();
        Ok(())
    }
}
