//! What the numbers of a plan do not say.

use super::super::account::AccountConfig;
use super::super::text::in_quotes;
use super::{CollectorPlan, FleetSize};
use crate::collector::Collector;
use crate::fleet::{CheckSelector, Mapping};
use crate::platform::PlatformName;

/// What is worth saying besides the numbers, one sentence a line.
pub fn notes(account: &AccountConfig, collectors: &[CollectorPlan], fleet: FleetSize) -> Vec<String> {
    let mut notes = Vec::new();
    let runs = |collector| account.collectors.contains_key(&collector) && !account.needs().is_idle(collector);
    let idle: Vec<&str> = collectors.iter().filter(|plan| plan.idle).map(|plan| plan.collector).collect();
    if !idle.is_empty() {
        notes.push(format!("no calls: metrics.exclude leaves nothing of {}", idle.join(", ")));
    }
    if collectors.iter().any(|plan| plan.at_most) {
        let flags = match account.platform_name() {
            PlatformName::Nsight => " (--patch, --managed-antivirus, --backup, --mobile tell how many)",
            PlatformName::Tactical => "",
        };
        notes
            .push(format!("at most: only what has something is asked for it, and the inventory tells what has{flags}"));
    }
    match account.platform_name() {
        PlatformName::Nsight => {
            if runs(Collector::FailingChecks) && fleet.clients > 1 {
                let clients = fleet.clients;
                notes.push(format!(
                    "failing_checks: should the platform not answer for the whole account, one call for each client ({clients} a sweep)"
                ));
            }
            if runs(Collector::BackupSelection) && fleet.devices() > 1 {
                notes.push(
                    "backup_selection: should the platform not answer for the whole account, one call for each device with backup"
                        .to_owned(),
                );
            }
            if runs(Collector::AntivirusDefinitions) && account.nsight().antivirus_products.is_empty() {
                notes.push("antivirus_definitions: no calls without antivirus_products".to_owned());
            }
        }
        PlatformName::Tactical => {
            if runs(Collector::Checks) {
                notes.push(
                    "checks: agents whose counters change are read at once, in addition to the sweep; never within min_interval"
                        .to_owned(),
                );
            }
        }
    }
    notes
}

/// What the account's mappings look for, one a line.
pub fn mappings(account: &AccountConfig) -> Vec<String> {
    let mappings = account.tactical().mappings;
    let named = [("antivirus", mappings.antivirus), ("backup", mappings.backup)];
    named.into_iter().filter_map(|(name, mapping)| Some(format!("{name}: {}", describe(&mapping?)))).collect()
}

fn describe(mapping: &Mapping) -> String {
    let date =
        mapping.date_field.as_deref().map(|field| format!("time of the last success in field {}", in_quotes(field)));
    let status = mapping.status_field.as_deref().map(|field| format!("status in field {}", in_quotes(field)));
    mapping.checks.as_ref().map(checks).into_iter().chain(date).chain(status).collect::<Vec<_>>().join("; ")
}

fn checks(selector: &CheckSelector) -> String {
    let name = selector.name.as_ref().map(|name| format!("with {} in the name", in_quotes(name.as_str())));
    let check_type = selector.check_type.as_deref().map(|check_type| format!("of type {check_type}"));
    let script = selector.script.map(|script| format!("that run script {script}"));
    let conditions: Vec<String> = name.into_iter().chain(check_type).chain(script).collect();
    format!("checks {}", conditions.join(", "))
}
