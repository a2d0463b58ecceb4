//! TCP: one connection for each address family.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::report::Line;

/// A server that does not take a connection within this time cannot be worked with.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// So many addresses of a family are tried.
const MOST_TRIED: usize = 3;

/// What became of one family.
struct Family {
    name: &'static str,
    result: Result<(SocketAddr, TcpStream, Duration), (SocketAddr, io::Error)>,
}

/// Connects to the first address of each family that takes a connection. The first connection is given back.
pub async fn examine(addresses: &[SocketAddr]) -> (Option<TcpStream>, Vec<Line>) {
    let mut families = Vec::new();
    for (name, is_v4) in [("IPv4", true), ("IPv6", false)] {
        let mut result = None;
        for address in addresses.iter().filter(|address| address.is_ipv4() == is_v4).take(MOST_TRIED) {
            let began = Instant::now();
            match tokio::time::timeout(TIME_LIMIT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    result = Some(Ok((*address, stream, began.elapsed())));
                    break;
                }
                Ok(Err(error)) => result = Some(Err((*address, error))),
                Err(_) => result = Some(Err((*address, io::ErrorKind::TimedOut.into()))),
            }
        }
        families.extend(result.map(|result| Family { name, result }));
    }
    let another_works = families.iter().any(|family| family.result.is_ok());
    let lines = families.iter().map(|family| line(family, another_works)).collect();
    let stream = families.into_iter().find_map(|family| family.result.ok()).map(|(_, stream, _)| stream);
    (stream, lines)
}

fn line(family: &Family, another_works: bool) -> Line {
    let line = match &family.result {
        Ok((address, _, took)) => Line::ok("tcp", format!("connected to {address} in {} ms", took.as_millis())),
        Err((_, error)) if another_works && error.kind() == io::ErrorKind::NetworkUnreachable => {
            Line::skip("tcp", format!("this machine has no {}", family.name))
        }
        Err((address, error)) => {
            let finding = format!("no connection to {address}: {}", reason(error));
            if another_works {
                let remedy = format!(
                    "calls go by the other family, but each may try this one first: let {} through, or take it out of \
                     the DNS",
                    family.name
                );
                Line::warn("tcp", finding, remedy)
            } else {
                Line::bad("tcp", finding, remedy(address, error))
            }
        }
    };
    line.about(family.name)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => format!("no answer within {} s", TIME_LIMIT.as_secs()),
        _ => error.to_string(),
    }
}

fn remedy(address: &SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!(
                "nothing listens on port {} there: check the port in server, and whether the server runs",
                address.port()
            )
        }
        io::ErrorKind::TimedOut => format!(
            "something drops the packets: let TCP to port {} out through the firewall, or set proxy",
            address.port()
        ),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            "this machine has no route there: check its network, or set proxy".to_owned()
        }
        _ => format!("let TCP to port {} out through the firewall, or set proxy", address.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Verdict;
    use tokio::net::{TcpListener, TcpSocket};

    #[tokio::test]
    async fn each_family_has_its_line() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let open = listener.local_addr().expect("address");
        // Nobody else can take it, and it does not listen.
        let taken = TcpSocket::new_v4().expect("socket");
        taken.bind("127.0.0.1:0".parse().expect("address")).expect("port");
        let closed = taken.local_addr().expect("address");
        let (stream, lines) = examine(&[open]).await;
        assert!(stream.is_some());
        assert_eq!(lines.iter().map(|line| line.verdict).collect::<Vec<_>>(), [Verdict::Ok]);
        let (stream, lines) = examine(&[closed]).await;
        assert!(stream.is_none());
        assert!(lines[0].remedy.as_ref().is_some_and(|remedy| remedy.contains("nothing listens")), "{lines:?}");
        let (stream, lines) = examine(&[closed, open]).await;
        assert!(stream.is_some(), "another address of the family is tried: {lines:?}");
        let v6 = SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), closed.port());
        let (_, lines) = examine(&[open, v6]).await;
        assert_eq!(lines.len(), 2);
        assert_ne!(lines[1].verdict, Verdict::Bad, "one family is enough: {lines:?}");
        assert_ne!(lines[1].verdict, Verdict::Ok);
    }
}
