//! The place between the accounts, which write, and HTTP, which reads: one immutable snapshot, swapped whole.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;

use super::account::AccountMetrics;
use super::cap::Withheld;
use super::fleet::{Limits, RenderedAccount, render_again};
use super::joined::Joiner;
use super::own::Reload;
use super::status::AccountStatus;
use crate::fleet::View;

/// An account as configured.
#[derive(Debug)]
pub struct AccountSetup {
    /// Its status before its task said anything.
    pub status: AccountStatus,
    /// What of its fleet may be exposed.
    pub limits: Limits,
}

/// Everything that can be served, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    accounts: Vec<AccountSnapshot>,
    pub(super) render_duration: Option<Duration>,
    pub(super) reload: Option<Reload>,
    /// Of these fleets: new ones come with new joiners.
    pub(super) joiners: Arc<Joiners>,
}

/// The fleets' pieces as scrapes in each format asked for them last.
#[derive(Debug, Default)]
pub(super) struct Joiners {
    pub(super) text: Joiner,
    pub(super) open_metrics: Joiner,
}

/// One account at one moment.
#[derive(Clone, Debug)]
pub struct AccountSnapshot {
    status: Arc<AccountStatus>,
    metrics: Arc<AccountMetrics>,
    limits: Arc<Limits>,
    rendered: Option<Arc<RenderedAccount>>,
    warned: Arc<Warned>,
}

/// What was logged already: these states last, and a line a minute about them helps nobody.
#[derive(Debug, Default)]
struct Warned {
    duplicates: AtomicBool,
}

impl Snapshot {
    /// The accounts, in the order of the configuration.
    #[must_use]
    pub fn accounts(&self) -> &[AccountSnapshot] {
        &self.accounts
    }

    /// How the configuration was read last; `None` before it was.
    #[must_use]
    pub const fn reload(&self) -> Option<Reload> {
        self.reload
    }

    /// The account of that name.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&AccountSnapshot> {
        self.accounts.iter().find(|account| account.status.account == name)
    }
}

impl AccountSnapshot {
    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> &Arc<AccountStatus> {
        &self.status
    }

    /// Its counters.
    #[must_use]
    pub fn metrics(&self) -> &Arc<AccountMetrics> {
        &self.metrics
    }

    /// Its fleet; `None` before the first.
    #[must_use]
    pub fn rendered(&self) -> Option<&RenderedAccount> {
        self.rendered.as_deref()
    }
}

/// Takes what the accounts publish, and gives HTTP the newest snapshot. Neither waits for the other.
#[derive(Debug, Default)]
pub struct Publisher {
    snapshot: ArcSwap<Snapshot>,
}

impl Publisher {
    /// Without accounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is served now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Takes over the accounts of a configuration. An account that stays (same name and platform) keeps its counters, its
    /// status and its fleet; one that is not named any more is gone.
    pub fn configure(&self, accounts: Vec<AccountSetup>) {
        self.reconfigure(accounts, &HashSet::new());
    }

    /// The same; of those `anew` only the counters stay: what was known was of another server.
    pub fn reconfigure(&self, accounts: Vec<AccountSetup>, anew: &HashSet<String>) {
        let setups: Vec<_> =
            accounts.into_iter().map(|setup| (Arc::new(setup.status), Arc::new(setup.limits))).collect();
        self.change(|snapshot| {
            let old = std::mem::take(&mut snapshot.accounts);
            snapshot.joiners = Arc::default();
            snapshot.accounts = setups
                .iter()
                .map(|(status, limits)| {
                    let same = |account: &&AccountSnapshot| {
                        account.status.account == status.account && account.status.platform == status.platform
                    };
                    let before = old.iter().find(same);
                    let new = AccountSnapshot {
                        status: status.clone(),
                        metrics: before.map(|account| account.metrics.clone()).unwrap_or_default(),
                        limits: limits.clone(),
                        rendered: None,
                        warned: Arc::default(),
                    };
                    match before.filter(|_| !anew.contains(&status.account)) {
                        Some(account) if account.limits == *limits => account.clone(),
                        Some(account) => AccountSnapshot {
                            status: account.status.clone(),
                            rendered: account.rendered.clone(),
                            ..new
                        },
                        None => new,
                    }
                })
                .collect();
        });
    }

    /// Notes that the configuration was read at `at`, and whether it was good.
    pub fn config_read(&self, success: bool, at: Timestamp) {
        self.change(|snapshot| {
            let before = snapshot.reload.and_then(|reload| reload.last_success);
            snapshot.reload = Some(Reload { success, at, last_success: if success { Some(at) } else { before } });
        });
    }

    /// The counters of an account; `None` when it is not configured.
    #[must_use]
    pub fn metrics(&self, account: &str) -> Option<Arc<AccountMetrics>> {
        self.snapshot.load().account(account).map(|account| account.metrics.clone())
    }

    /// Publishes the status of an account. Ignored when the account is not configured (any more).
    pub fn publish_status(&self, account: &str, status: AccountStatus) {
        let status = Arc::new(status);
        self.change(|snapshot| {
            let same =
                |it: &&mut AccountSnapshot| it.status.account == account && it.status.platform == status.platform;
            if let Some(account) = snapshot.accounts.iter_mut().find(same) {
                account.status = status.clone();
            }
        });
    }

    /// Renders the fleet of an account on this thread (a large one takes seconds) and publishes it. Ignored when the
    /// account is not configured (any more).
    pub fn publish_fleet(&self, account: &str, view: &Arc<View>) {
        let Some(known) = self.snapshot.load().account(account).cloned() else { return };
        let nothing = Arc::default();
        let before = known.rendered.as_ref().unwrap_or(&nothing);
        let rendered = Arc::new(render_again(known.status.platform, account, view, &known.limits, before));
        warn_once(account, &rendered, &known);
        if !rendered.withheld.same_families(&before.withheld) {
            report_withheld(account, &rendered.withheld, known.limits.max_series);
        }
        let duration = rendered.render_duration;
        tracing::debug!(account, series = rendered.series, ?duration, "fleet rendered");
        self.change(|snapshot| {
            // A reload may have put another account of that name in its place meanwhile.
            if let Some(account) = snapshot.accounts.iter_mut().find(|it| Arc::ptr_eq(&it.metrics, &known.metrics)) {
                account.rendered = Some(rendered.clone());
                snapshot.joiners = Arc::default();
                snapshot.render_duration = Some(duration);
            }
        });
    }

    /// Several accounts may write at once: then the change is made again on what the other one left.
    fn change(&self, change: impl Fn(&mut Snapshot)) {
        self.snapshot.rcu(|snapshot| {
            let mut next = Snapshot::clone(snapshot);
            change(&mut next);
            next
        });
    }
}

fn warn_once(account: &str, rendered: &RenderedAccount, known: &AccountSnapshot) {
    let warned = &known.warned;
    if rendered.duplicates > 0 && !warned.duplicates.swap(true, Ordering::Relaxed) {
        let (dropped, first) = (rendered.duplicates, rendered.first_duplicate.unwrap_or_default());
        tracing::warn!(account, dropped, first, "series or records that exist already were dropped");
    }
}

/// Says what is left out, whenever that changes.
fn report_withheld(account: &str, withheld: &Withheld, max_series: usize) {
    if withheld.is_empty() {
        tracing::info!(account, max_series, "no family is withheld any more");
    } else {
        tracing::warn!(
            account,
            max_series,
            withheld = withheld.series(),
            families = %withheld,
            "too many series: these families are withheld; raise max_series, or filter or exclude more"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{ClientKey, ClientView, KindCounts};
    use crate::planner::Outcome;
    use crate::platform::PlatformName::{self, Nsight};
    use crate::platform::nsight::logged;

    /// Four series for each client: one of `rmm_client_info`, three of `rmm_client_devices`.
    fn clients(count: usize) -> Arc<View> {
        let client = |number: usize| ClientView {
            key: ClientKey::new(&number.to_string()),
            id: number.to_string().as_str().into(),
            name: "Acme".into(),
            timezone: None,
            devices: KindCounts { server: Some(1), workstation: Some(2), mobile: Some(0) },
            licenses: None,
        };
        Arc::new(View { clients: (0..count).map(client).collect(), ..View::default() })
    }

    #[test]
    fn what_is_withheld_is_told_when_it_changes() {
        let publisher = Publisher::new();
        let limits = Limits { max_series: 40, exclude: Vec::new() };
        publisher.configure(vec![AccountSetup { status: AccountStatus::new(Nsight, "a", "rmm.example"), limits }]);
        let publish = |count| logged(|| publisher.publish_fleet("a", &clients(count)));
        let warned = |log: &str| log.lines().filter(|line| line.contains("WARN")).count();
        assert!(!publish(10).contains("withheld"), "all fit");
        let log = publish(11);
        assert!(warned(&log) == 1 && log.contains("rmm_client_devices (33 series)"), "{log}");
        assert_eq!(warned(&publish(12)), 0, "the same family, some more series");
        let log = publish(41);
        assert!(warned(&log) == 1 && log.contains("rmm_client_info (41 series)"), "{log}");
        assert_eq!(publisher.snapshot().account("a").and_then(AccountSnapshot::rendered).map(|it| it.series), Some(0));
        assert!(publish(9).contains("no family is withheld any more"));
        assert_eq!(warned(&publish(9)), 0);
    }

    fn setup(name: &str, server: &str, max_series: usize) -> AccountSetup {
        let status = AccountStatus::new(PlatformName::Tactical, name, server);
        AccountSetup { status, limits: Limits { max_series, exclude: Vec::new() } }
    }

    #[test]
    fn a_reload_keeps_what_goes_on_and_drops_the_rest_at_once() {
        let publisher = Publisher::new();
        publisher.configure(["stays", "changes", "moves", "goes"].map(|name| setup(name, "one", 9)).into());
        let view = Arc::new(View::default());
        for name in ["stays", "changes", "moves", "goes"] {
            publisher.publish_fleet(name, &view);
            publisher.metrics(name).unwrap().observe("list", Outcome::Ok, Duration::from_secs(1), 1);
        }
        let before = publisher.snapshot();
        let again = vec![
            setup("comes", "one", 9),
            setup("moves", "two", 9),
            setup("stays", "one", 9),
            setup("changes", "one", 8),
        ];
        publisher.reconfigure(again, &HashSet::from(["comes", "moves"].map(str::to_owned)));
        let after = publisher.snapshot();
        let order: Vec<_> = after.accounts().iter().map(|account| account.status().account.as_str()).collect();
        assert_eq!(order, ["comes", "moves", "stays", "changes"], "that of the file");
        for (name, has_fleet, server) in
            [("comes", false, "one"), ("moves", false, "two"), ("stays", true, "one"), ("changes", true, "one")]
        {
            let account = after.account(name).unwrap();
            assert_eq!(account.rendered().is_some(), has_fleet, "{name}");
            assert_eq!(account.status().server, server);
            let counters = before.account(name).map(AccountSnapshot::metrics);
            assert!(counters.is_none_or(|metrics| Arc::ptr_eq(metrics, account.metrics())), "{name} counts on");
        }
        assert_eq!(after.account("changes").unwrap().limits.max_series, 8);
        publisher.publish_fleet("goes", &view);
        publisher.publish_status("goes", AccountStatus::new(PlatformName::Tactical, "goes", "one"));
        assert!(publisher.snapshot().account("goes").is_none(), "what comes late is nobody's");
    }
}
