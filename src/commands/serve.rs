//! `rmm-exporter serve`.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{CommandResult, Failure, block_on, cancelled_by_signals, load};
use crate::cli::Flags;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::http;
use crate::run;
use crate::state::StateDirectory;

/// Polls in the background and serves until it is told to stop.
///
/// # Errors
///
/// When the configuration is wrong, an address is taken, or a key cannot be read.
pub fn serve(flags: &Flags) -> CommandResult {
    block_on(async {
        // First of all, so that whoever stops it while it starts is heard too.
        let shutdown = cancelled_by_signals()?;
        let config = load(flags)?;
        info!(version = env!("CARGO_PKG_VERSION"), accounts = config.accounts.len(), "starting");
        // A host name to listen on may take long to resolve.
        let Some(listeners) = shutdown.run_until_cancelled(bind(flags)).await else { return Ok(ExitCode::SUCCESS) };
        run_until_signal(config, listeners?, flags, shutdown).await
    })
}

pub(super) async fn bind(flags: &Flags) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::new();
    for address in &flags.listen {
        listeners.push(address.bind().await?);
    }
    Ok(listeners)
}

/// Polls and serves until `shutdown`.
pub(super) async fn run_until_signal(
    config: Config,
    listeners: Vec<TcpListener>,
    flags: &Flags,
    shutdown: CancellationToken,
) -> CommandResult {
    let options =
        http::Options { telemetry_path: flags.telemetry_path.clone(), max_requests: flags.max_requests.into() };
    let state = flags.state_dir.as_deref().map(StateDirectory::open).transpose()?;
    run::run(config, state, listeners, options, Arc::new(SystemClock), shutdown).await?;
    Ok(ExitCode::SUCCESS)
}
