//! What several test programs share: the plainest HTTP client, and a reader of the text exposition format.

#![allow(dead_code)] // not every test program uses all of it

pub mod child;
pub mod prometheus;
pub mod servers;
pub mod stopwatch;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Label names and values.
pub type Labels = BTreeMap<String, String>;
/// Every series with its value.
pub type SeriesMap = BTreeMap<(String, Labels), f64>;

/// How long is waited for what must come, where it does not matter how long it takes: on a busy machine that can be long.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Status, head and body of a GET. The body must not be chunked, as none of ours is.
pub fn get(address: SocketAddr, target: &str, headers: &[&str]) -> std::io::Result<(u16, String, Vec<u8>)> {
    ask(address, "GET", target, headers)
}

/// The same by another method, without a body.
pub fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[&str],
) -> std::io::Result<(u16, String, Vec<u8>)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
    for header in headers {
        request = request + header + "\r\n";
    }
    stream.write_all((request + "\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    Ok((status, head, body))
}

/// Reads an exposition in the text format; panics on a line that is none, and on a series that comes twice.
pub fn parse(text: &str) -> SeriesMap {
    let mut all = SeriesMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels_of(labels, line)),
            None => (series, Labels::new()),
        };
        let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        assert!(all.insert((name.to_owned(), labels), value).is_none(), "twice: {line}");
    }
    all
}

fn labels_of(text: &str, line: &str) -> Labels {
    let mut labels = Labels::new();
    let mut rest = text.strip_suffix('}').unwrap_or_else(|| panic!("open labels: {line}"));
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        let (mut value, mut letters) = (String::new(), after.char_indices());
        let end = loop {
            match letters.next() {
                Some((at, '"')) => break at,
                Some((_, '\\')) => match letters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, letter @ ('"' | '\\'))) => value.push(letter),
                    other => panic!("bad escape {other:?}: {line}"),
                },
                Some((_, letter)) => value.push(letter),
                None => panic!("open value: {line}"),
            }
        };
        assert!(labels.insert(name.to_owned(), value).is_none(), "label twice: {line}");
        rest = after.get(end + 1..).unwrap_or_default();
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    labels
}

/// The value of the one series of that name that has all these labels.
pub fn value(all: &SeriesMap, name: &str, wanted: &[(&str, &str)]) -> Option<f64> {
    let fits = |labels: &Labels| wanted.iter().all(|(key, value)| labels.get(*key).is_some_and(|found| found == value));
    let mut found = all.iter().filter(|((other, labels), _)| other == name && fits(labels));
    let first = found.next().map(|(_, value)| *value);
    assert!(found.next().is_none(), "several {name} with {wanted:?}");
    first
}

/// Only what is said about the fleet, without what the exporter says about itself.
pub fn fleet_only(all: &SeriesMap) -> SeriesMap {
    let own = ["rmm_exporter_", "rmm_api_", "rmm_collector_", "process_", "rmm_up", "rmm_account_info"];
    let fleet = all.iter().filter(|((name, _), _)| !own.iter().any(|prefix| name.starts_with(prefix)));
    fleet.map(|(series, value)| (series.clone(), *value)).collect()
}

/// The first differences in words; empty when both are the same.
pub fn difference(found: &SeriesMap, expected: &SeriesMap) -> String {
    let mut lines = Vec::new();
    for ((name, labels), value) in expected {
        match found.get(&(name.clone(), labels.clone())) {
            None => lines.push(format!("missing {name}{labels:?} {value}")),
            Some(other) if other.to_bits() != value.to_bits() => {
                lines.push(format!("{name}{labels:?} is {other}, not {value}"));
            }
            Some(_) => {}
        }
    }
    let extra = found.iter().filter(|(series, _)| !expected.contains_key(*series));
    lines.extend(extra.map(|((name, labels), value)| format!("too much: {name}{labels:?} {value}")));
    let count = lines.len();
    lines.truncate(25);
    if count == 0 { String::new() } else { format!("{count} differences:\n{}", lines.join("\n")) }
}
