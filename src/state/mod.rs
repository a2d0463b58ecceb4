//! What an account keeps: when it called what, and what it knows. In memory, and with a state directory on disk too, where it
//! outlives the process.

pub mod directory;
mod file;
pub mod ledger;
mod lock;
mod pack;
mod record;
pub mod recorder;
mod restore;
#[doc(hidden)]
pub(crate) mod untrusted;
mod whereabouts;
mod writer;

use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use crate::fleet::{Fleet, FleetOptions};
use crate::planner::MemoryLedger;

pub use directory::{StateDirectory, StateError};
pub use ledger::KeptLedger;
pub use recorder::{Health, Prepared, Recorder};

/// What an account starts with, and what it hands to its successor when its configuration changes.
#[derive(Clone, Debug)]
pub struct Kept {
    /// When it called what.
    pub ledger: Arc<Mutex<MemoryLedger>>,
    /// Attempts that ended until then may be missing in the ledger, because its file was damaged or could not be written.
    pub gap: Option<Timestamp>,
    /// What it knows.
    pub fleet: Arc<Mutex<Fleet>>,
    /// What paused when the last process ended, in the planner's own words; empty when nothing is known of it.
    pub pauses: Vec<u8>,
    /// Where changes of both are written down.
    pub recorder: Recorder,
}

impl Kept {
    /// Nothing yet, and nothing will outlive the process.
    #[must_use]
    pub fn in_memory(options: FleetOptions) -> Self {
        Self {
            ledger: Arc::default(),
            gap: None,
            fleet: Arc::new(Mutex::new(Fleet::new(options))),
            pauses: Vec::new(),
            recorder: Recorder::nowhere(),
        }
    }
}

#[cfg(test)]
mod tests;
