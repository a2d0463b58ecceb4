//! The pages, through a real listener.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

#[path = "support/stopwatch.rs"]
mod stopwatch;
mod views;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rmm_exporter::clock::{Clock, Moment};
use rmm_exporter::collector::Collector;
use rmm_exporter::http::{Options, router, serve};
use rmm_exporter::metrics::{AccountSetup, AccountStatus, Limits, Publisher};
use rmm_exporter::platform::PlatformName;
use stopwatch::Stopwatch;
use tokio_util::sync::CancellationToken;
use views::{full_view, shared, synthetic, time};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        Moment { steady: Duration::ZERO, wall: now() }
    }
}

fn now() -> Timestamp {
    time("2026-03-04T12:00:00Z")
}

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    running: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start(publisher: Publisher, options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let router = router(Arc::new(publisher), Arc::new(Noon), options);
        let running = Some(runtime.spawn(serve(listener, router, None, shutdown.clone())));
        Self { address, shutdown, running, runtime }
    }

    fn send(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = self.open(method, target, headers);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::read(&bytes)
    }

    fn open(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n");
        for (name, value) in headers {
            request = request + name + ": " + value + "\r\n";
        }
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.write_all((request + "\r\n").as_bytes()).unwrap();
        stream
    }

    fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[])
    }

    fn stop(&mut self) {
        self.shutdown.cancel();
        self.runtime.block_on(self.running.take().expect("runs")).unwrap().unwrap();
    }
}

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("headers end");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn gunzipped(&self) -> String {
        let mut decoder = flate2::bufread::GzDecoder::new(self.body.as_slice());
        let mut text = String::new();
        decoder.read_to_string(&mut text).unwrap();
        assert!(decoder.into_inner().is_empty(), "one member");
        text
    }
}

fn status(platform: PlatformName, account: &str) -> AccountStatus {
    AccountStatus { ready: true, up: true, ..AccountStatus::new(platform, account, "rmm.example") }
}

fn publisher(statuses: Vec<AccountStatus>) -> Publisher {
    let publisher = Publisher::new();
    let setup = |status| AccountSetup { status, limits: Limits::default() };
    publisher.configure(statuses.into_iter().map(setup).collect());
    publisher
}

/// Two accounts with the same small fleet.
fn small() -> Server {
    let publisher = publisher(vec![status(PlatformName::Nsight, "msp uk"), status(PlatformName::Tactical, "helpdesk")]);
    for account in ["msp uk", "helpdesk"] {
        publisher.publish_fleet(account, &shared(full_view()));
    }
    Server::start(publisher, Options::default())
}

fn steady(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.contains("process_") && !line.contains("rmm_exporter_tasks")).collect()
}

#[test]
fn a_scrape_has_the_format_and_encoding_that_was_asked_for() {
    let server = small();
    let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                      application/openmetrics-text;version=0.0.1;q=0.5,\
                      text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    let plain = server.get("/metrics");
    assert_eq!((plain.status, plain.header("content-type")), (200, TEXT));
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept, Accept-Encoding"));
    assert_eq!(plain.header("content-length"), plain.body.len().to_string());
    assert_eq!(plain.header("x-content-type-options"), "nosniff");
    assert!(plain.text().contains("\nrmm_device_online{") && !plain.text().contains("# EOF"));

    let compressed = server.send("GET", "/metrics", &[("Accept-Encoding", "gzip")]);
    assert_eq!((compressed.header("content-encoding"), compressed.header("content-type")), ("gzip", TEXT));
    assert_eq!(compressed.header("content-length"), compressed.body.len().to_string());
    assert_eq!(steady(&compressed.gunzipped()), steady(plain.text()));

    let scrape = server.send("GET", "/metrics", &[("Accept", prometheus), ("Accept-Encoding", "gzip")]);
    assert_eq!((scrape.status, scrape.header("content-type")), (200, OPEN_METRICS));
    assert!(scrape.gunzipped().ends_with("\n# EOF\n"));
    let refused = server.send("GET", "/metrics", &[("Accept", "image/png"), ("Accept-Encoding", "gzip;q=0, br")]);
    assert_eq!((refused.status, refused.header("content-type"), refused.header("content-encoding")), (200, TEXT, ""));
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let server = small();
    for target in ["/", "/-/healthy", "/-/ready", "/api/v1/status", "/metrics"] {
        let (head, get) = (server.send("HEAD", target, &[]), server.get(target));
        assert_eq!((head.status, head.body.len()), (200, 0), "{target}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{target}");
        assert!(head.header("content-length").parse::<usize>().unwrap() > 0, "{target}");
        assert_eq!(get.header("content-length"), get.body.len().to_string(), "{target}");
    }
}

#[test]
fn a_scrape_is_narrowed_by_account_and_collector() {
    let server = small();
    let one = server.get("/metrics?account=msp%20uk");
    assert!(one.text().contains("account=\"msp uk\"") && !one.text().contains("account=\"helpdesk\""));
    assert_eq!(steady(server.get("/metrics?account=msp+uk").text()), steady(one.text()));
    let both = server.get("/metrics?account=msp+uk&account=helpdesk&something=else");
    assert_eq!(steady(both.text()), steady(server.get("/metrics").text()));
    for target in ["/metrics?collect[]=patches&collect[]=backup", "/metrics?collect%5B%5D=patches&collect%5b%5d=backup"]
    {
        let text = server.get(target);
        for (name, there) in [("rmm_patches{", true), ("rmm_backup_up_to_date{", true), ("rmm_device_online{", false)] {
            assert_eq!(text.text().contains(name), there, "{target} {name}");
        }
    }
}

#[test]
fn unknown_names_are_the_clients_error() {
    let server = small();
    let account = server.get("/metrics?account=%3Cscript%3E");
    assert_eq!((account.status, account.header("content-type")), (400, "text/plain; charset=utf-8"));
    assert_eq!(account.text(), "Unknown account \"<script>\". Known: msp uk, helpdesk.\n");
    let collector = server.get("/metrics?account=helpdesk&collect[]=everything");
    assert_eq!(collector.status, 400);
    let known = Collector::ALL.map(Collector::name).join(", ");
    assert_eq!(collector.text(), format!("Unknown collector \"everything\". Known: {known}.\n"));
}

#[test]
fn other_methods_and_paths_are_refused() {
    let server = small();
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = server.send(method, "/metrics", &[("Content-Length", "0")]);
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method}");
    }
    for path in ["/metrics/", "//metrics", "/api/v1", "/favicon.ico", "/Metrics", "/%6detrics"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn the_path_of_the_metrics_can_be_any() {
    for path in ["/", "/{account}/*", "/-/healthy"] {
        let options = Options { telemetry_path: path.to_owned(), ..Options::default() };
        let server = Server::start(publisher(Vec::new()), options);
        let answer = server.get(path);
        assert_eq!((answer.status, answer.header("content-type")), (200, TEXT), "{path}");
        assert_eq!(server.get("/metrics").status, 404);
    }
}

#[test]
fn too_many_scrapes_at_once_get_503_until_one_ends() {
    let publisher = publisher(vec![status(PlatformName::Nsight, "uk")]);
    publisher.publish_fleet("uk", &shared(synthetic(3000)));
    let server = Server::start(publisher, Options { max_requests: 1, ..Options::default() });
    let mut slow = server.open("GET", "/metrics", &[]);
    slow.read_exact(&mut [0; 64]).unwrap();
    // The rest does not fit into the buffers between us: this scrape is under way until it is read.
    let refused = server.get("/metrics");
    assert_eq!(refused.status, 503);
    assert_eq!(refused.text(), "Limit of 1 scrapes at once reached, try again later.\n");
    assert_eq!(server.get("/-/healthy").status, 200, "only scrapes are limited");
    drop(slow);
    let deadline = Instant::now() + Duration::from_mins(2);
    while server.send("GET", "/metrics", &[("Accept-Encoding", "gzip")]).status != 200 {
        assert!(Instant::now() < deadline, "the place is free again");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.send("HEAD", "/metrics", &[]).status, 200);
    assert_eq!(server.get("/metrics").status, 200);
}

#[test]
fn ready_says_what_it_waits_for() {
    let mut waiting = AccountStatus::new(PlatformName::Nsight, "uk", "rmm.example");
    waiting.not_ready_reason = Some("has not read its inventory yet (12 of 40 calls)".to_owned());
    let silent = AccountStatus::new(PlatformName::Tactical, "lab", "rmm.example");
    let server = Server::start(publisher(vec![waiting, silent, status(PlatformName::Nsight, "x")]), Options::default());
    let answer = server.get("/-/ready");
    assert_eq!((answer.status, answer.header("content-type")), (503, "text/plain; charset=utf-8"));
    assert_eq!(
        answer.text(),
        "Not ready: account uk has not read its inventory yet (12 of 40 calls)\n\
         Not ready: account lab waits for its first inventory\n"
    );
    assert_eq!(server.get("/-/healthy").text(), "Healthy.\n");
    assert_eq!(small().get("/-/ready").text(), "Ready.\n");
    let before = server.get("/metrics");
    assert!(before.text().contains("rmm_up{") && !before.text().contains("rmm_device"), "no fleet yet, no zeros");
}

#[test]
fn an_exporter_without_accounts_serves_itself() {
    let server = Server::start(publisher(Vec::new()), Options::default());
    assert!(server.get("/").text().contains("No account is configured"));
    assert!(server.get("/metrics").text().contains("rmm_exporter_build_info{"));
    assert_eq!(server.get("/-/ready").status, 200);
    assert!(server.get("/metrics?account=x").text().ends_with("Known: none.\n"));
}

#[test]
fn shutdown_lets_a_scrape_end() {
    // It is cut off after three seconds, whether the machine stood still meanwhile or not: then once more.
    let attempt = || {
        let publisher = publisher(vec![status(PlatformName::Nsight, "uk")]);
        publisher.publish_fleet("uk", &shared(synthetic(3000)));
        let mut server = Server::start(publisher, Options::default());
        let mut slow = server.open("GET", "/metrics", &[]);
        slow.read_exact(&mut [0; 64]).unwrap();
        let began = Stopwatch::start();
        server.shutdown.cancel();
        std::thread::sleep(Duration::from_millis(200));
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).unwrap();
        server.stop();
        (began.lost() < Duration::from_secs(1)).then_some((rest, server.address))
    };
    let (rest, address) = (0..10).find_map(|_| attempt()).expect("a machine that runs for three seconds");
    assert!(rest.ends_with(b"\n") && rest.len() > 1_000_000, "whole");
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
}

#[test]
fn shutdown_waits_three_seconds_at_most() {
    let publisher = publisher(vec![status(PlatformName::Nsight, "uk")]);
    publisher.publish_fleet("uk", &shared(synthetic(3000)));
    let mut server = Server::start(publisher, Options::default());
    let mut stalled = server.open("GET", "/metrics", &[]);
    stalled.read_exact(&mut [0; 64]).unwrap();
    let (start, running) = (Instant::now(), Stopwatch::start());
    server.stop();
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(running.elapsed() < Duration::from_secs(5), "{:?}", running.elapsed());
}

#[test]
fn a_connection_serves_request_after_request() {
    let server = small();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"Healthy.\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

#[test]
fn a_request_with_an_endless_head_is_refused() {
    let server = small();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let head = format!("GET / HTTP/1.1\r\nHost: exporter\r\nX-Long: {}", "x".repeat(100_000));
    let _ = stream.write_all(head.as_bytes()); // it may be cut off while we write
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(server.get("/-/healthy").status, 200);
}

#[test]
fn zero_is_no_limit_of_scrapes() {
    let options = Options { max_requests: 0, ..Options::default() };
    let server = Server::start(publisher(Vec::new()), options);
    assert_eq!(server.get("/metrics").status, 200);
}
