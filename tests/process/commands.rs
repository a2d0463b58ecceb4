//! The commands that end by themselves, and what does not start.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rmm_exporter::demo::{Fault, Scope};
use tempfile::TempDir;

use crate::servers::{LISTEN, NSIGHT_KEY, Servers, TACTICAL_KEY, with_config};
use crate::support::child::{Process, exporter, run};
use crate::support::{PATIENCE, parse, value};

#[test]
fn collect_prints_metrics_and_nothing_else() {
    let servers = Servers::start();
    let config = with_config(&servers.config(NSIGHT_KEY, TACTICAL_KEY));
    let ended = run(exporter().args(["collect", &config]));
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let all = parse(&ended.stdout);
    for account in ["nsight", "tactical"] {
        assert_eq!(value(&all, "rmm_up", &[("account", account)]), Some(1.0));
        assert!(value(&all, "rmm_exporter_series", &[("account", account)]).unwrap() > 50.0);
    }
    assert!(!ended.stderr.contains("calls,") && !ended.stderr.contains('\r'), "no progress without a terminal");
    // A call that fails in the end: the rest is printed, and the exit code tells.
    servers.demo.tactical.handle.set_fault(Fault::Status(500), Scope::target("/winupdate/*"));
    let ended = run(exporter().args(["collect", &config]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("collector=patches"), "{}", ended.stderr);
    let all = parse(&ended.stdout);
    let patches = [("account", "tactical"), ("collector", "patches")];
    assert_eq!(value(&all, "rmm_collector_success", &patches), Some(0.0));
    assert_eq!(value(&all, "rmm_up", &[("account", "tactical")]), Some(1.0));
}

#[test]
fn a_verdict_that_does_not_hold_is_an_error_only_when_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rmm-exporter.yml");
    std::fs::write(&path, "accounts:\n- {name: msp-uk, platform: nsight, region: uk, api_key: abcdef}\n").unwrap();
    let check = |flags: &[&str]| run(exporter().args(["check-config", &with_config(&path)]).args(flags));
    let lenient = check(&["--devices=50000"]);
    assert_eq!(lenient.status.code(), Some(0), "{}", lenient.stderr);
    assert!(lenient.stdout.contains("verdict: TOO MUCH"), "{}", lenient.stdout);
    assert!(
        lenient.stdout.replace("\n      ", " ").contains("a server that went offline up to "),
        "{}",
        lenient.stdout
    );
    let strict = check(&["--devices=50000", "--strict"]);
    assert_eq!((strict.status.code(), &strict.stdout), (Some(1), &lenient.stdout));
    assert!(
        strict.stderr.contains("--strict: the budget does not suffice for the intervals of msp-uk"),
        "{}",
        strict.stderr
    );
    let fits = check(&["--devices=50", "--strict"]);
    assert_eq!(fits.status.code(), Some(0), "{}", fits.stderr);
}

#[test]
fn every_command_tells_its_exit_status() {
    let documents = std::fs::read_to_string("docs/operations.md").unwrap();
    let (_, table) = documents.split_once("## Exit statuses").unwrap();
    for command in
        ["serve", "demo", "check-config", "collect", "doctor", "metrics", "healthcheck", "completions", "man"]
    {
        let help = run(exporter().args([command, "--help"]));
        assert!(help.status.success() && help.stdout.contains("Exit status: 0"), "{command}: {}", help.stdout);
        assert!(table.contains(&format!("`{command}`")), "{command}");
    }
}

#[test]
fn check_config_tells_good_from_bad() {
    let servers = Servers::start();
    let ended = run(exporter().args(["check-config", &with_config(&servers.config(NSIGHT_KEY, TACTICAL_KEY))]));
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("nsight") && ended.stdout.contains("inventory"), "{}", ended.stdout);
    let bad = "accounts:\n  - name: a\n    platform: nsight\n    region: moon\n    api_key: topsecretkey\n    colectors: {}\n";
    let ended = run(exporter().args(["check-config", &with_config(&servers.file("bad.yml", bad))]));
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""));
    for words in ["bad.yml", "moon", "colectors", "collectors"] {
        assert!(ended.stderr.contains(words), "no {words} in {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("topsecret"), "{}", ended.stderr);
    let ended = run(exporter().args(["check-config", "--config.file=/nonexistent/x.yml"]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("/nonexistent/x.yml"), "{}", ended.stderr);
    assert_eq!(run(exporter().arg("--no.such-flag")).status.code(), Some(2));
}

#[test]
fn the_environment_configures() {
    let servers = Servers::start();
    let key = servers.file("key", TACTICAL_KEY);
    let mut command = exporter();
    command.current_dir(servers.directory.path()).arg("collect");
    command.env("RMM_TACTICAL_SERVER", servers.demo.tactical.url()).env("RMM_TACTICAL_API_KEY_FILE", key);
    command.env("RMM_NSIGHT_SERVER", servers.demo.nsight.url()).env("RMM_NSIGHT_API_KEY", NSIGHT_KEY);
    // The default budget of N-sight is 30 calls a minute, so a whole sweep takes too long for a test: the start is enough.
    let process = Process::start(&mut command);
    let end = Instant::now() + PATIENCE;
    let (nsight, tactical) = (servers.demo.nsight.handle.audit(), servers.demo.tactical.handle.audit());
    // Sites are asked for once the clients are known.
    while nsight.count("list_sites") == 0 || !tactical.calls().iter().any(|call| call.key_accepted) {
        assert!(Instant::now() < end, "{}", process.stderr());
        std::thread::sleep(Duration::from_millis(20));
    }
    process.signal("TERM");
    let ended = process.end(Duration::from_secs(5));
    assert_eq!(value(&parse(&ended.stdout), "rmm_up", &[("account", "nsight")]), Some(1.0));
    let ended = run(exporter().current_dir(servers.directory.path()).arg("serve"));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("RMM_NSIGHT") || ended.stderr.contains("rmm-exporter.yml"), "{}", ended.stderr);
}

#[test]
fn what_cannot_start_says_why() {
    let servers = Servers::start();
    let config = servers.config(NSIGHT_KEY, TACTICAL_KEY);
    std::fs::remove_file(servers.directory.path().join("nsight.key")).unwrap();
    let ended = run(exporter().args([&with_config(&config), LISTEN]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("nsight.key"), "{}", ended.stderr);
    std::fs::create_dir(servers.directory.path().join("nsight.key")).unwrap();
    assert_eq!(run(exporter().args([&with_config(&config), LISTEN])).status.code(), Some(1));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let flag = format!("--web.listen-address={}", taken.local_addr().unwrap());
    let ended = run(exporter().args(["demo", &flag]));
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains(&format!("cannot listen on {}", taken.local_addr().unwrap())), "{}", ended.stderr);
}
