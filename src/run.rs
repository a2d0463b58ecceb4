//! The exporter at work: every account polled, every listener served, until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::account::{self, AnyAccount};
use crate::clock::Clock;
use crate::config::Config;
use crate::http;
use crate::metrics::Publisher;
use crate::platform::SetupError;
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

/// Sets up every account; nothing is called yet.
///
/// # Errors
///
/// The first account that cannot be set up.
pub fn accounts(
    config: Config,
    state: Option<&StateDirectory>,
    publisher: &Arc<Publisher>,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<AnyAccount>, RunError> {
    publisher.configure(config.accounts.iter().map(account::setup).collect());
    publisher.config_read(true, clock.now().wall);
    let set_up = |account: crate::config::AccountConfig| {
        let name = account.name.clone();
        let options = account::fleet_options(&account);
        let kept = match state {
            Some(directory) => directory.account(&account, options, clock.now().wall),
            None => Kept::in_memory(options),
        };
        AnyAccount::new(account, kept, Arc::clone(publisher), Arc::clone(clock), rand::random())
            .map_err(|cause| RunError::Account { account: name, cause })
    };
    config.accounts.into_iter().map(set_up).collect()
}

/// Polls and serves until `shutdown`; then drains scrapes, stops every task, and returns within four seconds.
///
/// # Errors
///
/// When an account cannot be set up, or a listener fails.
pub async fn run(
    config: Config,
    state: Option<StateDirectory>,
    listeners: Vec<TcpListener>,
    options: http::Options,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    for warning in &config.warnings {
        warn!("{warning}");
    }
    let publisher = Arc::new(Publisher::new());
    let accounts = accounts(config, state.as_ref(), &publisher, &clock)?;
    let router = http::router(publisher, Arc::clone(&clock), options);

    let mut tasks: JoinSet<Result<(), RunError>> = JoinSet::new();
    for account in accounts {
        let shutdown = shutdown.clone();
        tasks.spawn(async move {
            account.run(shutdown).await;
            Ok(())
        });
    }
    for listener in listeners {
        if let Ok(address) = listener.local_addr() {
            info!(%address, "serving");
        }
        let (router, shutdown) = (router.clone(), shutdown.clone());
        tasks.spawn(async move {
            http::serve(listener, router, shutdown).await.map_err(|error| RunError::Serve(error.to_string()))
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
