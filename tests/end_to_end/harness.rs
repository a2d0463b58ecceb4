//! A demo world, the exporter on it, and questions to both.

use std::ops::Deref;
use std::sync::Arc;

use rmm_exporter::clock::Clock;
use rmm_exporter::demo::{self, Demo, DemoOptions};

use crate::exporter::{Account, Exporter};
use crate::support::{SeriesMap, difference, fleet_only};
use crate::truth;

pub use crate::exporter::{NOW, TestClock, failed_collectors, of_account, requests};

pub const BOTH: [&str; 2] = ["demo-nsight", "demo-tactical"];

/// How the exporter is configured: both accounts alike, every collector of each.
pub struct Settings {
    pub clock: Arc<dyn Clock>,
    pub devices: usize,
    pub seed: u64,
    pub speed: f64,
    /// Interval of the inventory and of list_failing_checks, ms.
    pub fast: u64,
    /// Interval of everything else, ms.
    pub slow: u64,
    pub min_interval: u64,
    pub requests_per_minute: u32,
    pub concurrent: usize,
    pub timeout: u64,
    /// Long enough to see measurements of devices that fell silent an hour ago: nothing older is asked for.
    pub stale_after: u64,
    /// Collectors that are off.
    pub without: &'static [&'static str],
    pub nsight_url: Option<String>,
    pub tactical_url: Option<String>,
    pub wrong_keys: bool,
    pub wrong_token: bool,
    /// More lines for each account.
    pub nsight_lines: &'static str,
    pub tactical_lines: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Arc::new(TestClock::at(NOW)),
            devices: 24,
            seed: 7,
            speed: 1.0,
            fast: 1_000,
            slow: 3_600_000,
            min_interval: 300,
            requests_per_minute: 60_000,
            concurrent: 4,
            timeout: 60_000,
            stale_after: 3 * 3_600_000,
            without: &[],
            nsight_url: None,
            tactical_url: None,
            wrong_keys: false,
            wrong_token: false,
            nsight_lines: "",
            tactical_lines: "",
        }
    }
}

/// Both sides, running.
pub struct Running {
    pub demo: Demo,
    exporter: Exporter,
}

impl Deref for Running {
    type Target = Exporter;

    fn deref(&self) -> &Exporter {
        &self.exporter
    }
}

impl Running {
    pub async fn start(settings: Settings) -> Self {
        Self::around(start_demo(&settings).await, settings).await
    }

    pub async fn around(demo: Demo, settings: Settings) -> Self {
        let exporter = Exporter::start(&yaml(&demo, &settings), settings.clock).await;
        Self { demo, exporter }
    }

    /// What should be exposed now.
    pub fn expected(&self) -> SeriesMap {
        let now = self.demo.world.now();
        truth::expected(&self.demo.world.truth(now), now)
    }

    /// Waits until exactly the truth is exposed, with every call made.
    pub async fn until_true(&self) -> SeriesMap {
        let expected = self.expected();
        self.until(|all| {
            let difference = difference(&fleet_only(all), &expected);
            (!difference.is_empty()).then_some(difference)
        })
        .await
    }

    pub async fn stop(self) {
        self.exporter.stop().await;
    }
}

pub async fn start_demo(settings: &Settings) -> Demo {
    demo::start(DemoOptions {
        devices: settings.devices,
        seed: settings.seed,
        speed: settings.speed,
        clock: Arc::clone(&settings.clock),
        ..DemoOptions::default()
    })
    .await
    .unwrap()
}

pub fn yaml(demo: &Demo, settings: &Settings) -> String {
    let fast = ["inventory", "failing_checks"];
    let token = demo.tactical.monitoring_token().filter(|_| !settings.wrong_token).unwrap_or("wrong-token-wrong-token");
    let nsight = format!("    antivirus_products: {:?}\n{}", truth::PRODUCTS, settings.nsight_lines);
    let tactical = format!(
        "    monitoring_token: {token:?}\n    mappings:\n      antivirus: {{ check_name: \"(?i)defender\" }}\n      \
         backup: {{ check_name: \"(?i)backup\", date_field: Last Backup }}\n{}",
        settings.tactical_lines
    );
    let mut yaml = "accounts:\n".to_owned();
    for (name, platform, server, url, lines) in [
        (BOTH[0], "nsight", &demo.nsight, &settings.nsight_url, nsight),
        (BOTH[1], "tactical", &demo.tactical, &settings.tactical_url, tactical),
    ] {
        let url = url.clone().unwrap_or_else(|| server.url());
        let account = Account {
            name,
            platform,
            server: &url,
            key: if settings.wrong_keys { "wrong-key-wrong-key" } else { server.api_key() },
            min_interval: settings.min_interval,
            timeout: settings.timeout,
            stale_after: settings.stale_after,
            requests_per_minute: settings.requests_per_minute,
            concurrent: settings.concurrent,
            lines: &lines,
        };
        account.write(&mut yaml, |collector| {
            let interval = if fast.contains(&collector) { settings.fast } else { settings.slow };
            (!settings.without.contains(&collector)).then_some(interval)
        });
    }
    yaml
}
