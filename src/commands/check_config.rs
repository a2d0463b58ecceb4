//! `rmm-exporter check-config`.

use std::process::ExitCode;

use super::{CommandResult, load, print};
use crate::cli::{CheckConfigFlags, Flags, PlanFormat};
use crate::config::plan::{self, FleetSize, Having};

/// Checks the configuration and prints the plan: what is polled, how often, and what that costs in calls.
///
/// # Errors
///
/// Everything that is wrong with the configuration, in one report.
pub fn check_config(flags: &Flags, check: &CheckConfigFlags) -> CommandResult {
    let config = load(flags)?;
    let CheckConfigFlags { patch, managed_antivirus, backup, mobile, .. } = *check;
    let having = Having { patch, managed_antivirus, backup, mobile };
    let fleet = FleetSize { having, ..FleetSize::new(check.devices, check.clients, check.sites) };
    let plans = plan::plan(&config, fleet);
    let text = match check.format {
        PlanFormat::Table => {
            let warnings = config.warnings.iter().map(|warning| ["warning: ", warning, "\n"].concat());
            warnings.collect::<String>() + &plan::render(&plans)
        }
        PlanFormat::Json => serde_json::to_string_pretty(&plans)? + "\n",
    };
    print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
