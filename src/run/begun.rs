//! Scrapes that come before what was kept is published wait for it: a fleet that is not read yet must not look like one that is
//! gone.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use tokio::sync::watch;

/// Who gives word that every account has begun. Dropped without word (the exporter stops, or an account broke off), it turns
/// away who waits.
#[derive(Debug)]
pub(super) struct Begun(watch::Sender<bool>);

impl Begun {
    pub(super) fn tell(self) {
        self.0.send_replace(true);
    }
}

/// The same pages, but that the one at `path` is not answered before there is word. Everything else is: the process is alive, and
/// says why it is not ready.
pub(super) fn waiting(router: Router, path: &str) -> (Router, Begun) {
    let (begun, word) = watch::channel(false);
    let path: Arc<str> = path.into();
    let router = router.layer(from_fn(move |request: Request, next: Next| {
        let (mut word, path) = (word.clone(), Arc::clone(&path));
        async move {
            if request.uri().path() == &*path && word.wait_for(|begun| *begun).await.is_err() {
                return (StatusCode::SERVICE_UNAVAILABLE, "The exporter stops.\n").into_response();
            }
            next.run(request).await
        }
    }));
    (router, Begun(begun))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    use super::*;

    async fn serve() -> (SocketAddr, Begun) {
        let pages =
            Router::new().route("/metrics", get(|| async { "all" })).route("/-/healthy", get(|| async { "well" }));
        let (router, begun) = waiting(pages, "/metrics");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, router).await });
        (address, begun)
    }

    async fn ask(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn only_scrapes_wait_and_only_until_there_is_word() {
        let (address, begun) = serve().await;
        let scrape = tokio::spawn(async move { ask(address, "/metrics?account=msp").await });
        assert!(ask(address, "/-/healthy").await.ends_with("well"));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!scrape.is_finished());
        begun.tell();
        assert!(scrape.await.unwrap().ends_with("all"));
        assert!(ask(address, "/metrics").await.ends_with("all"));
    }

    #[tokio::test]
    async fn nobody_waits_for_word_that_never_comes() {
        let (address, begun) = serve().await;
        drop(begun);
        let answer = timeout(Duration::from_mins(1), ask(address, "/metrics")).await;
        assert!(answer.unwrap().starts_with("HTTP/1.1 503"), "half of the fleets would look like the other half gone");
    }
}
