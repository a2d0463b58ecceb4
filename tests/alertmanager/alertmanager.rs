//! The real Alertmanager, and alerts for it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::PATIENCE;
use crate::support::child::Process;

/// What the program is called: Debian's name, or everybody else's.
pub fn program() -> &'static str {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    ["prometheus-alertmanager", "alertmanager"].into_iter().find(is_there).unwrap_or("prometheus-alertmanager")
}

/// A running Alertmanager.
pub struct Alertmanager {
    pub address: SocketAddr,
    process: Process,
    _directory: TempDir,
}

impl Alertmanager {
    /// Starts it and waits until it answers.
    pub fn start(config: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("alertmanager.yml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(program());
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.path={}", directory.path().join("data").display()));
        command.arg("--web.listen-address=127.0.0.1:0");
        command.args(["--web.external-url=https://alerts.example.com", "--web.route-prefix=/"]);
        command.arg("--cluster.listen-address=").env("GOMAXPROCS", "2").env("TZ", "UTC");
        let mut process = Process::start(&mut command);
        let address = process.address_in("Listening on");
        let mut alertmanager = Self { address, process, _directory: directory };
        alertmanager.until("it answers", |_| matches!(ask(address, "GET", "/-/ready", ""), Ok((200, _))));
        alertmanager
    }

    /// Waits until something is so.
    pub fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !so(self) {
            let running = self.process.is_running();
            assert!(running && Instant::now() < end, "not so: {what}\n{}", self.process.stderr());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn post(&self, alerts: &[Alert]) {
        let alerts: Vec<_> = alerts.iter().map(|alert| &alert.0).collect();
        let (status, body) = ask(self.address, "POST", "/api/v2/alerts", &json!(alerts).to_string()).unwrap();
        assert_eq!(status, 200, "{body}");
    }

    /// All alerts with their status.
    pub fn alerts(&self) -> Vec<Value> {
        self.get("/api/v2/alerts")
    }

    /// Those that others inhibit now.
    pub fn inhibited(&self) -> Vec<Value> {
        self.get("/api/v2/alerts?active=false&silenced=false&unprocessed=false")
    }

    fn get(&self, target: &str) -> Vec<Value> {
        let (status, body) = ask(self.address, "GET", target, "").unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub fn log(&self) -> String {
        self.process.stderr()
    }
}

/// An alert as its API takes it.
#[derive(Clone, Debug)]
pub struct Alert(Value);

/// An alert that fires, with these labels.
pub fn alert(name: &str, severity: &str, labels: &[(&str, &str)]) -> Alert {
    let mut all = serde_json::Map::new();
    for (key, value) in [("alertname", name), ("severity", severity)].iter().chain(labels) {
        all.insert((*key).to_owned(), json!(value));
    }
    Alert(json!({ "labels": all, "startsAt": Timestamp::now().to_string() }))
}

impl Alert {
    /// The value of a label; empty where there is none.
    pub fn label(&self, name: &str) -> &str {
        self.0["labels"][name].as_str().unwrap_or_default()
    }

    pub fn with(mut self, label: &str, value: &str) -> Self {
        self.0["labels"][label] = json!(value);
        self
    }

    pub fn annotated(mut self, annotations: &[(&str, &str)]) -> Self {
        for (name, text) in annotations {
            self.0["annotations"][*name] = json!(text);
        }
        self
    }

    /// The same, ended now.
    pub fn resolved(mut self) -> Self {
        self.0["endsAt"] = json!(Timestamp::now().to_string());
        self
    }
}

/// Status and body of an answer. HTTP/1.0, so that no answer is chunked.
pub fn ask(address: SocketAddr, method: &str, target: &str, body: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "{method} {target} HTTP/1.0\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    Ok((status, body.to_owned()))
}
