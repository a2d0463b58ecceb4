//! What comes, goes, is renamed, and grows old.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use rmm_exporter::clock::SystemClock;
use rmm_exporter::demo::{Fault, Scope};
use tokio::net::TcpListener;

use crate::harness::{BOTH, NOW, Running, Settings, TestClock, failed_collectors, start_demo};
use crate::support::stopwatch::Stopwatch;
use crate::support::{SeriesMap, difference, fleet_only, value};

fn devices(all: &SeriesMap) -> BTreeSet<&str> {
    all.keys().filter_map(|(_, labels)| labels.get("device_id").map(String::as_str)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_that_go_take_all_their_series_with_them() {
    let clock = TestClock::at(NOW);
    // Device places change hands every five minutes at this speed.
    let settings = Settings { clock: Arc::new(clock.clone()), devices: 70, speed: 3.0, ..Settings::default() };
    let running = Running::start(settings).await;
    let before = running.until_true().await;
    clock.advance(Duration::from_mins(6));
    // Everything is due again, and nothing is stale.
    clock.leap(Duration::from_hours(2));
    let expected = running.expected();
    let gone: Vec<&str> = devices(&before).difference(&devices(&expected)).copied().collect();
    let new = devices(&expected).difference(&devices(&before)).count();
    assert!(gone.len() >= 2 && new >= 2, "{gone:?}, {new} new: this world is too quiet for the test");
    let vanished: RefCell<BTreeSet<&str>> = RefCell::default();
    running
        .until(|all| {
            let here = devices(all);
            vanished.borrow_mut().extend(gone.iter().filter(|id| !here.contains(**id)));
            assert!(vanished.borrow().iter().all(|id| !here.contains(*id)), "what went does not come back");
            let difference = difference(&fleet_only(all), &expected);
            (!difference.is_empty()).then_some(difference)
        })
        .await;
    assert_eq!(vanished.borrow().len(), gone.len());
    for account in BOTH {
        let all = running.until_well(account).await;
        assert_eq!(failed_collectors(&all, account), [""; 0], "a device that is gone is no failure");
    }
    running.stop().await;
}

/// Hands every request on to `server`, and replaces texts in the answers while `on`.
async fn rewriting(server: SocketAddr, on: Arc<AtomicBool>, replace: &'static [(&str, &str)]) -> String {
    // Even a client that never uses TLS wants to know how.
    let _already = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = move |request: Request| {
        let (on, client) = (on.load(Ordering::Relaxed), client.clone());
        async move {
            let (parts, body) = request.into_parts();
            let url = format!("http://{server}{}", parts.uri.path_and_query().unwrap());
            let mut onward = client.request(parts.method, url).body(to_bytes(body, 10_000).await.unwrap());
            for name in ["x-api-key", "x-mon-token", "content-type"] {
                if let Some(value) = parts.headers.get(name) {
                    onward = onward.header(name, value);
                }
            }
            let answer = onward.send().await.unwrap();
            let response = Response::builder().status(answer.status());
            let response = response.header("content-type", answer.headers().get("content-type").unwrap());
            let mut body = answer.bytes().await.unwrap().to_vec();
            for (old, new) in replace.iter().filter(|_| on) {
                while let Some(at) = body.windows(old.len()).position(|window| window == old.as_bytes()) {
                    body.splice(at..at + old.len(), new.bytes());
                }
            }
            response.body(Body::from(body)).unwrap()
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_name_is_in_all_series_at_once() {
    const NAMES: &[(&str, &str)] =
        &[("Larkspur Dental", "Lerchensporn"), ("Emoji ", "Rune "), ("LKD-DC01", "DC-NEW"), ("Genève", "Zürich-West")];
    let mut settings = Settings { devices: 30, ..Settings::default() };
    let demo = start_demo(&settings).await;
    let renamed = Arc::new(AtomicBool::new(false));
    settings.nsight_url = Some(rewriting(demo.nsight.address, Arc::clone(&renamed), NAMES).await);
    settings.tactical_url = Some(rewriting(demo.tactical.address, Arc::clone(&renamed), NAMES).await);
    let running = Running::around(demo, settings).await;
    running.until_true().await;
    renamed.store(true, Ordering::Relaxed);
    let renamed = |text: &str| NAMES.iter().fold(text.to_owned(), |text, (old, new)| text.replace(old, new));
    let expected: SeriesMap = running
        .expected()
        .into_iter()
        .map(|((name, labels), value)| {
            let labels = labels.into_iter().map(|(key, value)| (key, renamed(&value))).collect();
            ((name, labels), value)
        })
        .collect();
    assert!(difference(&expected, &running.expected()).len() > 1_000);
    // The slow collectors do not run again.
    running
        .until(|all| {
            let difference = difference(&fleet_only(all), &expected);
            (!difference.is_empty()).then_some(difference)
        })
        .await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_data_go_and_the_reasons_stay() {
    let settings =
        Settings { clock: Arc::new(SystemClock), devices: 12, fast: 500, stale_after: 15_000, ..Settings::default() };
    let running = Running::start(settings).await;
    let present = |all: &SeriesMap, name: &str| all.keys().any(|(other, _)| other == name);
    for account in BOTH {
        running.until_well(account).await;
    }
    for server in [&running.demo.nsight.handle, &running.demo.tactical.handle] {
        server.set_fault(Fault::Status(500), Scope::ALL);
    }
    running.until_value("rmm_up", BOTH[0], 0.0).await;
    let all = running.until_value("rmm_up", BOTH[1], 0.0).await;
    assert!(present(&all, "rmm_device_info"), "young data stay");
    let all = running.until(|all| (!fleet_only(all).is_empty()).then(|| "old data are still there".to_owned())).await;
    for account in BOTH {
        let inventory = [("account", account), ("collector", "inventory")];
        assert_eq!(value(&all, "rmm_collector_success", &inventory), Some(0.0));
        assert!(value(&all, "rmm_collector_last_success_timestamp_seconds", &inventory).is_some());
        assert!(value(&all, "rmm_collector_targets", &inventory).unwrap() > 0.0);
        assert_eq!(value(&all, "rmm_exporter_series", &[("account", account)]), Some(0.0));
    }
    for server in [&running.demo.nsight.handle, &running.demo.tactical.handle] {
        server.clear_faults();
    }
    running.until(|all| (!present(all, "rmm_device_info")).then(|| "nothing came back".to_owned())).await;
    running.stop().await;
}

/// Everything is read once; then nothing happens at all, and the data go when they are old enough, not later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_go_at_their_time_even_when_nothing_else_happens() {
    let settings = Settings {
        clock: Arc::new(SystemClock),
        devices: 8,
        fast: 3_600_000,
        stale_after: 10_000,
        ..Settings::default()
    };
    let watch = Stopwatch::start();
    let running = Running::start(settings).await;
    let present = |all: &SeriesMap| {
        let infos = all.keys().filter(|(name, _)| name == "rmm_device_info").count();
        infos > 0
    };
    running.until(|all| (!present(all)).then(|| "nothing yet".to_owned())).await;
    let newest = || {
        let audits = [running.demo.nsight.handle.audit(), running.demo.tactical.handle.audit()];
        let calls = audits.iter().flat_map(|audit| audit.calls());
        let lists = calls.filter(|call| ["list_servers", "list_workstations", "/agents/"].contains(&&*call.target));
        lists.filter_map(|call| call.ended).max().unwrap()
    };
    running.until(|all| present(all).then(|| "still there".to_owned())).await;
    let gone = rmm_exporter::clock::Clock::now(&SystemClock).steady;
    let age = gone.checked_sub(newest()).unwrap();
    let latest = Duration::from_secs(15) + watch.lost();
    assert!(age >= Duration::from_millis(9_500) && age < latest, "gone after {age:?}");
    running.until(|all| (!fleet_only(all).is_empty()).then(|| format!("{:?}", fleet_only(all).keys().next()))).await;
    running.stop().await;
}

/// As after a machine's sleep, which what waits does not see.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jump_of_the_clock_withdraws_what_is_too_old_by_then_and_reads_it_again() {
    let clock = TestClock::at(NOW);
    let settings = Settings {
        clock: Arc::new(clock.clone()),
        devices: 8,
        fast: 3_600_000,
        stale_after: 7_200_000,
        ..Settings::default()
    };
    let running = Running::start(settings).await;
    running.until_true().await;
    let servers = [&running.demo.nsight.handle, &running.demo.tactical.handle];
    for server in servers {
        server.set_fault(Fault::Latency(Duration::from_secs(5)), Scope::ALL);
    }
    clock.advance(Duration::from_hours(3));
    let rest = |all: &SeriesMap| fleet_only(all).keys().next().map(|series| format!("{series:?}"));
    running.until_within(Duration::from_secs(15), rest).await;
    // It was asked for anew, an hour before its time.
    for server in servers {
        server.clear_faults();
    }
    running.until_true().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_cache_makes_no_zeros() {
    let settings = Settings { devices: 40, without: &["checks"], ..Settings::default() };
    let demo = start_demo(&settings).await;
    demo.world.set_cold_cache(true);
    let running = Running::around(demo, settings).await;
    let counted = |all: &SeriesMap| -> Vec<f64> {
        let checks =
            all.iter().filter(|((name, labels), _)| name == "rmm_device_checks" && labels["platform"] == "tactical");
        checks.map(|(_, value)| *value).collect()
    };
    running
        .until(|all| {
            let series = value(all, "rmm_exporter_series", &[("account", BOTH[1])]);
            series.is_none_or(|series| series < 300.0).then(|| format!("{series:?} series"))
        })
        .await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let zeros = counted(&running.scrape().await);
        assert!(zeros.is_empty(), "of a cold cache: {zeros:?}");
    }
    running.demo.world.set_cold_cache(false);
    let all = running.until(|all| counted(all).is_empty().then(|| "no counts though warm".to_owned())).await;
    let truth = running.demo.world.truth(NOW.parse().unwrap()).tactical;
    for agent in &truth.agents {
        let labels = [("device_id", agent.agent.agent_id.as_str()), ("status", "passing")];
        let passing = value(&all, "rmm_device_checks", &labels);
        assert_eq!(passing, (agent.counters.total > 0).then_some(agent.counters.passing as f64));
        let failing = value(&all, "rmm_device_checks", &[labels[0], ("status", "failing")]);
        let counters = agent.counters;
        let bad = counters.failing + counters.warning + counters.info;
        assert_eq!(failing, (counters.total > 0).then_some(bad as f64));
    }
    // Cold again: what was true before is not replaced by zeros.
    running.demo.world.set_cold_cache(true);
    let total: f64 = counted(&all).iter().sum();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let later = counted(&running.scrape().await);
    assert!(later.is_empty() || later.iter().sum::<f64>() >= total, "{later:?}");
    running.stop().await;
}
