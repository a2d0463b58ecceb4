//! `rmm-exporter healthcheck`: for a container that has no shell and no curl.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{CommandResult, Failure, block_on, print};
use crate::cli::Flags;
use crate::http::REALM;
use crate::listen::ListenAddress;

const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Asks the exporter at the first listen address whether it is ready; by TLS where that is spoken. Where it wants a password
/// or a client certificate, which nobody gives to a health check, it counts as healthy that the exporter says so.
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
            return Err(Failure::from(refusal(&text)));
        }
        print(format!("{text}\n").as_bytes())?;
        Ok(ExitCode::SUCCESS)
    })
}

/// What is said of one that is not ready: its own words, which begin so, or somebody else's.
fn refusal(text: &str) -> String {
    match text {
        "" => "not ready: it did not say why".to_owned(),
        ours if ours.starts_with("Not ready:") => ours.to_owned(),
        other => format!("not ready: {other}"),
    }
}

#[derive(Debug)]
struct Answer {
    ready: bool,
    text: String,
}

async fn ask(address: &ListenAddress) -> io::Result<Answer> {
    let target = address.local_target().await?;
    let answer = exchange(TcpStream::connect(target).await?).await?;
    if !(answer.starts_with("HTTP/1.0 400 ") && answer.contains("HTTPS server")) {
        return Ok(judge(&answer));
    }
    match ask_by_tls(target).await {
        Ok(answer) => Ok(judge(&answer)),
        Err(error) if wants_certificate(&error) => {
            Ok(Answer { ready: true, text: "It serves, for clients with a certificate.".to_owned() })
        }
        Err(error) => Err(error),
    }
}

fn judge(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let ours = || head.contains(REALM);
    match head.split(' ').nth(1) {
        Some("401") if ours() => Answer { ready: true, text: "It serves, for users with a password.".to_owned() },
        Some("429") => Answer { ready: true, text: "It serves; more requests than its rate limit come in.".to_owned() },
        status => Answer { ready: status == Some("200"), text: body.trim().to_owned() },
    }
}

/// Sends the request, which holds no secret, and takes the answer.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<String> {
    stream.write_all(b"GET /-/ready HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    match stream.take(64 * 1024).read_to_end(&mut answer).await {
        // The other side may end TLS without a word.
        Err(error) if answer.is_empty() || error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

async fn ask_by_tls(target: SocketAddr) -> io::Result<String> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let stream = TcpStream::connect(target).await?;
    exchange(TlsConnector::from(Arc::new(config)).connect(target.ip().into(), stream).await?).await
}

/// Whether TLS failed only because we have no certificate.
fn wants_certificate(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)))
}

/// Takes any certificate: the exporter asks itself, on this machine, and tells nothing.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
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

    #[test]
    fn what_is_not_ready_is_said_once() {
        assert_eq!(refusal("Not ready: account uk waits"), "Not ready: account uk waits");
        assert_eq!(refusal("no inventory yet"), "not ready: no inventory yet");
        assert_eq!(refusal(""), "not ready: it did not say why");
    }

    #[tokio::test]
    async fn an_exporter_that_asks_for_a_password_serves() {
        let ours = format!("HTTP/1.1 401 Unauthorized\r\nwww-authenticate: {REALM}\r\n\r\nA password!\n");
        assert!(asked(ours.leak()).await.ready);
        let other = asked("HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\n\r\nA password!\n").await;
        assert!(!other.ready && other.text == "A password!", "that is somebody else");
        assert!(asked("HTTP/1.1 429 Too Many Requests\r\n\r\n").await.ready);
    }
}
