//! `/-/reload`, as Prometheus has it.

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::text;
use crate::reload::{Refusal, Reloader};

/// The path.
pub(super) const RELOAD: &str = "/-/reload";

/// Reloads the configuration, and answers when that is done.
pub(super) async fn reload(reloader: Option<&Reloader>, method: &Method) -> Response {
    if !matches!(*method, Method::POST | Method::PUT) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Only POST and PUT.\n");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, PUT"));
        return response;
    }
    let Some(reloader) = reloader else {
        let message = "Reloading by HTTP is not enabled. Start with --web.enable-lifecycle, or send SIGHUP.\n";
        return text(StatusCode::FORBIDDEN, message);
    };
    match reloader.reload().await {
        Ok(()) => text(StatusCode::OK, "Reloaded.\n"),
        Err(Refusal::Faulty(faults)) => {
            text(StatusCode::INTERNAL_SERVER_ERROR, format!("Not reloaded, nothing has changed.\n{faults}\n"))
        }
        Err(Refusal::Stopping) => text(StatusCode::SERVICE_UNAVAILABLE, "Not reloaded: the exporter is stopping.\n"),
    }
}
