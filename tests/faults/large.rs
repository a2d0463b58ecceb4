//! Answers that are larger than anybody wants, each to the built program alone, so that its memory can be measured.

use std::time::{Duration, Instant};

use rmm_exporter::demo::Fault::{self, Body, DeepNesting, DeflateBomb, EntityBomb, GzipBomb, Huge, HugeDeclared};
use rmm_exporter::demo::server::SimulatedServer;
use rmm_exporter::demo::{self, DemoOptions, Scope};

use crate::exporter::{Account, requests};
use crate::support::child::{Process, exporter};
use crate::support::{get, parse};
use crate::table::{Case, Cause, PLATFORMS, both, each, nsight, tactical};

/// The most memory that an answer may cost, in MB: its limit of 64, and what reading takes.
const MOST: u64 = 100;
/// The same for the list of agents, which may have 160 MB.
const MOST_AGENTS: u64 = 200;
/// The longest that an answer may keep the exporter busy.
const LIMIT: Duration = Duration::from_mins(2);

fn large() -> Vec<Case> {
    let many = |text: &str, count: usize| -> &'static str { text.repeat(count).leak() };
    let clients = format!("<result status=\"OK\"><items>{}", many("<client/>", 300_000));
    let agents = format!("[{}{{}}]", many("{},", 300_000));
    vec![
        both("200 MB in chunks", Huge(200), "too_large"),
        both("200 MB declared", HugeDeclared(200), "too_large"),
        both("gzip bomb", GzipBomb(200), "too_large"),
        both("deflate bomb", DeflateBomb(200), "too_large"),
        both("4 MB", Huge(4), "invalid_response"),
        each("entity bomb", EntityBomb, "invalid_response", "blocked"),
        both("deep nesting", DeepNesting(100_000), "invalid_response"),
        nsight("many records", Body(200, "text/xml", clients.leak()), "invalid_response"),
        tactical("many records", Body(200, "application/json", agents.leak()), "invalid_response"),
    ]
}

/// Memory of a process in MB: now, and at its highest since [`forget_peak`].
fn memory(process: u32) -> (u64, u64) {
    let process = procfs::process::Process::new(process.cast_signed()).unwrap();
    let status = process.status().unwrap();
    (status.vmrss.unwrap() / 1024, status.vmhwm.unwrap() / 1024)
}

fn forget_peak(process: u32) {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}

/// Waits until that is so, and asks at least every 50 ms.
fn until(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !so() {
        assert!(Instant::now() < end, "{what}: not after {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn memory_and_time_are_bounded() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let demo = runtime.block_on(demo::start(DemoOptions { devices: 12, seed: 7, ..DemoOptions::default() })).unwrap();
    let servers: [&SimulatedServer; 2] = [&demo.nsight, &demo.tactical];
    let mut yaml = "accounts:\n".to_owned();
    for (platform, server) in PLATFORMS.into_iter().zip(servers) {
        let account = Account {
            name: platform,
            platform,
            server: &server.url(),
            key: server.api_key(),
            min_interval: 100,
            timeout: 60_000,
            stale_after: 600_000,
            requests_per_minute: 60_000,
            concurrent: 1,
            lines: "",
        };
        account.write(&mut yaml, |collector| (collector == "inventory").then_some(500));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rmm-exporter.yml");
    std::fs::write(&file, yaml).unwrap();
    let arguments = ["--log.level=debug", "--web.listen-address=127.0.0.1:0"];
    let mut process = Process::start(exporter().args(arguments).arg("--config.file").arg(&file));
    let address = process.address();
    process.until_ok(address, "/-/ready");
    let id = process.id();
    let scrape = || {
        let (status, _, body) = get(address, "/metrics", &[]).unwrap();
        assert_eq!(status, 200);
        parse(std::str::from_utf8(&body).unwrap())
    };
    let check = |what: &str, fault: Fault, platform: usize, target: &str, outcome: &str, most: u64| {
        let what = format!("{what}, {target}");
        let counted = |outcome| requests(&scrape(), PLATFORMS[platform], outcome);
        let (before, well_before) = (counted(outcome), counted("ok"));
        forget_peak(id);
        let (memory_before, _) = memory(id);
        let began = Instant::now();
        servers[platform].handle.set_fault(fault, Scope::target(target).next(1));
        until(&what, || counted(outcome) > before);
        let (_, peak) = memory(id);
        let grown = peak.saturating_sub(memory_before);
        println!("{what}: {grown} MB more, {:?}", began.elapsed());
        assert!(grown <= most, "{what}: {grown} MB more");
        until(&what, || counted("ok") > well_before + 3.0);
        assert!((counted(outcome) - before - 1.0).abs() < 0.5, "{what}: once, and then it is well again");
    };
    for Case { name, cause, outcomes } in large() {
        let Cause::Server(fault) = cause else { unreachable!() };
        for (platform, target) in ["list_clients", "/clients/"].into_iter().enumerate() {
            if let Some(outcome) = outcomes[platform] {
                check(name, fault.clone(), platform, target, outcome, MOST);
            }
        }
    }
    check("200 MB in chunks", Huge(200), 1, "/agents/", "too_large", MOST_AGENTS);
    assert!(process.is_running());
    let log = process.stderr();
    for sign in ["panicked", "defect", "bug of the exporter", demo.nsight.api_key(), demo.tactical.api_key()] {
        assert!(!log.contains(sign), "{sign}");
    }
    process.signal("TERM");
    assert!(process.end(Duration::from_secs(5)).status.success());
    demo.stop();
}
