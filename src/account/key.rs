//! A key that is refused is looked for: somebody may have put another one into its file.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;

use super::Account;
use crate::clock::Moment;
use crate::platform::Platform;

/// So often the key is read again while it is refused.
const REREAD: Duration = Duration::from_secs(15);

impl<P: Platform> Account<P> {
    /// Reads the key again, off the runtime's own threads: its file may be on a mount that is slow, or hangs. Once at a time.
    pub(super) fn read_key(&mut self) {
        if self.key_reads.is_empty() {
            let platform = Arc::clone(&self.platform);
            self.key_reads.spawn_blocking(move || platform.reload_key());
        }
    }

    /// The key was read again. Another one is tried as soon as the limits allow.
    pub(super) fn key_read(&mut self, result: &Result<bool, JoinError>) {
        self.key_due = None;
        if matches!(result, Ok(true)) {
            let now = self.clock.now();
            self.planner.key_changed(now);
            // Nothing waits for it.
            let _ = self.remember(now);
            self.changed(now);
        }
    }

    /// While the key is refused, it is read again now and then.
    pub(super) fn look_for_key(&mut self, now: Moment) {
        if !self.planner.is_key_refused() {
            self.key_due = None;
        } else if self.key_reads.is_empty() && *self.key_due.get_or_insert(now.steady + REREAD) <= now.steady {
            self.key_due = None;
            self.read_key();
        }
    }
}
