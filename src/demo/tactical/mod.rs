//! The simulated Tactical RMM server: JSON over many paths.

mod about;
mod agents;
mod alerts;
mod checks;
mod clients;
mod detail;
mod route;

use std::sync::Arc;

use axum::http::header::{ALLOW, AUTHORIZATION, LOCATION, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;

use self::route::{Route, identity, route, violation};
use super::server::{Answer, Look, Received, Service};
use super::world::World;
use super::world::tactical::TacticalAgent;
use crate::platform::PlatformName;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// The server.
pub(super) struct Tactical {
    world: Arc<World>,
    key: String,
    monitoring_token: String,
}

impl Tactical {
    pub(super) const fn new(world: Arc<World>, key: String, monitoring_token: String) -> Self {
        Self { world, key, monitoring_token }
    }

    fn key_accepted(&self, request: &Received) -> bool {
        request.headers.get("x-api-key").is_some_and(|key| key.as_bytes().trim_ascii() == self.key.as_bytes())
    }

    /// The answer to a request without a good key, or whose key lacks the permission: that comes before everything else.
    fn refused(&self, request: &Received, route: Route<'_>) -> Option<Answer> {
        if matches!(route, Route::Alive | Route::ServerStatus) {
            return None; // The API key means nothing there.
        }
        let token = request.headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Token"));
        if request.headers.get("x-api-key").is_none_or(HeaderValue::is_empty) && !token {
            return Some(unauthorized("Authentication credentials were not provided."));
        }
        if token || !self.key_accepted(request) {
            return Some(unauthorized("Invalid token."));
        }
        let role = self.world.tactical_switches().role();
        let allowed = route.permission().is_none_or(|permission| role.allows(permission));
        (!allowed).then(forbidden)
    }

    fn agent(&self, agent_id: &str, answer: impl FnOnce(&TacticalAgent, Timestamp) -> Answer) -> Answer {
        let at = self.world.now();
        match self.world.tactical_agent(agent_id, at) {
            Some(agent) => answer(&agent, at),
            None => detail(404, "No Agent matches the given query."),
        }
    }
}

impl Service for Tactical {
    fn platform(&self) -> PlatformName {
        PlatformName::Tactical
    }

    fn look(&self, request: &Received) -> Look {
        // Each call has its own credential.
        let key_accepted = match route(&request.path) {
            Some(Route::ServerStatus) => about::token_accepted(&self.world, &self.monitoring_token, request),
            _ => self.key_accepted(request),
        };
        Look { target: request.path.clone(), identity: identity(request), key_accepted, violation: violation(request) }
    }

    fn answer(&self, request: &Received) -> Answer {
        if !request.path.ends_with('/') {
            let mut answer = Answer::new(301, HTML, "");
            if let Ok(location) = HeaderValue::from_str(&format!("{}/", request.path)) {
                answer.headers.push((LOCATION, location));
            }
            return answer;
        }
        let Some(route) = route(&request.path) else { return page(404) };
        let at = self.world.now();
        if let Some(refused) = self.refused(request, route) {
            return refused;
        }
        // The others tell methods apart themselves.
        let read_only = !matches!(route, Route::Alive | Route::ServerStatus | Route::Alerts);
        if read_only && request.method != "GET" {
            return page(500);
        }
        match route {
            Route::Alive => Answer::new(200, JSON, r#"{"status":"ok"}"#),
            Route::ServerStatus => about::status(&self.world, &self.monitoring_token, request, at),
            Route::Alerts => alerts::answer(&self.world, request, at),
            Route::Version => json(&"0.0.203"),
            Route::Dashboard => about::dashboard(),
            Route::CustomFields => about::custom_fields(),
            Route::Clients => clients::list(&self.world, at),
            Route::Agents => agents::list(&self.world, request, at),
            Route::Agent(id) => self.agent(id, |agent, at| detail::answer(&self.world, agent, at)),
            Route::Checks(id) => self.agent(id, |agent, at| checks::checks(&self.world, agent, at)),
            Route::Tasks(id) => self.agent(id, |agent, at| checks::tasks(&self.world, agent, at)),
            Route::Updates(id) => self.agent(id, |agent, at| checks::updates(&self.world, agent, at)),
        }
    }

    fn error(&self, status: u16) -> Answer {
        match status {
            401 => unauthorized("Invalid token."),
            403 => forbidden(),
            404 => detail(404, "No Agent matches the given query."),
            429 => detail(429, "Request was throttled. Expected available in 57 seconds."),
            502..=504 => nginx(status),
            _ => page(status),
        }
    }

    fn fail(&self, _code: u32) -> Answer {
        Answer::new(400, JSON, "\"monitoring type does not exist\"")
    }
}

/// A good answer.
fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(body) => Answer::new(200, JSON, body)
            .with(ALLOW, "GET, HEAD, OPTIONS")
            .with(VARY, "origin")
            .with(HeaderName::from_static("x-content-type-options"), "nosniff"),
        Err(_) => page(500),
    }
}

fn detail(status: u16, text: &str) -> Answer {
    Answer::new(status, JSON, format!("{{\"detail\":\"{text}\"}}")).with(VARY, "origin")
}

fn unauthorized(text: &str) -> Answer {
    detail(401, text).with(WWW_AUTHENTICATE, "Token")
}

fn forbidden() -> Answer {
    detail(403, "You do not have permission to perform this action.")
}

/// The application's own error pages.
fn page(status: u16) -> Answer {
    let (title, text) = match status {
        404 => ("Not Found", "The requested resource was not found on this server."),
        400 => ("Bad Request (400)", ""),
        _ => ("Server Error (500)", ""),
    };
    let body = format!(
        "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>{title}</title>\n</head>\n<body>\n  \
         <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
    );
    Answer::new(status, HTML, body).with(VARY, "origin")
}

/// The error pages of the web server in front of the application.
fn nginx(status: u16) -> Answer {
    let reason = match status {
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        _ => "Gateway Time-out",
    };
    let body = format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    Answer::new(status, "text/html", body)
}

/// A time as the server's Python writes it: six digits of a second, or none when they are zero.
fn iso(at: Timestamp) -> String {
    let format = if at.subsec_nanosecond() < 1_000 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests;
