//! The answers as N-sight writes them, one file per category of its API: only the fields that are used.

pub mod antivirus_definitions;
pub mod assets;
pub mod backup_selection;
pub mod backup_sessions;
pub mod checks;
pub mod clients;
pub mod devices;
pub mod directory;
pub mod history;
pub mod licenses;
pub mod managed_antivirus;
pub mod outages;
pub mod patches;
pub mod performance;
pub mod roster;
pub mod settings;
pub mod storage;

#[cfg(test)]
pub(crate) mod fixture {
    //! Recorded and hand-written answers.

    use crate::platform::nsight::encoding;

    /// The text of a fixture, decoded as an answer is.
    pub(crate) fn text(name: &str) -> String {
        let path = format!("{}/tests/fixtures/nsight/{name}.xml", env!("CARGO_MANIFEST_DIR"));
        encoding::decode(std::fs::read(path).expect("fixture"))
    }
}
