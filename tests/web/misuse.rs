//! Clients that are slow, greedy, old or wrong.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::{Client, Folder, Server, request, status, until};

#[test]
fn a_head_that_is_too_large_is_refused() {
    let server = Server::start(None);
    for (head, headers) in [
        ("one long line", format!("X-Long: {}\r\n", "x".repeat(20_000))),
        ("a long target", String::new()),
        ("many lines", "X-More: x\r\n".repeat(150)),
    ] {
        let path = if headers.is_empty() { format!("/{}", "x".repeat(20_000)) } else { "/metrics".to_owned() };
        let answer = server.get(&path, &headers);
        assert!(status(&answer) == 431 && !answer.contains("rmm_"), "{head}: {answer}");
    }
    assert_eq!(status(&server.get("/-/healthy", &format!("X-Long: {}\r\n", "x".repeat(10_000)))), 200);
}

#[test]
fn what_is_no_http_gets_400() {
    let server = Server::start(None);
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"] {
        let answer = server.exchange(bytes);
        assert!(status(&answer) == 400 || answer.is_empty(), "{answer}");
    }
    let twice = server.get("/metrics", "Host: another\r\n");
    assert_eq!(status(&twice), 400, "two hosts");
    let without = server.exchange(b"GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&without), 400, "no host");
    assert!(without.ends_with("Exactly one Host header is required.\n"));
}

#[test]
fn old_and_unusual_forms_are_answered() {
    let server = Server::start(None);
    let old = server.exchange(b"GET /-/healthy HTTP/1.0\r\n\r\n");
    assert!(status(&old) == 200 && old.ends_with("Healthy.\n"), "{old}");
    let absolute =
        server.exchange(b"GET http://exporter/-/healthy?x=1 HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n\r\n");
    assert!(status(&absolute) == 200 && absolute.ends_with("Healthy.\n"), "{absolute}");
    for wrong in ["OPTIONS *", "CONNECT exporter:443"] {
        let answer =
            server.exchange(format!("{wrong} HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n\r\n").as_bytes());
        assert!(matches!(status(&answer), 400 | 404 | 405), "{wrong}: {answer}");
    }
}

#[test]
fn requests_in_one_go_are_answered_in_their_order() {
    let server = Server::start(None);
    let line = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: exporter\r\n\r\n");
    let all = line("/-/healthy") + &line("/nowhere") + &line("/-/ready") + &request("/-/healthy", "");
    let answer = server.exchange(all.as_bytes());
    let places = ["Healthy.\n", "Not found.\n", "Ready.\n"].map(|text| answer.find(text).expect(text));
    assert!(places.is_sorted() && answer.matches("HTTP/1.1 ").count() == 4, "{answer}");
}

/// Sends as much as the other side takes, and counts it.
fn pour(mut stream: TcpStream, chunk: &[u8], most: usize) -> usize {
    stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut sent = 0;
    while sent < most && stream.write_all(chunk).is_ok() {
        sent += chunk.len();
    }
    sent
}

#[test]
fn nobody_reads_the_body_of_a_request() {
    const MOST: usize = 200_000_000;
    let server = Server::start(None);
    for (headers, chunk) in [
        ("Content-Length: 1000000000\r\n", vec![b'x'; 65_536]),
        ("Transfer-Encoding: chunked\r\n", [&b"10000\r\n"[..], &vec![b'x'; 65_536], b"\r\n"].concat()),
    ] {
        for path in ["/-/healthy", "/metrics", "/nowhere"] {
            let mut stream = server.connect();
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: exporter\r\n{headers}\r\n").as_bytes()).unwrap();
            let mut start = [0; 12];
            stream.read_exact(&mut start).unwrap();
            assert!(start.starts_with(b"HTTP/1.1 "), "answered before the body has come");
            // Only the buffers of the system take some of it; then the connection is closed, or nobody reads.
            let sent = pour(stream, &chunk, MOST);
            assert!(sent < MOST / 4, "{path} {headers} {sent}");
        }
    }
    let small = server.get("/-/healthy", "Content-Length: 5\r\n");
    assert_eq!(status(&small), 200, "a body that does not come holds nothing up");
}

#[test]
fn slow_readers_hold_only_their_own_places() {
    for encrypted in [false, true] {
        let folder = Folder::new();
        let path = folder.tls("");
        let server = Server::large(encrypted.then_some(path.as_path()));
        let client = Client::trusting(&folder.authority.pem);
        let open = |path: &str| -> Box<dyn Read> {
            let mut stream: Box<dyn Stream> = if encrypted {
                Box::new(client.connect(server.connect()).unwrap())
            } else {
                Box::new(server.connect())
            };
            stream.write_all(request(path, "").as_bytes()).unwrap();
            Box::new(stream)
        };
        let get = |path: &str| {
            let mut answer = Vec::new();
            open(path).read_to_end(&mut answer).unwrap();
            status(&String::from_utf8_lossy(&answer))
        };
        let slow = || {
            let mut stream = open("/metrics");
            stream.read_exact(&mut [0; 16]).unwrap();
            stream
        };
        let (first, second) = (slow(), slow());
        assert_eq!((get("/metrics"), get("/-/healthy")), (503, 200), "both places are taken");
        drop(first);
        until("the place of a client that went away is free", || get("/metrics") == 200);
        drop(second);
    }
}

/// With TLS or without.
trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

#[test]
fn many_idle_connections_keep_nobody_out() {
    let server = Server::start(None);
    let idle: Vec<TcpStream> = (0..600).map(|_| server.connect()).collect();
    assert_eq!(status(&server.get("/-/healthy", "")), 200);
    let mut oldest = &idle[0];
    assert_eq!(oldest.read(&mut [0]).unwrap_or(0), 0, "the one that waited longest made room");
}
