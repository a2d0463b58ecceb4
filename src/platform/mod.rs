//! The RMM platforms: what can be asked of them, how, and what their answers mean.

mod bounds;
mod disguise;
pub mod key;
mod large;
pub mod nsight;
pub mod probe;
mod redact;
mod shared;
mod spelling;
pub mod tactical;
pub mod transport;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use thiserror::Error;

use self::key::KeyError;
use self::transport::TransportSetupError;
use crate::fleet::{Gone, Update, View};
use crate::planner::{Outcome, Permit, ReadCall, Want};

/// The name of a platform; the `platform` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlatformName {
    /// N-able N-sight RMM.
    Nsight,
    /// Tactical RMM.
    Tactical,
}

impl PlatformName {
    /// The `platform` label, and the word in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nsight => "nsight",
            Self::Tactical => "tactical",
        }
    }
}

/// Why an account cannot be set up.
#[derive(Debug, Error)]
pub enum SetupError {
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The HTTP client's options are no good.
    #[error(transparent)]
    Transport(#[from] TransportSetupError),
    /// The server's URL cannot be extended by a path.
    #[error("{0} cannot be the base URL of an RMM server")]
    Server(String),
}

/// One account on one platform: turns wanted calls into requests, and answers into updates of the fleet.
pub trait Platform: Send + Sync + 'static {
    /// The closed set of calls that can be made.
    type Call: ReadCall;

    /// Everything that the enabled collectors want to know, given what is known. `known` holds every object that was ever
    /// reported and not withdrawn, however old, after the filter.
    fn wants(&self, known: &View) -> Vec<Want<Self::Call>>;

    /// Whether what is wanted may have changed since [`wants`](Self::wants) was asked, for a reason that is not in the fleet.
    fn plan_changed(&self) -> bool {
        false
    }

    /// The call that decides `rmm_up`: list_clients (N-sight), /agents/ (Tactical RMM).
    fn up_call(&self) -> Self::Call;

    /// The call that reads the checks of a device afresh, where checks have a call of their own and are enabled.
    fn checks_call(&self, device: &crate::fleet::DeviceId) -> Option<Self::Call>;

    /// Makes the call: one request, one answer, decoded.
    fn read(&self, call: &Self::Call, permit: Permit) -> impl Future<Output = Result<Answer, Failure>> + Send;

    /// Reads the key again from where it is kept, and every other secret; says whether any of them changed. Called after an
    /// authentication error, now and then while the key is refused, and on reload. Waits for the files, so it must not be called
    /// where other tasks wait. Nothing is logged where nothing changed.
    fn reload_key(&self) -> bool;

    /// Tells keys apart without telling them: equal for the same key and salt.
    fn key_mark(&self, salt: u64) -> u64;
}

/// A good answer.
#[derive(Debug)]
pub struct Answer {
    /// What it says.
    pub updates: Vec<Update>,
    /// Its size, decompressed.
    pub bytes: u64,
    /// Some of its records cannot be read, and the updates are what the others say.
    pub incomplete: bool,
}

/// A call that gave no good answer. The text is fit for a log: it holds neither URL nor key.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What sort of failure.
    pub outcome: Outcome,
    /// The platform no longer knows the object that the call was for. Then this is no failure of the collector.
    pub gone: Option<Gone>,
    /// How long the server asked to be left alone.
    pub retry_after: Option<Duration>,
    /// What happened, and what to do about it.
    pub message: String,
    /// Decompressed bytes that were read.
    pub bytes: u64,
    /// A secret was refused that only this call takes. The key of the account is as good as before.
    pub spares_key: bool,
}

/// The most bytes of a failure's message: libraries quote names of elements and certificates, which can have any length.
const MAX_MESSAGE_BYTES: usize = 1000;

impl Failure {
    /// The same with its message made fit for a log: `hide` takes secrets out of it, and what is too long is cut after that.
    #[must_use]
    pub(crate) fn fit_for_log(self, hide: impl FnOnce(&str) -> String) -> Self {
        let mut message = hide(&self.message);
        if message.len() > MAX_MESSAGE_BYTES {
            message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
            message.push('…');
        }
        Self { message, ..self }
    }

    /// What it means for the account, where [`outcome`](Self::outcome) is what happened to the call: a refusal that spares the
    /// key is one of a platform that is well.
    #[must_use]
    pub const fn effect(&self) -> Outcome {
        match self.outcome {
            Outcome::AuthError if self.spares_key => Outcome::Forbidden,
            outcome => outcome,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.outcome.name(), self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_after_secrets_are_out_of_it() {
        let failure = |message: String| Failure {
            outcome: Outcome::InvalidResponse,
            gone: None,
            retry_after: None,
            message,
            bytes: 0,
            spares_key: false,
        };
        let hide = |message: &str| message.replace("SECRET", "***");
        // The secret begins within the bound and ends beyond it.
        let long = failure(format!("{}SECRET{}", "ü".repeat(498), "x".repeat(1 << 20))).fit_for_log(hide).message;
        assert_eq!(long, format!("{}***x…", "ü".repeat(498)));
        assert_eq!(failure("SECRET!".to_owned()).fit_for_log(hide).message, "***!");
    }
}
