//! An account on either platform.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Account, Progress, Secrets, SweepResult};
use crate::clock::Clock;
use crate::config::AccountConfig;
use crate::metrics::Publisher;
use crate::platform::nsight::Nsight;
use crate::platform::tactical::Tactical;
use crate::platform::{PlatformName, SetupError};
use crate::state::Kept;

/// An account on either platform.
pub enum AnyAccount {
    /// On N-sight.
    Nsight(Box<Account<Nsight>>),
    /// On Tactical RMM.
    Tactical(Box<Account<Tactical>>),
}

/// An account that is set up and has not begun: everything that could fail is done.
pub struct ReadyAccount {
    config: AccountConfig,
    platform: AnyPlatform,
    clock: Arc<dyn Clock>,
}

enum AnyPlatform {
    Nsight(Box<Nsight>),
    Tactical(Box<Tactical>),
}

impl ReadyAccount {
    /// Sets up the account's client; no call is made.
    ///
    /// # Errors
    ///
    /// When the API key or a certificate cannot be read.
    pub fn new(config: AccountConfig, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        // What asks nothing must not be what another collector's call hangs on.
        let asking = config.without_idle();
        let platform = match config.platform_name() {
            PlatformName::Nsight => AnyPlatform::Nsight(Box::new(Nsight::new(&asking, Arc::clone(&clock))?)),
            PlatformName::Tactical => AnyPlatform::Tactical(Box::new(Tactical::new(&asking, Arc::clone(&clock))?)),
        };
        Ok(Self { config, platform, clock })
    }

    /// Begins with what was kept. When that is a fleet, it is published here and now, which can take seconds.
    pub fn begin(self, kept: Kept, publisher: Arc<Publisher>, seed: u64) -> AnyAccount {
        let Self { config, platform, clock } = self;
        match platform {
            AnyPlatform::Nsight(platform) => {
                AnyAccount::Nsight(Box::new(Account::new(config, *platform, kept, publisher, clock, seed)))
            }
            AnyPlatform::Tactical(platform) => {
                AnyAccount::Tactical(Box::new(Account::new(config, *platform, kept, publisher, clock, seed)))
            }
        }
    }
}

impl AnyAccount {
    /// See [`Account::run`].
    pub async fn run(self, shutdown: CancellationToken) -> Kept {
        match self {
            Self::Nsight(account) => account.run(shutdown).await,
            Self::Tactical(account) => account.run(shutdown).await,
        }
    }

    /// See [`Account::secrets`].
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        match self {
            Self::Nsight(account) => account.secrets(),
            Self::Tactical(account) => account.secrets(),
        }
    }

    /// See [`Account::reload_secrets`].
    pub fn reload_secrets(&mut self) -> bool {
        match self {
            Self::Nsight(account) => account.reload_secrets(),
            Self::Tactical(account) => account.reload_secrets(),
        }
    }

    /// See [`Account::ask_what_there_is`].
    pub fn ask_what_there_is(&mut self) {
        match self {
            Self::Nsight(account) => account.ask_what_there_is(),
            Self::Tactical(account) => account.ask_what_there_is(),
        }
    }

    /// See [`Account::run_once`].
    pub async fn run_once(self, shutdown: CancellationToken, progress: impl Fn(Progress)) -> Vec<SweepResult> {
        match self {
            Self::Nsight(account) => account.run_once(shutdown, progress).await,
            Self::Tactical(account) => account.run_once(shutdown, progress).await,
        }
    }
}
