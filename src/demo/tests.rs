use std::path::Path;
use std::time::Duration;

use super::raw::get;
use super::*;
use crate::clock::processor_time;

#[tokio::test]
async fn keys_are_made_up_for_each_run_and_work() {
    let one = start(DemoOptions::default()).await.unwrap();
    let other = start(DemoOptions::default()).await.unwrap();
    assert_ne!(one.nsight.api_key(), other.nsight.api_key());
    assert_eq!((one.nsight.api_key().len(), one.tactical.api_key().len()), (32, 32));
    let target = format!("/api/?apikey={}&service=list_clients", one.nsight.api_key());
    let answer = get(one.nsight.address, &target, &[]).await;
    assert!(answer.body.windows(11).any(|window| window == b"status=\"OK\""));
    let answer = get(one.tactical.address, "/clients/", &[("X-API-KEY", one.tactical.api_key())]).await;
    assert_eq!(answer.status, 200);
    assert!(!format!("{one:?}").contains(one.nsight.api_key()));
    one.stop();
}

#[tokio::test]
async fn the_configuration_leads_to_both_servers() {
    for devices in [60, 2_000] {
        let demo = start(DemoOptions { devices, ..DemoOptions::default() }).await.unwrap();
        let text = demo.config_yaml();
        let config = crate::config::parse(&text, Path::new("demo"), &|_| None).expect("valid");
        let accounts = config.accounts;
        assert_eq!(config.warnings, Vec::<String>::new());
        for (account, server) in accounts.iter().zip([&demo.nsight, &demo.tactical]) {
            assert_eq!(account.server.as_str().trim_end_matches('/'), server.url());
            assert!(account.collectors.values().all(|collector| collector.interval >= account.min_interval));
            let table = crate::config::defaults::collectors(account.platform_name());
            assert!(
                table.iter().all(|defaults| account.collectors.contains_key(&defaults.collector)),
                "every collector"
            );
        }
        assert_eq!(accounts.len(), 2);
        assert_eq!(accounts[0].nsight().antivirus_products.len(), 2);
        let mappings = accounts[1].tactical().mappings;
        assert!(mappings.antivirus.is_some() && mappings.backup.is_some() && mappings.use_fields());
    }
}

#[tokio::test]
async fn without_devices_the_servers_answer_all_the_same() {
    let demo = start(DemoOptions { devices: 0, ..DemoOptions::default() }).await.unwrap();
    let answer = get(demo.tactical.address, "/agents/", &[("X-API-KEY", demo.tactical.api_key())]).await;
    assert_eq!(answer.text(), "[]");
}

#[tokio::test]
async fn answers_are_quick_with_fifty_thousand_devices() {
    let demo = start(DemoOptions { devices: 50_000, ..DemoOptions::default() }).await.unwrap();
    let start = processor_time();
    for place in 0..50 {
        // Places 4, 8, … hold servers that are always there.
        let id = 770_000 + place * 480 * 1_000;
        let target = format!("/api/?apikey={}&service=list_checks&deviceid={id}", demo.nsight.api_key());
        let answer = get(demo.nsight.address, &target, &[]).await;
        assert!(answer.body.windows(7).any(|window| window == b"<check>"), "{id}");
    }
    // Unoptimised; it is a guard against work that grows with the fleet.
    let took = processor_time().saturating_sub(start);
    assert!(took < Duration::from_secs(5), "{took:?}");
}
