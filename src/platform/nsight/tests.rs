//! The account against a real socket.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::clock::TokioClock;
use crate::config::{ChecksMode, CollectorConfig, KeySource, NsightOptions, PlatformOptions, TlsOptions};
use crate::fleet::filter::NameFilter;
use crate::fleet::store::FleetOptions;
use crate::fleet::{
    AntivirusProduct, ClientKey, ClientRecord, DeviceList, DeviceRecord, Feature, Filter, Fleet, Gone, Kind, Mappings,
    SiteKey, Update,
};
use crate::planner::{Outcome, ReadCall};
use crate::platform::PlatformName;
use crate::platform::large::LARGE_BODY_BYTES;

/// An account with every default collector.
pub(super) fn account(server: Url) -> AccountConfig {
    let settings = |interval| CollectorConfig { interval, stale_after: interval * 3 };
    let enabled = COLLECTORS.iter().filter(|defaults| defaults.enabled);
    AccountConfig {
        name: "msp".to_owned(),
        platform: PlatformOptions::Nsight(NsightOptions::default()),
        server,
        console_url: String::new(),
        api_key: KeySource::Inline(SecretString::from("te+st&key")),
        requests_per_minute: 30,
        max_concurrent_requests: 2,
        min_interval: Duration::from_secs(90),
        timeout: Duration::from_mins(1),
        max_series: 1_000_000,
        filter: Filter::default(),
        checks_mode: ChecksMode::Failing,
        metrics_exclude: Vec::new(),
        tls: TlsOptions::default(),
        proxy: None,
        user_agent: "Mozilla/5.0 (compatible; rmm-exporter/test)".to_owned(),
        collectors: enabled
            .map(|defaults| (defaults.collector, settings(defaults.interval)))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/nsight/{name}", env!("CARGO_MANIFEST_DIR"))).expect("fixture")
}

fn response(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes(), body]
        .concat()
}

/// Answers one request with these bytes. Gives back the result of the call and the head of the request.
async fn exchange(call: &Call, response: Vec<u8>) -> (Result<Answer, Failure>, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
    let url = format!("http://{}/", listener.local_addr().expect("address"));
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("head"));
        }
        socket.write_all(&response).await.expect("sent");
        String::from_utf8(head).expect("text")
    });
    let clock = TokioClock::starting_at("2026-03-04T09:15:00Z".parse().expect("time"));
    let nsight = Nsight::new(&account(url.parse().expect("URL")), Arc::new(clock)).expect("account");
    let result = nsight.read(call, Permit::for_test()).await;
    (result, server.await.expect("server"))
}

#[tokio::test]
async fn a_call_is_a_get_with_key_service_and_parameters() {
    let call = Call::ListSites(ClientKey::new("41007"));
    let body = fixture("list_sites.41007.xml");
    let (result, request) = exchange(&call, response("200 OK", &body)).await;
    let mut lines = request.lines();
    let first = lines.next();
    assert_eq!(first, Some("GET /api/?apikey=te%2Bst%26key&service=list_sites&clientid=41007 HTTP/1.1"));
    let headers: Vec<_> = lines.map(str::to_ascii_lowercase).collect();
    assert!(headers.contains(&"accept: application/xml".to_owned()), "{headers:?}");
    assert!(headers.contains(&"user-agent: mozilla/5.0 (compatible; rmm-exporter/test)".to_owned()), "{headers:?}");
    let answer = result.expect("good");
    assert_eq!(answer.bytes, body.len() as u64);
    assert!(matches!(answer.updates.as_slice(), [Update::Sites(_, sites)] if sites.len() == 2));
}

#[tokio::test]
async fn what_a_server_can_answer_becomes_an_outcome() {
    let device = Call::ListChecks(DeviceId::new("770215"));
    for (head, body, outcome) in [
        ("200 OK", fixture("errors/fail-3.xml"), Outcome::AuthError),
        ("200 OK", fixture("errors/fail-4-deviceid.xml"), Outcome::ApiError),
        ("200 OK", fixture("errors/rate-limit.xml"), Outcome::Throttled),
        ("200 OK", fixture("errors/truncated.xml"), Outcome::InvalidResponse),
        ("200 OK", Vec::new(), Outcome::InvalidResponse),
        ("200 OK", fixture("errors/blocked.html"), Outcome::Blocked),
        ("200 OK", fixture("errors/blocked-xhtml.html"), Outcome::Blocked),
        ("403 Forbidden", fixture("errors/blocked.html"), Outcome::Blocked),
        ("429 Too Many Requests\r\nRetry-After: 7", Vec::new(), Outcome::Throttled),
        ("503 Service Unavailable", Vec::new(), Outcome::HttpError),
        ("302 Found\r\nLocation: http://127.0.0.1:1/", Vec::new(), Outcome::HttpError),
        ("200 OK\r\nContent-Encoding: gzip", b"not gzip at all".to_vec(), Outcome::InvalidResponse),
    ] {
        let bytes = body.len() as u64;
        let (result, _) = exchange(&device, response(head, &body)).await;
        let failure = result.expect_err("failure");
        assert_eq!(failure.outcome, outcome, "{head}: {failure}");
        assert!(!failure.message.contains("te%2Bst") && !failure.message.contains("te+st"), "{failure}");
        let is_gone = failure.gone == Some(Gone::Device(DeviceId::new("770215")));
        assert_eq!(is_gone, outcome == Outcome::ApiError, "{head}: {failure}");
        if outcome != Outcome::InvalidResponse {
            assert_eq!(failure.bytes, bytes, "{head}");
        }
        if head.contains("Retry-After") {
            assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
        }
    }
}

#[tokio::test]
async fn a_throttle_in_xml_keeps_the_retry_after_of_its_head() {
    let answer = response("200 OK\r\nRetry-After: 30", &fixture("errors/rate-limit.xml"));
    let failure = exchange(&Call::ListClients, answer).await.0.expect_err("throttled");
    assert_eq!((failure.outcome, failure.retry_after), (Outcome::Throttled, Some(Duration::from_secs(30))));
}

#[tokio::test]
async fn a_broken_connection_and_a_closed_port_are_connection_errors() {
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n<result>".to_vec();
    let failure = exchange(&Call::ListClients, short).await.0.expect_err("short");
    assert_eq!(failure.outcome, Outcome::ConnectError, "{failure}");
    let clock = TokioClock::starting_at("2026-03-04T09:15:00Z".parse().expect("time"));
    let closed = account("http://127.0.0.1:1/".parse().expect("URL"));
    let nsight = Nsight::new(&closed, Arc::new(clock)).expect("account");
    let failure = nsight.read(&Call::ListClients, Permit::for_test()).await.expect_err("closed");
    assert_eq!(failure.outcome, Outcome::ConnectError, "{failure}");
    assert!(!failure.message.contains("apikey"), "{failure}");
}

#[tokio::test]
async fn an_endless_answer_is_too_large() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n<result>", 65 << 20);
    let failure = exchange(&Call::ListClients, head.into_bytes()).await.0.expect_err("large");
    assert_eq!(failure.outcome, Outcome::TooLarge, "{failure}");
}

#[tokio::test]
async fn a_large_answer_is_decoded_off_the_runtime() {
    let client = |id: u32| format!("<client><clientid>{id}</clientid><name>Client {id}</name></client>");
    let clients: String = (0..10_000).map(client).collect();
    let body = format!("<result status='OK'><items>{clients}</items></result>");
    assert!(body.len() > LARGE_BODY_BYTES);
    let (result, _) = exchange(&Call::ListClients, response("200 OK", body.as_bytes())).await;
    let updates = result.expect("good").updates;
    assert!(matches!(updates.as_slice(), [Update::Clients(clients)] if clients.len() == 10_000));
}

#[tokio::test]
async fn a_new_key_is_used_after_it_is_read_again() {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), "first").expect("written");
    let mut config = account("http://127.0.0.1:1/".parse().expect("URL"));
    config.api_key = KeySource::File(file.path().to_owned());
    let clock = TokioClock::starting_at("2026-03-04T09:15:00Z".parse().expect("time"));
    let nsight = Nsight::new(&config, Arc::new(clock)).expect("account");
    std::fs::write(file.path(), "second").expect("written");
    assert!(nsight.reload_key());
    assert!(!nsight.reload_key());
    assert_eq!(nsight.client.key().hide("first second"), "first ***");
    assert!(!format!("{nsight:?}").contains("second"));
    config.api_key = KeySource::File("/nonexistent".into());
    let error = Nsight::new(&config, Arc::new(clock)).expect_err("no key").to_string();
    assert!(error.contains("/nonexistent") && error.contains("check the path"), "{error}");
}

#[test]
fn the_calls_that_the_rest_of_the_program_asks_for() {
    let mut config = account("https://www.systemmonitor.co.uk/".parse().expect("URL"));
    let device = DeviceId::new("770215");
    let new = |config: &AccountConfig| Nsight::new(config, Arc::new(crate::clock::SystemClock)).expect("account");
    assert_eq!(new(&config).up_call(), Call::ListClients);
    assert_eq!(new(&config).checks_call(&device), None, "off by default");
    let settings = config.collectors[&Collector::Patches];
    config.collectors.insert(Collector::Checks, settings);
    assert_eq!(new(&config).checks_call(&device), Some(Call::ListChecks(device)));
    assert!(new(&config).wants(&View::default()).iter().any(|want| want.call == Call::ListClients));
}

#[test]
fn a_product_that_nobody_knows_is_logged_once_when_the_catalogue_is_there() {
    let mut config = account("https://www.systemmonitor.co.uk/".parse().expect("URL"));
    let options = NsightOptions { antivirus_products: vec!["trent".to_owned()], ..NsightOptions::default() };
    config.platform = PlatformOptions::Nsight(options);
    let product = AntivirusProduct { id: "trend".into(), name: "Trend Micro".into() };
    let known = View { antivirus_products: Some([product].into()), ..View::default() };
    let nsight = Nsight::new(&config, Arc::new(crate::clock::SystemClock)).expect("account");
    let log = noted::tests::logged(|| {
        for view in [&View::default(), &known, &known] {
            nsight.wants(view);
        }
    });
    let lines: Vec<_> = log.lines().filter(|line| line.contains("antivirus product")).collect();
    assert!(matches!(lines.as_slice(), [line] if line.contains("\"trent\"") && line.contains("\"trend\"")), "{log}");
}

#[tokio::test]
async fn no_message_holds_parts_of_the_key_wherever_the_server_writes_it() {
    let key = "te+st&key";
    let fail = |message: &str| format!("<result status='FAIL'><error><message>{message}</message></error></result>");
    let escaped = "te+st&amp;key";
    for (call, body) in [
        (Call::ListClients, fail(&format!("{} {escaped}", "x".repeat(191)))),
        (Call::ListClients, fail(&escaped.to_uppercase().replace("AMP", "amp"))),
        (Call::ListClients, fail("te+s&#173;t&amp;key")),
        (Call::ListClients, "<te+st&key/>".to_owned()),
        (Call::ListGeneralSettings, format!("<settings><vartimezone>{escaped}</vartimezone></settings>")),
    ] {
        let failure = exchange(&call, response("200 OK", body.as_bytes())).await.0.expect_err("no answer");
        let visible: String = failure.message.chars().filter(char::is_ascii_graphic).collect();
        assert!(!visible.to_lowercase().contains(&key[..8]), "{failure}");
        let is_left_out = ["***", "in disguise"].iter().any(|word| failure.message.contains(word));
        assert!(is_left_out || body.starts_with("<te"), "{failure}");
    }
    let body = format!("<result><items><client><clientid>1</clientid><name>{escaped}</name></client></items></result>");
    let answer = exchange(&Call::ListClients, response("200 OK", body.as_bytes())).await.0.expect("good");
    assert!(format!("{:?}", answer.updates).contains("***"), "{answer:?}");
}

#[tokio::test]
async fn no_message_holds_the_key_even_when_the_server_repeats_it() {
    let echo =
        b"<result status='FAIL'><error><message>bad apikey=te%2Bst%26key (te+st&amp;key)</message></error></result>";
    let failure = exchange(&Call::ListClients, response("200 OK", echo)).await.0.expect_err("FAIL");
    assert_eq!(failure.outcome, Outcome::AuthError);
    let text = format!("{failure:?}");
    assert!(text.contains("bad apikey=") && !text.contains("te+st") && !text.contains("te%2Bst"), "{text}");
}

/// Answers requests with these, one after the other, on connections of their own.
async fn answering(answers: Vec<Vec<u8>>) -> Nsight {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
    let url = format!("http://{}/", listener.local_addr().expect("address"));
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.expect("connection");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.expect("head"));
            }
            socket.write_all(&answer).await.expect("sent");
        }
    });
    let clock = TokioClock::starting_at("2026-03-04T09:15:00Z".parse().expect("time"));
    let mut config = account(url.parse().expect("URL"));
    let settings = config.collectors[&Collector::Backup];
    config.collectors.insert(Collector::BackupSelection, settings);
    Nsight::new(&config, Arc::new(clock)).expect("account")
}

/// What is known of two clients of which the filter admits one, with a server that has the platform's own backup.
fn filtered() -> View {
    let expression = regex::Regex::new("^Larkspur.*$").expect("expression");
    let clients = NameFilter { include: vec![expression], exclude: Vec::new() };
    let mut fleet = Fleet::new(FleetOptions {
        platform: PlatformName::Nsight,
        filter: Filter { clients, ..Filter::default() },
        checks_mode: ChecksMode::Failing,
        stale_after: BTreeMap::from([(Collector::Inventory, Duration::from_hours(1))]),
        time_zone: None,
        mappings: Mappings::default(),
    });
    let now = "2026-03-04T09:15:00Z".parse().expect("time");
    let client = |id: &str, name: &str| ClientRecord {
        key: ClientKey::new(id),
        name: name.into(),
        id: id.into(),
        timezone: None,
        devices: None,
    };
    fleet.apply(Update::Clients(vec![client("41007", "Larkspur Dental"), client("41008", "Other")]), now);
    let site = SiteKey::new("50311");
    let named = DeviceRecord::new(DeviceId::new("770215"), "LKD".into(), ClientKey::new("41007"), site);
    let kind = Kind::Server;
    let features = Some([Feature::Backup].into_iter().collect());
    let device = DeviceRecord { kind: Some(kind), features, ..named };
    fleet.apply(Update::Devices(DeviceList::Client(ClientKey::new("41007"), kind), vec![device]), now);
    fleet.known()
}

fn asked(nsight: &Nsight, service: &str) -> Vec<Call> {
    let wants = nsight.wants(&filtered());
    wants.into_iter().map(|want| want.call).filter(|call| call.service() == service).collect()
}

#[tokio::test]
async fn a_report_that_times_out_is_asked_client_by_client() {
    let gateway_timeout = || response("504 Gateway Timeout", b"");
    let clients = response("200 OK", &fixture("list_clients.xml"));
    let nsight = answering(vec![gateway_timeout(), clients, gateway_timeout()]).await;
    assert_eq!(asked(&nsight, "list_failing_checks"), [Call::ListFailingChecks]);
    for call in [Call::ListFailingChecks, Call::ListClients] {
        let _ = nsight.read(&call, Permit::for_test()).await;
        assert!(!nsight.plan_changed(), "{call:?}");
    }
    nsight.read(&Call::ListFailingChecks, Permit::for_test()).await.expect_err("timeout");
    assert!(nsight.plan_changed());
    let admitted = Call::ListFailingChecksOf(ClientKey::new("41007"));
    assert_eq!(asked(&nsight, "list_failing_checks"), [admitted], "only the clients that are looked at");
    assert!(!nsight.plan_changed());
}

#[tokio::test]
async fn a_refused_selection_of_the_account_is_asked_device_by_device_and_nothing_is_gone() {
    for (code, message) in [(4, "Invalid value for parameter: deviceid"), (4, ""), (5, "Missing parameter: clientid")] {
        let nsight = answering(Vec::new()).await;
        let [whole] = &asked(&nsight, "mob/mob_list_selection_size")[..] else { panic!("one call") };
        assert!(whole.identity().contains("deviceid=0"), "{whole:?}");
        let Failure { outcome, gone, .. } = Error::from_fail(Some(code), message).into_failure(whole, 0);
        assert_eq!((outcome, gone), (Outcome::ApiError, None), "{code} {message}");
        nsight.note(Ended {
            call: whole,
            outcome,
            status: Some(200),
            is_empty: false,
            took: Duration::ZERO,
            at: nsight.steady(),
        });
        assert!(nsight.plan_changed());
        let [single] = &asked(&nsight, "mob/mob_list_selection_size")[..] else { panic!("one device") };
        assert_eq!(single.identity(), "mob/mob_list_selection_size?clientid=41007&deviceid=770215&siteid=50311");
    }
}
