//! An HTTP server on loopback that takes every POST and keeps it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// Path and body of a request.
#[derive(Clone, Debug)]
pub struct Caught {
    pub path: String,
    pub authorization: Option<String>,
    pub body: Value,
}

/// An alert of a notification.
#[derive(Clone, Debug)]
pub struct Told {
    pub receiver: String,
    pub status: String,
    pub labels: Value,
    pub annotations: Value,
}

impl Told {
    pub fn label(&self, name: &str) -> &str {
        self.labels[name].as_str().unwrap_or_default()
    }
}

/// It listens until the test's process ends.
pub struct Catcher {
    pub address: SocketAddr,
    caught: Arc<Mutex<Vec<Caught>>>,
}

impl Catcher {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let caught = Arc::<Mutex<Vec<_>>>::default();
        let keep = Arc::clone(&caught);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let keep = Arc::clone(&keep);
                // A connection that breaks is one that nobody needs any more.
                thread::spawn(move || _ = serve(&stream, &keep));
            }
        });
        Self { address, caught }
    }

    pub fn caught(&self) -> Vec<Caught> {
        self.caught.lock().unwrap().clone()
    }

    /// The alerts of all webhook notifications so far, in their order; the receiver is the path.
    pub fn told(&self) -> Vec<Told> {
        let mut told = Vec::new();
        for Caught { path, body, .. } in self.caught() {
            for alert in body["alerts"].as_array().unwrap() {
                told.push(Told {
                    receiver: path.trim_start_matches('/').to_owned(),
                    status: alert["status"].as_str().unwrap().to_owned(),
                    labels: alert["labels"].clone(),
                    annotations: alert["annotations"].clone(),
                });
            }
        }
        told
    }
}

fn serve(stream: &TcpStream, keep: &Mutex<Vec<Caught>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut length, mut authorization) = (0, None);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => authorization = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body = serde_json::from_slice(&body).unwrap();
        keep.lock().unwrap().push(Caught { path, authorization, body });
        (&*stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")?;
    }
}
