//! The way to a server, which can be cut.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Hands connections on to a server. It ends when it is dropped.
pub struct Wire {
    address: SocketAddr,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// How often all connections were cut.
    cuts: usize,
    /// New connections are closed at once.
    refuses: bool,
}

impl Wire {
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(State::default());
        let watched = state.subscribe();
        tokio::spawn(async move {
            let mut ending = watched.clone();
            let hand_on = async {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    if !watched.borrow().refuses {
                        tokio::spawn(connect(client, server, watched.clone()));
                    }
                }
            };
            tokio::select! {
                () = hand_on => (),
                () = async { while ending.changed().await.is_ok() {} } => (),
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes every connection, whatever is under way.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Closes every connection, and new ones too as long as that is so.
    pub fn refuse(&self, refuses: bool) {
        self.state.send_modify(|state| *state = State { cuts: state.cuts + usize::from(refuses), refuses });
    }
}

async fn connect(mut client: TcpStream, server: SocketAddr, mut state: watch::Receiver<State>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let cuts = state.borrow().cuts;
    tokio::select! {
        // How a connection ends is for its ends to judge.
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => (),
        _ = state.wait_for(|state| state.cuts > cuts) => (),
    }
}
