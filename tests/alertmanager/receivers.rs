//! The shipped receivers at work: the real Alertmanager sends mails and calls services, which are this test.

use serde_json::Value;
use tempfile::TempDir;

use crate::alertmanager::{self, Alertmanager, alert};
use crate::catcher::{Catcher, Caught};
use crate::mail::MailServer;
use crate::{is_missing, shipped};

const DEVICE: &str = "<!channel> PC \"17\"";

fn offline(severity: &str, client: &str, device: &str) -> crate::alertmanager::Alert {
    let labels = [
        ("platform", "nsight"),
        ("account", "msp-uk"),
        ("client", client),
        ("site", "Süd"),
        ("device", device),
        ("device_id", device),
    ];
    alert("RMMServerOffline", severity, &labels).annotated(&[
        ("summary", "A server is offline."),
        ("description", &format!("{device} of {client} (Süd) is off.")),
        ("runbook_url", "https://docs.example.com/RMMServerOffline.md"),
        ("dashboard_url", "https://grafana.example.com/d/rmm-device?a=1&b=2"),
    ])
}

fn to<'a>(caught: &'a [Caught], path: &str) -> Option<&'a Value> {
    caught.iter().find(|one| one.path.starts_with(path)).map(|one| &one.body)
}

#[test]
fn every_receiver_sends_what_reads_well() {
    if is_missing(&[alertmanager::program()]) {
        return;
    }
    let (catcher, mail, directory) = (Catcher::start(), MailServer::start(), TempDir::new().unwrap());
    let config = shipped::endpoints(catcher.address, mail.address, directory.path());
    // Receivers that no route names as shipped.
    let first = "    - receiver: nobody\n";
    let more = ["oncall-opsgenie", "tickets-webhook"].map(|name| {
        format!("    - receiver: {name}\n      matchers: ['severity=\"critical\"']\n      continue: true\n")
    });
    assert!(config.contains(first));
    let config = config.replace(first, &(more.concat() + first));
    let mut alertmanager = Alertmanager::start(&config);
    let account =
        alert("RMMAccountDown", "warning", &[("platform", "tactical"), ("account", "helpdesk")]).annotated(&[
            ("summary", "An RMM account cannot be read."),
            ("description", "The tactical account helpdesk cannot be read."),
        ]);
    let silent =
        alert("RMMWorkstationSilent", "info", &[("account", "msp-uk"), ("client", "Acme GmbH"), ("device_id", "5")]);
    alertmanager.post(&[
        offline("critical", "Acme GmbH", DEVICE),
        offline("warning", "Bits & Bytes", "PC-18"),
        account,
        silent
            .annotated(&[("summary", "A workstation has not reported for weeks."), ("description", "PC-5 is silent.")]),
    ]);
    let addresses = ["it@acme.example.com", "helpdesk@example.com", "operations@example.com"];
    alertmanager.until("all have sent", |_| {
        let (caught, mails) = (catcher.caught(), mail.mails());
        let slack = caught.iter().filter(|one| one.path == "/slack").count();
        slack == 2
            && ["/pagerduty", "/opsgenie", "/hooks"].iter().all(|path| to(&caught, path).is_some())
            && addresses.iter().all(|address| mails.iter().any(|mail| mail.to == *address))
            && mails.len() >= 4
    });
    let (caught, mails) = (catcher.caught(), mail.mails());

    let page = to(&caught, "/pagerduty").unwrap();
    let title = format!("CRITICAL: A server is offline: {DEVICE}, Acme GmbH, Süd");
    assert_eq!(page["payload"]["summary"], title, "{page}");
    assert_eq!(page["routing_key"], "the-pagerduty_key");
    assert_eq!([&page["payload"]["severity"], &page["payload"]["class"]], ["critical", "RMMServerOffline"]);
    assert_eq!([&page["payload"]["group"], &page["payload"]["component"]], ["Acme GmbH", DEVICE]);
    let firing = page["payload"]["custom_details"]["firing"].as_str().unwrap();
    assert!(firing.starts_with(&format!("* {DEVICE} of Acme GmbH (Süd) is off.\n  since 20")), "{firing}");
    assert_eq!(page["links"][0]["href"], "https://docs.example.com/RMMServerOffline.md");
    assert_eq!(page["links"][1]["href"], "https://grafana.example.com/d/rmm-device?a=1&b=2");

    let opsgenie = to(&caught, "/opsgenie").unwrap();
    assert_eq!([&opsgenie["message"], &opsgenie["priority"]], [title.as_str(), "P1"], "{opsgenie}");
    assert_eq!(opsgenie["tags"], serde_json::json!(["rmm", "critical"]));
    let ticket = caught.iter().find(|one| one.path.starts_with("/hooks")).unwrap();
    assert_eq!(ticket.authorization.as_deref(), Some("Bearer the-tickets_token"));
    assert_eq!(ticket.body["alerts"][0]["labels"]["device"], DEVICE);

    let slack = |channel: &str| {
        caught.iter().map(|one| &one.body).find(|body| body["channel"] == channel).unwrap()["attachments"][0].clone()
    };
    let warning = slack("#alerts");
    assert_eq!(warning["title"], "WARNING: A server is offline: PC-18, Bits &amp; Bytes, Süd", "{warning}");
    assert_eq!(
        [&warning["title_link"], &warning["color"]],
        ["https://grafana.example.com/d/rmm-device?a=1&b=2", "warning"]
    );
    assert!(warning["text"].as_str().unwrap().starts_with("• PC-18 of Bits &amp; Bytes (Süd) is off.\n"), "{warning}");
    assert_eq!(slack("#operations")["title"], "WARNING: An RMM account cannot be read: helpdesk");

    let mail_to = |address: &str, word: &str| {
        let found = mails.iter().find(|mail| mail.to == address && mail.subject().contains(word));
        found.unwrap_or_else(|| panic!("{address}: {word}: {mails:?}"))
    };
    let customers = mail_to("it@acme.example.com", "CRITICAL");
    assert_eq!(customers.subject(), format!("CRITICAL: A server is offline: {DEVICE}, Süd"));
    assert!(
        customers.part("text/html").contains("&lt;!channel&gt; PC &#34;17&#34; of Acme GmbH (Süd) is off."),
        "{customers:?}"
    );
    assert!(!customers.part("text/plain").contains("https://"), "{customers:?}");
    let ticket = mail_to("helpdesk@example.com", "WARNING");
    assert_eq!(ticket.subject(), "WARNING: A server is offline: PC-18, Bits & Bytes, Süd");
    assert!(
        ticket.part("text/plain").contains("What to do: https://docs.example.com/RMMServerOffline.md"),
        "{ticket:?}"
    );
    assert!(ticket.part("text/html").contains("Bits &amp; Bytes"), "{ticket:?}");
    let digest = mail_to("helpdesk@example.com", "RMM:");
    assert_eq!(digest.subject(), "RMM: 1 things to look at in msp-uk");
    assert_eq!(mail_to("operations@example.com", "").subject(), "WARNING: An RMM account cannot be read: helpdesk");

    alertmanager.post(&[offline("critical", "Acme GmbH", DEVICE).resolved()]);
    alertmanager.until("the end is told", |_| {
        let caught = catcher.caught();
        let end = caught.iter().any(|one| one.path.starts_with("/pagerduty") && one.body["event_action"] == "resolve");
        end && mail
            .mails()
            .iter()
            .any(|mail| mail.to == "it@acme.example.com" && mail.subject().starts_with("RESOLVED: "))
    });
    let log = alertmanager.log();
    assert!(!log.contains("level=error") && !log.contains("level=warn"), "{log}");
}
