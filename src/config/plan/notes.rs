//! What the numbers of a plan do not say.

use super::super::account::AccountConfig;
use super::super::filter::written;
use super::super::text::in_quotes;
use super::{CollectorPlan, FleetSize};
use crate::collector::Collector;
use crate::fleet::filter::NameFilter;
use crate::fleet::{CheckSelector, Kind, Mapping};
use crate::platform::PlatformName;
use regex::Regex;

/// What is worth saying besides the numbers, one sentence a line.
pub fn notes(account: &AccountConfig, collectors: &[CollectorPlan], fleet: FleetSize) -> Vec<String> {
    let mut notes = Vec::new();
    let runs = |collector| account.collectors.contains_key(&collector) && !account.needs().is_idle(collector);
    let idle: Vec<&str> = collectors.iter().filter(|plan| plan.idle).map(|plan| plan.collector).collect();
    if !idle.is_empty() {
        notes.push(format!("no calls: metrics.exclude leaves nothing of {}", idle.join(", ")));
    }
    if collectors.iter().any(|plan| plan.at_most) {
        let flags = flags_left(account, fleet).join(", ");
        let flags = if flags.is_empty() { flags } else { format!(" (how many, if you know: {flags})") };
        notes
            .push(format!("at most: only what has something is asked for it, and the inventory tells what has{flags}"));
    }
    if fleet.devices() == 0 {
        notes.push(
            "no servers and no workstations assumed, so only calls for the account, its clients and its sites are left (--devices tells how many there are)"
                .to_owned(),
        );
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
    notes.extend(selection(account));
    notes
}

/// The flags, not given yet, that would make the estimate of what the account collects closer.
pub fn flags_left(account: &AccountConfig, fleet: FleetSize) -> Vec<&'static str> {
    if account.platform_name() != PlatformName::Nsight {
        return Vec::new();
    }
    let runs = |collector| account.collectors.contains_key(&collector) && !account.needs().is_idle(collector);
    // None of no devices have anything.
    let some_run = |collectors: &[Collector]| fleet.devices() > 0 && collectors.iter().any(|one| runs(*one));
    let having = fleet.having;
    let flags = [
        ("--patch", having.patch, some_run(&[Collector::Patches])),
        ("--managed-antivirus", having.managed_antivirus, some_run(&[Collector::ManagedAntivirus])),
        ("--backup", having.backup, some_run(&[Collector::BackupSessions, Collector::BackupSelection])),
        ("--mobile", having.mobile, account.filter.admits_kind(Kind::Mobile)),
    ];
    flags.into_iter().filter(|(_, given, matters)| given.is_none() && *matters).map(|(flag, ..)| flag).collect()
}

/// What is left out, as it was configured.
fn selection(account: &AccountConfig) -> Vec<String> {
    let filter = &account.filter;
    let names = [("clients", &filter.clients), ("sites", &filter.sites), ("devices", &filter.devices)];
    let mut lines: Vec<String> = names
        .into_iter()
        .filter_map(|(key, names)| Some(format!("filter.{key}: {}", includes_and_excludes(names)?)))
        .collect();
    if !lines.is_empty() {
        lines.push("what the filters by name leave out is counted above all the same: no name is known yet".to_owned());
    }
    if !filter.kinds.is_empty() {
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.name()).collect();
        lines.push(format!("filter.device_kinds: {}", kinds.join(", ")));
    }
    if !account.metrics_exclude.is_empty() {
        lines.push(format!("metrics.exclude: {}", expressions(&account.metrics_exclude)));
    }
    lines
}

fn includes_and_excludes(names: &NameFilter) -> Option<String> {
    let lists = [("include", &names.include), ("exclude", &names.exclude)].into_iter();
    let lists = lists.filter(|(_, list)| !list.is_empty());
    let parts: Vec<String> = lists.map(|(key, list)| format!("{key} {}", expressions(list))).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn expressions(list: &[Regex]) -> String {
    list.iter().map(|expression| in_quotes(written(expression))).collect::<Vec<_>>().join(", ")
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
