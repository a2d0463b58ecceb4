//! The rmm-exporter program: parse, log, dispatch.

use std::process::ExitCode;

use rmm_exporter::cli::{Cli, Command};
use rmm_exporter::{allocation, commands, logging, privacy};
use tracing::warn;

fn main() -> ExitCode {
    let Cli { flags, command } = Cli::read();
    let command = command.unwrap_or_default();
    // The others end before it would matter.
    if matches!(command, Command::Serve | Command::Demo(_)) {
        allocation::settle();
    }
    logging::init(flags.log_level, flags.log_format);
    // First of all: a key may be in the environment already.
    if let Err(error) = privacy::close_memory() {
        warn!(%error, "core dumps cannot be switched off");
    }
    let result = match command {
        Command::Serve => commands::serve(&flags),
        Command::Demo(demo) => commands::demo(&flags, &demo),
        Command::CheckConfig(check) => commands::check_config(&flags, &check),
        Command::Collect => commands::collect(&flags),
        Command::Doctor(doctor) => commands::doctor(&flags, &doctor),
        Command::Metrics(metrics) => commands::metrics(&metrics),
        Command::Healthcheck => commands::healthcheck(&flags),
        Command::Completions(completions) => commands::completions(completions),
        Command::Man => commands::man(),
    };
    result.unwrap_or_else(|error| {
        commands::complain(&error);
        ExitCode::FAILURE
    })
}
