//! Where connections go: the server, or the proxy before it.

use axum::http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use crate::config::AccountConfig;

/// A host and port to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Target {
    /// The server of a URL.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let port = url.port_or_known_default()?;
        let host = url.host_str()?;
        Some(Self { host: without_brackets(host), port })
    }

    /// Whether the host is an address, so that there is nothing to resolve.
    #[must_use]
    pub fn is_address(&self) -> bool {
        self.host.parse::<std::net::IpAddr>().is_ok()
    }
}

fn without_brackets(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// The proxy that requests of the account go through, by the same rules as the HTTP client's: the configured one, else
/// for a server elsewhere the one that the environment names. Its password is left behind here.
#[must_use]
pub fn proxy(account: &AccountConfig) -> Option<Target> {
    if let Some(proxy) = &account.proxy {
        return Target::of(proxy);
    }
    if account.is_loopback() {
        return None;
    }
    let server: Uri = account.server.as_str().parse().ok()?;
    let intercepted = Matcher::from_env().intercept(&server)?;
    let proxy = intercepted.uri();
    let port = match proxy.scheme_str() {
        Some("https") => 443,
        Some(scheme) if scheme.starts_with("socks") => 1080,
        _ => 80,
    };
    Some(Target { host: without_brackets(proxy.host()?), port: proxy.port_u16().unwrap_or(port) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_of_urls() {
        for (url, host, port, is_address) in [
            ("https://api.example.com/", "api.example.com", 443, false),
            ("http://127.0.0.1:8080/x", "127.0.0.1", 8080, true),
            ("https://[2001:db8::1]/", "2001:db8::1", 443, true),
            ("http://user:secret@proxy.example:3128", "proxy.example", 3128, false),
        ] {
            let target = Target::of(&url.parse().expect("URL")).expect("a host");
            assert_eq!((target.host.as_str(), target.port, target.is_address()), (host, port, is_address));
        }
    }
}
