//! Why a call gave no good answer, by meaning.

use std::time::Duration;

use thiserror::Error;

use super::call::Call;
use crate::fleet::Gone;
use crate::planner::Outcome;
use crate::platform::Failure;
use crate::platform::transport::TransportError;

/// Why a call gave no good answer.
#[derive(Debug, Error)]
pub enum Error {
    /// The key is not accepted: 401, FAIL 3, or a message about the key.
    #[error(
        "the API key is not accepted ({0}); check the key (regenerating it in N-sight stops the old one at once) and the \
         region: a right key on the wrong regional server looks the same"
    )]
    Unauthorized(String),
    /// 403 with JSON.
    #[error("the server refuses this call to the API key (HTTP 403)")]
    Forbidden,
    /// FAIL with another code: the platform understood and refused.
    #[error("N-sight refuses the call: {} (errorcode {})", reason(.message), code.map_or_else(|| "none".to_owned(), |code| code.to_string()))]
    Api {
        /// The errorcode, where there is one.
        code: Option<i64>,
        /// N-sight's words.
        message: String,
    },
    /// Any other status than 200.
    #[error("HTTP status {0}{hint}", hint = hint(*.0))]
    Http(u16),
    /// Too many calls: 429, 503 with Retry-After, or a FAIL that says so.
    #[error("the server asks for fewer calls ({message})")]
    Throttled {
        /// How long it asked to be left alone.
        retry_after: Option<Duration>,
        /// What it said.
        message: String,
    },
    /// HTML where XML belongs.
    #[error(
        "an HTML page instead of an answer (HTTP {0}): a firewall, a proxy or a maintenance page; check the server name and \
         the user_agent"
    )]
    Blocked(u16),
    /// A whole answer that cannot be read.
    #[error("the answer cannot be read: {0}")]
    Decode(String),
    /// No whole answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

fn reason(message: &str) -> &str {
    if message.is_empty() { "it gives no reason" } else { message }
}

const fn hint(status: u16) -> &'static str {
    match status {
        201..300 => "; that is not a whole answer: does a proxy in front of the server change answers?",
        300..400 => "; redirects are not followed, because the key must not travel: check the server name",
        403 | 404 => "; check that the server is the one of your region",
        _ => "",
    }
}

impl Error {
    /// A body that cannot be read.
    pub fn decode(what: impl Into<String>) -> Self {
        Self::Decode(what.into())
    }

    /// The work on an answer ended before it was done.
    #[must_use]
    pub fn broken_off() -> Self {
        Self::decode("decoding was broken off")
    }

    /// A FAIL, by its code and words.
    #[must_use]
    pub fn from_fail(code: Option<i64>, message: &str) -> Self {
        let words = message.to_ascii_lowercase();
        let mentions = |needles: &[&str]| needles.iter().any(|needle| words.contains(needle));
        let message = message.to_owned();
        if mentions(&["rate limit", "too many requests", "throttl"]) {
            Self::Throttled { retry_after: None, message }
        } else if matches!(code, Some(2 | 3)) || mentions(&["api key", "apikey", "login failed"]) {
            Self::Unauthorized(message)
        } else {
            Self::Api { code, message }
        }
    }

    /// The same, and for a throttle the pause that the head of the answer asks for.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        match self {
            Self::Throttled { message, .. } => Self::Throttled { retry_after, message },
            other => other,
        }
    }

    /// The `outcome` label.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Unauthorized(_) => Outcome::AuthError,
            Self::Forbidden => Outcome::Forbidden,
            Self::Api { .. } => Outcome::ApiError,
            Self::Http(_) => Outcome::HttpError,
            Self::Throttled { .. } => Outcome::Throttled,
            Self::Blocked(_) => Outcome::Blocked,
            Self::Decode(_) | Self::Transport(TransportError::Encoding(_)) => Outcome::InvalidResponse,
            Self::Transport(TransportError::Timeout(_)) => Outcome::Timeout,
            Self::Transport(TransportError::Connect(_) | TransportError::Interrupted(_)) => Outcome::ConnectError,
            Self::Transport(TransportError::TooLarge(_)) => Outcome::TooLarge,
        }
    }

    /// What the planner and the log need to know. `bytes` is how much of an answer was read.
    #[must_use]
    pub fn into_failure(self, call: &Call, bytes: u64) -> Failure {
        let retry_after = match &self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        };
        Failure {
            outcome: self.outcome(),
            gone: self.gone(call),
            retry_after,
            message: self.to_string(),
            bytes,
            spares_key: false,
        }
    }

    /// FAIL 4 about the parameter that names the call's object, in the words of the documentation: the object no longer exists,
    /// or is outside the key's Client Group. Other words may be those of a fault, also where they name the parameter.
    fn gone(&self, call: &Call) -> Option<Gone> {
        let Self::Api { code: Some(4), message } = self else { return None };
        let (parameter, gone) = call.object()?;
        let message = message.trim().to_ascii_lowercase();
        let named = message.strip_prefix("invalid value for parameter")?.trim_matches(|c: char| !c.is_alphanumeric());
        (named == parameter).then_some(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{ClientKey, DeviceId, Kind};

    fn fail(code: Option<i64>, message: &str, call: &Call) -> (Outcome, Option<Gone>) {
        let failure = Error::from_fail(code, message).into_failure(call, 7);
        assert_eq!(failure.bytes, 7);
        (failure.outcome, failure.gone)
    }

    #[test]
    fn fails_by_code_and_words() {
        let call = Call::ListChecks(DeviceId::new("1"));
        for (code, message, outcome) in [
            (Some(3), "Login failed", Outcome::AuthError),
            (Some(3), "", Outcome::AuthError),
            (Some(2), "whatever", Outcome::AuthError),
            (None, "Invalid API key", Outcome::AuthError),
            (Some(4), "Invalid value for parameter: apikey", Outcome::AuthError),
            (Some(5), "Missing parameter: deviceid", Outcome::ApiError),
            (None, "Invalid \"interval\": must be 15 or 60 (minutes)", Outcome::ApiError),
            (None, "Rate limit exceeded", Outcome::Throttled),
            (Some(9), "Too many requests", Outcome::Throttled),
            (None, "request was throttled", Outcome::Throttled),
        ] {
            assert_eq!(fail(code, message, &call), (outcome, None), "{code:?} {message:?}");
        }
    }

    #[test]
    fn fail_4_about_the_object_means_that_it_is_gone() {
        let device = Call::PatchListAll(DeviceId::new("1"));
        let gone = Some(Gone::Device(DeviceId::new("1")));
        assert_eq!(fail(Some(4), "Invalid value for parameter: deviceid", &device), (Outcome::ApiError, gone.clone()));
        assert_eq!(fail(Some(4), " invalid value for parameter: 'deviceid'.", &device).1, gone);
        for fault in [
            "",
            "deviceid",
            "Internal error: cannot resolve siteid, deviceid, clientid: database timeout",
            "Invalid value for parameter: deviceid, siteid: database timeout",
        ] {
            assert_eq!(fail(Some(4), fault, &device), (Outcome::ApiError, None), "{fault}");
        }
        assert_eq!(fail(Some(5), "Missing parameter: deviceid", &device), (Outcome::ApiError, None));
        let roster = Call::ListDevicesAtClient(ClientKey::new("7"), Kind::Mobile);
        assert_eq!(
            fail(Some(4), "Invalid value for parameter: clientid", &roster).1,
            Some(Gone::Client(ClientKey::new("7")))
        );
        assert_eq!(fail(Some(4), "Invalid value for parameter: devicetype", &roster).1, None);
        assert_eq!(fail(Some(4), "Invalid value for parameter: clientid", &Call::ListClients).1, None);
    }

    #[test]
    fn transport_errors_have_their_outcomes() {
        for (error, outcome) in [
            (TransportError::Timeout(Duration::from_secs(1)), Outcome::Timeout),
            (TransportError::Connect("refused".into()), Outcome::ConnectError),
            (TransportError::Interrupted("reset".into()), Outcome::ConnectError),
            (TransportError::TooLarge(1), Outcome::TooLarge),
            (TransportError::Encoding("gzip".into()), Outcome::InvalidResponse),
        ] {
            assert_eq!(Error::from(error).outcome(), outcome);
        }
    }
}
