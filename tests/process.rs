//! The built program as users meet it: exit codes, signals, messages, and no API key anywhere.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod support;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rmm_exporter::demo::{self, Demo, DemoOptions, Fault, RetryAfter, Scope};
use support::child::{Process, exporter, run};
use support::{ask, get, parse, value};
use tempfile::TempDir;

const LISTEN: &str = "--web.listen-address=127.0.0.1:0";

/// Simulated servers that live as long as this.
struct Servers {
    demo: Demo,
    directory: TempDir,
    _runtime: tokio::runtime::Runtime,
}

/// Keys with letters that look different in a URL and in base64.
const NSIGHT_KEY: &str = "Nk+7/q=Zr%41&x~Yw9Pd3Ls8Tm2Vc6Bh";
const TACTICAL_KEY: &str = "TK7+QZ/R=41XYW9PD3LS8TM2VC6BHJF5";

impl Servers {
    fn start() -> Self {
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

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A configuration with key files and short intervals.
    fn config(&self, nsight_key: &str, tactical_key: &str) -> PathBuf {
        let mut yaml = "accounts:\n".to_owned();
        for (platform, url, key) in
            [("nsight", self.demo.nsight.url(), nsight_key), ("tactical", self.demo.tactical.url(), tactical_key)]
        {
            let file = self.file(&format!("{platform}.key"), key);
            let _ = write!(
                yaml,
                "  - name: {platform}\n    platform: {platform}\n    server: {url}\n    api_key_file: {}\n    \
                 min_interval: 100ms\n    requests_per_minute: 6000\n    timeout: 700ms\n    collectors:\n      \
                 inventory: {{ interval: 400ms }}\n      checks: {{ enabled: true, interval: 800ms }}\n",
                file.display()
            );
        }
        self.file("rmm-exporter.yml", &yaml)
    }
}

fn with_config(path: &Path) -> String {
    format!("--config.file={}", path.display())
}

#[test]
fn the_demo_serves_and_both_signals_end_it_also_under_a_scrape() {
    for signal in ["TERM", "INT"] {
        let mut process = Process::start(exporter().args(["demo", "--devices=2000", LISTEN]));
        let address = process.address();
        process.until_ok(address, "/-/ready");
        // A client that has asked and does not read holds its scrape open.
        let mut stalled = TcpStream::connect(address).unwrap();
        stalled.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        stalled.read_exact(&mut [0; 16]).unwrap();
        let began = Instant::now();
        process.signal(signal);
        let ended = process.end(Duration::from_secs(6));
        assert!(began.elapsed() < Duration::from_secs(5), "{signal}: {:?}", began.elapsed());
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        assert!(ended.stdout.contains(&format!("http://localhost:{}/", address.port())), "{}", ended.stdout);
    }
}

#[test]
fn healthcheck_tells_by_its_exit_code() {
    let servers = Servers::start();
    let check = |address: SocketAddr| run(exporter().args(["healthcheck", &format!("--web.listen-address={address}")]));
    servers.demo.nsight.handle.set_fault(Fault::Status(500), Scope::ALL);
    let mut process =
        Process::start(exporter().args([&with_config(&servers.config(NSIGHT_KEY, TACTICAL_KEY)), LISTEN]));
    let address = process.address();
    let ended = check(address);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("not ready") && ended.stderr.contains("nsight"), "{}", ended.stderr);
    servers.demo.nsight.handle.clear_faults();
    process.until_ok(address, "/-/ready");
    assert_eq!(check(address).status.code(), Some(0));
    process.signal("TERM");
    assert_eq!(process.end(Duration::from_secs(5)).status.code(), Some(0));
    let ended = check(address);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("no answer"), "{}", ended.stderr);
}

#[test]
fn a_new_key_in_the_file_is_taken_without_a_restart() {
    let servers = Servers::start();
    let config = servers.config("wrong-key-1", "wrong-key-2");
    let mut process = Process::start(exporter().args([&with_config(&config), LISTEN]));
    let address = process.address();
    let end = Instant::now() + Duration::from_secs(5);
    while process.stderr().matches("outcome=auth_error").count() < 2 {
        assert!(Instant::now() < end, "{}", process.stderr());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_ne!(get(address, "/-/ready", &[]).unwrap().0, 200);
    servers.config(NSIGHT_KEY, TACTICAL_KEY);
    process.until_ok(address, "/-/ready");
    until_logged(&mut process, "the API key has changed", 1);
    search("the log", &process.stderr(), &[NSIGHT_KEY, TACTICAL_KEY]);
}

/// Waits until the log has so many lines with these words.
fn until_logged(process: &mut Process, words: &str, times: usize) {
    let end = Instant::now() + Duration::from_secs(10);
    while process.stderr().matches(words).count() < times {
        assert!(process.is_running() && Instant::now() < end, "no {words} in {}", process.stderr());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_hangup_reloads_and_post_does_so_only_with_the_flag() {
    let servers = Servers::start();
    let config = servers.config(NSIGHT_KEY, TACTICAL_KEY);
    let good = std::fs::read_to_string(&config).unwrap();
    let mut process = Process::start(exporter().args([&with_config(&config), LISTEN]));
    let address = process.address();
    process.until_ok(address, "/-/ready");
    for (method, status) in [("POST", 403), ("PUT", 403), ("GET", 405), ("DELETE", 405)] {
        assert_eq!(ask(address, method, "/-/reload", &[]).unwrap().0, status, "{method}");
    }
    assert!(!process.stderr().contains("reload"), "{}", process.stderr());
    let second = good.rfind("  - name").unwrap();
    std::fs::write(&config, &good[..second]).unwrap();
    process.signal("HUP");
    until_logged(&mut process, "configuration reloaded", 1);
    let log = process.stderr();
    assert!(log.contains("removed=tactical") && log.contains("unchanged=nsight"), "{log}");
    let metrics = String::from_utf8(get(address, "/metrics", &[]).unwrap().2).unwrap();
    assert!(!metrics.contains("account=\"tactical\"") && metrics.contains("account=\"nsight\""));
    std::fs::write(&config, "accounts: [").unwrap();
    process.signal("HUP");
    until_logged(&mut process, "nothing has changed", 1);
    let page = String::from_utf8(get(address, "/", &[]).unwrap().2).unwrap();
    assert!(page.contains("The last reload of the configuration failed"), "{page}");
    std::fs::write(&config, &good).unwrap();
    for _ in 0..20 {
        process.signal("HUP");
    }
    until_logged(&mut process, "added=tactical", 1);
    // A reload and the end, one right after the other.
    process.signal("HUP");
    process.signal("TERM");
    let ended = process.end(Duration::from_secs(5));
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    search("the log", &ended.stderr, &[NSIGHT_KEY, TACTICAL_KEY]);
}

#[test]
fn a_reload_by_http_answers_when_it_is_done_and_reads_keys_again() {
    let servers = Servers::start();
    let config = servers.config(NSIGHT_KEY, TACTICAL_KEY);
    let mut process = Process::start(exporter().args([&with_config(&config), LISTEN, "--web.enable-lifecycle"]));
    let address = process.address();
    process.until_ok(address, "/-/ready");
    assert_eq!(ask(address, "GET", "/-/reload", &[]).unwrap().0, 405);
    let reload = || {
        let (status, _, body) = ask(address, "POST", "/-/reload", &[]).unwrap();
        (status, String::from_utf8(body).unwrap())
    };
    assert_eq!(reload(), (200, "Reloaded.\n".to_owned()));
    // A key that is gone, and one that is none: nothing changes.
    let key_file = servers.directory.path().join("nsight.key");
    for broken in ["", "two words"] {
        std::fs::write(&key_file, broken).unwrap();
        let (status, body) = reload();
        assert!(status == 500 && body.contains("nsight.key") && body.contains("rmm-exporter.yml:5"), "{status} {body}");
    }
    std::fs::remove_file(&key_file).unwrap();
    assert_eq!(reload().0, 500);
    let all = parse(&String::from_utf8(get(address, "/metrics", &[]).unwrap().2).unwrap());
    assert_eq!(value(&all, "rmm_exporter_config_last_reload_success", &[]), Some(0.0));
    assert_eq!(value(&all, "rmm_up", &[("account", "nsight")]), Some(1.0));
    // Another key is taken by a reload, long before anybody refuses the old one.
    let accepted = |calls: Vec<demo::Call>| calls.last().is_some_and(|call| call.key_accepted);
    servers.config("Some+Other/Key0123456789abcdefgh", TACTICAL_KEY);
    assert!(!process.stderr().contains("key has changed"));
    assert_eq!(ask(address, "PUT", "/-/reload", &[]).unwrap().0, 200);
    until_logged(&mut process, "the API key has changed", 1);
    let audit = servers.demo.nsight.handle.audit();
    let end = Instant::now() + Duration::from_secs(5);
    while accepted(audit.calls()) {
        assert!(Instant::now() < end, "{}", process.stderr());
        std::thread::sleep(Duration::from_millis(20));
    }
    servers.config(NSIGHT_KEY, TACTICAL_KEY);
    assert_eq!(reload().0, 200);
    while !accepted(audit.calls()) {
        assert!(Instant::now() < end + Duration::from_secs(5), "{}", process.stderr());
        std::thread::sleep(Duration::from_millis(20));
    }
    let status: serde_json::Value = serde_json::from_slice(&get(address, "/api/v1/status", &[]).unwrap().2).unwrap();
    assert_eq!(status["configuration"]["success"], true);
    assert!(status["configuration"]["last_success"].is_string(), "{status}");
    process.signal("TERM");
    let ended = process.end(Duration::from_secs(5));
    // Once there and once back.
    assert_eq!(ended.stderr.matches("the API key has changed").count(), 2, "{}", ended.stderr);
    search("the log", &ended.stderr, &[NSIGHT_KEY, TACTICAL_KEY, "Some+Other/Key0123456789abcdefgh"]);
}

#[test]
fn the_demo_survives_a_hangup() {
    let mut process = Process::start(exporter().args(["demo", "--devices=300", LISTEN]));
    let address = process.address();
    process.signal("HUP");
    until_logged(&mut process, "unchanged=\"demo-nsight, demo-tactical\"", 1);
    process.until_ok(address, "/-/ready");
    process.signal("TERM");
    assert_eq!(process.end(Duration::from_secs(5)).status.code(), Some(0));
}

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
    let end = Instant::now() + Duration::from_secs(10);
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

/// The key as it could show up: plain, in a URL, in base64, and parts of it.
fn forms(key: &str) -> Vec<String> {
    let mut forms = vec![key.to_owned(), key[..12].to_owned(), key[key.len() - 12..].to_owned()];
    forms.push(url::form_urlencoded::byte_serialize(key.as_bytes()).collect());
    let percent =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let encoded: String = key.bytes().map(percent).collect();
    forms.extend([encoded.to_lowercase(), encoded]);
    for skipped in 0..3 {
        // What of the key is the same wherever base64 begins.
        let base64 = base64(&key.as_bytes()[skipped..]);
        forms.push(base64[..key.len()].to_owned());
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sextets = bytes.chunks(3).flat_map(|chunk| {
        let number = (0..3).fold(0_usize, |sum, at| sum << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[number >> shift & 63]))
    });
    sextets.collect()
}

fn search(what: &str, text: &str, keys: &[&str]) {
    for form in keys.iter().flat_map(|key| forms(key)) {
        assert!(!text.contains(&form), "{what} holds the key as {form}: {text}");
    }
}

#[test]
fn the_key_is_nowhere() {
    assert_eq!(base64(b"key!key"), "a2V5IWtleQAA", "the test's own encoder");
    for format in ["logfmt", "json"] {
        let servers = Servers::start();
        let config = servers.config(NSIGHT_KEY, TACTICAL_KEY);
        let arguments =
            ["--log.level=trace", &format!("--log.format={format}"), LISTEN, &with_config(&config)].map(str::to_owned);
        let mut process = Process::start(exporter().args(&arguments));
        let address = process.address();
        process.until_ok(address, "/-/ready");
        let keys = [NSIGHT_KEY, TACTICAL_KEY, "Wrong+Key/0123456789%41=abcdef"];
        let pages = |round: &str| {
            for (page, headers) in [
                ("/metrics", &[][..]),
                ("/metrics", &["Accept: application/openmetrics-text"]),
                ("/", &[]),
                ("/api/v1/status", &[]),
                ("/-/ready", &[]),
                ("/metrics?account=x", &[]),
            ] {
                let (_, head, body) = get(address, page, headers).unwrap();
                search(&format!("{page} {round}"), &(head + &String::from_utf8(body).unwrap()), &keys);
            }
        };
        pages("when well");
        let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for fault in [
            Fault::Status(500),
            Fault::Status(401),
            Fault::TooManyRequests(RetryAfter::Seconds(0)),
            Fault::ForbiddenHtml,
            Fault::ForbiddenJson,
            Fault::HtmlPage,
            Fault::CutBody,
            Fault::EmptyBody,
            Fault::ResetMidBody,
            Fault::Fail(3),
            Fault::Fail(7),
            Fault::Redirect(302, format!("http://{dead}/{NSIGHT_KEY}")),
            Fault::DeepNesting(500),
            Fault::NeverAnswer,
        ] {
            for server in [&servers.demo.nsight, &servers.demo.tactical] {
                server.handle.clear_faults();
                server.handle.set_fault(fault.clone(), Scope::ALL);
            }
            std::thread::sleep(Duration::from_millis(450));
            pages(&format!("during {fault:?}"));
        }
        servers.demo.stop(); // Connections are refused.
        std::thread::sleep(Duration::from_millis(600));
        servers.config(keys[2], keys[2]);
        pages("when gone");
        let command_line = std::fs::read(format!("/proc/{}/cmdline", process.id())).unwrap_or_default();
        search("the command line", &String::from_utf8_lossy(&command_line), &keys);
        process.signal("TERM");
        let ended = process.end(Duration::from_secs(6));
        assert_eq!(ended.status.code(), Some(0));
        for outcome in ["auth_error", "http_error", "blocked", "invalid_response", "connect_error"] {
            assert!(ended.stderr.contains(outcome), "the test did not provoke {outcome}: {}", ended.stderr);
        }
        search("stdout", &ended.stdout, &keys);
        search("stderr", &ended.stderr, &keys);
        // Wrong from the start, in the foreground.
        let servers = Servers::start();
        let config = servers.config(keys[2], keys[2]);
        let mut command = exporter();
        command.args(["collect", "--log.level=trace", &format!("--log.format={format}"), &with_config(&config)]);
        let ended = run(command.stdin(Stdio::null()).env("RUST_BACKTRACE", "full"));
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains("auth_error"), "{}", ended.stderr);
        search("collect", &(ended.stdout + &ended.stderr), &keys);
    }
}
