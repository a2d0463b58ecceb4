//! A fleet as bytes, for the state directory.
//!
//! The bytes do not describe themselves: they mean something only to a program with the same model. [`FORMAT`] stands for the
//! model, and a test holds it to what is written.

use thiserror::Error;

use super::{Fleet, FleetOptions, Gone, Update};

/// Which model the bytes are of. Any change of what is stored (a field, a variant, their order) needs the next number; then
/// fleets of other formats are read from the platform again.
pub const FORMAT: u32 = 1;

/// Bytes that are no fleet of this format.
#[derive(Debug, Error)]
#[error("the stored fleet cannot be read: {0}")]
pub struct StoredError(#[from] postcard::Error);

impl Fleet {
    /// Everything but the options.
    ///
    /// # Errors
    ///
    /// When a time zone has no name that could be stored.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StoredError> {
        Ok(postcard::to_stdvec(self)?)
    }

    /// A fleet as it was stored, kept by these options from now on.
    ///
    /// # Errors
    ///
    /// When the bytes are no fleet of this [`FORMAT`].
    pub fn from_bytes(bytes: &[u8], options: FleetOptions) -> Result<Self, StoredError> {
        let mut fleet: Self = postcard::from_bytes(bytes)?;
        fleet.keep_by(options);
        Ok(fleet)
    }

    /// Takes the options of another configuration; what is known stays.
    pub fn keep_by(&mut self, options: FleetOptions) {
        if options.time_zone.is_some() {
            self.time_zone.clone_from(&options.time_zone);
        }
        self.options = options;
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
    use super::{Gone, StoredError, Update};

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
        Ok(postcard::from_bytes(bytes)?)
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
        Ok(postcard::from_bytes(bytes)?)
    }
}
