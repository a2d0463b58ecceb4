//! The exporter at work: every account polled, every listener served, the configuration read again when that is asked for,
//! until it is told to stop.

mod begun;
mod departed;
mod next;
mod settings;
mod succession;
mod supervisor;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::info;

use self::supervisor::Supervisor;
use crate::account::{self, AnyAccount, ReadyAccount};
use crate::clock::Clock;
use crate::config::{AccountConfig, Config, ConfigErrors};
use crate::http;
use crate::metrics::Publisher;
use crate::platform::SetupError;
use crate::reload::{self, Requests};
use crate::state::{Kept, StateDirectory};

/// How long tasks may take to end after the signal. The process itself ends within five seconds.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(4);

/// Why the exporter cannot start or go on.
#[derive(Debug, Error)]
pub enum RunError {
    /// An account cannot be set up.
    #[error("account {account}: {cause}")]
    Account {
        /// Which.
        account: String,
        /// Why.
        cause: SetupError,
    },
    /// A listener failed.
    #[error("serving failed: {0}")]
    Serve(String),
}

/// Where the configuration comes from: read anew at each reload.
pub type Source = Arc<dyn Fn() -> Result<Config, ConfigErrors> + Send + Sync>;

/// How the configuration is read again.
pub struct Reloading {
    /// From where.
    pub source: Source,
    /// When.
    pub requests: Requests,
}

impl Reloading {
    /// Never.
    fn never() -> Self {
        let nothing = || Ok(Config { accounts: Vec::new(), warnings: Vec::new() });
        // Nobody has the other end.
        Self { source: Arc::new(nothing), requests: reload::channel().1 }
    }
}

/// Sets up every account; nothing is called yet.
///
/// # Errors
///
/// The first account that cannot be set up.
pub fn accounts(
    config: Config,
    publisher: &Arc<Publisher>,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<AnyAccount>, RunError> {
    publisher.configure(config.accounts.iter().map(account::setup).collect());
    publisher.config_read(true, clock.now().wall);
    let begin = |account: AccountConfig| {
        let kept = Kept::in_memory(account::fleet_options(&account));
        let ready = set_up(account, clock)?;
        Ok(ready.begin(kept, Arc::clone(publisher), rand::random()))
    };
    config.accounts.into_iter().map(begin).collect()
}

fn set_up(account: AccountConfig, clock: &Arc<dyn Clock>) -> Result<ReadyAccount, RunError> {
    let name = account.name.clone();
    ReadyAccount::new(account, Arc::clone(clock)).map_err(|cause| RunError::Account { account: name, cause })
}

/// As [`run_reloading`], with the configuration as it is, and without a state directory.
///
/// # Errors
///
/// As for [`run_reloading`].
pub async fn run(
    config: Config,
    listeners: Vec<TcpListener>,
    options: http::Options,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    run_reloading(config, Reloading::never(), None, listeners, options, clock, shutdown).await
}

/// Polls and serves until `shutdown`, reloads in between; then drains scrapes, stops every task, and returns within four
/// seconds.
///
/// # Errors
///
/// When an account cannot be set up, or a listener fails. A reload that fails is none.
pub async fn run_reloading(
    config: Config,
    reloading: Reloading,
    state: Option<StateDirectory>,
    listeners: Vec<TcpListener>,
    options: http::Options,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    let Reloading { source, requests } = reloading;
    let publisher = Arc::new(Publisher::new());
    let supervisor =
        Supervisor::new(config, source, state, Arc::clone(&publisher), Arc::clone(&clock), shutdown.clone())?;
    let (web, path) = (options.web.clone(), options.telemetry_path.clone());
    let (router, begun) = begun::waiting(http::router(publisher, Arc::clone(&clock), options), &path);

    let mut tasks: JoinSet<Result<(), RunError>> = JoinSet::new();
    tasks.spawn(supervisor.run(requests, begun));
    for listener in listeners {
        if let Ok(address) = listener.local_addr() {
            info!(%address, "serving");
        }
        let (router, web, shutdown) = (router.clone(), web.clone(), shutdown.clone());
        tasks.spawn(async move {
            http::serve(listener, router, web, shutdown).await.map_err(|error| RunError::Serve(error.to_string()))
        });
    }
    let ended = async {
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| RunError::Serve(error.to_string()))??;
        }
        Ok(())
    };
    tokio::pin!(ended);
    tokio::select! {
        result = &mut ended => return result,
        () = shutdown.cancelled() => info!("stopping"),
    }
    let Ok(result) = tokio::time::timeout(SHUTDOWN_LIMIT, ended).await else {
        info!("what could not be interrupted, such as a rendering, is given up");
        return Ok(());
    };
    result
}
