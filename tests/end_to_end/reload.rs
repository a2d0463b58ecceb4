//! A new configuration while the exporter works: what is as it was notices nothing, the rest changes at once, and the servers
//! see no hole in the manners of their guest.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rmm_exporter::clock::{Clock, SystemClock};
use rmm_exporter::demo::{Audit, Fault, Scope};
use rmm_exporter::reload::Refusal;

use crate::harness::{BOTH, Running, Settings, TestClock, of_account, requests, start_demo, yaml};
use crate::support::stopwatch::Stopwatch;
use crate::support::{Labels, PATIENCE, SeriesMap, fleet_only, value};

/// One inventory a second and everything else once; real time, as the ledger goes by it.
fn settings() -> Settings {
    Settings { clock: Arc::new(SystemClock), devices: 10, fast: 1_000, min_interval: 300, ..Settings::default() }
}

/// The exporter on a world that stands still: what changes is the exporter's doing.
async fn start(settings: Settings) -> Running {
    let clock = Arc::new(TestClock::at(&SystemClock.now().wall.to_string()));
    let demo = start_demo(&Settings { clock, devices: settings.devices, ..Settings::default() }).await;
    Running::around(demo, settings).await
}

/// The configuration with these lines more for one of the accounts.
fn changed(running: &Running, nsight_lines: &'static str, tactical_lines: &'static str) -> String {
    yaml(&running.demo, &Settings { nsight_lines, tactical_lines, ..settings() })
}

/// The configuration without the first account.
fn only_tactical(yaml: &str) -> String {
    let (start, second) = (yaml.find("  - name").unwrap(), yaml.rfind("  - name").unwrap());
    format!("{}{}", &yaml[..start], &yaml[second..])
}

fn names(all: &SeriesMap) -> BTreeSet<&(String, Labels)> {
    all.keys().collect()
}

/// Everything was called once, and is exposed.
async fn settled(running: &Running) -> SeriesMap {
    let expected = running.expected();
    running
        .until(|all| {
            let missing = names(&fleet_only(all)).symmetric_difference(&names(&expected)).count();
            (missing > 0).then(|| format!("{missing} series are missing or too many"))
        })
        .await
}

/// Waits until nothing is under way, since what a reload gives up is not called again for a minute.
async fn quiet(audit: &Audit) {
    let end = Instant::now() + PATIENCE;
    let is_quiet = || {
        let now = SystemClock.now().steady;
        audit
            .calls()
            .iter()
            .all(|call| call.ended.is_some_and(|ended| now.saturating_sub(ended) > Duration::from_millis(150)))
    };
    while !is_quiet() {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits for what comes by itself.
async fn until(happened: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Calls of that sort that are made again and again.
fn arrivals(audit: &Audit, target: &str) -> Vec<Duration> {
    audit.calls().iter().filter(|call| call.target == target).map(|call| call.received).collect()
}

fn floor_held(audit: &Audit, floor: Duration) {
    let (gap, call) = audit.summary().smallest_gap.expect("something was called twice");
    assert!(gap >= floor, "{call} again after {gap:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_stays_notices_nothing() {
    let running = start(settings()).await;
    let before = settled(&running).await;
    let audit = running.demo.tactical.handle.audit();
    let slow = |audit: &Audit| audit.count("/alerts/") + audit.count("/core/status/");
    let slow_before = slow(audit);
    let watch = Stopwatch::start();
    // A call is under way all the time.
    running.demo.tactical.handle.set_fault(Fault::Latency(Duration::from_millis(600)), Scope::target("/agents/"));
    for mode in ["    checks: { mode: all }\n", "", "    checks: { mode: none }\n", ""] {
        running.reload(&changed(&running, mode, "")).await.unwrap();
        let all = running.scrape().await;
        let fleet = |all: &SeriesMap| fleet_only(&of_account(all, BOTH[1]));
        assert_eq!(names(&fleet(&all)), names(&fleet(&before)));
        assert!(requests(&all, BOTH[1], "ok") >= requests(&before, BOTH[1], "ok"), "counters go on");
        assert!(requests(&all, BOTH[0], "ok") >= requests(&before, BOTH[0], "ok"), "also of the one that changes");
        assert_eq!(value(&all, "rmm_up", &[("account", BOTH[0])]), Some(1.0));
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    until(|| arrivals(audit, "/agents/").len() > 4).await;
    let lists = arrivals(audit, "/agents/");
    let gaps: Vec<_> = lists.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    assert!(gaps.iter().all(|gap| *gap < Duration::from_secs(4) + watch.lost()), "no list is lost: {gaps:?}");
    assert_eq!(slow(audit), slow_before, "nothing is asked again");
    let answered = || audit.calls().iter().filter(|call| call.status == Some(200)).count() as f64;
    let before = answered();
    let lost = |all: &SeriesMap| (requests(all, BOTH[1], "ok") < before).then(|| "an answer is lost".to_owned());
    let all = running.until(lost).await;
    assert!(requests(&all, BOTH[1], "ok") <= answered());
    floor_held(audit, Duration::from_millis(300));
    floor_held(running.demo.nsight.handle.audit(), Duration::from_millis(300));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_account_is_gone_at_once_and_comes_back_as_a_guest_that_was_here() {
    let running = start(Settings { fast: 3_000, min_interval: 3_000, ..settings() }).await;
    let whole = yaml(&running.demo, &Settings { fast: 3_000, min_interval: 3_000, ..settings() });
    settled(&running).await;
    let audit = running.demo.nsight.handle.audit();
    for _ in 0..3 {
        quiet(audit).await;
        running.reload(&only_tactical(&whole)).await.unwrap();
        let all = running.scrape().await;
        assert_eq!(of_account(&all, BOTH[0]), SeriesMap::new(), "at the next scrape");
        assert!(!fleet_only(&of_account(&all, BOTH[1])).is_empty());
        // What the reload came upon is cut off.
        until(|| audit.summary().running == 0).await;
        let calls = audit.summary().calls;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(audit.summary().calls, calls, "it asks nothing more");
        running.reload(&whole).await.unwrap();
        let all = running.scrape().await;
        let up = value(&all, "rmm_up", &[("account", BOTH[0])]);
        assert!(up == Some(0.0) || audit.summary().calls > calls, "it is there, and knows nothing: {up:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    running.until_well(BOTH[0]).await;
    floor_held(audit, Duration::from_secs(3));
    // Another name alone: everything goes on under it.
    quiet(audit).await;
    let renamed = whole.replace("name: demo-nsight", "name: other");
    running.reload(&renamed).await.unwrap();
    let all = running.scrape().await;
    assert_eq!(of_account(&all, BOTH[0]), SeriesMap::new());
    assert!(fleet_only(&of_account(&all, "other")).len() > 100);
    assert_eq!(value(&all, "rmm_up", &[("account", "other")]), Some(1.0));
    floor_held(audit, Duration::from_secs(3));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_server_shows_nothing_of_the_old_one() {
    let running = start(settings()).await;
    let before = settled(&running).await;
    let other = start_demo(&Settings { devices: 10, seed: 99, ..settings() }).await;
    let moved = yaml(&other, &settings());
    quiet(running.demo.nsight.handle.audit()).await;
    running.reload(&moved).await.unwrap();
    let devices = |all: &SeriesMap| -> Vec<String> {
        all.keys().filter_map(|(_, labels)| labels.get("device_id").cloned()).collect()
    };
    let fleet = fleet_only(&before);
    let is_old = |all: &SeriesMap| {
        let mut old = fleet_only(all).into_iter().filter(|(series, value)| fleet.get(series) == Some(value));
        old.any(|((name, _), _)| name == "rmm_device_last_seen_timestamp_seconds")
    };
    let all = running.scrape().await;
    assert!(!is_old(&all) && devices(&all).len() < devices(&before).len());
    assert!(requests(&all, BOTH[0], "ok") >= requests(&before, BOTH[0], "ok"), "the account's counters go on");
    for account in BOTH {
        running.until_well(account).await;
    }
    let all = running.until(|all| devices(all).is_empty().then(|| "nothing of the new one".to_owned())).await;
    assert!(!is_old(&all));
    for server in [&other.nsight, &other.tactical] {
        let audit = server.handle.audit();
        until(|| audit.summary().smallest_gap.is_some()).await;
    }
    // And back: what was called there counts.
    running.reload(&yaml(&running.demo, &settings())).await.unwrap();
    running.until_well(BOTH[0]).await;
    for demo in [&running.demo, &other] {
        floor_held(demo.nsight.handle.audit(), Duration::from_millis(300));
        floor_held(demo.tactical.handle.audit(), Duration::from_millis(300));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_faulty_configuration_changes_nothing_and_shows() {
    let running = start(settings()).await;
    settled(&running).await;
    let good = changed(&running, "", "");
    let read = |all: &SeriesMap| {
        let of = |name: &str| value(all, &format!("rmm_exporter_config_last_reload_{name}"), &[]);
        (of("success"), of("success_timestamp_seconds").unwrap())
    };
    let before = running.scrape().await;
    assert_eq!(read(&before).0, Some(1.0));
    let missing = good.replacen("    api_key: ", "    tls: { ca_file: /nonexistent/ca.pem }\n    api_key: ", 1);
    for (faulty, word) in
        [("accounts: [", "test:2:1"), ("accounts: []", "no account"), (&missing, "/nonexistent/ca.pem")]
    {
        let Err(Refusal::Faulty(faults)) = running.reload(faulty).await else { panic!("{word}: taken") };
        assert!(faults.contains(word), "{faults}");
        assert!(!faults.contains(running.demo.nsight.api_key()), "{faults}");
        let all = running.scrape().await;
        assert_eq!(read(&all), (Some(0.0), read(&before).1));
        // The fleet lives meanwhile: its devices stay, and so does what is known of them.
        let devices = |all: &SeriesMap| all.keys().filter(|(name, _)| name == "rmm_device_info").count();
        assert_eq!(devices(&all), devices(&before));
    }
    let calls = running.demo.nsight.handle.audit().summary().calls;
    // The old one goes on.
    until(|| running.demo.nsight.handle.audit().summary().calls > calls).await;
    running.reload(&good).await.unwrap();
    let all = running.scrape().await;
    assert_eq!(read(&all).0, Some(1.0));
    assert!(read(&all).1 > read(&before).1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_that_need_no_call_take_effect_at_once() {
    let running = start(settings()).await;
    settled(&running).await;
    let count = |all: &SeriesMap, name: &str| {
        all.keys().filter(|(other, labels)| other == name && labels["account"] == BOTH[0]).count()
    };
    running.until(|all| (count(all, "rmm_device_info") <= 2).then(|| "too few devices".to_owned())).await;
    for (lines, there) in [
        ("    metrics: { exclude: [rmm_device_info] }\n", false),
        ("", true),
        ("    filter: { devices: { include: [Nobody] } }\n", false),
        ("    max_series: 1\n", false),
        ("    console_url: https://console.example.com/\n", true),
    ] {
        running.reload(&changed(&running, lines, "")).await.unwrap();
        let all = running.scrape().await;
        assert_eq!(count(&all, "rmm_device_info") > 2, there, "{lines}");
    }
    let text = running.text().await;
    assert!(text.contains("https://console.example.com/"), "{text}");
    running.stop().await;
}

/// Nobody can say when a call ended that was given up: it is not made again within a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_a_reload_cuts_off_counts_as_made() {
    let running = start(settings()).await;
    settled(&running).await;
    let server = &running.demo.tactical.handle;
    server.set_fault(Fault::NeverAnswer, Scope::target("/agents/").next(1));
    until(|| server.audit().calls().iter().any(|call| call.target == "/agents/" && call.ended.is_none())).await;
    let (agents, others) = (server.audit().count("/agents/"), server.audit().count("/clients/"));
    running.reload(&changed(&running, "", "    max_series: 5000\n")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    until(|| server.audit().count("/clients/") > others + 1).await;
    assert_eq!(server.audit().count("/agents/"), agents, "though its interval is a second");
    assert!(!fleet_only(&of_account(&running.scrape().await, BOTH[1])).is_empty());
    running.stop().await;
}

/// Twenty reloads in a row while everything is due: all changes, the budget holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_reloads_make_no_hole_in_floor_and_budget() {
    const BUDGET: u32 = 60;
    let limited = || Settings { requests_per_minute: BUDGET, devices: 50, ..settings() };
    let running = start(limited()).await;
    let plain = yaml(&running.demo, &limited());
    for round in 0..20_u32 {
        let next = plain.replace("    timeout: 60000ms", &format!("    timeout: {}ms", 60_001 + round));
        let next = if round % 5 == 4 { only_tactical(&next) } else { next };
        assert_ne!(next, plain);
        running.reload(&next).await.unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    // Many at once are one or two.
    let asked: Vec<_> = (0..50)
        .map(|_| {
            let reloader = running.reloader();
            tokio::spawn(async move { reloader.reload().await })
        })
        .collect();
    for one in asked {
        one.await.unwrap().unwrap();
    }
    for server in [&running.demo.nsight.handle, &running.demo.tactical.handle] {
        let summary = server.audit().summary();
        assert!(summary.calls > 20, "{summary:?}");
        assert!(summary.most_in_a_minute <= BUDGET as usize, "{summary:?}");
        assert!(
            summary.smallest_gap.as_ref().is_none_or(|(gap, _)| *gap >= Duration::from_millis(300)),
            "{:?}",
            server.audit()
        );
        assert!(summary.most_concurrent <= 8, "{summary:?}");
    }
    running.stop().await;
}
