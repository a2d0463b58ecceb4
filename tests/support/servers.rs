//! Simulated RMM servers in the test's own process, and configurations that make the exporter watch them.

#![allow(dead_code)] // not every test program uses all of it

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use rmm_exporter::config::defaults::collectors;
use rmm_exporter::demo::server::SimulatedServer;
use rmm_exporter::demo::{self, Demo, DemoOptions};
use rmm_exporter::platform::PlatformName;
use tempfile::TempDir;

use super::stopwatch::Stopwatch;

/// Both servers, which live as long as this.
pub struct Servers {
    pub demo: Demo,
    directory: TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Servers {
    pub fn start(options: DemoOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let demo = runtime.block_on(demo::start(options)).unwrap();
        Self { demo, directory: TempDir::new().unwrap(), runtime }
    }

    /// Where the servers run, for what else must live beside them.
    pub fn runtime(&self) -> &tokio::runtime::Runtime {
        &self.runtime
    }

    pub fn both(&self) -> [(PlatformName, &SimulatedServer); 2] {
        [(PlatformName::Nsight, &self.demo.nsight), (PlatformName::Tactical, &self.demo.tactical)]
    }

    /// Writes a file that lives as long as this.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A flag that names a configuration with every collector of both platforms. `urls` are where the servers seem to be, by
    /// platform; `lines` are more lines for each account, and `interval` is how often a collector with that usual interval
    /// runs.
    pub fn config(
        &self,
        urls: [String; 2],
        lines: impl Fn(PlatformName) -> String,
        interval: impl Fn(Duration) -> Duration,
    ) -> String {
        let mut yaml = "accounts:\n".to_owned();
        for ((platform, server), url) in self.both().into_iter().zip(urls) {
            let name = platform.name();
            let key = self.file(&format!("{name}.key"), server.api_key());
            let _ = write!(
                yaml,
                "  - name: {name}\n    platform: {name}\n    server: {url}\n    api_key_file: {}\n{}",
                key.display(),
                lines(platform)
            );
            if let Some(token) = server.monitoring_token() {
                let _ = writeln!(yaml, "    monitoring_token: {token:?}");
            }
            yaml.push_str("    collectors:\n");
            for defaults in collectors(platform) {
                let (name, interval) = (defaults.collector.name(), interval(defaults.interval).as_millis());
                let _ = writeln!(yaml, "      {name}: {{ enabled: true, interval: {interval}ms }}");
            }
        }
        format!("--config.file={}", self.file("rmm-exporter.yml", &yaml).display())
    }
}

/// Waits at most so long until something is so.
pub fn until(what: &str, limit: Duration, mut so: impl FnMut() -> bool) {
    let waiting = Stopwatch::start();
    while !so() {
        assert!(waiting.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
