//! What pauses is remembered over a restart: a crash loop must not ask a server again and again that wants to be left alone.

use serde::{Deserialize, Serialize};

use super::Account;
use crate::clock::Moment;
use crate::planner::{Memory, Recorded};
use crate::platform::Platform;

/// What is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    memory: Memory,
    /// Tells whether the key is still the one that was in use then, without being able to tell the key.
    salt: u64,
    mark: u64,
}

impl<P: Platform> Account<P> {
    /// Goes on with what paused when the last process ended.
    pub(super) fn recall(&mut self, pauses: &[u8], now: Moment) {
        let Ok(remembered) = postcard::from_bytes::<Remembered>(pauses) else { return };
        self.planner.recall(&remembered.memory, now);
        if remembered.mark != self.platform.key_mark(remembered.salt) {
            // Another key was given meanwhile: that the old one was refused says nothing of it.
            self.planner.key_changed(now);
        }
        self.remembered = remembered.memory;
    }

    /// Writes down what pauses, if it has changed.
    pub(super) fn remember(&mut self, now: Moment) -> Recorded {
        let memory = self.planner.memory(now);
        if memory == self.remembered {
            return Recorded::now();
        }
        let salt = rand::random();
        let remembered = Remembered { memory: memory.clone(), salt, mark: self.platform.key_mark(salt) };
        self.remembered = memory;
        let Ok(bytes) = postcard::to_stdvec(&remembered) else { return Recorded::now() };
        self.kept.pauses.clone_from(&bytes);
        self.recorder.pauses(bytes)
    }
}
