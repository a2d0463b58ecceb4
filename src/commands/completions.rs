//! `rmm-exporter completions`.

use std::process::ExitCode;

use super::{CommandResult, print};
use crate::cli::{Cli, CompletionsFlags};

/// Prints a script that completes the command line in a shell, made from the same definition that reads it.
///
/// # Errors
///
/// When standard output cannot be written.
pub fn completions(flags: CompletionsFlags) -> CommandResult {
    let mut command = Cli::completed();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut command, &name, &mut script);
    print(with_one_name(&String::from_utf8(script)?, &name).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// clap_complete gives the states of its bash script two different names where the program's has a hyphen, so that nothing would be
/// completed after a subcommand. Other scripts are as they were, and so is this one once that is corrected there.
fn with_one_name(script: &str, program: &str) -> String {
    script.replace(&program.replace('-', "__subcmd__"), &program.replace('-', "__"))
}
