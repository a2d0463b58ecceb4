//! The way to a server, which can be closed in many manners.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// How a way is.
#[derive(Clone)]
pub enum Way {
    /// Everything goes through.
    Open,
    /// Everything goes through, inside TLS.
    Tls(Arc<ServerConfig>),
    /// Nobody listens.
    Closed,
    /// Somebody listens, but accepts nobody: connecting does not end.
    Full,
    /// Connections are accepted, and then nothing.
    Silent,
    /// Connections are accepted and reset.
    Resets,
}

/// A port of its own before a server.
pub struct Gate {
    pub address: SocketAddr,
    server: SocketAddr,
    task: Mutex<JoinHandle<()>>,
    arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Gate {
    pub async fn before(server: SocketAddr, way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let arrivals = Arc::default();
        let task = tokio::spawn(serve(listener, server, way, Arc::clone(&arrivals)));
        Self { address, server, task: Mutex::new(task), arrivals }
    }

    /// Changes the way; what is connected is cut off.
    pub async fn set(&self, way: Way) {
        let before = std::mem::replace(&mut *self.task.lock().unwrap(), tokio::spawn(async {}));
        before.abort();
        // Its listener is gone when it has ended.
        let _ended = before.await;
        let (address, server, arrivals) = (self.address, self.server, Arc::clone(&self.arrivals));
        let task = match way {
            Way::Closed => {
                let closed = bind(address);
                tokio::spawn(async move {
                    std::future::pending::<()>().await;
                    drop(closed);
                })
            }
            Way::Full => {
                let full = full(address);
                tokio::spawn(async move {
                    std::future::pending::<()>().await;
                    drop(full);
                })
            }
            way => tokio::spawn(serve(listen(address, 1024), server, way, arrivals)),
        };
        *self.task.lock().unwrap() = task;
    }

    /// When somebody connected.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.arrivals.lock().unwrap().clone()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.lock().unwrap().abort();
    }
}

/// Nobody else can take the port, and whoever connects is refused as long as nobody listens.
fn bind(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    // Ends of earlier connections still hold the port.
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

fn listen(address: SocketAddr, backlog: u32) -> TcpListener {
    bind(address).listen(backlog).unwrap()
}

/// A listener whose queue is full: the next one who connects is not even refused.
fn full(address: SocketAddr) -> (TcpListener, Vec<std::net::TcpStream>) {
    loop {
        let listener = listen(address, 1);
        let connect = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50)).ok();
        let waiting: Vec<_> = std::iter::from_fn(connect).collect();
        // One more than the backlog. With fewer of ours a guest was faster, and now waits in the queue: once more.
        if waiting.len() == 2 {
            return (listener, waiting);
        }
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, way: Way, arrivals: Arc<Mutex<Vec<Instant>>>) {
    let acceptor = match &way {
        Way::Tls(config) => Some(TlsAcceptor::from(Arc::clone(config))),
        _ => None,
    };
    // They end with this task.
    let mut connections = JoinSet::new();
    let mut silent = Vec::new();
    while let Ok((socket, _)) = listener.accept().await {
        arrivals.lock().unwrap().push(Instant::now());
        match &way {
            Way::Silent => silent.push(socket),
            Way::Resets => socket.set_zero_linger().unwrap(),
            _ => {
                let acceptor = acceptor.clone();
                connections.spawn(async move {
                    match acceptor {
                        Some(acceptor) => match acceptor.accept(socket).await {
                            Ok(outside) => hand_on(outside, server).await,
                            Err(_refused) => {}
                        },
                        None => hand_on(socket, server).await,
                    }
                });
            }
        }
    }
}

async fn hand_on(mut outside: impl AsyncRead + AsyncWrite + Unpin, server: SocketAddr) {
    if let Ok(mut inside) = TcpStream::connect(server).await {
        let _ended = copy_bidirectional(&mut outside, &mut inside).await;
    }
}
