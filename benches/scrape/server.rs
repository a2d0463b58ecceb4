//! The servers, each in a process of its own. All of them serve by the exporter's own loop.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use rmm_exporter::clock::SystemClock;
use rmm_exporter::http::{self, Options};
use rmm_exporter::metrics::Format;
use tokio_util::sync::CancellationToken;

use crate::{fleet, rivals};

/// The exporter, at rest.
pub const OURS: &str = "exporter";
/// The exporter, where a call has finished before each scrape.
pub const OURS_AT_WORK: &str = "exporter at work";
/// The exporter, rendering without a pause.
pub const OURS_RENDERING: &str = "exporter rendering";
/// The bytes that the exporter gave, from memory.
pub const FINISHED: &str = "finished bytes";
/// The same while a thread of that process takes as much processor time as rendering does.
pub const FINISHED_BUSY: &str = "finished bytes, busy";

/// The file in the directory that holds the finished body.
pub fn body_file(directory: &Path, gzip: bool) -> PathBuf {
    directory.join(if gzip { "body.gz" } else { "body" })
}

/// Serves until the input ends.
pub fn run(kind: &str, devices: usize, directory: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let router = router(kind, devices, directory);
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

fn router(kind: &str, devices: usize, directory: &Path) -> Router {
    match kind {
        OURS | OURS_AT_WORK | OURS_RENDERING => exporter(kind, devices),
        FINISHED | FINISHED_BUSY => {
            if kind == FINISHED_BUSY {
                busy(|| {
                    std::hint::black_box((0..10_000_u64).fold(0, u64::wrapping_add));
                });
            }
            finished(directory)
        }
        rival => rivals::router(rival, &std::fs::read_to_string(body_file(directory, false)).expect("read")),
    }
}

fn exporter(kind: &str, devices: usize) -> Router {
    let views = fleet::views(devices);
    let publisher = fleet::publisher(&views);
    let router = http::router(publisher.clone(), Arc::new(SystemClock), Options::default());
    match kind {
        OURS_AT_WORK => router.layer(from_fn(move |request: Request, next: Next| {
            fleet::call_finished(&publisher);
            next.run(request)
        })),
        OURS_RENDERING => {
            busy(move || views.iter().for_each(|(account, view)| publisher.publish_fleet(account, view)));
            router
        }
        _ => router,
    }
}

/// Does it over and over on a thread of its own.
fn busy(work: impl Fn() + Send + 'static) {
    static ENDED: AtomicBool = AtomicBool::new(false);
    std::thread::spawn(move || {
        while !ENDED.load(Ordering::Relaxed) {
            work();
        }
    });
}

fn finished(directory: &Path) -> Router {
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
