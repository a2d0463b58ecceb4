//! One request, one answer, within bounds. Shared by both platforms; knows neither XML nor JSON.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, Url};
use thiserror::Error;

use super::key::open_regular;
use crate::config::AccountConfig;
use crate::planner::Permit;

/// The longest pause that a server's Retry-After can cause. A larger value is cut: nobody waits a day unnoticed.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Time limit of a connection, TLS included, where the whole call may take longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection without a call is kept.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// The most connections of an account that are kept without a call.
const MAX_IDLE_CONNECTIONS: usize = 4;

/// Largest file of certificates: twice what all public authorities together take.
pub(crate) const MOST_CERTIFICATE_BYTES: u64 = 1024 * 1024;

/// How to reach a server.
#[derive(Clone)]
pub struct TransportOptions {
    /// Sent as User-Agent.
    pub user_agent: String,
    /// Time limit of a whole call, answer included.
    pub timeout: Duration,
    /// PEM file of a private certificate authority, trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate. Only for servers that cannot be given a proper one.
    pub insecure_skip_verify: bool,
    /// Proxy for every request. Without it the usual environment variables count, but not for loopback servers.
    pub proxy: Option<Url>,
    /// The server is on this machine: no proxy.
    pub loopback: bool,
}

impl TransportOptions {
    /// As the account is configured.
    #[must_use]
    pub fn of(config: &AccountConfig) -> Self {
        Self {
            user_agent: config.user_agent.clone(),
            timeout: config.timeout,
            ca_file: config.tls.ca_file.clone(),
            insecure_skip_verify: config.tls.insecure_skip_verify,
            proxy: config.proxy.clone(),
            loopback: config.is_loopback(),
        }
    }
}

/// Why a client cannot be built.
#[derive(Debug, Error)]
pub enum TransportSetupError {
    /// The certificate authority file cannot be read or holds no certificate.
    #[error("cannot use ca_file {path}: {reason}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Something else in the options.
    #[error("cannot set up the HTTP client: {0}")]
    Client(String),
}

/// Why there is no whole answer. No variant holds the URL: N-sight's key is part of it.
#[derive(Debug, Error)]
pub enum TransportError {
    /// No whole answer within the time limit.
    #[error("no whole answer within {}s", .0.as_secs_f64())]
    Timeout(Duration),
    /// Name resolution, TCP or TLS failed.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The connection broke before the answer was whole.
    #[error("the connection broke: {0}")]
    Interrupted(String),
    /// The body, compressed or not, is larger than allowed.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(u64),
    /// The compressed body cannot be decompressed.
    #[error("the answer cannot be decompressed: {0}")]
    Encoding(String),
}

/// A whole answer, whatever its status.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// Content-Type, lower case; empty without one.
    pub content_type: String,
    /// Retry-After, from seconds or a date, at most a day.
    pub retry_after: Option<Duration>,
    /// Date: when the server wrote the head of the answer, to the second, by its own clock.
    pub date: Option<Timestamp>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// An HTTP client for one account.
#[derive(Clone, Debug)]
pub struct Transport {
    client: Client,
    timeout: Duration,
}

impl Transport {
    /// Sets up a client. No connection is made.
    ///
    /// # Errors
    ///
    /// When the CA file cannot be used.
    pub fn new(options: &TransportOptions) -> Result<Self, TransportSetupError> {
        install_crypto();
        let mut builder = Client::builder()
            .user_agent(&options.user_agent)
            // A key must not travel to another host.
            .redirect(Policy::none())
            // The planner alone decides what is sent again, and when.
            .retry(reqwest::retry::never())
            // Ends before the whole call does, so that nobody who was not reached counts as working for us.
            .connect_timeout((options.timeout * 4 / 5).min(CONNECT_TIMEOUT))
            .timeout(options.timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .referer(false);
        if options.loopback {
            builder = builder.no_proxy();
        }
        if let Some(proxy) = &options.proxy {
            let proxy = reqwest::Proxy::all(proxy.clone()).map_err(|error| setup_error(&error))?;
            builder = builder.no_proxy().proxy(proxy);
        }
        if let Some(path) = &options.ca_file {
            builder = builder.tls_certs_merge(read_certificates(path)?);
        }
        if options.insecure_skip_verify {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        let client = builder.build().map_err(|error| setup_error(&error))?;
        Ok(Self { client, timeout: options.timeout })
    }

    /// Sends one request and reads the whole answer, at most `max_bytes` of it.
    ///
    /// # Errors
    ///
    /// When no whole answer arrives; a whole answer with a bad status is not an error here.
    pub async fn send(
        &self,
        _permit: Permit,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<Vec<u8>>,
        max_bytes: u64,
    ) -> Result<RawAnswer, TransportError> {
        let mut request = self.client.request(method, url).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let mut response = request.send().await.map_err(|error| self.classify(error))?;
        if response.content_length().is_some_and(|length| length > max_bytes) {
            return Err(TransportError::TooLarge(max_bytes));
        }
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header(reqwest::header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let date = header(DATE).and_then(parse_date);
        // By the clock that wrote it: a server whose clock is off does not mean hours when it says a minute.
        let written = date.map_or_else(wall_now, SystemTime::from);
        let retry_after = header(RETRY_AFTER).and_then(|value| parse_retry_after(value, written));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.classify(error))? {
            if (body.len() + chunk.len()) as u64 > max_bytes {
                return Err(TransportError::TooLarge(max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(RawAnswer { status, content_type, retry_after, date, body })
    }

    fn classify(&self, error: reqwest::Error) -> TransportError {
        let error = error.without_url();
        let reason = innermost(&error);
        // First, because connecting can time out too, and then no server is working for us.
        if error.is_connect() {
            TransportError::Connect(with_remedy(reason))
        } else if error.is_timeout() {
            TransportError::Timeout(self.timeout)
        } else if is_from_decompression(&error) {
            TransportError::Encoding(reason)
        } else {
            TransportError::Interrupted(reason)
        }
    }
}

/// Whether a decompressor failed, on a body that arrived whole. Its error is an I/O error by itself; those of the
/// connection, such as a reset or a damaged chunk, come inside an error of the HTTP library.
fn is_from_decompression(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause.filter(|cause| cause.is::<reqwest::Error>()) {
        cause = inner.source();
    }
    // What follows the compressed stream has no error type of its own, only these words.
    cause.is_some_and(|cause| cause.is::<std::io::Error>() || cause.to_string().contains("has been decompressed"))
}

/// What to do about the one refusal of a certificate that looks like a fault of `ca_file`.
fn with_remedy(reason: String) -> String {
    if !reason.contains("CaUsedAsEndEntity") {
        return reason;
    }
    format!(
        "{reason}: the server presents a self-signed certificate that is marked as a certificate authority, and such a one \
         is not accepted for a server, even when it is in ca_file; give the server a certificate that an authority of yours \
         has signed (or a self-signed one with basicConstraints CA:FALSE), and put that authority (or that certificate) \
         into ca_file"
    )
}

/// The last cause in the chain says what really happened ("connection refused"); the outer ones only where.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn setup_error(error: &reqwest::Error) -> TransportSetupError {
    TransportSetupError::Client(innermost(error))
}

/// The certificates of a `ca_file`.
fn read_certificates(path: &Path) -> Result<Vec<Certificate>, TransportSetupError> {
    let fail = |reason: String| TransportSetupError::CaFile { path: path.to_owned(), reason };
    let mut pem = Vec::new();
    let file = open_regular(path).map_err(fail)?;
    file.take(MOST_CERTIFICATE_BYTES + 1).read_to_end(&mut pem).map_err(|error| fail(error.to_string()))?;
    if pem.len() as u64 > MOST_CERTIFICATE_BYTES {
        return Err(fail(format!("it is larger than {MOST_CERTIFICATE_BYTES} bytes")));
    }
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| fail(innermost(&error)))?;
    if certificates.is_empty() {
        return Err(fail("it holds no certificate in PEM form".to_owned()));
    }
    Ok(certificates)
}

/// rustls wants one process-wide provider; ring is the one that builds with nothing but a C compiler.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A second installation fails, and then the first one serves as well.
        let _already = rustls::crypto::ring::default_provider().install_default();
    });
}

/// A date of a server that does not tell its own time is compared with the machine's clock, whatever clock the planner
/// lives by.
#[expect(clippy::disallowed_methods, reason = "HTTP dates are real dates")]
fn wall_now() -> SystemTime {
    SystemTime::now()
}

/// Retry-After as a time from `now`: seconds or an HTTP date, at most a day; a date that has passed is zero.
fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Digits fail only as a number too large.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// Date, which every HTTP server with a clock sends.
fn parse_date(value: &str) -> Option<Timestamp> {
    httpdate::parse_http_date(value).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
