//! One request to N-sight, one answer, and what its status says.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::call::Call;
use super::error::Error;
use crate::config::AccountConfig;
use crate::planner::Permit;
use crate::platform::SetupError;
use crate::platform::key::ApiKey;
use crate::platform::large::work_on;
use crate::platform::redact::{redact_body, url_encoded};
use crate::platform::transport::{RawAnswer, Transport, TransportOptions};

/// The largest answer that is read, decompressed. patch_list_all of a device has some megabytes at most.
const MAX_BODY_BYTES: u64 = 64 * 1024 * 1024;

/// Sends calls to one account's server.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    /// `{server}/api/`, without the key.
    endpoint: Url,
    key: Arc<ApiKey>,
}

impl Client {
    /// Reads the key and sets up the HTTP client. No connection is made.
    ///
    /// # Errors
    ///
    /// When there is no key, or the options cannot be used.
    pub fn new(config: &AccountConfig) -> Result<Self, SetupError> {
        let transport = Transport::new(&TransportOptions::of(config))?;
        let mut endpoint = config.server.clone();
        endpoint.set_query(None);
        endpoint.set_fragment(None);
        let host = || SetupError::Server(config.server.host_str().unwrap_or_default().to_owned());
        endpoint.path_segments_mut().map_err(|()| host())?.pop_if_empty().push("api").push("");
        Ok(Self { transport, endpoint, key: Arc::new(ApiKey::load(&config.api_key)?.of(&config.name)) })
    }

    /// Reads the key again; says whether it changed.
    #[must_use]
    pub fn reload_key(&self) -> bool {
        self.key.reload()
    }

    /// The key, for whoever has to keep it out of something.
    #[must_use]
    pub fn key(&self) -> Arc<ApiKey> {
        Arc::clone(&self.key)
    }

    /// Makes the call at `now`. Gives back the answer, whatever its status, without the key: a server may repeat the request.
    ///
    /// # Errors
    ///
    /// When there is no whole answer.
    pub async fn fetch(&self, call: &Call, now: Timestamp, permit: Permit) -> Result<RawAnswer, Error> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/xml"))]);
        let key = self.key.current();
        let url = self.url(call, now, &key);
        let mut answer = self.transport.send(permit, Method::GET, url, headers, None, MAX_BODY_BYTES).await?;
        let bytes = answer.body.len();
        let work = move || {
            take_out(&mut answer, key.expose_secret());
            answer
        };
        work_on(bytes, work).await.map_err(|_| Error::broken_off())
    }

    /// The URL of a call. It holds the key: it is for the transport, and for nothing else.
    fn url(&self, call: &Call, now: Timestamp, key: &SecretString) -> Url {
        // The key goes into a buffer that is large enough from the start: one that grows leaves copies behind.
        let key = url_encoded(key.expose_secret());
        let mut rest = format!("&service={}", call.service());
        let mut push = |name: &str, value: &str| {
            rest.push('&');
            rest.push_str(name);
            rest.push('=');
            rest.push_str(&url_encoded(value));
        };
        call.parameters().into_iter().for_each(|(name, value)| push(name, value));
        call.moving_parameters(now).iter().for_each(|(name, value)| push(name, value));
        let query = Zeroizing::new(["apikey=", &key, &rest].concat());
        let mut url = self.endpoint.clone();
        url.set_query(Some(&query));
        url
    }
}

/// Takes the key out of an answer: a server may repeat the request.
pub(crate) fn take_out(answer: &mut RawAnswer, key: &str) {
    redact_body(&mut answer.body, key);
}

/// The body, if the status and what the body looks like allow it to be an answer.
pub(super) fn body_of(answer: RawAnswer) -> Result<Vec<u8>, Error> {
    let status = answer.status;
    match status {
        200..300 if looks_like_html(&answer) => Err(Error::Blocked(status)),
        200 if answer.body.trim_ascii().is_empty() => Err(Error::decode("it is empty")),
        // Another good status is of a part, of nothing yet, or of somebody else's making.
        200 => Ok(answer.body),
        401 => Err(Error::Unauthorized(format!("HTTP {status}"))),
        403 if looks_like_json(&answer) => Err(Error::Forbidden),
        403 if looks_like_html(&answer) => Err(Error::Blocked(status)),
        429 => Err(throttled(&answer)),
        503 if answer.retry_after.is_some() => Err(throttled(&answer)),
        _ => Err(Error::Http(status)),
    }
}

fn throttled(answer: &RawAnswer) -> Error {
    Error::Throttled { retry_after: answer.retry_after, message: format!("HTTP {}", answer.status) }
}

/// By its first bytes, because XML may well be called text/html; by its type only when it is no markup at all.
fn looks_like_html(answer: &RawAnswer) -> bool {
    let body = start(answer);
    let starts_with = |tag: &str| body.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
    let is_markup = body.first() == Some(&b'<');
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| starts_with(tag))
        || (!is_markup && !body.is_empty() && answer.content_type.starts_with("text/html"))
}

fn looks_like_json(answer: &RawAnswer) -> bool {
    answer.content_type.contains("json") || matches!(start(answer).first(), Some(b'{' | b'['))
}

/// The body without byte order mark and leading white space.
fn start(answer: &RawAnswer) -> &[u8] {
    let body = answer.body.trim_ascii_start();
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start()
}

#[cfg(test)]
mod tests;
