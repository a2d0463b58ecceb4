//! A demo world, the exporter on it, and questions to both.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rmm_exporter::clock::{Clock, Moment, SystemClock};
use rmm_exporter::demo::{self, Demo, DemoOptions};
use rmm_exporter::reload::{Outcome, Reloader};
use rmm_exporter::run::Reloading;
use rmm_exporter::{config, http, reload, run};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{SeriesMap, difference, fleet_only, get, parse, value};
use crate::truth;

pub const NOW: &str = "2026-03-04T09:15:02Z";
pub const BOTH: [&str; 2] = ["demo-nsight", "demo-tactical"];

/// A time of day that stands still until a test moves it; waiting goes on as usual.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<(Timestamp, Duration)>>);

impl TestClock {
    pub fn at(time: &str) -> Self {
        Self(Arc::new(Mutex::new((time.parse().unwrap(), Duration::ZERO))))
    }

    /// Moves the time of day.
    pub fn advance(&self, time: Duration) {
        self.0.lock().unwrap().0 += time;
    }

    /// Lets so much time pass at once for everything that waits; the time of day stays.
    pub fn leap(&self, time: Duration) {
        self.0.lock().unwrap().1 += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Moment {
        let (wall, leaped) = *self.0.lock().unwrap();
        Moment { wall, steady: SystemClock.now().steady + leaped }
    }
}

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
            timeout: 5_000,
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
    pub address: SocketAddr,
    clock: Arc<dyn Clock>,
    /// What a reload reads.
    yaml: Arc<Mutex<String>>,
    reloader: Reloader,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), run::RunError>>,
}

impl Running {
    pub async fn start(settings: Settings) -> Self {
        Self::around(start_demo(&settings).await, settings).await
    }

    pub async fn around(demo: Demo, settings: Settings) -> Self {
        let yaml = Arc::new(Mutex::new(yaml(&demo, &settings)));
        let source = {
            let yaml = Arc::clone(&yaml);
            Arc::new(move || config::parse(&yaml.lock().unwrap(), Path::new("test"), &|_| None))
        };
        let config = source().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let clock = settings.clock;
        let options = http::Options::default();
        let (reloader, requests) = reload::channel();
        let reloading = Reloading { source, requests };
        let listeners = vec![listener];
        let run = run::run_reloading(config, reloading, listeners, options, Arc::clone(&clock), shutdown.clone());
        let task = tokio::spawn(run);
        Self { demo, address, clock, yaml, reloader, shutdown, task }
    }

    /// Reloads with another configuration.
    pub async fn reload(&self, yaml: &str) -> Outcome {
        yaml.clone_into(&mut self.yaml.lock().unwrap());
        self.reloader.reload().await
    }

    /// For reloads of what is there.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    pub async fn text(&self) -> String {
        let address = self.address;
        let answer = tokio::task::spawn_blocking(move || get(address, "/metrics", &[]).unwrap()).await.unwrap();
        assert_eq!(answer.0, 200);
        String::from_utf8(answer.2).unwrap()
    }

    pub async fn scrape(&self) -> SeriesMap {
        parse(&self.text().await)
    }

    /// What should be exposed now.
    pub fn expected(&self) -> SeriesMap {
        let now = self.clock.now().wall;
        truth::expected(&self.demo.world.truth(now), now)
    }

    /// Waits until `found` says nothing more; what it said last when it takes too long.
    pub async fn until(&self, seconds: u64, problem: impl Fn(&SeriesMap) -> Option<String>) -> SeriesMap {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            let all = self.scrape().await;
            match problem(&all) {
                None => return all,
                Some(problem) => assert!(Instant::now() < end, "after {seconds} s: {problem}"),
            }
            // Reading thousands of series keeps a processor busy that the exporter needs, too.
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    /// Waits until exactly the truth is exposed, with every call made.
    pub async fn until_true(&self, seconds: u64) -> SeriesMap {
        let expected = self.expected();
        self.until(seconds, |all| {
            let difference = difference(&fleet_only(all), &expected);
            (!difference.is_empty()).then_some(difference)
        })
        .await
    }

    /// Waits until a metric of an account has this value.
    pub async fn until_value(&self, seconds: u64, name: &str, account: &str, wanted: f64) -> SeriesMap {
        self.until(seconds, |all| {
            let found = value(all, name, &[("account", account)]);
            (found != Some(wanted)).then(|| format!("{name} of {account} is {found:?}, not {wanted}"))
        })
        .await
    }

    /// Waits until an account is up and no collector of it has a failed call.
    pub async fn until_well(&self, seconds: u64, account: &str) -> SeriesMap {
        self.until(seconds, |all| {
            let up = value(all, "rmm_up", &[("account", account)]);
            let failed = failed_collectors(all, account);
            (up != Some(1.0) || !failed.is_empty()).then(|| format!("{account}: up {up:?}, failed: {failed:?}"))
        })
        .await
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(5), self.task).await.expect("in time").unwrap().unwrap();
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

/// Collectors of an account whose last attempt failed somewhere.
pub fn failed_collectors<'a>(all: &'a SeriesMap, account: &str) -> Vec<&'a str> {
    let of = |((name, labels), value): &(&(String, crate::support::Labels), &f64)| {
        name == "rmm_collector_success" && labels["account"] == account && **value == 0.0
    };
    all.iter().filter(of).map(|((_, labels), _)| labels["collector"].as_str()).collect()
}

/// Calls of an account with that outcome.
pub fn requests(all: &SeriesMap, account: &str, outcome: &str) -> f64 {
    all.iter()
        .filter(|((name, labels), _)| {
            name == "rmm_api_requests_total" && labels["account"] == account && labels["outcome"] == outcome
        })
        .map(|(_, value)| value)
        .sum()
}

pub fn of_account(all: &SeriesMap, account: &str) -> SeriesMap {
    let own = all.iter().filter(|((_, labels), _)| labels.get("account").is_some_and(|name| name == account));
    own.map(|(series, value)| (series.clone(), *value)).collect()
}

/// Every collector of each platform.
const NSIGHT: [&str; 17] = [
    "inventory",
    "failing_checks",
    "checks",
    "antivirus",
    "antivirus_definitions",
    "managed_antivirus",
    "backup",
    "backup_sessions",
    "backup_selection",
    "patches",
    "outages",
    "performance",
    "drive_space",
    "exchange",
    "assets",
    "licenses",
    "directory",
];
const TACTICAL: [&str; 7] = ["inventory", "checks", "tasks", "patches", "alerts", "server", "details"];

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
    for (platform, server, url, lines, collectors) in [
        ("nsight", &demo.nsight, &settings.nsight_url, nsight, &NSIGHT[..]),
        ("tactical", &demo.tactical, &settings.tactical_url, tactical, &TACTICAL[..]),
    ] {
        let url = url.clone().unwrap_or_else(|| server.url());
        let key = if settings.wrong_keys { "wrong-key-wrong-key" } else { server.api_key() };
        let _ = write!(
            yaml,
            "  - name: demo-{platform}\n    platform: {platform}\n    server: {url}\n    api_key: {key:?}\n    \
             min_interval: {}ms\n    requests_per_minute: {}\n    max_concurrent_requests: {}\n    timeout: {}ms\n    \
             stale_after: {}ms\n{lines}    collectors:\n",
            settings.min_interval,
            settings.requests_per_minute,
            settings.concurrent,
            settings.timeout,
            settings.stale_after
        );
        for collector in collectors {
            let interval = if fast.contains(collector) { settings.fast } else { settings.slow };
            let enabled = !settings.without.contains(collector);
            let _ = writeln!(yaml, "      {collector}: {{ enabled: {enabled}, interval: {interval}ms }}");
        }
    }
    yaml
}
