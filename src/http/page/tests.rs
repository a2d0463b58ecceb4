use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::collector::Collector;
use crate::fleet::{ClientKey, ClientView, KindCounts, View};
use crate::metrics::{AccountSetup, AccountStatus, CallError, CollectorReport, Limits, Publisher};
use crate::planner::{BackoffReason, Outcome};
use crate::platform::PlatformName::{Nsight, Tactical};
use crate::state;

mod contrast;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-03-04T12:00:00Z")
}

/// A collector that is well.
fn fine() -> CollectorReport {
    CollectorReport {
        interval: Duration::from_mins(15),
        success: true,
        last_success: Some(at("2026-03-04T11:57:00Z")),
        last_duration: Some(Duration::from_millis(2_400)),
        targets: 40,
        fresh: 40,
        next_due: Some(at("2026-03-04T12:12:00Z")),
        ..CollectorReport::default()
    }
}

/// An account that is well.
fn well(name: &str) -> AccountStatus {
    let mut status = AccountStatus { up: true, ready: true, ..AccountStatus::new(Nsight, name, "rmm.example") };
    status.budget_per_minute = 30;
    status.min_interval = Duration::from_secs(90);
    status.collectors = vec![(Collector::Inventory, fine()), (Collector::Checks, fine())];
    status
}

/// An account that does not answer.
fn down(name: &str) -> AccountStatus {
    let error = CallError { call: "list_clients", outcome: Outcome::Timeout, at: at("2026-03-04T11:59:00Z") };
    let failing = CollectorReport { success: false, failed: 2, fresh: 38, last_error: Some(error), ..fine() };
    let mut status = well(name);
    status.up = false;
    status.last_error = Some("list_clients: no whole answer in time (timeout)".to_owned());
    status.backoff_until = Some(at("2026-03-04T12:05:00Z"));
    status.backoff_reason = Some(BackoffReason::Unreachable);
    (status.queue_length, status.oldest_due) = (3, Duration::from_secs(75));
    status.collectors = vec![(Collector::Inventory, fine()), (Collector::Checks, failing)];
    status
}

fn publisher(accounts: Vec<AccountStatus>) -> Publisher {
    let publisher = Publisher::new();
    let setup = |status| AccountSetup { status, limits: Limits::default() };
    publisher.configure(accounts.into_iter().map(setup).collect());
    publisher
}

fn overview(accounts: Vec<AccountStatus>) -> Overview {
    Overview::new(&publisher(accounts).snapshot(), now())
}

fn page_of(overview: &Overview, wanted: &[&str]) -> String {
    let wanted = wanted.iter().map(|&name| name.to_owned()).collect();
    let mut html = String::new();
    Page { overview, telemetry_path: "/metrics", wanted }.write(&mut html).unwrap();
    check_structure(&html);
    html
}

fn page(accounts: Vec<AccountStatus>) -> String {
    page_of(&overview(accounts), &[])
}

/// What is said in the first section.
fn news(html: &str) -> &str {
    html.split("<section class=\"news").nth(1).unwrap().split("</section>").next().unwrap()
}

/// Elements nest and end.
fn check_structure(html: &str) {
    let body = html.split("</style>").nth(1).unwrap();
    // Both begin before the style.
    let mut open = vec!["html", "head"];
    for tag in body.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "</{name}> in\n{html}"),
            None => open.push(tag.split(' ').next().unwrap()),
        }
    }
    assert!(open.is_empty(), "{open:?} in {html}");
}

#[test]
fn it_is_a_whole_document_that_loads_nothing() {
    let html = page(vec![down("a"), well("b")]);
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"));
    assert!(html.contains("<title>1 of 2 accounts needs attention · rmm-exporter</title>"), "{html}");
    let without_icon = html.replace(Tone::Bad.icon(), "");
    for word in ["<script", " style=", " src=", "://", "http-equiv", "onload", "@import", "url("] {
        assert!(!without_icon.contains(word), "{word} in {html}");
    }
    assert_eq!(html.matches("<h1>").count(), 1);
    let headers = html.matches("<th").count() - html.matches("<thead").count();
    assert_eq!(html.matches("<th scope=\"col\">").count() + html.matches("<th scope=\"row\">").count(), headers);
    assert_eq!(html.matches("<caption>").count(), html.matches("<table").count());
    let ids: Vec<_> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let unique: HashSet<_> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    let named = html.split("aria-labelledby=\"").skip(1).chain(html.split("href=\"#").skip(1));
    let named: Vec<_> = named.map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(named.len() > 6 && named.iter().all(|id| unique.contains(id)), "{named:?} of {ids:?}");
    // Where rows are stacked, every value says what it is.
    assert_eq!(html.matches("<td>").count(), html.matches(">metrics<span").count(), "{html}");
}

#[test]
fn the_policy_names_this_very_style() {
    let response = answer(&overview(vec![well("a")]), "/metrics", None);
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    let html = page(vec![well("a")]);
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, style.as_bytes()));
    assert!(policy.contains(&format!("style-src 'sha256-{hash}';")) && policy.starts_with("default-src 'none';"));
    assert!(!style.contains('<'), "nothing ends the style early");
}

#[test]
fn what_is_wrong_comes_first_and_the_worst_before_the_rest() {
    let mut impaired = well("b-impaired");
    impaired.collectors[1].1.success = false;
    impaired.collectors[1].1.failed = 1;
    let html = page(vec![well("a-well"), impaired, down("c-down")]);
    let news = news(&html);
    assert!(news.contains("<h2 id=\"news\">2 of 3 accounts need attention</h2>"), "{news}");
    let line = "<a href=\"#account-3\">c-down</a>: Down: list_clients: no whole answer in time (timeout). Next call <time \
                datetime=\"2026-03-04T12:05:00Z\" title=\"2026-03-04 12:05:00 UTC\">in 5 minutes</time>.</li>";
    assert!(news.contains(line), "{news}");
    assert!(news.contains("<a href=\"#account-2\">b-impaired</a>: Failing: checks.</li>"), "{news}");
    assert!(!news.contains("a-well") && news.find("c-down") < news.find("b-impaired"), "{news}");
    let rest = html.split("<h2 id=\"accounts\">").nth(1).unwrap();
    let place = |text: &str| rest.find(text).unwrap_or_else(|| panic!("{text} in {rest}"));
    let lines = ["c-down</a>", "b-impaired</a>", "a-well</a>"].map(place);
    let sections = ["id=\"account-3\"", "id=\"account-2\"", "id=\"account-1\""].map(place);
    assert!(lines.is_sorted() && sections.is_sorted(), "{lines:?} {sections:?}");
    let section = rest.split("id=\"account-3\"").nth(1).unwrap();
    assert!(section.find(">checks</th>") < section.find(">inventory</th>"), "what fails is above: {section}");
}

#[test]
fn the_headline_counts() {
    let headline = |accounts| {
        let overview = overview(accounts);
        let (tone, text) = front::headline(&overview.accounts, &overview.problems);
        (tone.class(), text)
    };
    let starting = |name| AccountStatus::new(Nsight, name, "rmm.example");
    assert_eq!(headline(vec![]), ("calm", "No account is configured".to_owned()));
    assert_eq!(headline(vec![well("a")]), ("good", "The exporter is well".to_owned()));
    assert_eq!(headline(vec![down("a")]), ("bad", "The account needs attention".to_owned()));
    assert_eq!(headline(vec![down("a"), well("b")]), ("bad", "1 of 2 accounts needs attention".to_owned()));
    assert_eq!(headline(vec![down("a"), down("b")]), ("bad", "2 of 2 accounts need attention".to_owned()));
    let told = headline(vec![starting("a"), well("b")]);
    assert_eq!(told, ("calm", "Starting: 1 of 2 accounts has not answered yet".to_owned()));
    let mut impaired = well("a");
    impaired.collectors[0].1.off = 1;
    assert_eq!(headline(vec![impaired]), ("warn", "The account needs attention".to_owned()));
}

#[test]
fn an_account_in_full() {
    let mut account = down("uk");
    account.port = Some(8443);
    account.state = Some(state::Health { writing: true, written: 7, size: 1_234_567 });
    let html = page(vec![account]);
    for text in [
        "uk <span class=\"badge bad\">down</span></h2>",
        "<p>Last error: list_clients: no whole answer in time (timeout).</p>",
        "<dt>Platform</dt><dd>N-sight RMM</dd>",
        "<dt>Server</dt><dd>rmm.example:8443</dd>",
        "<dt>Series</dt><dd>unknown (<a href=\"/metrics?account=uk\">",
        "<dt>Budget</dt><dd>30 calls a minute, identical ones at least 90 seconds apart</dd>",
        "<dt>Queue</dt><dd>3 calls wait, the oldest for 75 seconds</dd>",
        ">in 5 minutes</time>: several calls failed in a row</dd>",
        "<dt>State on disk</dt><dd>written, 1.2 MB</dd>",
        "<th scope=\"row\">checks</th><td data-label=\"State\"><span class=\"badge bad\">failing</span></td>",
        ">3 minutes ago</time></td><td data-label=\"Interval\">15 minutes</td>",
        "<td data-label=\"Last run took\">2.4 seconds</td>",
        "<td data-label=\"Next run\"><time datetime=\"2026-03-04T12:12:00Z\" title=\"2026-03-04 12:12:00 UTC\">in 12 minutes</time></td>",
        "<td data-label=\"Fresh\">38 of 40, <b>2 failed</b></td>",
        "<span title=\"list_clients: no whole answer in time\">timeout</span>, <time datetime=\"2026-03-04T11:59:00Z\"",
        "<a href=\"/metrics?account=uk&amp;collect%5B%5D=checks\">metrics<span class=\"unseen\"> of checks</span></a>",
        concat!("Version ", env!("CARGO_PKG_VERSION")),
        "<a href=\"/-/healthy\">",
        "<a href=\"/-/ready\">",
        "<a href=\"/api/v1/status\">",
        "<a href=\"/docs/operations.md\">",
    ] {
        assert!(html.contains(text), "{text}\nin\n{html}");
    }
    assert!(!html.contains("id=\"accounts\""), "one account needs no list");
}

#[test]
fn what_is_not_known_is_not_zero() {
    let mut account = AccountStatus::new(Tactical, "lab", "rmm.example");
    account.not_ready_reason = Some("no inventory yet: list_clients: no connection (connect_error)".to_owned());
    account.last_error = Some("list_clients: no connection (connect_error)".to_owned());
    (account.queue_length, account.oldest_due) = (1, Duration::from_secs(13));
    account.backoff_until = Some(at("2026-03-04T11:59:00Z"));
    let waits = |targets, next_due| CollectorReport { success: true, targets, next_due, ..CollectorReport::default() };
    account.collectors = vec![
        (Collector::FailingChecks, waits(1, Some(at("2026-03-04T11:59:47Z")))),
        (Collector::Checks, waits(0, None)),
    ];
    let html = page(vec![account.clone()]);
    let section = html.split("id=\"account-1\"").nth(1).unwrap();
    for text in [
        "<dt>Series</dt><dd>unknown (",
        "<dt>Queue</dt><dd>1 call waits, for 13 seconds</dd>",
        "<dt>State on disk</dt><dd>none</dd>",
        "no data yet</span></td><td data-label=\"Newest data\">never</td>",
        "<td data-label=\"Last run took\">unknown</td>",
        ">waiting for its turn</time></td>",
        "<td data-label=\"Fresh\">0 of 1</td><td data-label=\"Last error\">none</td>",
        "waiting for the inventory</span></td><td data-label=\"Newest data\">never</td>",
        "<td data-label=\"Next run\">unknown</td><td data-label=\"Fresh\">nothing asked</td>",
    ] {
        assert!(section.contains(text), "{text}\nin\n{section}");
    }
    assert_eq!(section.matches("no connection").count(), 1, "said once: {section}");
    assert!(!section.contains("Back-off"), "it is over");
    assert!(html.contains("Configuration: not read yet. State directory: none, or not read yet."), "{html}");
    (account.ready, account.last_error, account.not_ready_reason) = (true, None, None);
    let html = page(vec![account]);
    assert!(html.contains("nothing to ask</span>") && html.contains("<span class=\"badge calm\">starting</span>"));
}

#[test]
fn what_the_key_may_not_read_and_what_is_old() {
    let next_try = Some(at("2026-03-04T16:00:00Z"));
    let mut account = well("a");
    account.collectors = vec![
        (Collector::Patches, CollectorReport { success: false, off: 40, off_until: next_try, ..fine() }),
        (Collector::Checks, CollectorReport { success: false, off: 3, failed: 1, off_until: next_try, ..fine() }),
        (Collector::Backup, CollectorReport { fresh: 0, ..fine() }),
        (Collector::Outages, CollectorReport { success: false, failed: 1, ..fine() }),
    ];
    let html = page(vec![account]);
    let told =
        "Failing: outages. Switched off, because the key may not read it: patches, checks. Nothing fresh: backup.";
    assert!(news(&html).contains(told), "{html}");
    assert!(html.contains(">switched off</span>") && html.contains(">partly switched off</span>"));
    assert!(
        html.contains(
            ">next try <time datetime=\"2026-03-04T16:00:00Z\" title=\"2026-03-04 16:00:00 UTC\">in 4 hours<"
        )
    );
    assert!(html.contains("40 of 40, <b>1 failed</b>, <b>3 off</b>"), "{html}");
    assert!(html.contains(">unknown, before the start</td>"), "a failure that an earlier process saw");
}

#[test]
fn the_exporters_own_troubles_are_told() {
    let troubled = publisher(vec![AccountStatus {
        state: Some(state::Health { writing: false, written: 0, size: 10 }),
        oldest_due: Duration::from_mins(45),
        queue_length: 9,
        ..well("a")
    }]);
    troubled.config_read(true, at("2026-03-04T09:00:00Z"));
    troubled.config_read(false, at("2026-03-04T11:00:00Z"));
    let overview = Overview::new(&troubled.snapshot(), now());
    let html = page_of(&overview, &[]);
    let news = news(&html);
    assert!(news.find("The last reload of the configuration failed") < news.find("cannot be written"), "{news}");
    assert!(news.contains("the budget does not suffice"), "{news}");
    assert!(html.contains(">1 hour ago</time> failed; in use is that of <time"), "{html}");
    let kinds = serde_json::to_value(&overview).unwrap();
    let kinds: Vec<_> = kinds["problems"].as_array().unwrap().iter().map(|problem| &problem["problem"]).collect();
    assert_eq!(kinds, ["reload_failed", "calls_late", "state_not_written"]);

    let alone = publisher(vec![well("a")]);
    alone.config_read(false, now());
    let overview = Overview::new(&alone.snapshot(), now());
    assert_eq!(front::headline(&overview.accounts, &overview.problems).1, "The configuration needs attention");
    // The first sweep takes as long as the budget makes it.
    let mut sweeping = AccountStatus { oldest_due: Duration::from_hours(5), queue_length: 900, ..well("a") };
    sweeping.collectors[1].1.last_duration = None;
    let well = page(vec![sweeping]);
    assert!(
        well.contains("The exporter is well") && well.contains("devices and checks are is in the metrics"),
        "{well}"
    );
    assert!(!well.contains("All is well") && !well.contains("othing is wrong"), "nobody looked at the devices here");
}

#[test]
fn nothing_that_others_named_becomes_markup() {
    let evil = "<script>alert(1)</script>\"'&";
    let mut account = AccountStatus { server: evil.to_owned(), ..down(evil) };
    account.last_error = Some(evil.to_owned());
    account.not_ready_reason = Some(format!("{evil}!"));
    account.ready = false;
    account.console_url = "https://user:secret@console.example/".to_owned();
    let overview = overview(vec![account, well("x")]);
    for html in [page_of(&overview, &[]), page_of(&overview, &[evil])] {
        assert!(!html.contains("<script") && !html.contains("secret") && !html.contains("console.example"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"), "{html}");
        assert!(html.contains("account=%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%26&amp;collect"), "{html}");
    }
}

#[test]
fn hundreds_of_accounts_have_a_line_each() {
    let account = |number: usize| {
        if number.is_multiple_of(10) { down(&format!("msp {number}")) } else { well(&format!("msp {number}")) }
    };
    let overview = overview((0..200).map(account).collect());
    let html = page_of(&overview, &[]);
    assert!(html.len() < 130_000, "{} bytes", html.len());
    assert_eq!((html.matches("<tr><th scope=\"row\">").count(), html.matches("<table").count()), (200, 1));
    let news = news(&html);
    assert!(
        news.contains("20 of 200 accounts need attention") && news.contains("<summary>10 more</summary>"),
        "{news}"
    );
    assert_eq!(news.split("<details>").next().unwrap().matches("<li>").count(), 10);
    assert!(news.contains("<a href=\"/?account=msp+10\">msp 10</a>"), "{news}");
    let own = page_of(&overview, &["msp 10"]);
    assert!(
        own.matches("<table").count() == 1 && own.contains("Collectors of msp 10") && own.contains("<a href=\"/\">")
    );
    assert_eq!(answer(&overview, "/metrics", Some("account=msp+10&other=1")).status(), 200);
    assert_eq!(answer(&overview, "/metrics", Some("account=nobody")).status(), 404);
}

#[test]
fn families_that_are_withheld_are_named() {
    let overview = |max_series| {
        let publisher = Publisher::new();
        let limits = Limits { max_series, ..Limits::default() };
        publisher.configure(vec![AccountSetup { status: well("a"), limits }]);
        let devices = KindCounts { server: Some(1), workstation: Some(2), mobile: Some(0) };
        let (key, id, name) = (ClientKey::new("1"), "1".into(), "Acme".into());
        let client = ClientView { key, id, name, timezone: None, devices, licenses: None };
        publisher.publish_fleet("a", &Arc::new(View { clients: vec![client], ..View::default() }));
        Overview::new(&publisher.snapshot(), now())
    };
    let (all, one) = (overview(4), overview(3));
    let html = page_of(&all, &[]);
    assert!(!html.contains("ithheld") && html.contains("<dt>Series</dt><dd>4 ("), "{html}");
    let html = page_of(&one, &[]);
    assert!(html.contains("1, 3 left out (") && html.contains(": rmm_client_devices (3 series).</p>"), "{html}");
    assert!(news(&html).contains("Some series are left out: max_series is reached."), "{html}");
    let status = serde_json::to_value(&one.accounts[0]).unwrap();
    let expected = serde_json::json!([{ "family": "rmm_client_devices", "series": 3 }]);
    assert_eq!((&status["families_withheld"], &status["series_dropped"]), (&expected, &serde_json::json!(3)));
}
