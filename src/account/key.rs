//! Secrets are read again when somebody asks, and a key that is refused is looked for: somebody may have put another one into
//! its file.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;

use super::{Account, Secrets, without_holding_a_worker};
use crate::clock::Moment;
use crate::platform::Platform;

/// So often the key is read again while it is refused.
const REREAD: Duration = Duration::from_secs(15);
/// A key that is refused is tried again for a reload at most so often, while it is the same.
const FORGIVE: Duration = Duration::from_mins(15);

impl<P: Platform> Account<P> {
    /// Makes the account read its secrets again while it works.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        self.orders.secrets()
    }

    /// What is known may be another account's, because the key is another one: the list that tells what there is goes first.
    pub fn ask_what_there_is(&mut self) {
        let now = self.clock.now();
        self.planner.hurry(&self.platform.up_call(), now);
    }

    /// Reads the key again, and every other secret, as somebody asked: then a refused key is worth another try, even if it is
    /// the same; but that not more often than by itself, for anybody may ask for reloads. Says whether any of them changed.
    pub fn reload_secrets(&mut self) -> bool {
        let is_new = without_holding_a_worker(|| self.platform.reload_key());
        if is_new {
            self.ask_what_there_is();
        }
        let now = self.clock.now();
        let is_forgiven = self.forgiven.is_none_or(|then| now.steady.saturating_sub(then) >= FORGIVE);
        if is_new || is_forgiven {
            self.forgiven = Some(now.steady);
            self.planner.key_changed(now);
            let _ = self.remember(now);
        }
        is_new
    }

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
