//! Name resolution.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::report::Line;
use super::target::Target;

/// A resolver that takes longer does not work.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The most addresses that a line shows.
const MOST_SHOWN: usize = 6;

/// The addresses of the target, and what is to be said of them.
pub async fn examine(target: &Target) -> (Vec<SocketAddr>, Line) {
    let began = Instant::now();
    let looked_up =
        tokio::time::timeout(TIME_LIMIT, tokio::net::lookup_host((target.host.as_str(), target.port))).await;
    let took = began.elapsed().as_millis();
    let addresses: Vec<SocketAddr> = match looked_up {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => return (Vec::new(), unresolved(target, &error.to_string())),
        Err(_) => return (Vec::new(), unresolved(target, "no answer within 10 s")),
    };
    if addresses.is_empty() {
        return (addresses, unresolved(target, "it has no address"));
    }
    if target.is_address() {
        return (addresses, Line::skip("name", format!("{} is an address, not a name", target.host)));
    }
    let mut shown: Vec<String> = addresses.iter().take(MOST_SHOWN).map(|address| address.ip().to_string()).collect();
    if addresses.len() > MOST_SHOWN {
        shown.push(format!("and {} more", addresses.len() - MOST_SHOWN));
    }
    let finding = format!("{} is {} ({took} ms)", target.host, shown.join(", "));
    (addresses, Line::ok("name", finding))
}

fn unresolved(target: &Target, reason: &str) -> Line {
    Line::bad(
        "name",
        format!("{} cannot be resolved: {reason}", target.host),
        "check the spelling, and the name servers of this machine or container (/etc/resolv.conf)",
    )
}
