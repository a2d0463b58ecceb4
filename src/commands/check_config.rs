//! `rmm-exporter check-config`.

use std::process::ExitCode;

use super::{CommandResult, load, print};
use crate::cli::{CheckConfigFlags, Flags, PlanFormat};
use crate::config::plan::{self, AccountPlan, FleetSize, Having, Verdict};
use crate::config::web;

/// Checks the configuration and prints the plan: what is polled, how often, and what that costs in calls.
///
/// # Errors
///
/// Everything that is wrong with the configuration, in one report; or flags that contradict each other; with `--strict` a budget
/// that does not suffice.
pub fn check_config(flags: &Flags, check: &CheckConfigFlags) -> CommandResult {
    contradiction(check).map_or(Ok(()), Err)?;
    let mut config = load(flags)?;
    if let Some(path) = &flags.web_config_file {
        config.warnings.extend(web::load(path)?.warnings);
    }
    let CheckConfigFlags { patch, managed_antivirus, backup, mobile, .. } = *check;
    let having = Having { patch, managed_antivirus, backup, mobile };
    let fleet = FleetSize { having, ..FleetSize::new(check.devices, check.clients, check.sites) };
    let plans = plan::plan(&config, fleet);
    let text = match check.format {
        PlanFormat::Table => plan::render_warnings(&config.warnings) + &plan::render(&plans),
        PlanFormat::Json => serde_json::to_string_pretty(&plans)? + "\n",
    };
    print(text.as_bytes())?;
    if check.strict {
        holds(&plans)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether every verdict holds.
fn holds(plans: &[AccountPlan]) -> Result<(), String> {
    let too_much: Vec<&str> =
        plans.iter().filter(|plan| plan.verdict == Verdict::TooMuch).map(|plan| plan.account.as_str()).collect();
    match too_much.as_slice() {
        [] => Ok(()),
        accounts => Err(format!(
            "--strict: the budget does not suffice for the intervals of {}. The plan says what to do.",
            accounts.join(", ")
        )),
    }
}

/// More devices with a feature than devices.
fn contradiction(check: &CheckConfigFlags) -> Option<String> {
    let features =
        [("--patch", check.patch), ("--managed-antivirus", check.managed_antivirus), ("--backup", check.backup)];
    let (flag, count) = features.into_iter().find_map(|(flag, count)| {
        let count = count.filter(|count| *count > check.devices)?;
        Some((flag, count))
    })?;
    let devices = check.devices;
    Some(format!("{flag} {count} is more than there are devices: --devices is {devices}. Correct one of the two."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};

    fn judged(arguments: &[&str]) -> Option<String> {
        let all = ["rmm-exporter", "check-config"].iter().chain(arguments);
        match Cli::read_from(all).expect("valid").command {
            Some(Command::CheckConfig(check)) => contradiction(&check),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_more_devices_have_a_feature_than_there_are() {
        assert_eq!(judged(&["--devices", "100", "--patch", "100", "--mobile", "300"]), None);
        let message = judged(&["--devices", "100", "--patch", "300"]);
        assert!(message.is_some_and(|message| message.starts_with("--patch 300 is more") && message.contains("100.")));
        assert!(
            judged(&["--backup", "501"]).is_some_and(|message| message.contains("--devices is 500")),
            "the default"
        );
        assert_eq!(judged(&["--devices", "0", "--managed-antivirus", "0"]), None);
    }
}
