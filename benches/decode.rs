//! Speed and memory of reading large answers, from the bytes of the server to updates of the fleet:
//! `cargo bench --bench decode -- [names]`.
//!
//! Each answer is read by a process of its own, so that its memory is seen: what it takes at most above the body, and what
//! remains of it.

#![allow(clippy::expect_used, clippy::indexing_slicing)] // answers made by hand
#![allow(clippy::panic, clippy::print_stderr)] // it has nobody else to tell

#[path = "decode/json.rs"]
mod json;
#[path = "decode/xml.rs"]
mod xml;

use std::process::Command;
use std::time::Duration;

use rmm_exporter::fuzz::Whole;
use rmm_exporter::platform::{Answer, nsight, tactical};

/// What the process that reads one answer is called with.
const ONE: &str = "--one";

/// How long each answer is read again and again; the fastest time counts.
const PATIENCE: Duration = Duration::from_secs(2);

/// An answer, made when it is needed.
struct Case {
    name: &'static str,
    /// How many records, with optimisation.
    records: usize,
    /// So often in a row: a small answer is over before the clock has moved.
    times: usize,
    make: Make,
}

enum Make {
    Nsight(fn(usize) -> (nsight::call::Call, Vec<u8>)),
    Tactical(fn(usize) -> (tactical::Call, Vec<u8>)),
}

const CASES: [Case; 12] = [
    Case { name: "list_failing_checks", records: 50_000, times: 1, make: Make::Nsight(xml::failing_checks) },
    Case { name: "list_devices_at_client", records: 50_000, times: 1, make: Make::Nsight(xml::devices_at_client) },
    Case { name: "list_workstations", records: 2_000, times: 1, make: Make::Nsight(xml::workstations) },
    Case { name: "list_checks", records: 15, times: 500, make: Make::Nsight(xml::checks) },
    Case { name: "patch_list_all", records: 3_000, times: 1, make: Make::Nsight(xml::patches) },
    Case { name: "list_mob_sessions", records: 20_000, times: 1, make: Make::Nsight(xml::sessions) },
    Case { name: "list_performance_history", records: 864, times: 1, make: Make::Nsight(xml::performance) },
    Case { name: "agents", records: 50_000, times: 1, make: Make::Tactical(json::agents) },
    Case { name: "agent_checks", records: 12, times: 500, make: Make::Tactical(json::checks) },
    Case { name: "agent_checks_many", records: 2_000, times: 1, make: Make::Tactical(json::checks) },
    Case { name: "agent_updates", records: 1_000, times: 1, make: Make::Tactical(json::updates) },
    Case { name: "alerts", records: 20_000, times: 1, make: Make::Tactical(json::alerts) },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [one, name] = arguments.as_slice()
        && one == ONE
    {
        let case = CASES.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no answer {name}"));
        println!("{}", measured(case));
        return;
    }
    println!(
        "{:<26}{:>9} {:>9} {:>11} {:>11}   of one core; memory above the body",
        "", "bytes", "MB/s", "peak", "result"
    );
    let program = std::env::current_exe().expect("a program");
    for Case { name, .. } in &CASES {
        if !arguments.is_empty() && !arguments.iter().any(|wanted| name.contains(wanted.as_str())) {
            continue;
        }
        let output = Command::new(&program).args([ONE, name]).output().expect("the process that reads");
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name} was not read");
        println!("{name:<26}{}", String::from_utf8_lossy(&output.stdout).trim_end());
    }
}

/// One line of the table.
fn measured(case: &Case) -> String {
    // Without optimisation (`cargo test --all-targets`) it only has to run.
    let (records, patience) =
        if cfg!(debug_assertions) { (case.records.min(50), Duration::ZERO) } else { (case.records, PATIENCE) };
    let whole = Whole::new().expect("a key");
    match case.make {
        Make::Nsight(make) => {
            let (call, body) = make(records);
            measure(&body, case.times, patience, |body| whole.nsight(&call, body).expect("a good answer"))
        }
        Make::Tactical(make) => {
            let (call, body) = make(records);
            measure(&body, case.times, patience, |body| whole.tactical(&call, body).expect("a good answer"))
        }
    }
}

fn measure(body: &[u8], times: usize, patience: Duration, read: impl Fn(Vec<u8>) -> Answer) -> String {
    let bytes = body.len();
    // What the answer was made with is gone, and a small one has warmed up the tables of the libraries.
    let (peak, result) = if times == 1 { memory::of(body.to_vec(), &read) } else { (None, None) };
    let mut fastest = Duration::MAX;
    let mut spent = Duration::ZERO;
    while fastest == Duration::MAX || spent < patience {
        let bodies: Vec<Vec<u8>> = (0..times).map(|_| body.to_vec()).collect();
        let start = cpu_time();
        let answers: Vec<Answer> = bodies.into_iter().map(&read).collect();
        let took = cpu_time().saturating_sub(start);
        drop(answers);
        fastest = fastest.min(took);
        spent += took.max(Duration::from_millis(1));
    }
    let speed = (bytes * times) as f64 / 1e6 / fastest.as_secs_f64().max(1e-9);
    let size =
        |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
    format!("{bytes:>9} {speed:>9.1} {:>11} {:>11}", size(peak), size(result))
}

/// Of this thread, which alone reads: the machine may be busy.
#[cfg(unix)]
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a time")
}

#[cfg(not(unix))]
fn cpu_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

#[cfg(target_os = "linux")]
mod memory {
    use rmm_exporter::platform::Answer;

    /// How much of the memory is in use, and how much was at most, in bytes.
    fn resident() -> (u64, u64) {
        let status = procfs::process::Process::myself().and_then(|process| process.status()).expect("a status");
        (status.vmrss.unwrap_or_default() * 1024, status.vmhwm.unwrap_or_default() * 1024)
    }

    /// What reading takes at most above the body, and what is left when the body is gone.
    pub(super) fn of(body: Vec<u8>, read: impl Fn(Vec<u8>) -> Answer) -> (Option<u64>, Option<u64>) {
        let bytes = body.len() as u64;
        // The peak begins anew.
        std::fs::write("/proc/self/clear_refs", "5").expect("cleared");
        let (before, _) = resident();
        let answer = read(body);
        let (after, peak) = resident();
        drop(answer);
        (Some(peak.saturating_sub(before)), Some((after + bytes).saturating_sub(before)))
    }
}

#[cfg(not(target_os = "linux"))]
mod memory {
    use rmm_exporter::platform::Answer;

    pub(super) fn of(body: Vec<u8>, read: impl Fn(Vec<u8>) -> Answer) -> (Option<u64>, Option<u64>) {
        drop(read(body));
        (None, None)
    }
}

/// The same numbers each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).expect("31 bits") % end
    }

    fn letters(&mut self, count: usize) -> String {
        let letter = |number| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[number]);
        (0..count).map(|_| letter(self.below(52))).collect()
    }
}
