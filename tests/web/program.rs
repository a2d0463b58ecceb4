//! The built program: faults at the start, the health check, and a real Prometheus.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, IsCa};

use crate::harness::{Authority, Client, Folder, basic, exchange, hash, request, status, until};
use crate::support::child::{Ended, Process, exporter, run};
use crate::support::stopwatch::Stopwatch;
use crate::support::{PATIENCE, get, prometheus};
use crate::tool::is_missing;

const LISTEN: &str = "--web.listen-address=127.0.0.1:0";

fn web(path: &Path) -> String {
    format!("--web.config.file={}", path.display())
}

/// A configuration whose RMM server is this listener.
fn configuration(folder: &Folder, rmm: &TcpListener) -> String {
    rmm.set_nonblocking(true).unwrap();
    let text = format!(
        "accounts:\n  - name: uk\n    platform: nsight\n    server: http://{}\n    api_key: TOPSECRET0123456789\n",
        rmm.local_addr().unwrap()
    );
    format!("--config.file={}", folder.write("rmm-exporter.yml", &text).display())
}

#[test]
fn what_is_wrong_at_the_start_ends_it_before_anything_is_polled() {
    let folder = Folder::new();
    let rmm = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = configuration(&folder, &rmm);
    let broken = web(&folder.write("broken.yml", "basic_auth_users:\n  anna: TOPSECRET\n"));
    let missing = web(&folder.path("missing.yml"));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("--web.listen-address={}", taken.local_addr().unwrap());
    for (arguments, expected) in [
        (vec![LISTEN, &broken], "broken.yml:2:3: basic_auth_users.anna: this is no bcrypt hash"),
        (vec![LISTEN, &missing], "missing.yml: cannot read the file: No such file or directory"),
        (vec![LISTEN, &taken], "Another process has the port, or another --web.listen-address"),
        (
            vec!["--web.listen-address=127.0.0.1:1", "--web.listen-address=127.0.0.1:1"],
            "--web.listen-address=127.0.0.1:1 is given twice. Give it once.",
        ),
        (vec!["--web.listen-address=192.0.2.1:10766"], "cannot listen on 192.0.2.1:10766: "),
    ] {
        let ended = run(exporter().arg(&config).args(&arguments));
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected) && !ended.stderr.contains("TOPSECRET"), "{}", ended.stderr);
        assert!(rmm.accept().is_err(), "polled nevertheless");
    }
    let ended = run(exporter().args(["check-config", &config, &broken]));
    assert!(ended.status.code() == Some(1) && ended.stderr.contains("this is no bcrypt hash"), "{}", ended.stderr);
    let open = web(&folder.write("open.yml", &format!("basic_auth_users:\n  anna: {}\n", hash("one"))));
    let ended = run(exporter().args(["check-config", &config, &open]));
    assert!(ended.status.success() && ended.stdout.contains("without TLS passwords are readable"), "{}", ended.stdout);
}

/// The demo with this web configuration, and where it serves.
fn demo(path: &Path) -> (Process, SocketAddr) {
    let mut process =
        Process::start(exporter().args(["demo", "--devices=12", "--log.level=trace", LISTEN, &web(path)]));
    let address = process.address();
    (process, address)
}

fn healthcheck(address: SocketAddr) -> Ended {
    run(exporter().args(["healthcheck", &format!("--web.listen-address={address}")]))
}

fn until_healthy(process: &mut Process, address: SocketAddr) -> Ended {
    let end = Instant::now() + PATIENCE;
    loop {
        let ended = healthcheck(address);
        if ended.status.success() {
            return ended;
        }
        assert_eq!(ended.status.code(), Some(1));
        // Three seconds are its own patience.
        let known = ["Not ready: ", "no answer"].iter().any(|words| ended.stderr.contains(words));
        assert!(known, "{}", ended.stderr);
        assert!(process.is_running() && Instant::now() < end, "{}", process.stderr());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn healthcheck_works_whatever_the_port_wants() {
    let folder = Folder::new();
    let (mut encrypted, address) = demo(&folder.tls(""));
    assert_eq!(until_healthy(&mut encrypted, address).stdout, "Ready.\n");
    encrypted.signal("TERM");
    let ended = encrypted.end(Duration::from_secs(5));
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stdout.contains("https://localhost:"), "{}", ended.stdout);
    assert_eq!(healthcheck(address).status.code(), Some(1), "nobody is there");

    let users = format!("basic_auth_users:\n  anna: {}\n", hash("one"));
    let path = folder.tls("");
    let both = folder.write("both.yml", &(std::fs::read_to_string(path).unwrap() + &users));
    let (mut behind_password, address) = demo(&both);
    let ended = until_healthy(&mut behind_password, address);
    assert_eq!(ended.stdout, "It serves, for users with a password.\n");

    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    for version in ["TLS12", "TLS13"] {
        let (mut for_certificates, address) = demo(&folder.tls(&format!("{more}  max_version: {version}\n")));
        let ended = until_healthy(&mut for_certificates, address);
        assert_eq!(ended.stdout, "It serves, for clients with a certificate.\n", "{version}");
    }
}

#[test]
fn no_password_hash_or_key_is_in_the_log() {
    let folder = Folder::new();
    let hash = hash("TOPSECRET");
    let path = folder.write("web.yml", &format!("basic_auth_users:\n  anna: {hash}\n"));
    let (process, address) = demo(&path);
    let header = |password: &str| basic("anna", password);
    for (password, expected) in [("TOPSECRET", 200), ("TOPSECRET", 200), ("WRONGSECRET", 401)] {
        let line = header(password);
        let (status, _, _) = get(address, "/-/healthy", &[line.trim_end()]).unwrap();
        assert_eq!(status, expected);
    }
    // A broken file that holds a password, and a request with one by the wrong protocol.
    folder.write("web.yml", "basic_auth_users:\n  anna: THIRDSECRET\n");
    std::thread::sleep(Duration::from_millis(1100));
    let _ = get(address, "/-/healthy", &[]);
    let end = Instant::now() + PATIENCE;
    while !process.stderr().contains("the last good one stays in force") {
        assert!(Instant::now() < end, "{}", process.stderr());
        std::thread::sleep(Duration::from_millis(50));
    }
    let log = process.stderr();
    assert_eq!(log.matches("without TLS passwords are readable").count(), 1, "{log}");
    for secret in ["SECRET", hash.as_str(), header("TOPSECRET")[21..].trim()] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    std::thread::sleep(Duration::from_millis(1100));
    let _ = get(address, "/-/healthy", &[]);
    let _ = get(address, "/-/healthy", &[]);
    assert_eq!(process.stderr().matches("the last good one stays in force").count(), 1, "told once");
}

#[test]
fn why_a_clients_certificate_is_refused_is_in_the_log_once() {
    let folder = Folder::new();
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    let (process, address) = demo(&folder.tls(more));
    let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificates = [
        folder.authority.issue_as(is_ca, &["prometheus.example"]),
        Authority::new("Another authority").issue(&["prometheus.example"]),
    ];
    for certificate in certificates.iter().chain(&certificates) {
        let client = Client::new(&folder.authority.pem, rustls::ALL_VERSIONS, Some(certificate));
        let stream = client.connect(std::net::TcpStream::connect(address).unwrap());
        assert!(stream.and_then(|stream| exchange(stream, request("/", "").as_bytes())).is_err());
    }
    for reason in ["Issue an X.509 v3 certificate with CA:FALSE", "it is not of the authority in client_ca_file"] {
        until(reason, || process.stderr().contains(reason));
        assert_eq!(process.stderr().matches(reason).count(), 1, "{reason}: {}", process.stderr());
    }
}

/// The demo behind a shell that sets this limit of open files first.
fn demo_within(limit: &str) -> (Process, SocketAddr) {
    let program = exporter();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")]).arg(program.get_program());
    shell.args(["demo", "--devices=12", LISTEN]).current_dir(std::env::temp_dir()).env("TOKIO_WORKER_THREADS", "2");
    let mut process = Process::start(&mut shell);
    let address = process.address();
    (process, address)
}

#[test]
fn who_holds_every_file_descriptor_keeps_nobody_out() {
    let (process, address) = demo_within("ulimit -n 60");
    let held: Vec<_> = (0..100).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    let began = Stopwatch::start();
    for _ in 0..5 {
        assert_eq!(get(address, "/-/healthy", &[]).unwrap().0, 200);
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    until("the log tells", || process.stderr().contains("no connection can be accepted"));
    assert_eq!(process.stderr().matches("no connection can be accepted").count(), 1, "{}", process.stderr());
    drop(held);
}

#[test]
#[cfg(target_os = "linux")]
fn the_limit_of_open_files_is_raised() {
    let (_process, address) = demo_within("ulimit -S -n 80 && ulimit -H -n 200");
    let (_, _, body) = get(address, "/metrics", &[]).unwrap();
    let metrics = String::from_utf8_lossy(&body).into_owned();
    assert!(metrics.contains("\nprocess_max_fds 200\n"), "{metrics}");
}

#[test]
fn prometheus_scrapes_with_certificate_and_password() {
    if is_missing("prometheus") {
        return;
    }
    let folder = Folder::new();
    let clients = Authority::new("Clients");
    folder.write("clients.pem", &clients.pem);
    let (certificate, key) = clients.issue(&["prometheus.example"]);
    folder.write("client.pem", &certificate);
    folder.write("client.key", &key);
    folder.write("password", "one\n");
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n  client_allowed_sans: [prometheus.example]\n";
    let text = std::fs::read_to_string(folder.tls(more)).unwrap();
    let web = format!("{text}basic_auth_users:\n  prometheus: {}\n", hash("one"));
    let (process, exporter) = demo(&folder.write("web.yml", &web));

    let text = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n  - job_name: rmm\n    scheme: https\n    \
         basic_auth: {{ username: prometheus, password_file: password }}\n    \
         tls_config: {{ ca_file: ca.pem, server_name: localhost, cert_file: client.pem, key_file: client.key }}\n    \
         static_configs: [{{ targets: ['{exporter}'] }}]\n"
    );
    let config = folder.write("prometheus.yml", &text);
    let (mut prometheus, address) = prometheus::start(&config);
    let value = |query: &str| {
        let (_, _, body) = get(address, &format!("/api/v1/query?query={query}"), &[]).ok()?;
        let answer: serde_json::Value = serde_json::from_slice(&body).ok()?;
        answer["data"]["result"][0]["value"][1].as_str().map(str::to_owned)
    };
    let end = Instant::now() + PATIENCE;
    while value("up").as_deref() != Some("1") {
        let (_, _, targets) = get(address, "/api/v1/targets", &[]).unwrap_or_default();
        let targets = String::from_utf8_lossy(&targets).into_owned();
        assert!(prometheus.is_running() && Instant::now() < end, "{targets} {}", prometheus.stderr());
        std::thread::sleep(Duration::from_millis(200));
    }
    // A change closes the connection that Prometheus keeps open, and costs no scrape.
    let closed = "closed a connection: TLS has other settings now";
    assert!(!process.stderr().contains(closed));
    let watch = Stopwatch::start();
    folder.write("web.yml", &format!("{web}rate_limit: {{ interval: 1ms, burst: 1000 }}\n"));
    until(closed, || process.stderr().contains(closed));
    let since = |function: &str| value(&format!("{function}(up[{}s])", watch.seconds().max(1)));
    until("three scrapes", || since("count_over_time").is_some_and(|count| count.parse::<f64>().unwrap() >= 3.0));
    // A machine that stands still scrapes nothing either.
    assert!(since("min_over_time").as_deref() == Some("1") || watch.lost() > Duration::from_millis(300));
    assert_eq!(process.stderr().matches(closed).count(), 1);
    // The certificate alone does not do.
    let client = Client::new(&folder.authority.pem, rustls::ALL_VERSIONS, Some(&(certificate, key)));
    let stream = client.connect(std::net::TcpStream::connect(exporter).unwrap()).unwrap();
    assert_eq!(status(&exchange(stream, request("/metrics", "").as_bytes()).unwrap()), 401);
}
