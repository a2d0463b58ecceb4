//! What is exposed of a fleet: series, duplicates, limits, selections.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests may fail

#[path = "exposition/again.rs"]
mod again;
#[path = "exposition/rendering.rs"]
mod rendering;
mod views;
#[path = "exposition/withheld.rs"]
mod withheld;

use std::collections::HashSet;
use std::io::Read as _;

use regex::Regex;
use rmm_exporter::collector::Collector;
use rmm_exporter::fleet::{KindCounts, Label, Severity, View};
use rmm_exporter::metrics::{
    AccountSetup, AccountStatus, CollectorReport, Exposition, Format, Limits, Publisher, Selection, catalogue, render,
    render_text,
};
use rmm_exporter::planner::Outcome;
use rmm_exporter::platform::PlatformName::{Nsight, Tactical};
use std::time::Duration;
use views::{bare_device, check, client, full_device, full_view, of_devices, shared, synthetic, time, usual_view};

/// The samples of a text, without `#` lines.
fn samples(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

fn line<'a>(text: &'a str, start: &str) -> &'a str {
    let mut lines = text.lines().filter(|line| line.starts_with(start));
    let found = lines.next().unwrap_or_else(|| panic!("no line starts with {start}"));
    assert_eq!(lines.next(), None, "one line starts with {start}");
    found
}

fn text_of(exposition: Exposition) -> String {
    let body = exposition.plain();
    let length = body.length;
    let bytes = body.collect::<Vec<_>>().concat();
    assert_eq!(bytes.len() as u64, length, "the length that is announced");
    String::from_utf8(bytes).expect("UTF-8")
}

fn setup(platform: rmm_exporter::platform::PlatformName, name: &str) -> AccountSetup {
    let mut status = AccountStatus::new(platform, name, "rmm.example");
    let report = CollectorReport { interval: Duration::from_mins(15), success: true, ..CollectorReport::default() };
    status.collectors = vec![(Collector::Inventory, report), (Collector::Patches, report)];
    AccountSetup { status, limits: Limits::default() }
}

#[test]
fn what_the_usual_collectors_tell_reads_as_the_contract_says() {
    let text = render_text(Nsight, "msp-uk", &usual_view());
    let device = "platform=\"nsight\",account=\"msp-uk\",client=\"Larkspur Dental & Co\",site=\"Harbour Street\",\
                  device=\"LKD-DC01\",device_id=\"770215\"";
    let client = "platform=\"nsight\",account=\"msp-uk\",client=\"Larkspur Dental & Co\",client_id=\"100\"";
    let check = "check_id=\"6120044\",check=\"Windows Service Check - Print Spooler\",check_type=\"service\"";
    let expected = [
        format!("rmm_client_info{{{client},timezone=\"Europe/London\"}} 1"),
        format!("rmm_client_devices{{{client},kind=\"server\"}} 1"),
        format!("rmm_client_devices{{{client},kind=\"workstation\"}} 0"),
        format!("rmm_site_info{{{client},site=\"Harbour Street\",site_id=\"2001\"}} 1"),
        format!("rmm_site_connection_up{{{client},site=\"Harbour Street\",site_id=\"2001\"}} 1"),
        format!(
            "rmm_device_info{{{device},kind=\"server\",os=\"Microsoft Windows Server 2022 Standard, 64-bit\",\
             os_family=\"windows\",agent_version=\"10.13.10\",manufacturer=\"Dell Inc.\",model=\"PowerEdge R650\"}} 1"
        ),
        format!("rmm_device_online{{{device}}} 1"),
        format!("rmm_device_overdue{{{device}}} 0"),
        format!("rmm_device_last_seen_timestamp_seconds{{{device}}} 1772600767.5"),
        format!("rmm_device_boot_timestamp_seconds{{{device}}} 1772323200"),
        format!("rmm_device_check_interval_seconds{{{device}}} 300"),
        format!("rmm_device_maintenance_mode{{{device}}} 0"),
        format!("rmm_device_reboot_required{{{device}}} 1"),
        format!("rmm_device_memory_bytes{{{device}}} 17179869184"),
        format!("rmm_device_feature_enabled{{{device},feature=\"take_control\"}} 1"),
        format!("rmm_device_feature_enabled{{{device},feature=\"patch\"}} 1"),
        format!("rmm_device_pending_actions{{{device}}} 2"),
        format!("rmm_device_patches_pending{{{device}}} 1"),
        format!("rmm_device_checks{{{device},status=\"passing\"}} 11"),
        format!("rmm_device_checks{{{device},status=\"failing\"}} 1"),
        format!("rmm_device_checks{{{device},status=\"cleared\"}} 0"),
        format!("rmm_device_tasks{{{device},status=\"passing\"}} 1"),
        format!("rmm_device_tasks{{{device},status=\"failing\"}} 0"),
        format!("rmm_device_tasks{{{device},status=\"pending\"}} 0"),
        format!("rmm_check_failing{{{device},{check},severity=\"error\"}} 1"),
        format!("rmm_check_cleared{{{device},{check}}} 0"),
        format!("rmm_check_consecutive_failures{{{device},{check}}} 3"),
        format!("rmm_check_last_run_timestamp_seconds{{{device},{check}}} 1772600400"),
        format!("rmm_task_failing{{{device},task_id=\"77\",task=\"Clean up\",severity=\"warning\"}} 1"),
        format!("rmm_task_consecutive_failures{{{device},task_id=\"77\",task=\"Clean up\"}} 1"),
        format!("rmm_antivirus_up_to_date{{{device}}} 1"),
        format!("rmm_antivirus_last_pass_timestamp_seconds{{{device}}} 1772582400"),
        format!("rmm_antivirus_daily_results{{{device},status=\"pass\"}} 28"),
        format!("rmm_antivirus_daily_results{{{device},status=\"fail\"}} 1"),
        format!("rmm_antivirus_daily_results{{{device},status=\"cleared\"}} 0"),
        format!("rmm_antivirus_daily_results{{{device},status=\"overdue\"}} 0"),
        format!("rmm_antivirus_daily_results{{{device},status=\"not_run\"}} 1"),
        format!("rmm_antivirus_daily_results{{{device},status=\"unknown\"}} 0"),
        format!("rmm_backup_up_to_date{{{device}}} 0"),
        format!("rmm_backup_last_pass_timestamp_seconds{{{device}}} 1772582400"),
        format!("rmm_backup_consecutive_failures{{{device}}} 2"),
        format!("rmm_backup_daily_results{{{device},status=\"pass\"}} 28"),
        format!("rmm_backup_daily_results{{{device},status=\"fail\"}} 1"),
        format!("rmm_backup_daily_results{{{device},status=\"cleared\"}} 0"),
        format!("rmm_backup_daily_results{{{device},status=\"overdue\"}} 0"),
        format!("rmm_backup_daily_results{{{device},status=\"not_run\"}} 1"),
        format!("rmm_backup_daily_results{{{device},status=\"unknown\"}} 0"),
        format!("rmm_patches{{{device},status=\"missing\"}} 1"),
        format!("rmm_patches{{{device},status=\"pending\"}} 0"),
        format!("rmm_patches{{{device},status=\"queued\"}} 0"),
        format!("rmm_patches{{{device},status=\"installed\"}} 1"),
        format!("rmm_patches{{{device},status=\"failed\"}} 0"),
        format!("rmm_patches{{{device},status=\"ignored\"}} 0"),
        format!("rmm_patches{{{device},status=\"reboot_required\"}} 0"),
        format!("rmm_patches{{{device},status=\"unknown\"}} 0"),
        format!("rmm_patches_outstanding{{{device},severity=\"critical\"}} 1"),
        format!("rmm_patches_outstanding{{{device},severity=\"important\"}} 0"),
        format!("rmm_patches_outstanding{{{device},severity=\"moderate\"}} 0"),
        format!("rmm_patches_outstanding{{{device},severity=\"low\"}} 0"),
        format!("rmm_patches_outstanding{{{device},severity=\"unspecified\"}} 0"),
        format!("rmm_patches_last_installed_timestamp_seconds{{{device}}} 1772272800"),
    ];
    assert_eq!(samples(&text), expected);
}

#[test]
fn every_family_declares_the_labels_that_it_writes() {
    let text = render_text(Nsight, "a", &full_view());
    let label = Regex::new(r#"[{,]([a-z_]+)=""#).unwrap();
    for family in catalogue::families().iter().filter(|family| family.is_fleet()) {
        let start = format!("{}{{", family.name);
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with(&start)).collect();
        assert!(!lines.is_empty(), "{} has a series in the full view", family.name);
        for line in lines {
            let written: Vec<_> = label.captures_iter(line).map(|hit| hit.get(1).unwrap().as_str()).collect();
            assert_eq!(written, family.all_labels().collect::<Vec<_>>(), "{}", family.name);
        }
    }
}

#[test]
fn what_is_not_known_has_no_series() {
    let mut view = of_devices(vec![bare_device("c", "s", "d", "1")]);
    assert_eq!(render_text(Nsight, "a", &view), "", "no family, no header");
    view.clients = vec![client("9", "c")];
    view.clients[0].timezone = None;
    view.clients[0].devices = KindCounts::default();
    let text = render_text(Tactical, "a", &view);
    let only = "rmm_client_info{platform=\"tactical\",account=\"a\",client=\"c\",client_id=\"9\"} 1";
    assert_eq!(samples(&text), [only], "no timezone label where the platform has no such field");
    assert_eq!(render_text(Nsight, "a", &View::default()), "");
}

#[test]
fn label_values_are_escaped_and_may_be_empty() {
    let mut device = bare_device("", "quote \" back\\slash \\n \\\" end\\", "日本 🦀 ]]> {}=,", "a\"b");
    device.record.online = Some(true);
    device.checks = vec![check("1", "two\nlines")];
    let text = render_text(Nsight, "ac\"co\\unt\nx", &of_devices(vec![device]));
    let labels = r#"{platform="nsight",account="ac\"co\\unt\nx",client="",site="quote \" back\\slash \\n \\\" end\\",device="日本 🦀 ]]> {}=,",device_id="a\"b"}"#;
    assert_eq!(line(&text, "rmm_device_online"), format!("rmm_device_online{labels} 1"));
    assert!(line(&text, "rmm_check_failing").contains("check=\"two lines\""), "line feeds became spaces");
}

#[test]
fn duplicates_are_dropped_and_counted_and_the_first_one_counts() {
    let mut device = full_device("c", "s", "d", "1");
    let mut again = check("5", "same");
    again.failing = Some(false);
    let mut other_severity = check("5", "same");
    other_severity.severity = Severity::Info;
    device.checks = vec![check("5", "same"), again, other_severity];
    let single = render(Nsight, "a", &shared(of_devices(vec![device.clone()])), &Limits::default());
    assert_eq!((single.duplicates, single.dropped(), single.first_duplicate), (1, 1, Some("rmm_check_failing")));

    // Two devices that differ in nothing that is a label, and a record that the store had dropped before.
    let mut twin = device.clone();
    twin.record.online = Some(false);
    let mut view = of_devices(vec![device, twin]);
    view.duplicates = 3;
    let both = render(Nsight, "a", &shared(view.clone()), &Limits::default());
    assert_eq!(both.series, single.series);
    assert_eq!(both.duplicates, single.series + 2 + 3);
    let text = render_text(Nsight, "a", &view);
    assert!(line(&text, "rmm_device_online").ends_with(" 1"), "the first value");
    let series: Vec<_> = samples(&text).iter().map(|line| line.rsplit_once(' ').unwrap().0).collect();
    assert_eq!(series.iter().collect::<HashSet<_>>().len(), series.len(), "no series twice");
}

#[test]
fn same_names_with_other_ids_are_other_series() {
    let devices = vec![full_device("c", "s", "d", "1"), full_device("c", "s", "d", "2")];
    let view = View { clients: vec![client("1", "c"), client("2", "c")], ..of_devices(devices) };
    assert_eq!(render(Nsight, "a", &shared(view), &Limits::default()).dropped(), 0);
}

#[test]
fn excluded_families_are_neither_exposed_nor_counted() {
    let view = shared(full_view());
    let exclude = vec![Regex::new("^(?:rmm_.*_daily_results)$").unwrap()];
    let rendered = render(Nsight, "a", &view, &Limits { exclude, ..Limits::default() });
    let all = render(Nsight, "a", &view, &Limits::default());
    assert_eq!((rendered.series, rendered.dropped()), (all.series - 12, 0));
    let names: Vec<_> = rendered.families.iter().map(|(index, _)| catalogue::families()[*index].name).collect();
    assert!(!names.iter().any(|name| name.ends_with("_daily_results")), "{names:?}");
}

#[test]
fn the_same_fleet_gives_the_same_text() {
    assert_eq!(render_text(Nsight, "a", &synthetic(30)), render_text(Nsight, "a", &synthetic(30)));
    let pieces = |view| render(Nsight, "a", &shared(view), &Limits::default()).families;
    assert_eq!(pieces(synthetic(30)), pieces(synthetic(30)), "bytes too");
}

fn two_accounts() -> Publisher {
    let publisher = Publisher::new();
    publisher.configure(vec![setup(Nsight, "uk"), setup(Tactical, "help desk")]);
    publisher.config_read(true, time("2026-03-04T00:00:00Z"));
    for account in ["uk", "help desk"] {
        let metrics = publisher.metrics(account).expect("configured");
        metrics.observe("list_clients", Outcome::Ok, Duration::from_millis(700), 1000);
        metrics.observe("list_clients", Outcome::Timeout, Duration::from_secs(61), 0);
        publisher.publish_fleet(account, &shared(synthetic(60)));
    }
    publisher
}

#[test]
fn families_are_never_interleaved_and_each_has_one_header() {
    let publisher = two_accounts();
    for format in [Format::Text, Format::OpenMetrics] {
        let text = text_of(Exposition::new(&publisher.snapshot(), &Selection::default(), format));
        let mut seen = HashSet::new();
        let mut current = String::new();
        for line in text.lines().filter(|line| *line != "# EOF") {
            if let Some(help) = line.strip_prefix("# HELP ") {
                current = help.split(' ').next().unwrap().to_owned();
                assert!(seen.insert(current.clone()), "{current} has two headers");
            } else {
                let name = line.strip_prefix("# TYPE ").unwrap_or(line);
                assert!(name.starts_with(current.as_str()), "{line} under {current}");
            }
        }
        assert_eq!(text.ends_with("\n# EOF\n"), format == Format::OpenMetrics);
        assert!(text.contains("account=\"uk\"") && text.contains("account=\"help desk\""));
    }
}

#[test]
fn gzip_is_one_member_with_the_plain_text_in_it() {
    let publisher = two_accounts();
    let narrow = Selection { accounts: vec!["uk".to_owned()], collectors: vec![Collector::Patches] };
    for selection in [Selection::default(), narrow] {
        // CPU time and memory move between two readings.
        let steady =
            |text: String| text.lines().filter(|line| !line.contains("process_")).collect::<Vec<_>>().join("\n");
        let snapshot = publisher.snapshot();
        let plain = text_of(Exposition::new(&snapshot, &selection, Format::OpenMetrics));
        let body = Exposition::new(&snapshot, &selection, Format::OpenMetrics).gzip();
        let length = body.length;
        let member = body.collect::<Vec<_>>().concat();
        assert_eq!(member.len() as u64, length);
        let mut decoder = flate2::bufread::GzDecoder::new(member.as_slice());
        let mut text = String::new();
        decoder.read_to_string(&mut text).expect("checksum and length are right");
        assert!(decoder.into_inner().is_empty(), "one member");
        assert!(steady(text) == steady(plain));
    }
}

#[test]
fn a_scrape_can_be_narrowed() {
    let publisher = two_accounts();
    let snapshot = publisher.snapshot();
    let one = Selection { accounts: vec!["uk".to_owned()], ..Selection::default() };
    let text = text_of(Exposition::new(&snapshot, &one, Format::Text));
    assert!(!text.contains("help desk") && text.contains("rmm_up{platform=\"nsight\",account=\"uk\"} 0\n"));

    let patches = Selection { collectors: vec![Collector::Patches], ..Selection::default() };
    let text = text_of(Exposition::new(&snapshot, &patches, Format::Text));
    for (name, there) in [("rmm_patches{", true), ("rmm_device_online{", false), ("rmm_check_failing{", false)] {
        assert_eq!(text.contains(name), there, "{name}");
    }
    // The same family comes from another collector on the other platform.
    assert!(text.contains("rmm_device_reboot_required{platform=\"nsight\""));
    assert!(!text.contains("rmm_device_reboot_required{platform=\"tactical\""));
    assert!(text.contains("collector=\"patches\"") && !text.contains("collector=\"inventory\""));
}

#[test]
fn the_exporters_own_metrics() {
    let publisher = two_accounts();
    let mut status = AccountStatus::new(Nsight, "uk", "www.systemmonitor.co.uk");
    status.console_url = "https://dashboard.systemmonitor.co.uk/".to_owned();
    status.up = true;
    status.min_interval = Duration::from_secs(90);
    status.budget_per_minute = 30;
    status.oldest_due = Duration::from_millis(1500);
    status.backoff_until = Some(time("2026-03-04T05:06:07Z"));
    let report = CollectorReport {
        interval: Duration::from_mins(15),
        success: false,
        last_success: Some(time("2026-03-04T05:06:07Z")),
        last_duration: Some(Duration::from_millis(2500)),
        targets: 10,
        fresh: 9,
        failed: 1,
        ..CollectorReport::default()
    };
    status.collectors = vec![(Collector::Inventory, report)];
    publisher.publish_status("uk", status);
    let text = text_of(Exposition::new(&publisher.snapshot(), &Selection::default(), Format::Text));
    let account = "platform=\"nsight\",account=\"uk\"";
    for expected in [
        format!(
            "rmm_account_info{{{account},server=\"www.systemmonitor.co.uk\",\
             console_url=\"https://dashboard.systemmonitor.co.uk/\"}} 1"
        ),
        format!("rmm_up{{{account}}} 1"),
        "rmm_up{platform=\"tactical\",account=\"help desk\"} 0".to_owned(),
        format!("rmm_collector_success{{{account},collector=\"inventory\"}} 0"),
        format!("rmm_collector_last_success_timestamp_seconds{{{account},collector=\"inventory\"}} 1772600767"),
        format!("rmm_collector_last_duration_seconds{{{account},collector=\"inventory\"}} 2.5"),
        format!("rmm_collector_interval_seconds{{{account},collector=\"inventory\"}} 900"),
        format!("rmm_collector_targets{{{account},collector=\"inventory\"}} 10"),
        format!("rmm_collector_targets_fresh{{{account},collector=\"inventory\"}} 9"),
        format!("rmm_collector_targets_failed{{{account},collector=\"inventory\"}} 1"),
        format!("rmm_api_requests_total{{{account},call=\"list_clients\",outcome=\"ok\"}} 1"),
        format!("rmm_api_requests_total{{{account},call=\"list_clients\",outcome=\"timeout\"}} 1"),
        format!("rmm_api_request_duration_seconds_count{{{account},call=\"list_clients\"}} 2"),
        format!("rmm_api_request_duration_seconds_sum{{{account},call=\"list_clients\"}} 61.7"),
        format!("rmm_api_request_duration_seconds_bucket{{le=\"1.0\",{account},call=\"list_clients\"}} 1"),
        format!("rmm_api_request_duration_seconds_bucket{{le=\"60.0\",{account},call=\"list_clients\"}} 1"),
        format!("rmm_api_request_duration_seconds_bucket{{le=\"+Inf\",{account},call=\"list_clients\"}} 2"),
        format!("rmm_api_response_bytes_total{{{account},call=\"list_clients\"}} 1000"),
        format!("rmm_api_min_interval_seconds{{{account}}} 90"),
        format!("rmm_api_budget_per_minute{{{account}}} 30"),
        format!("rmm_api_queue_length{{{account}}} 0"),
        format!("rmm_api_oldest_due_seconds{{{account}}} 1.5"),
        format!("rmm_api_backoff_until_timestamp_seconds{{{account}}} 1772600767"),
        format!("rmm_exporter_series_dropped{{{account}}} 0"),
        "rmm_exporter_config_last_reload_success 1".to_owned(),
        "rmm_exporter_config_last_reload_success_timestamp_seconds 1772582400".to_owned(),
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected}\nin\n{text}");
    }
    let fleet = samples(&render_text(Nsight, "uk", &synthetic(60))).len();
    assert_eq!(
        line(&text, &format!("rmm_exporter_series{{{account}}}")),
        format!("rmm_exporter_series{{{account}}} {fleet}")
    );
    assert!(line(&text, "rmm_exporter_build_info").contains(concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"")));
    assert_eq!(text.matches("\nrmm_api_backoff_until_timestamp_seconds{").count(), 1, "only while backing off");
    assert!(text.contains("\nrmm_exporter_render_duration_seconds "));
}

#[test]
fn a_reload_keeps_counters_and_fleet_of_accounts_that_stay_and_forgets_the_others() {
    let publisher = two_accounts();
    publisher.configure(vec![setup(Tactical, "uk"), setup(Tactical, "help desk"), setup(Nsight, "new")]);
    publisher.config_read(false, time("2026-03-05T00:00:00Z"));
    let text = text_of(Exposition::new(&publisher.snapshot(), &Selection::default(), Format::Text));
    assert!(text.contains("rmm_api_requests_total{platform=\"tactical\",account=\"help desk\""));
    assert!(text.contains("rmm_device_online{platform=\"tactical\",account=\"help desk\""));
    assert!(!text.contains("platform=\"nsight\",account=\"uk\""), "the platform changed: another account");
    assert!(text.contains("rmm_up{platform=\"nsight\",account=\"new\"} 0\n"));
    assert!(text.contains("\nrmm_exporter_config_last_reload_success 0\n"));
    assert!(text.contains("\nrmm_exporter_config_last_reload_success_timestamp_seconds 1772582400\n"));

    // What a task of the old configuration still says is not taken for the new account.
    publisher.publish_status("uk", AccountStatus { up: true, ..AccountStatus::new(Nsight, "uk", "old.example") });
    publisher.publish_fleet("nobody", &shared(full_view()));
    let text = text_of(Exposition::new(&publisher.snapshot(), &Selection::default(), Format::Text));
    assert!(!text.contains("old.example") && !text.contains("nobody"));
}

#[test]
fn a_vanished_device_has_no_series_left() {
    let publisher = two_accounts();
    publisher.publish_fleet("uk", &shared(synthetic(59)));
    let one = Selection { accounts: vec!["uk".to_owned()], ..Selection::default() };
    let text = text_of(Exposition::new(&publisher.snapshot(), &one, Format::Text));
    assert!(text.contains("WS-00058") && !text.contains("WS-00059"));
    publisher.publish_fleet("uk", &shared(View::default()));
    let text = text_of(Exposition::new(&publisher.snapshot(), &one, Format::Text));
    assert!(
        !text.contains("rmm_device") && text.contains("rmm_exporter_series{platform=\"nsight\",account=\"uk\"} 0\n")
    );
}

#[test]
fn long_names_were_cut_before() {
    let mut device = bare_device(&"ü".repeat(300), "s", "d", "1");
    device.record.online = Some(true);
    let text = render_text(Nsight, "a", &of_devices(vec![device]));
    assert!(line(&text, "rmm_device_online").contains(&format!("client=\"{}\"", "ü".repeat(100))));
    assert_eq!(Label::new(&"ü".repeat(300)).as_str().len(), 200);
}
