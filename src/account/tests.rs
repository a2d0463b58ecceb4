#[allow(clippy::unchecked_time_subtraction, reason = "a test may panic")]
mod key;

use tokio::sync::Notify;

use super::*;
use crate::clock::TokioClock;
use crate::collector::Collector;
use crate::config;
use crate::config::{PlatformOptions, TacticalOptions};
use crate::demo::PinnedClock;
use crate::fleet::{
    CheckSelector, ClientKey, DeviceChecks, DeviceId, DeviceList, DeviceRecord, Kind, Label, Mapping, Mappings, Signal,
    Signals, SiteKey, StatusCounts, Update, View,
};
use crate::metrics::{AccountStatus, CollectorReport};
use crate::planner::{Ledger, Permit, Priority, Want};
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
struct Script {
    /// The outcome of every call; `None` is a good answer.
    fails: Option<(Outcome, Option<Duration>)>,
    panics: bool,
    /// An authentication error is about a secret of that call alone; it concerns all calls but the list.
    spares_key: bool,
    /// The key may not make the calls of that name.
    refuses: Option<&'static str>,
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
    asked: Arc<Notify>,
}

impl Scripted {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let list = Duration::from_mins(15);
        Self { script: Arc::default(), clock, list, failing: None, asked: Arc::default() }
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
        wants.extend(devices.map(|call| want(call, Collector::Checks, Duration::from_hours(2), Priority::Sweep)));
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
        if script.refuses == Some(call.name()) {
            fails = Some((Outcome::Forbidden, None));
        }
        drop(script);
        assert!(!panics, "a defect");
        if let Some((outcome, retry_after)) = fails.filter(|_| !(spares_key && *call == Call::List)) {
            let (gone, message) = (None, "as told".to_owned());
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
        Ok(Answer { updates, bytes: 10 })
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

#[tokio::test]
async fn many_new_objects_share_one_plan_and_none_waits_for_ever() {
    let clock = PinnedClock::at(START.parse().unwrap());
    let platform = Scripted::new(Arc::new(clock.clone()));
    let (mut account, _) = account(&platform);
    account.step();
    assert_eq!(platform.script().plans, 1);
    // A plan that took 100 ms may be made every 2 s.
    account.journal.planned(&View::default(), Duration::from_millis(100));
    let first = clock.now();
    account.plan_soon(first);
    for _ in 0..19 {
        clock.advance(Duration::from_millis(100));
        account.plan_soon(clock.now());
        account.step();
    }
    assert_eq!((platform.script().plans, account.plan_due), (1, Some(first.steady + Duration::from_secs(2))));
    clock.advance(Duration::from_millis(100));
    account.step();
    assert_eq!((platform.script().plans, account.plan_due), (2, None));
}

#[tokio::test]
async fn the_state_is_published_soon_after_a_change_and_now_and_then_without_one() {
    let clock = PinnedClock::at(START.parse().unwrap());
    let platform = Scripted::new(Arc::new(clock.clone()));
    let (mut account, publisher) = account(&platform);
    let now = clock.now();
    account.report(now);
    assert_eq!(account.report_due, Some(now.steady + Duration::from_secs(15)), "nothing waits");
    account.changed(now);
    account.changed(Moment { steady: now.steady + Duration::from_millis(100), ..now });
    assert_eq!(account.report_due, Some(now.steady + Duration::from_millis(250)), "a later change does not postpone");
    // Two calls at once are under way; the third waits, and how late it is changes with time alone.
    account.planner.plan(
        Vec::from(["a", "b", "c"].map(|id| Want {
            call: Call::Checks(DeviceId::new(id)),
            collector: Collector::Checks,
            interval: Duration::from_hours(1),
            priority: Priority::Sweep,
            after: None,
        })),
        now,
    );
    account.start_calls(now);
    account.report(now);
    assert_eq!(account.report_due, Some(now.steady + Duration::from_secs(1)));
    assert_eq!(status(&publisher).queue_length, 1);
}

#[tokio::test(start_paused = true)]
async fn changed_counters_bring_the_checks_forward() {
    let platform = Scripted { list: Duration::from_mins(2), ..paused() };
    let shutdown = running(account(&platform).0);
    let checks = Call::Checks(DeviceId::new("a"));
    tokio::time::sleep(Duration::from_secs(130)).await;
    assert_eq!(platform.calls_of(&Call::List).len(), 2);
    assert_eq!(platform.calls_of(&checks).len(), 1, "the list says the same as before");
    platform.script().failing = 1;
    tokio::time::sleep(Duration::from_mins(2)).await;
    let list = platform.calls_of(&Call::List)[2];
    let read = platform.calls_of(&checks)[1];
    assert!((list..list + Duration::from_secs(1)).contains(&read), "{list:?} {read:?}");
    shutdown.cancel();
}

/// One call takes a secret of its own, which is refused: nothing else is held up by that, and the key is not doubted.
#[tokio::test(start_paused = true)]
async fn a_refused_secret_of_one_call_concerns_that_call_alone() {
    let platform = Scripted { failing: Some(Duration::from_mins(5)), list: Duration::from_mins(2), ..paused() };
    platform.script().fails = Some((Outcome::AuthError, None));
    platform.script().spares_key = true;
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_mins(2)).await;
        let status = status(&publisher);
        assert!(status.up && status.ready && status.backoff_until.is_none());
    }
    assert_eq!(platform.script().reloads, 0);
    let lists = platform.calls_of(&Call::List).len();
    assert!((29..=31).contains(&lists), "the list is read at its own pace: {lists}");
    // It is off, but for a try now and then.
    let refused = platform.calls_of(&Call::Failing).len();
    assert!((4..=6).contains(&refused), "{refused}");
    let text = status(&publisher).last_error.clone().unwrap_or_default();
    assert!(text.contains("auth_error"), "{text}");
    shutdown.cancel();

    // Nor does a single collection stop at it.
    let platform = Scripted { failing: Some(Duration::from_mins(5)), ..paused() };
    platform.script().fails = Some((Outcome::AuthError, None));
    platform.script().spares_key = true;
    self::account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    let called = |call: &Call| platform.calls_of(call).len();
    assert!([Call::List, Call::Failing, Call::Checks(DeviceId::new("a"))].iter().all(|call| called(call) > 0));
}

/// The call that decides `rmm_up` has a long interval; another one fails again and again long before.
#[tokio::test(start_paused = true)]
async fn an_outage_shows_before_the_deciding_call_is_due() {
    let platform = Scripted { failing: Some(Duration::from_mins(3)), ..paused() };
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(status(&publisher).up);
    platform.script().fails = Some((Outcome::ConnectError, None));
    platform.script().calls.clear();
    tokio::time::sleep(Duration::from_mins(6)).await;
    assert!(!status(&publisher).up, "{:?}", platform.script().calls);
    let calls = platform.script().calls.len();
    assert!(calls <= 8, "{calls} calls");
    // And it does not stay unnoticed when all is well again.
    platform.script().fails = None;
    tokio::time::sleep(Duration::from_mins(6)).await;
    assert!(status(&publisher).up);
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_reading_is_a_failed_call_and_no_more() {
    let platform = paused();
    platform.script().panics = true;
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    platform.asked.notified().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let error = status(&publisher).last_error.clone().unwrap_or_default();
    assert!(error.contains("invalid_response") && error.contains("a defect of the exporter"), "{error}");
    platform.script().panics = false;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert!(status(&publisher).up);
    shutdown.cancel();
}

fn script_seven() -> CheckSelector {
    CheckSelector { script: Some(7), ..CheckSelector::default() }
}

/// What checks say of which it selects none.
fn unmatched() -> Signals {
    let signal = Signal { selector: script_seven().digest(), ..Signal::default() };
    Signals { antivirus: None, backup: Some(signal) }
}

/// A mapping that selects no check of any device, and a field whose names never come.
#[tokio::test(start_paused = true)]
async fn a_mapping_that_nothing_answers_to_is_warned_of_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let platform = Scripted { list: Duration::from_mins(2), ..paused() };
    let (mut account, _) = account(&platform);
    let selector = script_seven();
    let status_passing = regex::Regex::new("^ok$").unwrap();
    let (date_field, status_field) = (Some("Last Backup".to_owned()), None);
    let backup = Mapping { checks: Some(selector), date_field, status_field, status_passing };
    let mappings = Mappings { antivirus: None, backup: Some(backup) };
    let options = TacticalOptions { mappings, ..TacticalOptions::default() };
    account.config.platform = PlatformOptions::Tactical(options);
    account.fleet = Arc::new(Mutex::new(Fleet::new(fleet_options(&account.config))));
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_hours(1)).await;
    shutdown.cancel();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warnings: Vec<&str> = text.lines().filter(|line| line.contains("mapping")).collect();
    assert_eq!(warnings.len(), 1, "{text}");
    assert!(
        warnings[0].contains("WARN") && warnings[0].contains("mapping backup: no check of any device matches script 7")
    );
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn collect_makes_every_call_once() {
    let platform = paused();
    let results = account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    let calls: Vec<Call> = platform.script().calls.iter().map(|(_, call)| call.clone()).collect();
    assert_eq!(calls, [Call::List, Call::Checks(DeviceId::new("a"))]);
    assert!(results.iter().all(|result| result.missed == 0), "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn collect_gives_up_at_a_refused_key_and_when_it_may_not_go_on() {
    let platform = paused();
    platform.script().fails = Some((Outcome::AuthError, None));
    let before = platform.clock.now().steady;
    let results = account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    assert_eq!(platform.script().calls.len(), 1);
    assert!(platform.clock.now().steady < before + Duration::from_secs(1), "at once");
    assert!(results.iter().any(|result| result.collector == Collector::Inventory && result.missed == 1));

    // The server wants to be left alone for an hour: nobody waits for that.
    let platform = Scripted { failing: Some(Duration::from_mins(3)), ..paused() };
    platform.script().fails = Some((Outcome::Throttled, Some(Duration::from_hours(1))));
    let before = platform.clock.now().steady;
    let results = account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    assert!(platform.clock.now().steady < before + Duration::from_mins(2));
    assert!(results.iter().map(|result| result.missed).sum::<u64>() >= 1, "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_key_may_not_read_is_off_and_the_rest_goes_on() {
    let platform = paused();
    (platform.script().refuses, platform.script().devices) = (Some("checks"), 300);
    let (account, publisher) = account(&platform);
    let shutdown = running(account);
    let checks =
        |platform: &Scripted| platform.script().calls.iter().filter(|(_, call)| call.name() == "checks").count();
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!((2..=3).contains(&checks(&platform)), "{} calls", checks(&platform));
    let state = status(&publisher);
    assert!(state.up && state.ready && state.backoff_until.is_none());
    assert_eq!((state.queue_length, state.oldest_due), (0, Duration::ZERO));
    let report = checks_report(&state);
    assert_eq!((report.success, report.targets), (false, 300));
    assert!(state.last_error.as_ref().is_some_and(|error| error.contains("checks: forbidden: as told")));
    // Granted: the probe finds out, at the latest two hours after the one before.
    platform.script().refuses = None;
    tokio::time::sleep(Duration::from_mins(75)).await;
    let state = status(&publisher);
    let report = checks_report(&state);
    assert_eq!((report.success, report.fresh, state.last_error.clone()), (true, 300, None));
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn collect_does_not_wait_for_what_the_key_may_not_read() {
    let platform = paused();
    (platform.script().refuses, platform.script().devices) = (Some("checks"), 50);
    let before = platform.clock.now().steady;
    let results = account(&platform).0.run_once(CancellationToken::new(), |_| ()).await;
    assert!(platform.clock.now().steady < before + Duration::from_secs(1), "at once");
    let missed = |collector| results.iter().find(|result| result.collector == collector).map(|result| result.missed);
    assert_eq!((missed(Collector::Checks), missed(Collector::Inventory)), (Some(50), Some(0)));
}

#[tokio::test(start_paused = true)]
async fn a_collector_without_metrics_makes_no_calls_and_is_well() {
    let platform = paused();
    let (account, publisher) = account_excluding(&platform, "\"rmm_(device_)?check.*\"");
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!(platform.script().calls.iter().all(|(_, call)| *call == Call::List));
    let state = status(&publisher);
    let report = checks_report(&state);
    assert_eq!((state.ready, report.success, report.targets), (true, true, 0));
    shutdown.cancel();
}

/// What is kept while a call is under way, and where the call is in the ledger.
#[tokio::test(start_paused = true)]
async fn a_successor_goes_on_where_the_account_stopped() {
    let platform = Scripted { list: Duration::from_mins(2), ..paused() };
    platform.script().devices = 5;
    let (first, publisher) = account(&platform);
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(first.run(shutdown.clone()));
    tokio::time::sleep(Duration::from_secs(30)).await;
    shutdown.cancel();
    let kept = task.await.unwrap();
    let calls = platform.script().calls.len();
    assert_eq!((calls, kept.ledger.lock().unwrap().entries().len()), (6, 6), "the list and five devices");

    let yaml = "accounts:\n  - name: msp\n    platform: tactical\n    server: http://127.0.0.1:9\n    api_key: abcdef\n    \
                min_interval: 15s\n    requests_per_minute: 60\n";
    let config = config::parse(yaml, std::path::Path::new("test"), &|_| None).unwrap().accounts.remove(0);
    let clock = Arc::clone(&platform.clock);
    let successor = Account::new(config, platform.clone(), kept, Arc::clone(&publisher), clock, 2);
    assert!(status(&publisher).ready && status(&publisher).up, "before anything is asked");
    assert!(publisher.snapshot().account("msp").unwrap().rendered().is_some(), "nor is there a gap");
    let shutdown = running(successor);
    tokio::time::sleep(Duration::from_secs(85)).await;
    assert_eq!(platform.script().calls.len(), calls, "nothing is due");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(platform.calls_of(&Call::List).len(), 2);
    assert_eq!(platform.script().calls.len(), calls + 1, "the list at its time");
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn secrets_are_read_again_while_the_account_works() {
    let platform = paused();
    let (account, _) = account(&platform);
    let secrets = account.secrets();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(account.run(shutdown.clone()));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = platform.script().calls.len();
    secrets.reload().await;
    assert_eq!(platform.script().reloads, 1, "done when it returns");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(platform.script().calls.len(), before, "that asks nothing");
    shutdown.cancel();
    task.await.unwrap();
    secrets.reload().await;
    assert_eq!(platform.script().reloads, 1, "it has ended, and nobody waits for it");
}

#[tokio::test(start_paused = true)]
async fn another_key_is_tried_at_once_on_the_list_of_what_there_is() {
    let platform = paused();
    let (first, publisher) = account(&platform);
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(first.run(shutdown.clone()));
    tokio::time::sleep(Duration::from_mins(1)).await;
    shutdown.cancel();
    let kept = task.await.unwrap();
    let config = account(&platform).0.config;
    let clock = Arc::clone(&platform.clock);
    let mut successor = Account::new(config, platform.clone(), kept, publisher, clock, 2);
    successor.ask_what_there_is();
    let shutdown = running(successor);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(platform.calls_of(&Call::List).len(), 2, "its interval is a quarter of an hour");
    shutdown.cancel();
}

/// A rendering that is under way when the account ends must not put its data over the successor's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_not_ended_while_it_renders() {
    let platform = Scripted::new(Arc::new(crate::clock::SystemClock));
    let (account, publisher) = account(&platform);
    let fleet = Arc::clone(&account.kept.fleet);
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(account.run(shutdown.clone()));
    while lock(&fleet).is_empty() {
        tokio::task::yield_now().await;
    }
    {
        let _held = lock(&fleet);
        // The rendering after the first answer begins, and waits for the fleet.
        std::thread::sleep(RENDER_DELAY + Duration::from_millis(400));
        shutdown.cancel();
        std::thread::sleep(Duration::from_millis(200));
        assert!(!task.is_finished());
    }
    task.await.unwrap();
    assert!(publisher.snapshot().account("msp").unwrap().rendered().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_account_is_not_down_because_a_reload_gave_up_a_call() {
    for (was_up, expected) in [(true, true), (false, false)] {
        let platform = paused();
        platform.script().fails = (!was_up).then_some((Outcome::ConnectError, None));
        let (first, publisher) = account(&platform);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(first.run(shutdown.clone()));
        tokio::time::sleep(Duration::from_secs(10)).await;
        shutdown.cancel();
        let kept = task.await.unwrap();
        kept.fleet
            .lock()
            .unwrap()
            .apply(Update::Devices(DeviceList::Account, vec![device(0)]), platform.clock.now().wall);
        // It was called once more, and nobody knows how that ended.
        let _ = kept.ledger.lock().unwrap().started(&Call::List.identity(), platform.clock.now().wall);
        let config = account(&platform).0.config;
        let clock = Arc::clone(&platform.clock);
        let _successor = Account::new(config, platform.clone(), kept, Arc::clone(&publisher), clock, 2);
        assert_eq!(status(&publisher).up, expected);
    }
}
