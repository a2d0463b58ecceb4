//! Which calls are worth making: a metric that is not exposed needs none.

use std::collections::BTreeSet;

use super::AccountConfig;
use crate::collector::Collector;
use crate::fleet::mapping::Mapping;
use crate::metrics::catalogue::{self, Family, Section, Source};
use crate::platform::PlatformName;

/// What an account does not have to ask, because `metrics.exclude` leaves out everything that the answers would tell.
///
/// `inventory` is always asked: from it the others know which devices there are and what they are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Enabled collectors without any metric left.
    idle: BTreeSet<Collector>,
    /// Calls, as in the `call` label, without any metric left, whoever makes them.
    useless: BTreeSet<&'static str>,
}

impl Needs {
    /// Whether none of the collector's metrics is left, so that it asks nothing.
    #[must_use]
    pub fn is_idle(&self, collector: Collector) -> bool {
        self.idle.contains(&collector)
    }

    /// The enabled collectors that ask nothing.
    pub fn idle(&self) -> impl Iterator<Item = Collector> {
        self.idle.iter().copied()
    }

    /// Whether the collector makes the call, by its `call` label. A call that no metric names (an account's time zone, say) is
    /// made as long as its collector has anything to ask.
    #[must_use]
    pub fn asks(&self, collector: Collector, call: &str) -> bool {
        collector == Collector::Inventory || !(self.is_idle(collector) || self.useless.contains(call))
    }
}

impl AccountConfig {
    /// What the metrics that are exposed need.
    #[must_use]
    pub fn needs(&self) -> Needs {
        if self.metrics_exclude.is_empty() {
            return Needs::default();
        }
        let (mut listed, mut left) = (BTreeSet::new(), BTreeSet::new());
        let (mut collectors, mut busy) = (BTreeSet::new(), BTreeSet::new());
        for (family, source) in self.families() {
            listed.extend(source.calls);
            collectors.extend(source.collectors);
            if !self.metrics_exclude.iter().any(|expression| expression.is_match(family.name)) {
                left.extend(source.calls);
                busy.extend(source.collectors);
            }
        }
        let enabled = |collector: &&Collector| self.collectors.contains_key(collector);
        let idle = collectors.difference(&busy).filter(enabled).copied();
        Needs {
            idle: idle.filter(|collector| *collector != Collector::Inventory).collect(),
            useless: listed.difference(&left).copied().collect(),
        }
    }

    /// The account without the collectors that ask nothing.
    #[must_use]
    pub fn without_idle(&self) -> Self {
        let needs = self.needs();
        let mut busy = self.clone();
        busy.collectors.retain(|collector, _| !needs.is_idle(*collector));
        busy
    }

    /// The metrics that the account can have, and where they come from.
    fn families(&self) -> impl Iterator<Item = (&'static Family, &'static Source)> {
        let platform = self.platform_name();
        let mappings = self.tactical().mappings;
        let maps_checks = |mapping: &Option<Mapping>| mapping.as_ref().is_some_and(|mapping| mapping.checks.is_some());
        let (antivirus, backup) = (maps_checks(&mappings.antivirus), maps_checks(&mappings.backup));
        // On Tactical RMM only mapped checks, and what the inventory has anyway, say anything of antivirus and backup.
        let can_have = move |family: &Family| match (platform, family.section) {
            (PlatformName::Tactical, Section::Antivirus) => antivirus,
            (PlatformName::Tactical, Section::Backup) => backup,
            _ => true,
        };
        let fleet = catalogue::families().iter().filter(move |family| family.is_fleet() && can_have(family));
        fleet.filter_map(move |family| Some((*family, family.source(platform)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, PlatformOptions, TacticalOptions};
    use crate::fleet::Mappings;
    use crate::fleet::mapping::CheckSelector;

    fn account(platform: &str, options: &str) -> AccountConfig {
        let yaml = format!(
            "accounts:\n  - name: msp\n    platform: {platform}\n    server: http://127.0.0.1:9/\n    api_key: abcdef\n{options}"
        );
        config::parse(&yaml, std::path::Path::new("test"), &|_| None).unwrap().accounts.remove(0)
    }

    fn excluding(platform: &str, exclude: &str) -> AccountConfig {
        account(platform, &format!("    metrics: {{ exclude: [{exclude}] }}\n"))
    }

    /// With these collectors, whatever is on by default.
    fn with(mut config: AccountConfig, collectors: &[Collector]) -> AccountConfig {
        let settings = *config.collectors.values().next().unwrap();
        config.collectors = collectors.iter().map(|collector| (*collector, settings)).collect();
        config
    }

    #[test]
    fn without_exclusions_everything_is_asked() {
        let needs = account("nsight", "").needs();
        assert_eq!(needs, Needs::default());
        assert!(needs.asks(Collector::Backup, "list_backup_history"));
    }

    #[test]
    fn a_collector_without_metrics_is_idle() {
        let config = excluding("nsight", "\"rmm_backup_.*\"");
        let needs = config.needs();
        assert_eq!(needs.idle().collect::<Vec<_>>(), [Collector::Backup], "what is not enabled is not idle either");
        assert!(!needs.asks(Collector::Backup, "list_backup_history"));
        assert!(!needs.asks(Collector::Backup, "list_general_settings"), "nobody of its own to ask it for");
        assert!(needs.asks(Collector::Antivirus, "list_general_settings"));
        assert!(needs.asks(Collector::Antivirus, "list_av_history"));
        let busy = config.without_idle();
        assert!(!busy.collectors.contains_key(&Collector::Backup) && busy.collectors.contains_key(&Collector::Patches));
    }

    #[test]
    fn one_metric_that_is_left_keeps_its_collector_busy() {
        let config =
            excluding("nsight", "rmm_backup_up_to_date, rmm_backup_consecutive_failures, \".*_daily_results\"");
        assert_eq!(config.needs(), Needs::default(), "its last pass needs the same call");
    }

    #[test]
    fn a_call_without_metrics_is_not_made_though_its_collector_has_others() {
        let config = excluding("nsight", "rmm_antivirus_quarantined_items");
        let needs = with(config, &[Collector::ManagedAntivirus]).needs();
        assert_eq!(needs.idle().count(), 0);
        assert!(!needs.asks(Collector::ManagedAntivirus, "list_mav_quarantine"));
        assert!(needs.asks(Collector::ManagedAntivirus, "list_mav_threats"));
    }

    #[test]
    fn a_metric_of_another_collector_does_not_count() {
        // That an update waits for a reboot is the last that patches tell.
        let patches = |exclude| with(excluding("nsight", exclude), &[Collector::Patches]).needs();
        assert!(!patches("\"rmm_patch.*\"").is_idle(Collector::Patches));
        assert!(patches("\"rmm_patch.*\", rmm_device_reboot_required").is_idle(Collector::Patches));
        // On Tactical RMM the agent list tells it.
        let needs = excluding("tactical", "\"rmm_patch.*\"").needs();
        assert!(needs.is_idle(Collector::Patches) && !needs.asks(Collector::Patches, "/winupdate/{id}/"));
    }

    #[test]
    fn a_metric_of_two_collectors_keeps_both_busy() {
        let config = with(
            excluding("nsight", "\"rmm_(check|task)_.*\", rmm_device_checks, rmm_device_tasks"),
            &[Collector::FailingChecks, Collector::Checks],
        );
        let needs = config.needs();
        assert!(needs.is_idle(Collector::Checks));
        assert!(!needs.is_idle(Collector::FailingChecks), "it says who is overdue");
    }

    #[test]
    fn the_inventory_is_always_asked() {
        for (platform, call) in [("nsight", "list_devices_at_client"), ("tactical", "/agents/")] {
            let needs = excluding(platform, "\"rmm_.*\"").needs();
            assert!(needs.asks(Collector::Inventory, call));
            assert!(!needs.is_idle(Collector::Inventory));
            assert!(needs.is_idle(Collector::Patches));
        }
    }

    #[test]
    fn mapped_checks_are_read_for_what_they_stand_for() {
        let exclude = "    metrics: { exclude: [\"rmm_check.*\", \"rmm_task_.*\", rmm_device_checks] }\n";
        assert!(account("tactical", exclude).needs().is_idle(Collector::Checks));
        let mapped = |checks| {
            let status_passing = regex::Regex::new("^ok$").unwrap();
            let backup = Mapping { checks, date_field: Some("backup".to_owned()), status_field: None, status_passing };
            let mappings = Mappings { backup: Some(backup), antivirus: None };
            let options = TacticalOptions { mappings, ..TacticalOptions::default() };
            AccountConfig { platform: PlatformOptions::Tactical(options), ..account("tactical", exclude) }
        };
        assert!(!mapped(Some(CheckSelector::default())).needs().is_idle(Collector::Checks));
        assert!(mapped(None).needs().is_idle(Collector::Checks), "the agent list has the fields");
    }
}
