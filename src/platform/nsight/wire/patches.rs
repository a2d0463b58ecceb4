//! Patch management: patch_list_all.

use jiff::Timestamp;

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Fields, Names, Shape, Tally, read_list};

/// The root is `patches`, without envelope.
const SHAPE: Shape = Shape { root: Some("patches"), containers: &["patches"] };

/// One update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// `status`: a number, as written.
    pub status: String,
    /// `severityLabel`.
    pub severity: String,
    /// `installdate`.
    pub installed: Option<Timestamp>,
}

const PATCH: &[&str] = &["patchid", "status", "severitylabel", "installdate"];

/// Reads an answer of patch_list_all.
///
/// # Errors
///
/// When it is none.
pub fn patch_list_all(text: &str, tally: &mut Tally) -> Result<Vec<Patch>, Error> {
    let mut patches = Vec::new();
    read_list(text, &SHAPE, |name, element| {
        if name != "patch" {
            return Ok(false);
        }
        tally.record()?;
        // installdatetext and installDateText both occur, so the others may as well.
        let fields = Fields::read(element, PATCH, Names::AnyCase)?;
        if fields.id(&["patchid"]).is_none() {
            tally.bad("patch without id");
            return Ok(true);
        }
        tally.good();
        patches.push(Patch {
            status: fields.text("status").to_owned(),
            severity: fields.text("severitylabel").to_owned(),
            installed: fields.epoch("installdate"),
        });
        Ok(true)
    })?;
    Ok(patches)
}
