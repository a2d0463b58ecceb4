//! What the command line asks for: sizes, platforms, and settings other than by default.

use std::time::Duration;

use rmm_exporter::collector::Collector;
use rmm_exporter::config::{AccountConfig, CollectorConfig, defaults, duration};
use rmm_exporter::platform::PlatformName;

/// The arguments: `10000 nsight requests_per_minute=60 inventory=1h`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub sizes: Vec<usize>,
    /// The series of a device, in place of calls.
    pub series: bool,
    platforms: Vec<PlatformName>,
    requests_per_minute: Option<u32>,
    intervals: Vec<(Collector, Duration)>,
}

impl Settings {
    /// Reads them. What is none of these is cargo's.
    pub fn read(arguments: impl Iterator<Item = String>) -> Self {
        let mut settings = Self::default();
        for argument in arguments {
            let platform = [PlatformName::Nsight, PlatformName::Tactical].into_iter().find(|it| it.name() == argument);
            if let Ok(size) = argument.parse() {
                settings.sizes.push(size);
            } else if let Some(platform) = platform {
                settings.platforms.push(platform);
            } else if argument == "--series" {
                settings.series = true;
            } else if let Some((name, value)) = argument.split_once('=') {
                settings.set(name, value);
            }
        }
        settings
    }

    fn set(&mut self, name: &str, value: &str) {
        if name == "requests_per_minute" {
            self.requests_per_minute = Some(value.parse().expect("a number of requests"));
        } else {
            let collector = Collector::from_name(name).expect("a collector, or requests_per_minute");
            self.intervals.push((collector, duration::parse(value).expect("an interval")));
        }
    }

    /// The platforms that are asked for: both without a word.
    pub fn platforms(&self) -> &[PlatformName] {
        if self.platforms.is_empty() { &[PlatformName::Nsight, PlatformName::Tactical] } else { &self.platforms }
    }

    /// Changes what the command line names, where the account has it.
    pub fn apply(&self, config: &mut AccountConfig) {
        if let Some(requests_per_minute) = self.requests_per_minute {
            config.requests_per_minute = requests_per_minute;
        }
        for (collector, interval) in &self.intervals {
            if let Some(settings) = config.collectors.get_mut(collector) {
                *settings = CollectorConfig { interval: *interval, stale_after: defaults::stale_after(*interval) };
            }
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        let budget = self.requests_per_minute.map(|budget| format!("requests_per_minute {budget}"));
        let intervals = self.intervals.iter();
        let intervals = intervals.map(|(collector, time)| format!("{} {}", collector.name(), duration::display(*time)));
        let changes: Vec<String> = budget.into_iter().chain(intervals).collect();
        if changes.is_empty() { "default settings".to_owned() } else { changes.join(", ") }
    }
}
