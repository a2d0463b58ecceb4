//! A server with a web configuration, its certificates, and a client that sends exactly what it is told.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rmm_exporter::clock::SystemClock;
use rmm_exporter::http::{Options, Web, router, serve};
use rmm_exporter::metrics::{AccountSetup, AccountStatus, Limits, Publisher};
use rmm_exporter::platform::PlatformName;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::views::{shared, synthetic};

/// A bcrypt hash of the smallest cost, so that tests are fast.
pub fn hash(password: &str) -> String {
    bcrypt::hash_with_salt(password, 4, rand::random()).unwrap().format_for_version(bcrypt::Version::TwoY)
}

/// The header of basic authentication.
pub fn basic(user: &str, password: &str) -> String {
    format!(
        "Authorization: Basic {}\r\n",
        base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
    )
}

/// A private authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// A certificate for these names and its key.
    pub fn issue(&self, names: &[&str]) -> (String, String) {
        self.issue_as(IsCa::NoCa, names)
    }

    /// The same, also of one that says it is an authority.
    pub fn issue_as(&self, is_ca: IsCa, names: &[&str]) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.is_ca = is_ca;
        (parameters.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// A folder with a web configuration, a certificate and its key.
pub struct Folder {
    directory: TempDir,
    pub authority: Authority,
}

impl Folder {
    pub fn new() -> Self {
        let folder = Self { directory: TempDir::new().unwrap(), authority: Authority::new("Test authority") };
        folder.write("ca.pem", &folder.authority.pem);
        folder.issue(&["localhost", "127.0.0.1"]);
        folder
    }

    /// Replaces the server's certificate.
    pub fn issue(&self, names: &[&str]) {
        let (certificate, key) = self.authority.issue(names);
        self.write("server.key", &key);
        self.write("server.pem", &certificate);
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// TLS with this folder's certificate, and `more` keys.
    pub fn tls(&self, more: &str) -> PathBuf {
        self.write("web.yml", &format!("tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n{more}"))
    }
}

/// A server in this process.
pub struct Server {
    pub address: SocketAddr,
    shutdown: CancellationToken,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// It has an account without devices.
    pub fn start(web: Option<&Path>) -> Self {
        Self::with(web, 0)
    }

    /// Its exposition has several megabytes, more than the buffers between it and a client; two may have it at once.
    pub fn large(web: Option<&Path>) -> Self {
        Self::with(web, 1000)
    }

    fn with(web: Option<&Path>, devices: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let publisher = Publisher::new();
        let status =
            AccountStatus { ready: true, up: true, ..AccountStatus::new(PlatformName::Nsight, "uk", "rmm.example") };
        publisher.configure(vec![AccountSetup { status, limits: Limits::default() }]);
        publisher.publish_fleet("uk", &shared(synthetic(devices)));
        let web = web.map(|path| Web::load(path).unwrap_or_else(|errors| panic!("{errors}")));
        let options = Options { max_requests: 2, web: web.clone(), ..Options::default() };
        let router = router(Arc::new(publisher), Arc::new(SystemClock), options);
        let shutdown = CancellationToken::new();
        runtime.spawn(serve(listener, router, web, shutdown.clone()));
        Self { address, shutdown, _runtime: runtime }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.set_write_timeout(Some(Duration::from_mins(1))).unwrap();
        stream
    }

    /// Sends these bytes over plain TCP and takes everything that comes until the end.
    pub fn exchange(&self, bytes: &[u8]) -> String {
        exchange(self.connect(), bytes).unwrap()
    }

    /// The answer to a plain GET with these more headers.
    pub fn get(&self, path: &str, headers: &str) -> String {
        self.exchange(request(path, headers).as_bytes())
    }

    /// The answer to a GET by TLS.
    pub fn get_by_tls(&self, client: &Client, path: &str, headers: &str) -> io::Result<String> {
        exchange(client.connect(self.connect())?, request(path, headers).as_bytes())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub fn request(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n{headers}\r\n")
}

pub fn exchange(mut stream: impl Read + Write, bytes: &[u8]) -> io::Result<String> {
    stream.write_all(bytes)?;
    stream.flush()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The status of an answer; 0 of none.
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// Asks until the answer is as it should be: changed files are noticed within about a second.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + crate::support::PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A TLS client.
pub struct Client(Arc<ClientConfig>);

impl Client {
    /// It trusts this authority, and shows this certificate.
    pub fn new(
        authority: &str,
        versions: &[&'static SupportedProtocolVersion],
        certificate: Option<&(String, String)>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match certificate {
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        Self(Arc::new(config))
    }

    /// It trusts this authority, and is like any client else.
    pub fn trusting(authority: &str) -> Self {
        Self::new(authority, rustls::ALL_VERSIONS, None)
    }

    pub fn connect(&self, stream: TcpStream) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.0), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }
}
