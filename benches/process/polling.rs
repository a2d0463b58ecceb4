//! How long scrapes take while the exporter polls, beside those of a server that has the same bytes finished.
//!
//! The simulated servers, both servers that are scraped and the client share the processors of this machine. What their
//! contention alone costs shows in the server with finished bytes, whose scrapes take turns with those of the exporter.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::{Answer, Connection, quantile};
use crate::finished::{self, body_file};
use crate::simulators::{Collectors, Simulators};
use crate::subject::{Subject, total};

/// The first argument of the process with finished bytes.
pub const ROLE: &str = "finished";

/// How long each row is measured.
const TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 2 } else { 30 });
/// From one scrape to the next; every other one is of the finished bytes.
const PERIOD: Duration = Duration::from_millis(20);

/// Calls a minute that N-sight and Tactical RMM allow.
struct Pace {
    what: &'static str,
    nsight: u32,
    tactical: u32,
}

const PACES: [Pace; 4] = [
    Pace { what: "at rest", nsight: 0, tactical: 0 },
    Pace { what: "polling, usual budgets", nsight: 30, tactical: 120 },
    Pace { what: "polling, largest budgets", nsight: 60, tactical: 600 },
    Pace { what: "polling without a pause", nsight: 600_000, tactical: 600_000 },
];

/// What the process with finished bytes does.
pub fn serve_finished(arguments: &[String]) {
    let [directory] = arguments else { panic!("wrong arguments: {arguments:?}") };
    finished::serve(|| finished::router(Path::new(directory)));
}

struct Finished {
    process: Child,
    port: u16,
}

impl Finished {
    fn start(directory: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("own path"));
        command.arg(ROLE).arg(directory).env("TOKIO_WORKER_THREADS", "2");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().expect("pipe")).read_line(&mut line).expect("port");
        Self { process, port: line.trim().parse().expect("port") }
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

/// Reads a fleet once, then measures at every pace with all of that fleet.
pub fn print(devices: usize) {
    let directory = TempDir::new().expect("directory");
    let simulators = Simulators::start(directory.path(), devices, Collectors::Default);
    let state = directory.path().join("state");
    let mut subject = Subject::start(&simulators.config, Some(&state));
    subject.until_rest();
    let body = Connection::open(subject.address.port()).body("/metrics", true);
    fs::write(body_file(directory.path(), true), &body).expect("body");
    subject.stop();
    println!(
        "{devices} devices, a scrape has {:.1} MB; in parentheses the same bytes finished, in turns",
        body.len() as f64 / 1e6
    );
    println!(
        "  {:<26} {:>9} {:>7} {:>8} {:>19} {:>19} {:>19} {:>10} {:>10}",
        "", "calls", "CPU", "scrapes", "median ms", "p99 ms", "first byte p99 ms", "p99/rest", "finished's"
    );
    let finished = Finished::start(directory.path());
    let mut rest: Option<[f64; 2]> = None;
    for pace in PACES {
        let config = paced(directory.path(), &simulators.config, &pace);
        let mut subject = Subject::start(&config, Some(&state));
        subject.until_ok("/-/ready");
        // What a start does is not what a poll does.
        std::thread::sleep(Duration::from_secs(3));
        let calls = |subject: &Subject| total(&subject.own(), "rmm_api_requests_total");
        let before = (calls(&subject), subject.usage().cpu, Instant::now());
        let [ours, theirs] = scrapes([subject.address.port(), finished.port]);
        let took = before.2.elapsed().as_secs_f64();
        let made = calls(&subject) - before.0;
        let cpu = (subject.usage().cpu - before.1) / took;
        let all = [&ours, &theirs];
        let p99 = all.map(|answers| milliseconds(answers, 0.99, |answer| answer.total));
        let [at_rest, theirs_at_rest] = *rest.get_or_insert(p99);
        let pair = |[ours, theirs]: [f64; 2]| format!("{ours:.2} ({theirs:.2})");
        println!(
            "  {:<26} {:>7.1}/s {:>6.0}% {:>8} {:>19} {:>19} {:>19} {:>10.2} {:>10.2}",
            pace.what,
            made as f64 / took,
            cpu * 100.0,
            ours.len(),
            pair(all.map(|answers| milliseconds(answers, 0.5, |answer| answer.total))),
            pair(p99),
            pair(all.map(|answers| milliseconds(answers, 0.99, |answer| answer.first_byte))),
            p99[0] / at_rest,
            p99[1] / theirs_at_rest,
        );
        subject.stop();
    }
}

/// The configuration with other budgets, and with lists that are due again at once; at rest nothing is due for hours.
fn paced(directory: &Path, config: &Path, pace: &Pace) -> PathBuf {
    let yaml = fs::read_to_string(config).expect("configuration");
    let mut budgets = [pace.nsight, pace.tactical].into_iter();
    let lines = yaml.lines().map(|line| {
        if line.trim_start().starts_with("requests_per_minute:") {
            format!("    requests_per_minute: {}\n", budgets.next().expect("two accounts").max(1))
        } else if line.ends_with("{ enabled: true }") {
            let interval = if pace.nsight == 0 { "24h" } else { "10s" };
            line.replace("enabled: true", &format!("enabled: true, interval: {interval}")) + "\n"
        } else {
            format!("{line}\n")
        }
    });
    let path = directory.join("paced.yml");
    fs::write(&path, lines.collect::<String>()).expect("configuration");
    path
}

/// Scrapes at a steady rate, in turns.
fn scrapes(ports: [u16; 2]) -> [Vec<Answer>; 2] {
    let mut connections = ports.map(Connection::open);
    let mut answers = [Vec::new(), Vec::new()];
    let start = Instant::now();
    let mut due = start;
    while start.elapsed() < TIME {
        for (connection, answers) in connections.iter_mut().zip(&mut answers) {
            due += PERIOD;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            answers.push(connection.get("/metrics", true));
        }
        // Whoever is late does not catch up: the rate would not be steady.
        due = due.max(Instant::now());
    }
    answers
}

fn milliseconds(answers: &[Answer], part: f64, time: impl Fn(&Answer) -> Duration) -> f64 {
    quantile(answers.iter().map(time), part).as_secs_f64() * 1e3
}
