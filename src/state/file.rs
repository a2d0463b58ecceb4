//! A file of records that only grows until it is replaced as a whole.
//!
//! ```text
//! magic (16 bytes)  version (u32)  zero (u32)  gap (i64)
//! then for each record:  length of body (u32)  CRC-32 of body (u32)  body
//! ```
//!
//! Numbers are little-endian. The gap is the time, in microseconds since 1970, up to which entries may be missing: 0 for none,
//! the largest number while what happens cannot be written. A record is good when its checksum is; what follows a bad one is not looked at. Whatever moment
//! the process dies at, the file is good up to the record that was being written.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::lock;
use super::whereabouts::Whereabouts;

const MAGIC: &[u8; 16] = b"rmm-exporter st\n";
/// The version of the form described above, and of the records of the ledger.
const VERSION: u32 = 1;
const GAP_AT: u64 = 24;
const HEADER: u64 = 32;
/// The gap of a file whose process could not write any more.
pub(super) const OPEN_GAP: i64 = i64::MAX;
/// Most bytes of a file that is read. A fleet of 50,000 devices takes some tens of megabytes.
pub(super) const MAX_FILE_BYTES: u64 = 2 << 30;

/// Why a file, or its end, cannot be used.
#[derive(Debug, Error)]
pub(super) enum Damage {
    /// Not a state file at all.
    #[error("it is no state file of rmm-exporter")]
    Foreign,
    /// From a newer version of the program.
    #[error("a newer version of rmm-exporter wrote it (format {0}; this one knows {VERSION})")]
    Newer(u32),
    /// Larger than anything that is written.
    #[error("it has {0} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge(u64),
    /// It ends in the middle of a record.
    #[error("it ends in the middle of a record, at byte {0}")]
    Cut(u64),
    /// A checksum is wrong, or a record makes no sense.
    #[error("the record at byte {0} is damaged")]
    Record(u64),
    /// It belongs to another account.
    #[error("it belongs to the account {0}")]
    Stranger(String),
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Reads records of a file, one after another.
pub(super) struct Reader<R = BufReader<File>> {
    file: R,
    length: u64,
    at: u64,
    /// Up to when entries may be missing, besides those after damage.
    pub(super) gap: i64,
}

impl Reader {
    /// Opens a file; `None` when there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Damage> {
        // Before it is opened: that would wait for ever for the other end of a pipe.
        let look = |found: Metadata| if found.is_file() { File::open(path).map(Some) } else { Ok(None) };
        let file = match fs::metadata(path).and_then(look) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(Damage::Foreign),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        Self::new(BufReader::with_capacity(256 * 1024, file), metadata.len()).map(Some)
    }
}

impl<R: Read> Reader<R> {
    /// Reads the head of a file of that length.
    pub(super) fn new(mut file: R, length: u64) -> Result<Self, Damage> {
        if length > MAX_FILE_BYTES {
            return Err(Damage::TooLarge(length));
        }
        let (mut magic, mut version, mut zero, mut gap) = ([0; MAGIC.len()], [0; 4], [0; 4], [0; 8]);
        for field in [&mut magic[..], &mut version, &mut zero, &mut gap] {
            match file.read_exact(field) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(Damage::Foreign),
                read => read?,
            }
        }
        let version = u32::from_le_bytes(version);
        if magic != *MAGIC || version == 0 {
            return Err(Damage::Foreign);
        }
        if version > VERSION {
            return Err(Damage::Newer(version));
        }
        Ok(Self { file, length, at: HEADER, gap: i64::from_le_bytes(gap) })
    }

    /// The body of the next record; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Damage> {
        let left = self.length.saturating_sub(self.at);
        if left == 0 {
            return Ok(None);
        }
        let (mut length, mut checksum) = ([0; 4], [0; 4]);
        if left < 8 {
            return Err(Damage::Cut(self.at));
        }
        self.file.read_exact(&mut length)?;
        self.file.read_exact(&mut checksum)?;
        let length = u32::from_le_bytes(length);
        if length == 0 {
            // Zeros, as a file system leaves them after a power cut.
            return Err(Damage::Record(self.at));
        }
        if u64::from(length) > left - 8 {
            return Err(Damage::Cut(self.at));
        }
        let mut body = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.file.read_exact(&mut body)?;
        if crc32fast::hash(&body) != u32::from_le_bytes(checksum) {
            return Err(Damage::Record(self.at));
        }
        self.at += 8 + u64::from(length);
        Ok(Some(body))
    }

    /// The present record makes no sense.
    pub(super) fn nonsense(&self) -> Damage {
        Damage::Record(self.at)
    }

    /// Up to where the file is good, once [`next`](Self::next) has come to its end.
    pub(super) const fn end(&self) -> u64 {
        self.at
    }
}

/// A file that is written.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    length: u64,
    whereabouts: Whereabouts,
}

impl Log {
    /// Goes on with a file that is good up to `end`.
    pub(super) fn append(path: &Path, end: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Self { whereabouts: Whereabouts::of(&file, path), file, length: end })
    }

    /// A new file with these records and this gap, in the place of the old one, which is there whole until the new one is.
    /// With `aside`, the old one is set aside: it is there under one name or the other at any moment.
    pub(super) fn whole(path: &Path, gap: i64, records: &[u8], aside: bool) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            // It may not have been possible to make it before.
            lock::make(directory)?;
        }
        let temporary = with_ending(path, ".new");
        let written = Self::begin(&temporary, gap, records).and_then(|(file, length)| {
            if aside {
                set_aside(path)?;
            }
            fs::rename(&temporary, path)?;
            Ok(Self { whereabouts: Whereabouts::of(&file, path), file, length })
        });
        if written.is_err() {
            // On a full disk it would take the place that others need.
            let _absent = fs::remove_file(&temporary);
        }
        // The rename itself is on disk when the directory is. Not every file system can say so, and the file is there anyway.
        let synced = path.parent().map(|directory| File::open(directory)?.sync_all());
        if let Some(Err(error)) = synced {
            tracing::debug!(%error, "the state directory cannot be synced");
        }
        written
    }

    fn begin(temporary: &Path, gap: i64, records: &[u8]) -> io::Result<(File, u64)> {
        // What an earlier process left there, or anybody else put there.
        let _absent = fs::remove_file(temporary);
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create_new(true).mode(0o600).open(temporary)?;
        file.write_all(&header(gap))?;
        file.write_all(records)?;
        file.sync_all()?;
        Ok((file, HEADER + records.len() as u64))
    }

    /// Writes records, all or none of them.
    pub(super) fn write(&mut self, records: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(records);
        match written {
            Ok(()) => self.length += records.len() as u64,
            // Half a record would be damage. When even this fails, the next reader finds out.
            Err(_) => _ = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length))),
        }
        written
    }

    /// Notes in the file that what follows may not be in it. It takes no space, so it works on a full disk.
    pub(super) fn open_gap(&self) -> io::Result<()> {
        self.file.write_all_at(&OPEN_GAP.to_le_bytes(), GAP_AT)
    }

    /// Whether it is what is found at the path, with all that was written and nothing else.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        self.whereabouts.find(path).is_some_and(|found| found.len() == self.length)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }
}

/// The first bytes of a file.
pub(super) fn header(gap: i64) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend(VERSION.to_le_bytes());
    header.extend(0_u32.to_le_bytes());
    header.extend(gap.to_le_bytes());
    header
}

/// Adds a record to others that are written together.
pub(super) fn push_record(records: &mut Vec<u8>, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| io::Error::other("a record of more than 4 GiB"))?;
    records.extend(length.to_le_bytes());
    records.extend(crc32fast::hash(body).to_le_bytes());
    records.extend(body);
    Ok(())
}

/// Gives a file that cannot be used another name, in the place of an earlier one. It keeps the old name too, where the file
/// system can, until another file takes that.
fn set_aside(path: &Path) -> io::Result<()> {
    let aside = aside(path);
    let _absent = fs::remove_file(&aside);
    fs::hard_link(path, &aside).or_else(|_| fs::rename(path, &aside))
}

/// Where a file that cannot be used goes.
pub(super) fn aside(path: &Path) -> PathBuf {
    with_ending(path, ".set-aside")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests;
