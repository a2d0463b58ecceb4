//! `rmm-exporter doctor`.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

use super::{CommandResult, block_on, load, print};
use crate::cli::{DoctorFlags, Flags};
use crate::clock::{Clock, SystemClock};
use crate::config::ConfigErrors;
use crate::doctor;
use crate::doctor::text::render;

/// Examines every account and prints what is well and what is not, with a remedy; fails when anything is bad.
///
/// # Errors
///
/// When the configuration is wrong.
pub fn doctor(flags: &Flags, doctor: &DoctorFlags) -> CommandResult {
    let config = match load(flags) {
        Err(errors) if doctor.json => {
            print(no_report(&errors)?.as_bytes())?;
            return Err(errors.into());
        }
        config => config?,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    block_on(async {
        // Drawn on standard error, and only when that is a terminal.
        let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        spinner.enable_steady_tick(Duration::from_millis(200));
        let watched = spinner.clone();
        let report =
            doctor::examine(&config, &clock, move |account, call| watched.set_message(format!("{account}: {call}")))
                .await;
        spinner.finish_and_clear();
        let text = if doctor.json {
            serde_json::to_string_pretty(&report)? + "\n"
        } else {
            let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            render(&report, coloured)
        };
        print(text.as_bytes())?;
        Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// What stands in place of a report when nothing can be examined: the lines of the text, without their count.
fn no_report(errors: &ConfigErrors) -> serde_json::Result<String> {
    let lines: Vec<String> = errors.errors.iter().map(ToString::to_string).collect();
    let report = serde_json::json!({ "ok": false, "warnings": errors.warnings, "errors": lines });
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
