//! Start and memory of the real program: `cargo bench --bench process -- [parts]`.
//!
//! Parts: `size`, `start`, `empty`, `rest=DEVICES`, `restart=DEVICES`, and two that take minutes and are not among the usual ones:
//! `collectors=DEVICES`, what each collector holds, and `polling=DEVICES`, how long scrapes take while it polls. With `all`, every collector is on and not only those that are on by default. The RMM servers are
//! simulated in another process; all figures are those of the exporter's process alone.

#![cfg_attr(not(target_os = "linux"), allow(unused))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a measurement may fail
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // sizes are far below

#[cfg(target_os = "linux")]
#[path = "../common/client.rs"]
mod client;
#[cfg(target_os = "linux")]
#[path = "../common/finished.rs"]
mod finished;
#[cfg(target_os = "linux")]
mod polling;
#[cfg(target_os = "linux")]
mod simulators;
#[cfg(target_os = "linux")]
mod subject;
#[path = "../../tests/support/mod.rs"]
mod support;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("What a process uses is read from /proc, which only Linux has.");
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use rmm_exporter::config::defaults::collectors;
    use rmm_exporter::platform::PlatformName;
    use tempfile::TempDir;

    use crate::polling;
    use crate::simulators::{self, Collectors, Simulators};
    use crate::subject::{self, Subject, total};

    pub fn main() {
        let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
        if arguments.first().is_some_and(|argument| argument == simulators::ROLE) {
            simulators::serve(&arguments[1..]);
            return;
        }
        if arguments.first().is_some_and(|argument| argument == polling::ROLE) {
            polling::serve_finished(&arguments[1..]);
            return;
        }
        let usual = if cfg!(debug_assertions) {
            // Without optimisation (`cargo test --all-targets`) it only has to run.
            ["size", "start", "empty", "rest=100", "restart=100"]
        } else {
            ["size", "start", "empty", "rest=20000", "restart=50000"]
        };
        let wanted =
            if arguments.iter().any(|argument| argument == "all") { Collectors::All } else { Collectors::Default };
        let mut parts: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "all").collect();
        if parts.is_empty() {
            parts = usual.to_vec();
        }
        for part in parts {
            let (name, number) = part.split_once('=').unwrap_or((part, ""));
            let devices = |usual| number.parse().unwrap_or(usual);
            match name {
                "size" => size(),
                "start" => start(),
                "empty" => empty(),
                "rest" => rest(devices(20_000), wanted),
                "restart" => restart(devices(50_000), wanted),
                "collectors" => by_collector(devices(5_000)),
                "polling" => polling::print(devices(20_000)),
                other => panic!("no such part: {other}"),
            }
        }
    }

    fn row(part: &str, what: &str, value: &str, target: &str) {
        println!("{part:<11} {what:<46} {value:>16}  {target}");
    }

    fn megabytes(bytes: u64) -> String {
        format!("{:.1} MB", bytes as f64 / 1e6)
    }

    fn milliseconds(time: Duration) -> String {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    }

    fn size() {
        let program = subject::program().unwrap_or_else(|| env!("CARGO_BIN_EXE_rmm-exporter").into());
        let bytes = fs::metadata(program).expect("program").len();
        row("size", "the program, stripped", &megabytes(bytes), "");
    }

    /// One account, on a port where nobody listens.
    fn unreachable(directory: &Path) -> std::path::PathBuf {
        let config = directory.join("rmm-exporter.yml");
        let yaml = "accounts: [{ name: empty, platform: nsight, server: \"http://127.0.0.1:9\", api_key: key }]\n";
        fs::write(&config, yaml).expect("configuration");
        config
    }

    fn start() {
        let directory = TempDir::new().expect("directory");
        let config = unreachable(directory.path());
        let once = |path: &str| {
            let mut times: Vec<_> = (0..10).map(|_| Subject::start(&config, None).until_ok(path)).collect();
            times.sort();
            times
        };
        let times = once("/-/healthy");
        row("start", "process to /-/healthy, least of 10", &milliseconds(times[0]), "<= 100 ms");
        row("start", "process to /-/healthy, median", &milliseconds(times[5]), "<= 100 ms");
    }

    fn empty() {
        let directory = TempDir::new().expect("directory");
        let mut subject = Subject::start(&unreachable(directory.path()), None);
        subject.until_ok("/-/healthy");
        subject.scrape();
        std::thread::sleep(Duration::from_secs(2));
        row("empty", "resident, nothing known", &megabytes(subject.usage().resident), "<= 20 MB");
    }

    fn rest(devices: usize, wanted: Collectors) {
        let directory = TempDir::new().expect("directory");
        let simulators = Simulators::start(directory.path(), devices, wanted);
        let part = format!("rest={devices}");
        let mut subject = Subject::start(&simulators.config, None);
        let calls = subject.until_rest();
        let swept = subject.started.elapsed();
        let scrape = subject.scrape();
        let series = scrape.series();
        let text = scrape.text.len() as u64;
        let compressed = scrape.compressed as u64;
        let known = scrape.devices();
        drop(scrape);
        let usage = subject.usage();
        let each = |bytes: u64| format!("{:.0} B", bytes as f64 / series as f64);
        row(&part, "devices", &known.to_string(), "");
        row(&part, "series", &series.to_string(), "");
        row(&part, "a scrape: text", &megabytes(text), "");
        row(&part, "a scrape: gzip", &megabytes(compressed), "");
        row(&part, "calls of the sweep", &calls.to_string(), "");
        row(&part, "time of the sweep and of coming to rest", &format!("{:.0} s", swept.as_secs_f64()), "");
        row(&part, "CPU of the sweep", &format!("{:.1} s", usage.cpu), "");
        row(&part, "CPU of a call", &format!("{:.2} ms", usage.cpu * 1e3 / calls.max(1) as f64), "");
        row(&part, "resident at rest", &megabytes(usage.resident), "");
        row(&part, "resident at rest, a series", &each(usage.resident), "<= 400 B");
        row(&part, "most resident", &megabytes(usage.peak), "");
        let ratio = usage.peak as f64 / usage.resident as f64;
        row(&part, "most resident / at rest", &format!("{ratio:.2}"), "<= 2");
        let before = (usage.cpu, Instant::now(), total(&subject.own(), "rmm_api_requests_total"));
        std::thread::sleep(Duration::from_secs(if cfg!(debug_assertions) { 1 } else { 20 }));
        let minutes = before.1.elapsed().as_secs_f64() / 60.0;
        let after = total(&subject.own(), "rmm_api_requests_total");
        row(&part, "calls a minute at rest", &format!("{:.0}", (after - before.2) as f64 / minutes), "");
        row(&part, "CPU a minute at rest", &format!("{:.2} s", (subject.usage().cpu - before.0) / minutes), "");
        subject.stop();
    }

    /// With the state of a whole fleet. `PROCESS_STATE` names a directory where it is kept from one measurement to the next.
    fn restart(devices: usize, wanted: Collectors) {
        let temporary = TempDir::new().expect("directory");
        let directory = std::env::var_os("PROCESS_STATE").map_or(temporary.path().to_owned(), Into::into);
        let part = format!("restart={devices}");
        let state = directory.join("state");
        let config = directory.join("rmm-exporter.yml");
        if !state.exists() {
            fs::create_dir_all(&directory).expect("directory");
            let simulators = Simulators::start(&directory, devices, wanted);
            let mut subject = Subject::start(&simulators.config, Some(&state));
            subject.until_rest();
            subject.stop();
        }
        let files = fs::read_dir(&state).expect("state").filter_map(|entry| entry.ok()?.metadata().ok());
        row(&part, "state files", &megabytes(files.map(|file| file.len()).sum()), "");
        // From here on the servers are gone: all that is served is what was kept.
        let copy = TempDir::new().expect("directory");
        for round in 0..3 {
            let state = copy.path().join(round.to_string());
            fs::create_dir(&state).expect("directory");
            for entry in fs::read_dir(directory.join("state")).expect("state") {
                let entry = entry.expect("entry");
                fs::copy(entry.path(), state.join(entry.file_name())).expect("copy");
            }
            let mut subject = Subject::start(&config, Some(&state));
            let listening = subject.until_ok("/-/healthy");
            let scrape = subject.scrape();
            let first = scrape.arrived - subject.started;
            let ready = subject.until_ok("/-/ready");
            let usage = subject.usage();
            let (known, series) = (scrape.devices(), scrape.series());
            assert!(known * 10 > devices * 8, "the first scrape has {known} devices");
            let part = format!("{part} {round}");
            row(&part, &format!("{known} devices, {series} series"), "", "");
            row(&part, "process to /-/healthy", &milliseconds(listening), "<= 100 ms");
            row(&part, "process to the first scrape with all of it", &milliseconds(first), "<= 2000 ms");
            row(&part, "process to /-/ready (asked after the scrape)", &milliseconds(ready), "");
            row(&part, "CPU until then", &format!("{:.2} s", usage.cpu), "");
            row(&part, "resident, most resident", &megabytes(usage.resident), &megabytes(usage.peak));
            let log = subject.stop();
            if std::env::var_os("PROCESS_LOG_LEVEL").is_some() {
                println!("{log}");
            }
        }
    }

    /// What each collector adds to the inventory alone.
    fn by_collector(devices: usize) {
        for platform in [PlatformName::Nsight, PlatformName::Tactical] {
            let mut base = None;
            for defaults in collectors(platform) {
                let directory = TempDir::new().expect("directory");
                // About half of the devices are on each platform.
                let wanted = Collectors::Only(platform, defaults.collector.name());
                let simulators = Simulators::start(directory.path(), devices * 2, wanted);
                let mut subject = Subject::start(&simulators.config, None);
                subject.until_rest();
                let scrape = subject.scrape();
                let (known, series) = (scrape.devices() as f64, scrape.series() as f64);
                drop(scrape);
                let resident = subject.usage().resident as f64;
                let (least, inventory) = *base.get_or_insert((resident, series));
                let part = platform.name();
                let what =
                    format!("{}, {:.1} series a device", defaults.collector.name(), (series - inventory) / known);
                if resident.to_bits() == least.to_bits() {
                    let what = format!("{}, {:.1} series a device", defaults.collector.name(), series / known);
                    row(part, &what, &format!("{:.0} B/device", resident / known), "the whole process");
                } else {
                    row(part, &what, &format!("{:.0} B/device", (resident - least) / known), "more than that");
                }
                subject.stop();
            }
        }
    }
}
