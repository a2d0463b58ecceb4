//! Sends a call: URL, headers, key or token.

use std::sync::Arc;

use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize as _;

use super::call::{Call, Credential, is_safe_segment};
use super::error::{ApiError, KeyProblem, TokenProblem, detail};
use crate::planner::Permit;
use crate::platform::disguise;
use crate::platform::key::ApiKey;
use crate::platform::large::work_on;
use crate::platform::redact::{redact_body, redact_text};
use crate::platform::transport::{RawAnswer, Transport};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const MONITORING_TOKEN: HeaderName = HeaderName::from_static("x-mon-token");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A Tactical RMM server and the secrets for it.
#[derive(Debug)]
pub(super) struct Client {
    transport: Transport,
    base: Url,
    key: Arc<ApiKey>,
    token: Option<Arc<ApiKey>>,
}

impl Client {
    /// `base` may have a path in front of the API's own, with or without trailing slash. Without a `token` the call that takes
    /// one fails.
    pub(super) const fn new(transport: Transport, base: Url, key: Arc<ApiKey>, token: Option<Arc<ApiKey>>) -> Self {
        Self { transport, base, key, token }
    }

    /// Reads the key again from where it is kept, and the token; says whether one of them changed.
    pub(super) fn reload_key(&self) -> bool {
        let key = self.key.reload();
        self.reload_token() || key
    }

    /// Tells keys apart without telling them.
    pub(super) fn key_mark(&self, salt: u64) -> u64 {
        self.key.mark(salt)
    }

    /// Reads the token again from where it is kept; says whether it changed.
    pub(super) fn reload_token(&self) -> bool {
        self.token.as_ref().is_some_and(|token| token.reload())
    }

    /// The text, for a log, without the key and the token.
    pub(super) fn hide(&self, text: &str) -> String {
        let text = self.key.hide(text);
        self.token.as_ref().map_or_else(|| text.clone(), |token| token.hide(&text))
    }

    /// Sends the call and reads the whole answer, whatever its status. The secrets of the account are taken out: some proxies
    /// repeat the request in their pages. An answer that spells one in disguise is an error.
    pub(super) async fn send(&self, call: &Call, permit: Permit) -> Result<RawAnswer, ApiError> {
        let url = url(&self.base, call)?;
        let secret = self.secret(call)?;
        let headers = headers(call, &secret)?;
        let body = call.body().map(|body| body.as_bytes().to_vec());
        let sent = self.transport.send(permit, call.method(), url, headers, body, call.max_bytes()).await;
        let mut answer = sent.map_err(ApiError::Transport)?;
        let bytes = answer.body.len();
        // First the one that was sent: it may have been replaced meanwhile.
        let secrets = self.secrets(secret);
        let work = move || {
            secrets.iter().try_for_each(|secret| take_out(&mut answer, secret.expose_secret())).map(|()| answer)
        };
        work_on(bytes, work).await.unwrap_or(Err(ApiError::Decoder))
    }

    /// The secret that was sent, the key and the token, each once: looking for one takes a while in a large answer.
    fn secrets(&self, sent: SecretString) -> Vec<SecretString> {
        let mut secrets = vec![sent];
        for other in std::iter::once(self.key.current()).chain(self.token.as_ref().map(|token| token.current())) {
            if secrets.iter().all(|secret| secret.expose_secret() != other.expose_secret()) {
                secrets.push(other);
            }
        }
        secrets
    }

    /// What the call takes: the key or the token, never both.
    fn secret(&self, call: &Call) -> Result<SecretString, ApiError> {
        match (call.credential(), &self.token) {
            (Credential::ApiKey, _) => Ok(self.key.current()),
            (Credential::MonitoringToken, Some(token)) => Ok(token.current()),
            (Credential::MonitoringToken, None) => Err(ApiError::Token(TokenProblem::NotConfigured)),
        }
    }
}

/// Never an Authorization header: the server looks at it first and refuses the call, good key or not.
fn headers(call: &Call, secret: &SecretString) -> Result<HeaderMap, ApiError> {
    let (name, unsendable) = match call.credential() {
        Credential::ApiKey => (API_KEY, ApiError::Key(KeyProblem::Unsendable)),
        Credential::MonitoringToken => (MONITORING_TOKEN, ApiError::Token(TokenProblem::Unsendable)),
    };
    let mut value = HeaderValue::from_str(secret.expose_secret()).map_err(|_| unsendable)?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(name, value);
    headers.insert(ACCEPT, JSON);
    // The server refuses a body without it (415).
    if call.body().is_some() {
        headers.insert(CONTENT_TYPE, JSON);
    }
    Ok(headers)
}

/// Takes a secret out of an answer.
///
/// # Errors
///
/// When a good answer spells it in disguise.
pub(crate) fn take_out(answer: &mut RawAnswer, secret: &str) -> Result<(), ApiError> {
    forget_secret(answer, secret);
    match disguise::in_json(&answer.body, secret) {
        true if answer.status == 200 => Err(ApiError::Disguised),
        true => {
            // The status says what is wrong; what was quoted to explain it is not needed.
            answer.body.zeroize();
            Ok(())
        }
        false => Ok(()),
    }
}

fn forget_secret(answer: &mut RawAnswer, secret: &str) {
    redact_body(&mut answer.body, secret);
    // In a sentence that messages quote, the secret may be written with escapes.
    if answer.status >= 300
        && let Some(sentence) = detail(answer)
    {
        let clean = redact_text(sentence.clone(), secret);
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
