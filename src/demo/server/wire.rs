//! Answers on the wire, good ones and spoilt ones.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER, SERVER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::sleep;

use super::fault::{Fault, RetryAfter};
use super::listener::Cut;
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
const PIECES_PER_MEGABYTE: usize = (1 << 20) / PIECE;

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
        Some(Fault::ShortBody) => short(good()),
        Some(Fault::ResetMidBody) => reset(good(), request.connection.clone()),
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
        Some(Fault::HugeDeclared(megabytes)) => declared(megabytes, huge(platform, megabytes)),
        Some(Fault::GzipBomb(megabytes)) => {
            send(bomb(huge(platform, megabytes), "gzip", GzEncoder::new(Vec::new(), Compression::fast())))
        }
        Some(Fault::DeflateBomb(megabytes)) => {
            send(bomb(huge(platform, megabytes), "deflate", ZlibEncoder::new(Vec::new(), Compression::fast())))
        }
        Some(Fault::EntityBomb) => send(Answer::new(200, content_type(platform), entity_bomb())),
        Some(Fault::DeepNesting(depth)) => send(deep(platform, depth)),
        Some(Fault::Redirect(status, address)) => send(with_header(Answer::new(status, HTML, ""), LOCATION, &address)),
        Some(Fault::Gzip) => send(with_header(changed(good(), |body| gzip(&body)), CONTENT_ENCODING, "gzip")),
        Some(Fault::GzipTwice) => {
            send(with_header(changed(good(), |body| gzip(&gzip(&body))), CONTENT_ENCODING, "gzip, gzip"))
        }
        Some(Fault::Body(status, content_type, body)) => send(Answer::new(status, content_type, body)),
        Some(Fault::SkewedDate(seconds)) => send(with_header(good(), DATE, &date(clock, seconds))),
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
        RetryAfter::Date(seconds) => with_header(answer, RETRY_AFTER, &date(clock, seconds.cast_signed())),
    }
}

/// So many seconds from now by the server's clock, as HTTP writes it.
pub(super) fn date(clock: &dyn Clock, seconds: i64) -> String {
    let (now, time) = (SystemTime::from(clock.now().wall), Duration::from_secs(seconds.unsigned_abs()));
    httpdate::fmt_http_date(if seconds < 0 { now - time } else { now + time })
}

/// Half of the body under the length of all of it, then the connection closes.
fn short(answer: Answer) -> Response {
    let mut response = head(&answer);
    let body = answer.content.whole();
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let first = stream::once(async move { Ok(Bytes::from(half(body))) });
    response.map(|_| Body::from_stream(first.chain(end())))
}

/// The end of a body before its time: the connection closes.
fn end() -> impl Stream<Item = io::Result<Bytes>> {
    stream::once(async {
        sleep(BEFORE_BREAK).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    })
}

/// Half of the body, then the connection is reset.
fn reset(answer: Answer, connection: Cut) -> Response {
    let response = head(&answer);
    let body = answer.content.whole();
    let first = stream::once(async move { Ok::<_, Infallible>(Bytes::from(half(body))) });
    let end = stream::once(async move {
        sleep(BEFORE_BREAK).await;
        connection.cut();
        std::future::pending().await
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
    // What is more than declared is not sent; what is less ends with the connection.
    response.map(|_| if difference > 0 { Body::from_stream(first.chain(end())) } else { Body::from_stream(first) })
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

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

/// A body that is compressed while it is sent, so that neither side of it fills the server's memory.
fn bomb(answer: Answer, name: &str, encoder: impl Encoder) -> Answer {
    let Content::Parts(parts) = answer.content else { return answer };
    let mut state = Some((parts, encoder));
    let packed = std::iter::from_fn(move || {
        let (parts, encoder) = state.as_mut()?;
        for part in parts.by_ref() {
            let _ = encoder.write_all(&part);
            if !encoder.packed().is_empty() {
                return Some(std::mem::take(encoder.packed()));
            }
        }
        state.take().map(|(_, encoder)| encoder.end())
    });
    let answer = Answer { content: Content::Parts(Box::new(packed)), ..Answer::new(200, answer.content_type, "") };
    with_header(answer, CONTENT_ENCODING, name)
}

/// A compressor that writes to memory.
trait Encoder: io::Write + Send + 'static {
    /// What came out of it so far.
    fn packed(&mut self) -> &mut Vec<u8>;
    /// The rest.
    fn end(self) -> Vec<u8>;
}

impl Encoder for GzEncoder<Vec<u8>> {
    fn packed(&mut self) -> &mut Vec<u8> {
        self.get_mut()
    }

    fn end(self) -> Vec<u8> {
        self.finish().unwrap_or_default()
    }
}

impl Encoder for ZlibEncoder<Vec<u8>> {
    fn packed(&mut self) -> &mut Vec<u8> {
        self.get_mut()
    }

    fn end(self) -> Vec<u8> {
        self.finish().unwrap_or_default()
    }
}

const fn content_type(platform: PlatformName) -> &'static str {
    match platform {
        PlatformName::Nsight => "text/xml",
        PlatformName::Tactical => JSON,
    }
}

/// A document that begins well and goes on with blanks: so many megabytes in all.
fn huge(platform: PlatformName, megabytes: usize) -> Answer {
    let start = match platform {
        PlatformName::Nsight => "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><result status=\"OK\"><items>",
        PlatformName::Tactical => "[",
    };
    let mut first = start.as_bytes().to_vec();
    first.resize(PIECE, b' ');
    let filler = (1..megabytes * PIECES_PER_MEGABYTE).map(|_| vec![b' '; PIECE]);
    let parts = std::iter::once(first).chain(filler);
    Answer { content: Content::Parts(Box::new(parts)), ..Answer::new(200, content_type(platform), "") }
}

/// The same answer under a Content-Length.
fn declared(megabytes: usize, answer: Answer) -> Response {
    let length = (megabytes * PIECES_PER_MEGABYTE).max(1) * PIECE;
    send(with_header(answer, CONTENT_LENGTH, &length.to_string()))
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

/// Puts bytes into the first name in a body.
fn insert(mut body: Vec<u8>, platform: PlatformName, bytes: &[u8]) -> Vec<u8> {
    let mark: &[u8] = match platform {
        PlatformName::Nsight => b"<![CDATA[",
        PlatformName::Tactical => b"name\":\"",
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
