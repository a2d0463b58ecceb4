//! `rmm-exporter demo`.

use std::fs::{OpenOptions, Permissions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tracing::warn;

use super::serve::{bind, run_until_signal, web};
use super::{
    CommandResult, Failure, SUCCESS, block_on, cancelled_by_signals, more_connections, print, reload_on_hangup,
};
use crate::cli::{DemoFlags, Flags};
use crate::clock::SystemClock;
use crate::config;
use crate::demo::{self, DemoOptions};

/// The first line of a configuration that the demo wrote.
const WRITTEN: &str =
    "# Written by `rmm-exporter demo`: good as long as that demo runs, and overwritten by the next one.";

/// Starts both simulated RMM servers and the exporter on them, and serves until it is told to stop.
///
/// # Errors
///
/// When an address is taken, or the file for the configuration cannot be written.
pub fn demo(flags: &Flags, demo: &DemoFlags) -> CommandResult {
    if flags.config_file.is_some() {
        warn!("--config.file is ignored: the demo brings its own configuration");
    }
    block_on(async {
        let shutdown = cancelled_by_signals(SUCCESS)?;
        let reloading = reload_on_hangup()?;
        more_connections();
        let web = web(flags)?;
        let scheme = if web.as_ref().is_some_and(|web| web.speaks_tls()) { "https" } else { "http" };
        let Some(listeners) = shutdown.run_until_cancelled(bind(flags)).await else { return Ok(ExitCode::SUCCESS) };
        let listeners = listeners?;
        let options = DemoOptions {
            devices: demo.devices,
            seed: demo.seed,
            speed: demo.speed,
            calm: demo.calm,
            clock: Arc::new(SystemClock),
            ..DemoOptions::default()
        };
        let simulated = demo::start(options).await?;
        let yaml = simulated.config_yaml();
        let config = config::parse(&yaml, Path::new("demo"), &|_| None)?;
        let served: Vec<String> =
            listeners.iter().filter_map(|one| one.local_addr().ok()).map(|one| one.to_string()).collect();
        let port = listeners.first().and_then(|one| one.local_addr().ok()).map_or(0, |address| address.port());
        let written = match &demo.write_config {
            Some(path) => {
                write_config(path, &yaml).map_err(|error| format!("{}: {error}", path.display()))?;
                format!("Configuration            {0}: rmm-exporter doctor --config.file {0}\n", path.display())
            }
            None => String::new(),
        };
        print(
            format!(
                "Simulated N-sight RMM    http://{}\nSimulated Tactical RMM   http://{}\nExporter                 {scheme}://localhost:{port}/  (listening on {})\nMetrics                  {scheme}://localhost:{port}{}\n{written}Ctrl-C ends it.\n",
                simulated.nsight.address, simulated.tactical.address, served.join(", "), flags.telemetry_path
            )
            .as_bytes(),
        )?;
        // The demo's configuration is what it is; a reload finds nothing new.
        let again = Arc::new(move || config::parse(&yaml, Path::new("demo"), &|_| None));
        let result = run_until_signal(config, again, reloading, listeners, web, flags, shutdown).await;
        simulated.stop();
        result
    })
}

/// Writes the configuration for its owner's eyes only: it holds the keys. Only what a demo wrote is overwritten.
fn write_config(path: &Path, yaml: &str) -> Result<(), Failure> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let mut start = Vec::new();
    (&mut file).take(WRITTEN.len() as u64).read_to_end(&mut start)?;
    if !start.is_empty() && start != WRITTEN.as_bytes() {
        return Err("is there already and no demo wrote it. Name another file.".into());
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{WRITTEN}\n{yaml}").as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_configuration_is_for_its_owner_only_and_overwrites_nobody_elses() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("demo.yml");
        write_config(&path, "accounts: [a long first one]\n").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("permissions");
        write_config(&path, "accounts: []\n").expect("written again");
        assert_eq!(fs::read_to_string(&path).expect("text"), format!("{WRITTEN}\naccounts: []\n"));
        assert_eq!(fs::metadata(&path).expect("metadata").permissions().mode() & 0o777, 0o600);

        fs::write(&path, "accounts: [mine]\n").expect("write");
        let refused = write_config(&path, "accounts: []\n").expect_err("refused").to_string();
        assert!(refused.contains("no demo wrote it"), "{refused}");
        assert_eq!(fs::read_to_string(&path).expect("text"), "accounts: [mine]\n");
    }

    #[tokio::test]
    async fn what_was_written_is_a_valid_configuration() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("demo.yml");
        let simulated = demo::start(DemoOptions::default()).await.expect("demo");
        write_config(&path, &simulated.config_yaml()).expect("written");
        let config = config::load(Some(&path), &|_| None).expect("valid");
        assert_eq!(config.accounts.len(), 2);
    }
}
