//! Connections that fail, and names that nobody knows.

use crate::certificates::Authority;
use crate::exporter::{Account, Exporter, NOW, TestClock, failed_collectors, requests};
use crate::gate::Way::{Closed, Full, Open, Resets, Silent, Tls};
use crate::support::{fleet_only, value};
use crate::table::{Case, PLATFORMS, way};
use crate::trial::{Pace, run};

fn ways(authority: &Authority) -> Vec<Case> {
    let well = || Tls(authority.issue("localhost", 90));
    vec![
        way("refused", Open, Closed),
        way("never accepted", Open, Full),
        way("reset at once", Open, Resets),
        way("certificate expired", well(), Tls(authority.issue("localhost", -2))),
        way("certificate of another host", well(), Tls(authority.issue("rmm.example.com", 90))),
        way("certificate of an unknown authority", well(), Tls(Authority::new().issue("localhost", 90))),
        way("no tls", well(), Open),
        way("handshake never answered", well(), Silent),
        way("handshake refused", well(), Resets),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_fail() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &authority.pem).unwrap();
    let pace = Pace { timeout: 1_500, ca_file: Some(ca_file), ..Pace::default() };
    run(ways(&authority), pace).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_nobody_knows() {
    let mut yaml = "accounts:\n".to_owned();
    for platform in PLATFORMS {
        let account = Account {
            name: platform,
            platform,
            server: "https://rmm.does-not-exist.invalid",
            key: "a-key-that-goes-nowhere",
            // As for every server that is not on this machine: the floor of the platform.
            min_interval: 90_000,
            timeout: 30_000,
            stale_after: 600_000,
            requests_per_minute: 30,
            concurrent: 1,
            lines: "",
        };
        account.write(&mut yaml, |collector| (collector == "inventory").then_some(120_000));
    }
    let exporter = Exporter::start(&yaml, std::sync::Arc::new(TestClock::at(NOW))).await;
    for account in PLATFORMS {
        let all = exporter.until_value(25, "rmm_up", account, 0.0).await;
        assert_eq!(requests(&all, account, "connect_error"), 1.0, "{account}: one attempt and no other outcome");
        assert_eq!(failed_collectors(&all, account), ["inventory"]);
        assert!(fleet_only(&all).is_empty(), "nothing is made up");
    }
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let all = exporter.scrape().await;
    for account in PLATFORMS {
        // The other calls of the inventory are known from the start, too: three failures in all pause the account.
        assert!(requests(&all, account, "connect_error") <= 3.0, "{account} hammers");
        assert_eq!(value(&all, "rmm_up", &[("account", account)]), Some(0.0));
    }
    exporter.stop().await;
}
