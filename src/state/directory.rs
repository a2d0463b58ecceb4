//! The state directory: one process at a time, one file for each account.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tracing::{info, warn};

use super::file::{self, Log};
use super::lock::{self, Lock, Locked};
use super::record::Owner;
use super::restore::{Restored, restore};
use super::writer::Writer;
use super::{Kept, Recorder};
use crate::clock::STANDSTILLS;
use crate::config::AccountConfig;
use crate::fleet::{Fleet, FleetOptions};

/// Most bytes of an account's name in the name of its file.
const NAME_BYTES: usize = 40;

/// How long the first word of a writer is waited for. A disk that has not taken the first state by then has failed.
const BEGIN_PATIENCE: Duration = Duration::from_secs(10);
/// How long the last writer of a file is waited for, and how often it is looked at.
const WRITER_PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(10);

/// Why a state directory cannot be used at all.
#[derive(Debug, Error)]
pub enum StateError {
    /// Another process has it.
    #[error(
        "the state directory {path} is in use by another rmm-exporter{who}; stop that one, or give each a --state.dir of its own",
        path = .0.display(), who = .1
    )]
    InUse(PathBuf, String),
    /// The path is taken by something else.
    #[error("the state directory {} is not a directory; give --state.dir another path", .0.display())]
    NotADirectory(PathBuf),
}

/// A state directory in use by this process, until it is dropped.
#[derive(Debug)]
pub struct StateDirectory {
    path: PathBuf,
    /// Holds the lock; `None` where no lock file can be made.
    lock: Option<Arc<Lock>>,
    /// The last writer of each file.
    writers: Mutex<HashMap<PathBuf, JoinHandle<()>>>,
}

impl StateDirectory {
    /// Takes a directory into use; makes it where it does not exist. A disk that cannot be written is no error: then the state
    /// is kept in memory.
    ///
    /// # Errors
    ///
    /// When another process uses it, or it is no directory.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        if let Err(error) = lock::make(path) {
            if fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir()) {
                return Err(StateError::NotADirectory(path.to_owned()));
            }
            warn!(path = %path.display(), %error, "the state directory cannot be made");
        }
        let lock = match Lock::take(path) {
            Ok(lock) => Some(Arc::new(lock)),
            Err(Locked::ByAnother(who)) => return Err(StateError::InUse(path.to_owned(), who)),
            Err(Locked::Not(error)) => {
                warn!(path = %path.display(), %error, "the state directory cannot be locked");
                None
            }
        };
        Ok(Self { path: path.to_owned(), lock, writers: Mutex::default() })
    }

    /// What an account kept is another one's from now on, and written down in its file.
    pub fn move_to(&self, kept: &mut Kept, config: &AccountConfig) {
        let owner = Owner::of(config);
        (kept.recorder, _) = self.start(Writer {
            path: self.path.join(file_name(&owner)),
            owner,
            ledger: Arc::clone(&kept.ledger),
            fleet: Arc::clone(&kept.fleet),
            pauses: kept.pauses.clone(),
            gap: kept.gap,
            gap_unless_written: None,
            reading: config.reading(),
            aside: false,
            lock: self.lock.clone(),
            log: None,
        });
    }

    /// Starts a writer, when the one before it on the same file has ended. Word comes whether it has a file to go on with.
    fn start(&self, writer: Writer) -> (Recorder, Receiver<bool>) {
        let path = writer.path.clone();
        self.wait_for(&path);
        match writer.start() {
            Ok((recorder, thread, begun)) => {
                self.writers.lock().unwrap_or_else(PoisonError::into_inner).insert(path, thread);
                (recorder, begun)
            }
            Err(error) => {
                warn!(%error, "no thread can be started for the state: it is kept in memory only");
                // Nobody is there to give word: the file cannot be gone on with.
                (Recorder::nowhere(), channel().1)
            }
        }
    }

    /// Two writers of one file would write over each other. An account that ended has handed over all it had, so its writer
    /// ends soon, unless the disk hangs.
    fn wait_for(&self, path: &Path) {
        let before = self.writers.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
        let Some(before) = before else { return };
        for _ in 0..WRITER_PATIENCE.as_millis() / PAUSE.as_millis() {
            if before.is_finished() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        warn!(path = %path.display(), "the state is still being written from before the reload: the disk hangs");
    }

    /// What is kept of an account, and where it goes on. Where it cannot be written, nothing may be called before a floor has
    /// passed: an earlier process may have called what it could not write either.
    #[must_use]
    pub fn account(&self, config: &AccountConfig, options: FleetOptions, now: Timestamp) -> Kept {
        let owner = Owner::of(config);
        let path = self.path.join(file_name(&owner));
        self.wait_for(&path);
        let reading = config.reading();
        let mut restored = restore(&path, &owner, &options, now);
        let (mut log, mut aside) = (None, false);
        match &restored {
            Some(Restored { damage: Some(damage), .. }) => {
                let (account, to) = (&owner.account, file::aside(&path));
                warn!(account, %damage, aside = %to.display(), "the state file is set aside: what is good of it is used");
                aside = true;
            }
            // Another model's changes must not follow this one's, and a gap is noted anew.
            Some(Restored { no_fleet: None, gap: None, end, whole, .. }) => {
                log = Log::append(&path, *end).ok().map(|log| (log, *whole));
            }
            _ => {}
        }
        if let Some(restored) = &mut restored
            && restored.reading != reading
        {
            info!(account = owner.account, "answers are read in another way now: everything is read again");
            restored.ledger.forget_successes();
            log = None;
        }
        if let Some(why) = restored.as_ref().and_then(|restored| restored.no_fleet) {
            info!(account = owner.account, why, "the stored fleet is not used: everything is read again");
        }
        let (ledger, fleet, pauses, mut gap) = restored
            .map_or_else(Default::default, |restored| (restored.ledger, restored.fleet, restored.pauses, restored.gap));
        let ledger = Arc::new(Mutex::new(ledger));
        let fleet = Arc::new(Mutex::new(fleet.unwrap_or_else(|| Fleet::new(options))));
        let account = owner.account.clone();
        let writer = Writer {
            path,
            owner,
            ledger: Arc::clone(&ledger),
            fleet: Arc::clone(&fleet),
            pauses: pauses.clone(),
            gap,
            gap_unless_written: Some(now),
            reading,
            aside,
            lock: self.lock.clone(),
            log,
        };
        let (recorder, begun) = self.start(writer);
        if !begun.recv_timeout(BEGIN_PATIENCE * STANDSTILLS).unwrap_or(false) {
            warn!(
                account,
                "no state can be written at the start, and what was called before may not be written either: nothing is called \
                 for a floor, at least a minute"
            );
            gap = Some(now);
        }
        Kept { ledger, gap, fleet, pauses, recorder }
    }
}

/// The name of an account's file: readable, and another one for each platform, account and server.
fn file_name(owner: &Owner) -> String {
    let Owner { platform, account, server } = owner;
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = account.chars().map(plain).take(NAME_BYTES).collect();
    let hash = crc32fast::hash(format!("{platform}\n{account}\n{server}").as_bytes());
    format!("{platform}-{name}-{hash:08x}.state")
}
