//! The platform as the planner sees it, against a server that answers what it is told.

use std::net::SocketAddr;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use reqwest::Url;
use secrecy::SecretString;
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::clock::SystemClock;
use crate::config::{ChecksMode, KeySource, PlatformOptions, TlsOptions};
use crate::fleet::{
    DeviceInfo, DeviceRecord, DeviceView, Filter, Label, Mapping, Mappings, OsFamily, Readings, Update,
};
use crate::planner::{Outcome, Priority, ReadCall};
use crate::platform::large::LARGE_BODY_BYTES;

const KEY: &str = "SECRETKEY0123456789SECRETKEY0123";
const TOKEN: &str = "hush-hush-token-0042";

/// A mapping that looks at one custom field.
fn by_field() -> Mappings {
    let backup = Mapping {
        checks: None,
        date_field: Some("Last Backup".to_owned()),
        status_field: None,
        status_passing: regex::Regex::new("^ok$").expect("valid"),
    };
    Mappings { antivirus: None, backup: Some(backup) }
}

fn config(server: &str) -> AccountConfig {
    let collector = |defaults: &CollectorDefaults| {
        (defaults.collector, CollectorConfig { interval: defaults.interval, stale_after: defaults.interval * 3 })
    };
    AccountConfig {
        name: "helpdesk".to_owned(),
        platform: PlatformOptions::Tactical(TacticalOptions::default()),
        server: Url::parse(server).expect("a URL"),
        console_url: String::new(),
        api_key: KeySource::Inline(SecretString::from(KEY)),
        requests_per_minute: 120,
        max_concurrent_requests: 2,
        min_interval: Duration::from_mins(1),
        timeout: Duration::from_mins(1),
        max_series: 1_000_000,
        filter: Filter::default(),
        checks_mode: ChecksMode::Failing,
        metrics_exclude: Vec::new(),
        tls: TlsOptions::default(),
        proxy: None,
        user_agent: "rmm-exporter/test".to_owned(),
        collectors: COLLECTORS.iter().map(collector).collect(),
    }
}

fn tactical(config: &AccountConfig) -> Tactical {
    Tactical::new(config, Arc::new(SystemClock)).expect("a valid account")
}

fn device(id: &str, os_family: OsFamily) -> DeviceView {
    let client = crate::fleet::ClientKey::new("Acme");
    let site = crate::fleet::SiteKey::from_names("Acme", "HQ");
    let label = Label::default;
    let info = DeviceInfo { os: label(), os_family, agent_version: label(), manufacturer: label(), model: label() };
    DeviceView {
        id: DeviceId::new(id),
        client: Label::new("Acme"),
        site: Label::new("HQ"),
        record: DeviceRecord { info: Some(info), ..DeviceRecord::new(DeviceId::new(id), label(), client, site) },
        checks: Vec::new(),
        tasks: Vec::new(),
        antivirus: None,
        backup: None,
        patches: None,
        performance_monitored: None,
        readings: Readings::default(),
    }
}

#[test]
fn wants_both_lists_and_sweeps_over_the_devices_that_can_be_asked() {
    let mut unknown = device("unknown", OsFamily::Windows);
    unknown.record.info = None;
    let known = View {
        devices: vec![
            device("win", OsFamily::Windows),
            device("lin", OsFamily::Linux),
            unknown,
            device("a/b", OsFamily::Windows),
        ],
        ..View::default()
    };
    let wants = tactical(&config("https://api.example.com")).wants(&known);
    let mut seen: Vec<_> =
        wants.iter().map(|want| (want.call.identity(), want.collector.name(), want.interval.as_secs())).collect();
    seen.sort();
    let expected = [
        ("GET /agents/", "inventory", 120),
        ("GET /agents/lin/", "details", 86400),
        ("GET /agents/lin/checks/", "checks", 1800),
        ("GET /agents/lin/tasks/", "tasks", 3600),
        ("GET /agents/unknown/", "details", 86400),
        ("GET /agents/unknown/checks/", "checks", 1800),
        ("GET /agents/unknown/tasks/", "tasks", 3600),
        ("GET /agents/win/", "details", 86400),
        ("GET /agents/win/checks/", "checks", 1800),
        ("GET /agents/win/tasks/", "tasks", 3600),
        ("GET /clients/", "inventory", 120),
        ("GET /core/dashinfo/", "server", 3600),
        ("GET /winupdate/win/", "patches", 21600),
        (r#"PATCH /alerts/ {"resolvedFilter":false,"snoozedFilter":false}"#, "alerts", 300),
    ];
    assert_eq!(seen, expected.map(|(call, collector, interval)| (call.to_owned(), collector, interval)));
    for want in wants {
        let priority = match want.call {
            Call::Agents => Priority::Failing, // it decides whether the server is up
            Call::Clients | Call::Alerts | Call::Status | Call::DashInfo => Priority::Inventory,
            _ => Priority::Sweep,
        };
        assert_eq!(want.priority, priority);
    }
}

#[test]
fn a_token_and_mapped_fields_bring_calls_of_their_own() {
    let mut config = config("https://api.example.com");
    let calls = |config: &AccountConfig| {
        let wants = tactical(config).wants(&View::default());
        wants.into_iter().map(|want| (want.call, want.interval.as_secs())).collect::<Vec<_>>()
    };
    let without = [(Call::Agents, 120), (Call::Clients, 120), (Call::DashInfo, 3600), (Call::Alerts, 300)];
    assert_eq!(calls(&config), without);
    config.platform = PlatformOptions::Tactical(TacticalOptions {
        monitoring_token: Some(KeySource::Inline(SecretString::from(TOKEN))),
        mappings: by_field(),
        ..TacticalOptions::default()
    });
    let with = [
        (Call::Agents, 120),
        (Call::Clients, 120),
        (Call::CustomFields, 120),
        (Call::Status, 300),
        (Call::Alerts, 300),
    ];
    assert_eq!(calls(&config), with);
}

#[test]
fn disabled_collectors_want_nothing() {
    let mut config = config("https://api.example.com");
    for collector in [Collector::Server, Collector::Alerts, Collector::Details] {
        config.collectors.remove(&collector);
    }
    let known = View { devices: vec![device("win", OsFamily::Windows)], ..View::default() };
    let id = DeviceId::new("win");
    assert_eq!(tactical(&config).checks_call(&id), Some(Call::AgentChecks(id.clone())));
    assert_eq!(tactical(&config).checks_call(&DeviceId::new("a/b")), None);
    config.collectors.remove(&Collector::Checks);
    config.collectors.remove(&Collector::Inventory);
    let platform = tactical(&config);
    assert_eq!(platform.checks_call(&id), None);
    assert_eq!(platform.up_call(), Call::Agents);
    let calls: Vec<_> = platform.wants(&known).into_iter().map(|want| want.call).collect();
    assert_eq!(calls, [Call::AgentTasks(id.clone()), Call::AgentUpdates(id)]);
}

#[test]
fn an_account_without_key_is_refused_by_name_of_the_source() {
    let mut config = config("https://api.example.com");
    config.api_key = KeySource::Environment("RMM_TEST_NO_SUCH_VARIABLE".to_owned());
    let error = Tactical::new(&config, Arc::new(SystemClock)).err().expect("no key").to_string();
    assert!(error.contains("RMM_TEST_NO_SUCH_VARIABLE"), "{error}");
    let config = with_token("https://api.example.com", KeySource::Environment("RMM_TEST_NO_SUCH_TOKEN".to_owned()));
    let error = Tactical::new(&config, Arc::new(SystemClock)).err().expect("no token").to_string();
    assert!(error.contains("RMM_TEST_NO_SUCH_TOKEN") && error.contains("monitoring token"), "{error}");
}

fn with_token(server: &str, source: KeySource) -> AccountConfig {
    let options = TacticalOptions { monitoring_token: Some(source), ..TacticalOptions::default() };
    AccountConfig { platform: PlatformOptions::Tactical(options), ..config(server) }
}

type Seen = Arc<Mutex<Vec<(String, String, HeaderMap)>>>;

/// A server that answers everything with `answer` and notes what it was asked.
async fn serve<F, R>(answer: F) -> (SocketAddr, Seen)
where
    F: Fn() -> R + Clone + Send + Sync + 'static,
    R: IntoResponse + Send,
{
    let seen = Seen::default();
    let notes = Arc::clone(&seen);
    let router = Router::new().fallback(move |request: Request| {
        let note = (request.method().to_string(), request.uri().to_string(), request.headers().clone());
        notes.lock().expect("notes").push(note);
        let answer = answer();
        async move { answer.into_response() }
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, seen)
}

async fn read(server: &str, call: &Call) -> Result<Answer, Failure> {
    tactical(&config(server)).read(call, Permit::for_test()).await
}

#[tokio::test]
async fn a_call_carries_the_key_in_its_header_and_nowhere_else() {
    let (address, seen) = serve(|| "[]").await;
    let answer = read(&format!("http://{address}/rmm"), &Call::AgentChecks(DeviceId::new("a b"))).await;
    let answer = answer.expect("a good answer");
    assert_eq!(answer.bytes, 2);
    assert!(matches!(answer.updates.as_slice(), [Update::Checks(id, _)] if id.0.as_ref() == "a b"));
    let seen = seen.lock().expect("notes");
    let [(method, uri, headers)] = seen.as_slice() else { panic!("one request, not {}", seen.len()) };
    assert_eq!((method.as_str(), uri.as_str()), ("GET", "/rmm/agents/a%20b/checks/"));
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("x-api-key"), Some(KEY));
    assert_eq!(header("accept"), Some("application/json"));
    assert_eq!(header("user-agent"), Some("rmm-exporter/test"));
    assert_eq!((header("authorization"), header("referer"), header("content-length")), (None, None, None));
}

#[tokio::test]
async fn an_id_that_leads_elsewhere_is_never_sent() {
    let (address, seen) = serve(|| "[]").await;
    let failure = read(&format!("http://{address}"), &Call::AgentTasks(DeviceId::new(".."))).await.expect_err("unsafe");
    assert!(failure.message.contains("cannot be asked for"), "{failure}");
    assert!(seen.lock().expect("notes").is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, other) = serve(|| "[]").await;
    let location = format!("http://{elsewhere}/agents/");
    let (address, seen) = serve(move || (StatusCode::FOUND, [("location", location.clone())])).await;
    let failure = read(&format!("http://{address}"), &Call::Agents).await.expect_err("a redirect");
    assert_eq!(failure.outcome, Outcome::HttpError);
    assert!(failure.message.contains("status 302") && failure.message.contains("redirects are not followed"));
    assert_eq!((seen.lock().expect("notes").len(), other.lock().expect("notes").len()), (1, 0));
}

#[tokio::test]
async fn an_echoed_key_is_not_repeated() {
    let body = format!(r#"{{"detail":"no such key: {KEY}"}}"#);
    for status in [StatusCode::UNAUTHORIZED, StatusCode::BAD_REQUEST, StatusCode::IM_A_TEAPOT] {
        let body = body.clone();
        let (address, _) = serve(move || (status, [("content-type", "application/json")], body.clone())).await;
        let failure = read(&format!("http://{address}"), &Call::Agents).await.expect_err("refused");
        assert!(failure.message.contains("no such key: ***"), "{failure}");
        assert!(!format!("{failure:?}").contains("SECRET"), "{failure}");
    }
}

#[tokio::test]
async fn throttling_hands_on_how_long_to_wait() {
    let (address, _) = serve(|| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "57")])).await;
    let failure = read(&format!("http://{address}"), &Call::Agents).await.expect_err("throttled");
    assert_eq!((failure.outcome, failure.retry_after), (Outcome::Throttled, Some(Duration::from_secs(57))));
}

#[tokio::test]
async fn no_whole_answer() {
    // Nobody else can take it, and it does not listen.
    let taken = TcpSocket::new_v4().expect("a socket");
    taken.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let closed = taken.local_addr().expect("an address");
    let failure = read(&format!("http://{closed}"), &Call::Agents).await.expect_err("nobody listens");
    assert_eq!(failure.outcome, Outcome::ConnectError);
    assert!(!failure.message.contains("http") && !failure.message.contains(&closed.to_string()), "{failure}");

    let (address, _) = serve(|| {
        let chunks: [Result<&str, std::io::Error>; 2] = [Ok("[{}"), Err(std::io::Error::other("torn"))];
        Response::new(Body::from_stream(futures_util::stream::iter(chunks)))
    })
    .await;
    let failure = read(&format!("http://{address}"), &Call::Agents).await.expect_err("a torn answer");
    assert_eq!(failure.outcome, Outcome::ConnectError);

    let (address, _) =
        serve(|| Response::new(Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>())))
            .await;
    let mut hasty = config(&format!("http://{address}"));
    hasty.timeout = Duration::from_millis(200);
    let failure = tactical(&hasty).read(&Call::Agents, Permit::for_test()).await.expect_err("silence");
    assert_eq!(failure.outcome, Outcome::Timeout);
}

#[tokio::test]
async fn an_answer_that_is_announced_as_too_large_is_not_read() {
    let endless = || Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
    let (address, _) = serve(move || ([("content-length", "70000000")], endless())).await;
    let call = Call::AgentChecks(DeviceId::new("a"));
    let failure = read(&format!("http://{address}"), &call).await.expect_err("too large");
    assert_eq!(failure.outcome, Outcome::TooLarge);
}

#[tokio::test]
async fn a_large_answer_is_decoded_like_a_small_one() {
    let agents: Vec<String> =
        (0..5000).map(|n| format!(r#"{{"agent_id":"agent-{n}","note":"{}"}}"#, "x".repeat(50))).collect();
    let body = format!("[{}]", agents.join(","));
    let length = body.len() as u64;
    assert!(body.len() > LARGE_BODY_BYTES);
    let (address, _) = serve(move || body.clone()).await;
    let answer = read(&format!("http://{address}"), &Call::Agents).await.expect("a good answer");
    assert_eq!(answer.bytes, length);
    assert!(matches!(answer.updates.as_slice(), [Update::Devices(_, devices)] if devices.len() == 5000));
}

#[tokio::test]
async fn a_changed_key_is_used_after_a_reload() {
    let (address, seen) = serve(|| "[]").await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "FIRST\n").expect("written");
    let mut config = config(&format!("http://{address}"));
    config.api_key = KeySource::File(file.path().to_owned());
    let platform = tactical(&config);
    for (key, reload) in [("FIRST", false), ("SECOND", true)] {
        std::fs::write(file.path(), key).expect("written");
        if reload {
            assert!(platform.reload_key());
        }
        platform.read(&Call::Clients, Permit::for_test()).await.expect("a good answer");
        let last = seen.lock().expect("notes").last().map(|(_, _, headers)| headers["x-api-key"].clone());
        assert_eq!(last.expect("a request").to_str().ok(), Some(key));
    }
}

#[tokio::test]
async fn the_token_and_the_key_never_travel_together() {
    let (address, seen) = serve(|| r#"{"version":"1.5.1","trmm_version":"1.5.1"}"#).await;
    let config = with_token(&format!("http://{address}"), KeySource::Inline(SecretString::from(TOKEN)));
    for (call, expected) in [(Call::Status, [None, Some(TOKEN)]), (Call::DashInfo, [Some(KEY), None])] {
        let answer = tactical(&config).read(&call, Permit::for_test()).await.expect("a good answer");
        assert!(matches!(answer.updates.as_slice(), [Update::Server(_)]));
        let (_, _, headers) = seen.lock().expect("notes").pop().expect("a request");
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        assert_eq!(["x-api-key", "x-mon-token"].map(header), expected.map(|secret| secret.map(str::to_owned)));
    }
    let failure = read(&format!("http://{address}"), &Call::Status).await.expect_err("no token");
    assert!(failure.message.contains("no monitoring token is configured") && failure.spares_key, "{failure}");
    assert!(seen.lock().expect("notes").is_empty(), "the key does not stand in for the token");
}

#[tokio::test]
async fn the_alerts_are_read_by_a_patch_with_the_filters() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&bodies);
    let router = Router::new().fallback(move |request: Request| async move {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1000).await.expect("a body");
        let content_type = parts.headers.get("content-type").cloned();
        notes.lock().expect("notes").push((parts.method.to_string(), content_type, body));
        "[]"
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let answer = read(&format!("http://{address}"), &Call::Alerts).await.expect("a good answer");
    assert!(matches!(answer.updates.as_slice(), [Update::Alerts(_)]));
    let bodies = bodies.lock().expect("notes");
    let [(method, content_type, body)] = bodies.as_slice() else { panic!("one request, not {}", bodies.len()) };
    assert_eq!((method.as_str(), &body[..]), ("PATCH", &br#"{"resolvedFilter":false,"snoozedFilter":false}"#[..]));
    assert_eq!(content_type.as_ref().and_then(|value| value.to_str().ok()), Some("application/json"));
}

#[tokio::test]
async fn a_refused_token_is_read_again_and_stays_out_of_messages() {
    let (address, seen) =
        serve(|| (StatusCode::UNAUTHORIZED, format!(r#"{{"detail":"not {TOKEN} nor {KEY}"}}"#))).await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), TOKEN).expect("written");
    let mut config = with_token(&format!("http://{address}"), KeySource::File(file.path().to_owned()));
    let key = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(key.path(), KEY).expect("written");
    config.api_key = KeySource::File(key.path().to_owned());
    let platform = tactical(&config);
    std::fs::write(key.path(), "NEWKEY").expect("written");
    std::fs::write(file.path(), "second-token").expect("written");
    let failure = platform.read(&Call::Status, Permit::for_test()).await.expect_err("refused");
    assert_eq!((failure.outcome, failure.effect()), (Outcome::AuthError, Outcome::Forbidden));
    assert!(failure.message.contains("not *** nor ***"), "{failure}");
    platform.read(&Call::Status, Permit::for_test()).await.expect_err("refused");
    platform.read(&Call::Alerts, Permit::for_test()).await.expect_err("refused");
    assert!(platform.reload_key());
    assert!(!platform.reload_key());
    platform.read(&Call::Alerts, Permit::for_test()).await.expect_err("refused");
    let sent: Vec<_> = seen
        .lock()
        .expect("notes")
        .iter()
        .map(|(_, _, headers)| headers.get("x-mon-token").or(headers.get("x-api-key")).cloned().expect("a secret"))
        .collect();
    assert_eq!(sent, [TOKEN, "second-token", KEY, "NEWKEY"], "the key is read again only when it was refused itself");
}

#[test]
fn custom_fields_are_kept_only_where_a_mapping_looks_at_them() {
    let body = r#"[{"agent_id":"A","custom_fields":[{"field":3,"value":"gold"},{"field":4,"value":["db"]}]},
        {"agent_id":"B","custom_fields":[]},{"agent_id":"C","custom_fields":null},{"agent_id":"D"}]"#;
    let fields = |decoder: Decoder| {
        let (status, content_type) = (200, "application/json".to_owned());
        let raw = crate::platform::transport::RawAnswer {
            status,
            content_type,
            retry_after: None,
            date: None,
            body: body.into(),
        };
        let answer = decoder.decode(&Call::Agents, raw, Timestamp::UNIX_EPOCH).expect("a list");
        let [Update::Devices(_, devices)] = answer.updates.as_slice() else { panic!("a device list") };
        devices.iter().map(|device| device.custom_fields.as_ref().map(|fields| fields.len())).collect::<Vec<_>>()
    };
    let decoder = || Decoder::new("test", ChecksMode::Failing);
    assert_eq!(fields(decoder()), [None; 4]);
    assert_eq!(fields(decoder().mapping(by_field())), [Some(1), Some(0), None, None]);
}

#[test]
fn bad_bytes_spoil_a_name_and_not_the_list() {
    let decoder = Decoder::new("test", ChecksMode::Failing);
    let body = b"[{\"agent_id\":\"A\",\"hostname\":\"m\xfcnchen\"},{\"agent_id\":\"B\"}]".to_vec();
    let raw = crate::platform::transport::RawAnswer {
        status: 200,
        content_type: "application/json".to_owned(),
        retry_after: None,
        date: None,
        body,
    };
    let answer = decoder.decode(&Call::Agents, raw, Timestamp::UNIX_EPOCH).expect("a list");
    let [Update::Devices(_, devices)] = answer.updates.as_slice() else { panic!("a device list") };
    let names: Vec<_> = devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["m\u{fffd}nchen", ""]);
}
