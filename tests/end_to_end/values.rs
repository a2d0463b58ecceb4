//! Every value is true, none is missing and none is too much; and the guest behaves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rmm_exporter::demo::world::World;
use rmm_exporter::demo::world::tactical::ServicesForm;
use rmm_exporter::metrics::catalogue;
use rmm_exporter::platform::PlatformName;

use crate::harness::{BOTH, NOW, Running, Settings, TestClock, failed_collectors, of_account, start_demo};
use crate::support::{difference, fleet_only, value};
use crate::truth;

/// The truth leaves no family out, and in some world each has something to say.
#[test]
fn the_truth_knows_every_family() {
    let now = NOW.parse().unwrap();
    let mut told = BTreeSet::new();
    for seed in 1..6 {
        let world = World::new(120, seed, 1.0, Arc::new(TestClock::at(NOW)));
        let expected = truth::expected(&world.truth(now), now);
        let telling = expected.into_iter().filter(|(_, value)| *value != 0.0);
        told.extend(telling.map(|((name, mut labels), _)| (labels.remove("platform").unwrap(), name)));
    }
    let mut known = BTreeSet::new();
    for family in catalogue::families().iter().filter(|family| family.is_fleet()) {
        let platforms = [PlatformName::Nsight, PlatformName::Tactical].into_iter();
        let with = platforms.filter(|platform| family.source(*platform).is_some());
        known.extend(with.map(|platform| (platform.name().to_owned(), family.name.to_owned())));
    }
    assert_eq!(told, known);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_worlds_are_told_as_truly() {
    for (seed, form) in [(2, ServicesForm::Text), (11, ServicesForm::Container), (30, ServicesForm::Seen)] {
        let settings = Settings { devices: 50, seed, ..Settings::default() };
        let demo = start_demo(&settings).await;
        demo.world.tactical_switches().set_services_form(form);
        let running = Running::around(demo, settings).await;
        running.until_true().await;
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_series_is_exactly_what_the_world_says() {
    let running = Running::start(Settings { devices: 90, fast: 1_500, slow: 2_500, ..Settings::default() }).await;
    running.until_true().await;
    // Still so after everything was read again, and at any time in between.
    let expected = running.expected();
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let all = running.scrape().await;
        assert_eq!(difference(&fleet_only(&all), &expected), "");
    }
    let all = running.until_well("demo-nsight").await;
    for (account, platform) in BOTH.into_iter().zip(["nsight", "tactical"]) {
        assert_eq!(failed_collectors(&all, account), [""; 0]);
        let fleet = of_account(&expected, account).len();
        let exposed = value(&all, "rmm_exporter_series", &[("account", account), ("platform", platform)]);
        assert_eq!(exposed, Some(fleet as f64));
        assert_eq!(value(&all, "rmm_exporter_series_dropped", &[("account", account)]), Some(0.0));
        assert!(fleet > 300, "{account}: {fleet} series are too few to prove anything");
    }
    for server in [&running.demo.nsight, &running.demo.tactical] {
        let audit = server.handle.audit();
        let summary = audit.summary();
        assert_eq!(audit.violations(), [], "only reads");
        let agent = format!("Mozilla/5.0 (compatible; rmm-exporter/{})", env!("CARGO_PKG_VERSION"));
        assert_eq!(audit.user_agents().into_iter().collect::<Vec<_>>(), [agent]);
        let (gap, call) = summary.smallest_gap.clone().expect("something was read twice");
        assert!(gap >= Duration::from_millis(299), "{call} after {gap:?}");
        assert!(summary.most_concurrent <= 4, "{summary:?}");
        assert!(audit.calls().iter().all(|call| call.key_accepted));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn budget_and_concurrency_hold_at_the_server() {
    let settings = Settings { requests_per_minute: 90, concurrent: 2, slow: 1_000, ..Settings::default() };
    let running = Running::start(settings).await;
    running.until_value("rmm_up", "demo-nsight", 1.0).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let all = running.scrape().await;
    for (account, server) in BOTH.into_iter().zip([&running.demo.nsight, &running.demo.tactical]) {
        let summary = server.handle.audit().summary();
        // A tenth is kept for the calls that matter most.
        let most = summary.most_in_a_minute;
        assert!((81..=90).contains(&most), "{account}: all of the budget and no more, {summary:?}");
        assert!(summary.most_concurrent <= 2, "{account}: {summary:?}");
        let queue = value(&all, "rmm_api_queue_length", &[("account", account)]).unwrap();
        assert!(queue > 0.0, "{account}: what waits for budget is shown");
    }
    running.stop().await;
}
