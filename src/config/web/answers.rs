//! `http_server_config` and `rate_limit`.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};

use super::super::reader::{Context, Field};
use super::super::text::quote;

/// The headers that the toolkit lets users set, with the only values that some of them may have.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Content-Security-Policy", &[]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-XSS-Protection", &[]),
    ("Strict-Transport-Security", &[]),
];

/// Longest time between two requests.
const LONGEST_INTERVAL: Duration = Duration::from_hours(24);

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Time in which one more request is let through; more than zero, at most a day.
    pub interval: Duration,
    /// So many requests at once are let through after a pause; 1 or more.
    pub burst: u32,
}

/// Reads `http_server_config`. `http2` is read and has no effect: HTTP/1.1 is what is spoken.
pub(super) fn headers(field: &Field, context: &mut Context) -> Vec<(HeaderName, HeaderValue)> {
    let Some(section) = field.section(&["http2", "headers"], context) else { return Vec::new() };
    if let Some(field) = section.get("http2") {
        field.boolean(context);
    }
    let known = HEADERS.map(|(name, _)| name);
    let Some(section) = section.get("headers").and_then(|field| field.section(&known, context)) else {
        return Vec::new();
    };
    let mut headers = Vec::new();
    for (name, values) in HEADERS {
        let Some(field) = section.get(name).filter(|field| !field.is_nothing()) else { continue };
        // Some of these are numbers for YAML, such as X-XSS-Protection: 0.
        let Some(text) = field.scalar(context).map(str::trim).filter(|text| !text.is_empty()) else { continue };
        if !values.is_empty() && !values.contains(&text) {
            field.error(
                format!("this header may only be {}. Write that.", quote(values).replace(", ", " or ")),
                context,
            );
            continue;
        }
        match (HeaderName::try_from(name), HeaderValue::from_str(text)) {
            (Ok(name), Ok(value)) => headers.push((name, value)),
            _ => field.error("a header's value has printable characters only, in one line. Rewrite it.", context),
        }
    }
    headers
}

/// Reads `rate_limit`.
pub(super) fn rate_limit(field: &Field, context: &mut Context) -> Option<RateLimit> {
    let section = field.section(&["interval", "burst"], context)?;
    let interval = section.get("interval").map(|field| field.duration(context));
    let burst = section.get("burst").map(|field| {
        let why = "It is the number of requests that are let through at once. ";
        field.integer(0..=u64::from(u32::MAX), why, context)
    });
    let interval = interval.flatten().filter(|interval| !interval.is_zero())?;
    if interval > LONGEST_INTERVAL {
        field.error("one request in more than a day is none. Shorten the interval.", context);
        return None;
    }
    match burst {
        Some(burst) if burst != Some(0) => {
            Some(RateLimit { interval, burst: u32::try_from(burst?).unwrap_or(u32::MAX) })
        }
        _ => {
            field.error("without a burst every request would be refused. Set burst to 1 or more.", context);
            None
        }
    }
}
