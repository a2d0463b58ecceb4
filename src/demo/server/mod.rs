//! What both simulated servers share: listening, the record of requests, faults.

pub mod audit;
pub mod fault;
mod listener;
mod wire;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, DATE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::audit::{Audit, Call};
use self::fault::{Fault, Faults, Scope};
use self::listener::{Cut, StoppableListener};
use crate::clock::Clock;
use crate::platform::PlatformName;

/// Longest request body that is read.
const MAX_REQUEST: usize = 1 << 20;

/// A request as it came.
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Decoded parameters in the order of the request.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    connection: Cut,
}

impl Received {
    /// A request that came over no connection.
    pub(crate) fn direct(method: &str, path: String, query: Vec<(String, String)>, headers: HeaderMap) -> Self {
        Self { method: method.to_owned(), path, query, headers, body: Bytes::new(), connection: Cut::default() }
    }

    /// The first parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &HeaderName) -> String {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
    }
}

/// What a request is, for the record and for choosing faults.
pub(crate) struct Look {
    pub(crate) target: String,
    pub(crate) identity: String,
    pub(crate) key_accepted: bool,
    pub(crate) violation: Option<&'static str>,
}

/// An answer before any fault touches it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) content: Content,
}

/// The body of an answer.
pub(crate) enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// Made piece by piece while it is sent, so that a large one needs little memory.
    Parts(Box<dyn Iterator<Item = Vec<u8>> + Send>),
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type, headers: Vec::new(), content: Content::Whole(body.into()) }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }
}

/// From how many pieces on a body is sent while it is made.
const MANY_PIECES: usize = 64;

impl Content {
    /// Pieces that are sent as they come; made at once, so that the length is known, when there are few.
    pub(crate) fn pieces(count: usize, pieces: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Self {
        let parts = Self::Parts(Box::new(pieces));
        if count < MANY_PIECES { Self::Whole(parts.whole()) } else { parts }
    }

    /// All of it at once.
    pub(crate) fn whole(self) -> Vec<u8> {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Parts(parts) => parts.flatten().collect(),
        }
    }
}

/// A platform's way to answer.
pub(crate) trait Service: Send + Sync + 'static {
    fn platform(&self) -> PlatformName;
    fn look(&self, request: &Received) -> Look;
    fn answer(&self, request: &Received) -> Answer;
    /// The platform's own body for an HTTP error status.
    fn error(&self, status: u16) -> Answer;
    /// The platform's own application error.
    fn fail(&self, code: u32) -> Answer;
}

struct Shared {
    service: Box<dyn Service>,
    clock: Arc<dyn Clock>,
    audit: Audit,
    faults: Faults,
}

/// Controls a running server. Clones control the same one.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    audit: Audit,
    faults: Faults,
    stop: CancellationToken,
}

impl ServerHandle {
    /// Switches a fault on. Of several that fit a request, the newest counts.
    pub fn set_fault(&self, fault: Fault, scope: Scope) {
        self.faults.set(fault, scope);
    }

    /// Switches all faults off. Answers that are under way keep theirs.
    pub fn clear_faults(&self) {
        self.faults.clear();
    }

    /// The record of all requests.
    #[must_use]
    pub const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Stops listening and breaks every connection.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

/// A server on a free port of the loopback address. It stops when it is dropped.
pub struct SimulatedServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its controls.
    pub handle: ServerHandle,
    key: String,
    monitoring_token: Option<String>,
}

impl fmt::Debug for SimulatedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedServer")
            .field("address", &self.address)
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}

impl SimulatedServer {
    pub(crate) async fn start(
        service: Box<dyn Service>,
        key: String,
        monitoring_token: Option<String>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let (audit, faults) = (Audit::default(), Faults::default());
        let handle = ServerHandle { audit: audit.clone(), faults: faults.clone(), stop: stop.clone() };
        let router = Router::new().fallback(receive).with_state(Arc::new(Shared { service, clock, audit, faults }));
        let listener = StoppableListener::new(listener, stop.clone());
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            // Serving never ends by itself; accept errors are retried inside.
            let _never = axum::serve(listener, router.into_make_service_with_connect_info::<Cut>()).await;
        }));
        Ok(Self { address, handle, key, monitoring_token })
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that it accepts.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.key
    }

    /// The token that it accepts for the status of the server itself; only Tactical RMM has one.
    #[must_use]
    pub fn monitoring_token(&self) -> Option<&str> {
        self.monitoring_token.as_deref()
    }
}

impl Drop for SimulatedServer {
    fn drop(&mut self) {
        self.handle.stop();
    }
}

/// Notes the end of a request when its answer has been sent, or was given up at any point.
struct Running {
    audit: Audit,
    number: u64,
    clock: Arc<dyn Clock>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.audit.ended(self.number, self.clock.now().steady);
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let received = shared.clock.now().steady;
    let (parts, body) = request.into_parts();
    let request = Received {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        headers: parts.headers,
        body: to_bytes(body, MAX_REQUEST).await.unwrap_or_default(),
        connection,
    };
    let look = shared.service.look(&request);
    let number = shared.audit.arrived(call(&request, &look, shared.service.platform(), received));
    let running = Running { audit: shared.audit.clone(), number, clock: Arc::clone(&shared.clock) };
    let fault = shared.faults.take(&look.target, &look.identity);
    let mut response = wire::respond(&*shared.service, &*shared.clock, &request, fault).await;
    // By the clock of this server, not of this machine.
    if let (headers, Ok(date)) = (response.headers_mut(), HeaderValue::try_from(wire::date(&*shared.clock, 0))) {
        headers.entry(DATE).or_insert(date);
    }
    shared.audit.answered(number, response.status().as_u16());
    // The closure keeps `running` for as long as the body lives; the length of the body stays known.
    response.map(|body| {
        Body::new(body.map_err(move |error| {
            let _keep = &running;
            error
        }))
    })
}

fn call(request: &Received, look: &Look, platform: PlatformName, received: Duration) -> Call {
    Call {
        received,
        ended: None,
        platform,
        method: request.method.clone(),
        target: look.target.clone(),
        identity: look.identity.clone(),
        key_accepted: look.key_accepted,
        user_agent: request.header(&USER_AGENT),
        accept: request.header(&ACCEPT),
        accept_encoding: request.header(&ACCEPT_ENCODING),
        authorization: request.headers.contains_key(AUTHORIZATION),
        status: None,
        violation: look.violation,
    }
}

#[cfg(test)]
mod tests;
