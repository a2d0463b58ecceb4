//! HTTP, key, clocks, what the key sees and may, budget, mappings.

use std::sync::Arc;

use regex::Regex;
use rmm_exporter::clock::{Clock, SystemClock};
use rmm_exporter::config::{self, KeySource, PlatformOptions, TacticalOptions};
use rmm_exporter::demo::world::tactical::Permission;
use rmm_exporter::demo::{Demo, Fault, Scope};
use rmm_exporter::doctor::report::{Line, Verdict};
use rmm_exporter::fleet::{CheckSelector, Mapping, Mappings};

use crate::harness::{Said, doctor, start_demo};
use crate::servers::{answering, http};
use crate::support::child::exporter;

const KEY: &str = "Q7Z3K9M1X5B8V2C6N4L0P3R7T9W1Y5UE";

fn account(platform: &str, server: &str, key: &str, more: &str) -> String {
    format!("accounts:\n- {{name: a, platform: {platform}, server: \"{server}\", api_key: {key}{more}}}\n")
}

async fn tactical(demo: &Demo, more: &str) -> Said {
    let key = demo.tactical.api_key();
    doctor(&account("tactical", &demo.tactical.url(), key, more), &[key]).await
}

async fn nsight(demo: &Demo, more: &str) -> Said {
    let key = demo.nsight.api_key();
    doctor(&account("nsight", &demo.nsight.url(), key, more), &[key]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_healthy_accounts() {
    let demo = start_demo().await;
    let keys = [demo.nsight.api_key(), demo.tactical.api_key()];
    let said = doctor(&demo.config_yaml(), &keys).await;
    assert!(said.success, "{}", said.text);
    assert_eq!(said.json["accounts"][0]["account"], "demo-nsight", "in the order of the configuration");
    assert_eq!(said.json["accounts"][1]["account"], "demo-tactical");
    for account in 0..2 {
        // Two simulated clients of N-sight have one name.
        let warned: &[&str] = if account == 0 { &["clients"] } else { &[] };
        assert_eq!(said.with(account, "warn"), warned, "{}", said.text);
        assert_eq!(said.with(account, "skip"), ["name", "tls"], "{}", said.text);
        let ok = said.with(account, "ok");
        for step in ["http", "key", "clock", "clients", "permission inventory", "permission checks", "budget"] {
            assert!(ok.iter().any(|one| one == step), "{step}: {}", said.text);
        }
    }
    let clients = said.line("clients")[1].clone();
    let truth = demo.world.nsight_layout().clients.len();
    assert!(clients.starts_with(&format!("{truth}: ")), "{clients}");
    // Two runs, text and JSON.
    for server in [&demo.nsight, &demo.tactical] {
        let audit = server.handle.audit();
        assert!(audit.violations().is_empty(), "{:?}", audit.violations());
        assert!(audit.calls().iter().all(|call| call.key_accepted || call.target == "/core/v2/status/"));
        assert_eq!(audit.summary().most_concurrent, 1);
        assert!(audit.calls().iter().all(|call| call.identity != "GET /agents/?"), "never the dear list");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key() {
    let demo = start_demo().await;
    let said = doctor(&account("nsight", &demo.nsight.url(), KEY, ""), &[KEY]).await;
    said.assert("http", "ok", "list_clients answered", "");
    said.assert("key", "bad", "not accepted", "Configured is the server 127.0.0.1");
    assert_eq!(said.with(0, "bad"), ["key"]);
    assert_eq!(said.json["accounts"][0]["calls"], 1);
    let said = doctor(&account("tactical", &demo.tactical.url(), KEY, ""), &[KEY]).await;
    said.assert("key", "bad", "does not know this API key", "API Keys");
    said.assert("budget", "skip", "", "");
    assert_eq!(said.json["accounts"][0]["calls"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_at_all() {
    let demo = start_demo().await;
    for (platform, url) in [("nsight", demo.nsight.url()), ("tactical", demo.tactical.url())] {
        let yaml = account(platform, &url, KEY, "");
        let mut config = config::parse(&yaml, std::path::Path::new("test"), &|_| None).expect("valid");
        config.accounts[0].api_key = KeySource::File("/nonexistent/key".into());
        let lines = examined(&config).await;
        let of = |step: &str| lines.iter().find(|line| line.step == step).expect("a line");
        assert_eq!(
            (of("tcp").verdict, of("key").verdict, of("http").verdict),
            (Verdict::Ok, Verdict::Bad, Verdict::Skip)
        );
        assert!(of("key").finding.contains("/nonexistent/key"), "{lines:#?}");
        assert!(of("key").remedy.as_ref().is_some_and(|remedy| remedy.contains("check the path")), "{lines:#?}");
    }
}

#[test]
fn a_wrong_configuration_is_told_and_nothing_examined() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("rmm-exporter.yml");
    std::fs::write(&file, "accounts:\n- {name: a, platform: nonsense}\n").expect("written");
    let output = exporter().args(["doctor", "--config.file"]).arg(&file).output().expect("ran");
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("rmm-exporter.yml:2:"));
    let output = exporter().args(["doctor", "--json", "--config.file"]).arg(&file).output().expect("ran");
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["ok"], false);
    let errors = json["errors"].as_array().expect("errors");
    assert!(errors[0].as_str().is_some_and(|error| error.contains("rmm-exporter.yml:2:")), "{json}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("rmm-exporter.yml:2:"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_answers_is_not_the_api() {
    let demo = start_demo().await;
    for (fault, finding, remedy) in [
        (Fault::HtmlPage, "web page", "API domain"),
        (Fault::ForbiddenHtml, "web page", "firewall"),
        (Fault::Redirect(302, "https://elsewhere.example/".to_owned()), "status 302", "redirects are not followed"),
        (Fault::Status(400), "status 400", "API domain"),
        (Fault::Status(502), "status 502", "behind it does not"),
        (Fault::Status(500), "status 500", "its own log"),
    ] {
        demo.tactical.handle.clear_faults();
        demo.tactical.handle.set_fault(fault, Scope::ALL);
        let said = tactical(&demo, "").await;
        said.assert("http", "bad", finding, remedy);
        said.assert("key", "skip", "", "");
        assert_eq!(said.with(0, "bad"), ["http"]);
    }
    for (fault, finding, remedy) in [
        (Fault::ForbiddenHtml, "HTML page", "user_agent"),
        (Fault::Redirect(302, "https://elsewhere.example/".to_owned()), "302", "redirects are not followed"),
    ] {
        demo.nsight.handle.clear_faults();
        demo.nsight.handle.set_fault(fault, Scope::ALL);
        nsight(&demo, "").await.assert("http", "bad", finding, remedy);
    }
    demo.nsight.handle.clear_faults();
    demo.nsight.handle.set_fault(Fault::Status(404), Scope::ALL);
    let said = nsight(&demo, "").await;
    said.assert("http", "bad", "404", "Configured is the server 127.0.0.1, of none of the known regions");
    said.assert("http", "bad", "404", "the regions are americas, asia, au, de, eu,");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_repeats_the_key() {
    let server = answering(|request| {
        let body = format!(
            "<result status=\"FAIL\"><error><errorcode>7</errorcode><message>{request}</message></error></result>"
        );
        http("200 OK", "content-type: text/xml\r\n", &body.replace('&', "&amp;"))
    })
    .await;
    let said = doctor(&account("nsight", &format!("http://{server}"), KEY, ""), &[KEY, &KEY.to_lowercase()]).await;
    said.assert("key", "bad", "apikey=***", "Configured is");
    let server = answering(|request| {
        http(
            "418 I'm a teapot",
            "content-type: application/json\r\n",
            &serde_json::json!({"detail": request}).to_string(),
        )
    })
    .await;
    let said = doctor(&account("tactical", &format!("http://{server}"), KEY, ""), &[KEY]).await;
    said.assert("http", "bad", "418", "log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_and_a_key_that_sees_nothing() {
    let server = |ahead: i64| {
        answering(move |_| {
            let date = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ahead);
            let date = format!("date: {}\r\n", date.strftime("%a, %d %b %Y %H:%M:%S GMT"));
            http("200 OK", &format!("{date}content-type: text/xml\r\n"), "<result status=\"OK\"><items/></result>")
        })
    };
    for (ahead, verdict, words) in
        [(0, "ok", "in step"), (30, "warn", "behind the server's"), (-7200, "bad", "ahead of the server's")]
    {
        let address = server(ahead).await;
        let said = doctor(&account("nsight", &format!("http://{address}"), KEY, ""), &[KEY]).await;
        said.assert("clock", verdict, words, if ahead == 0 { "" } else { "NTP" });
        said.assert("clients", "warn", "sees no client", "Client Groups");
        assert_eq!(said.success, verdict != "bad");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_that_a_role_lacks() {
    let demo = start_demo().await;
    let switches = demo.world.tactical_switches();
    for permission in [Permission::ListChecks, Permission::ManageUpdates, Permission::ListAlerts] {
        switches.set_permission(permission, false);
    }
    let said = tactical(&demo, ", collectors: {details: {enabled: true}}").await;
    said.assert("permission checks", "bad", "checks will stay without data", "give it can_list_checks");
    said.assert("permission patches", "bad", "lacks can_manage_winupdates", "a write permission");
    said.assert("permission alerts", "bad", "lacks can_list_alerts", "or switch alerts off");
    for fine in ["inventory", "tasks", "details"] {
        said.assert(&format!("permission {fine}"), "ok", "can_list_", "");
    }
    switches.set_permission(Permission::ListAgents, false);
    let said = tactical(&demo, "").await;
    said.assert("agents", "skip", "", "");
    let lines = said.lines(0);
    assert!(lines.iter().any(|line| line[0] == "bad" && line[2].contains("lacks can_list_agents")), "{lines:#?}");
    said.assert("permission tasks", "skip", "no agent", "");
    said.assert("budget", "skip", "", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_that_nsight_refuses() {
    let demo = start_demo().await;
    demo.nsight.handle.set_fault(Fault::Fail(5), Scope::target("list_checks"));
    demo.nsight.handle.set_fault(Fault::Fail(5), Scope::target("list_backup_history"));
    let said = nsight(&demo, ", collectors: {checks: {enabled: true}}").await;
    said.assert("permission checks", "bad", "list_checks is refused", "switch checks off");
    said.assert("permission antivirus", "ok", "list_av_history", "");
    let lines = said.lines(0);
    let backup = lines.iter().find(|line| line[0] == "bad" && line[1] == "permission backup");
    assert!(backup.is_some_and(|line| line[2].contains("list_backup_history")), "{lines:#?}");
    said.assert("sweep patches", "ok", "every 12h", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_that_leaves_nothing_and_a_budget_that_is_too_small() {
    let demo = start_demo().await;
    let nobody = ", filter: {clients: {include: [Nobody]}}";
    nsight(&demo, nobody).await.assert("clients", "warn", "filter leaves none", "filter.clients");
    tactical(&demo, nobody).await.assert("clients", "warn", "filter leaves none", "filter.clients");
    let small = ", requests_per_minute: 25, min_interval: 1s, collectors: {checks: {interval: 10s}}";
    let said = tactical(&demo, small).await;
    said.assert("budget", "bad", "too much", "set these intervals");
    assert!(!said.success);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_filter_by_kind_leaves() {
    let demo = start_demo().await;
    let all = nsight(&demo, "").await.line("devices")[1].clone();
    let [servers, workstations, mobile] = all.split(", ").collect::<Vec<_>>().try_into().expect("three kinds");
    let said = nsight(&demo, ", filter: {device_kinds: [server]}").await;
    said.assert("devices", "ok", &format!("{servers} ({workstations}, {mobile} left out by filter)"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn antivirus_products_that_nsight_does_not_know() {
    let demo = start_demo().await;
    let collectors = ", collectors: {antivirus_definitions: {enabled: true}}";
    let said = nsight(&demo, &format!("{collectors}, antivirus_products: [sofos, sophos]")).await;
    said.assert(
        "products antivirus_definitions",
        "bad",
        "no antivirus product \"sofos\"",
        "the nearest ids are sophos",
    );
    said.assert("permission antivirus_definitions", "ok", "list_supported_av_products, list_av_definitions", "");
    let ok = said.with(0, "ok");
    assert!(ok.iter().any(|one| one == "products antivirus_definitions"), "the other one is known: {}", said.text);
    assert!(!said.success);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_about_features_are_tried_with_devices_that_have_them() {
    let demo = start_demo().await;
    let wanted = ["managed_antivirus", "backup_sessions", "backup_selection"];
    let enabled = wanted.map(|name| format!("{name}: {{enabled: true}}")).join(", ");
    let said = nsight(&demo, &format!(", collectors: {{{enabled}}}")).await;
    for (name, call) in [
        ("patches", "patch_list_all"),
        ("managed_antivirus", "list_mav_threats, list_mav_quarantine, list_mav_scans"),
        ("backup_sessions", "list_mob_sessions"),
        ("backup_selection", "mob/mob_list_selection_size"),
    ] {
        said.assert(&format!("permission {name}"), "ok", call, "");
    }
    let plan = &said.json["accounts"][0]["plan"];
    assert!(plan["calls_per_minute"].as_f64().is_some_and(|calls| calls > 0.0), "{plan}");
    let of_plan = plan["collectors"].as_array().expect("collectors");
    assert!(of_plan.iter().any(|one| one["collector"] == "backup_sessions" && one["at_most"] == true), "of a sample");
}

/// The answer to a request of a small N-sight account. Two clients have one name; each has a server, the first with patch
/// management and the second with backup.
fn small_account(request: &str) -> String {
    let client = |id: &str| {
        format!(
            "<client><name>Larkspur Dental</name><clientid>{id}</clientid><server_count>1</server_count>\
             <workstation_count>0</workstation_count><mobile_device_count>0</mobile_device_count></client>"
        )
    };
    let roster = |client: &str, device: &str, patch: u8| {
        let backup = 1 - patch;
        format!(
            "<client><name>Larkspur Dental</name><id>{client}</id><site><name>Main</name><id>5{client}</id><server>\
             <id>{device}</id><name>SRV1</name><patch>{patch}</patch><mob>{backup}</mob></server></site></client>"
        )
    };
    let asks = |parameter: &str| request.contains(parameter);
    let items = match () {
        () if asks("service=list_clients") => client("41007") + &client("41012"),
        () if asks("service=list_devices_at_client") && asks("clientid=41007") => roster("41007", "770215", 1),
        () if asks("service=list_devices_at_client") => roster("41012", "770301", 0),
        () => String::new(),
    };
    let body = format!("<?xml version=\"1.0\"?><result status=\"OK\"><items>{items}</items></result>");
    http("200 OK", "content-type: text/xml\r\n", &body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_one_name_and_a_feature_that_nobody_has() {
    let server = answering(small_account).await;
    let more = ", collectors: {backup_sessions: {enabled: true}, managed_antivirus: {enabled: true}}";
    let said = doctor(&account("nsight", &format!("http://{server}"), KEY, more), &[KEY]).await;
    said.assert("clients", "ok", "2: Larkspur Dental (id 41007), Larkspur Dental (id 41012)", "");
    let lines = said.lines(0);
    let warning = lines.iter().find(|line| line[0] == "warn" && line[1] == "clients").expect("a warning");
    assert!(warning[2].contains("2 are called \"Larkspur Dental\"") && warning[3].contains("client_id"), "{warning:?}");
    said.assert("permission patches", "ok", "patch_list_all", "");
    said.assert("permission backup_sessions", "ok", "list_mob_sessions", "");
    said.assert("permission managed_antivirus", "skip", "none of the 2 devices that were looked at has managed", "");
    // All lists of devices were read, so this is not the most that it can be.
    said.assert("sweep patches", "ok", "every 12h: 1 call,", "");
    said.assert("sweep backup_sessions", "ok", "every 12h: 1 call,", "");
    said.assert("sweep managed_antivirus", "ok", "every 12h: 0 calls,", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mapped_fields_that_are_swapped() {
    let demo = start_demo().await;
    let swapped = ", mappings: {backup: {status_field: Last Backup, date_field: Backup OK}}";
    let said = tactical(&demo, swapped).await;
    said.assert("mapping backup", "bad", "\"Backup OK\" is of type checkbox", "swapped");
    let lines = said.lines(0);
    assert!(lines.iter().any(|line| line[0] == "warn" && line[2].contains("status_passing")), "{lines:#?}");
    let right = ", mappings: {backup: {status_field: Backup OK, date_field: Last Backup}}";
    let said = tactical(&demo, right).await;
    assert!(said.success, "{}", said.text);
    said.assert("mapping backup", "ok", "\"Last Backup\", of type datetime", "");
}

/// The lines of a Tactical RMM account with these options, which the file cannot hold here.
async fn with_options(demo: &Demo, options: TacticalOptions) -> Vec<Line> {
    let yaml =
        account("tactical", &demo.tactical.url(), demo.tactical.api_key(), ", collectors: {server: {enabled: true}}");
    let mut config = config::parse(&yaml, std::path::Path::new("test"), &|_| None).expect("valid");
    config.accounts[0].platform = PlatformOptions::Tactical(options);
    examined(&config).await
}

/// The lines of the first account.
async fn examined(config: &config::Config) -> Vec<Line> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut report = rmm_exporter::doctor::examine(config, &clock, |_, _| ()).await;
    report.accounts.remove(0).lines
}

fn verdicts(lines: &[Line], step: &str, subject: &str) -> Vec<Verdict> {
    let of = |line: &&Line| line.step == step && line.subject.as_deref() == Some(subject);
    lines.iter().filter(of).map(|line| line.verdict).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mappings_that_match_and_that_do_not() {
    let demo = start_demo().await;
    let expression = |text: &str| Regex::new(text).expect("valid");
    let mapping = |name: &str, field: &str| Mapping {
        checks: Some(CheckSelector { name: Some(expression(name)), ..CheckSelector::default() }),
        date_field: Some(field.to_owned()),
        status_field: None,
        status_passing: expression("^ok$"),
    };
    let field =
        rmm_exporter::demo::world::tactical::FIELDS.iter().find(|field| field.model == "agent").expect("a field");
    let mappings = Mappings {
        antivirus: Some(mapping("(?i)defender", field.name)),
        backup: Some(mapping("no such check", "no such field anywhere")),
    };
    let lines = with_options(&demo, TacticalOptions { mappings, ..TacticalOptions::default() }).await;
    assert_eq!(verdicts(&lines, "mapping", "antivirus"), [Verdict::Ok, Verdict::Ok], "{lines:#?}");
    assert_eq!(verdicts(&lines, "mapping", "backup"), [Verdict::Warn, Verdict::Bad], "{lines:#?}");
    let checks = demo.tactical.handle.audit().calls().iter().filter(|call| call.target.ends_with("/checks/")).count();
    assert!((2..=10).contains(&checks), "{checks}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_monitoring_token() {
    let demo = start_demo().await;
    let token = |token: &str| TacticalOptions {
        monitoring_token: Some(KeySource::Inline(token.into())),
        ..TacticalOptions::default()
    };
    let good = with_options(&demo, token(demo.tactical.monitoring_token().expect("a token"))).await;
    assert_eq!(verdicts(&good, "permission", "server"), [Verdict::Ok], "{good:#?}");
    let wrong = with_options(&demo, token("wrong-token-0123456789")).await;
    assert_eq!(verdicts(&wrong, "permission", "server"), [Verdict::Bad], "{wrong:#?}");
    assert_eq!(verdicts(&wrong, "permission", "alerts"), [Verdict::Ok], "a wrong token says nothing of the key");
    assert!(!format!("{wrong:?}").contains("wrong-token"));
    let none = with_options(&demo, TacticalOptions::default()).await;
    assert_eq!(verdicts(&none, "permission", "server"), [Verdict::Ok], "the version only");
}
