//! Users of Active Directory: list_active_directory_users. Of everything that it says about people, only a number is kept.

use crate::platform::nsight::error::Error;
use crate::platform::nsight::xml::{Shape, Tally, read_list};

/// `result/users/user*`.
const SHAPE: Shape = Shape { root: None, containers: &["users"] };

/// Reads an answer of list_active_directory_users: calls `each` with the attribute `status` of every user, `None` where
/// it is no number. A user whom several servers of the directory report counts once, by the id that all of them use; names
/// and addresses are skipped unread.
///
/// # Errors
///
/// When it is none.
pub fn list_active_directory_users(
    text: &str,
    tally: &mut Tally,
    mut each: impl FnMut(Option<u64>),
) -> Result<(), Error> {
    read_list(text, &SHAPE, |name, element| {
        if name != "user" {
            return Ok(false);
        }
        tally.record()?;
        tally.good();
        let id = element.attribute("objectGUID").unwrap_or_default();
        if tally.is_first(&[&id]) {
            each(element.attribute("status").and_then(|status| status.parse().ok()));
        }
        Ok(true)
    })
}
