//! The exporter at work in this process, on loopback, with a clock that tests move: its configuration, and questions to it.

#![allow(dead_code)] // not every test program uses all of it

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rmm_exporter::clock::{Clock, Moment, SystemClock};
use rmm_exporter::reload::{Outcome, Reloader};
use rmm_exporter::run::Reloading;
use rmm_exporter::{config, http, reload, run};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::stopwatch::Stopwatch;
use crate::support::{PATIENCE, SeriesMap, get, parse, value};

pub const NOW: &str = "2026-03-04T09:15:02Z";

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

/// A running exporter.
pub struct Exporter {
    pub address: SocketAddr,
    /// What a reload reads.
    yaml: Arc<Mutex<String>>,
    reloader: Reloader,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), run::RunError>>,
}

impl Exporter {
    pub async fn start(yaml: &str, clock: Arc<dyn Clock>) -> Self {
        let yaml = Arc::new(Mutex::new(yaml.to_owned()));
        let source = {
            let yaml = Arc::clone(&yaml);
            Arc::new(move || config::parse(&yaml.lock().unwrap(), Path::new("test"), &|_| None))
        };
        let config = source().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let options = http::Options::default();
        let (reloader, requests) = reload::channel();
        let (reloading, listeners) = (Reloading { source, requests }, vec![listener]);
        let task =
            tokio::spawn(run::run_reloading(config, reloading, None, listeners, options, clock, shutdown.clone()));
        Self { address, yaml, reloader, shutdown, task }
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

    /// Waits until `problem` says nothing more; what it said last when that does not come.
    pub async fn until(&self, problem: impl Fn(&SeriesMap) -> Option<String>) -> SeriesMap {
        self.until_within(PATIENCE, problem).await
    }

    /// The same, where it matters how long it takes.
    pub async fn until_within(&self, most: Duration, problem: impl Fn(&SeriesMap) -> Option<String>) -> SeriesMap {
        let waiting = Stopwatch::start();
        loop {
            let all = self.scrape().await;
            match problem(&all) {
                None => return all,
                Some(problem) => assert!(waiting.elapsed() < most, "after {most:?}: {problem}"),
            }
            // Reading thousands of series keeps a processor busy that the exporter needs, too.
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    /// Waits until a metric of an account has this value.
    pub async fn until_value(&self, name: &str, account: &str, wanted: f64) -> SeriesMap {
        self.until(|all| {
            let found = value(all, name, &[("account", account)]);
            (found != Some(wanted)).then(|| format!("{name} of {account} is {found:?}, not {wanted}"))
        })
        .await
    }

    /// Waits until an account is up and no collector of it has a failed call.
    pub async fn until_well(&self, account: &str) -> SeriesMap {
        self.until(|all| {
            let up = value(all, "rmm_up", &[("account", account)]);
            let failed = failed_collectors(all, account);
            (up != Some(1.0) || !failed.is_empty()).then(|| format!("{account}: up {up:?}, failed: {failed:?}"))
        })
        .await
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("in time").unwrap().unwrap();
    }
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
pub const NSIGHT: [&str; 17] = [
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
pub const TACTICAL: [&str; 7] = ["inventory", "checks", "tasks", "patches", "alerts", "server", "details"];

/// An account to be written into a configuration.
pub struct Account<'a> {
    pub name: &'a str,
    /// `nsight` or `tactical`.
    pub platform: &'a str,
    pub server: &'a str,
    pub key: &'a str,
    /// Limits of the account, ms.
    pub min_interval: u64,
    pub timeout: u64,
    pub stale_after: u64,
    pub requests_per_minute: u32,
    pub concurrent: usize,
    /// More lines of YAML.
    pub lines: &'a str,
}

impl Account<'_> {
    /// Adds the account to a configuration, with the interval (ms) of each collector; `None` switches it off.
    pub fn write(&self, yaml: &mut String, interval: impl Fn(&str) -> Option<u64>) {
        let Self { name, platform, server, key, min_interval, timeout, stale_after, .. } = self;
        let _ = write!(
            yaml,
            "  - name: {name}\n    platform: {platform}\n    server: {server}\n    api_key: {key:?}\n    \
             min_interval: {min_interval}ms\n    requests_per_minute: {}\n    max_concurrent_requests: {}\n    \
             timeout: {timeout}ms\n    stale_after: {stale_after}ms\n{}    collectors:\n",
            self.requests_per_minute, self.concurrent, self.lines
        );
        let collectors = if *platform == "nsight" { &NSIGHT[..] } else { &TACTICAL[..] };
        for collector in collectors {
            let _ = match interval(collector) {
                Some(interval) => writeln!(yaml, "      {collector}: {{ enabled: true, interval: {interval}ms }}"),
                None => writeln!(yaml, "      {collector}: {{ enabled: false }}"),
            };
        }
    }
}
