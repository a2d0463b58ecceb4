//! `rmm-exporter doctor`: looks at every account step by step and says what is wrong and what to do.
//!
//! Each step builds on the one before: after one that failed the later ones are skipped. Requests go through a planner with
//! the account's own limits, as everywhere.

mod ask;
mod budget;
mod certificate;
mod fields;
mod key;
mod mappings;
mod network;
mod nsight;
mod permission;
mod remedy;
pub mod report;
mod resolve;
mod sample;
mod sees;
mod skew;
mod tactical;
mod target;
mod tcp;
pub mod text;
mod tls;

use std::sync::Arc;

use futures_util::StreamExt;

use self::ask::Asker;
pub use self::ask::Watcher;
use self::report::{AccountReport, Line, Report, Verdict};
use crate::clock::Clock;
use crate::config::plan::{self, AccountPlan, FleetSize};
use crate::config::{AccountConfig, Config};
use crate::platform::PlatformName;
use crate::platform::nsight::probe::NsightProber;
use crate::platform::tactical::probe::TacticalProber;

/// So many accounts are examined at once.
const AT_ONCE: usize = 4;

/// Examines every account. `watcher` is told the account and the name of each call before it is made.
pub async fn examine(
    config: &Config,
    clock: &Arc<dyn Clock>,
    watcher: impl Fn(&str, &'static str) + Clone + Send + Sync + 'static,
) -> Report {
    let accounts = config.accounts.iter().map(|account| {
        let (name, watcher) = (account.name.clone(), watcher.clone());
        examine_account(account, Arc::clone(clock), Arc::new(move |call| watcher(&name, call)))
    });
    let reports = futures_util::stream::iter(accounts).buffered(AT_ONCE).collect().await;
    Report::new(config.warnings.clone(), reports)
}

async fn examine_account(account: &AccountConfig, clock: Arc<dyn Clock>, watcher: Watcher) -> AccountReport {
    let mut lines = Vec::new();
    let (calls, plan) = if network::examine(account, clock.now().wall, &mut lines).await {
        examine_answers(account, clock, watcher, &mut lines).await
    } else {
        let why = "the server cannot be reached";
        lines.extend(skipped(&["http", "key", "clock", "clients", "permission", "budget"], why, &lines));
        (0, None)
    };
    AccountReport {
        account: account.name.clone(),
        platform: account.platform_name().name(),
        server: plan::plan_account(account, FleetSize::from_devices(0)).server,
        verdict: lines.iter().map(|line| line.verdict).max().unwrap_or(Verdict::Skip),
        calls,
        lines,
        plan,
    }
}

/// Everything that takes a request; how many were made, and the plan for the fleet that was seen.
async fn examine_answers(
    account: &AccountConfig,
    clock: Arc<dyn Clock>,
    watcher: Watcher,
    lines: &mut Vec<Line>,
) -> (u64, Option<AccountPlan>) {
    let setup = match account.platform_name() {
        PlatformName::Nsight => match NsightProber::new(account, Arc::clone(&clock)) {
            Ok(prober) => {
                let mut asker = Asker::new(prober, account, clock, watcher);
                let plan = nsight::examine(account, &mut asker, lines).await;
                return (asker.calls(), plan);
            }
            Err(error) => error,
        },
        PlatformName::Tactical => match TacticalProber::new(account) {
            Ok(prober) => {
                let mut asker = Asker::new(prober, account, clock, watcher);
                let plan = tactical::examine(account, &mut asker, lines).await;
                return (asker.calls(), plan);
            }
            Err(error) => error,
        },
    };
    lines.push(key::no_setup(&setup));
    lines.extend(skipped(
        &["http", "key", "clock", "clients", "permission", "budget"],
        "no request can be made",
        lines,
    ));
    (0, None)
}

/// Lines for the steps that were not reached; those that have a line already are left out.
fn skipped(steps: &[&'static str], why: &str, lines: &[Line]) -> Vec<Line> {
    let missing = steps.iter().filter(|step| lines.iter().all(|line| line.step != **step));
    missing.map(|step| Line::skip(step, why)).collect()
}
