//! `rmm-exporter serve`.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
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
    let config = load(flags)?;
    info!(version = env!("CARGO_PKG_VERSION"), accounts = config.accounts.len(), "starting");
    block_on(async {
        let listeners = bind(flags).await?;
        run_until_signal(config, listeners, flags).await
    })
}

pub(super) async fn bind(flags: &Flags) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::new();
    for address in &flags.listen {
        listeners.push(address.bind().await?);
    }
    Ok(listeners)
}

pub(super) async fn run_until_signal(config: Config, listeners: Vec<TcpListener>, flags: &Flags) -> CommandResult {
    let options =
        http::Options { telemetry_path: flags.telemetry_path.clone(), max_requests: flags.max_requests.into() };
    let state = flags.state_dir.as_deref().map(StateDirectory::open).transpose()?;
    run::run(config, state, listeners, options, Arc::new(SystemClock), cancelled_by_signals()?).await?;
    Ok(ExitCode::SUCCESS)
}
