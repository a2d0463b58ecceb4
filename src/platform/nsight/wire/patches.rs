//! Patch management: patch_list_all.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};

/// The root is `patches`, without envelope.
const SHAPE: Shape = Shape { root: Some("patches"), containers: &["patches"] };

/// One update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch<'a> {
    /// `status`: a number, as written.
    pub status: Cow<'a, str>,
    /// `severityLabel`.
    pub severity: Cow<'a, str>,
    /// `installdate`.
    pub installed: Option<Timestamp>,
}

const PATCH: &[&str] = &["patchid", "status", "severitylabel", "installdate"];

/// Reads an answer of patch_list_all and calls `each` for every update.
///
/// # Errors
///
/// When it is none.
pub fn patch_list_all<'a>(text: &'a str, tally: &mut Tally, mut each: impl FnMut(Patch<'a>)) -> Result<(), Error> {
    read_list(text, &SHAPE, |name, element| {
        if name != "patch" {
            return Ok(false);
        }
        tally.record()?;
        // installdatetext and installDateText both occur, so the others may as well.
        let fields = Fields::read(element, PATCH, Names::AnyCase)?;
        let Some(id) = fields.id(&["patchid"]) else {
            tally.bad("patch without id");
            return Ok(true);
        };
        tally.good();
        if !tally.is_first(&[id]) {
            return Ok(true);
        }
        each(Patch {
            status: fields.kept("status"),
            severity: fields.kept("severitylabel"),
            installed: fields.epoch("installdate"),
        });
        Ok(true)
    })
}
