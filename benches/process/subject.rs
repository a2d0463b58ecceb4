//! The exporter as a process that is measured from outside.

use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

use crate::support::child::{Process, exporter};
use crate::support::get;

/// How long anything may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_mins(20);

/// A running exporter.
pub struct Subject {
    pub address: SocketAddr,
    pub started: Instant,
    process: Process,
}

/// What it holds and has used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Resident memory now, in bytes.
    pub resident: u64,
    /// The most that was ever resident.
    pub peak: u64,
    /// CPU seconds used.
    pub cpu: f64,
}

/// What one scrape came to.
pub struct Scrape {
    pub text: String,
    pub compressed: usize,
    pub arrived: Instant,
}

/// Another build of the program, to be compared with this one: what `PROCESS_PROGRAM` names.
pub fn program() -> Option<PathBuf> {
    std::env::var_os("PROCESS_PROGRAM").map(PathBuf::from)
}

impl Subject {
    /// Starts it with these arguments, on a free port.
    pub fn start(config: &Path, state: Option<&Path>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("port");
        let address = listener.local_addr().expect("port");
        drop(listener);
        let mut command = exporter();
        if let Some(program) = program() {
            command = Command::new(program);
            command.env("TOKIO_WORKER_THREADS", "2");
        }
        command.arg("--config.file").arg(config).arg(format!("--web.listen-address={address}"));
        if let Some(state) = state {
            command.arg("--state.dir").arg(state);
        }
        if let Some(level) = std::env::var_os("PROCESS_LOG_LEVEL") {
            command.arg("--log.level").arg(level);
        }
        let started = Instant::now();
        Self { address, started, process: Process::start(&mut command) }
    }

    /// Waits until this path answers 200; how long after the start that is.
    pub fn until_ok(&mut self, path: &str) -> Duration {
        loop {
            if matches!(get(self.address, path, &[]), Ok((200, ..))) {
                return self.started.elapsed();
            }
            self.check();
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    fn check(&mut self) {
        let is_well = self.process.is_running() && self.started.elapsed() < PATIENCE;
        assert!(is_well, "{}", self.process.stderr());
    }

    /// Scrapes as Prometheus does.
    pub fn scrape(&mut self) -> Scrape {
        loop {
            match get(self.address, "/metrics", &["Accept-Encoding: gzip"]) {
                Ok((200, _, body)) => {
                    let arrived = Instant::now();
                    let mut text = String::new();
                    GzDecoder::new(body.as_slice()).read_to_string(&mut text).expect("gzip");
                    return Scrape { text, compressed: body.len(), arrived };
                }
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
            self.check();
        }
    }

    /// Waits until everything was read once, and nothing happens for some seconds; scrapes in between. Returns the calls made.
    pub fn until_rest(&mut self) -> u64 {
        const QUIET: Duration = Duration::from_secs(6);
        let mut since = Instant::now();
        let mut last = (0, 0);
        let mut scraped = Instant::now();
        while since.elapsed() < QUIET {
            std::thread::sleep(Duration::from_millis(500));
            if scraped.elapsed() > Duration::from_secs(15) {
                self.scrape();
                scraped = Instant::now();
            }
            let own = self.own();
            let sum = |name: &str| total(&own, name);
            let now = (sum("rmm_api_requests_total"), sum("rmm_exporter_series"));
            // Some lists are read again every few minutes; what matters is that nothing waits and nothing new comes.
            if now.1 == 0 || now.1 != last.1 || sum("rmm_api_queue_length") > 0 {
                since = Instant::now();
            }
            last = now;
            self.check();
        }
        last.0
    }

    /// What it says of itself.
    pub fn own(&self) -> String {
        get(self.address, "/metrics?collect[]=licenses", &[])
            .map(|(_, _, body)| String::from_utf8(body).expect("text"))
            .unwrap_or_default()
    }

    pub fn usage(&self) -> Usage {
        let directory = format!("/proc/{}", self.process.id());
        let status = fs::read_to_string(format!("{directory}/status")).expect("status");
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("field");
            line.trim().trim_end_matches(" kB").parse::<u64>().expect("number") * 1024
        };
        let stat = fs::read_to_string(format!("{directory}/stat")).expect("stat");
        let ticks = stat.rsplit_once(')').expect("name").1.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|field| field.parse::<u64>().expect("ticks")).sum();
        Usage {
            resident: kilobytes("VmRSS:"),
            peak: kilobytes("VmHWM:"),
            cpu: ticks as f64 / procfs::ticks_per_second() as f64,
        }
    }

    /// Ends it in order, and returns its log.
    pub fn stop(self) -> String {
        self.process.signal("TERM");
        self.process.end(Duration::from_secs(30)).stderr
    }
}

/// The sum of all series of that name.
pub fn total(text: &str, name: &str) -> u64 {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        if rest.starts_with(['{', ' ']) { rest.rsplit_once(' ')?.1.parse::<f64>().ok() } else { None }
    });
    values.sum::<f64>() as u64
}

impl Scrape {
    /// Samples of the fleet and of the exporter.
    pub fn series(&self) -> u64 {
        self.text.lines().filter(|line| !line.starts_with('#')).count() as u64
    }

    pub fn devices(&self) -> usize {
        self.text.lines().filter(|line| line.starts_with("rmm_device_info{")).count()
    }
}
