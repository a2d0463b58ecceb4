//! The accounts at work, and how a new configuration takes the place of the old one.

use std::collections::HashMap;
use std::mem;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::begun::Begun;
use super::departed::Departed;
use super::next::{Changes, Next, NextAccount};
use super::settings::Settings;
use super::succession::{Origin, hand_over};
use super::{RunError, Source, set_up};
use crate::account::{self, AnyAccount, ReadyAccount, Secrets, fleet_options, without_holding_a_worker};
use crate::clock::Clock;
use crate::config::Config;
use crate::metrics::Publisher;
use crate::reload::{Outcome, Refusal, Requests};
use crate::state::{Kept, Recorder, StateDirectory};

/// Owns the accounts at work.
pub(super) struct Supervisor {
    source: Source,
    /// Where the state of accounts is kept over the end of the process.
    state: Option<Arc<StateDirectory>>,
    publisher: Arc<Publisher>,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
    /// In the order of the configuration.
    accounts: Vec<Running>,
    /// Each account gives back its name, and what a successor goes on with.
    tasks: JoinSet<(String, Kept)>,
    departed: Departed,
    /// Those that are set up and have not begun.
    first: Vec<(ReadyAccount, Arc<Settings>)>,
}

/// An account at work.
struct Running {
    settings: Arc<Settings>,
    stop: CancellationToken,
    secrets: Secrets,
}

/// An account that has ended, and what it kept.
struct Ended {
    settings: Arc<Settings>,
    kept: Kept,
}

impl Supervisor {
    /// Sets up every account; [`run`](Self::run) lets them begin.
    ///
    /// # Errors
    ///
    /// The first account that cannot be set up.
    pub(super) fn new(
        config: Config,
        source: Source,
        state: Option<StateDirectory>,
        publisher: Arc<Publisher>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> Result<Self, RunError> {
        log_warnings(&config.warnings);
        let mut setups: Vec<_> = config.accounts.iter().map(account::setup).collect();
        for setup in setups.iter_mut().filter(|_| state.is_some()) {
            setup.status.not_ready_reason = Some("the stored state is being read".to_owned());
        }
        publisher.configure(setups);
        publisher.config_read(true, clock.now().wall);
        let mut first = Vec::new();
        for config in config.accounts {
            let settings = Arc::new(Settings::of(config));
            first.push((set_up(settings.config.clone(), &clock)?, settings));
        }
        Ok(Self {
            source,
            state: state.map(Arc::new),
            publisher,
            clock,
            shutdown,
            accounts: Vec::new(),
            tasks: JoinSet::new(),
            departed: Departed::default(),
            first,
        })
    }

    /// Lets the accounts begin, and gives word when all that was kept is published; then lets them work and reloads on request,
    /// until the exporter stops.
    ///
    /// # Errors
    ///
    /// When the task of an account breaks off.
    pub(super) async fn run(mut self, mut requests: Requests, begun: Begun) -> Result<(), RunError> {
        let shutdown = self.shutdown.clone();
        if let Some(all) = shutdown.run_until_cancelled(self.begin_all()).await {
            all?;
            begun.tell();
        }
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = self.tasks.join_next() => {
                    let name = ended.map_err(|error| broken_off(&error))?.0;
                    return Err(RunError::Serve(format!("account {name} ended by itself")));
                }
                waiting = requests.next() => {
                    let outcome = self.reload().await?;
                    waiting.tell(&outcome);
                }
            }
        }
        while let Some(ended) = self.tasks.join_next().await {
            ended.map_err(|error| broken_off(&error))?;
        }
        Ok(())
    }

    /// Lets the first accounts begin, as many at once as there are processors: what was kept is read and rendered meanwhile.
    async fn begin_all(&mut self) -> Result<(), RunError> {
        let start = self.clock.now().steady;
        let at_once = available_parallelism().map_or(1, NonZero::get);
        let mut waiting = mem::take(&mut self.first).into_iter().enumerate();
        let (mut beginning, mut places) = (JoinSet::new(), Vec::new());
        loop {
            while beginning.len() < at_once
                && let Some((place, (ready, settings))) = waiting.next()
            {
                let (state, publisher, clock) =
                    (self.state.clone(), Arc::clone(&self.publisher), Arc::clone(&self.clock));
                beginning.spawn_blocking(move || {
                    let kept = kept_of(state.as_deref(), &settings, &clock);
                    (place, ready.begin(kept, publisher, rand::random()), settings)
                });
            }
            let Some(begun) = beginning.join_next().await else { break };
            let (place, account, settings) = begun.map_err(|error| broken_off(&error))?;
            places.push(place);
            self.let_work(account, settings);
        }
        let mut accounts: Vec<_> = places.into_iter().zip(mem::take(&mut self.accounts)).collect();
        accounts.sort_by_key(|(place, _)| *place);
        self.accounts = accounts.into_iter().map(|(_, account)| account).collect();
        let took = self.clock.now().steady.saturating_sub(start);
        info!(accounts = self.accounts.len(), ?took, "every account is at work");
        Ok(())
    }

    /// Reads the configuration, and when all of it is good changes over to it.
    async fn reload(&mut self) -> Result<Outcome, RunError> {
        let at = self.clock.now().wall;
        let next = self.prepare().await;
        // Nothing begins any more.
        if self.shutdown.is_cancelled() {
            return Ok(Err(Refusal::Stopping));
        }
        match next {
            Ok(next) => {
                log_warnings(&next.warnings);
                if !self.change_to(next.accounts).await? {
                    return Ok(Err(Refusal::Stopping));
                }
                self.publisher.config_read(true, at);
                Ok(Ok(()))
            }
            Err(faults) => {
                self.publisher.config_read(false, at);
                error!(reason = faults.join("; "), "the configuration was not reloaded, nothing has changed");
                Ok(Err(Refusal::Faulty(faults.join("\n"))))
            }
        }
    }

    /// Reads and sets up everything, where waiting for a disk holds up nobody.
    async fn prepare(&self) -> Result<Next, Vec<String>> {
        let (source, clock) = (Arc::clone(&self.source), Arc::clone(&self.clock));
        let old = self.settings();
        let prepared = tokio::task::spawn_blocking(move || Next::prepare(&source, &old, &clock)).await;
        prepared.unwrap_or_else(|error| Err(vec![format!("reading it broke off: {error}")]))
    }

    fn settings(&self) -> Vec<Arc<Settings>> {
        self.accounts.iter().map(|account| Arc::clone(&account.settings)).collect()
    }

    /// Changes over: accounts that stay notice nothing but that their secrets are read again; the others end, and then the new
    /// ones begin; false when none begins, because the exporter is stopping.
    async fn change_to(&mut self, next: Vec<NextAccount>) -> Result<bool, RunError> {
        let before = self.settings();
        let stays = |running: &Running| {
            next.iter().any(|account| account.origin == Origin::Stays && account.name() == running.settings.name())
        };
        let (mut staying, ending): (Vec<_>, Vec<_>) = mem::take(&mut self.accounts).into_iter().partition(stays);
        let mut ended = self.end(ending).await?;
        // What was kept could take seconds to publish, for nothing.
        if self.shutdown.is_cancelled() {
            return Ok(false);
        }
        let mut predecessors = HashMap::new();
        for account in &next {
            if let Origin::Follows(name) = &account.origin
                && let Some(mut predecessor) = ended.remove(name)
            {
                if name != account.name() {
                    // It writes to another file; the writer of the old one ends now.
                    predecessor.kept.recorder = Recorder::nowhere();
                }
                predecessors.insert(account.name().to_owned(), predecessor);
            }
        }
        let now = self.clock.now().steady;
        for account in ended.values() {
            self.departed.add(&account.settings, &account.kept, now);
        }
        drop(ended);

        let setups = next.iter().map(|account| account::setup(&account.settings.config)).collect();
        let anew = next.iter().filter(|account| !account.is_itself()).map(|account| account.name().to_owned());
        self.publisher.reconfigure(setups, &anew.collect());

        for NextAccount { settings, ready, .. } in next {
            let Some(ready) = ready else {
                let same = staying.iter().position(|running| running.settings.name() == settings.name());
                self.accounts.extend(same.map(|place| staying.swap_remove(place)));
                continue;
            };
            match predecessors.remove(settings.name()) {
                // Both read files, or wait for a fleet.
                Some(predecessor) => without_holding_a_worker(|| self.follow(ready, settings, predecessor)),
                None => without_holding_a_worker(|| self.come(ready, settings)),
            }
        }
        let mut new_keys = Vec::new();
        for account in self.accounts.iter().filter(|account| before.contains(&account.settings)) {
            if account.secrets.reload().await {
                new_keys.push(account.settings.name().to_owned());
            }
        }
        Changes::between(&before, &self.settings(), &new_keys).log();
        Ok(true)
    }

    /// Stops these accounts and waits until they have ended.
    async fn end(&mut self, accounts: Vec<Running>) -> Result<HashMap<String, Ended>, RunError> {
        for account in &accounts {
            account.stop.cancel();
        }
        let mut ended = HashMap::new();
        while ended.len() < accounts.len() {
            let Some(task) = self.tasks.join_next().await else { break };
            let (name, kept) = task.map_err(|error| broken_off(&error))?;
            let Some(account) = accounts.iter().find(|account| account.settings.name() == name) else {
                // The exporter is stopping, and with it those that would stay.
                continue;
            };
            ended.insert(name, Ended { settings: Arc::clone(&account.settings), kept });
        }
        Ok(ended)
    }

    /// Starts an account that goes on with what another one kept.
    fn follow(&mut self, ready: ReadyAccount, settings: Arc<Settings>, predecessor: Ended) {
        let (before, account) = (predecessor.settings.name(), settings.name());
        if before != account {
            info!(account, before, "another name for an account that is known");
        }
        let is_other_key = !predecessor.settings.has_key_of(&settings);
        let mut kept = predecessor.kept;
        hand_over(&kept, &predecessor.settings.config, &settings.config);
        match &self.state {
            Some(state) if before != account => state.move_to(&mut kept, &settings.config),
            _ => kept.recorder.renew(&settings.config),
        }
        self.begin(ready, settings, kept, Some(is_other_key));
    }

    /// Starts an account of which nothing is known, but what others called on its server.
    fn come(&mut self, ready: ReadyAccount, settings: Arc<Settings>) {
        let kept = kept_of(self.state.as_deref(), &settings, &self.clock);
        if self.departed.instruct(&settings, &kept) {
            kept.recorder.renew(&settings.config);
        }
        self.begin(ready, settings, kept, None);
    }

    /// `is_other_key` is that of one that follows another: `None` for one of which nothing is known in this process.
    fn begin(&mut self, ready: ReadyAccount, settings: Arc<Settings>, kept: Kept, is_other_key: Option<bool>) {
        let publisher = Arc::clone(&self.publisher);
        // What is kept is published at once.
        let mut account = without_holding_a_worker(|| ready.begin(kept, publisher, rand::random()));
        if is_other_key == Some(true) {
            account.ask_what_there_is();
        }
        if is_other_key.is_some() {
            // A key that was refused is worth a try after a reload, as in accounts that stay.
            account.reload_secrets();
        }
        self.let_work(account, settings);
    }

    /// From now on the account polls.
    fn let_work(&mut self, account: AnyAccount, settings: Arc<Settings>) {
        let (name, stop, secrets) = (settings.name().to_owned(), self.shutdown.child_token(), account.secrets());
        self.tasks.spawn({
            let stop = stop.clone();
            async move { (name, account.run(stop).await) }
        });
        self.accounts.push(Running { settings, stop, secrets });
    }
}

/// What is kept of an account of which this process knows nothing.
fn kept_of(state: Option<&StateDirectory>, settings: &Settings, clock: &Arc<dyn Clock>) -> Kept {
    let options = fleet_options(&settings.config);
    match state {
        Some(state) => state.account(&settings.config, options, clock.now().wall),
        None => Kept::in_memory(options),
    }
}

fn broken_off(error: &JoinError) -> RunError {
    RunError::Serve(format!("an account broke off: {error}"))
}

fn log_warnings(warnings: &[String]) {
    for warning in warnings {
        warn!("{warning}");
    }
}
