//! Connections: how many, how slow, and how they end.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take when the exporter stops.
const DRAIN: Duration = Duration::from_secs(3);
/// How long a client may take to send the head of a request; also how long a connection may be idle. Longer than the usual
/// scrape intervals, so that Prometheus keeps its connection.
const HEAD_TIMEOUT: Duration = Duration::from_mins(2);
/// Most bytes of the head of a request.
const HEAD_BYTES: usize = 16 * 1024;
/// Most connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 512;
/// How long to wait when no connection can be accepted (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Serves until `shutdown`; then requests under way have three seconds to end.
///
/// # Errors
///
/// None at present: what goes wrong with one connection is logged and concerns only that connection.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => (),
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let (http, watcher) = (http.clone(), graceful.watcher());
                    let service = TowerToHyperService::new(router.clone());
                    connections.spawn(async move {
                        let connection = http.serve_connection(TokioIo::new(without_delay(stream)), service);
                        if let Err(error) = watcher.watch(connection).await {
                            tracing::debug!(error, "a connection ended early");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => (),
        () = sleep(DRAIN) => {
            tracing::warn!("requests were still under way after {} s; they are cut off", DRAIN.as_secs());
        }
    }
    connections.shutdown().await;
    Ok(())
}

/// Small answers should not wait for more.
fn without_delay(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    stream
}
