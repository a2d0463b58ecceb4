//! Servers by the exporter's own loop, and the one with which it is compared: the same bytes from memory.

#![allow(dead_code)] // not every bench uses all of it

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use rmm_exporter::http;
use rmm_exporter::metrics::Format;
use tokio_util::sync::CancellationToken;

/// The file in the directory that holds the finished body.
pub fn body_file(directory: &Path, gzip: bool) -> PathBuf {
    directory.join(if gzip { "body.gz" } else { "body" })
}

/// Prints the port and serves until the input ends.
pub fn serve(router: impl FnOnce() -> Router) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let router = router();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        println!("{}", listener.local_addr().expect("an address").port());
        std::io::stdout().flush().expect("told");
        let end = CancellationToken::new();
        let ended = end.clone();
        std::thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            ended.cancel();
        });
        http::serve(listener, router, None, end).await.expect("served");
    });
    // Threads that are busy need not be waited for.
    runtime.shutdown_background();
}

/// Answers every request with the body in the directory.
pub fn router(directory: &Path) -> Router {
    let directory = directory.to_owned();
    let bodies: Arc<[OnceLock<Bytes>; 2]> = Arc::default();
    Router::new().fallback(move |headers: HeaderMap| {
        let gzip = accepts_gzip(&headers);
        let [plain, compressed] = &*bodies;
        let body = if gzip { compressed } else { plain };
        let body = body.get_or_init(|| std::fs::read(body_file(&directory, gzip)).expect("read").into());
        std::future::ready(response(body.clone(), gzip))
    })
}

/// Whether the client asked for gzip.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT_ENCODING).is_some_and(|value| value == "gzip")
}

/// An answer with the headers of the exporter.
pub fn response(body: Bytes, gzip: bool) -> Response {
    let length = body.len();
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(Format::OpenMetrics.content_type()));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
