use std::time::Duration;

use super::*;
use crate::fleet::{ClientKey, Kind};
use crate::planner::Outcome;
use crate::platform::nsight::tests::account;

fn answer(status: u16, content_type: &str, body: &str) -> RawAnswer {
    RawAnswer {
        status,
        content_type: content_type.to_owned(),
        retry_after: None,
        date: None,
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn a_status_and_a_body_are_an_outcome() {
    const XML: &str = "<result status='OK'><items/></result>";
    const HTML: &str = "\n<!doctype HTML><html></html>";
    for (status, content_type, body, outcome) in [
        (200, "text/xml", XML, Outcome::Ok),
        (200, "text/html; charset=utf-8", XML, Outcome::Ok),
        (200, "", "\u{feff}<?xml version='1.0'?><result/>", Outcome::Ok),
        (200, "text/xml", "", Outcome::InvalidResponse),
        (200, "text/xml", " \r\n", Outcome::InvalidResponse),
        (201, "text/xml", XML, Outcome::HttpError),
        (202, "text/xml", XML, Outcome::HttpError),
        (203, "text/xml", XML, Outcome::HttpError),
        (204, "", "", Outcome::HttpError),
        (206, "text/xml", XML, Outcome::HttpError),
        (206, "text/html", HTML, Outcome::Blocked),
        (200, "text/xml", HTML, Outcome::Blocked),
        (200, "", "\u{feff}<HTML lang=x>", Outcome::Blocked),
        (200, "text/html", "Access denied", Outcome::Blocked),
        (403, "text/html", HTML, Outcome::Blocked),
        (403, "application/json", "{}", Outcome::Forbidden),
        (403, "", " {\"detail\": 1}", Outcome::Forbidden),
        (403, "text/plain", "no", Outcome::HttpError),
        (401, "text/html", HTML, Outcome::AuthError),
        (429, "text/html", HTML, Outcome::Throttled),
        (503, "text/html", HTML, Outcome::HttpError),
        (301, "", "", Outcome::HttpError),
        (404, "text/html", HTML, Outcome::HttpError),
        (500, "text/xml", XML, Outcome::HttpError),
        (502, "", "", Outcome::HttpError),
    ] {
        let result = body_of(answer(status, content_type, body));
        let got = result.map_or_else(|error| error.outcome(), |_| Outcome::Ok);
        assert_eq!(got, outcome, "{status} {content_type} {body}");
    }
}

#[test]
fn retry_after_makes_503_a_throttle() {
    for status in [429, 503] {
        let answer = RawAnswer { retry_after: Some(Duration::from_mins(2)), date: None, ..answer(status, "", "") };
        let failure = body_of(answer).expect_err("throttled").into_failure(&Call::ListClients, 0);
        assert_eq!((failure.outcome, failure.retry_after), (Outcome::Throttled, Some(Duration::from_mins(2))));
    }
}

#[test]
fn the_url_has_the_key_encoded_and_the_rest_literal() {
    let mut config = account("https://www.systemmonitor.co.uk/".parse().expect("URL"));
    let call = Call::ListDevicesAtClient(ClientKey::new("41007"), Kind::Mobile);
    let url = |config: &AccountConfig| {
        let client = Client::new(config).expect("client");
        client.url(&call, jiff::Timestamp::UNIX_EPOCH, &client.key.current()).to_string()
    };
    let tail = "api/?apikey=te%2Bst%26key&service=list_devices_at_client&clientid=41007&devicetype=mobile_device";
    assert_eq!(url(&config), format!("https://www.systemmonitor.co.uk/{tail}"));
    config.server = "http://127.0.0.1:8080/behind/proxy/?x=1#y".parse().expect("URL");
    assert_eq!(url(&config), format!("http://127.0.0.1:8080/behind/proxy/{tail}"));
}
