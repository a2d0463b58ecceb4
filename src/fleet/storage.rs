//! Space on disks and in stores.

use serde::{Deserialize, Serialize};

use super::Label;

/// A drive or a mounted file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drive {
    /// The `disk` label.
    pub disk: Label,
    /// Used bytes.
    pub used_bytes: Option<u64>,
    /// Bytes in all (Tactical RMM).
    pub size_bytes: Option<u64>,
    /// Used part, 0 to 1 (Tactical RMM).
    pub used_ratio: Option<f64>,
}

/// An Exchange store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// The `store` label.
    pub store: Label,
    /// Bytes.
    pub bytes: u64,
}

/// The `disk` label of a drive: a bare letter gets its colon, so that both platforms write `C:`.
#[must_use]
pub fn disk_label(name: &str) -> Label {
    let name = name.trim();
    let is_letter = name.len() == 1 && name.chars().all(|letter| letter.is_ascii_alphabetic());
    if is_letter { Label::new(&format!("{name}:")) } else { Label::new(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_letter_gets_its_colon() {
        for (name, label) in
            [("C", "C:"), (" d ", "d:"), ("C:", "C:"), ("/", "/"), ("/dev/sda1", "/dev/sda1"), ("", "")]
        {
            assert_eq!(disk_label(name).as_str(), label, "{name:?}");
        }
    }
}
