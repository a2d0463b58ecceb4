//! Simulated servers, and the configuration of a program that asks them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rmm_exporter::demo::{self, Demo, DemoOptions};
use tempfile::TempDir;

use crate::support::PATIENCE;
use crate::support::child::Process;

pub const LISTEN: &str = "--web.listen-address=127.0.0.1:0";

/// Simulated servers that live as long as this.
pub struct Servers {
    pub demo: Demo,
    pub directory: TempDir,
    _runtime: tokio::runtime::Runtime,
}

/// Keys with letters that look different in a URL and in base64.
pub const NSIGHT_KEY: &str = "Nk+7/q=Zr%41&x~Yw9Pd3Ls8Tm2Vc6Bh";
pub const TACTICAL_KEY: &str = "TK7+QZ/R=41XYW9PD3LS8TM2VC6BHJF5";

impl Servers {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let options = DemoOptions {
            devices: 12,
            nsight_key: Some(NSIGHT_KEY.to_owned()),
            tactical_key: Some(TACTICAL_KEY.to_owned()),
            ..DemoOptions::default()
        };
        let demo = runtime.block_on(demo::start(options)).unwrap();
        Self { demo, directory: TempDir::new().unwrap(), _runtime: runtime }
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A configuration with key files and short intervals.
    pub fn config(&self, nsight_key: &str, tactical_key: &str) -> PathBuf {
        self.config_within("60s", nsight_key, tactical_key)
    }

    /// The same, with this timeout of calls.
    pub fn config_within(&self, timeout: &str, nsight_key: &str, tactical_key: &str) -> PathBuf {
        let mut yaml = "accounts:\n".to_owned();
        for (platform, url, key) in
            [("nsight", self.demo.nsight.url(), nsight_key), ("tactical", self.demo.tactical.url(), tactical_key)]
        {
            let file = self.file(&format!("{platform}.key"), key);
            let _ = write!(
                yaml,
                "  - name: {platform}\n    platform: {platform}\n    server: {url}\n    api_key_file: {}\n    \
                 min_interval: 100ms\n    requests_per_minute: 6000\n    timeout: {timeout}\n    collectors:\n      \
                 inventory: {{ interval: 400ms }}\n      checks: {{ enabled: true, interval: 800ms }}\n",
                file.display()
            );
        }
        self.file("rmm-exporter.yml", &yaml)
    }
}

pub fn with_config(path: &Path) -> String {
    format!("--config.file={}", path.display())
}

/// Waits until the log has so many lines with these words.
pub fn until_logged(process: &mut Process, words: &str, times: usize) {
    let end = Instant::now() + PATIENCE;
    while process.stderr().matches(words).count() < times {
        assert!(process.is_running() && Instant::now() < end, "no {words} in {}", process.stderr());
        std::thread::sleep(Duration::from_millis(20));
    }
}
