//! Connections: how many, how slow, and how they end.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustix::io::Errno;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{Instant, sleep};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::patience::{Patience, Phase, Watch, watched};
use super::web::{Web, tls};

/// How long requests under way may take when the exporter stops.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(3);
/// Most bytes of the head of a request.
const HEAD_BYTES: usize = 16 * 1024;
/// Bytes of an answer that are gathered for one write, if there are so many; each write costs the other end a wakeup.
const WRITE_BYTES: usize = 1024 * 1024;
/// Most connections at once; at the limit, a new one takes the place of the one that has waited longest.
const MAX_CONNECTIONS: usize = 512;
/// How long to wait when no connection can be accepted, and closing another one would not help.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(500);
/// How long nothing more is logged of connections that cannot be accepted.
const WARNING_PAUSE: std::time::Duration = std::time::Duration::from_mins(1);

/// Serves until `shutdown`; then requests under way have three seconds to end. `web` says whether TLS is spoken.
///
/// # Errors
///
/// None at present: what goes wrong with one connection is logged and concerns only that connection.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    web: Option<Arc<Web>>,
    shutdown: CancellationToken,
) -> io::Result<()> {
    serve_within(listener, router, web, shutdown, Patience::default(), MAX_CONNECTIONS).await
}

async fn serve_within(
    listener: TcpListener,
    router: Router,
    web: Option<Arc<Web>>,
    shutdown: CancellationToken,
    patience: Patience,
    most: usize,
) -> io::Result<()> {
    let mut http = Builder::new();
    // How long a head may take depends on what the connection did before; see `patience`.
    http.header_read_timeout(None).max_header_size(HEAD_BYTES).max_buf_size(WRITE_BYTES);
    let web = web.filter(|web| web.speaks_tls());
    let graceful = GracefulShutdown::new();
    let mut connections = Connections::default();
    let mut told: Option<Instant> = None;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = connections.ended(), if !connections.tasks.is_empty() => (),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if connections.open.len() >= most {
                        connections.close_one();
                    }
                    let watch = Watch::new();
                    let connection = Connection {
                        http: http.clone(),
                        router: watched(router.clone(), &watch),
                        watcher: graceful.watcher(),
                    };
                    let (web, shutdown, phase) = (web.clone(), shutdown.clone(), watch.clone());
                    connections.open(watch, async move {
                        let stream = without_delay(stream);
                        let talk = async {
                            match web {
                                Some(web) => connection.encrypted(stream, &web, &shutdown).await,
                                None => connection.plain(stream).await,
                            }
                        };
                        tokio::select! {
                            // After a standstill of the machine, what came meanwhile is read before it counts as late.
                            biased;
                            () = talk => (),
                            phase = phase.out_of(patience) => tracing::debug!(?phase, "a connection took too long"),
                        }
                    });
                }
                Err(error) => {
                    if told.is_none_or(|at| at.elapsed() >= WARNING_PAUSE) {
                        tracing::warn!(%error, "no connection can be accepted");
                        told = Some(Instant::now());
                    }
                    if is_out_of_descriptors(&error) && connections.close_one() {
                        // Its descriptor is free when it has ended.
                        connections.ended().await;
                    } else {
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            },
        }
    }
    drop(listener);
    tokio::select! {
        biased;
        () = graceful.shutdown() => (),
        () = sleep(DRAIN) => {
            tracing::warn!("requests were still under way after {} s; they are cut off", DRAIN.as_secs());
        }
    }
    connections.tasks.shutdown().await;
    Ok(())
}

/// What a connection needs.
struct Connection {
    http: Builder,
    router: Router,
    watcher: Watcher,
}

impl Connection {
    /// Shakes hands first. Whoever is not through with that when the exporter stops has asked for nothing yet.
    async fn encrypted(self, stream: TcpStream, web: &Arc<Web>, shutdown: &CancellationToken) {
        let handshake = async {
            match web.tls().await {
                Some(config) => Ok((tls::accept(stream, Arc::clone(&config)).await?, config)),
                None => Err(io::Error::from(io::ErrorKind::Unsupported)),
            }
        };
        tokio::select! {
            shaken = handshake => match shaken {
                Ok((stream, config)) => self.while_current(stream, web, config).await,
                Err(error) => tracing::debug!(%error, "no TLS connection came about"),
            },
            () = shutdown.cancelled() => (),
        }
    }

    /// Ends with the first request after TLS has changed, without an answer: the client may repeat that over another
    /// connection (RFC 9112, 9.3.1), as Prometheus does within the same scrape, and has to shake hands by the new rules.
    async fn while_current(mut self, stream: TlsStream<TcpStream>, web: &Arc<Web>, config: Arc<ServerConfig>) {
        let outdated = CancellationToken::new();
        let (web, end) = (Arc::clone(web), outdated.clone());
        self.router = self.router.layer(from_fn(move |request: Request, next: Next| {
            let (web, config, end) = (Arc::clone(&web), Arc::clone(&config), end.clone());
            async move {
                if !web.still_speaks(&config).await {
                    end.cancel();
                    // Nothing is answered before the connection ends.
                    std::future::pending::<()>().await;
                }
                next.run(request).await
            }
        }));
        tokio::select! {
            () = outdated.cancelled() => tracing::debug!("closed a connection: TLS has other settings now"),
            () = self.plain(stream) => (),
        }
    }

    async fn plain(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let service = TowerToHyperService::new(self.router);
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = self.watcher.watch(connection).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
        }
    }
}

/// The open connections, each a task.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    open: HashMap<Id, (AbortHandle, Watch)>,
}

impl Connections {
    fn open(&mut self, watch: Watch, connection: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(connection);
        self.open.insert(task.id(), (task, watch));
    }

    /// Waits until one has ended, and forgets it.
    async fn ended(&mut self) {
        if let Some(ended) = self.tasks.join_next_with_id().await {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.open.remove(&id);
        }
    }

    /// Closes the one that has waited longest for a request, so that whoever only holds connections open loses the oldest of
    /// them and keeps nobody out. When every connection has a request, it is the one with the longest answer.
    /// Whether there was one.
    fn close_one(&mut self) -> bool {
        let longest = self.open.iter().min_by_key(|(_, (_, watch))| match watch.phase() {
            Phase::Connected(since) | Phase::Idle(since) => (false, since),
            Phase::Answering(since) => (true, since),
        });
        if let Some(id) = longest.map(|(id, _)| *id)
            && let Some((task, watch)) = self.open.remove(&id)
        {
            tracing::debug!(phase = ?watch.phase(), "too many connections: closed one");
            task.abort();
            return true;
        }
        false
    }
}

/// Whether this process, or the whole machine, has no file descriptor left.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// Small answers should not wait for more.
fn without_delay(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    stream
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use axum::body::{Body, Bytes};
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tracing::Level;

    use super::*;
    use crate::captured::Captured;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: exporter\r\n\r\n";
    /// Nobody waits that long in these tests.
    const LONG: Duration = Duration::from_mins(10);

    /// `/` answers at once, `/endless` without end.
    async fn start(patience: Patience, most: usize) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endless = || async {
            let chunks = std::iter::repeat_with(|| Ok::<_, std::convert::Infallible>(Bytes::from(vec![b'x'; 65_536])));
            Body::from_stream(futures_util::stream::iter(chunks))
        };
        let router = Router::new().route("/", get(|| async { "answered" })).route("/endless", get(endless));
        tokio::spawn(serve_within(listener, router, None, CancellationToken::new(), patience, most));
        address
    }

    async fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    async fn answered(stream: &mut TcpStream) -> bool {
        let mut answer = Vec::new();
        while !answer.ends_with(b"answered") {
            match stream.read_u8().await {
                Ok(byte) => answer.push(byte),
                Err(_) => return false,
            }
        }
        true
    }

    /// Whether the other side closes it, long before [`LONG`] is over.
    async fn closed(stream: &mut TcpStream) -> bool {
        let mut rest = Vec::new();
        tokio::time::timeout(LONG / 10, stream.read_to_end(&mut rest)).await.is_ok()
    }

    fn is_open(stream: &TcpStream) -> bool {
        matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    #[tokio::test]
    async fn the_first_request_has_less_time_than_the_next() {
        let patience = Patience { connected: Duration::from_millis(300), answering: LONG, idle: LONG };
        let address = start(patience, 10).await;
        let mut kept = send(address, REQUEST).await;
        assert!(answered(&mut kept).await);
        let start = Instant::now();
        let mut half = send(address, b"GET / HTTP/1.1\r\nX: ").await;
        let mut silent = send(address, b"").await;
        assert!(closed(&mut half).await && closed(&mut silent).await);
        assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
        assert!(is_open(&kept));
        kept.write_all(REQUEST).await.unwrap();
        assert!(answered(&mut kept).await);
    }

    #[tokio::test]
    async fn a_handshake_that_does_not_go_on_ends() {
        let web = Web::load(std::path::Path::new("tests/fixtures/web/valid-tls.yml")).unwrap();
        let start = async |connected| {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let patience = Patience { connected, answering: LONG, idle: LONG };
            let shutdown = CancellationToken::new();
            let serving = serve_within(listener, Router::new(), Some(web.clone()), shutdown.clone(), patience, 10);
            (address, shutdown, tokio::spawn(serving))
        };
        let (address, _, _) = start(Duration::from_millis(300)).await;
        let mut silent = send(address, b"").await;
        // A record of the handshake that has only begun.
        let mut half = send(address, &[0x16, 3, 1, 2, 0, 1]).await;
        assert!(closed(&mut half).await && closed(&mut silent).await);
        // Nor does one that is under way hold up the end.
        let log = Captured::from(Level::WARN);
        let (address, shutdown, serving) = start(LONG).await;
        let _half = send(address, &[0x16, 3, 1, 2, 0, 1]).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        shutdown.cancel();
        serving.await.unwrap().unwrap();
        assert_eq!(log.with("still under way"), [""; 0]);
    }

    #[tokio::test]
    async fn an_idle_connection_ends() {
        let patience = Patience { connected: LONG, answering: LONG, idle: Duration::from_millis(200) };
        let mut stream = send(start(patience, 10).await, REQUEST).await;
        assert!(answered(&mut stream).await && closed(&mut stream).await);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_ends() {
        let patience = Patience { connected: LONG, answering: Duration::from_millis(300), idle: LONG };
        let mut stream = send(start(patience, 10).await, b"GET /endless HTTP/1.1\r\nHost: exporter\r\n\r\n").await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(closed(&mut stream).await, "what was under way is cut off");
    }

    #[tokio::test]
    async fn at_the_limit_the_longest_waiting_connection_makes_room() {
        let address = start(Patience { connected: LONG, answering: LONG, idle: LONG }, 3).await;
        let mut busy = send(address, b"GET /endless HTTP/1.1\r\nHost: exporter\r\n\r\n").await;
        busy.read_u8().await.unwrap();
        let mut first = send(address, b"GET / HT").await;
        let mut second = send(address, REQUEST).await;
        assert!(answered(&mut second).await);
        let mut third = send(address, REQUEST).await;
        assert!(answered(&mut third).await, "accepted at the limit");
        assert!(closed(&mut first).await && is_open(&second) && is_open(&third));
        let mut fourth = send(address, REQUEST).await;
        assert!(answered(&mut fourth).await && closed(&mut second).await && is_open(&third));
        assert!(busy.read_u8().await.is_ok(), "an answer under way goes last");
    }
}
