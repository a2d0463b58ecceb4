//! URLs: the server's, the console's, the proxy's. Messages never repeat a URL: it may carry a password or a key.

use reqwest::Url;

use super::account::is_loopback;
use crate::platform::PlatformName;
use crate::platform::nsight::region::{self, server_of_region};

/// Reads a server as users write it: with or without `https://`, slash at the end, or N-sight's `/api/`.
/// The result's path ends with `/`.
///
/// # Errors
///
/// The rule that the text breaks, and the remedy.
pub fn parse(text: &str, platform: PlatformName, allow_http: bool) -> Result<Url, String> {
    let example = match platform {
        PlatformName::Nsight => "https://www.systemmonitor.co.uk",
        PlatformName::Tactical => "https://api.example.com",
    };
    let text = text.trim();
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let mut url = web_url(&text, example)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("a server has no user name or password in it. Write {example}."));
    }
    if url.domain().is_some_and(|host| !host.contains('.') && super::text::may_hold_a_key(host)) {
        return Err(format!("this looks like a key, not like a server. Write {example}."));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("a server ends before ? and #. Write {example}."));
    }
    if url.scheme() == "http" && !is_loopback(&url) && !allow_http {
        return Err("http:// sends the API key readable over the network. Write https://, or set allow_http: true where the network is trusted.".to_owned());
    }
    let mut path = url.path().trim_end_matches('/').to_owned();
    if platform == PlatformName::Nsight {
        path = path.strip_suffix("/api").unwrap_or(&path).trim_end_matches('/').to_owned();
    }
    path.push('/');
    url.set_path(&path);
    Ok(url)
}

/// Why a Tactical RMM server's URL is probably the dashboard's and not the API's.
#[must_use]
pub fn no_api_host(url: &Url) -> Option<&'static str> {
    const PAGES: [&str; 5] = ["login", "totp", "dashboard", "initialsetup", "expired"];
    let mut segments = url.path_segments().into_iter().flatten();
    if segments.any(|segment| PAGES.contains(&segment)) {
        Some(
            "this is the address of a page of the dashboard. The API has a host of its own, as a rule api.…, without a path.",
        )
    } else if url.domain().is_some_and(|host| host.starts_with("rmm.")) {
        Some("rmm.… is as a rule the dashboard's host; the API's is api.…. Check it when calls fail.")
    } else {
        None
    }
}

/// The server of a region.
///
/// # Errors
///
/// The region is unknown: which are known.
pub fn of_region(name: &str) -> Result<Url, String> {
    let url = server_of_region(name).and_then(|server| Url::parse(server).ok());
    url.ok_or_else(|| {
        format!(
            "{} is no region of N-sight. Known regions: {}. Or give the server's URL with server.",
            super::text::shown(name),
            region::names()
        )
    })
}

/// Reads a URL of the web: http or https, with a host.
///
/// # Errors
///
/// The rule that the text breaks, and the remedy.
pub fn web_url(text: &str, example: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("this is no URL ({error}). Write it like {example}."))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("a URL here starts with https:// or http://. Write it like {example}."));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_as_users_write_them() {
        for text in [
            "https://www.systemmonitor.us",
            "www.systemmonitor.us",
            " https://www.systemmonitor.us/api/ ",
            "www.systemmonitor.us/api",
        ] {
            let url = parse(text, PlatformName::Nsight, false).expect(text);
            assert_eq!(url.as_str(), "https://www.systemmonitor.us/");
        }
        let url = parse("https://rmm.example.com/tactical", PlatformName::Tactical, false).expect("path");
        assert_eq!(url.as_str(), "https://rmm.example.com/tactical/");
        let url = parse("https://rmm.example.com/api", PlatformName::Tactical, false).expect("path");
        assert_eq!(url.as_str(), "https://rmm.example.com/api/", "only N-sight's /api is known");
    }

    #[test]
    fn http_is_for_this_machine_or_on_request() {
        for text in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9/"] {
            assert!(parse(text, PlatformName::Tactical, false).is_ok(), "{text}");
        }
        for text in
            ["http://api.example.com", "http://localhost.example.com", "http://192.168.1.9:80", "http://0.0.0.0"]
        {
            assert!(parse(text, PlatformName::Tactical, false).is_err(), "{text}");
            assert!(parse(text, PlatformName::Tactical, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_may_hold_a_secret_is_refused_without_showing_it() {
        for text in [
            "https://user:TOPSECRET@api.example.com",
            "https://www.systemmonitor.us/api/?apikey=TOPSECRET&service=list_clients",
            "ftp://TOPSECRET",
            "https://TOPSECRET:port",
            "https://",
        ] {
            let message = parse(text, PlatformName::Nsight, true).expect_err(text);
            assert!(!message.contains("TOPSECRET") && message.contains("Write"), "{message}");
        }
    }

    #[test]
    fn the_dashboard_is_recognized() {
        let hint = |text: &str| no_api_host(&parse(text, PlatformName::Tactical, false).expect(text));
        for text in ["https://rmm.example.com", "https://api.example.com/login", "rmm.example.com/totp/"] {
            assert!(hint(text).is_some_and(|hint| hint.contains("api.…")), "{text}");
        }
        for text in ["https://api.example.com", "https://tactical-rmm.example.com", "https://x.example.com/api/"] {
            assert_eq!(hint(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_is_no_server() {
        for text in ["0123456789ABCDEF0123456789ABCDEF", "https://0123456789ABCDEF"] {
            let message = parse(text, PlatformName::Nsight, false).expect_err(text);
            assert!(message.contains("looks like a key") && !message.contains("456789"), "{message}");
        }
    }

    #[test]
    fn an_unknown_region_lists_the_known() {
        assert_eq!(of_region("uk").expect("uk").as_str(), "https://www.systemmonitor.co.uk/");
        let message = of_region("mars").expect_err("unknown");
        assert!(message.contains("mars is no region") && message.contains("fr1"), "{message}");
    }
}
