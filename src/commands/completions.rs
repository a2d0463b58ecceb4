//! `rmm-exporter completions`.

use std::process::ExitCode;

use clap::CommandFactory;

use super::{CommandResult, print};
use crate::cli::{Cli, CompletionsFlags};

/// Prints a script that completes the command line in a shell, made from the same definition that reads it.
///
/// # Errors
///
/// When standard output cannot be written.
pub fn completions(flags: CompletionsFlags) -> CommandResult {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut command, name, &mut script);
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}
