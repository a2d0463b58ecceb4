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

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::reload::{Outcome, channel};

    async fn read(response: Response) -> (u16, String) {
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        (status, String::from_utf8(body.into()).unwrap())
    }

    #[tokio::test]
    async fn without_the_flag_nothing_is_reloaded() {
        for (method, status) in [(Method::POST, 403), (Method::PUT, 403), (Method::GET, 405), (Method::HEAD, 405)] {
            let response = reload(None, &method).await;
            assert_eq!(response.headers().contains_key(header::ALLOW), status == 405);
            let (found, body) = read(response).await;
            assert_eq!((found, body.contains("--web.enable-lifecycle")), (status, status == 403), "{body}");
        }
    }

    #[tokio::test]
    async fn the_answer_comes_after_the_reload_and_tells_what_came_of_it() {
        let (reloader, mut requests) = channel();
        assert_eq!(read(reload(Some(&reloader), &Method::GET).await).await.0, 405);
        let faulty: Outcome = Err(Refusal::Faulty("a.yml:3:5: x: wrong".to_owned()));
        for (outcome, status, words) in
            [(Ok(()), 200, "Reloaded."), (faulty, 500, "nothing has changed.\na.yml:3:5: x: wrong\n")]
        {
            let asked = tokio::spawn({
                let reloader = reloader.clone();
                async move { read(reload(Some(&reloader), &Method::POST).await).await }
            });
            let waiting = requests.next().await;
            assert!(!asked.is_finished());
            waiting.tell(&outcome);
            let (found, body) = asked.await.unwrap();
            assert!(found == status && body.contains(words), "{found} {body}");
        }
        drop(requests);
        assert_eq!(read(reload(Some(&reloader), &Method::PUT).await).await.0, 503);
    }
}
