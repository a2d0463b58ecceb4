//! `rmm-exporter demo`.

use std::sync::Arc;

use tracing::warn;

use super::serve::{bind, run_until_signal};
use super::{CommandResult, block_on, print};
use crate::cli::{DemoFlags, Flags};
use crate::clock::SystemClock;
use crate::config;
use crate::demo::{self, DemoOptions};

/// Starts both simulated RMM servers and the exporter on them, and serves until it is told to stop.
///
/// # Errors
///
/// When an address is taken.
pub fn demo(flags: &Flags, demo: &DemoFlags) -> CommandResult {
    if flags.config_file.is_some() {
        warn!("--config.file is ignored: the demo brings its own configuration");
    }
    block_on(async {
        let listeners = bind(flags).await?;
        let options = DemoOptions {
            devices: demo.devices,
            seed: demo.seed,
            speed: demo.speed,
            clock: Arc::new(SystemClock),
            ..DemoOptions::default()
        };
        let simulated = demo::start(options).await?;
        let config = config::parse(&simulated.config_yaml(), std::path::Path::new("demo"), &|_| None)?;
        let served: Vec<String> =
            listeners.iter().filter_map(|one| one.local_addr().ok()).map(|one| one.to_string()).collect();
        let port = listeners.first().and_then(|one| one.local_addr().ok()).map_or(0, |address| address.port());
        print(
            format!(
                "Simulated N-sight RMM    http://{}\nSimulated Tactical RMM   http://{}\nExporter                 http://localhost:{port}/  (listening on {})\nMetrics                  http://localhost:{port}{}\nCtrl-C ends it.\n",
                simulated.nsight.address, simulated.tactical.address, served.join(", "), flags.telemetry_path
            )
            .as_bytes(),
        )?;
        let result = run_until_signal(config, listeners, flags).await;
        simulated.stop();
        result
    })
}
