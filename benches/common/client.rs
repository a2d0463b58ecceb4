//! A client that reads bytes and does nothing with them.

#![allow(dead_code)] // not every bench uses all of it

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// An open connection, which is used again and again as Prometheus does.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer that was read to its end.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub first_byte: Duration,
    pub total: Duration,
    /// Of the body.
    pub bytes: usize,
}

impl Connection {
    pub fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("connected");
        stream.set_nodelay(true).expect("set");
        Self { stream, buffer: vec![0; 256 * 1024] }
    }

    /// Asks, and reads the answer.
    pub fn get(&mut self, path: &str, gzip: bool) -> Answer {
        self.get_with(path, gzip, |_| ())
    }

    /// The same, and keeps the body.
    pub fn body(&mut self, path: &str, gzip: bool) -> Vec<u8> {
        let mut body = Vec::new();
        self.get_with(path, gzip, |bytes| body.extend_from_slice(bytes));
        body
    }

    fn get_with(&mut self, path: &str, gzip: bool, mut take: impl FnMut(&[u8])) -> Answer {
        // What Prometheus sends.
        let encoding = if gzip { "gzip" } else { "identity" };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: exporter\r\nUser-Agent: Prometheus/3.5.0\r\n\
             Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1\r\n\
             Accept-Encoding: {encoding}\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n"
        );
        let start = Instant::now();
        self.stream.write_all(request.as_bytes()).expect("sent");
        let mut filled = self.stream.read(&mut self.buffer).expect("read");
        let first_byte = start.elapsed();
        let (head, length) = loop {
            let read = self.buffer.get(..filled).expect("within");
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break (end + 4, length(read.get(..end).expect("within")));
            }
            let more = self.stream.read(self.buffer.get_mut(filled..).expect("within")).expect("read");
            assert!(more > 0, "the connection ended within a head");
            filled += more;
        };
        take(self.buffer.get(head..filled).expect("within"));
        let mut bytes = filled - head;
        while bytes < length {
            let read = self.stream.read(&mut self.buffer).expect("read");
            assert!(read > 0, "the connection ended within a body");
            take(self.buffer.get(..read).expect("within"));
            bytes += read;
        }
        let total = start.elapsed();
        assert_eq!(bytes, length, "the length that was announced");
        Answer { first_byte, total, bytes }
    }
}

/// The length that a head announces.
fn length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).expect("text");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let value =
        head.lines().find_map(|line| line.split_once(": ").filter(|it| it.0.eq_ignore_ascii_case("content-length")));
    value.expect("a length").1.parse().expect("a number")
}

/// The time that `part` of them do not exceed.
pub fn quantile(times: impl Iterator<Item = Duration>, part: f64) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let index = (last as f64 * part).round() as usize;
    times.get(index).copied().unwrap_or_default()
}
