//! Programs that tests use where they are installed.

use std::process::{Command, Stdio};

/// Whether the program is missing, and the test is to be skipped. With `RMM_REQUIRE_TOOLS=1` that is a failure.
pub fn is_missing(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    assert!(found || std::env::var_os("RMM_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "{tool} is missing");
    if !found {
        println!("SKIPPED: {tool} is not installed");
    }
    !found
}
