//! The state directory: one process at a time, one file for each account.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use thiserror::Error;
use tracing::{info, warn};

use super::file::{Log, set_aside};
use super::record::Owner;
use super::restore::{Restored, restore};
use super::writer::Writer;
use super::{Kept, Recorder};
use crate::config::AccountConfig;
use crate::fleet::{Fleet, FleetOptions};

/// The file whose lock says that the directory is in use.
const LOCK: &str = "lock";
/// Most bytes of an account's name in the name of its file.
const NAME_BYTES: usize = 40;

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
    _lock: Option<File>,
}

impl StateDirectory {
    /// Takes a directory into use; makes it where it does not exist. A disk that cannot be written is no error: then the state
    /// is kept in memory.
    ///
    /// # Errors
    ///
    /// When another process uses it, or it is no directory.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        if let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(path) {
            if fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir()) {
                return Err(StateError::NotADirectory(path.to_owned()));
            }
            warn!(path = %path.display(), %error, "the state directory cannot be made");
        }
        let lock = match lock(&path.join(LOCK)) {
            Ok(lock) => Some(lock),
            Err(Locked::ByAnother(who)) => return Err(StateError::InUse(path.to_owned(), who)),
            Err(Locked::Not(error)) => {
                warn!(path = %path.display(), %error, "the state directory cannot be locked");
                None
            }
        };
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// What an account kept is another one's from now on, and written down in its file.
    pub fn move_to(&self, kept: &mut Kept, config: &AccountConfig) {
        let owner = Owner::of(config);
        let (ledger, fleet) = (Arc::clone(&kept.ledger), Arc::clone(&kept.fleet));
        let (path, pauses) = (self.path.join(file_name(&owner)), kept.pauses.clone());
        kept.recorder = start(Writer { path, owner, ledger, fleet, pauses, gap: kept.gap, log: None });
    }

    /// What is kept of an account, and where it goes on.
    #[must_use]
    pub fn account(&self, config: &AccountConfig, options: FleetOptions, now: Timestamp) -> Kept {
        let owner = Owner::of(config);
        let path = self.path.join(file_name(&owner));
        let restored = restore(&path, &owner, &options, now);
        let mut log = None;
        match &restored {
            Some(Restored { damage: Some(damage), .. }) => put_aside(&path, &owner, damage),
            // Another model's changes must not follow this one's.
            Some(Restored { no_fleet: None, end, .. }) => log = Log::append(&path, *end).ok(),
            _ => {}
        }
        if let Some(why) = restored.as_ref().and_then(|restored| restored.no_fleet) {
            info!(account = owner.account, why, "the stored fleet is not used: everything is read again");
        }
        let (ledger, fleet, pauses, gap) = restored
            .map_or_else(Default::default, |restored| (restored.ledger, restored.fleet, restored.pauses, restored.gap));
        let ledger = Arc::new(Mutex::new(ledger));
        let fleet = Arc::new(Mutex::new(fleet.unwrap_or_else(|| Fleet::new(options))));
        let writer = Writer {
            path,
            owner,
            ledger: Arc::clone(&ledger),
            fleet: Arc::clone(&fleet),
            pauses: pauses.clone(),
            gap,
            log,
        };
        let recorder = start(writer);
        Kept { ledger, gap, fleet, pauses, recorder }
    }
}

fn start(writer: Writer) -> Recorder {
    writer.start().unwrap_or_else(|error| {
        warn!(%error, "no thread can be started for the state: it is kept in memory only");
        Recorder::nowhere()
    })
}

fn put_aside(path: &Path, owner: &Owner, damage: &super::file::Damage) {
    let account = &owner.account;
    match set_aside(path) {
        Ok(aside) => {
            warn!(account, %damage, aside = %aside.display(), "the state file is damaged: what is good of it is used");
        }
        Err(error) => warn!(account, %damage, %error, "the state file is damaged, and cannot be set aside"),
    }
}

/// Why there is no lock.
enum Locked {
    /// Another process has it; who, in words.
    ByAnother(String),
    /// It cannot be had here.
    Not(io::Error),
}

fn lock(path: &Path) -> Result<File, Locked> {
    let create = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    // On a disk that is read-only, a file of before can be locked all the same.
    let mut file = create.or_else(|error| File::open(path).map_err(|_| error)).map_err(Locked::Not)?;
    match file.try_lock() {
        Ok(()) => {
            // Only for people.
            let _unsaid = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
            Ok(file)
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

/// The name of an account's file: readable, and another one for each platform, account and server.
fn file_name(owner: &Owner) -> String {
    let Owner { platform, account, server } = owner;
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = account.chars().map(plain).take(NAME_BYTES).collect();
    let hash = crc32fast::hash(format!("{platform}\n{account}\n{server}").as_bytes());
    format!("{platform}-{name}-{hash:08x}.state")
}
