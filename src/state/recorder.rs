//! Where changes are written down: the end of the writer's queue that the account holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::config::AccountConfig;
use crate::fleet::{Gone, Update, stored};
use crate::planner::{End, Recorded};

/// Most bytes that wait to be written. A disk that lets so much pile up hangs; what comes then is kept in memory only, until
/// the whole state can be written again.
const MOST_WAITING: u64 = 256 << 20;
/// How long the end of the process waits for the disk.
const FLUSH_PATIENCE: Duration = Duration::from_millis(2_500);

/// Writes changes down, or nowhere when there is no state directory. Never blocks, and never fails towards its user: what
/// cannot be written stays in memory.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Option<Queue>);

/// The updates of an answer, ready to be written down.
#[derive(Debug)]
pub struct Prepared(Option<Vec<u8>>);

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

/// What the recorder and the writer both know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Bytes that wait to be written.
    pub(super) waiting: AtomicU64,
    /// Something was not handed over because too much waited.
    pub(super) lost: AtomicBool,
    /// Writing failed, and has not succeeded since.
    pub(super) failing: AtomicBool,
    pub(super) written: AtomicU64,
    pub(super) size: AtomicU64,
}

#[derive(Clone, Debug)]
struct Queue {
    messages: Sender<Message>,
    shared: Arc<Shared>,
}

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Message {
    /// An attempt starts; word is given when that is written.
    Started { identity: String, at: Timestamp, word: oneshot::Sender<()> },
    /// An attempt ended.
    Ended { identity: String, at: Timestamp, end: End },
    /// What pauses; word is given when that is written.
    Pauses { pauses: Vec<u8>, word: oneshot::Sender<()> },
    /// An answer was applied.
    Answered { updates: Vec<u8>, revision: u64, at: Timestamp },
    /// Something is gone.
    Gone { gone: Vec<u8>, revision: u64, at: Timestamp },
    /// The whole state is to be written; the options by which answers are read from now on.
    Whole { reading: String },
    /// Word is given when everything before is on disk.
    Flush(oneshot::Sender<()>),
}

impl Message {
    /// About how many bytes it holds.
    pub(super) const fn bytes(&self) -> u64 {
        let content = match self {
            Self::Started { identity, .. } | Self::Ended { identity, .. } => identity.len(),
            Self::Pauses { pauses: bytes, .. }
            | Self::Answered { updates: bytes, .. }
            | Self::Gone { gone: bytes, .. } => bytes.len(),
            Self::Whole { .. } | Self::Flush(_) => 0,
        };
        content as u64 + 64
    }
}

impl Recorder {
    /// Keeps nothing.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self(None)
    }

    /// Hands everything to a writer.
    pub(super) const fn to(messages: Sender<Message>, shared: Arc<Shared>) -> Self {
        Self(Some(Queue { messages, shared }))
    }

    /// The updates of an answer as they will be written down, before they are applied to the fleet.
    #[must_use]
    pub fn prepare(&self, updates: &[Update]) -> Prepared {
        Prepared(self.0.as_ref().and_then(|queue| match stored::change::updates_to_bytes(updates) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                tracing::debug!(%error, "an answer cannot be stored");
                queue.shared.lost.store(true, Ordering::Relaxed);
                None
            }
        }))
    }

    /// An answer was applied at `at`; the fleet is at that revision now.
    pub fn answered(&self, updates: Prepared, revision: u64, at: Timestamp) {
        if let Some(updates) = updates.0 {
            self.send(|| Message::Answered { updates, revision, at });
        }
    }

    /// Something is gone since `at`; the fleet is at that revision now.
    pub fn gone(&self, gone: &Gone, revision: u64, at: Timestamp) {
        if let (Some(_), Ok(gone)) = (&self.0, stored::change::gone_to_bytes(gone)) {
            self.send(|| Message::Gone { gone, revision, at });
        }
    }

    /// What pauses has changed.
    pub fn pauses(&self, pauses: Vec<u8>) -> Recorded {
        if self.0.is_none() {
            return Recorded::now();
        }
        let (word, recorded) = oneshot::channel();
        self.send(|| Message::Pauses { pauses, word });
        Recorded::when(recorded)
    }

    /// Ledger and fleet changed otherwise than by what was handed over: the whole state is written anew. Answers are read by
    /// the options of `config` from now on.
    pub fn renew(&self, config: &AccountConfig) {
        self.send(|| Message::Whole { reading: config.reading() });
    }

    /// An attempt of the call of that identity starts.
    pub(super) fn started(&self, identity: &str, at: Timestamp) -> Recorded {
        if self.0.is_none() {
            return Recorded::now();
        }
        let (word, recorded) = oneshot::channel();
        self.send(|| Message::Started { identity: identity.to_owned(), at, word });
        Recorded::when(recorded)
    }

    /// The attempt that started last ended.
    pub(super) fn ended(&self, identity: &str, at: Timestamp, end: End) {
        self.send(|| Message::Ended { identity: identity.to_owned(), at, end });
    }

    /// How the writing goes; `None` when nothing is to be written.
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        let shared = &self.0.as_ref()?.shared;
        Some(Health {
            writing: !shared.failing.load(Ordering::Relaxed) && !shared.lost.load(Ordering::Relaxed),
            written: shared.written.load(Ordering::Relaxed),
            size: shared.size.load(Ordering::Relaxed),
        })
    }

    /// Waits until everything that was handed over is on disk, at most two seconds and a half; says whether it is.
    pub async fn flush(&self) -> bool {
        if self.0.is_none() {
            return true;
        }
        let (word, flushed) = oneshot::channel();
        self.send(|| Message::Flush(word));
        let is_flushed = tokio::time::timeout(FLUSH_PATIENCE, flushed).await.is_ok();
        if !is_flushed {
            tracing::warn!("the state directory is slow: the last seconds may not be kept");
        }
        is_flushed
    }

    fn send(&self, message: impl FnOnce() -> Message) {
        let Some(Queue { messages, shared }) = &self.0 else { return };
        let message = message();
        let bytes = message.bytes();
        if shared.waiting.fetch_add(bytes, Ordering::Relaxed) > MOST_WAITING {
            shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
            shared.lost.store(true, Ordering::Relaxed);
            return;
        }
        // A writer that is gone has said why.
        let _gone = messages.send(message);
    }
}
