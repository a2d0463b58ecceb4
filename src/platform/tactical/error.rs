//! Why a call failed, by meaning.

use std::time::Duration;

use thiserror::Error;

use super::call::{Call, Credential};
use super::wire::array::ArrayError;
use crate::fleet::{DeviceId, Gone, Label};
use crate::planner::Outcome;
use crate::platform::Failure;
use crate::platform::transport::{RawAnswer, TransportError};

/// What 404 means for `/core/v2/status/`.
const NO_STATUS: &str = "; Tactical RMM has this call from version 1.0 on. Without a monitoring token the exporter asks only for \
                         the server's version; otherwise: is the server the API domain (https://api.example.com)?";

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

/// Why the server does not accept the monitoring token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenProblem {
    /// There is none to send.
    #[error("no monitoring token is configured; set monitoring_token_file")]
    NotConfigured,
    /// It cannot be put into a header.
    #[error("the monitoring token holds characters that no token has; check where it is kept")]
    Unsendable,
    /// No token arrived.
    #[error(
        "the server saw no monitoring token; does a proxy in front of it remove the header X-Mon-Token? Otherwise check that \
         the token is not empty"
    )]
    Missing,
    /// The server has none itself, as it is installed.
    #[error(
        "the server has no monitoring token; set MON_TOKEN in its local_settings.py, restart it, and give the same token here"
    )]
    NotSet,
    /// It has another one.
    #[error(
        "the server has another monitoring token; give the MON_TOKEN of its local_settings.py here, and restart the server if \
         it was changed there"
    )]
    Wrong,
    /// 401 for another reason.
    #[error("the server does not accept the monitoring token, MON_TOKEN in its local_settings.py (401{0})")]
    Other(String),
}

/// Why a call failed. The text never holds the URL, the key, or more than a hundred characters of the answer.
#[derive(Debug, Error)]
pub enum ApiError {
    /// 401.
    #[error("{0}")]
    Key(KeyProblem),
    /// 401 to the call that takes the monitoring token.
    #[error("{0}")]
    Token(TokenProblem),
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
    /// 404 for one device, in the server's own words.
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
    /// Any other status than 200.
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
    /// The answer holds the key or the token, but not so that it could be taken out.
    #[error("the answer spells the API key or the monitoring token in disguise, so it is not used")]
    Disguised,
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
            // Another good status is of a part, of nothing yet, or of somebody else's making.
            200 if form != Form::Html => return None,
            401 if call.credential() == Credential::MonitoringToken => Self::Token(token_problem(answer)),
            401 => Self::Key(key_problem(answer)),
            403 if form == Form::Json => Self::Forbidden { need: need(call) },
            200..=299 | 403 if form == Form::Html => Self::Blocked { status },
            404 if call.device().is_some() && is_about_an_agent(answer) => Self::NoSuchAgent(quoted_detail(answer)),
            429 => Self::Throttled { status, retry_after: answer.retry_after },
            503 if answer.retry_after.is_some() => Self::Throttled { status, retry_after: answer.retry_after },
            404 if *call == Call::Status => Self::Http { status, hint: NO_STATUS.to_owned() },
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
        let spares_key = matches!(self, Self::Token(_));
        Failure { outcome: self.outcome(), gone, retry_after, message: self.to_string(), bytes, spares_key }
    }

    const fn outcome(&self) -> Outcome {
        match self {
            Self::Key(_) | Self::Token(_) => Outcome::AuthError,
            Self::Forbidden { .. } => Outcome::Forbidden,
            Self::Blocked { .. } => Outcome::Blocked,
            Self::NoSuchAgent(_) | Self::Http { .. } => Outcome::HttpError,
            Self::Throttled { .. } => Outcome::Throttled,
            Self::Transport(TransportError::Timeout(_)) => Outcome::Timeout,
            Self::Transport(TransportError::Connect(_) | TransportError::Interrupted(_))
            | Self::UnsafeId
            | Self::NotABaseUrl => Outcome::ConnectError,
            Self::Transport(TransportError::TooLarge(_)) => Outcome::TooLarge,
            Self::Transport(TransportError::Encoding(_)) | Self::Unreadable(_) | Self::Decoder | Self::Disguised => {
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

/// Whether a 404 speaks of the agent, in the words of the server or of its framework before 3.15. Other programs that a proxy may
/// lead to have the same form of errors (`Not Found`), and no agent is gone because they do not know the path.
fn is_about_an_agent(answer: &RawAnswer) -> bool {
    detail(answer).is_some_and(|detail| detail.starts_with("No Agent matches") || detail == "Not found.")
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

/// The call answers with plain lines. A web page is somebody else's.
fn token_problem(answer: &RawAnswer) -> TokenProblem {
    match answer.body.trim_ascii() {
        b"Missing X-Mon-Token header" => TokenProblem::Missing,
        b"Missing mon token" => TokenProblem::NotSet,
        b"Not authenticated" => TokenProblem::Wrong,
        body if body.starts_with(b"<") => {
            TokenProblem::Other(", with a web page: a proxy in front of the server wants a login of its own".to_owned())
        }
        _ => TokenProblem::Other(quoted_detail(answer)),
    }
}

/// What a status probably means, for the end of a message.
fn hint(status: u16, form: Form, answer: &RawAnswer) -> String {
    let text = match (status, form) {
        (201..=299, _) => "; that is not a whole answer: does a proxy in front of the server change answers?",
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
mod tests;
