//! An account on either platform.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Account, Progress, SweepResult};
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

impl AnyAccount {
    /// Sets up the account's client; no call is made.
    ///
    /// # Errors
    ///
    /// When the API key or a certificate cannot be read.
    pub fn new(
        config: AccountConfig,
        kept: Kept,
        publisher: Arc<Publisher>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Result<Self, SetupError> {
        // What asks nothing must not be what another collector's call hangs on.
        let asking = config.without_idle();
        Ok(match config.platform_name() {
            PlatformName::Nsight => {
                let platform = Nsight::new(&asking, Arc::clone(&clock))?;
                Self::Nsight(Box::new(Account::new(config, platform, kept, publisher, clock, seed)))
            }
            PlatformName::Tactical => {
                let platform = Tactical::new(&asking, Arc::clone(&clock))?;
                Self::Tactical(Box::new(Account::new(config, platform, kept, publisher, clock, seed)))
            }
        })
    }

    /// See [`Account::run`].
    pub async fn run(self, shutdown: CancellationToken) {
        match self {
            Self::Nsight(account) => account.run(shutdown).await,
            Self::Tactical(account) => account.run(shutdown).await,
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
