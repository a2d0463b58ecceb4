//! The subcommands.

mod check_config;
mod collect;
mod completions;
mod demo;
mod doctor;
mod healthcheck;
mod man;
mod metrics;
mod serve;

pub use check_config::check_config;
pub use collect::collect;
pub use completions::completions;
pub use demo::demo;
pub use doctor::doctor;
pub use healthcheck::healthcheck;
pub use man::man;
pub use metrics::metrics;
pub use serve::serve;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cli::Flags;
use crate::config::{self, Config, ConfigErrors};
use crate::descriptors;
use crate::reload::{self, Reloader, Requests};

/// From the signal to the end of the process.
const PATIENCE: Duration = Duration::from_millis(4_800);

/// Exit code of whoever did what it was for.
const SUCCESS: i32 = 0;

/// Exit code of whoever was interrupted, as shells have it.
const INTERRUPTED: i32 = 130;

/// How long work that cannot be interrupted may still take at the end.
const LAST_WORK: Duration = Duration::from_millis(500);

/// Why a subcommand failed, in words for the user.
pub type Failure = Box<dyn std::error::Error>;

/// What a subcommand comes to.
pub type CommandResult = Result<ExitCode, Failure>;

/// Says on standard error why nothing came of it.
pub fn complain(error: &Failure) {
    // Nothing can be done when even this fails.
    let _lost = io::stderr().write_all(complaint(&error.to_string()).as_bytes());
}

/// The program's name stands before a message of one line. The lines of a report begin with file and place, which editors
/// understand.
fn complaint(message: &str) -> String {
    if message.contains('\n') { format!("{message}\n") } else { format!("rmm-exporter: {message}\n") }
}

/// Prints to standard output. A reader that went away (`| head`) is no error.
fn print(text: &[u8]) -> io::Result<()> {
    match io::stdout().write_all(text).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn load(flags: &Flags) -> Result<Config, ConfigErrors> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    config::load_with_names(flags.config_file.as_deref(), &|name| std::env::var(name).ok(), names)
}

/// Runs `command` on a runtime of its own. Work that cannot be interrupted (a rendering) does not hold up its end.
fn block_on(command: impl Future<Output = CommandResult>) -> CommandResult {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(command);
    runtime.shutdown_timeout(LAST_WORK);
    result
}

/// A token that SIGTERM and SIGINT cancel. Another SIGINT, of somebody who does not want to wait, ends the process at once; a
/// repeated SIGTERM changes nothing, because service managers repeat it, and the end comes soon anyway. `unfinished` is the exit
/// code of a process that has not ended by itself in time.
fn cancelled_by_signals(unfinished: i32) -> io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        loop {
            let interrupted = tokio::select! {
                _ = terminate.recv() => false,
                _ = interrupt.recv() => true,
            };
            if cancel.is_cancelled() {
                if interrupted {
                    std::process::exit(INTERRUPTED);
                }
                continue;
            }
            cancel.cancel();
            // Whatever the tasks do, the process ends.
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                std::process::exit(unfinished);
            });
        }
    });
    Ok(token)
}

/// Lets SIGHUP, which would end the process otherwise, ask for a reload; others ask with what is returned. Who asks before
/// anybody listens waits.
fn reload_on_hangup() -> io::Result<(Reloader, Requests)> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    let (others, requests) = reload::channel();
    let reloader = others.clone();
    tokio::spawn(async move {
        // All signals that come during a reload come to one more.
        while hangup.recv().await.is_some() {
            // Whoever reloads says in the log what came of it.
            let _logged = reloader.reload().await;
        }
    });
    Ok((others, requests))
}

/// Makes room for connections. Without it there are fewer.
fn more_connections() {
    if let Err(error) = descriptors::raise_limit() {
        tracing::debug!(%error, "the limit of open files cannot be raised");
    }
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn a_report_of_several_lines_has_no_prefix() {
        assert_eq!(complaint("port taken"), "rmm-exporter: port taken\n");
        assert_eq!(complaint("a.yml:1:1: x\n1 error"), "a.yml:1:1: x\n1 error\n");
    }
}
