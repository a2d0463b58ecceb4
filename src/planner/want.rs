//! What collectors ask of the planner, and what became of it.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

use jiff::Timestamp;

use crate::collector::Collector;

/// A call that only reads. Each platform has one closed enum of them: nothing else can be sent.
///
/// Two calls are identical when they have the same identity, as equal ones do: the server is asked the same. They need not be
/// equal, for a call may carry what its answer belongs to without sending it. Identical calls have the same name.
pub trait ReadCall: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// The `call` label: the N-sight service, or the Tactical RMM path with `{id}` for what varies.
    fn name(&self) -> &'static str;

    /// What makes the call the same call in another process: method, path, sorted parameters and body, without the key.
    fn identity(&self) -> String;

    /// The least time between two of it where that is more than the account's floor: some calls are dear to others.
    fn least_gap(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether the account's key goes along: only then does the answer tell whether the key is accepted. The same for all
    /// calls of one name.
    fn takes_key(&self) -> bool {
        true
    }
}

/// What goes first when several calls are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// What fails now, and whether the platform is up at all.
    Failing,
    /// Which devices exist, and what else one call tells of the whole account.
    Inventory,
    /// One call per device, oldest data first, spread over the interval.
    Sweep,
}

/// A call that a collector wants repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want<C> {
    /// The call.
    pub call: C,
    /// Whose call it is.
    pub collector: Collector,
    /// How often; counted from the end of an attempt.
    pub interval: Duration,
    /// What goes first.
    pub priority: Priority,
    /// What is asked for changes about once in each interval: so long after 1970, plus any number of intervals. A sweep asks for it in
    /// the half of an interval that follows. `None`: at any time.
    pub after: Option<Timestamp>,
}

/// How an attempt ended; the `outcome` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// A good answer.
    Ok,
    /// The key is not accepted: 401, or N-sight FAIL 3.
    AuthError,
    /// The key may not do this: 403 with JSON.
    Forbidden,
    /// The platform understood and refused: any other N-sight FAIL.
    ApiError,
    /// Another 3xx, 4xx or 5xx.
    HttpError,
    /// Too many calls: 429, or 503 with Retry-After.
    Throttled,
    /// A firewall or a login page answered: HTML with 200 or 403.
    Blocked,
    /// No whole answer within the time limit.
    Timeout,
    /// No connection, or it broke before the answer was whole.
    ConnectError,
    /// A whole answer that cannot be read.
    InvalidResponse,
    /// The answer is larger than the limit.
    TooLarge,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::AuthError,
        Self::Forbidden,
        Self::ApiError,
        Self::HttpError,
        Self::Throttled,
        Self::Blocked,
        Self::Timeout,
        Self::ConnectError,
        Self::InvalidResponse,
        Self::TooLarge,
    ];

    /// The `outcome` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::AuthError => "auth_error",
            Self::Forbidden => "forbidden",
            Self::ApiError => "api_error",
            Self::HttpError => "http_error",
            Self::Throttled => "throttled",
            Self::Blocked => "blocked",
            Self::Timeout => "timeout",
            Self::ConnectError => "connect_error",
            Self::InvalidResponse => "invalid_response",
            Self::TooLarge => "too_large",
        }
    }

    /// What it means, in words that are the same whatever the server said: fit for a page that anybody may open.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "a good answer",
            Self::AuthError => "the server does not accept the key",
            Self::Forbidden => "the key may not read this",
            Self::ApiError => "the RMM understood the question and refused it",
            Self::HttpError => "the server answered with an HTTP error",
            Self::Throttled => "the server asks for fewer calls",
            Self::Blocked => "a web page came instead of an answer: a firewall, a login page or maintenance",
            Self::Timeout => "no whole answer in time",
            Self::ConnectError => "no connection, or it broke before the answer was whole",
            Self::InvalidResponse => "the answer cannot be read",
            Self::TooLarge => "the answer is larger than allowed",
        }
    }
}
