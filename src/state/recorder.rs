//! Where changes are written down.

use jiff::Timestamp;

use crate::fleet::{Gone, Update};
use crate::planner::Recorded;

/// Writes changes down, or nowhere when there is no state directory. Never blocks, and never fails towards its user: what
/// cannot be written stays in memory.
#[derive(Clone, Debug, Default)]
pub struct Recorder(());

/// The updates of an answer, ready to be written down.
#[derive(Debug)]
pub struct Prepared(());

/// How the writing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// What changes is on disk, or on its way. False while it is kept in memory only, because writing failed.
    pub writing: bool,
    /// Bytes written since the process started.
    pub written: u64,
    /// Bytes of the file.
    pub size: u64,
}

impl Recorder {
    /// Keeps nothing.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self(())
    }

    /// The updates of an answer as they will be written down, before they are applied to the fleet.
    #[must_use]
    pub fn prepare(&self, _updates: &[Update]) -> Prepared {
        Prepared(())
    }

    /// An answer was applied at `at`; the fleet is at that revision now.
    pub fn answered(&self, _updates: Prepared, _revision: u64, _at: Timestamp) {}

    /// Something is gone since `at`; the fleet is at that revision now.
    pub fn gone(&self, _gone: &Gone, _revision: u64, _at: Timestamp) {}

    /// An attempt of the call of that identity starts.
    pub(super) fn started(&self, _identity: &str, _at: Timestamp) -> Recorded {
        Recorded::now()
    }

    /// The attempt that started last ended.
    pub(super) fn ended(&self, _identity: &str, _at: Timestamp, _succeeded: bool) {}

    /// How the writing goes; `None` when nothing is to be written.
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        None
    }

    /// Waits until everything that was handed over is on disk, at most a second.
    pub async fn flush(&self) {}
}
