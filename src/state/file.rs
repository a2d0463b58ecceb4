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

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

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
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Damage::Foreign);
        }
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
}

impl Log {
    /// Goes on with a file that is good up to `end`.
    pub(super) fn append(path: &Path, end: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        Ok(Self { file, length: end })
    }

    /// A new file with these records and this gap, in the place of the old one, which is there whole until the new one is.
    /// With `aside`, the old one is set aside: it is there under one name or the other at any moment.
    pub(super) fn whole(path: &Path, gap: i64, records: &[u8], aside: bool) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            // It may not have been possible to make it before.
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let temporary = with_ending(path, ".new");
        let written = Self::begin(&temporary, gap, records).and_then(|log| {
            if aside {
                set_aside(path)?;
            }
            fs::rename(&temporary, path)?;
            Ok(log)
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

    fn begin(temporary: &Path, gap: i64, records: &[u8]) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(temporary)?;
        file.write_all(&header(gap))?;
        file.write_all(records)?;
        file.sync_all()?;
        Ok(Self { file, length: HEADER + records.len() as u64 })
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
mod tests {
    use super::*;

    fn write(path: &Path, bodies: &[&[u8]]) -> Log {
        let mut log = Log::whole(path, 0, &[], false).unwrap();
        append(&mut log, bodies);
        log
    }

    fn append(log: &mut Log, bodies: &[&[u8]]) {
        let mut records = Vec::new();
        for body in bodies {
            push_record(&mut records, body).unwrap();
        }
        log.write(&records).unwrap();
    }

    /// The good records, and what is wrong after them.
    fn read(path: &Path) -> (Vec<Vec<u8>>, Option<String>) {
        let mut reader = match Reader::open(path) {
            Ok(reader) => reader.unwrap(),
            Err(damage) => return (Vec::new(), Some(damage.to_string())),
        };
        let mut bodies = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(body)) => bodies.push(body),
                Ok(None) => return (bodies, None),
                Err(damage) => return (bodies, Some(damage.to_string())),
            }
        }
    }

    #[test]
    fn records_come_back_in_their_order_and_more_can_follow() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        assert!(Reader::open(&path).unwrap().is_none());
        drop(write(&path, &[b"one", b"two"]));
        let (bodies, damage) = read(&path);
        assert_eq!((bodies, damage), (vec![b"one".to_vec(), b"two".to_vec()], None));
        let mut log = Log::append(&path, fs::metadata(&path).unwrap().len()).unwrap();
        append(&mut log, &[b"three"]);
        assert_eq!(read(&path).0.len(), 3);
        assert_eq!(log.length(), fs::metadata(&path).unwrap().len());
        assert!(!with_ending(&path, ".new").exists());
    }

    #[test]
    fn whatever_is_cut_off_or_flipped_the_records_before_it_are_good() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let bodies: [&[u8]; 3] = [b"first record", b"second", b"the third one"];
        drop(write(&path, &bodies));
        let whole = fs::read(&path).unwrap();
        let ends = [32, 52, 66, 87];
        assert_eq!(ends[3], whole.len());
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let (read, damage) = read(&path);
            let good = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
            assert_eq!(read, bodies[..good], "cut at {cut}");
            assert_eq!(damage.is_none(), ends.contains(&cut), "cut at {cut}: {damage:?}");
        }
        for flipped in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[flipped] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            let (read, damage) = read(&path);
            let good = ends.iter().filter(|end| **end <= flipped).count().saturating_sub(1);
            if (20..32).contains(&flipped) {
                assert_eq!(read, bodies, "nothing, and the gap");
            } else {
                assert_eq!(read, bodies[..good], "flipped {flipped}");
                assert!(damage.is_some(), "flipped {flipped}");
            }
        }
    }

    #[test]
    fn what_is_no_state_file_is_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        for (content, hint) in [
            (Vec::new(), "no state file"),
            (b"SQLite format 3\0 and so on, and so on".to_vec(), "no state file"),
            ([MAGIC.as_slice(), &7_u32.to_le_bytes(), &[0; 12]].concat(), "newer version"),
            ([MAGIC.as_slice(), &VERSION.to_le_bytes(), &[0; 12], &[0; 64]].concat(), "damaged"),
            ([MAGIC.as_slice(), &VERSION.to_le_bytes(), &[0; 12], &[0xff; 64]].concat(), "middle of a record"),
        ] {
            fs::write(&path, content).unwrap();
            let (bodies, damage) = read(&path);
            assert!(bodies.is_empty() && damage.as_ref().unwrap().contains(hint), "{damage:?}");
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(read(&path).1.is_some());
        let sparse = directory.path().join("sparse");
        File::create(&sparse).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        assert!(read(&sparse).1.unwrap().contains("at most"));
    }

    #[test]
    fn a_gap_is_noted_in_place_and_gone_with_the_next_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let gap = || Reader::open(&path).unwrap().unwrap().gap;
        let log = write(&path, &[b"one"]);
        assert_eq!(gap(), 0);
        log.open_gap().unwrap();
        assert_eq!(gap(), OPEN_GAP);
        assert_eq!(read(&path).0.len(), 1);
        drop(Log::whole(&path, 77, &[], false).unwrap());
        assert_eq!(gap(), 77);
    }

    #[test]
    fn only_its_user_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        drop(write(&path, &[]));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
