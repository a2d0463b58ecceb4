//! TLS: the handshake, the chain and the server's certificate.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, ProtocolVersion, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::certificate::{Leaf, refusal};
use super::report::{Line, Verdict};
use super::target::Target;
use crate::config::TlsOptions;
use crate::platform::key::open_regular;

const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Examines TLS over a connection to the server, by the account's own options. Nothing is sent but the handshake.
pub async fn examine(stream: TcpStream, target: &Target, options: &TlsOptions, now: Timestamp) -> Vec<Line> {
    let verifier = match verifier(options) {
        Ok(verifier) => Arc::new(verifier),
        Err(line) => return vec![line],
    };
    let name = match ServerName::try_from(target.host.clone()) {
        Ok(name) => name,
        Err(error) => return vec![Line::bad("tls", error.to_string(), "write a host name or an address in server")],
    };
    let config = ClientConfig::builder_with_provider(Arc::clone(&verifier.provider))
        .with_safe_default_protocol_versions()
        .map(|builder| {
            let mut config = builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
                .with_no_client_auth();
            // As the HTTP client offers them.
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            config
        });
    let config = match config {
        Ok(config) => Arc::new(config),
        Err(error) => {
            return vec![Line::bad("tls", error.to_string(), "this is a bug of the exporter: please report it")];
        }
    };
    let handshake = TlsConnector::from(config).connect(name, stream);
    let protocol = match tokio::time::timeout(TIME_LIMIT, handshake).await {
        Ok(Ok(stream)) => stream.get_ref().1.protocol_version(),
        Ok(Err(error)) => return vec![no_handshake(&error)],
        Err(_) => {
            return vec![Line::bad(
                "tls",
                "the server does not answer the handshake within 10 s",
                "check that the port speaks TLS, and that no firewall holds it up",
            )];
        }
    };
    let mut lines = vec![Line::ok("tls", words(protocol))];
    if let Some(seen) = verifier.seen() {
        lines.extend(judge(&seen, target, options, now));
    }
    lines
}

fn words(protocol: Option<ProtocolVersion>) -> String {
    match protocol {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The chain, and the age of the certificate.
fn judge(seen: &Seen, target: &Target, options: &TlsOptions, now: Timestamp) -> Vec<Line> {
    let leaf = seen.leaf.as_ref();
    let lenient = options.insecure_skip_verify;
    let expiry = leaf.map(|leaf| leaf.expiry(now, lenient));
    let expired = |error: &rustls::Error| {
        use CertificateError::{Expired, ExpiredContext};
        matches!(error, rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }))
            && leaf.is_some_and(|leaf| leaf.not_after < now)
    };
    let chain = match &seen.verified {
        Ok(()) if lenient => Line::warn(
            "chain",
            "the chain is good, but insecure_skip_verify would accept any: anyone on the way could read the key",
            "take insecure_skip_verify out of the configuration",
        ),
        Ok(()) => {
            let issuer = leaf.map(|leaf| format!(", issued by \"{}\"", leaf.issuer)).unwrap_or_default();
            Line::ok("chain", format!("verified for {}{issuer}", target.host))
        }
        Err(error) if expired(error) => Line::skip("chain", "not looked at: the certificate has expired"),
        Err(error) => {
            let (finding, remedy) = refusal(error, leaf, &target.host);
            if lenient {
                let finding =
                    format!("{finding}; insecure_skip_verify accepts it, and anyone on the way can read the key");
                Line::warn("chain", finding, format!("{remedy}; then take insecure_skip_verify out"))
            } else {
                Line::bad("chain", finding, remedy)
            }
        }
    };
    std::iter::once(chain).chain(expiry).collect()
}

/// Whether a request would go through.
#[must_use]
pub fn is_good(lines: &[Line]) -> bool {
    lines.iter().all(|line| line.verdict != Verdict::Bad)
}

fn no_handshake(error: &std::io::Error) -> Line {
    let reason = error.to_string();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (finding, remedy) = match inner {
        Some(rustls::Error::InvalidMessage(_)) => (
            "what answers there does not speak TLS".to_owned(),
            "check the port in server: https:// needs the port of TLS, as a rule 443",
        ),
        Some(rustls::Error::AlertReceived(_) | rustls::Error::PeerIncompatible(_)) => (
            format!("the server and this program have no way of TLS in common: {reason}"),
            "switch TLS 1.2 or 1.3 on in the web server; if it asks for a client certificate, switch that off",
        ),
        _ => (
            format!("the handshake failed: {reason}"),
            "check that the port speaks TLS, and whether a firewall cuts the connection",
        ),
    };
    Line::bad("tls", finding, remedy)
}

/// What the server presented.
#[derive(Clone, Debug)]
struct Seen {
    leaf: Option<Leaf>,
    verified: Result<(), rustls::Error>,
}

/// Verifies as the HTTP client does, remembers the result, and lets the handshake go on whatever it is, so that everything
/// can be told. No request follows on such a connection.
#[derive(Debug)]
struct Remembering {
    inner: Verifier,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<Seen>>,
}

impl Remembering {
    fn seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn verifier(options: &TlsOptions) -> Result<Remembering, Line> {
    let provider = Arc::new(ring::default_provider());
    let inner = match &options.ca_file {
        Some(path) => {
            let authorities = authorities(path).map_err(|reason| {
                Line::bad(
                    "tls",
                    format!("cannot use ca_file {}: {reason}", path.display()),
                    "name a readable PEM file that holds the certificate of the authority",
                )
            })?;
            Verifier::new_with_extra_roots(authorities, Arc::clone(&provider))
        }
        None => Verifier::new(Arc::clone(&provider)),
    };
    let inner = inner.map_err(|error| {
        Line::bad(
            "tls",
            format!("this machine has no list of trusted authorities: {error}"),
            "install the package ca-certificates, or name a ca_file",
        )
    })?;
    Ok(Remembering { inner, provider, seen: Mutex::new(None) })
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut pem = Vec::new();
    open_regular(path)?.read_to_end(&mut pem).map_err(|error| error.to_string())?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    certificates.map_err(|error| error.to_string())
}

impl ServerCertVerifier for Remembering {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let seen = Seen { leaf: Leaf::read(end_entity), verified: verified.map(|_| ()) };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
