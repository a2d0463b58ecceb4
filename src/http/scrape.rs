//! The metrics.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::Stream;
use tokio::sync::OwnedSemaphorePermit;
use url::form_urlencoded;

use super::{Server, negotiate, text};
use crate::collector::Collector;
use crate::metrics::{self, Selection, Snapshot};

/// Answers a scrape.
pub(super) fn answer(server: &Server, request: &Request) -> Response {
    let Ok(permit) = Arc::clone(&server.scrapes).try_acquire_owned() else {
        let message = format!("Limit of {} scrapes at once reached, try again later.\n", server.options.max_requests);
        return text(StatusCode::SERVICE_UNAVAILABLE, message);
    };
    let snapshot = server.publisher.snapshot();
    let selection = match selection(request.uri().query().unwrap_or_default(), &snapshot) {
        Ok(selection) => selection,
        Err(message) => return text(StatusCode::BAD_REQUEST, message),
    };
    let format = negotiate::format(request.headers());
    let exposition = server.expositions.exposition(&snapshot, &selection, format);
    let gzip = negotiate::gzip(request.headers());
    let body = if gzip { exposition.gzip() } else { exposition.plain() };
    let length = body.length;

    let chunks = Chunks { body, pause: Pause::Never, _place: permit };
    let chunks = if gzip { chunks } else { Chunks { pause: Pause::After, ..chunks } };
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The body with its place among the scrapes, which is free again when the body was sent or given up. A client that does not
/// read cannot keep it for ever: its connection is closed, and the body with it.
struct Chunks {
    body: metrics::Body,
    pause: Pause,
    _place: OwnedSemaphorePermit,
}

/// Whether others have their turn between two chunks. Chunks that are finished cost no time; to decompress one takes a while,
/// and a fast client would keep a thread busy with one after the other.
enum Pause {
    Never,
    /// After the next chunk.
    After,
    Now,
}

impl Stream for Chunks {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.pause {
            Pause::Never => (),
            Pause::After => self.pause = Pause::Now,
            Pause::Now => {
                self.pause = Pause::After;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        Poll::Ready(self.body.next().map(Ok))
    }
}

/// Reads `account=NAME` and `collect[]=NAME`; other parameters mean nothing to us. An error is for the client to read.
pub(crate) fn selection(query: &str, snapshot: &Snapshot) -> Result<Selection, String> {
    let mut selection = Selection::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "account" if snapshot.account(&value).is_some() => selection.accounts.push(value.into_owned()),
            "account" => {
                let known = snapshot.accounts().iter().map(|account| account.status().account.as_str());
                return Err(unknown("account", &value, known));
            }
            "collect[]" => match Collector::from_name(&value) {
                Some(collector) => selection.collectors.push(collector),
                None => return Err(unknown("collector", &value, Collector::ALL.into_iter().map(Collector::name))),
            },
            _ => (),
        }
    }
    Ok(selection)
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.collect();
    // What the client sent goes back escaped and short.
    let name: String = name.chars().take(100).collect();
    format!(
        "Unknown {what} {name:?}. Known: {}.\n",
        if known.is_empty() { "none".to_owned() } else { known.join(", ") }
    )
}
