use std::time::Duration;

use super::*;
use crate::demo::{Fault, Scope};

#[tokio::test]
async fn parameters_are_checked() {
    let demo = demo(200).await;
    let truth = truth(&demo);
    let managed = truth.devices.iter().find(|device| !device.device.engines().is_empty()).unwrap().device.id;
    let bare = truth.devices.iter().find(|device| device.device.engines().is_empty()).unwrap().device.id;
    let selection = "mob/mob_list_selection_size&month=3&year=2026&clientid=0&siteid=0&deviceid=0";
    let missing = |name: &str| (5, format!("Missing parameter: {name}"));
    let invalid = |name: &str| (4, format!("Invalid value for parameter: {name}"));
    let interval = (4, "Invalid \"interval\": must be 15 or 60 (minutes)".to_owned());
    let mut cases = vec![
        ("list_av_definitions".to_owned(), missing("product")),
        ("list_av_definitions&product=Sophos".to_owned(), invalid("product")),
        ("list_av_definitions&product=sophos&max_results=many".to_owned(), invalid("max_results")),
        (format!("list_mav_threats&deviceid={bare}"), invalid("deviceid")),
        (format!("list_mav_threats&deviceid={managed}&v=3"), invalid("v")),
        (format!("list_mav_quarantine&deviceid={managed}&items=current"), invalid("items")),
        (format!("list_mav_scans&deviceid={managed}"), missing("details")),
        (format!("list_mav_scans&deviceid={managed}&details=no"), invalid("details")),
        (format!("list_performance_history&deviceid={managed}"), interval.clone()),
        (format!("list_performance_history&deviceid={managed}&interval=30"), interval),
        (format!("list_performance_history&deviceid={managed}&interval=15&since=2026-03-04"), invalid("since")),
        (format!("list_drive_space_history&deviceid={managed}"), missing("interval")),
        (format!("list_drive_space_history&deviceid={managed}&interval=day"), invalid("interval")),
        (format!("list_exchange_storage_history&deviceid={managed}&interval=DAY&since=2026-03"), invalid("since")),
        ("list_client_license_count&clientid=1".to_owned(), invalid("clientid")),
        ("list_active_directory_users&siteid=1".to_owned(), invalid("siteid")),
        ("list_active_directory_users".to_owned(), missing("siteid")),
        (selection.replace("month=3", "month=13"), invalid("month")),
        (selection.replace("year=2026", "year=26"), invalid("year")),
        (selection.replace("clientid=0", "clientid=1"), invalid("clientid")),
        (selection.replace("siteid=0", "siteid=1"), invalid("siteid")),
        (selection.replace("deviceid=0", "deviceid=1"), invalid("deviceid")),
    ];
    for name in ["month", "year", "clientid", "siteid", "deviceid"] {
        let without: Vec<_> = selection.split('&').filter(|part| !part.starts_with(&format!("{name}="))).collect();
        cases.push((without.join("&"), missing(name)));
    }
    for service in [
        "list_mav_threats",
        "list_mav_quarantine",
        "list_mav_scans",
        "list_mob_sessions",
        "list_outages",
        "list_performance_history",
        "list_drive_space_history",
        "list_exchange_storage_history",
        "list_device_asset_details",
    ] {
        cases.push((service.to_owned(), missing("deviceid")));
        cases.push((format!("{service}&deviceid=1&interval=15&details=NO"), invalid("deviceid")));
    }
    for (query, expected) in cases {
        assert_eq!(refusal(&demo, &format!("service={query}")).await, expected, "{query}");
    }
    assert_eq!(demo.nsight.handle.audit().violations(), []);
}

#[tokio::test]
async fn failing_checks_of_the_account_can_hang_while_those_of_a_client_come_at_once() {
    let demo = demo(60).await;
    demo.nsight.handle.set_fault(Fault::NeverAnswer, Scope::identity("GET list_failing_checks?"));
    let client = truth(&demo).clients[0].id;
    items(&demo, &format!("service=list_failing_checks&clientid={client}")).await;
    let account = raw(&demo, "service=list_failing_checks");
    assert!(tokio::time::timeout(Duration::from_millis(200), account).await.is_err(), "it hangs");
    demo.nsight.handle.clear_faults();
    items(&demo, "service=list_failing_checks").await;
}
