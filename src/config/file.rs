//! Reads files without waiting for anything: a named pipe or a device would hold up the start for ever.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// Room beyond the end of a file, in which its end is found.
const SPARE: usize = 64;

/// Reads a regular file. Of a larger one only `most` + 1 bytes are read, so that the caller sees that it is too large. It may
/// hold keys, so the bytes are wiped when they are dropped.
///
/// # Errors
///
/// The file cannot be read, or it is none: a folder, a named pipe, a device.
pub fn read(path: &Path, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // Asked before it is opened, since opening a pipe waits for its writer.
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is a pipe or a device, not a regular file"));
    }
    let most = most.saturating_add(1);
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let room = usize::try_from(kind.len().min(most)).unwrap_or_default().saturating_add(SPARE);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_cut_and_others_than_files_are_refused() {
        let file = tempfile::NamedTempFile::new().expect("file");
        fs::write(file.path(), "12345").expect("write");
        assert_eq!(read(file.path(), 3).expect("cut").as_slice(), b"1234");
        assert_eq!(read(file.path(), u64::MAX).expect("whole").as_slice(), b"12345");
        let reason = |path: &Path| read(path, 9).expect_err("no file").to_string();
        assert!(reason(Path::new("/")).contains("directory"));
        assert!(reason(Path::new("/dev/null")).contains("regular file"));
    }

    #[test]
    fn a_pipe_without_a_writer_does_not_block() {
        let folder = tempfile::tempdir().expect("folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        assert!(read(&pipe, 9).expect_err("pipe").to_string().contains("pipe"));
    }
}
