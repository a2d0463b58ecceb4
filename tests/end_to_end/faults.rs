//! What goes wrong at a platform: it shows as what it is, takes no data away, touches no other account, and ends by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rmm_exporter::demo::{Fault, RetryAfter, Scope};
use tokio::net::TcpListener;

use crate::harness::{BOTH, Running, Settings, failed_collectors, of_account, requests};
use crate::support::{difference, fleet_only, value};

/// An account on which to try faults; both servers of one demo are tried at the same time by different tests.
struct Trial {
    running: Running,
    account: &'static str,
}

impl Trial {
    async fn start(account: &'static str) -> Self {
        let settings = Settings { devices: 20, fast: 400, timeout: 800, min_interval: 100, ..Settings::default() };
        let running = Running::start(settings).await;
        running.until_true(20).await;
        running.until_well(5, account).await;
        Self { running, account }
    }

    fn other(&self) -> &'static str {
        if self.account == BOTH[0] { BOTH[1] } else { BOTH[0] }
    }

    fn server(&self) -> &rmm_exporter::demo::server::ServerHandle {
        let demo = &self.running.demo;
        if self.account == BOTH[0] { &demo.nsight.handle } else { &demo.tactical.handle }
    }

    /// Every request fails like this until the account is down; then everything works again.
    async fn suffer(&self, fault: Fault, outcome: &str) {
        let before = requests(&self.running.scrape().await, self.account, outcome);
        self.server().set_fault(fault.clone(), Scope::ALL);
        let all = self
            .running
            .until(10, |all| {
                let up = value(all, "rmm_up", &[("account", self.account)]);
                let counted = requests(all, self.account, outcome);
                (up != Some(0.0) || counted <= before || failed_collectors(all, self.account).is_empty())
                    .then(|| format!("{fault:?}: up {up:?}, {outcome} {before} then {counted}"))
            })
            .await;
        // The last good values are still there, and the other account does not notice.
        assert_eq!(difference(&fleet_only(&all), &self.running.expected()), "", "{fault:?}");
        assert_eq!(value(&all, "rmm_up", &[("account", self.other())]), Some(1.0), "{fault:?}");
        assert_eq!(failed_collectors(&all, self.other()), [""; 0], "{fault:?}");
        self.server().clear_faults();
        self.running.until_well(10, self.account).await;
    }
}

/// A server that counts who connects.
async fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://localhost:{}/api/?service=list_clients", listener.local_addr().unwrap().port());
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (address, visits)
}

#[cfg(target_os = "linux")]
fn peak_memory() -> u64 {
    procfs::process::Process::myself().unwrap().status().unwrap().vmhwm.unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_nsight() {
    let trial = Trial::start(BOTH[0]).await;
    let (address, visits) = trap().await;
    for (fault, outcome) in [
        (Fault::Status(500), "http_error"),
        (Fault::TooManyRequests(RetryAfter::Seconds(1)), "throttled"),
        (Fault::ForbiddenHtml, "blocked"),
        (Fault::HtmlPage, "blocked"),
        (Fault::EmptyBody, "invalid_response"),
        (Fault::CutBody, "invalid_response"),
        (Fault::ShortBody, "connect_error"),
        (Fault::ResetMidBody, "connect_error"),
        (Fault::UnknownRoot, "invalid_response"),
        (Fault::EntityBomb, "invalid_response"),
        (Fault::DeepNesting(100_000), "invalid_response"),
        (Fault::Fail(3), "auth_error"),
        (Fault::Fail(6), "api_error"),
        (Fault::NeverAnswer, "timeout"),
        (Fault::Redirect(address), "http_error"),
    ] {
        trial.suffer(fault, outcome).await;
    }
    assert_eq!(visits.load(Ordering::Relaxed), 0, "a redirect to another host is not followed");
    assert_eq!(trial.server().audit().violations(), []);
    trial.running.until_true(5).await;
    trial.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_tactical() {
    let trial = Trial::start(BOTH[1]).await;
    let (address, visits) = trap().await;
    for (fault, outcome) in [
        (Fault::Status(502), "http_error"),
        (Fault::Status(401), "auth_error"),
        (Fault::ForbiddenJson, "forbidden"),
        (Fault::ForbiddenHtml, "blocked"),
        (Fault::Unavailable(RetryAfter::Date(2)), "throttled"),
        (Fault::HtmlPage, "blocked"),
        (Fault::EmptyBody, "invalid_response"),
        (Fault::CutBody, "invalid_response"),
        (Fault::ShortBody, "connect_error"),
        (Fault::ResetMidBody, "connect_error"),
        (Fault::UnknownRoot, "invalid_response"),
        (Fault::DeepNesting(100_000), "invalid_response"),
        (Fault::Redirect(address), "http_error"),
    ] {
        trial.suffer(fault, outcome).await;
    }
    assert_eq!(visits.load(Ordering::Relaxed), 0, "a redirect to another host is not followed");
    assert_eq!(trial.server().audit().violations(), []);
    trial.running.until_true(5).await;
    trial.running.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_answers_are_cut_off_before_they_fill_the_memory() {
    // Slower than other faults: the server makes the bombs, too.
    let settings = Settings { devices: 6, fast: 500, timeout: 60_000, concurrent: 1, ..Settings::default() };
    let running = Running::start(settings).await;
    running.until_true(20).await;
    let before = peak_memory();
    for (account, server) in BOTH.into_iter().zip([&running.demo.nsight.handle, &running.demo.tactical.handle]) {
        for fault in [Fault::Huge(400), Fault::GzipBomb(100)] {
            let target = if account == BOTH[0] { "list_clients" } else { "/clients/" };
            let counted = requests(&running.scrape().await, account, "too_large");
            server.set_fault(fault.clone(), Scope::target(target).next(1));
            running
                .until(30, |all| {
                    let now = requests(all, account, "too_large");
                    (now <= counted).then(|| format!("{fault:?} of {account} is not counted"))
                })
                .await;
            running.until_well(10, account).await;
        }
    }
    let grown = peak_memory() - before;
    assert!(grown < 300, "{grown} MB more, though no such answer may be larger than 64 MB");
    running.until_true(5).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_asks_for_rest_gets_it() {
    let settings = Settings { devices: 12, fast: 300, min_interval: 100, ..Settings::default() };
    let running = Running::start(settings).await;
    running.until_true(20).await;
    let server = &running.demo.nsight.handle;
    server.audit().clear();
    server.set_fault(Fault::TooManyRequests(RetryAfter::Seconds(3)), Scope::ALL.next(1));
    let all = running
        .until(5, |all| {
            let until = value(all, "rmm_api_backoff_until_timestamp_seconds", &[("account", BOTH[0])]);
            until.is_none().then(|| "the pause is not shown".to_owned())
        })
        .await;
    assert!(requests(&all, BOTH[0], "throttled") >= 1.0);
    running.until_well(10, BOTH[0]).await;
    let calls = server.audit().calls();
    let refused = calls.iter().find(|call| call.status == Some(429)).expect("a refusal");
    // What was under way at that moment may still arrive; then nothing for as long as was asked.
    let after = calls.iter().filter(|call| call.received > refused.received + Duration::from_millis(150));
    let next = after.map(|call| call.received).min().expect("it went on");
    let pause = next.checked_sub(refused.received).unwrap();
    assert!(pause >= Duration::from_millis(2_950), "only {pause:?}");
    assert!(pause < Duration::from_secs(6), "{pause:?}");
    let all = running.scrape().await;
    assert_eq!(value(&all, "rmm_api_backoff_until_timestamp_seconds", &[("account", BOTH[0])]), None);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_met_with_fewer_and_fewer_calls() {
    let settings = Settings { devices: 12, fast: 4_000, min_interval: 100, ..Settings::default() };
    let running = Running::start(settings).await;
    running.until_true(20).await;
    let server = &running.demo.tactical.handle;
    server.set_fault(Fault::Status(500), Scope::ALL);
    running.until_value(10, "rmm_up", BOTH[1], 0.0).await;
    server.audit().clear();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let calls = server.audit().summary().calls;
    assert!((1..=12).contains(&calls), "{calls} calls in five seconds");
    let began = Instant::now();
    server.clear_faults();
    running.until_well(10, BOTH[1]).await;
    assert!(began.elapsed() < Duration::from_secs(6), "well again after {:?}", began.elapsed());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_tried_a_few_times_only() {
    // As against a real server: floor and pauses of their full length.
    let settings =
        Settings { wrong_keys: true, min_interval: 15_000, fast: 60_000, concurrent: 2, ..Settings::default() };
    let running = Running::start(settings).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let all = running.scrape().await;
    for (account, server) in BOTH.into_iter().zip([&running.demo.nsight, &running.demo.tactical]) {
        assert_eq!(value(&all, "rmm_up", &[("account", account)]), Some(0.0));
        assert!(requests(&all, account, "auth_error") >= 1.0);
        assert!(of_account(&fleet_only(&all), account).is_empty(), "nothing is made up");
        let calls = server.handle.audit().calls();
        assert!((1..=3).contains(&calls.len()), "{account}: {} calls", calls.len());
        assert!(calls.iter().all(|call| !call.key_accepted));
    }
    running.stop().await;
}
