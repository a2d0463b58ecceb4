//! `rmm-exporter collect`.

use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinSet;
use tracing::warn;

use super::{CommandResult, INTERRUPTED, block_on, cancelled_by_signals, load, print};
use crate::account::{Progress, SweepResult};
use crate::cli::Flags;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::metrics::{Exposition, Format, Publisher, Selection};
use crate::run;

/// Calls everything once in the foreground, prints the metrics, and fails if any collector did.
///
/// # Errors
///
/// When the configuration is wrong or a key cannot be read.
pub fn collect(flags: &Flags) -> CommandResult {
    let config = load(flags)?;
    block_on(async {
        let (text, results) = collect_once(config).await?;
        print(&text)?;
        let failed: Vec<&SweepResult> =
            results.iter().filter(|result| result.missed > 0 || is_empty_inventory(result)).collect();
        for result in &failed {
            let (account, collector) = (&result.account, result.collector.name());
            warn!(
                account,
                collector,
                calls = result.targets,
                missed = result.missed,
                "collector incomplete: calls failed or were never made"
            );
        }
        Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// An inventory that made no call at all did not happen.
fn is_empty_inventory(result: &SweepResult) -> bool {
    result.collector == crate::collector::Collector::Inventory && result.targets == 0
}

async fn collect_once(config: Config) -> Result<(Vec<u8>, Vec<SweepResult>), super::Failure> {
    let shutdown = cancelled_by_signals(INTERRUPTED)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let names: Vec<String> = config.accounts.iter().map(|account| account.name.clone()).collect();
    for warning in &config.warnings {
        warn!("{warning}");
    }
    let publisher = Arc::new(Publisher::new());
    let accounts = run::accounts(config, &publisher, &clock)?;
    // Drawn on standard error, and only when that is a terminal.
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
    let mut tasks = JoinSet::new();
    for (account, name) in accounts.into_iter().zip(names) {
        let (shutdown, bar) = (shutdown.clone(), bars.add(progress_bar(&name)));
        tasks.spawn(async move {
            let results = account.run_once(shutdown, |progress| show(&bar, progress)).await;
            bar.finish();
            results
        });
    }
    let results = tasks.join_all().await.into_iter().flatten().collect();
    let exposition = Exposition::new(&publisher.snapshot(), &Selection::default(), Format::Text);
    let text = exposition.plain().flat_map(|chunk| chunk.to_vec()).collect();
    Ok((text, results))
}

fn progress_bar(account: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:20} [{bar:30}] {pos}/{len} calls, {elapsed}, about {eta} to go");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
    ProgressBar::new(0).with_style(style).with_prefix(account.to_owned())
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.planned);
    bar.set_position(progress.done);
}
