//! Series of a device, by collector and by mode of checks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rmm_exporter::account::fleet_options;
use rmm_exporter::clock::Clock;
use rmm_exporter::collector::Collector;
use rmm_exporter::config::{AccountConfig, ChecksMode, CollectorConfig, PlatformOptions, defaults};
use rmm_exporter::demo::PinnedClock;
use rmm_exporter::fleet::Fleet;
use rmm_exporter::metrics::catalogue::{Scope, families};
use rmm_exporter::metrics::render_text;
use rmm_exporter::planner::ReadCall;
use rmm_exporter::platform::PlatformName;

use super::parts;
use super::subject::{Nsight, Subject, Tactical};

/// What Prometheus takes for a series of a device: resident memory of Prometheus 2.42 that scrapes 225,000 of them, and nothing
/// else, through the series that there are.
const KIB_A_SERIES: f64 = 4.3;

/// Prints the tables of both platforms for so many devices each.
pub fn print(devices: usize) {
    for platform in [PlatformName::Nsight, PlatformName::Tactical] {
        println!("\n{} with {devices} devices: series a device", platform.name());
        let row = |what: &str, series: f64| println!("  {what:<34} {series:>8.2} {:>9.0} KiB", series * KIB_A_SERIES);
        for everything in [false, true] {
            println!(" {}", if everything { "every collector" } else { "default collectors" });
            let counts = count(platform, devices, everything, ChecksMode::Failing);
            let mut by_collector: BTreeMap<&str, f64> = BTreeMap::new();
            for (family, count) in &counts {
                if !is_one_by_one(family) {
                    *by_collector.entry(collector_of(platform, family)).or_default() += count;
                }
            }
            for (collector, series) in &by_collector {
                row(collector, *series);
            }
            row("all but checks and tasks", by_collector.values().sum());
            for mode in [ChecksMode::Failing, ChecksMode::All, ChecksMode::None] {
                let counts = count(platform, devices, everything, mode);
                let ones = counts.iter().filter(|(family, _)| is_one_by_one(family));
                row(
                    &format!("checks and tasks, mode {mode:?}").to_lowercase(),
                    ones.fold(0.0, |sum, (_, count)| sum + count),
                );
            }
            if !everything {
                for (family, count) in &counts {
                    println!("      {family:<46} {count:>7.2}");
                }
            }
        }
    }
}

/// Series of each family for each device that is in the lists.
fn count(platform: PlatformName, devices: usize, everything: bool, mode: ChecksMode) -> BTreeMap<&'static str, f64> {
    let (mut config, world, clock) = parts(platform, devices);
    config.checks_mode = mode;
    if everything {
        config.collectors = defaults::collectors(platform).iter().map(with_default_interval).collect();
        if let PlatformOptions::Nsight(options) = &mut config.platform {
            options.antivirus_products = vec!["sophos".to_owned()];
        }
    }
    let text = match platform {
        PlatformName::Nsight => read(Nsight::new(config.clone(), world, devices, &clock), &config, &clock),
        PlatformName::Tactical => read(Tactical::new(config.clone(), world, devices, &clock), &config, &clock),
    };
    let mut counts: BTreeMap<&'static str, f64> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        if let Some(family) = families().iter().find(|family| family.name == name) {
            *counts.entry(family.name).or_default() += 1.0;
        }
    }
    let listed = counts.get("rmm_device_info").copied().unwrap_or(1.0);
    for count in counts.values_mut() {
        *count /= listed;
    }
    counts
}

fn with_default_interval(defaults: &rmm_exporter::collector::CollectorDefaults) -> (Collector, CollectorConfig) {
    let interval = defaults.interval;
    (defaults.collector, CollectorConfig { interval, stale_after: defaults::stale_after(interval) })
}

/// Asks for everything that is wanted, until nothing new is.
fn read<S: Subject>(mut subject: S, config: &AccountConfig, clock: &PinnedClock) -> String {
    let mut fleet = Fleet::new(fleet_options(config));
    let mut asked = BTreeSet::new();
    clock.advance(Duration::from_hours(9));
    let now = clock.now().wall;
    loop {
        let mut wants = subject.wants(&fleet.known());
        wants.retain(|want| asked.insert(want.call.identity()));
        if wants.is_empty() {
            break;
        }
        for want in wants {
            for update in subject.read(&want.call, now).into_iter().flatten() {
                fleet.apply(update, now);
            }
        }
    }
    render_text(config.platform_name(), &config.name, &fleet.current(now))
}

fn is_one_by_one(family: &str) -> bool {
    let family = families().iter().find(|known| known.name == family);
    family.is_some_and(|family| matches!(family.scope, Scope::Check | Scope::Task))
}

fn collector_of(platform: PlatformName, family: &str) -> &'static str {
    let family = families().iter().find(|known| known.name == family);
    let source = family.and_then(|family| match platform {
        PlatformName::Nsight => family.nsight.as_ref(),
        PlatformName::Tactical => family.tactical.as_ref(),
    });
    source.and_then(|source| source.collectors.first()).map_or("?", |collector| collector.name())
}
