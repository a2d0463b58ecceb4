//! A fleet as bytes, for the state directory.
//!
//! The bytes do not describe themselves: they mean something only to a program with the same model. [`FORMAT`] stands for the
//! model, and a test holds it to what is written.

use jiff::Timestamp;
use serde::Deserialize;
use thiserror::Error;

use super::shared_text::sharing;
use super::{Fleet, FleetOptions, Gone, Update};

/// Which model the bytes are of. Any change of what is stored (a field, a variant, their order, what they mean) needs the next
/// number; then fleets of other formats are read from the platform again.
pub const FORMAT: u32 = 2;

/// Bytes that are no fleet of this format.
#[derive(Debug, Error)]
pub enum StoredError {
    /// They make no sense, or end too early.
    #[error("the stored fleet cannot be read: {0}")]
    Unreadable(#[from] postcard::Error),
    /// More follows than belongs to it.
    #[error("the stored fleet cannot be read: it ends before its bytes do")]
    TooLong,
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, StoredError> {
    let (value, rest) = sharing(|| postcard::take_from_bytes(bytes))?;
    if rest.is_empty() { Ok(value) } else { Err(StoredError::TooLong) }
}

impl Fleet {
    /// Everything but the options, and but custom fields whose names are not known yet.
    ///
    /// # Errors
    ///
    /// When a time zone has no name that could be stored.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StoredError> {
        Ok(postcard::to_stdvec(self.without_unnamed_fields().as_ref().unwrap_or(self))?)
    }

    /// A fleet as it was stored, kept by these options from now on.
    ///
    /// # Errors
    ///
    /// When the bytes are no fleet of this [`FORMAT`].
    pub fn from_bytes(bytes: &[u8], options: FleetOptions) -> Result<Self, StoredError> {
        let mut fleet: Self = read(bytes)?;
        fleet.keep_by(options);
        Ok(fleet)
    }

    /// Takes the options of another configuration. What is known stays, but for custom fields that no mapping looks at any
    /// more.
    pub fn keep_by(&mut self, options: FleetOptions) {
        self.options = options;
        if let Some(names) = self.field_names.take() {
            self.apply_field_names(names);
        }
    }

    /// Applies again the updates of an answer of time `at` that brought a fleet to `revision`; those that this fleet has
    /// already are skipped.
    pub fn replay(&mut self, revision: u64, updates: Vec<Update>, at: Timestamp) {
        let missing = usize::try_from(revision.saturating_sub(self.revision)).unwrap_or(usize::MAX);
        if missing == 0 {
            return;
        }
        let known = updates.len().saturating_sub(missing);
        for update in updates.into_iter().skip(known) {
            self.apply(update, at);
        }
        // Changes in between that were not kept are not counted twice.
        self.revision = revision;
    }

    /// Withdraws again what was gone at `at`, which brought a fleet to `revision`; nothing when this fleet knows already.
    pub fn replay_gone(&mut self, revision: u64, gone: &Gone, at: Timestamp) {
        if revision > self.revision {
            self.forget(gone, at);
            self.revision = revision;
        }
    }

    /// How many changes were ever made to it: each call of [`apply`](Self::apply) and [`forget`](Self::forget) is one.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether it knows anything that there is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_none() && self.lists.is_empty()
    }
}

/// What changes a fleet, as bytes.
pub mod change {
    use super::{Gone, StoredError, Update, read};

    /// The updates of one answer.
    ///
    /// # Errors
    ///
    /// When a time zone has no name that could be stored.
    pub fn updates_to_bytes(updates: &[Update]) -> Result<Vec<u8>, StoredError> {
        Ok(postcard::to_stdvec(updates)?)
    }

    /// The updates of one answer.
    ///
    /// # Errors
    ///
    /// When the bytes are no updates of this [`super::FORMAT`].
    pub fn updates_from_bytes(bytes: &[u8]) -> Result<Vec<Update>, StoredError> {
        read(bytes)
    }

    /// Something that is gone.
    ///
    /// # Errors
    ///
    /// None that is known.
    pub fn gone_to_bytes(gone: &Gone) -> Result<Vec<u8>, StoredError> {
        Ok(postcard::to_stdvec(gone)?)
    }

    /// Something that is gone.
    ///
    /// # Errors
    ///
    /// When the bytes are nothing of this [`super::FORMAT`].
    pub fn gone_from_bytes(bytes: &[u8]) -> Result<Gone, StoredError> {
        read(bytes)
    }
}
