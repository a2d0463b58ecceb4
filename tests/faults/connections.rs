//! Connections that fail, and names that nobody knows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::certificates::Authority;
use crate::exporter::{Account, failed_collectors, requests};
use crate::gate::Way::{Closed, Full, Open, Resets, Silent, Tls};
use crate::support::child::{Process, exporter};
use crate::support::{PATIENCE, SeriesMap, fleet_only, get, parse, value};
use crate::table::{Case, PLATFORMS, way};
use crate::trial::{Pace, run};

fn ways(authority: &Authority) -> Vec<Case> {
    let tls = |authority: &Authority, name, days| Tls(Arc::new(authority.issue(name, days)));
    let well = || tls(authority, "localhost", 90);
    vec![
        way("refused", Open, Closed),
        way("never accepted", Open, Full),
        way("reset at once", Open, Resets),
        way("certificate expired", well(), tls(authority, "localhost", -2)),
        way("certificate of another host", well(), tls(authority, "rmm.example.com", 90)),
        way("certificate of an unknown authority", well(), tls(&Authority::new(), "localhost", 90)),
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
    // Connecting is given up after four fifths of it.
    let pace = Pace { timeout: 4_000, outage: 10_000, ca_file: Some(ca_file), ..Pace::default() };
    run(ways(&authority), pace).await;
}

/// In a process of its own, so that no proxy of the surroundings answers for a name that it cannot find.
#[test]
fn a_name_that_nobody_knows() {
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
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rmm-exporter.yml");
    std::fs::write(&file, yaml).unwrap();
    let mut command = exporter();
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name);
    }
    let arguments = ["--log.level=debug", "--web.listen-address=127.0.0.1:0", "--config.file"];
    let mut process = Process::start(command.args(arguments).arg(&file));
    let address = process.address();
    let scrape = || parse(std::str::from_utf8(&get(address, "/metrics", &[]).unwrap().2).unwrap());
    let is_down = |all: &SeriesMap, account| value(all, "rmm_up", &[("account", account)]) == Some(0.0);
    let end = Instant::now() + PATIENCE;
    while !PLATFORMS
        .iter()
        .all(|account| is_down(&scrape(), account) && !failed_collectors(&scrape(), account).is_empty())
    {
        assert!(Instant::now() < end, "{}", process.stderr());
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(2));
    let all = scrape();
    for account in PLATFORMS {
        assert!(is_down(&all, account));
        assert_eq!(failed_collectors(&all, account), ["inventory"]);
        assert!(fleet_only(&all).is_empty(), "nothing is made up");
        // The other calls of the inventory that are known from the start fail too; together they pause the account.
        let calls = requests(&all, account, "connect_error");
        let every =
            all.iter().filter(|((name, labels), _)| name == "rmm_api_requests_total" && labels["account"] == account);
        assert!((1.0..=3.0).contains(&calls), "{account}: {calls} calls");
        assert!((every.map(|(_, count)| count).sum::<f64>() - calls).abs() < 0.5, "{account}: no other outcome");
    }
    assert!(!process.stderr().contains("a-key-that-goes-nowhere"));
    process.signal("TERM");
    assert!(process.end(Duration::from_secs(5)).status.success());
}
