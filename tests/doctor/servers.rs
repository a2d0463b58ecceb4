//! Servers that fail in ways of their own, and one that speaks TLS before a simulated one.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Answers every request with these bytes, in which `{path}` stands for path and query of the request.
pub async fn answering(response: impl Fn(&str) -> String + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 16 * 1024];
            let read = socket.read(&mut request).await.unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            if !request.is_empty() {
                let _gone = socket.write_all(response(&request).as_bytes()).await;
            }
        }
    });
    address
}

/// A whole HTTP answer after which the connection closes.
pub fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A private authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("key");
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Acme Private CA");
        let pem = parameters.self_signed(&key).expect("certificate").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// A server certificate for that name which expires in so many days.
    pub fn issue(&self, name: &str, days: i64) -> ServerConfig {
        let key = KeyPair::generate().expect("key");
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).expect("name");
        let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days + 1);
        let until = until.to_zoned(jiff::tz::TimeZone::UTC).date();
        let month = u8::try_from(until.month()).expect("month");
        let day = u8::try_from(until.day()).expect("day");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(i32::from(until.year()), month, day);
        let certificate = parameters.signed_by(&key, &self.issuer).expect("certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("certificate and key")
    }
}

/// Speaks TLS on a port of its own and hands everything on to `server`.
pub async fn tls_before(server: SocketAddr, config: ServerConfig) -> u16 {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let port = listener.local_addr().expect("address").port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(socket).await else { return };
                let Ok(mut inside) = TcpStream::connect(server).await else { return };
                let _ended = copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    port
}
