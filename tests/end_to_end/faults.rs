//! How the exporter spares a server that is not well, in detail. Every sort of fault by itself is in `tests/faults/`.

use std::time::Duration;

use rmm_exporter::demo::{Fault, RetryAfter, Scope};

use crate::harness::{BOTH, Running, Settings, of_account, requests};
use crate::support::stopwatch::Stopwatch;
use crate::support::{SeriesMap, fleet_only, value};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_asks_for_rest_gets_it() {
    let settings = Settings { devices: 12, fast: 300, min_interval: 100, ..Settings::default() };
    let running = Running::start(settings).await;
    running.until_true().await;
    let server = &running.demo.nsight.handle;
    let watch = Stopwatch::start();
    server.audit().clear();
    server.set_fault(Fault::TooManyRequests(RetryAfter::Seconds(3)), Scope::ALL.next(1));
    let all = running
        .until(|all| {
            let until = value(all, "rmm_api_backoff_until_timestamp_seconds", &[("account", BOTH[0])]);
            until.is_none().then(|| "the pause is not shown".to_owned())
        })
        .await;
    assert!(requests(&all, BOTH[0], "throttled") >= 1.0);
    running.until_well(BOTH[0]).await;
    let calls = server.audit().calls();
    let refused = calls.iter().find(|call| call.status == Some(429)).expect("a refusal");
    // What was under way at that moment may still arrive; then nothing for as long as was asked.
    let after = calls.iter().filter(|call| call.received > refused.received + Duration::from_millis(1_500));
    let next = after.map(|call| call.received).min().expect("it went on");
    let pause = next.checked_sub(refused.received).unwrap();
    assert!(pause >= Duration::from_millis(2_950), "only {pause:?}");
    assert!(pause < Duration::from_secs(15) + watch.lost(), "{pause:?}");
    let all = running.scrape().await;
    assert_eq!(value(&all, "rmm_api_backoff_until_timestamp_seconds", &[("account", BOTH[0])]), None);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_met_with_fewer_and_fewer_calls() {
    let settings = Settings { devices: 12, fast: 4_000, min_interval: 100, ..Settings::default() };
    let running = Running::start(settings).await;
    running.until_true().await;
    let server = &running.demo.tactical.handle;
    server.set_fault(Fault::Status(500), Scope::ALL);
    running.until_value("rmm_up", BOTH[1], 0.0).await;
    server.audit().clear();
    let began = Stopwatch::start();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (calls, most) = (server.audit().summary().calls, 7 + began.seconds() as u64);
    assert!((1..=most).contains(&calls), "{calls} calls in five seconds");
    let began = Stopwatch::start();
    server.clear_faults();
    running.until_well(BOTH[1]).await;
    assert!(began.elapsed() < Duration::from_secs(15), "well again after {:?}", began.elapsed());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_tried_a_few_times_only() {
    // As against a real server: floor and pauses of their full length.
    let settings =
        Settings { wrong_keys: true, min_interval: 15_000, fast: 60_000, concurrent: 2, ..Settings::default() };
    let running = Running::start(settings).await;
    let none = |all: &SeriesMap| BOTH.into_iter().find(|account| requests(all, account, "auth_error") < 1.0);
    running.until(|all| none(all).map(|account| format!("{account} was not called"))).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let all = running.scrape().await;
    for (account, server) in BOTH.into_iter().zip([&running.demo.nsight, &running.demo.tactical]) {
        assert_eq!(value(&all, "rmm_up", &[("account", account)]), Some(0.0));
        assert!(of_account(&fleet_only(&all), account).is_empty(), "nothing is made up");
        let calls = server.handle.audit().calls();
        assert!((1..=3).contains(&calls.len()), "{account}: {} calls", calls.len());
        assert!(calls.iter().all(|call| !call.key_accepted));
    }
    running.stop().await;
}
