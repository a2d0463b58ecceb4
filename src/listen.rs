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
    /// When the address cannot be had, with the address in the message.
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
        bound.map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {self}: {error}")))
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
        assert!(error.contains(&format!("cannot listen on {taken}")), "{error}");
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
