//! Why a call failed, by meaning.

use std::time::Duration;

use thiserror::Error;

use super::call::Call;
use super::wire::array::ArrayError;
use crate::fleet::{DeviceId, Gone, Label};
use crate::planner::Outcome;
use crate::platform::Failure;
use crate::platform::transport::{RawAnswer, TransportError};

/// The most characters of an answer that a message repeats.
const MAX_QUOTE: usize = 100;

/// Why the server does not accept the key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyProblem {
    /// No key arrived.
    #[error(
        "the server saw no API key; does a proxy in front of it remove the header X-API-KEY? Otherwise check that the key \
         is not empty"
    )]
    Missing,
    /// The server does not know it.
    #[error("the server does not know this API key; make a new one under Settings > Global Settings > API Keys")]
    Invalid,
    /// Its date has passed.
    #[error(
        "the API key has expired; give it a later expiry date, or make a new one, under Settings > Global Settings > API Keys"
    )]
    Expired,
    /// Its user is switched off.
    #[error("the user of the API key is inactive or deleted; activate the user under Settings > User Administration")]
    Inactive,
    /// It cannot be put into a header.
    #[error("the API key holds characters that no key has; check where it is kept")]
    Unsendable,
    /// 401 for another reason.
    #[error("the server does not accept the API key (401{0})")]
    Other(String),
}

/// Why a call failed. The text never holds the URL, the key, or more than a hundred characters of the answer.
#[derive(Debug, Error)]
pub enum ApiError {
    /// 401.
    #[error("{0}")]
    Key(KeyProblem),
    /// 403 with JSON: the server does not say whether a permission is missing or the device is out of the key's scope.
    #[error("the user of the API key may not do this; its role {need}")]
    Forbidden {
        /// What the role lacks.
        need: String,
    },
    /// HTML with 200 or 403.
    #[error(
        "a web page answered instead of the API (status {status}); the server must be the API domain \
         (https://api.example.com), not the one of the web interface, and no firewall or login page may stand before it"
    )]
    Blocked {
        /// HTTP status.
        status: u16,
    },
    /// 404 with JSON for one device.
    #[error("the server no longer knows the agent{0}")]
    NoSuchAgent(String),
    /// 429, or 503 with Retry-After.
    #[error("the server asks for fewer calls (status {status})")]
    Throttled {
        /// HTTP status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// Another 3xx, 4xx or 5xx.
    #[error("the server answered with status {status}{hint}")]
    Http {
        /// HTTP status.
        status: u16,
        /// What that probably means.
        hint: String,
    },
    /// No whole answer.
    #[error("{0}")]
    Transport(TransportError),
    /// A good status, but no list.
    #[error("{0}")]
    Unreadable(ArrayError),
    /// The agent's id would lead to another path.
    #[error("the agent has an id that cannot be asked for")]
    UnsafeId,
    /// The base URL cannot have a path.
    #[error("the server is not an http or https URL")]
    NotABaseUrl,
    /// The decoder itself failed.
    #[error("the decoder stopped in the middle of the answer; this is a bug of the exporter")]
    Decoder,
}

impl ApiError {
    /// What an answer with a bad status, or with a web page in place of JSON, means. `None` for one that can be decoded.
    #[must_use]
    pub fn of(call: &Call, answer: &RawAnswer) -> Option<Self> {
        let status = answer.status;
        let form = Form::of(answer);
        Some(match status {
            200..=299 if form != Form::Html => return None,
            200..=299 => Self::Blocked { status },
            401 => Self::Key(key_problem(answer)),
            403 if form == Form::Json => Self::Forbidden { need: need(call) },
            403 if form == Form::Html => Self::Blocked { status },
            404 if call.device().is_some() && detail(answer).is_some() => Self::NoSuchAgent(quoted_detail(answer)),
            429 => Self::Throttled { status, retry_after: answer.retry_after },
            503 if answer.retry_after.is_some() => Self::Throttled { status, retry_after: answer.retry_after },
            _ => Self::Http { status, hint: hint(status, form, answer) },
        })
    }

    /// As the planner sees it. `bytes` were read.
    #[must_use]
    pub fn into_failure(self, call: &Call, bytes: u64) -> Failure {
        let gone = match (&self, call.device()) {
            (Self::NoSuchAgent(_), Some(DeviceId(id))) => Some(Gone::Device(DeviceId(id.clone()))),
            _ => None,
        };
        let retry_after = match &self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        };
        Failure { outcome: self.outcome(), gone, retry_after, message: self.to_string(), bytes }
    }

    const fn outcome(&self) -> Outcome {
        match self {
            Self::Key(_) => Outcome::AuthError,
            Self::Forbidden { .. } => Outcome::Forbidden,
            Self::Blocked { .. } => Outcome::Blocked,
            Self::NoSuchAgent(_) | Self::Http { .. } => Outcome::HttpError,
            Self::Throttled { .. } => Outcome::Throttled,
            Self::Transport(TransportError::Timeout(_)) => Outcome::Timeout,
            Self::Transport(TransportError::Connect(_) | TransportError::Interrupted(_))
            | Self::UnsafeId
            | Self::NotABaseUrl => Outcome::ConnectError,
            Self::Transport(TransportError::TooLarge(_)) => Outcome::TooLarge,
            Self::Transport(TransportError::Encoding(_)) | Self::Unreadable(_) | Self::Decoder => {
                Outcome::InvalidResponse
            }
        }
    }
}

/// A call for one agent is also refused when the agent is outside of what the role covers.
fn need(call: &Call) -> String {
    match (call.permission(), call.device()) {
        (Some(permission), Some(_)) => format!("needs {permission}, and must cover the client and site"),
        (Some(permission), None) => format!("needs {permission}"),
        (None, _) => "does not allow it".to_owned(),
    }
}

/// What a body is, by its first character and its Content-Type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Html,
    Other,
}

impl Form {
    fn of(answer: &RawAnswer) -> Self {
        let declared = |word| answer.content_type.contains(word);
        match answer.body.trim_ascii_start().first() {
            Some(b'<') => Self::Html,
            Some(b'{' | b'[' | b'"') => Self::Json,
            // An empty good answer is an error of its own, whatever it is declared to be.
            None if answer.status < 300 => Self::Other,
            _ if declared("html") => Self::Html,
            _ if declared("json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// The sentence in `{"detail": "…"}`, as every error of the API itself has one.
pub(super) fn detail(answer: &RawAnswer) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        detail: String,
    }
    serde_json::from_slice::<Body>(&answer.body).ok().map(|body| body.detail)
}

/// The detail for the end of a message: cleaned and cut; empty without one.
fn quoted_detail(answer: &RawAnswer) -> String {
    detail(answer).map(|detail| format!(": {}", quote(&detail))).unwrap_or_default()
}

fn quote(text: &str) -> String {
    let clean = Label::new(text);
    match clean.as_str().char_indices().nth(MAX_QUOTE - 1) {
        Some((end, _)) => format!("{}…", clean.as_str().get(..end).unwrap_or_default()),
        None => clean.as_str().to_owned(),
    }
}

/// The reasons are told apart by the sentence only.
fn key_problem(answer: &RawAnswer) -> KeyProblem {
    let detail = detail(answer).unwrap_or_default().to_ascii_lowercase();
    if detail.contains("not provided") {
        KeyProblem::Missing
    } else if detail.contains("expired") {
        KeyProblem::Expired
    } else if detail.contains("inactive") || detail.contains("deleted") {
        KeyProblem::Inactive
    } else if detail.contains("invalid token") {
        KeyProblem::Invalid
    } else if Form::of(answer) == Form::Html {
        KeyProblem::Other(", with a web page: a proxy in front of the server wants a login of its own".to_owned())
    } else {
        KeyProblem::Other(quoted_detail(answer))
    }
}

/// What a status probably means, for the end of a message.
fn hint(status: u16, form: Form, answer: &RawAnswer) -> String {
    let text = match (status, form) {
        (300..=399, _) => {
            "; redirects are not followed, because the key must not travel to another host: check scheme and host of \
             the server"
        }
        (400, Form::Html) => {
            "; the server name must be the API domain as Tactical RMM itself is configured (https://api.example.com), \
             not an address or another name"
        }
        (404, Form::Html) => "; there is no such path: is the server the API domain (https://api.example.com)?",
        (500, _) => "; Tactical RMM failed: look at its own log, and whether its database and redis run",
        (502 | 504, _) => "; the web server answers, but Tactical RMM behind it does not",
        _ => return quoted_detail(answer),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> RawAnswer {
        RawAnswer {
            status,
            content_type: content_type.to_owned(),
            retry_after: None,
            date: None,
            body: body.as_bytes().to_vec(),
        }
    }

    fn outcome(answer: &RawAnswer) -> Option<Outcome> {
        ApiError::of(&Call::Agents, answer).map(|error| error.into_failure(&Call::Agents, 0).outcome)
    }

    #[test]
    fn what_comes_as_html_or_json_is_told_by_the_body_first() {
        for (status, content_type, body, expected) in [
            (200, "application/json", "[]", None),
            (200, "text/html", "[]", None),
            (200, "", "", None),
            (200, "text/html", " \n", None),
            (200, "text/html", "<html>", Some(Outcome::Blocked)),
            (200, "application/json", "\n <!doctype html>", Some(Outcome::Blocked)),
            (200, "text/html", "Please log in", Some(Outcome::Blocked)),
            (403, "application/json", "", Some(Outcome::Forbidden)),
            (403, "text/html", "", Some(Outcome::Blocked)),
            (403, "text/html", "<h1>403 Forbidden</h1>", Some(Outcome::Blocked)),
            (403, "text/plain", "no", Some(Outcome::HttpError)),
            (401, "text/html", "<h1>401</h1>", Some(Outcome::AuthError)),
            (429, "", "", Some(Outcome::Throttled)),
            (503, "text/html", "<h1>503</h1>", Some(Outcome::HttpError)),
            (302, "text/html", "", Some(Outcome::HttpError)),
            (404, "application/json", r#"{"detail":"Not found."}"#, Some(Outcome::HttpError)),
        ] {
            assert_eq!(outcome(&answer(status, content_type, body)), expected, "{status} {content_type} {body}");
        }
    }

    #[test]
    fn retry_after_makes_a_503_a_pause_and_is_handed_on() {
        for status in [429, 503] {
            let mut raw = answer(status, "text/html", "<h1>busy</h1>");
            raw.retry_after = Some(Duration::from_secs(57));
            let failure = ApiError::of(&Call::Agents, &raw).expect("an error").into_failure(&Call::Agents, 13);
            assert_eq!((failure.outcome, failure.retry_after), (Outcome::Throttled, raw.retry_after));
            assert_eq!((failure.gone, failure.bytes), (None, 13));
        }
    }

    #[test]
    fn only_a_json_detail_for_one_device_means_that_it_is_gone() {
        let id = DeviceId::new("HAvmqbOSIqaWUSLOWCNjqWNloCPPXkGkEmeOejrj");
        let gone = |call: &Call, content_type, body| {
            ApiError::of(call, &answer(404, content_type, body)).expect("an error").into_failure(call, 0).gone
        };
        let json = r#"{"detail":"No Agent matches the given query."}"#;
        for call in [Call::AgentChecks(id.clone()), Call::AgentTasks(id.clone()), Call::AgentUpdates(id.clone())] {
            assert_eq!(gone(&call, "application/json", json), Some(Gone::Device(id.clone())));
            assert_eq!(gone(&call, "text/html", "<h1>Not Found</h1>"), None);
            assert_eq!(gone(&call, "application/json", "{}"), None);
        }
        assert_eq!(gone(&Call::Agents, "application/json", json), None);
    }

    #[test]
    fn quotes_are_short_and_on_one_line() {
        let detail = format!("first\\nsecond {}", "x".repeat(500));
        let raw = answer(418, "application/json", &format!(r#"{{"detail":"{detail}"}}"#));
        let message = ApiError::of(&Call::Agents, &raw).expect("an error").to_string();
        assert!(message.contains("418: first second xxx"), "{message}");
        assert!(message.ends_with('…') && message.matches('x').count() < MAX_QUOTE, "{message}");
    }

    #[test]
    fn transport_errors_keep_their_meaning() {
        for (error, outcome) in [
            (TransportError::Timeout(Duration::from_secs(30)), Outcome::Timeout),
            (TransportError::Connect("refused".to_owned()), Outcome::ConnectError),
            (TransportError::Interrupted("reset".to_owned()), Outcome::ConnectError),
            (TransportError::TooLarge(7), Outcome::TooLarge),
            (TransportError::Encoding("gzip".to_owned()), Outcome::InvalidResponse),
        ] {
            assert_eq!(ApiError::Transport(error).outcome(), outcome);
        }
    }
}
