//! The TLS handshake.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS connection: a record of the handshake.
const HANDSHAKE: u8 = 0x16;
/// What somebody gets who speaks plain HTTP here, in the words of Go's servers, which people search for.
const WRONG_PROTOCOL: &[u8] = b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
/// How long, and how much, is read of what nobody wants; see [`farewell`].
const FAREWELL: Duration = Duration::from_secs(1);
const FAREWELL_BYTES: u64 = 64 * 1024;

/// Shakes hands. How long that may take is the caller's business.
///
/// # Errors
///
/// When the client goes away, does not speak TLS, or has no certificate where it needs one.
pub(in crate::http) async fn accept(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    // What comes is the handshake's to read.
    if stream.peek(&mut first).await? == 1 && first != [HANDSHAKE] {
        let [first] = first;
        refuse(stream, first).await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the client does not speak TLS"));
    }
    match TlsAcceptor::from(config).accept(stream).into_fallible().await {
        Ok(stream) => Ok(stream),
        Err((error, stream)) => {
            farewell(stream).await;
            Err(error)
        }
    }
}

async fn refuse(mut stream: TcpStream, first: u8) -> io::Result<()> {
    // Every method of HTTP begins with a capital.
    if first.is_ascii_uppercase() {
        stream.write_all(WRONG_PROTOCOL).await?;
    }
    farewell(stream).await;
    Ok(())
}

/// Ends a connection so that the client gets what was said last: a system that throws away bytes which nobody read tells the
/// other side to do the same.
async fn farewell(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let mut nowhere = tokio::io::sink();
        let mut rest = (&mut stream).take(FAREWELL_BYTES);
        let reading = tokio::io::copy(&mut rest, &mut nowhere);
        let _enough = tokio::time::timeout(FAREWELL, reading).await;
    }
}
