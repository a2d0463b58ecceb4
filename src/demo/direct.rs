//! What the simulated servers answer, without a network: for whole days in virtual time.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::nsight::Nsight;
use super::server::{Received, Service};
use super::tactical::Tactical;
use super::world::World;

/// The key, and the token, that these servers accept: nobody else can ask them.
const KEY: &str = "DIRECT";

/// A simulated server that is asked by a function call. It answers what the one on loopback would, at the time of the world's clock.
pub struct Direct {
    service: Box<dyn Service>,
}

/// An answer before any fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectAnswer {
    /// HTTP status.
    pub status: u16,
    /// Content-Type.
    pub content_type: &'static str,
    /// All of the body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").field("platform", &self.service.platform()).finish_non_exhaustive()
    }
}

impl Direct {
    /// The N-sight server.
    #[must_use]
    pub fn nsight(world: Arc<World>) -> Self {
        Self { service: Box::new(Nsight::new(world, KEY.to_owned())) }
    }

    /// The Tactical RMM server.
    #[must_use]
    pub fn tactical(world: Arc<World>) -> Self {
        Self { service: Box::new(Tactical::new(world, KEY.to_owned(), KEY.to_owned())) }
    }

    /// What N-sight answers to a service with these parameters.
    #[must_use]
    pub fn service(&self, service: &str, parameters: impl IntoIterator<Item = (String, String)>) -> DirectAnswer {
        let fixed = [("apikey", KEY), ("service", service)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = fixed.into_iter().chain(parameters).collect();
        self.answer(&Received::direct("GET", "/api/".to_owned(), query, HeaderMap::new()))
    }

    /// What Tactical RMM answers to a request of that method and path, which begins with a slash, with that JSON as its body.
    #[must_use]
    pub fn path(&self, method: &str, path: &str, body: Option<&'static str>) -> DirectAnswer {
        let headers = [("x-api-key", KEY), ("x-mon-token", KEY), ("content-type", "application/json")];
        let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers = headers.map(header).into_iter().collect();
        let mut received = Received::direct(method, path.to_owned(), Vec::new(), headers);
        received.body = Bytes::from_static(body.unwrap_or_default().as_bytes());
        self.answer(&received)
    }

    fn answer(&self, request: &Received) -> DirectAnswer {
        let answer = self.service.answer(request);
        DirectAnswer { status: answer.status, content_type: answer.content_type, body: answer.content.whole() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::PinnedClock;

    #[test]
    fn it_answers_at_the_time_of_the_world() {
        let clock = PinnedClock::at("2026-03-04T09:15:02Z".parse().unwrap());
        let world = Arc::new(World::usual(40, 1, Arc::new(clock.clone())));
        let (nsight, tactical) = (Direct::nsight(Arc::clone(&world)), Direct::tactical(world));
        let clients = || nsight.service("list_clients", []);
        let before = clients();
        assert_eq!(before.status, 200);
        // Its zone is its own.
        let says = |body: &[u8], day: &str| {
            let body = String::from_utf8_lossy(body).into_owned();
            body.contains(&format!("created=\"{day}T")) && body.contains(":15:02")
        };
        assert!(says(&before.body, "2026-03-04"), "{before:?}");
        clock.advance(std::time::Duration::from_hours(24));
        assert!(says(&clients().body, "2026-03-05"));
        let client = || nsight.service("list_sites", [("clientid".to_owned(), "1".to_owned())]);
        assert!(String::from_utf8_lossy(&client().body).contains("Invalid value for parameter: clientid"));
        assert_eq!(tactical.path("GET", "/agents/", None).status, 200);
        assert_eq!(tactical.path("PATCH", "/alerts/", Some(r#"{"resolvedFilter":false}"#)).status, 200);
        assert_eq!(tactical.path("GET", "/agents/unknown-agent-of-no-server/", None).status, 404);
    }
}
