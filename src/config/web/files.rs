//! The files of a web configuration, and whether any of them has changed since it was read.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::super::file;

/// What a file was when it was read: the digest of its content, or of the reason why it could not be read.
type Fingerprint = [u8; 32];

/// Every file that was read, with its fingerprint. Contents decide, not times: a file that was written twice within one tick
/// of the file system's clock, or replaced through a symbolic link, counts as well. The contents themselves are not kept.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<PathBuf, (u64, Fingerprint)>);

impl Files {
    /// Reads a regular file of at most `most` bytes (one more shows that it is larger), and remembers it.
    pub(super) fn read(&mut self, path: &Path, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        let read = file::read(path, most);
        self.0.insert(path.to_owned(), (most, fingerprint(&read)));
        read
    }

    /// Whether any file is not what it was. Reads all of them: not for an async thread.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.0.iter().any(|(path, (most, before))| fingerprint(&file::read(path, *most)) != *before)
    }
}

fn fingerprint(read: &io::Result<Zeroizing<Vec<u8>>>) -> Fingerprint {
    let digest = match read {
        Ok(bytes) => digest(&SHA256, bytes),
        Err(error) => digest(&SHA256, format!("unreadable: {error}").as_bytes()),
    };
    // The digest has 32 bytes, always.
    digest.as_ref().try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn contents_decide_whether_a_file_has_changed() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("key.pem");
        let mut files = Files::default();
        assert!(!files.changed(), "nothing was read");
        assert!(files.read(&path, 9).is_err());
        assert!(!files.changed(), "still missing");
        fs::write(&path, "one").expect("write");
        assert!(files.changed(), "it came");
        assert_eq!(files.read(&path, 9).expect("read").as_slice(), b"one");
        fs::write(&path, "one").expect("write");
        assert!(!files.changed(), "written anew with the same content");
        fs::write(&path, "two").expect("write");
        assert!(files.changed(), "as long as before, and in the same moment");
        files.read(&path, 9).expect("read");
        fs::remove_file(&path).expect("remove");
        assert!(files.changed(), "it went");
    }
}
