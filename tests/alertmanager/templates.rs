//! How notifications read, by `amtool template render`, with names that are markup somewhere.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::child::run;
use crate::{is_missing, shipped};

const CLIENT: &str = "Bits & <b>Bytes</b>";
const SITE: &str = "Nord|Süd";
const DEVICE: &str = "<!channel> *PC* [x](https://evil.example)\n\u{202e}\"17\" \\ ${1}";

fn alert(number: usize, status: &str) -> Value {
    json!({
        "status": status,
        "labels": {
            "alertname": "RMMServerOffline", "severity": "critical", "platform": "nsight", "account": "msp-uk",
            "client": CLIENT, "site": SITE, "device": DEVICE, "device_id": number.to_string(),
        },
        "annotations": {
            "summary": "A server is offline.",
            "description": format!("{DEVICE} of {CLIENT} ({SITE}) has not been online for {number} minutes."),
            "runbook_url": "https://docs.example.com/RMMServerOffline.md",
            "dashboard_url": format!("https://grafana.example.com/d/rmm-device?var-a=1&var-device={number}%7C%3E"),
        },
        "startsAt": "2026-11-21T10:00:00Z",
        "endsAt": if status == "firing" { "0001-01-01T00:00:00Z" } else { "2026-11-21T11:30:00Z" },
    })
}

/// So many alerts of each, as one notification.
fn group(firing: usize, resolved: usize) -> Value {
    let mut alerts: Vec<_> = (0..firing).map(|number| alert(number, "firing")).collect();
    alerts.extend((0..resolved).map(|number| alert(1_000 + number, "resolved")));
    let first = &alerts[0];
    let (mut labels, mut annotations) = (first["labels"].clone(), first["annotations"].clone());
    if alerts.len() > 1 {
        labels.as_object_mut().unwrap().remove("device_id");
        for name in ["description", "dashboard_url"] {
            annotations.as_object_mut().unwrap().remove(name);
        }
    }
    json!({
        "receiver": "on call", "status": if firing > 0 { "firing" } else { "resolved" }, "alerts": alerts,
        "groupLabels": { "alertname": "RMMServerOffline", "account": "msp-uk", "client": CLIENT, "site": SITE },
        "commonLabels": labels, "commonAnnotations": annotations, "externalURL": "https://alerts.example.com",
    })
}

fn render(kind: &str, template: &str, data: &Value) -> String {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("data.json");
    std::fs::write(&file, data.to_string()).unwrap();
    let mut command = Command::new("amtool");
    command.args(["template", "render", "--template.type", kind]).env("TZ", "UTC");
    command.arg(format!("--template.glob={}", shipped::path("templates/rmm.tmpl").display()));
    command.arg(format!("--template.data={}", file.display()));
    command.arg(format!("--template.text={{{{ template \"{template}\" . }}}}"));
    let ended = run(&mut command);
    assert!(ended.status.success(), "{template}: {}", ended.stderr);
    ended.stdout
}

#[test]
fn a_title_is_one_line_that_says_what_where_and_how_many() {
    if is_missing(&["amtool"]) {
        return;
    }
    let device = r#"<!channel> *PC* [x](https://evil.example) "17" \ ${1}"#;
    let title = render("text", "rmm.title", &group(1, 0));
    assert_eq!(title, format!("CRITICAL: A server is offline: {device}, {CLIENT}, {SITE}"));
    let title = render("text", "rmm.title", &group(0, 1));
    assert_eq!(title, format!("RESOLVED: A server is offline: {device}, {CLIENT}, {SITE}"));
    let mut several = group(3, 2);
    several["commonLabels"].as_object_mut().unwrap().remove("device");
    let title = render("text", "rmm.title", &several);
    assert_eq!(title, format!("CRITICAL: A server is offline: {CLIENT}, {SITE} (3 firing, 2 resolved)"));
    let customers = render("text", "rmm.customer.title", &several);
    assert_eq!(customers, format!("CRITICAL: A server is offline, {SITE} (3 firing, 2 resolved)"));
}

#[test]
fn what_is_of_no_client_is_titled_by_its_account_or_instance() {
    if is_missing(&["amtool"]) {
        return;
    }
    let mut data = group(1, 0);
    data["commonLabels"] = json!({ "alertname": "RMMCollectorDown", "account": "msp-uk", "collector": "backup" });
    data["commonAnnotations"]["summary"] = json!("A collector reads nothing.");
    assert_eq!(render("text", "rmm.title", &data), "FIRING: A collector reads nothing: msp-uk, backup");
    data["commonLabels"] = json!({ "alertname": "RMMExporterDown", "severity": "warning", "instance": "a:10766" });
    data["commonAnnotations"] = json!({});
    assert_eq!(render("text", "rmm.title", &data), "WARNING: RMMExporterDown: a:10766");
    // The alerts of somebody else have no description.
    data["alerts"][0]["annotations"] = json!({});
    let text = render("text", "rmm.text", &data);
    assert!(text.contains("alertname=RMMServerOffline account=msp-uk client=Bits & <b>"), "{text}");
}

#[test]
fn text_tells_each_alert_and_the_resolved_ones_apart() {
    if is_missing(&["amtool"]) {
        return;
    }
    let text = render("text", "rmm.text", &group(2, 1));
    let (firing, resolved) = text.split_once("Resolved:").unwrap();
    assert_eq!(firing.matches("* <!channel> *PC*").count(), 2, "{text}");
    assert!(
        firing.contains("has not been online for 1 minutes.\n  since 2026-11-21 10:00 UTC\n  https://grafana"),
        "{text}"
    );
    assert_eq!(resolved.matches("has not been online for 1000 minutes.").count(), 1, "{text}");
    assert!(resolved.contains("from 2026-11-21 10:00 UTC to 2026-11-21 11:30 UTC"), "{text}");
    assert!(resolved.contains("What to do: https://docs.example.com/RMMServerOffline.md\n"), "{text}");
    assert!(!render("text", "rmm.text", &group(2, 0)).contains("Resolved"));
    assert!(!render("text", "rmm.text", &group(0, 2)).contains("since"));
}

#[test]
fn long_lists_end_with_how_many_more_there_are() {
    if is_missing(&["amtool"]) {
        return;
    }
    for (kind, template, shown) in [
        ("text", "rmm.text", 20),
        ("html", "rmm.html", 20),
        ("text", "rmm.customer.text", 20),
        ("html", "rmm.customer.html", 20),
        ("text", "rmm.slack.text", 10),
        ("text", "rmm.teams.text", 10),
    ] {
        let text = render(kind, template, &group(57, 0));
        assert_eq!(text.matches("has not been online").count(), shown, "{template}: {text}");
        assert!(text.contains(&format!("and {} more", 57 - shown)), "{template}: {text}");
        let text = render(kind, template, &group(0, 57));
        assert_eq!(text.matches("has not been online").count(), shown, "{template}: {text}");
        assert!(text.contains(&format!("and {} more", 57 - shown)), "{template}: {text}");
        let exact = render(kind, template, &group(shown, 0));
        assert_eq!(exact.matches("has not been online").count(), shown, "{template}: {exact}");
        assert!(!exact.contains("more"), "{template}: {exact}");
    }
}

#[test]
fn html_shows_names_as_they_are() {
    if is_missing(&["amtool"]) {
        return;
    }
    for template in ["rmm.html", "rmm.customer.html"] {
        let mut data = group(1, 1);
        data["alerts"][0]["annotations"]["dashboard_url"] = json!("javascript:alert(1)");
        let html = render("html", template, &data);
        assert!(!html.contains("<b>Bytes") && !html.contains("<!channel"), "{html}");
        assert!(!html.contains("href=\"javascript"), "{html}");
        assert!(html.contains("Bits &amp; &lt;b&gt;Bytes&lt;/b&gt;"), "{html}");
    }
    let html = render("html", "rmm.html", &group(1, 0));
    assert!(
        html.contains("href=\"https://grafana.example.com/d/rmm-device?var-a=1&amp;var-device=0%7C%3E\""),
        "{html}"
    );
    // A silence for this device in both severities; an HTML attribute, so quotes of names must not end it.
    let silence = html.split("href=\"").find(|part| part.contains("silences/new")).unwrap().split('"').next().unwrap();
    assert!(silence.starts_with("https://alerts.example.com/#/silences/new?filter=%7Baccount%3D%22msp-uk%22%2C%20"));
    assert!(silence.contains("device_id%3D%220%22") && !silence.contains("severity"), "{silence}");
    assert!(silence.ends_with("alertname%3D%22RMMServerOffline%22%7D"), "{silence}");
}

#[test]
fn customers_get_no_addresses_and_no_account() {
    if is_missing(&["amtool"]) {
        return;
    }
    for (kind, template) in
        [("text", "rmm.customer.text"), ("html", "rmm.customer.html"), ("text", "rmm.customer.title")]
    {
        let text = render(kind, template, &group(2, 1));
        for secret in ["grafana.example.com", "alerts.example.com", "docs.example.com", "msp-uk"] {
            assert!(!text.contains(secret), "{template}: {text}");
        }
    }
}

#[test]
fn slack_gets_its_markup_from_us_only() {
    if is_missing(&["amtool"]) {
        return;
    }
    let title = render("text", "rmm.slack.title", &group(1, 0));
    let device = r#"&lt;!channel&gt; *PC* [x](https://evil.example) "17" \ ${1}"#;
    assert_eq!(title, format!("CRITICAL: A server is offline: {device}, Bits &amp; &lt;b&gt;Bytes&lt;/b&gt;, {SITE}"));
    let text = render("text", "rmm.slack.text", &group(1, 1));
    for link in text.split('<').skip(1) {
        let (inside, _) = link.split_once('>').unwrap();
        let (address, name) = inside.split_once('|').unwrap();
        assert!(address.starts_with("https://") && !address.contains([' ', '"', '\\']), "{address}");
        assert!(["Dashboard", "Silence", "What to do"].contains(&name), "{name}");
    }
    assert!(
        text.contains("<https://grafana.example.com/d/rmm-device?var-a=1&amp;var-device=0%7C%3E|Dashboard>"),
        "{text}"
    );
    assert!(text.contains("device%3D%22%3C%21channel%3E%20%2APC%2A%20"), "{text}");
    assert!(text.contains("Resolved:\n• &lt;!channel&gt;"), "{text}");
    let color = |status: &str, severity: &str| {
        let mut data = group(1, 0);
        data["status"] = json!(status);
        data["commonLabels"]["severity"] = json!(severity);
        render("text", "rmm.slack.color", &data)
    };
    assert_eq!(color("resolved", "critical"), "good");
    assert_eq!(
        [color("firing", "critical"), color("firing", "warning"), color("firing", "info")],
        ["danger", "warning", "#1565c0"]
    );
}

#[test]
fn teams_gets_no_links_out_of_names() {
    if is_missing(&["amtool"]) {
        return;
    }
    for template in ["rmm.teams.title", "rmm.teams.text"] {
        let text = render("text", template, &group(1, 0));
        assert!(text.contains(r"\*PC\* \[x\]\(https://evil.example\)"), "{template}: {text}");
    }
    let text = render("text", "rmm.teams.text", &group(1, 0));
    assert!(
        text.contains("[Dashboard](https://grafana.example.com/d/rmm-device?var-a=1&var-device=0%7C%3E)"),
        "{text}"
    );
    assert!(text.contains("[What to do](https://docs.example.com/RMMServerOffline.md)"), "{text}");
}

#[test]
fn severities_become_those_of_pagerduty_and_opsgenie() {
    if is_missing(&["amtool"]) {
        return;
    }
    for (severity, pagerduty, opsgenie) in
        [("critical", "critical", "P1"), ("warning", "warning", "P3"), ("info", "info", "P5"), ("page", "error", "P5")]
    {
        let mut data = group(1, 0);
        data["commonLabels"]["severity"] = json!(severity);
        assert_eq!(render("text", "rmm.pagerduty.severity", &data), pagerduty);
        assert_eq!(render("text", "rmm.opsgenie.priority", &data), opsgenie);
    }
}
