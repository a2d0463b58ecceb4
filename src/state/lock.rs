//! The lock of the state directory: one process at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;
use tracing::warn;

use super::whereabouts::Whereabouts;

/// The file whose lock says that the directory is in use.
const LOCK: &str = "lock";
/// How often the file that was locked may turn out to be no longer the one at the path.
const TRIES: usize = 5;

/// Why there is no lock.
#[derive(Debug, Error)]
pub(super) enum Locked {
    /// Another process has it; who, in words.
    #[error("another rmm-exporter{0} has the state directory, since its lock file was deleted; stop one of them")]
    ByAnother(String),
    /// It cannot be had here.
    #[error("the state directory cannot be locked: {0}")]
    Not(io::Error),
}

/// A lock that is held until it is dropped, as far as the lock file stays where it is.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    /// Its lock goes when it is closed.
    _file: File,
    whereabouts: Whereabouts,
}

impl Lock {
    /// Locks a directory.
    pub(super) fn take(directory: &Path) -> Result<Self, Locked> {
        let path = directory.join(LOCK);
        let held = Mutex::new(lock(&path)?);
        Ok(Self { path, held })
    }

    /// Makes sure that the lock still keeps others out: a lock file that was deleted or replaced is locked anew, in a directory
    /// that is made anew if need be.
    pub(super) fn hold(&self) -> Result<(), Locked> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.whereabouts.find(&self.path).is_some() {
            return Ok(());
        }
        if let Some(directory) = self.path.parent() {
            make(directory).map_err(Locked::Not)?;
        }
        *held = lock(&self.path)?;
        warn!(path = %self.path.display(), "the lock file of the state directory was deleted or replaced: locked anew");
        Ok(())
    }
}

/// Makes a state directory, where there is none.
pub(super) fn make(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

fn lock(path: &Path) -> Result<Held, Locked> {
    for _ in 1..TRIES {
        let held = try_lock(path)?;
        if held.whereabouts.are_known() {
            return Ok(held);
        }
        // Deleted or replaced meanwhile: it keeps nobody out. Or the file system never says the same of a file twice.
    }
    try_lock(path)
}

fn try_lock(path: &Path) -> Result<Held, Locked> {
    let create = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    // On a disk that is read-only, a file of before can be locked all the same.
    let mut file = create.or_else(|error| File::open(path).map_err(|_| error)).map_err(Locked::Not)?;
    match file.try_lock() {
        Ok(()) => {
            // Only for people.
            let _unsaid = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
            Ok(Held { whereabouts: Whereabouts::of(&file, path), _file: file })
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = file.rewind().and_then(|()| file.take(20).read_to_string(&mut holder));
            let holder = holder.trim();
            let known = read.is_ok() && !holder.is_empty() && holder.bytes().all(|byte| byte.is_ascii_digit());
            Err(Locked::ByAnother(if known { format!(" (process {holder})") } else { String::new() }))
        }
        Err(TryLockError::Error(error)) => Err(Locked::Not(error)),
    }
}
