//! Sends a call: URL, headers, key.

use std::sync::Arc;

use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::call::{Call, Credential, is_safe_segment};
use super::error::{ApiError, KeyProblem, detail};
use crate::planner::Permit;
use crate::platform::key::ApiKey;
use crate::platform::redact::{redact_body, redact_text};
use crate::platform::transport::{RawAnswer, Transport};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const MONITORING_TOKEN: HeaderName = HeaderName::from_static("x-mon-token");

/// A Tactical RMM server and the key for it.
#[derive(Debug)]
pub(super) struct Client {
    transport: Transport,
    base: Url,
    key: Arc<ApiKey>,
    /// For the calls that take it in place of the key.
    token: Option<Arc<ApiKey>>,
}

impl Client {
    /// `base` may have a path in front of the API's own, with or without trailing slash.
    pub(super) const fn new(transport: Transport, base: Url, key: Arc<ApiKey>, token: Option<Arc<ApiKey>>) -> Self {
        Self { transport, base, key, token }
    }

    /// Reads the key again from where it is kept.
    pub(super) fn reload_key(&self) {
        self.key.reload();
    }

    /// The text, for a log, without the secrets.
    pub(super) fn hide(&self, text: &str) -> String {
        let clean = self.key.hide(text);
        self.token.as_ref().map_or_else(|| clean.clone(), |token| token.hide(&clean))
    }

    /// Sends the call and reads the whole answer, whatever its status. The key is taken out of it: some proxies repeat the
    /// request in their pages.
    pub(super) async fn send(&self, call: &Call, permit: Permit) -> Result<RawAnswer, ApiError> {
        let url = url(&self.base, call)?;
        let (name, key) = match (call.credential(), &self.token) {
            (Credential::MonitoringToken, Some(token)) => (MONITORING_TOKEN, token.current()),
            _ => (API_KEY, self.key.current()),
        };
        let mut headers = headers(name, &key)?;
        let body = call.body().map(|body| body.as_bytes().to_vec());
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let sent = self.transport.send(permit, call.method(), url, headers, body, call.max_bytes()).await;
        let mut answer = sent.map_err(ApiError::Transport)?;
        forget_key(&mut answer, key.expose_secret());
        Ok(answer)
    }
}

/// Never an Authorization header: the server looks at it first and refuses the call, good key or not.
fn headers(name: HeaderName, key: &SecretString) -> Result<HeaderMap, ApiError> {
    let mut value = HeaderValue::from_str(key.expose_secret()).map_err(|_| ApiError::Key(KeyProblem::Unsendable))?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert(name, value);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(headers)
}

fn forget_key(answer: &mut RawAnswer, key: &str) {
    redact_body(&mut answer.body, key);
    // In a sentence that messages quote, the key may be written with escapes.
    if answer.status >= 300
        && let Some(sentence) = detail(answer)
    {
        let clean = redact_text(sentence.clone(), key);
        if clean != sentence {
            answer.body = serde_json::json!({ "detail": clean }).to_string().into_bytes();
        }
    }
}

/// The URL of a call below `base`.
fn url(base: &Url, call: &Call) -> Result<Url, ApiError> {
    // Collectors do not want calls for such devices; this is the last door.
    if call.device().is_some_and(|id| !is_safe_segment(id)) {
        return Err(ApiError::UnsafeId);
    }
    let mut url = base.clone();
    url.set_query(call.query());
    url.set_fragment(None);
    url.path_segments_mut().map_err(|()| ApiError::NotABaseUrl)?.pop_if_empty().extend(call.segments());
    // A user name in the URL would become an Authorization header.
    url.set_password(None).and_then(|()| url.set_username("")).map_err(|()| ApiError::NotABaseUrl)?;
    Ok(url)
}

#[cfg(test)]
mod tests;
