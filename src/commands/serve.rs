//! `rmm-exporter serve`.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    CommandResult, Failure, SUCCESS, block_on, cancelled_by_signals, load, more_connections, reload_on_hangup,
};
use crate::cli::Flags;
use crate::clock::SystemClock;
use crate::config::{Config, ConfigErrors};
use crate::http::{self, Web};
use crate::listen::ListenAddress;
use crate::reload::{Reloader, Requests};
use crate::run::{self, Reloading, Source};
use crate::state::StateDirectory;

/// Polls in the background and serves until it is told to stop.
///
/// # Errors
///
/// When the configuration is wrong, an address is taken, or a key cannot be read.
pub fn serve(flags: &Flags) -> CommandResult {
    block_on(async {
        // First of all, so that whoever stops or reloads it while it starts is heard too.
        let shutdown = cancelled_by_signals(SUCCESS)?;
        let reloading = reload_on_hangup()?;
        more_connections();
        let config = load(flags)?;
        let web = web(flags)?;
        info!(version = env!("CARGO_PKG_VERSION"), accounts = config.accounts.len(), "starting");
        // A host name to listen on may take long to resolve.
        let Some(listeners) = shutdown.run_until_cancelled(bind(flags)).await else { return Ok(ExitCode::SUCCESS) };
        let again = flags.clone();
        run_until_signal(config, Arc::new(move || load(&again)), reloading, listeners?, web, flags, shutdown).await
    })
}

pub(super) fn web(flags: &Flags) -> Result<Option<Arc<Web>>, ConfigErrors> {
    flags.web_config_file.as_deref().map(Web::load).transpose()
}

pub(super) async fn bind(flags: &Flags) -> Result<Vec<TcpListener>, Failure> {
    if let Some(address) = ListenAddress::given_twice(&flags.listen) {
        return Err(format!("--web.listen-address={address} is given twice. Give it once.").into());
    }
    let mut listeners = Vec::new();
    for address in &flags.listen {
        listeners.push(address.bind().await?);
    }
    Ok(listeners)
}

/// Polls and serves until `shutdown`. `source` is asked for the configuration at each reload, also one that was asked for before.
pub(super) async fn run_until_signal(
    config: Config,
    source: Source,
    (reloader, requests): (Reloader, Requests),
    listeners: Vec<TcpListener>,
    web: Option<Arc<Web>>,
    flags: &Flags,
    shutdown: CancellationToken,
) -> CommandResult {
    let options = http::Options {
        telemetry_path: flags.telemetry_path.clone(),
        max_requests: flags.max_requests.into(),
        web,
        reload: flags.enable_lifecycle.then_some(reloader),
    };
    let reloading = Reloading { source, requests };
    let state = flags.state_dir.as_deref().map(StateDirectory::open).transpose()?;
    tell_service_manager();
    run::run_reloading(config, reloading, state, listeners, options, Arc::new(SystemClock), shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// Tells a service manager that wants to know (`Type=notify` of systemd) that everything that is fatal at the start went well: whoever
/// asked it for the start then learns of a faulty configuration or an address that is taken. Nothing without one.
fn tell_service_manager() {
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        warn!(%error, "the service manager cannot be told that the start is done");
    }
}
