//! Many faults at once: one exporter, for each fault an account on each platform with a server of its own, and two accounts
//! that nothing happens to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rmm_exporter::clock::Clock;
use rmm_exporter::demo::{self, Demo, DemoOptions, Scope};

use crate::exporter::{Account, Exporter, NOW, TestClock, failed_collectors, of_account, requests};
use crate::gate::Gate;
use crate::log;
use crate::manners::{Manners, retry_after};
use crate::subject::{CALLS, COLLECTORS, Subject, not_down, server};
use crate::support::{PATIENCE, SeriesMap, difference, fleet_only, parse, value};
use crate::table::{Case, Cause, PLATFORMS};

/// Times in ms.
pub struct Pace {
    pub timeout: u64,
    pub concurrent: usize,
    /// How long every call fails, at least.
    pub outage: u64,
    /// How long a call counts as running after it timed out, on Tactical RMM.
    pub lingers: Duration,
    /// The authority of servers that speak TLS.
    pub ca_file: Option<PathBuf>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { timeout: 60_000, concurrent: 1, outage: 7_500, lingers: Duration::ZERO, ca_file: None }
    }
}

/// How often everything is read.
const INTERVAL: u64 = 2_000;
const MIN_INTERVAL: u64 = 150;
/// How much older data become meanwhile.
const AGE: Duration = Duration::from_secs(20);
/// All that are on. The checks are there because an account that makes two or three calls only never fails often enough in a row
/// to pause.
const USED: [&[&str]; 2] = [&["inventory", "failing_checks"], &["inventory", "alerts", "checks"]];
/// The phase in which nobody has told anything yet.
const START: &str = "at first";
const BYSTANDERS: [&str; 2] = ["bystander nsight", "bystander tactical"];

/// Everything that runs.
struct Trial<'a> {
    subjects: Vec<Subject<'a>>,
    bystander: Demo,
    exporter: Exporter,
    clock: TestClock,
}

/// Runs every case, all at the same time. First one call fails, then all of them, then everything works again; what must hold
/// is asserted on the way.
pub async fn run(cases: Vec<Case>, pace: Pace) {
    log::capture();
    let trial = Trial::start(&cases, &pace).await;
    let before = trial.until_read().await;
    trial.one_call_fails().await;
    let outage = trial.every_call_fails(&before, &pace).await;
    trial.everything_works_again(&before, &pace).await;
    trial.check_secrets(&[&outage, &trial.exporter.text().await]);
    trial.exporter.stop().await;
}

async fn start_demo(clock: &TestClock) -> Demo {
    let options = DemoOptions { devices: 12, seed: 7, clock: Arc::new(clock.clone()), ..DemoOptions::default() };
    demo::start(options).await.unwrap()
}

impl<'a> Trial<'a> {
    async fn start(cases: &'a [Case], pace: &Pace) -> Self {
        // What is true stays the same, while time passes for the exporter.
        let world_clock = TestClock::at(NOW);
        let mut subjects = Vec::new();
        for case in cases {
            let demo = Arc::new(start_demo(&world_clock).await);
            for (platform, outcome) in case.outcomes.iter().enumerate() {
                let Some(outcome) = *outcome else { continue };
                let gate = match &case.cause {
                    Cause::Way(well, _) => Some(Gate::before(server(&demo, platform).address, well.clone()).await),
                    Cause::Server(_) => None,
                };
                let (account, demo) = (format!("{} {}", case.name, PLATFORMS[platform]), Arc::clone(&demo));
                subjects.push(Subject { account, platform, outcome, cause: &case.cause, demo, gate });
            }
        }
        let bystander = start_demo(&world_clock).await;
        let mut yaml = "accounts:\n".to_owned();
        for subject in &subjects {
            account(&mut yaml, &subject.account, subject.platform, &subject.url(), subject.server().api_key(), pace);
        }
        for (platform, name) in BYSTANDERS.into_iter().enumerate() {
            let server = server(&bystander, platform);
            let patient = Pace { concurrent: pace.concurrent, ..Pace::default() };
            account(&mut yaml, name, platform, &server.url(), server.api_key(), &patient);
        }
        let clock = TestClock::at(NOW);
        let exporter = Exporter::start(&yaml, Arc::new(clock.clone())).await;
        Self { subjects, bystander, exporter, clock }
    }

    fn accounts(&self) -> impl Iterator<Item = &str> {
        self.subjects.iter().map(|subject| subject.account.as_str()).chain(BYSTANDERS)
    }

    /// Waits until everything was read, so that nothing changes any more.
    async fn until_read(&self) -> SeriesMap {
        let mut before = self.until_well(START).await;
        loop {
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            let all = self.until_well(START).await;
            if difference(&fleet_only(&all), &fleet_only(&before)).is_empty() {
                return all;
            }
            before = all;
        }
    }

    /// Waits until every account is well and has told all that there is to tell.
    async fn until_well(&self, phase: &str) -> SeriesMap {
        let text = self
            .until(phase, |all| {
                self.accounts().find_map(|account| {
                    let up = value(all, "rmm_up", &[("account", account)]);
                    let failed = failed_collectors(all, account);
                    let unread = unread(all, account);
                    (!failed.is_empty() || up != Some(1.0) || !unread.is_empty())
                        .then(|| format!("{account}: up {up:?}, failed {failed:?}, unread {unread:?}"))
                })
            })
            .await;
        parse(&text)
    }

    /// One call fails: its collector says so, and no other.
    async fn one_call_fails(&self) {
        for subject in &self.subjects {
            if let Cause::Server(fault) = subject.cause {
                subject.server().handle.set_fault(fault.clone(), Scope::target(CALLS[subject.platform]));
            }
        }
        let subjects = || self.subjects.iter().filter(|subject| subject.gate.is_none());
        let up = |all: &SeriesMap, subject: &Subject<'_>| value(all, "rmm_up", &[("account", &subject.account)]);
        // Whatever call finds the key refused: no other will do better. Until another tries the key again, and is taken.
        let down = RefCell::new(BTreeSet::new());
        let text = self
            .until("one call fails", |all| {
                let are_down = subjects().filter(|subject| up(all, subject) == Some(0.0));
                down.borrow_mut().extend(are_down.map(|subject| subject.account.as_str()));
                subjects().find_map(|subject| {
                    let (counted, _) = subject.counted(all, |call| call == CALLS[subject.platform]);
                    let failed = failed_collectors(all, &subject.account);
                    let happened = subject.is_harmless() || failed.contains(&COLLECTORS[subject.platform]);
                    let is_refused = subject.outcome == "auth_error";
                    let told = !is_refused || down.borrow().contains(subject.account.as_str());
                    (counted == 0.0 || !happened || !told)
                        .then(|| format!("{}: counted {counted}, failed {failed:?}, told {told}", subject.account))
                })
            })
            .await;
        let all = parse(&text);
        for subject in subjects() {
            let Subject { account, .. } = subject;
            let failed = failed_collectors(&all, account);
            let expected = if subject.is_harmless() { vec![] } else { vec![COLLECTORS[subject.platform]] };
            assert_eq!(failed, expected, "{account}: no other collector fails");
            let is_refused = subject.outcome == "auth_error";
            assert!(is_refused || up(&all, subject) == Some(1.0), "{account}: one call takes it down");
            assert!(subject.counted(&all, |_| true).1 < 0.5, "{account}: no other outcome than {}", subject.outcome);
        }
    }

    /// Every call fails: the account is down, its data stay and grow old, and it is asked less and less.
    async fn every_call_fails(&self, before: &SeriesMap, pace: &Pace) -> String {
        let all = self.exporter.scrape().await;
        let counted = |all: &SeriesMap| -> Vec<(f64, f64)> {
            let counts = |subject: &Subject<'_>| {
                let others = subject.counted(all, |call| call != CALLS[subject.platform]).0;
                (others, subject.counted(all, |_| true).0)
            };
            self.subjects.iter().map(counts).collect()
        };
        let counted_before = counted(&all);
        let began = Instant::now();
        for subject in &self.subjects {
            match (subject.cause, &subject.gate) {
                (Cause::Server(fault), _) => subject.server().handle.set_fault(fault.clone(), Scope::ALL),
                (Cause::Way(_, way), Some(gate)) => gate.set(way.clone()).await,
                (Cause::Way(..), None) => unreachable!(),
            }
        }
        let applied = self.clock.now().steady;
        self.until_settled(applied).await;
        self.clock.advance(AGE);
        let harmless = self.subjects.iter().filter(|subject| subject.is_harmless());
        let well: Vec<_> = harmless.map(|subject| subject.account.as_str()).chain(BYSTANDERS).collect();
        let text = self
            .until("every call fails", |all| {
                let short = Duration::from_millis(pace.outage).saturating_sub(began.elapsed());
                let early = (!short.is_zero()).then(|| format!("{short:?} too early"));
                self.subjects
                    .iter()
                    .zip(&counted_before)
                    .find_map(|(subject, before)| not_down(subject, all, before.0))
                    .or_else(|| well.iter().find_map(|account| self.wrong_age(all, account, true)))
                    .or(early)
            })
            .await;
        let until = self.clock.now().steady;
        let all = parse(&text);
        for subject in &self.subjects {
            self.check_data(subject, before, &all);
            check_manners(subject, pace, applied, until);
        }
        // As the exporter counts them: also where nobody at the other end can.
        let most = 8.0 + 2.0 * began.elapsed().as_secs_f64() / Duration::from_millis(INTERVAL).as_secs_f64();
        for (subject, (after, before)) in self.subjects.iter().zip(counted(&all).iter().zip(&counted_before)) {
            let calls = after.1 - before.1;
            let pauses = !matches!(subject.outcome, "ok" | "api_error" | "forbidden");
            assert!(!pauses || calls <= most, "{}: {calls} calls, {most} at most", subject.account);
        }
        check_bystanders(&all);
        text
    }

    /// Waits until what was under way at that time has come.
    async fn until_settled(&self, before: Duration) {
        let is_settled = |subject: &Subject<'_>| {
            let calls = subject.server().handle.audit().calls();
            calls.iter().all(|call| call.received >= before || call.ended.is_some())
        };
        let end = Instant::now() + PATIENCE;
        while !self.subjects.iter().all(is_settled) {
            assert!(Instant::now() < end, "calls that do not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // And for those who read it.
        tokio::time::sleep(Duration::from_millis(800)).await;
    }

    /// Asks again and again; what it said at last when `problem` found nothing more.
    async fn until(&self, phase: &str, problem: impl Fn(&SeriesMap) -> Option<String>) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = self.exporter.text().await;
            let all = parse(&text);
            if phase != START {
                check_bystanders(&all);
            }
            match problem(&all) {
                None => return text,
                Some(problem) => assert!(Instant::now() < end, "{phase}, after {PATIENCE:?}: {problem}"),
            }
            // Reading thousands of series keeps a processor busy that the exporter needs, too.
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
    }

    /// The last good data are served, with their age.
    fn check_data(&self, subject: &Subject<'_>, before: &SeriesMap, all: &SeriesMap) {
        let Subject { account, outcome, .. } = subject;
        assert!(subject.counted(all, |_| true).1 < 0.5, "{account}: no other outcome than {outcome}");
        assert_eq!(devices(all, account), devices(before, account), "{account}");
        if !subject.is_harmless() {
            let of = |all: &SeriesMap| of_account(&fleet_only(all), account);
            assert_eq!(difference(&of(all), &of(before)), "", "{account}");
        }
        assert_eq!(self.wrong_age(all, account, subject.is_harmless()), None);
    }

    /// What is wrong about the age of an inventory that was, or was not, read since time moved on.
    fn wrong_age(&self, all: &SeriesMap, account: &str, fresh: bool) -> Option<String> {
        let now = self.clock.now().wall.as_second();
        let expected = if fresh { now } else { now - AGE.as_secs().cast_signed() };
        let labels = [("account", account), ("collector", "inventory")];
        let last = value(all, "rmm_collector_last_success_timestamp_seconds", &labels).unwrap();
        let [targets, good] =
            ["rmm_collector_targets", "rmm_collector_targets_fresh"].map(|name| value(all, name, &labels));
        let is_right = (last - expected as f64).abs() < 1.0 && targets == good && targets > Some(0.0);
        (!is_right)
            .then(|| format!("{account}: last read at {last}, not {expected}; {good:?} of {targets:?} lists are good"))
    }

    /// The faults end, and nothing else is done about them.
    async fn everything_works_again(&self, before: &SeriesMap, pace: &Pace) {
        for subject in &self.subjects {
            subject.server().handle.clear_faults();
            if let (Cause::Way(well, _), Some(gate)) = (subject.cause, &subject.gate) {
                gate.set(well.clone()).await;
            }
        }
        self.clock.leap(pace.lingers);
        self.until_well("it works again").await;
        let expected = fleet_only(before);
        self.until("it works again", |all| {
            let difference = difference(&fleet_only(all), &expected);
            (!difference.is_empty())
                .then_some(difference)
                .or_else(|| self.accounts().find_map(|account| self.wrong_age(all, account, true)))
        })
        .await;
        for subject in &self.subjects {
            assert_eq!(subject.server().handle.audit().violations(), [], "{}: only reads", subject.account);
        }
    }

    /// No key in what is served or logged, and no sign of a defect.
    fn check_secrets(&self, served: &[&str]) {
        let log = log::text();
        assert!(!log.is_empty());
        for sign in ["panicked", "defect", "bug of the exporter"] {
            assert!(!log.contains(sign), "{sign}: {}", log.lines().find(|line| line.contains(sign)).unwrap());
        }
        for demo in self.subjects.iter().map(|subject| &*subject.demo).chain([&self.bystander]) {
            for secret in [demo.nsight.api_key(), demo.tactical.api_key()] {
                assert!(!log.contains(secret), "a key in the log");
                assert!(served.iter().all(|text| !text.contains(secret)), "a key in /metrics");
            }
        }
    }
}

fn check_manners(subject: &Subject<'_>, pace: &Pace, from: Duration, until: Duration) {
    let Subject { account, outcome, .. } = subject;
    if subject.is_harmless() {
        return;
    }
    let manners = Manners {
        min_interval: Duration::from_millis(MIN_INTERVAL),
        interval: Duration::from_millis(INTERVAL),
        timeout: Duration::from_millis(pace.timeout),
        retry_after: match subject.cause {
            Cause::Server(fault) => retry_after(fault),
            Cause::Way(..) => None,
        },
    };
    match &subject.gate {
        None => {
            let calls = subject.server().handle.audit().calls();
            let calls: Vec<_> = calls.into_iter().filter(|call| (from..until).contains(&call.received)).collect();
            assert!(!calls.is_empty(), "{account}: nobody asked any more");
            manners.check(account, &calls, outcome, from, until);
        }
        Some(gate) => {
            // By the real clock: seconds before now.
            let times = gate.arrivals().into_iter().filter_map(|time| until.checked_sub(time.elapsed()));
            let times: Vec<_> = times.filter(|time| *time >= from).collect();
            manners.check_pauses(account, &times, from, until);
        }
    }
}

/// Nothing happens to the others.
fn check_bystanders(all: &SeriesMap) {
    for account in BYSTANDERS {
        assert_eq!(value(all, "rmm_up", &[("account", account)]), Some(1.0), "{account}");
        assert_eq!(failed_collectors(all, account), [""; 0], "{account}");
        let calls: f64 = requests(all, account, "ok");
        let every =
            all.iter().filter(|((name, labels), _)| name == "rmm_api_requests_total" && labels["account"] == account);
        assert!((every.map(|(_, count)| count).sum::<f64>() - calls).abs() < 0.5, "{account}: every call is good");
    }
}

/// Collectors of an account of which something was not read yet.
fn unread(all: &SeriesMap, account: &str) -> Vec<String> {
    let of = |name| {
        let own = all.iter().filter(move |((other, labels), _)| other == name && labels["account"] == account);
        own.map(|((_, labels), value)| (labels["collector"].clone(), *value))
    };
    let fresh: BTreeMap<String, f64> = of("rmm_collector_targets_fresh").collect();
    let targets = of("rmm_collector_targets").map(|(name, targets)| (fresh.get(&name) == Some(&targets), name));
    let unread = targets.filter(|(read, _)| !read).map(|(_, name)| name);
    unread.chain(devices(all, account).is_empty().then(|| "devices".to_owned())).collect()
}

fn devices(all: &SeriesMap, account: &str) -> BTreeSet<String> {
    let own = all.keys().filter(|(name, labels)| name == "rmm_device_info" && labels["account"] == account);
    own.map(|(_, labels)| labels["device_id"].clone()).collect()
}

fn account(yaml: &mut String, name: &str, platform: usize, url: &str, key: &str, pace: &Pace) {
    // One client is enough to ask about; it must be known by the part of its name that no fault changes.
    let mut lines = "    filter: { clients: { include: [.*GmbH] } }\n".to_owned();
    if let Some(path) = pace.ca_file.as_ref().filter(|_| url.starts_with("https")) {
        lines = format!("{lines}    tls: {{ ca_file: {:?} }}\n", path.display().to_string());
    }
    let account = Account {
        name,
        platform: PLATFORMS[platform],
        server: url,
        key,
        min_interval: MIN_INTERVAL,
        timeout: pace.timeout,
        stale_after: 600_000,
        requests_per_minute: 60_000,
        concurrent: pace.concurrent,
        lines: &lines,
    };
    account.write(yaml, |collector| USED[platform].contains(&collector).then_some(INTERVAL));
}
