//! Sends a call: URL, headers, key.

use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::ExposeSecret;

use super::call::{Call, is_safe_segment};
use super::error::{ApiError, KeyProblem};
use crate::planner::Permit;
use crate::platform::key::ApiKey;
use crate::platform::transport::{RawAnswer, Transport};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A Tactical RMM server and the key for it.
#[derive(Debug)]
pub(super) struct Client {
    transport: Transport,
    base: Url,
    key: ApiKey,
}

impl Client {
    /// `base` may have a path in front of the API's own, with or without trailing slash.
    pub(super) const fn new(transport: Transport, base: Url, key: ApiKey) -> Self {
        Self { transport, base, key }
    }

    /// Reads the key again from where it is kept.
    pub(super) fn reload_key(&self) {
        self.key.reload();
    }

    /// Sends the call and reads the whole answer, whatever its status.
    pub(super) async fn send(&self, call: &Call, permit: Permit) -> Result<RawAnswer, ApiError> {
        let url = url(&self.base, call)?;
        let headers = self.headers()?;
        let sent = self.transport.send(permit, Method::GET, url, headers, None, call.max_bytes()).await;
        let mut answer = sent.map_err(ApiError::Transport)?;
        self.forget_key(&mut answer);
        Ok(answer)
    }

    /// Never an Authorization header: the server looks at it first and refuses the call, good key or not.
    fn headers(&self) -> Result<HeaderMap, ApiError> {
        let key = self.key.current();
        let mut value =
            HeaderValue::from_str(key.expose_secret()).map_err(|_| ApiError::Key(KeyProblem::Unsendable))?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(API_KEY, value);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(headers)
    }

    /// Some proxies repeat the request in their error pages, and messages quote those.
    fn forget_key(&self, answer: &mut RawAnswer) {
        if answer.status < 300 {
            return;
        }
        let key = self.key.current();
        let text = String::from_utf8_lossy(&answer.body);
        if text.contains(key.expose_secret()) {
            answer.body = text.replace(key.expose_secret(), "…").into_bytes();
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
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().map_err(|()| ApiError::NotABaseUrl)?.pop_if_empty().extend(call.segments());
    // A user name in the URL would become an Authorization header.
    url.set_password(None).and_then(|()| url.set_username("")).map_err(|()| ApiError::NotABaseUrl)?;
    Ok(url)
}

#[cfg(test)]
mod tests;
