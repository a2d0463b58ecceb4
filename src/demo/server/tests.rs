//! Each fault does on the wire what it says.

use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::{GzDecoder, ZlibDecoder};

use super::fault::RetryAfter;
use super::*;
use crate::demo::raw::{Raw, get, request};
use crate::demo::{Demo, DemoOptions, start};

const NSIGHT: &str = "/api/?apikey=KEY&service=list_clients";
const TACTICAL: &str = "/clients/";
const HEADERS: [(&str, &str); 1] = [("X-API-KEY", "KEY")];

async fn demo() -> Demo {
    let key = Some("KEY".to_owned());
    let options = DemoOptions { nsight_key: key.clone(), tactical_key: key, ..DemoOptions::default() };
    start(options).await.expect("a free port")
}

/// Both servers' answers to one good request each, with the fault.
async fn with(demo: &Demo, fault: Fault) -> [Raw; 2] {
    let mut answers = Vec::new();
    for (server, target) in [(&demo.nsight, NSIGHT), (&demo.tactical, TACTICAL)] {
        server.handle.clear_faults();
        server.handle.set_fault(fault.clone(), Scope::ALL.next(1));
        answers.push(get(server.address, target, &HEADERS).await);
    }
    answers.try_into().expect("two")
}

async fn good(demo: &Demo) -> [Raw; 2] {
    [get(demo.nsight.address, NSIGHT, &HEADERS).await, get(demo.tactical.address, TACTICAL, &HEADERS).await]
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn statuses_and_pages() {
    let demo = demo().await;
    for status in [401, 403, 404, 429, 500, 502, 503, 504] {
        for answer in with(&demo, Fault::Status(status)).await {
            assert_eq!((answer.status, answer.complete), (status, true));
        }
    }
    let [_, tactical] = with(&demo, Fault::Status(401)).await;
    assert_eq!(
        (tactical.text().as_str(), tactical.header("www-authenticate")),
        ("{\"detail\":\"Invalid token.\"}", Some("Token"))
    );
    for (fault, status, content_type) in [
        (Fault::ForbiddenJson, 403, "application/json"),
        (Fault::ForbiddenHtml, 403, "text/html; charset=utf-8"),
        (Fault::HtmlPage, 200, "text/html; charset=utf-8"),
    ] {
        for answer in with(&demo, fault.clone()).await {
            assert_eq!((answer.status, answer.header("content-type")), (status, Some(content_type)));
            assert_eq!(answer.text().starts_with("<!DOCTYPE html>"), content_type != "application/json");
        }
    }
    for answer in with(&demo, Fault::Body(418, "text/plain", "tea")).await {
        assert_eq!(
            (answer.status, answer.header("content-type"), answer.text()),
            (418, Some("text/plain"), "tea".into())
        );
    }
    let [nsight, _] = with(&demo, Fault::Fail(17)).await;
    assert!(nsight.text().contains("status=\"FAIL\"><error><errorcode>17</errorcode>"));
}

#[tokio::test]
async fn retry_after_comes_in_every_form() {
    let demo = demo().await;
    for (after, expected) in [(RetryAfter::Absent, None), (RetryAfter::Seconds(57), Some("57"))] {
        for answer in with(&demo, Fault::TooManyRequests(after)).await {
            assert_eq!((answer.status, answer.header("retry-after")), (429, expected));
        }
    }
    for answer in with(&demo, Fault::Unavailable(RetryAfter::Date(120))).await {
        let date = httpdate::parse_http_date(answer.header("retry-after").unwrap()).unwrap();
        let date = jiff::Timestamp::try_from(date).unwrap();
        let wait = date.duration_since(demo.world.now()).as_secs();
        assert!((100..=120).contains(&wait), "{wait}");
        assert_eq!(answer.status, 503);
    }
}

#[tokio::test]
async fn the_date_is_that_of_the_server() {
    let noon = jiff::Timestamp::from_second(1_772_582_400).unwrap();
    let demo = start(DemoOptions { clock: Arc::new(crate::demo::PinnedClock::at(noon)), ..DemoOptions::default() });
    let demo = demo.await.expect("a free port");
    for (fault, date) in [
        (Fault::SkewedDate(0), "Wed, 04 Mar 2026 00:00:00 GMT"),
        (Fault::SkewedDate(-10_800), "Tue, 03 Mar 2026 21:00:00 GMT"),
        (Fault::SkewedDate(10_801), "Wed, 04 Mar 2026 03:00:01 GMT"),
        (Fault::Status(500), "Wed, 04 Mar 2026 00:00:00 GMT"),
    ] {
        for answer in with(&demo, fault).await {
            assert_eq!(answer.header("date"), Some(date));
        }
    }
}

#[tokio::test]
async fn bodies_that_are_not_whole() {
    let demo = demo().await;
    let whole = good(&demo).await;
    for (answer, whole) in with(&demo, Fault::EmptyBody).await.iter().zip(&whole) {
        assert_eq!((answer.status, answer.body.len(), answer.complete), (200, 0, true));
        assert!(whole.complete && whole.body.len() > 100);
    }
    for (answer, whole) in with(&demo, Fault::ShortBody).await.iter().zip(&whole) {
        assert_eq!(answer.header("content-length").unwrap(), whole.body.len().to_string());
        assert_eq!((answer.body.len(), answer.complete), (whole.body.len() / 2, false));
    }
    for (answer, whole) in with(&demo, Fault::CutBody).await.iter().zip(&whole) {
        assert_eq!((answer.body.len(), answer.complete), (whole.body.len() / 2, true));
    }
    for (answer, whole) in with(&demo, Fault::ResetMidBody).await.iter().zip(&whole) {
        assert_eq!((answer.body.len(), answer.complete), (whole.body.len() / 2, false));
        assert_eq!(answer.header("content-length"), None);
    }
    for difference in [-5, 5] {
        for (answer, whole) in with(&demo, Fault::WrongContentLength(difference)).await.iter().zip(&whole) {
            let declared: usize = answer.header("content-length").unwrap().parse().unwrap();
            assert_eq!(declared, whole.body.len().checked_add_signed(isize::try_from(difference).unwrap()).unwrap());
            assert_eq!((answer.body.len(), answer.complete), (declared.min(whole.body.len()), difference < 0));
        }
    }
}

#[tokio::test]
async fn bytes_and_encodings_that_are_wrong() {
    let demo = demo().await;
    for answer in with(&demo, Fault::InvalidBytes).await {
        assert!(holds(&answer.body, b"\xff\xfe\x81") && answer.complete);
    }
    for answer in with(&demo, Fault::ControlCharacters).await {
        assert!(holds(&answer.body, b"\x00\x07\x0b\x1b[31m") && answer.complete);
    }
    let [nsight, tactical] = with(&demo, Fault::Latin1AsUtf8).await;
    assert!(holds(&nsight.body, b"encoding=\"UTF-8\"") && holds(&nsight.body, b"M\xfcller"));
    assert!(holds(&tactical.body, b"M\xfcller") && std::str::from_utf8(&tactical.body).is_err());
    let [nsight, tactical] = with(&demo, Fault::Utf8AsLatin1).await;
    assert!(nsight.text().contains("encoding=\"ISO-8859-1\"") && nsight.text().contains("Müller"));
    assert_eq!(tactical.header("content-type"), Some("application/json; charset=iso-8859-1"));
    let [nsight, tactical] = with(&demo, Fault::UnknownRoot).await;
    assert!(nsight.text().contains("<weather>") && tactical.json().is_object());
}

#[tokio::test]
async fn compressed_answers_and_bombs() {
    let demo = demo().await;
    let whole = good(&demo).await;
    for (answer, whole) in with(&demo, Fault::Gzip).await.iter().zip(&whole) {
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        let mut body = Vec::new();
        GzDecoder::new(answer.body.as_slice()).read_to_end(&mut body).unwrap();
        assert_eq!(body.len(), whole.body.len());
    }
    for answer in with(&demo, Fault::GzipBomb(16)).await {
        assert!(answer.body.len() < 1 << 19, "{}", answer.body.len());
        let size = std::io::copy(&mut GzDecoder::new(answer.body.as_slice()), &mut std::io::sink()).unwrap();
        assert_eq!(size, 16 << 20);
    }
    for answer in with(&demo, Fault::DeflateBomb(16)).await {
        assert!(answer.body.len() < 1 << 19, "{}", answer.body.len());
        let size = std::io::copy(&mut ZlibDecoder::new(answer.body.as_slice()), &mut std::io::sink()).unwrap();
        assert_eq!((size, answer.header("content-encoding")), (16 << 20, Some("deflate")));
    }
    for (answer, whole) in with(&demo, Fault::GzipTwice).await.iter().zip(&whole) {
        assert_eq!(answer.header("content-encoding"), Some("gzip, gzip"));
        let mut body = Vec::new();
        GzDecoder::new(GzDecoder::new(answer.body.as_slice())).read_to_end(&mut body).unwrap();
        assert_eq!(body.len(), whole.body.len());
    }
    for (fault, length) in [(Fault::Huge(3), None), (Fault::HugeDeclared(3), Some("3145728"))] {
        for answer in with(&demo, fault).await {
            assert_eq!((answer.body.len(), answer.header("content-length")), (3 << 20, length));
            assert!(answer.complete);
        }
    }
    for answer in with(&demo, Fault::EntityBomb).await {
        assert!(answer.text().contains("<!DOCTYPE") && answer.text().contains("&e11;"));
    }
    let [nsight, tactical] = with(&demo, Fault::DeepNesting(100_000)).await;
    assert_eq!(nsight.text().matches("<items>").count(), 100_000);
    assert_eq!(tactical.text(), "[".repeat(100_000) + &"]".repeat(100_000));
}

#[tokio::test]
async fn a_redirect_leads_away() {
    let demo = demo().await;
    for status in [301, 302, 307, 308] {
        for answer in with(&demo, Fault::Redirect(status, "http://elsewhere.example/".to_owned())).await {
            assert_eq!((answer.status, answer.header("location")), (status, Some("http://elsewhere.example/")));
        }
    }
}

#[tokio::test]
async fn slow_answers_take_their_time() {
    let demo = demo().await;
    let whole = good(&demo).await;
    for fault in [
        Fault::Latency(Duration::from_millis(200)),
        Fault::SlowFirstByte(Duration::from_millis(200)),
        Fault::SlowDrip(whole[0].body.len() / 4, Duration::from_millis(50)),
    ] {
        let start = Instant::now();
        for (answer, whole) in with(&demo, fault.clone()).await.iter().zip(&whole) {
            assert_eq!((answer.status, answer.body.len(), answer.complete), (200, whole.body.len(), true), "{fault:?}");
        }
        assert!(start.elapsed() >= Duration::from_millis(380), "{fault:?} {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn no_answer_ends_with_the_guest() {
    let demo = demo().await;
    demo.nsight.handle.set_fault(Fault::NeverAnswer, Scope::target("list_clients"));
    let audit = demo.nsight.handle.audit();
    let until_running = async |count| {
        let running = async {
            while audit.summary().running != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), running).await.expect("in time");
    };
    let address = demo.nsight.address;
    let asked = tokio::spawn(async move { get(address, NSIGHT, &[]).await });
    until_running(1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!asked.is_finished());
    asked.abort();
    until_running(0).await;
    let call = &audit.calls()[0];
    assert_eq!((call.status, call.ended.is_some()), (None, true));
    // Others are served.
    let other = get(demo.nsight.address, "/api/?apikey=KEY&service=list_general_settings", &[]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn faults_meet_only_their_scope() {
    let demo = demo().await;
    demo.nsight.handle.set_fault(Fault::Status(500), Scope::target("list_cl*").next(2));
    let mut statuses = Vec::new();
    for service in ["list_general_settings", "list_clients", "list_clients", "list_clients"] {
        let target = format!("/api/?apikey=KEY&service={service}");
        statuses.push(get(demo.nsight.address, &target, &[]).await.status);
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
    demo.tactical.handle.set_fault(Fault::Status(502), Scope::target("/agents/*/checks/"));
    let id = demo.world.truth(demo.world.now()).tactical.agents[0].agent.agent_id.clone();
    for (path, status) in [(format!("/agents/{id}/checks/"), 502), (format!("/agents/{id}/tasks/"), 200)] {
        assert_eq!(get(demo.tactical.address, &path, &HEADERS).await.status, status);
    }
    demo.tactical.handle.clear_faults();
    assert_eq!(get(demo.tactical.address, &format!("/agents/{id}/checks/"), &HEADERS).await.status, 200);
}

#[tokio::test]
async fn the_record_has_times_and_headers() {
    let demo = demo().await;
    get(
        demo.tactical.address,
        TACTICAL,
        &[("X-API-KEY", "KEY"), ("User-Agent", "test/1"), ("Accept-Encoding", "gzip")],
    )
    .await;
    get(demo.tactical.address, TACTICAL, &HEADERS).await;
    let audit = demo.tactical.handle.audit();
    for _ in 0..100 {
        if audit.summary().running == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let calls = audit.calls();
    assert_eq!(
        (calls[0].user_agent.as_str(), calls[0].accept_encoding.as_str(), calls[0].status),
        ("test/1", "gzip", Some(200))
    );
    assert!(calls[0].key_accepted && !calls[0].authorization);
    assert!(calls.iter().all(|call| call.ended.is_some_and(|ended| ended >= call.received)));
    let (gap, identity) = audit.summary().smallest_gap.expect("asked twice");
    assert_eq!((gap, identity.as_str()), (calls[1].received.saturating_sub(calls[0].received), "GET /clients/?"));
    assert_eq!(audit.summary().most_concurrent, 1);
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let demo = demo().await;
    let address = demo.nsight.address;
    demo.nsight.handle.set_fault(Fault::NeverAnswer, Scope::ALL);
    let waiting = tokio::spawn(async move { request(address, "GET", NSIGHT, &[]).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    demo.nsight.handle.stop();
    let answer = tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("the connection breaks").unwrap();
    assert!(answer.is_err(), "{answer:?}");
    assert!(request(address, "GET", NSIGHT, &[]).await.is_err(), "nobody listens");
    assert_eq!(get(demo.tactical.address, TACTICAL, &HEADERS).await.status, 200, "the other one goes on");
}
