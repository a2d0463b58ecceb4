//! Whether an open file is still the one at its path. A file that was deleted or replaced takes what is written to it without
//! a word, and nobody ever reads it.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What tells one file from all others, as long as it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Which file was opened. `None` where the file system does not say the same of a file twice; there any file will do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whereabouts(Option<Identity>);

impl Whereabouts {
    /// Of a file that was opened, or came, at that path just now.
    pub(super) fn of(file: &File, path: &Path) -> Self {
        let identity = |metadata: std::io::Result<Metadata>| metadata.ok().as_ref().map(Identity::of);
        let opened = identity(file.metadata());
        Self(opened.filter(|_| opened == identity(fs::metadata(path))))
    }

    /// Whether the file is known from others.
    pub(super) const fn are_known(self) -> bool {
        self.0.is_some()
    }

    /// What is at the path, if it is that file.
    pub(super) fn find(self, path: &Path) -> Option<Metadata> {
        let found = fs::metadata(path).ok()?;
        self.0.is_none_or(|identity| identity == Identity::of(&found)).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_until_it_is_deleted_or_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("a"), directory.path().join("b"));
        let file = File::create_new(&path).unwrap();
        let whereabouts = Whereabouts::of(&file, &path);
        assert!(whereabouts.find(&path).is_some_and(|found| found.is_file()));
        fs::rename(&path, &other).unwrap();
        assert!(whereabouts.find(&path).is_none() && whereabouts.find(&other).is_some());
        fs::write(&path, "").unwrap();
        assert!(whereabouts.find(&path).is_none(), "it is another one");
    }

    #[test]
    fn where_files_cannot_be_told_apart_any_file_will_do() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("a"), directory.path().join("b"));
        fs::write(&other, "").unwrap();
        let whereabouts = Whereabouts::of(&File::create_new(&path).unwrap(), &other);
        assert!(whereabouts.find(&path).is_some() && whereabouts.find(&other).is_some());
        fs::remove_file(&path).unwrap();
        assert!(whereabouts.find(&path).is_none());
    }
}
