//! The landing page: one plain HTML document that loads nothing, runs nothing, and begins with what is wrong.
//!
//! It does not reload itself: that takes the focus and the place away from whoever reads with a magnifier or a screen reader.

mod account;
mod front;
mod manual;
mod words;

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::digest;
use url::form_urlencoded;

use super::documentation::NAMED;
use super::overview::{Account, Configuration, Overview, State, StateDirectory};
use super::problems::Health;
use super::{text, with_type};
pub(super) use manual::answer as manual;
use words::{Bytes, Escaped, Exact, Moment};

/// The style, for light and dark.
const STYLE: &str = include_str!("style.css");
/// With more accounts the first page has one line for each, and their collectors are on pages of their own.
const MOST_IN_FULL: usize = 10;

/// What the browser may do: use this very style, and show the icon that is in the page.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
});

/// The page; `?account=NAME` (repeatable) is that of these accounts.
pub(super) fn answer(overview: &Overview, telemetry_path: &str, query: Option<&str>) -> Response {
    let parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let wanted: BTreeSet<String> =
        parameters.filter(|(name, _)| name == "account").map(|(_, value)| value.into_owned()).collect();
    if wanted.iter().any(|name| overview.accounts.iter().all(|account| account.name != *name)) {
        return text(StatusCode::NOT_FOUND, "There is no such account.\n");
    }
    let page = Page { overview, telemetry_path, wanted };
    let mut html = String::with_capacity(32_768);
    // Writing to a string does not fail.
    let _ = page.write(&mut html);
    let mut response = document(html);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An HTML document with the style.
fn document(html: String) -> Response {
    let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", html);
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// What a page is made of.
struct Page<'a> {
    overview: &'a Overview,
    telemetry_path: &'a str,
    /// Names of accounts; all when empty.
    wanted: BTreeSet<String>,
}

impl<'a> Page<'a> {
    fn write(&self, html: &mut String) -> fmt::Result {
        let (tone, headline) = front::headline(&self.overview.accounts, &self.overview.problems);
        write!(
            html,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{headline} · rmm-exporter</title>\n\
             <link rel=\"icon\" href=\"{}\">\n<style>{STYLE}</style>\n</head>\n<body>\n<header class=\"top\">\n\
             <h1>rmm-exporter</h1>\n",
            tone.icon()
        )?;
        self.write_links(html)?;
        html.push_str("</header>\n<main>\n");
        if self.wanted.is_empty() {
            front::write_news(html, self, tone, &headline)?;
            if self.overview.accounts.len() > 1 {
                front::write_accounts(html, self)?;
            }
        } else {
            html.push_str("<p><a href=\"/\">All accounts</a></p>\n");
        }
        for account in self.in_full() {
            account::write(html, self, account)?;
        }
        html.push_str("</main>\n");
        self.write_footer(html)?;
        html.push_str("</body>\n</html>\n");
        Ok(())
    }

    /// The accounts whose collectors are on this page, worst first.
    fn in_full(&self) -> Vec<&'a Account> {
        if self.wanted.is_empty() {
            return if self.has_many() { Vec::new() } else { self.sorted() };
        }
        self.sorted().into_iter().filter(|account| self.wanted.contains(&account.name)).collect()
    }

    fn has_many(&self) -> bool {
        self.overview.accounts.len() > MOST_IN_FULL
    }

    /// Worst first, else in the order of the configuration.
    fn sorted(&self) -> Vec<&'a Account> {
        let mut accounts: Vec<_> = self.overview.accounts.iter().collect();
        accounts.sort_by_key(|account| account.health);
        accounts
    }

    /// Where the collectors of an account are; fit for an attribute.
    fn place(&self, name: &str) -> String {
        if self.has_many() { format!("/?account={}", encoded(name)) } else { format!("#{}", self.id(name)) }
    }

    /// The id of the account's section.
    fn id(&self, name: &str) -> String {
        let position = self.overview.accounts.iter().position(|account| account.name == name);
        format!("account-{}", position.unwrap_or_default() + 1)
    }

    fn write_links(&self, html: &mut String) -> fmt::Result {
        writeln!(
            html,
            "<nav aria-label=\"Pages\"><ul><li><a href=\"{}\">Metrics</a></li>\
             <li><a href=\"/api/v1/status\">Status as JSON</a></li><li><a href=\"/-/healthy\">Health</a></li>\
             <li><a href=\"/-/ready\">Readiness</a></li></ul></nav>",
            Escaped(self.telemetry_path)
        )
    }

    fn write_footer(&self, html: &mut String) -> fmt::Result {
        let Overview { version, revision, time, configuration, state_directory, .. } = self.overview;
        let as_of = Exact(time.0, time.0.strftime("%Y-%m-%d %H:%M:%S UTC"));
        writeln!(html, "<footer>\n<p>As of {as_of}. Reload the page for newer data.</p>")?;
        html.push_str("<p>");
        self.write_configuration(html, configuration)?;
        match state_directory {
            Some(StateDirectory { writing: true, size_bytes, .. }) => {
                write!(html, " State directory: written, {}.", Bytes(*size_bytes))?;
            }
            Some(_) => html.push_str(" State directory: not everything can be written."),
            None => html.push_str(" State directory: none, or not read yet."),
        }
        writeln!(
            html,
            " Version {} (revision {}).</p>\n<nav aria-label=\"Documentation\"><ul><li>Documentation of this version:</li>",
            Escaped(version),
            Escaped(revision)
        )?;
        for (name, path) in NAMED {
            write!(html, "<li><a href=\"{path}\">{name}</a></li>")?;
        }
        html.push_str("</ul></nav>\n</footer>\n");
        Ok(())
    }

    /// When the configuration was read, and whether the one that is used is the one that is there.
    fn write_configuration(&self, html: &mut String, configuration: &Configuration) -> fmt::Result {
        let now = self.overview.time.0;
        match (configuration.last_reload, configuration.last_success) {
            (Some(read), _) if configuration.success => write!(html, "Configuration: read {}.", Moment(read.0, now)),
            (Some(failed), Some(read)) => {
                let (failed, read) = (Moment(failed.0, now), Moment(read.0, now));
                write!(html, "Configuration: the reload {failed} failed; in use is that of {read}.")
            }
            _ => write!(html, "Configuration: not read yet."),
        }
    }
}

/// How good or bad something is. Always beside a word that says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Good,
    Bad,
    Warn,
    Calm,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Calm => "calm",
        }
    }

    /// The icon of the tab: a tick, a cross, an exclamation mark, or a dot.
    const fn icon(self) -> &'static str {
        macro_rules! icon {
            ($back:literal, $shape:literal) => {
                concat!(
                    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' \
                     cy='8' r='8' fill='%23",
                    $back,
                    "'/%3E%3Cpath d='",
                    $shape,
                    "' fill='none' stroke='%23fff' stroke-width='2' stroke-linecap='round'/%3E%3C/svg%3E"
                )
            };
        }
        match self {
            Self::Good => icon!("14683c", "M4.5 8.5l2.5 2.5 4.5-5.5"),
            Self::Bad => icon!("a61b14", "M5 5l6 6M11 5l-6 6"),
            Self::Warn => icon!("7a4a00", "M8 4v5M8 12v0"),
            Self::Calm => icon!("515c6b", "M8 8v0"),
        }
    }

    const fn of(health: Health) -> Self {
        match health {
            Health::Down => Self::Bad,
            Health::Impaired => Self::Warn,
            Health::Starting => Self::Calm,
            Health::Ok => Self::Good,
        }
    }
}

/// A word in its tone.
fn badge(tone: Tone, word: &str) -> String {
    format!("<span class=\"badge {}\">{word}</span>", tone.class())
}

/// The badge of an account.
fn health_badge(health: Health) -> String {
    let word = match health {
        Health::Down => "down",
        Health::Impaired => "needs attention",
        Health::Starting => "starting",
        Health::Ok => "up",
    };
    badge(Tone::of(health), word)
}

/// A collector's state in a word.
const fn state_words(state: State) -> (Tone, &'static str) {
    match state {
        State::SwitchedOff => (Tone::Bad, "switched off"),
        State::PartlySwitchedOff => (Tone::Warn, "partly switched off"),
        State::Failing => (Tone::Bad, "failing"),
        State::Stale => (Tone::Bad, "nothing fresh"),
        State::NothingToAsk => (Tone::Calm, "nothing to ask"),
        State::WaitingForInventory => (Tone::Calm, "waiting for the inventory"),
        State::NoDataYet => (Tone::Calm, "no data yet"),
        State::Ok => (Tone::Good, "ok"),
    }
}

/// The platform as its makers write it.
fn platform(name: &str) -> &'static str {
    match name {
        "nsight" => "N-sight RMM",
        _ => "Tactical RMM",
    }
}

/// Text inside the query of a URL; nothing is left that HTML would read as its own.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests;
