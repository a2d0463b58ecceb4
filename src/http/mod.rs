//! What is served: the scrape, the landing page, health. Every answer is made of finished data; none waits for an RMM.

mod documentation;
mod lifecycle;
pub(crate) mod negotiate;
mod overview;
mod page;
mod patience;
mod problems;
pub(crate) mod scrape;
mod serve;
mod web;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::metrics::{Expositions, Publisher};
use crate::reload::Reloader;
use overview::Overview;
pub use serve::serve;
pub use web::{REALM, Web};

/// What can be set by flags.
#[derive(Clone, Debug)]
pub struct Options {
    /// Path of the metrics; starts with `/`.
    pub telemetry_path: String,
    /// Most scrapes at once; more get 503. 0 is no limit, as in other exporters.
    pub max_requests: usize,
    /// TLS, passwords and the like; `None` is plain HTTP for everybody.
    pub web: Option<Arc<Web>>,
    /// Whom to ask for a reload of the configuration; `None` refuses it.
    pub reload: Option<Reloader>,
}

impl Default for Options {
    fn default() -> Self {
        Self { telemetry_path: "/metrics".to_owned(), max_requests: 8, web: None, reload: None }
    }
}

/// What every handler needs.
struct Server {
    publisher: Arc<Publisher>,
    expositions: Expositions,
    clock: Arc<dyn Clock>,
    options: Options,
    scrapes: Arc<Semaphore>,
}

/// All pages. `clock` tells how old data are.
pub fn router(publisher: Arc<Publisher>, clock: Arc<dyn Clock>, options: Options) -> Router {
    let permits = match options.max_requests {
        0 => Semaphore::MAX_PERMITS,
        most => most.min(Semaphore::MAX_PERMITS),
    };
    let scrapes = Arc::new(Semaphore::new(permits));
    let server = Server { publisher, expositions: Expositions::default(), clock, options, scrapes };
    // One handler for all: the path of the metrics is the user's, and may be any path, also that of another page.
    Router::new().fallback(answer).with_state(Arc::new(server))
}

async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response {
    let admitted = match &server.options.web {
        Some(web) => web.admit(request.headers()).await,
        None => Ok(()),
    };
    let mut response = match admitted {
        Err(refusal) => refusal,
        Ok(()) if request.uri().path() == lifecycle::RELOAD => {
            lifecycle::reload(server.options.reload.as_ref(), request.method()).await
        }
        Ok(()) => route(&server, &request),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if let Some(web) = &server.options.web {
        web.decorate(&mut response);
    }
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

fn route(server: &Server, request: &Request) -> Response {
    if request.version() == Version::HTTP_11 && request.headers().get_all(header::HOST).iter().count() != 1 {
        return text(StatusCode::BAD_REQUEST, "Exactly one Host header is required.\n");
    }
    let path = request.uri().path();
    let metrics = server.options.telemetry_path.as_str();
    let known = [metrics, "/", "/-/healthy", "/-/ready", "/api/v1/status", documentation::INDEX];
    let document = documentation::at(path);
    if !known.contains(&path) && document.is_none() {
        return text(StatusCode::NOT_FOUND, "Not found.\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match path {
        path if path == metrics => scrape::answer(server, request),
        "/" => page::answer(&overview(server), metrics, request.uri().query()),
        "/-/ready" => ready(&overview(server)),
        "/api/v1/status" => json(&overview(server)),
        documentation::INDEX => page::manual(),
        _ => text(StatusCode::OK, document.unwrap_or("Healthy.\n")),
    }
}

fn overview(server: &Server) -> Overview {
    Overview::new(&server.publisher.snapshot(), server.clock.now().wall)
}

fn ready(overview: &Overview) -> Response {
    let reasons = overview.reasons_not_ready();
    if reasons.is_empty() { text(StatusCode::OK, "Ready.\n") } else { text(StatusCode::SERVICE_UNAVAILABLE, reasons) }
}

fn json(overview: &Overview) -> Response {
    match serde_json::to_string_pretty(overview) {
        Ok(body) => with_type(StatusCode::OK, "application/json", body + "\n"),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

fn text(status: StatusCode, body: impl Into<String>) -> Response {
    with_type(status, "text/plain; charset=utf-8", body.into())
}

/// A small answer; its length is announced, also to HEAD.
fn with_type(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let length = HeaderValue::from(body.len());
    let headers: [(HeaderName, HeaderValue); 2] =
        [(header::CONTENT_TYPE, HeaderValue::from_static(content_type)), (header::CONTENT_LENGTH, length)];
    (status, headers, body).into_response()
}
