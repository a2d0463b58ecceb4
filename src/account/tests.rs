mod denials;
mod failures;
#[allow(clippy::unchecked_time_subtraction, reason = "a test may panic")]
mod key;
mod mappings;
mod once;
mod pace;
mod succession;

use tokio::sync::Notify;

use super::*;
use crate::clock::TokioClock;
use crate::collector::Collector;
use crate::config;
use crate::config::{PlatformOptions, TacticalOptions};
use crate::demo::PinnedClock;
use crate::fleet::{
    CheckSelector, ClientKey, DeviceChecks, DeviceId, DeviceList, DeviceRecord, Gone, Kind, Label, Mapping, Mappings,
    Signal, Signals, SiteKey, StatusCounts, Update, View,
};
use crate::metrics::{AccountStatus, CollectorReport};
use crate::planner::{Ledger, Outcome, Permit, Priority, Want};
use crate::platform::{Answer, Failure};
use crate::state::Kept;

const START: &str = "2026-03-04T09:15:02Z";

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Call {
    List,
    Failing,
    Checks(DeviceId),
}

impl ReadCall for Call {
    fn name(&self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Failing => "failing",
            Self::Checks(_) => "checks",
        }
    }

    fn identity(&self) -> String {
        format!("{self:?}")
    }
}

/// What the platform does, and what was asked of it.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Script {
    /// The outcome of every call; `None` is a good answer.
    fails: Option<(Outcome, Option<Duration>)>,
    panics: bool,
    /// An authentication error is about a secret of that call alone; it concerns all calls but the list.
    spares_key: bool,
    /// The platform says of every object that it is gone, or only of those that are named here.
    denies: bool,
    denied: Vec<DeviceId>,
    /// The key may not make the calls of that name.
    refuses: Option<&'static str>,
    /// Some records of the list cannot be read.
    incomplete: bool,
    /// How many devices the list has.
    devices: u32,
    /// Failing checks that the list counts.
    failing: u64,
    calls: Vec<(Duration, Call)>,
    reloads: u32,
    /// Another key is in the file, which the next reading finds; whether it is accepted.
    new_key: Option<bool>,
    /// Which key is in use.
    key: u64,
    /// Who reads the key waits for this.
    key_hangs: Option<Arc<Mutex<()>>>,
    plans: u32,
}

#[derive(Clone)]
struct Scripted {
    script: Arc<Mutex<Script>>,
    clock: Arc<dyn Clock>,
    list: Duration,
    failing: Option<Duration>,
    /// Whose calls those for the devices are.
    checks_of: Collector,
    asked: Arc<Notify>,
}

impl Scripted {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let list = Duration::from_mins(15);
        Self { script: Arc::default(), clock, list, failing: None, checks_of: Collector::Checks, asked: Arc::default() }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    fn calls_of(&self, call: &Call) -> Vec<Duration> {
        self.script().calls.iter().filter(|(_, other)| other == call).map(|(at, _)| *at).collect()
    }
}

impl Platform for Scripted {
    type Call = Call;

    fn wants(&self, known: &View) -> Vec<Want<Call>> {
        self.script().plans += 1;
        let want = |call, collector, interval, priority| Want { call, collector, interval, priority, after: None };
        let mut wants = vec![want(Call::List, Collector::Inventory, self.list, Priority::Failing)];
        let failing = self.failing.map(|every| want(Call::Failing, Collector::Patches, every, Priority::Failing));
        wants.extend(failing);
        let devices = known.devices.iter().map(|device| Call::Checks(device.id.clone()));
        wants.extend(devices.map(|call| want(call, self.checks_of, Duration::from_hours(2), Priority::Sweep)));
        wants
    }

    fn up_call(&self) -> Call {
        Call::List
    }

    fn checks_call(&self, device: &DeviceId) -> Option<Call> {
        Some(Call::Checks(device.clone()))
    }

    async fn read(&self, call: &Call, _permit: Permit) -> Result<Answer, Failure> {
        self.asked.notify_one();
        let mut script = self.script();
        script.calls.push((self.clock.now().steady, call.clone()));
        let panics = script.panics;
        let spares_key = script.spares_key;
        let (mut fails, failing, devices) = (script.fails, script.failing, script.devices.max(1));
        let denied = match call {
            Call::Checks(id) if script.denies || script.denied.contains(id) => Some(Gone::Device(id.clone())),
            _ => None,
        };
        if denied.is_some() {
            fails = Some((Outcome::HttpError, None));
        }
        if script.refuses == Some(call.name()) {
            fails = Some((Outcome::Forbidden, None));
        }
        drop(script);
        assert!(!panics, "a defect");
        if let Some((outcome, retry_after)) = fails.filter(|_| !(spares_key && *call == Call::List)) {
            let (gone, message) = (denied, "as told".to_owned());
            return Err(Failure { outcome, gone, retry_after, message, bytes: 0, spares_key });
        }
        let updates = match call {
            Call::List => {
                let named = |index: u32| DeviceRecord { id: device_id(index), ..device(failing) };
                vec![Update::Devices(DeviceList::Account, (0..devices).map(named).collect())]
            }
            Call::Failing => Vec::new(),
            Call::Checks(id) => {
                vec![Update::Checks(id.clone(), DeviceChecks { signals: unmatched(), ..DeviceChecks::default() })]
            }
        };
        let incomplete = self.script().incomplete && *call == Call::List;
        let updates = updates.into_iter();
        let updates =
            updates.filter_map(|update| if incomplete { update.incomplete() } else { Some(update) }).collect();
        Ok(Answer { updates, bytes: 10, incomplete })
    }

    fn key_mark(&self, salt: u64) -> u64 {
        salt ^ self.script().key
    }

    fn reload_key(&self) -> bool {
        let hangs = self.script().key_hangs.clone();
        drop(hangs.as_ref().map(|hangs| hangs.lock()));
        let mut script = self.script();
        script.reloads += 1;
        let new_key = script.new_key.take();
        if new_key == Some(true) {
            script.fails = None;
        }
        new_key.is_some()
    }
}

/// The first is `a`.
fn device_id(index: u32) -> DeviceId {
    DeviceId::new(&if index == 0 { "a".to_owned() } else { format!("a{index}") })
}

fn device(failing: u64) -> DeviceRecord {
    let (client, site) = (ClientKey::new("c"), SiteKey::new("s"));
    let counts = StatusCounts { passing: Some(3), failing: Some(failing), cleared: None, pending: None };
    let named = DeviceRecord::new(DeviceId::new("a"), Label::new("PC"), client, site);
    let check_counters = Some([3 + failing, 3, failing, 0, 0]);
    DeviceRecord { kind: Some(Kind::Server), checks: Some(counts), check_counters, ..named }
}

/// An account with the limits of a real server: the floor is 15 s.
fn account(platform: &Scripted) -> (Account<Scripted>, Arc<Publisher>) {
    account_excluding(platform, "")
}

/// The same, without the metrics of that name.
fn account_excluding(platform: &Scripted, exclude: &str) -> (Account<Scripted>, Arc<Publisher>) {
    let yaml = "accounts:\n  - name: msp\n    platform: tactical\n    server: http://127.0.0.1:9\n    api_key: abcdef\n    \
                min_interval: 15s\n    requests_per_minute: 60\n    metrics: { exclude: [EXCLUDE] }\n";
    let yaml = yaml.replace("EXCLUDE", exclude);
    let config = config::parse(&yaml, std::path::Path::new("test"), &|_| None).unwrap().accounts.remove(0);
    let publisher = Arc::new(Publisher::new());
    publisher.configure(vec![setup(&config)]);
    let kept = Kept::in_memory(fleet_options(&config));
    let clock = Arc::clone(&platform.clock);
    (Account::new(config, platform.clone(), kept, Arc::clone(&publisher), clock, 1), publisher)
}

fn status(publisher: &Publisher) -> Arc<AccountStatus> {
    Arc::clone(publisher.snapshot().account("msp").unwrap().status())
}

fn checks_report(status: &AccountStatus) -> &CollectorReport {
    &status.collectors.iter().find(|(collector, _)| *collector == Collector::Checks).unwrap().1
}

fn paused() -> Scripted {
    Scripted::new(Arc::new(TokioClock::starting_at(START.parse().unwrap())))
}

/// Runs the account for so long.
fn running(account: Account<Scripted>) -> CancellationToken {
    let shutdown = CancellationToken::new();
    tokio::spawn(account.run(shutdown.clone()));
    shutdown
}

fn script_seven() -> CheckSelector {
    CheckSelector { script: Some(7), ..CheckSelector::default() }
}

/// What checks say of which it selects none.
fn unmatched() -> Signals {
    let signal = Signal { selector: script_seven().digest(), ..Signal::default() };
    Signals { antivirus: None, backup: Some(signal) }
}
