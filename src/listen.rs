//! Addresses to serve on, as Prometheus' exporters write them.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use tokio::net::TcpListener;

/// `host:port`, `[v6]:port`, or `:port` for every address of the machine. Port 0 takes a free one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// Host name or IP address; `None` is every address.
    host: Option<String>,
    port: u16,
}

impl ListenAddress {
    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// When the address cannot be had, with the address and a remedy in the message.
    pub async fn bind(&self) -> io::Result<TcpListener> {
        let bound = match &self.host {
            Some(host) => TcpListener::bind((host.as_str(), self.port)).await,
            // The unspecified IPv6 address takes IPv4 too; where there is no IPv6 at all, IPv4 alone.
            None => match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self.port)).await {
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                    TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await
                }
                bound => bound,
            },
        };
        bound.map_err(|error| {
            let message = format!("cannot listen on {self}: {error}. {}", self.remedy(&error));
            io::Error::new(error.kind(), message)
        })
    }

    fn remedy(&self, error: &io::Error) -> String {
        match error.kind() {
            io::ErrorKind::AddrInUse => {
                "Another process has the port, or another --web.listen-address: stop it, or choose another port."
                    .to_owned()
            }
            io::ErrorKind::PermissionDenied => format!(
                "Ports below 1024 are for root and processes with CAP_NET_BIND_SERVICE: choose a higher one than {}.",
                self.port
            ),
            io::ErrorKind::AddrNotAvailable => {
                "No network interface of this machine has the address: name one that it has, or :PORT for all."
                    .to_owned()
            }
            _ if self.host.as_ref().is_some_and(|host| host.contains(':')) => {
                "This machine may have no IPv6: name an IPv4 address, or :PORT for all.".to_owned()
            }
            _ if self.host.as_ref().is_some_and(|host| host.parse::<IpAddr>().is_err()) => {
                "The name may have no address here: write an IP address of this machine, or :PORT for all.".to_owned()
            }
            _ => "Choose another --web.listen-address.".to_owned(),
        }
    }

    /// The first address that is given twice. Port 0 is another one each time.
    #[must_use]
    pub fn given_twice(addresses: &[Self]) -> Option<&Self> {
        let mut rest = addresses;
        while let Some((first, others)) = rest.split_first() {
            if first.port != 0 && others.contains(first) {
                return Some(first);
            }
            rest = others;
        }
        None
    }

    /// Where a client on the same machine reaches this address.
    ///
    /// # Errors
    ///
    /// When the host name cannot be resolved.
    pub async fn local_target(&self) -> io::Result<SocketAddr> {
        let Some(host) = &self.host else { return Ok((Ipv4Addr::LOCALHOST, self.port).into()) };
        let address = tokio::net::lookup_host((host.as_str(), self.port)).await?.next();
        let mut address = address.ok_or_else(|| io::Error::other(format!("{host} has no address")))?;
        if address.ip().is_unspecified() {
            let local: IpAddr = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            address.set_ip(local);
        }
        Ok(address)
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address: write :10766, 127.0.0.1:10766 or [::1]:10766");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(v6) => Some(v6.parse::<Ipv6Addr>().map_err(|_| wrong())?.to_string()),
            None if host.is_empty() => None,
            None if host.contains(':') || host.contains(char::is_whitespace) => return Err(wrong()),
            None => Some(host.to_owned()),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            Some(host) => write!(f, "{host}:{}", self.port),
            None => write!(f, ":{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_usual_forms() {
        for text in [":10766", "127.0.0.1:0", "[::1]:9", "localhost:80"] {
            assert_eq!(text.parse::<ListenAddress>().expect("valid").to_string(), text);
        }
        for text in ["10766", "::1:80", "[::1]", "a b:1", ":65536", "[x]:1"] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_in_the_error() {
        let first = "127.0.0.1:0".parse::<ListenAddress>().expect("valid").bind().await.expect("free port");
        let taken =
            ListenAddress { host: Some("127.0.0.1".to_owned()), port: first.local_addr().expect("bound").port() };
        let error = taken.bind().await.expect_err("taken").to_string();
        assert!(error.contains(&format!("cannot listen on {taken}: ")) && error.contains("Another process"), "{error}");
    }

    #[tokio::test]
    async fn what_cannot_be_bound_is_told_with_a_remedy() {
        // An address for documentation, which no machine has.
        let text = "192.0.2.1:10766";
        let error = text.parse::<ListenAddress>().expect("valid").bind().await.expect_err(text).to_string();
        assert!(error.starts_with("cannot listen on 192.0.2.1:10766: "), "{error}");
        assert!(error.contains("No network interface of this machine has the address"), "{error}");
    }

    #[test]
    fn every_reason_has_its_remedy() {
        let remedy = |text: &str, kind: io::ErrorKind| {
            text.parse::<ListenAddress>().expect("valid").remedy(&io::Error::from(kind))
        };
        assert!(
            remedy(":80", io::ErrorKind::PermissionDenied)
                .contains("CAP_NET_BIND_SERVICE: choose a higher one than 80.")
        );
        assert!(remedy("[::1]:10766", io::ErrorKind::Unsupported).contains("no IPv6"));
        assert!(remedy("nowhere.invalid:10766", io::ErrorKind::Other).contains("The name may have no address here"));
        assert!(remedy("127.0.0.1:10766", io::ErrorKind::Other).contains("another --web.listen-address"));
    }

    #[test]
    fn the_same_address_twice_is_found() {
        let twice = |texts: &[&str]| {
            let all: Vec<ListenAddress> = texts.iter().map(|text| text.parse().expect("valid")).collect();
            ListenAddress::given_twice(&all).map(ToString::to_string)
        };
        assert_eq!(twice(&[":1", ":2", "127.0.0.1:1", ":2"]), Some(":2".to_owned()));
        assert_eq!(twice(&[":1", ":2", "127.0.0.1:1"]), None, "that is for the system to refuse");
        assert_eq!(twice(&["127.0.0.1:0", "127.0.0.1:0"]), None);
    }

    #[tokio::test]
    async fn the_local_target_of_every_address_is_loopback() {
        for (text, target) in
            [(":7", "127.0.0.1:7"), ("0.0.0.0:7", "127.0.0.1:7"), ("[::]:7", "[::1]:7"), ("127.0.0.9:7", "127.0.0.9:7")]
        {
            let address: ListenAddress = text.parse().expect("valid");
            assert_eq!(address.local_target().await.expect("resolves").to_string(), target);
        }
    }
}
