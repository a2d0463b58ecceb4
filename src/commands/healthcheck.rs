//! `rmm-exporter healthcheck`: for a container that has no shell and no curl.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{CommandResult, Failure, block_on, print};
use crate::cli::Flags;
use crate::listen::ListenAddress;

const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Asks the exporter at the first listen address whether it is ready.
///
/// # Errors
///
/// When it is not ready, or does not answer within three seconds.
pub fn healthcheck(flags: &Flags) -> CommandResult {
    let address = flags.listen.first().ok_or("no --web.listen-address")?;
    block_on(async {
        let asked = tokio::time::timeout(TIME_LIMIT, ask(address))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let Answer { ready, text } = asked.map_err(|error| format!("no answer from {address}: {error}"))?;
        if !ready {
            return Err(Failure::from(format!("not ready: {text}")));
        }
        print(format!("{text}\n").as_bytes())?;
        Ok(ExitCode::SUCCESS)
    })
}

struct Answer {
    ready: bool,
    text: String,
}

async fn ask(address: &ListenAddress) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address.local_target().await?).await?;
    stream.write_all(b"GET /-/ready HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok(Answer { ready: head.split(' ').nth(1) == Some("200"), text: body.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn asked(answer: &'static str) -> Answer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("free port");
        let address = listener.local_addr().expect("bound").to_string().parse().expect("address");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("client");
            let mut request = [0; 512];
            let read = stream.read(&mut request).await.expect("request");
            assert!(request[..read].starts_with(b"GET /-/ready "));
            stream.write_all(answer.as_bytes()).await.expect("answered");
        });
        ask(&address).await.expect("answer")
    }

    #[tokio::test]
    async fn only_status_200_is_ready() {
        assert!(asked("HTTP/1.0 200 OK\r\n\r\nready\n").await.ready);
        let refused = asked("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 200\r\n\r\nno inventory yet\n").await;
        assert!(!refused.ready);
        assert_eq!(refused.text, "no inventory yet");
        assert!(!asked("").await.ready);
    }
}
