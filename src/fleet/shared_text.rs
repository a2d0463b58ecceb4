//! Texts that are stored many times (ids, names, models) and shall be one allocation again once they are read.
//!
//! Serde hands nothing down to the fields that it reads, so what was read so far is kept by the thread while it reads.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer, Error, Visitor};

use super::Label;

/// Texts that were read, by sort: a label is cleaned, anything else is as it was written.
#[derive(Default)]
struct Known {
    labels: HashSet<Arc<str>>,
    others: HashSet<Arc<str>>,
}

thread_local! {
    /// `None` while nothing is read that shares.
    static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
}

/// Ends the sharing, also when reading fails.
struct Sharing;

impl Drop for Sharing {
    fn drop(&mut self) {
        KNOWN.set(None);
    }
}

/// Equal texts among what `read` deserialises on this thread are one allocation.
pub(super) fn sharing<T>(read: impl FnOnce() -> T) -> T {
    KNOWN.set(Some(Known::default()));
    let _sharing = Sharing;
    read()
}

/// For fields that are an id or a key.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    deserializer.deserialize_str(Text { set: |known| &mut known.others, made: |text| text.into() })
}

/// For the text of a label, which is cleaned again: what was stored may be damaged.
pub(super) fn label<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    deserializer.deserialize_str(Text { set: |known| &mut known.labels, made: Label::clean })
}

struct Text {
    set: fn(&mut Known) -> &mut HashSet<Arc<str>>,
    made: fn(&str) -> Arc<str>,
}

impl Visitor<'_> for Text {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Arc<str>, E> {
        Ok(KNOWN.with_borrow_mut(|known| {
            let Some(known) = known else { return (self.made)(text) };
            let set = (self.set)(known);
            if let Some(same) = set.get(text) {
                return Arc::clone(same);
            }
            let made = (self.made)(text);
            set.insert(Arc::clone(&made));
            made
        }))
    }
}
