//! What the fuzz targets run: for each reader of what others write, one function that takes any bytes. `cargo fuzz` calls
//! them with what it makes up, `tests/fuzz_corpus.rs` with the corpus and changed copies of it. Each holds the reader to what
//! it promises; a broken promise is a panic.
//!
//! Not part of the interface, and not in the program.

mod answers;
mod configuration;
mod exposition;
mod scrape;
mod state;
mod whole;
mod xml;

pub use answers::{nsight, tactical};
pub use configuration::config;
pub use scrape::{negotiation, query};
pub use state::state;
pub use whole::Whole;
pub use xml::xml;

/// Runs one input.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its file in `fuzz/targets` and of its corpus in `tests/fixtures/fuzz`.
pub const TARGETS: [(&str, Target); 7] = [
    ("config", config),
    ("negotiation", negotiation),
    ("nsight", nsight),
    ("query", query),
    ("state", state),
    ("tactical", tactical),
    ("xml", xml),
];
