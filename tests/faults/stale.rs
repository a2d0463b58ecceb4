//! Data that nobody could renew in time are withdrawn, and come back by themselves.

use std::sync::Arc;
use std::time::Duration;

use rmm_exporter::demo::{self, DemoOptions, Fault, Scope};

use crate::exporter::{Account, Exporter, NOW, TestClock, of_account};
use crate::support::{SeriesMap, difference, fleet_only, value};
use crate::table::PLATFORMS;

const STALE_AFTER: Duration = Duration::from_mins(1);

fn fleet(all: &SeriesMap, account: &str) -> SeriesMap {
    of_account(&fleet_only(all), account)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_that_are_too_old_are_withdrawn() {
    let world_clock = Arc::new(TestClock::at(NOW));
    let options = DemoOptions { devices: 8, seed: 7, clock: world_clock, ..DemoOptions::default() };
    let demo = demo::start(options).await.unwrap();
    let mut yaml = "accounts:\n".to_owned();
    for (platform, server) in PLATFORMS.into_iter().zip([&demo.nsight, &demo.tactical]) {
        for name in [platform.to_owned(), format!("{platform} patient")] {
            let account = Account {
                name: &name,
                platform,
                server: &server.url(),
                key: server.api_key(),
                min_interval: 150,
                timeout: 5_000,
                stale_after: if name == platform { STALE_AFTER.as_secs() * 1_000 } else { 3_600_000 },
                requests_per_minute: 60_000,
                concurrent: 2,
                lines: "",
            };
            account.write(&mut yaml, |collector| (collector == "inventory").then_some(1_000));
        }
    }
    let clock = TestClock::at(NOW);
    let exporter = Exporter::start(&yaml, Arc::new(clock.clone())).await;
    let patient = PLATFORMS.map(|platform| format!("{platform} patient"));
    let accounts = || PLATFORMS.into_iter().chain(patient.iter().map(String::as_str));
    let inventory = |all: &SeriesMap, name: &str, account: &str| {
        value(all, name, &[("account", account), ("collector", "inventory")])
    };
    let read = || {
        exporter.until(|all| {
            let [targets, fresh] = ["rmm_collector_targets", "rmm_collector_targets_fresh"];
            let missing = accounts().find(|account| {
                fleet(all, account).is_empty() || inventory(all, targets, account) != inventory(all, fresh, account)
            });
            missing.map(|account| format!("{account} is not read yet"))
        })
    };
    // What one call tells is asked by the next; it is complete when nothing comes any more.
    let mut before = read().await;
    loop {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let all = read().await;
        if difference(&fleet_only(&all), &fleet_only(&before)).is_empty() {
            break;
        }
        before = all;
    }
    for server in [&demo.nsight, &demo.tactical] {
        server.handle.set_fault(Fault::Status(500), Scope::ALL);
    }
    for account in accounts() {
        exporter.until_value("rmm_up", account, 0.0).await;
    }
    clock.advance(STALE_AFTER - Duration::from_secs(5));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let all = exporter.scrape().await;
    assert_eq!(difference(&fleet_only(&all), &fleet_only(&before)), "", "old data are better than none");
    clock.advance(Duration::from_secs(6));
    let all = exporter
        .until(|all| {
            let left = PLATFORMS.into_iter().find(|account| !fleet(all, account).is_empty());
            left.map(|account| format!("{account} shows old data: {:?}", fleet(all, account)))
        })
        .await;
    // The planner goes by the other clock.
    clock.leap(STALE_AFTER);
    for account in PLATFORMS {
        exporter
            .until(|all| {
                let fresh = inventory(all, "rmm_collector_targets_fresh", account);
                (fresh != Some(0.0)).then(|| format!("{account}: {fresh:?} calls are fresh"))
            })
            .await;
        assert_eq!(value(&all, "rmm_up", &[("account", account)]), Some(0.0), "{account}");
    }
    for account in &patient {
        assert_eq!(difference(&fleet(&all, account), &fleet(&before, account)), "", "{account}");
    }
    for server in [&demo.nsight, &demo.tactical] {
        server.handle.clear_faults();
    }
    let expected = fleet_only(&before);
    exporter
        .until(|all| {
            let difference = difference(&fleet_only(all), &expected);
            (!difference.is_empty()).then_some(difference)
        })
        .await;
    exporter.stop().await;
}
