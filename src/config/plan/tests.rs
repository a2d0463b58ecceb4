mod wants;

use std::fmt::Write;
use std::path::Path;

use super::*;

const TEXT: &str = "accounts:
  - { name: msp, platform: nsight, region: uk, api_key: k }
  - { name: help desk, platform: tactical, server: 'http://127.0.0.1:8080', api_key: k }
";

fn plans(text: &str, fleet: FleetSize) -> Vec<AccountPlan> {
    let config = super::super::parse(text, Path::new("test.yml"), &|_| None).expect("valid");
    plan(&config, fleet)
}

fn nsight(extra: &str, fleet: FleetSize) -> AccountPlan {
    plans(&format!("accounts:\n  - name: msp\n    platform: nsight\n    region: uk\n    api_key: k\n{extra}"), fleet)
        .remove(0)
}

fn size(clients: u64, sites: u64, servers: u64, workstations: u64) -> FleetSize {
    FleetSize { clients, sites, servers, workstations, having: Having::default() }
}

fn calls(plan: &AccountPlan) -> Vec<(&'static str, u64)> {
    plan.collectors.iter().map(|collector| (collector.collector, collector.calls_per_sweep)).collect()
}

#[test]
fn a_usual_fleet_of_some_size() {
    let fleet = size(17, 28, 100, 400);
    assert_eq!(FleetSize::from_devices(500), fleet);
    assert_eq!(FleetSize::new(500, Some(50), None), FleetSize { clients: 50, sites: 80, ..fleet });
    assert_eq!(FleetSize::new(500, None, Some(17)), FleetSize { sites: 17, ..fleet });
    assert_eq!(FleetSize::from_devices(1), size(1, 2, 1, 0));
    assert_eq!(FleetSize::from_devices(0).devices(), 0);
    assert_eq!(FleetSize::from_devices(u64::MAX).devices(), u64::MAX);
}

#[test]
fn calls_of_each_collector() {
    let plans = plans(TEXT, size(50, 80, 60, 1440));
    // 1 list_clients + 50 list_sites + 3 × 50 list_devices_at_client + 60 list_servers + 80 list_workstations;
    // list_general_settings goes with antivirus.
    assert_eq!(
        calls(&plans[0]),
        [("inventory", 341), ("failing_checks", 1), ("antivirus", 1501), ("backup", 1500), ("patches", 1500)]
    );
    let tactical = [("inventory", 2), ("checks", 1500), ("tasks", 1500), ("patches", 1500), ("alerts", 1)];
    assert_eq!(calls(&plans[1]), tactical);
    let at_most = |plan: &AccountPlan| -> Vec<&str> {
        plan.collectors.iter().filter(|plan| plan.at_most).map(|plan| plan.collector).collect()
    };
    assert_eq!((at_most(&plans[0]), at_most(&plans[1])), (vec!["inventory", "patches"], vec!["patches"]));
}

#[test]
fn rates_and_times_follow_from_calls_and_interval() {
    let plan = nsight("", size(2, 2, 10, 20));
    let patches = plan.collectors.last().expect("patches");
    assert_eq!((patches.calls_per_sweep, patches.interval.as_secs()), (30, 43_200));
    assert!((patches.calls_per_day - 60.0).abs() < 1e-9);
    assert!((patches.calls_per_hour - 2.5).abs() < 1e-9);
    assert!((patches.calls_per_minute - 60.0 / 1440.0).abs() < 1e-9);
    assert_eq!(patches.sweep_at_budget.as_secs(), 60);
    let day: f64 = plan.collectors.iter().map(|collector| collector.calls_per_day).sum();
    assert!((plan.calls_per_day - day).abs() < 1e-6);
    assert_eq!(plan.first_sweep_calls, 13 + 1 + 31 + 30 + 30);
    assert_eq!((plan.verdict, plan.advice.len()), (Verdict::Fits, 0));
}

#[test]
fn the_first_sweep_has_what_frequent_calls_leave() {
    let fleet = size(2, 2, 10, 20);
    // 14 frequent calls, repeated at 13 / 15 min + 1 / 3 min; 3 × 30 + 1 calls in what is left of 30 a minute.
    let seconds = nsight("", fleet).first_sweep.map(|duration| duration.as_secs());
    assert_eq!(seconds, Some(28 + 189));
    let never = nsight("", FleetSize::from_devices(3000));
    assert_eq!(never.first_sweep, None, "inventory alone needs more than the budget");
    assert!(render(&[never]).contains("never done"));
}

#[test]
fn kinds_that_the_filter_leaves_out_cost_nothing() {
    let fleet = size(10, 12, 20, 200);
    let plan = nsight("    filter: { device_kinds: [server] }\n", fleet);
    assert_eq!(calls(&plan)[0], ("inventory", 1 + 10 + 10 + 12));
    assert_eq!(calls(&plan)[2], ("antivirus", 21));
}

#[test]
fn too_much_comes_with_advice_that_helps() {
    let extra = "    collectors:\n      checks: { enabled: true, interval: 1h }\n";
    for devices in [900, 3000, 20_000] {
        let fleet = FleetSize::from_devices(devices);
        let plan = nsight(extra, fleet);
        assert_eq!(plan.verdict, Verdict::TooMuch);
        let advice = plan.advice.iter().find_map(|advice| advice.strip_prefix("set these intervals, or longer ones: "));
        let mut text = "    collectors:\n".to_owned();
        let (advice, price) = advice.and_then(|advice| advice.split_once(". The price is ")).expect("advice and price");
        assert!(price.contains("checks up to ") && price.contains(" (now 1h)"), "{price}");
        for (collector, interval) in advice.split(", ").filter_map(|part| part.split_once(' ')) {
            writeln!(text, "      {collector}: {{ enabled: true, interval: {interval} }}").expect("String");
        }
        assert!(text.contains("checks"), "{text}");
        let better = nsight(&text, fleet);
        assert!(better.budget_used_ratio <= GOOD_SHARE + 1e-9, "{devices}: {text} {}", better.budget_used_ratio);
        assert_eq!(better.verdict, Verdict::Fits);
    }
}

#[test]
fn longer_intervals_have_their_price_told() {
    let plan = nsight("", FleetSize::from_devices(10_000));
    let advice = plan.advice.iter().find(|advice| advice.starts_with("set these intervals")).expect("advice");
    let (_, interval) = advice.split_once("inventory ").expect("the dearest");
    let interval = interval.split(['.', ',']).next().expect("an interval");
    let price = format!("how late it is seen: a server that went offline up to {interval} (now 15m)");
    assert!(advice.contains(&price), "{advice}");
}

#[test]
fn a_higher_budget_is_advised_only_where_it_is_allowed() {
    let extra = "    collectors: { checks: { enabled: true, interval: 30m } }\n";
    let advice = |devices| nsight(extra, FleetSize::from_devices(devices)).advice.join("\n");
    assert!(advice(800).contains("raise requests_per_minute to 5"), "{}", advice(800));
    assert!(!advice(5000).contains("requests_per_minute"), "{}", advice(5000));
}

#[test]
fn an_empty_fleet_and_a_huge_one_are_no_trouble() {
    for fleet in [FleetSize::from_devices(0), FleetSize::from_devices(u64::MAX)] {
        let text = render(&plans(TEXT, fleet));
        assert!(text.contains("account help desk (tactical, 127.0.0.1:8080)"), "{text}");
    }
}

#[test]
fn the_table_is_aligned() {
    let text = render(&plans(TEXT, FleetSize::from_devices(500)));
    let expected = "\
account msp (nsight, www.systemmonitor.co.uk)
";
    assert!(text.starts_with(expected), "{text}");
    let table: Vec<&str> = text.lines().skip(4).take_while(|line| !line.is_empty()).collect();
    assert_eq!(table.len(), 7, "{text}");
    let width = table[0].chars().count();
    assert!(table.iter().all(|line| line.chars().count() == width), "{text}");
}

#[test]
fn the_plan_as_json() {
    let json = serde_json::to_value(plans(TEXT, FleetSize::from_devices(30))).expect("JSON");
    assert_eq!(json[0]["account"], "msp");
    assert_eq!(json[0]["verdict"], "fits");
    assert_eq!(json[0]["min_interval_seconds"], 90.0);
    assert_eq!(json[0]["collectors"][1]["collector"], "failing_checks");
    assert_eq!(json[0]["collectors"][1]["interval_seconds"], 180.0);
    assert_eq!(
        (&json[0]["collectors"][0]["at_most"], &json[0]["collectors"][1]["at_most"]),
        (&true.into(), &false.into())
    );
    assert_eq!((&json[0]["collectors"][0]["idle"], &json[0]["fleet"]["having"]["patch"]), (&false.into(), &().into()));
    assert!(json[1]["notes"].as_array().is_some_and(|notes| !notes.is_empty()), "{json}");
    assert!(!json.to_string().contains("api_key"));
}

#[test]
fn the_plan_tells_what_the_numbers_do_not() {
    let extra = "    metrics: { exclude: ['rmm_patches.*', rmm_device_reboot_required, 'rmm_backup_.*'] }\n";
    let plan = nsight(extra, FleetSize::from_devices(100));
    let idle: Vec<_> = plan.collectors.iter().filter(|plan| plan.idle).map(|plan| plan.collector).collect();
    assert_eq!(idle, ["backup", "patches"]);
    assert!(plan.collectors.iter().all(|plan| plan.idle == (plan.calls_per_sweep == 0)));
    assert_eq!(plan.notes[0], "no calls: metrics.exclude leaves nothing of backup, patches");
    assert!(plan.notes[2].contains("one call for each client (4 a sweep)"), "{:?}", plan.notes);
    let everything = nsight("    metrics: { exclude: ['rmm_.*'] }\n", FleetSize::from_devices(100));
    let left: Vec<_> = everything.collectors.iter().filter(|plan| !plan.idle).map(|plan| plan.collector).collect();
    assert_eq!(left, ["inventory"]);
    let managed = |exclude: &str| {
        let extra = format!(
            "    collectors: {{ managed_antivirus: {{ enabled: true }} }}\n    metrics: {{ exclude: [{exclude}] }}\n"
        );
        let plan = nsight(&extra, FleetSize::from_devices(100));
        plan.collectors.iter().find(|plan| plan.collector == "managed_antivirus").map(|plan| plan.calls_per_sweep)
    };
    assert_eq!(managed("rmm_antivirus_last_scan_errors"), Some(300), "scans have other metrics");
    assert_eq!(managed("rmm_antivirus_threats, rmm_antivirus_quarantined_items"), Some(100));
    let one = nsight("", size(1, 1, 1, 0));
    assert!(!one.notes.iter().any(|note| note.starts_with("failing_checks")), "{:?}", one.notes);
}

#[test]
fn the_plan_shows_the_mappings() {
    let text = "accounts:
  - name: helpdesk
    platform: tactical
    server: api.example.com
    api_key: k
    mappings:
      antivirus: { check_name: 'Defender \\d', check_type: script, script: 7, status_field: AV State }
      backup: { date_field: Last Backup }
";
    let plans = plans(text, FleetSize::from_devices(20));
    let expected = [
        "antivirus: checks with \"Defender \\d\" in the name, of type script, that run script 7; status in field \"AV State\"",
        "backup: time of the last success in field \"Last Backup\"",
    ];
    assert_eq!(plans[0].mappings, expected);
    let text = render(&plans);
    assert!(
        text.contains(&format!("\n  mapping of {}\n", expected[1])) && text.contains("rmm-exporter doctor"),
        "{text}"
    );
    assert_eq!(serde_json::to_value(&plans).expect("JSON")[0]["mappings"][1], expected[1]);
}

/// The plan's text as if no line had been broken.
fn one_line(plan: &AccountPlan) -> String {
    render(std::slice::from_ref(plan)).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every flag that a plan mentions.
fn flags(plan: &AccountPlan) -> Vec<&'static str> {
    let text = [plan.notes.join("\n"), plan.advice.join("\n")].concat();
    ["--patch", "--managed-antivirus", "--backup", "--mobile"].into_iter().filter(|flag| text.contains(flag)).collect()
}

#[test]
fn only_flags_that_would_help_and_were_not_given_are_mentioned() {
    let all = "    collectors: { managed_antivirus: { enabled: true }, backup_sessions: { enabled: true } }\n";
    for devices in [300, 5000] {
        let fleet = FleetSize::from_devices(devices);
        assert_eq!(flags(&nsight("", fleet)), ["--patch", "--mobile"], "of what is collected");
        assert_eq!(flags(&nsight(all, fleet)), ["--patch", "--managed-antivirus", "--backup", "--mobile"]);
        let having = Having { patch: Some(20), mobile: Some(0), ..Having::default() };
        assert_eq!(flags(&nsight(all, FleetSize { having, ..fleet })), ["--managed-antivirus", "--backup"]);
        let known = Having { managed_antivirus: Some(20), backup: Some(0), ..having };
        assert!(flags(&nsight(all, FleetSize { having: known, ..fleet })).is_empty());
        assert!(plans(TEXT, fleet).iter().all(|plan| plan.platform == "nsight" || flags(plan).is_empty()));
    }
}

#[test]
fn features_are_of_nsight_accounts_only() {
    let having = Having { patch: Some(20), ..Having::default() };
    let plans = plans(TEXT, FleetSize { having, ..FleetSize::from_devices(100) });
    let [nsight, tactical] = [0, 1].map(|index| one_line(&plans[index]));
    assert!(nsight.contains("20 with patch management"), "{nsight}");
    assert!(!tactical.contains("patch management") && plans[1].fleet.having == Having::default(), "{tactical}");
}

#[test]
fn the_first_sweep_names_what_goes_first() {
    let texts: Vec<String> = plans(TEXT, FleetSize::from_devices(100)).iter().map(one_line).collect();
    for (text, names) in texts.iter().zip(["inventory and failing_checks are", "inventory and alerts are"]) {
        assert!(text.contains(&format!("the same calls, but {names} repeated beside them and go first")), "{text}");
    }
    let server = TEXT.replace("server: 'http://127.0.0.1:8080'", "server: api.example.com, monitoring_token: t");
    assert_eq!(plans(&server, FleetSize::from_devices(100))[1].frequent(), ["inventory", "server", "alerts"]);
    let alone = nsight("    collectors: { failing_checks: { enabled: false } }\n", FleetSize::from_devices(100));
    assert!(one_line(&alone).contains("but inventory is repeated beside them and goes first"));
}

#[test]
fn what_is_left_out_is_shown_as_it_was_written() {
    let extra = "    filter:
      clients: { include: ['Acme.*', 'Larkspur (Dental|Care)'], exclude: ['.*Test'] }
      sites: { exclude: [Cellar] }
      device_kinds: [server]
    metrics: { exclude: ['rmm_.*_daily_results'] }
";
    let notes = nsight(extra, FleetSize::from_devices(100)).notes;
    for line in [
        r#"filter.clients: include "Acme.*", "Larkspur (Dental|Care)"; exclude ".*Test""#,
        r#"filter.sites: exclude "Cellar""#,
        "filter.device_kinds: server",
        r#"metrics.exclude: "rmm_.*_daily_results""#,
    ] {
        assert!(notes.iter().any(|note| note == line), "{line} in {notes:#?}");
    }
    assert!(notes.iter().any(|note| note.contains("no name is known yet")), "{notes:#?}");
    let without = nsight("", FleetSize::from_devices(100)).notes;
    assert!(!without.iter().any(|note| note.contains("filter") || note.contains("exclude")), "{without:#?}");
}

#[test]
fn no_line_of_text_is_wider_than_100_columns() {
    let fleet = FleetSize::from_devices(20_000);
    let having = Having { patch: Some(1), managed_antivirus: Some(2), backup: Some(3), mobile: Some(4) };
    let text = render(&plans(TEXT, FleetSize { having, ..fleet }));
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let warnings = render_warnings(&["word ".repeat(60), "short".to_owned()]);
    assert!(warnings.starts_with("warning: word") && warnings.ends_with("\nwarning: short\n"), "{warnings}");
    assert_eq!(warnings.lines().filter(|line| line.starts_with("    word")).count(), 3, "{warnings}");
    assert!(warnings.lines().all(|line| line.chars().count() <= 100), "{warnings}");
}

#[test]
fn an_empty_fleet_says_what_is_left() {
    let plan = nsight("", FleetSize::from_devices(0));
    assert!(plan.notes.iter().any(|note| note.contains("no servers and no workstations assumed")), "{:?}", plan.notes);
    assert_eq!(flags(&plan), ["--mobile"]);
}
