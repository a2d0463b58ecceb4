//! Answers on the wire, good ones and spoilt ones.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, SERVER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use super::fault::{Fault, RetryAfter};
use super::{Answer, Content, Received, Service};
use crate::clock::Clock;
use crate::platform::PlatformName;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const BLOCKED: &str = "<!DOCTYPE html>\n<html><head><title>Attention Required!</title></head><body><h1>Sorry, you have been \
                       blocked</h1><p>Ray ID: 0</p></body></html>\n";
const LOGIN: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form><input name=\"user\"></form></body></html>\n";
/// How long the bytes before a break get to reach the other side.
const BEFORE_BREAK: Duration = Duration::from_millis(30);
const PIECE: usize = 1 << 16;

/// The answer to a request, spoilt by a fault if there is one.
pub(super) async fn respond(
    service: &dyn Service,
    clock: &dyn Clock,
    request: &Received,
    fault: Option<Fault>,
) -> Response {
    let platform = service.platform();
    let good = || service.answer(request);
    match fault {
        None => send(good()),
        Some(Fault::Status(status)) => send(service.error(status)),
        Some(Fault::ForbiddenJson) => {
            send(Answer::new(403, JSON, r#"{"detail":"You do not have permission to perform this action."}"#))
        }
        Some(Fault::ForbiddenHtml) => send(Answer::new(403, HTML, BLOCKED)),
        Some(Fault::TooManyRequests(after)) => send(retry_later(service.error(429), after, clock)),
        Some(Fault::Unavailable(after)) => send(retry_later(service.error(503), after, clock)),
        Some(Fault::HtmlPage) => send(Answer::new(200, HTML, LOGIN)),
        Some(Fault::EmptyBody) => send(Answer::new(200, good().content_type, "")),
        Some(Fault::ShortBody) => broken(good(), true),
        Some(Fault::ResetMidBody) => broken(good(), false),
        Some(Fault::CutBody) => send(changed(good(), half)),
        Some(Fault::InvalidBytes) => send(changed(good(), |body| insert(body, platform, b"\xff\xfe\x81"))),
        Some(Fault::ControlCharacters) => {
            send(changed(good(), |body| insert(body, platform, b"\x00\x07\x0b\x1b[31m\x7f")))
        }
        Some(Fault::Latin1AsUtf8) => send(changed(good(), |body| latin1_as_utf8(body, platform))),
        Some(Fault::Utf8AsLatin1) => send(utf8_as_latin1(good(), platform)),
        Some(Fault::Fail(code)) => send(service.fail(code)),
        Some(Fault::UnknownRoot) => send(unknown_root(platform)),
        Some(Fault::Latency(time)) => {
            sleep(time).await;
            send(good())
        }
        Some(Fault::SlowFirstByte(time)) => slow_first_byte(good(), time),
        Some(Fault::SlowDrip(bytes, pause)) => drip(good(), bytes, pause),
        Some(Fault::NeverAnswer) => std::future::pending().await,
        Some(Fault::Huge(megabytes)) => send(huge(platform, megabytes)),
        Some(Fault::GzipBomb(megabytes)) => {
            let bomb = tokio::task::spawn_blocking(move || gzip(huge(platform, megabytes))).await;
            bomb.map_or_else(|_| send(service.error(500)), send)
        }
        Some(Fault::EntityBomb) => send(Answer::new(200, content_type(platform), entity_bomb())),
        Some(Fault::DeepNesting(depth)) => send(deep(platform, depth)),
        Some(Fault::Redirect(address)) => redirect(&address),
        Some(Fault::Gzip) => send(gzip(good())),
        Some(Fault::WrongContentLength(difference)) => wrong_length(good(), difference),
    }
}

fn head(answer: &Answer) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("nginx"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    for (name, value) in &answer.headers {
        headers.insert(name.clone(), value.clone());
    }
    response
}

fn send(answer: Answer) -> Response {
    let response = head(&answer);
    let body = match answer.content {
        Content::Whole(bytes) => Body::from(bytes),
        Content::Parts(parts) => Body::from_stream(stream::iter(parts).then(|part| async {
            // Others want to run too while a long answer is made.
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(Bytes::from(part))
        })),
    };
    response.map(|_| body)
}

fn changed(mut answer: Answer, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Answer {
    answer.content = Content::Whole(change(answer.content.whole()));
    answer
}

fn half(mut body: Vec<u8>) -> Vec<u8> {
    body.truncate(body.len() / 2);
    body
}

fn with_header(mut answer: Answer, name: HeaderName, value: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers.push((name, value));
    }
    answer
}

fn retry_later(answer: Answer, after: RetryAfter, clock: &dyn Clock) -> Answer {
    match after {
        RetryAfter::Absent => answer,
        RetryAfter::Seconds(seconds) => with_header(answer, RETRY_AFTER, &seconds.to_string()),
        RetryAfter::Date(seconds) => {
            let date = SystemTime::from(clock.now().wall) + Duration::from_secs(seconds);
            with_header(answer, RETRY_AFTER, &httpdate::fmt_http_date(date))
        }
    }
}

/// Half of the body, then the connection breaks; with or without a Content-Length that promises all of it.
fn broken(answer: Answer, declared: bool) -> Response {
    let mut response = head(&answer);
    let body = answer.content.whole();
    if declared {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let first = stream::once(async move { Ok(Bytes::from(half(body))) });
    let end = stream::once(async {
        sleep(BEFORE_BREAK).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    response.map(|_| Body::from_stream(first.chain(end)))
}

fn wrong_length(answer: Answer, difference: i32) -> Response {
    let mut response = head(&answer);
    let body = answer.content.whole();
    let length = (body.len() as u64).saturating_add_signed(i64::from(difference));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    // A stream, because hyper insists on the right length of a whole body.
    let first = stream::once(async move { Ok::<_, io::Error>(Bytes::from(body)) });
    let end = stream::once(async {
        sleep(BEFORE_BREAK).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    // What is more than declared is not sent; what is less ends with the connection.
    response.map(|_| if difference > 0 { Body::from_stream(first.chain(end)) } else { Body::from_stream(first) })
}

fn slow_first_byte(answer: Answer, time: Duration) -> Response {
    let mut response = head(&answer);
    let body = answer.content.whole();
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    response.map(|_| {
        Body::from_stream(stream::once(async move {
            sleep(time).await;
            Ok::<_, Infallible>(Bytes::from(body))
        }))
    })
}

fn drip(answer: Answer, bytes: usize, pause: Duration) -> Response {
    let mut response = head(&answer);
    let body = Bytes::from(answer.content.whole());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let drops = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        let drop = rest.split_to(bytes.max(1).min(rest.len()));
        sleep(pause).await;
        Some((Ok::<_, Infallible>(drop), rest))
    });
    response.map(|_| Body::from_stream(drops))
}

fn redirect(address: &str) -> Response {
    send(with_header(Answer::new(302, HTML, ""), LOCATION, address))
}

fn gzip(answer: Answer) -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let Answer { status, content_type, headers, content } = answer;
    let parts: Box<dyn Iterator<Item = Vec<u8>>> = match content {
        Content::Whole(bytes) => Box::new(std::iter::once(bytes)),
        Content::Parts(parts) => parts,
    };
    for part in parts {
        // Writing to memory cannot fail.
        let _ = encoder.write_all(&part);
    }
    let body = encoder.finish().unwrap_or_default();
    with_header(Answer { headers, ..Answer::new(status, content_type, body) }, CONTENT_ENCODING, "gzip")
}

const fn content_type(platform: PlatformName) -> &'static str {
    match platform {
        PlatformName::Nsight => "text/xml",
        PlatformName::Tactical => JSON,
    }
}

/// A document that begins well and goes on with blanks.
fn huge(platform: PlatformName, megabytes: usize) -> Answer {
    let start = match platform {
        PlatformName::Nsight => "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><result status=\"OK\"><items>",
        PlatformName::Tactical => "[",
    };
    let filler = (0..megabytes * ((1 << 20) / PIECE)).map(|_| vec![b' '; PIECE]);
    let parts = std::iter::once(start.as_bytes().to_vec()).chain(filler);
    Answer { content: Content::Parts(Box::new(parts)), ..Answer::new(200, content_type(platform), "") }
}

fn deep(platform: PlatformName, depth: usize) -> Answer {
    let body = match platform {
        PlatformName::Nsight => {
            format!(
                "<?xml version=\"1.0\"?><result status=\"OK\">{}{}</result>",
                "<items>".repeat(depth),
                "</items>".repeat(depth)
            )
        }
        PlatformName::Tactical => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
    };
    Answer::new(200, content_type(platform), body)
}

fn unknown_root(platform: PlatformName) -> Answer {
    let body = match platform {
        PlatformName::Nsight => {
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><weather><today>sunny</today></weather>"
        }
        PlatformName::Tactical => r#"{"count":1,"next":null,"previous":null,"results":[{"weather":"sunny"}]}"#,
    };
    Answer::new(200, content_type(platform), body)
}

fn entity_bomb() -> String {
    let mut text = "<?xml version=\"1.0\"?><!DOCTYPE result [<!ENTITY e0 \"boom\">".to_owned();
    for level in 1..12 {
        // Writing to a String cannot fail.
        let _ = write!(text, "<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10));
    }
    text + "]><result status=\"OK\"><items><client><clientid>1</clientid><name>&e11;</name></client></items></result>"
}

/// Puts bytes into the first text of a body.
fn insert(mut body: Vec<u8>, platform: PlatformName, bytes: &[u8]) -> Vec<u8> {
    let mark: &[u8] = match platform {
        PlatformName::Nsight => b"<![CDATA[",
        PlatformName::Tactical => b"\":\"",
    };
    if let Some(at) = body.windows(mark.len()).position(|window| window == mark) {
        let at = at + mark.len();
        body.splice(at..at, bytes.iter().copied());
    }
    body
}

fn latin1_as_utf8(body: Vec<u8>, platform: PlatformName) -> Vec<u8> {
    match platform {
        PlatformName::Nsight => {
            let mark = b"encoding=\"ISO-8859-1\"";
            let mut body = body;
            if let Some(at) = body.windows(mark.len()).position(|window| window == mark) {
                body.splice(at..at + mark.len(), b"encoding=\"UTF-8\"".iter().copied());
            }
            body
        }
        PlatformName::Tactical => {
            String::from_utf8_lossy(&body).chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect()
        }
    }
}

fn utf8_as_latin1(answer: Answer, platform: PlatformName) -> Answer {
    match platform {
        PlatformName::Nsight => {
            changed(answer, |body| body.into_iter().map(char::from).collect::<String>().into_bytes())
        }
        PlatformName::Tactical => Answer { content_type: "application/json; charset=iso-8859-1", ..answer },
    }
}
