//! The landing page and its JSON through a real listener, against their documentation, and the page of the demo in Chromium.
//! Chromium is skipped where it is not installed: it is too large to ask for.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

mod support;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rmm_exporter::clock::{Clock, Moment};
use rmm_exporter::collector::Collector;
use rmm_exporter::fleet::{ClientKey, ClientView, KindCounts, View};
use rmm_exporter::http::{Options, router, serve};
use rmm_exporter::metrics::{AccountSetup, AccountStatus, CallError, CollectorReport, Limits, Publisher};
use rmm_exporter::planner::{BackoffReason, Outcome};
use rmm_exporter::platform::PlatformName;
use rmm_exporter::state::Health;
use serde_json::Value;
use support::child::{Ended, Process, exporter};
use support::{PATIENCE, get};
use tokio_util::sync::CancellationToken;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        Moment { steady: Duration::ZERO, wall: time("2026-03-04T12:00:00Z") }
    }
}

/// Serves what is published until the end of the test.
struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start(publisher: Publisher) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        let router = router(Arc::new(publisher), Arc::new(Noon), Options::default());
        runtime.spawn(serve(listener, router, None, shutdown.clone()));
        Self { address, shutdown, _runtime: runtime }
    }

    fn json(&self) -> Value {
        let (status, head, body) = get(self.address, "/api/v1/status", &[]).unwrap();
        assert!(status == 200 && head.contains("content-type: application/json\r\n"), "{head}");
        serde_json::from_slice(&body).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Everything that can be known is known of this account, and much of it is bad.
fn account() -> AccountStatus {
    let error = CallError { call: "list_checks", outcome: Outcome::Timeout, at: time("2026-03-04T11:59:30.4Z") };
    let report = CollectorReport {
        interval: Duration::from_mins(15),
        success: false,
        last_success: Some(time("2026-03-04T11:57:00Z")),
        last_duration: Some(Duration::from_millis(2_500)),
        last_error: Some(error),
        targets: 40,
        fresh: 38,
        failed: 2,
        off: 1,
        off_until: Some(time("2026-03-04T16:00:00Z")),
        next_due: Some(time("2026-03-04T12:12:00Z")),
    };
    AccountStatus {
        up: false,
        last_error: Some("list_clients: no whole answer in time (timeout)".to_owned()),
        not_ready_reason: Some("no inventory yet".to_owned()),
        console_url: "https://user:secret@console.example/".to_owned(),
        port: Some(8443),
        min_interval: Duration::from_secs(90),
        budget_per_minute: 30,
        queue_length: 3,
        oldest_due: Duration::from_secs(75),
        backoff_until: Some(time("2026-03-04T12:05:00Z")),
        backoff_reason: Some(BackoffReason::Throttled),
        state: Some(Health { writing: true, written: 900, size: 1_000 }),
        collectors: vec![(Collector::Checks, report)],
        ..AccountStatus::new(PlatformName::Nsight, "uk", "rmm.example")
    }
}

fn troubled() -> Server {
    let publisher = Publisher::new();
    let silent = AccountStatus {
        collectors: vec![(Collector::Checks, CollectorReport { success: true, ..CollectorReport::default() })],
        ..AccountStatus::new(PlatformName::Tactical, "lab", "lab.example")
    };
    let limits = Limits { max_series: 1, ..Limits::default() };
    let setups = [(account(), limits), (silent, Limits::default())];
    publisher.configure(setups.into_iter().map(|(status, limits)| AccountSetup { status, limits }).collect());
    publisher.config_read(true, time("2026-03-04T09:00:00Z"));
    publisher.config_read(false, time("2026-03-04T11:00:00Z"));
    let devices = KindCounts { server: Some(1), workstation: Some(2), mobile: Some(0) };
    let (key, id, name) = (ClientKey::new("1"), "1".into(), "Acme".into());
    let client = ClientView { key, id, name, timezone: None, devices, licenses: None };
    publisher.publish_fleet("uk", &Arc::new(View { clients: vec![client], ..View::default() }));
    Server::start(publisher)
}

/// The fields below a value, as the documentation writes them: `accounts[].collectors[].state`.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                found.insert(path.clone());
                fields(value, &path, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| fields(value, &format!("{path}[]"), found)),
        _ => {}
    }
}

/// The rows of the table of fields: names, types and meaning.
fn documented() -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string("docs/operations.md").unwrap();
    let section = text.split("## The landing page").nth(1).unwrap().split("\n## ").next().unwrap();
    let table = section.split("| field | type |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cells: Vec<_> = row.trim_matches('|').splitn(3, '|').map(|cell| cell.trim().to_owned()).collect();
        let names: Vec<_> = cells[0].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        names.into_iter().map(move |name| (name, cells[1].clone(), cells[2].clone()))
    })
    .collect()
}

/// The values at a documented path.
fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for step in path.split('.') {
        let (name, is_list) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
        found = found.into_iter().filter_map(|value| value.get(name)).collect();
        if is_list {
            found = found.into_iter().flat_map(|list| list.as_array().unwrap()).collect();
        }
    }
    found
}

#[test]
fn the_status_has_the_documented_fields_and_no_others() {
    let status = troubled().json();
    let mut found = BTreeSet::new();
    fields(&status, "", &mut found);
    let rows = documented();
    let names: BTreeSet<_> = rows.iter().map(|(name, ..)| name.clone()).collect();
    assert_eq!(found, names);
    for (name, types, meaning) in &rows {
        let values = at(&status, name);
        assert!(!values.is_empty(), "{name}");
        for value in values {
            let fits = types.split(", ").any(|word| match word {
                "text" => value.is_string(),
                "number" => value.is_number(),
                "time" => value.as_str().is_some_and(|text| text.ends_with('Z') && text.parse::<Timestamp>().is_ok()),
                "true" | "false" => value.is_boolean(),
                "list" => value.is_array(),
                "object" => value.is_object(),
                "null" => value.is_null(),
                other => panic!("{other} is no type"),
            });
            assert!(fits, "{name} is {value}, documented as {types}");
            let word = value
                .as_str()
                .filter(|_| ["problem", "health", "state", "backoff_reason"].iter().any(|end| name.ends_with(end)));
            assert!(word.is_none_or(|word| meaning.contains(&format!("`{word}`"))), "{name}: {value} in {meaning}");
        }
    }
}

#[test]
fn the_status_tells_the_same_to_programs() {
    let status = troubled().json();
    let text = status.to_string();
    assert!(!text.contains("secret") && !text.contains("://"), "no addresses: {text}");
    let [account, silent] = [&status["accounts"][0], &status["accounts"][1]];
    let checks = &account["collectors"][0];
    for (found, expected) in [
        (&status["time"], Value::from("2026-03-04T12:00:00Z")),
        (&status["version"], env!("CARGO_PKG_VERSION").into()),
        (&status["ready"], false.into()),
        (&status["configuration"]["last_reload"], "2026-03-04T11:00:00Z".into()),
        (&status["configuration"]["last_success"], "2026-03-04T09:00:00Z".into()),
        (&status["state_directory"]["size_bytes"], 1_000.into()),
        (&status["problems"][0]["account"], Value::Null),
        (&status["problems"][1]["problem"], "down".into()),
        (&account["server"], "rmm.example:8443".into()),
        (&account["health"], "down".into()),
        (&account["requests_per_minute"], 30.into()),
        (&account["min_interval_seconds"], 90.0.into()),
        (&account["oldest_due_seconds"], 75.0.into()),
        (&account["backoff_until"], "2026-03-04T12:05:00Z".into()),
        (&account["backoff_reason"], "throttled".into()),
        (&checks["state"], "partly_switched_off".into()),
        (&checks["age_seconds"], 180.0.into()),
        (&checks["last_duration_seconds"], 2.5.into()),
        (&checks["last_error"]["outcome"], "timeout".into()),
        (&checks["last_error"]["time"], "2026-03-04T11:59:30Z".into()),
        (&checks["targets_failed"], 2.into()),
        (&silent["health"], "starting".into()),
        (&silent["series"], Value::Null),
        (&silent["backoff_until"], Value::Null),
        (&silent["backoff_reason"], Value::Null),
        (&silent["state_directory"], Value::Null),
        (&silent["collectors"][0]["last_success"], Value::Null),
        (&silent["collectors"][0]["age_seconds"], Value::Null),
        (&silent["collectors"][0]["last_error"], Value::Null),
    ] {
        assert_eq!(*found, expected, "{text}");
    }
}

#[test]
fn the_pages_have_strict_headers() {
    let server = troubled();
    let (status, head, body) = get(server.address, "/?account=uk", &[]).unwrap();
    assert_eq!(status, 200, "{head}");
    for line in [
        "content-type: text/html; charset=utf-8",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "content-security-policy: default-src 'none'; style-src 'sha256-",
        "; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    let html = String::from_utf8(body).unwrap();
    assert!(html.contains(">uk <span") && !html.contains(">lab <span") && !html.contains("secret"), "{html}");
    assert_eq!(get(server.address, "/?account=nobody", &[]).unwrap().0, 404);
    for document in ["operations", "configuration", "metrics", "limits", "alerting", "dashboards", "runbooks/README"] {
        let (status, head, body) = get(server.address, &format!("/docs/{document}.md"), &[]).unwrap();
        assert!(status == 200 && head.contains("content-type: text/plain; charset=utf-8"), "{head}");
        assert_eq!(body, std::fs::read(format!("docs/{document}.md")).unwrap(), "{document}");
        assert!(html.contains(&format!("href=\"/docs/{document}.md\"")));
    }
    for (path, wanted) in [("/docs/runbooks/RMMServerOffline.md", 200), ("/docs/runbooks/", 200), ("/docs/x.md", 404)] {
        assert_eq!(get(server.address, path, &[]).unwrap().0, wanted, "{path}");
    }
    let (status, head, body) = get(server.address, "/docs/", &[]).unwrap();
    assert!(status == 200 && head.contains("content-type: text/html") && head.contains("style-src 'sha256-"), "{head}");
    let index = String::from_utf8(body).unwrap();
    assert!(index.contains("<a href=\"/docs/runbooks/RMMServerOffline.md\">RMMServerOffline</a>"), "{index}");
    assert!(index.contains("<h2>Runbooks</h2>") && html.contains("href=\"/docs/\""), "{index}");
}

/// Passes requests on to the exporter, as a proxy for every host, and notes what was asked for.
struct Watcher {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Watcher {
    fn before(exporter: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let notes = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                std::thread::spawn(move || pass_on(stream, exporter, &notes));
            }
        });
        Self { address, asked }
    }
}

fn pass_on(mut stream: TcpStream, exporter: SocketAddr, asked: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        let Ok(1) = stream.read(&mut byte) else { return };
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(target.clone());
    // The page only; of anything else it is enough to know that it was asked for.
    let page = target
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .filter(|(host, _)| *host == exporter.to_string());
    let answer = page.and_then(|(_, path)| get(exporter, &format!("/{path}"), &[]).ok());
    let _gone = match answer {
        Some((_, head, body)) => stream.write_all(&[head.as_bytes(), body.as_slice()].concat()),
        None => stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    };
}

/// Chromium without its own traffic, or `None` where it is not installed.
fn chromium(watcher: &Watcher, home: &tempfile::TempDir, is_dark: bool) -> Option<Command> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let is_there = |name: &&&str| {
        Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|it| it.success())
    };
    let Some(name) = names.iter().find(is_there) else {
        println!("SKIPPED: chromium is not installed");
        return None;
    };
    let mut command = Command::new(name);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps"])
        .args([
            "--hide-scrollbars",
            "--window-size=1000,600",
            "--enable-logging=stderr",
            "--proxy-bypass-list=<-loopback>",
        ])
        .arg(format!("--proxy-server=http://{}", watcher.address))
        .arg(format!("--user-data-dir={}", home.path().display()))
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!is_dark)));
    Some(command)
}

/// The red, green and blue of the first pixel of a PNG: no filter changes that one.
fn first_pixel(png: &[u8]) -> [u8; 3] {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let (mut rest, mut data) = (&png[8..], Vec::new());
    while rest.len() > 8 {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        if &rest[4..8] == b"IDAT" {
            data.extend_from_slice(&rest[8..8 + length]);
        }
        rest = &rest[12 + length..];
    }
    let mut start = [0; 4];
    flate2::read::ZlibDecoder::new(data.as_slice()).read_exact(&mut start).unwrap();
    [start[1], start[2], start[3]]
}

#[test]
fn chromium_shows_the_demo_in_both_schemes_and_asks_for_nothing_else() {
    let mut demo = Process::start(exporter().args(["demo", "--devices=20", "--web.listen-address=127.0.0.1:0"]));
    let address = demo.address();
    let watcher = Watcher::before(address);
    let home = tempfile::tempdir().unwrap();
    if chromium(&watcher, &home, false).is_none() {
        return;
    }
    demo.until_ok(address, "/-/ready");
    let url = format!("http://{address}/");
    for (is_dark, colour) in [(false, [0xf4, 0xf6, 0xf9]), (true, [0x12, 0x16, 0x1c])] {
        watcher.asked.lock().unwrap().clear();
        let picture = home.path().join("page.png");
        let mut command = chromium(&watcher, &home, is_dark).unwrap();
        command.arg("--dump-dom").arg(format!("--screenshot={}", picture.display())).arg(&url);
        let Ended { status, stdout: dom, stderr: said } = Process::start(&mut command).end(PATIENCE);
        assert!(status.success(), "{said}");
        for text in [
            "<html lang=\"en\">",
            "<h2 id=\"accounts\">Accounts</h2>",
            ">demo-nsight</a></th>",
            ">demo-tactical</a></th>",
        ] {
            assert!(dom.contains(text), "{text} in {dom}\n{said}");
        }
        assert_eq!(dom.matches("<caption>Collectors of demo-").count(), 2, "{dom}");
        assert!(!dom.contains("<script") && !said.contains("Content Security Policy"), "{said}");
        // What the browser asks its makers comes on top, and goes nowhere; the page names none of them.
        let is_own =
            |asked: &&String| ["google.com", "googleapis.com", "gvt1.com"].iter().any(|host| asked.contains(host));
        let asked = watcher.asked.lock().unwrap().clone();
        let asked: Vec<_> = asked.iter().filter(|asked| !is_own(asked)).collect();
        assert!(asked.iter().all(|asked| **asked == url) && !asked.is_empty(), "{asked:?}");
        assert_eq!(dom.matches("://").count(), dom.matches("http://www.w3.org/2000/svg").count(), "{dom}");
        assert_eq!(first_pixel(&std::fs::read(&picture).unwrap()), colour, "the style is in force: dark {is_dark}");
    }
}
