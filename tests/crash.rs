//! A process that is killed again and again, at any moment: its state always loads, and the servers see no difference.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rmm_exporter::clock::SystemClock;
use rmm_exporter::demo::{self, Audit, Demo, DemoOptions};

use support::child::{Process, exporter};
use support::{PATIENCE, get};

/// Kills of each platform's exporter.
const KILLS: u32 = 100;
/// The longest life after the exporter could serve.
const LIFE: Duration = Duration::from_millis(350);
const FLOOR: Duration = Duration::from_secs(2);
const BUDGET: usize = 150;
const RESTORED: &str = "goes on with what was kept";

fn yaml(platform: &str, server: &str, key: &str, collectors: &str) -> String {
    format!(
        "accounts:\n  - name: killed\n    platform: {platform}\n    server: http://{server}\n    api_key: {key}\n    \
         min_interval: {}s\n    requests_per_minute: {BUDGET}\n    max_concurrent_requests: 4\n    collectors: {{ {collectors} }}\n",
        FLOOR.as_secs()
    )
}

/// Starts and kills an exporter again and again, then lets one live; tells how often what was kept was loaded.
fn kill_again_and_again(directory: &Path, yaml: &str, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    fs::create_dir_all(directory).unwrap();
    let config = directory.join("rmm-exporter.yml");
    fs::write(&config, yaml).unwrap();
    let start = || {
        let state = directory.join("state");
        let mut command = exporter();
        command.arg("--config.file").arg(&config).arg("--state.dir").arg(state);
        Process::start(command.args(["--web.listen-address", "127.0.0.1:0"]))
    };
    // How long it takes to start depends on the machine. The first life is long enough to learn something.
    let began = Instant::now();
    let mut process = start();
    let address = process.address();
    let mut life = began.elapsed() + LIFE;
    process.until_ok(address, "/-/ready");
    drop(process);
    let mut lives = 0;
    for kill in 0..KILLS {
        let process = start();
        let share: f64 = random.random();
        sleep(life.mul_f64(share));
        process.signal("KILL");
        let log = process.end(Duration::from_secs(5)).stderr;
        assert!(!log.contains("panicked") && !log.contains("level=error"), "seed {seed}, kill {kill}: {log}");
        // Some die before they come to load it.
        let is_at_work = log.contains("every account is at work");
        assert!(!is_at_work || log.contains(RESTORED), "seed {seed}, kill {kill}: nothing was restored: {log}");
        lives += u32::from(is_at_work);
        if share > 0.75 && !is_at_work {
            // The machine has become slower.
            life = life.mul_f64(1.25);
        }
    }
    assert!(lives > KILLS / 4, "seed {seed}: {lives} lives were long enough");

    let mut process = start();
    let address = process.address();
    process.until_ok(address, "/-/ready");
    // The call that lists the devices may have been under way at a kill: then it comes again a minute later.
    let end = Instant::now() + PATIENCE;
    let text = loop {
        let (_, _, body) = get(address, "/metrics", &[]).unwrap();
        let text = String::from_utf8(body).unwrap();
        if text.contains("rmm_device_info{") {
            break text;
        }
        assert!(Instant::now() < end, "no devices: {text}");
        sleep(Duration::from_millis(200));
    };
    assert!(text.contains("rmm_exporter_state_write_success{"), "{text}");
    process.signal("TERM");
    let ended = process.end(Duration::from_secs(5));
    assert!(ended.status.success() && ended.stderr.contains(RESTORED), "{}", ended.stderr);
}

fn check_manners(audit: &Audit) {
    let summary = audit.summary();
    let (gap, call) = summary.smallest_gap.clone().unwrap_or_else(|| panic!("calls were repeated: {summary:?}"));
    assert!(gap >= FLOOR, "{call} came again after {gap:?}");
    assert!(summary.most_in_a_minute <= BUDGET, "{summary:?}");
    assert!(summary.calls >= 50 && summary.violations == 0, "{summary:?}");
}

#[test]
fn kills_at_any_moment_break_neither_floor_nor_budget_nor_state() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let options = DemoOptions {
        devices: 60,
        nsight_key: Some("nsightkey".to_owned()),
        tactical_key: Some("tacticalkey".to_owned()),
        clock: Arc::new(SystemClock),
        ..DemoOptions::default()
    };
    let demo: Demo = runtime.block_on(demo::start(options)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let nsight = yaml(
        "nsight",
        &demo.nsight.address.to_string(),
        "nsightkey",
        "inventory: { interval: 6s }, failing_checks: { interval: 2s }, antivirus: { interval: 20s }, backup: { interval: 20s }, \
         patches: { interval: 20s }",
    );
    let tactical = yaml(
        "tactical",
        &demo.tactical.address.to_string(),
        "tacticalkey",
        "inventory: { interval: 2s }, checks: { interval: 10s }, tasks: { interval: 10s }, patches: { interval: 10s }, alerts: { interval: 2s }",
    );
    std::thread::scope(|scope| {
        let (nsight_directory, tactical_directory) =
            (directory.path().join("nsight"), directory.path().join("tactical"));
        let (nsight, tactical) = (&nsight, &tactical);
        scope.spawn(move || kill_again_and_again(&nsight_directory, nsight, 1));
        scope.spawn(move || kill_again_and_again(&tactical_directory, tactical, 2));
    });
    check_manners(demo.nsight.handle.audit());
    check_manners(demo.tactical.handle.audit());
    demo.stop();
}
