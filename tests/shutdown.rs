//! The end of the program: SIGTERM and SIGINT at any moment end it in time, cleanly, and without cutting off who is served.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod support;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use rmm_exporter::collector::Collector;
use rmm_exporter::config::defaults::collectors;
use rmm_exporter::demo::{DemoOptions, Fault, Scope};
use rmm_exporter::platform::PlatformName;
use support::child::{Ended, Process, exporter};
use support::servers::{Servers, until};
use support::stopwatch::Stopwatch;
use support::{PATIENCE, get, parse, value};

const LISTEN: &str = "--web.listen-address=127.0.0.1:0";
/// What service managers and the documentation are promised.
const PROMISED: Duration = Duration::from_secs(5);
/// Bytes of metrics.
const LARGE: usize = 3_500_000;
/// Devices whose metrics are that large; half of them are Tactical RMM's.
const MANY: usize = 4_000;

/// Ends it by this signal, and asserts that it ended well.
fn stop(process: Process, signal: &str) -> Ended {
    process.signal(signal);
    well(process.end(PROMISED))
}

fn well(ended: Ended) -> Ended {
    assert_eq!(ended.status.code(), Some(0), "{:?}: {}", ended.status, ended.stderr);
    for word in ["level=error", "panicked", "cut off", "did not end"] {
        assert!(!ended.stderr.contains(word), "{}", ended.stderr);
    }
    ended
}

fn servers(devices: usize) -> Servers {
    Servers::start(DemoOptions { devices, ..DemoOptions::default() })
}

/// The exporter on these servers, with every collector, every check and short intervals.
fn start(servers: &Servers, flags: &[&str]) -> Process {
    let lines = |_| {
        "    min_interval: 100ms\n    requests_per_minute: 60000\n    timeout: 30s\n    checks: { mode: all }\n"
            .to_owned()
    };
    let urls = [servers.demo.nsight.url(), servers.demo.tactical.url()];
    let config = servers.config(urls, lines, |usual| usual / 600);
    Process::start(exporter().args([&config, LISTEN]).args(flags))
}

/// The exporter on so many devices that their metrics do not fit into what the kernel buffers for a connection. Only the main list
/// is read, so that it is quick.
fn start_large(servers: &Servers) -> Process {
    let server = &servers.demo.tactical;
    let mut yaml = format!(
        "accounts:\n  - name: large\n    platform: tactical\n    server: {}\n    api_key: {}\n    min_interval: 1s\n    \
         collectors:\n      inventory: {{ interval: 5m }}\n",
        server.url(),
        server.api_key()
    );
    for collector in collectors(PlatformName::Tactical).iter().map(|defaults| defaults.collector) {
        if collector != Collector::Inventory {
            let _ = writeln!(yaml, "      {}: {{ enabled: false }}", collector.name());
        }
    }
    let config = format!("--config.file={}", servers.file("large.yml", &yaml).display());
    Process::start(exporter().args([&config, LISTEN]))
}

/// Waits until all that is there to scrape.
fn until_large(process: &mut Process) -> SocketAddr {
    let address = process.address();
    until("the metrics are large", PATIENCE, || {
        let length = get(address, "/metrics", &[]).map_or(0, |(_, _, body)| body.len());
        length > LARGE
    });
    address
}

/// Whether the kernel's own buffer for a connection is smaller than [`LARGE`], as it usually is.
fn buffers_are_usual() -> bool {
    let limits = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_wmem").unwrap_or_default();
    limits.split_whitespace().last().and_then(|most| most.parse::<usize>().ok()).is_some_and(|most| most < 5_000_000)
}

#[test]
fn while_calls_are_under_way() {
    for (signal, fault) in [
        ("TERM", Fault::NeverAnswer),
        ("INT", Fault::Latency(Duration::from_secs(20))),
        ("TERM", Fault::SlowDrip(1, Duration::from_millis(50))),
    ] {
        let servers = servers(12);
        for (_, server) in servers.both() {
            server.handle.set_fault(fault.clone(), Scope::ALL);
        }
        let mut process = start(&servers, &[]);
        process.address();
        let running = || servers.both().map(|(_, server)| server.handle.audit().summary().running);
        until("a call of each account is under way", PATIENCE, || running().iter().all(|count| *count > 0));
        let began = Stopwatch::start();
        stop(process, signal);
        // Nothing is gained by waiting for such answers.
        assert!(began.elapsed() < Duration::from_secs(2), "{fault:?}: {:?}", began.elapsed());
    }
}

#[test]
fn while_calls_end_all_the_time() {
    let servers = servers(60);
    for (_, server) in servers.both() {
        server.handle.set_fault(Fault::Latency(Duration::from_millis(5)), Scope::ALL);
    }
    let mut process = start(&servers, &[]);
    let address = process.address();
    process.until_ok(address, "/-/ready");
    let began = Stopwatch::start();
    stop(process, "TERM");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

/// A client with a small window that has asked for everything and reads nothing yet.
fn slow_reader(address: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        socket.connect(address).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    (&stream).write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    stream
}

/// Reads until nothing more comes; gives the length that was promised, and the body.
fn read_all(mut stream: &TcpStream, pause: Duration) -> (usize, Vec<u8>) {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            read => bytes.extend_from_slice(&buffer[..read]),
        }
        std::thread::sleep(pause);
    }
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
    let length = head.split_once("content-length: ").unwrap().1.split_once("\r\n").unwrap().0.parse().unwrap();
    (length, bytes.split_off(end))
}

#[test]
fn a_scrape_under_way_is_finished() {
    let servers = servers(MANY);
    // It is cut off after three seconds, whether the machine stood still meanwhile or not: then once more.
    let attempt = || {
        let mut process = start_large(&servers);
        let address = until_large(&mut process);
        let stream = slow_reader(address);
        stream.peek(&mut [0; 8]).unwrap();
        let reader = std::thread::spawn(move || {
            // The signal comes first.
            std::thread::sleep(Duration::from_millis(500));
            read_all(&stream, Duration::from_millis(1))
        });
        let began = Stopwatch::start();
        process.signal("TERM");
        until("nobody new is let in", Duration::from_secs(2), || TcpStream::connect(address).is_err());
        let waits = process.is_running() || !buffers_are_usual();
        let (length, body) = reader.join().unwrap();
        if began.lost() > Duration::from_secs(1) {
            return None;
        }
        assert!(waits, "it waits for the scrape");
        assert_eq!(body.len(), length, "after {:?}", began.elapsed());
        well(process.end(PROMISED));
        assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
        Some(body)
    };
    let body = (0..10).find_map(|_| attempt()).expect("a machine that runs for three seconds");
    let text = String::from_utf8(body).unwrap();
    assert_eq!(value(&parse(&text), "rmm_up", &[]), Some(1.0));
}

#[test]
fn a_connection_without_a_request_holds_nothing_up() {
    let mut process = Process::start(exporter().args(["demo", "--devices=12", LISTEN]));
    let address = process.address();
    process.until_ok(address, "/-/healthy");
    let silent = TcpStream::connect(address).unwrap();
    let mut kept = TcpStream::connect(address).unwrap();
    kept.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    kept.read_exact(&mut [0; 16]).unwrap();
    let began = Stopwatch::start();
    stop(process, "TERM");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    drop(silent);
}

#[test]
fn while_a_large_fleet_is_rendered() {
    for milliseconds in [300, 600] {
        let attempt = || {
            let servers = servers(2 * MANY);
            let mut process = start_large(&servers);
            let address = process.address();
            let agents = || servers.demo.tactical.handle.audit().calls().into_iter().any(|call| call.ended.is_some());
            until("the devices are read", PATIENCE, agents);
            std::thread::sleep(Duration::from_millis(milliseconds));
            let is_early = get(address, "/metrics", &[]).unwrap().2.len() < LARGE;
            stop(process, "TERM");
            is_early
        };
        assert!((0..10).any(|_| attempt()), "the rendering is too quick to be interrupted");
    }
}

#[test]
fn while_state_is_written() {
    let servers = servers(150);
    let directory = servers.file("mark", "").with_file_name("state");
    let flag = format!("--state.dir={}", directory.display());
    for milliseconds in [0, 300, 700, 1_500] {
        let mut process = start(&servers, &[&flag]);
        let address = process.address();
        process.until_ok(address, "/-/ready");
        std::thread::sleep(Duration::from_millis(milliseconds));
        let ended = stop(process, "TERM");
        assert!(!ended.stderr.contains("damaged") && !ended.stderr.contains("cannot be written"), "{}", ended.stderr);
        assert_eq!(ended.stderr.contains("goes on with what was kept"), milliseconds > 0, "{}", ended.stderr);
    }
    // All that was known is known without any answer.
    servers.demo.stop();
    let mut process = start(&servers, &[&flag]);
    let address = process.address();
    let all = parse(&String::from_utf8(get(address, "/metrics", &[]).unwrap().2).unwrap());
    let devices = all.keys().filter(|(name, _)| name == "rmm_device_info").count();
    assert!(devices >= 140, "{devices}");
    stop(process, "TERM");
}

/// The signal comes again and again while hundreds of accounts are read, long before all of them are at work.
#[test]
fn before_it_listens() {
    let servers = servers(1);
    let mut yaml = "accounts:\n".to_owned();
    for number in 0..400 {
        let url = servers.demo.tactical.url();
        let _ = writeln!(
            yaml,
            "  - {{ name: a{number}, platform: tactical, server: \"{url}/{number}\", api_key: k{number} }}"
        );
    }
    let config = format!("--config.file={}", servers.file("many.yml", &yaml).display());
    // How long it takes to read hundreds of accounts is another matter.
    let early = signalled_early(&["serve", &config, LISTEN], Duration::ZERO, &["TERM", "TERM"]);
    well(early.end(PATIENCE));
    // Nor does one that asks for a reload end it: the reload comes as soon as it can.
    for arguments in [["serve", &config, LISTEN], ["demo", "--devices=12", LISTEN]] {
        let process = signalled_early(&arguments, Duration::from_millis(2), &["HUP"]);
        until("it reloads", PATIENCE, || process.stderr().contains("unchanged="));
        stop(process, "TERM");
    }
    // Even earlier there is nobody to hear it, and the operating system ends the process.
    for milliseconds in [0, 1, 3, 10] {
        let process = Process::start(exporter().args(["demo", "--devices=12", LISTEN]));
        std::thread::sleep(Duration::from_millis(milliseconds));
        process.signal("TERM");
        process.signal("TERM");
        let ended = process.end(PROMISED);
        assert!(ended.status.code() == Some(0) || ended.status.signal() == Some(15), "{:?}", ended.status);
        assert!(!ended.stderr.contains("level=error"), "{}", ended.stderr);
    }
}

/// A program that got these signals so long after it could hear them, and before every account was at work. This test may be
/// held up between the two: then it tries again.
fn signalled_early(arguments: &[&str], pause: Duration, signals: &[&str]) -> Process {
    let attempt = || {
        let process = Process::start(exporter().args(arguments));
        until_heard(&process);
        std::thread::sleep(pause);
        for signal in signals {
            process.signal(signal);
        }
        (!process.stderr().contains("every account is at work")).then_some(process)
    };
    (0..20).find_map(|_| attempt()).expect("the signals come first")
}

/// Waits until the process catches SIGHUP and SIGTERM.
fn until_heard(process: &Process) {
    if cfg!(not(target_os = "linux")) {
        std::thread::sleep(Duration::from_millis(50));
        return;
    }
    until("signals are caught", PATIENCE, || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        // Bit n - 1 is signal n.
        let wanted = 1 << 14 | 1;
        u64::from_str_radix(caught.trim(), 16).unwrap() & wanted == wanted
    });
}

#[test]
fn impatience_is_a_second_interrupt() {
    let servers = servers(MANY);
    // It ends by itself after three seconds, whether the machine stood still meanwhile or not: then once more.
    let attempt = || {
        let mut process = start_large(&servers);
        let address = until_large(&mut process);
        let stalled = slow_reader(address);
        stalled.peek(&mut [0; 8]).unwrap();
        let began = Stopwatch::start();
        process.signal("INT");
        until("it stops", Duration::from_secs(2), || process.stderr().contains("stopping"));
        process.signal("TERM");
        std::thread::sleep(Duration::from_millis(300));
        let waits = process.is_running();
        if waits {
            process.signal("INT");
        }
        let code = process.end(Duration::from_secs(4)).status.code();
        (began.lost() < Duration::from_secs(1)).then_some((waits, code))
    };
    let (waits, code) = (0..10).find_map(|_| attempt()).expect("a machine that runs for three seconds");
    if waits || buffers_are_usual() {
        assert!(waits, "a repeated SIGTERM changes nothing");
        assert_eq!(code, Some(130));
    }
}
