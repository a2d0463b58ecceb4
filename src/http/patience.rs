//! How long a connection may take over each thing it does.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http_body_util::BodyExt as _;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The longest time for each phase; then the connection is closed, and what it held is free again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Until the head of the first request has arrived.
    pub(super) connected: Duration,
    /// From the head of a request to the end of its answer.
    pub(super) answering: Duration,
    /// From the end of an answer to the head of the next request.
    pub(super) idle: Duration,
}

impl Default for Patience {
    /// Idle time is longer than the usual scrape intervals, so that Prometheus keeps its connection. Prometheus gives up an
    /// answer after 10 seconds, unless told otherwise.
    fn default() -> Self {
        Self { connected: Duration::from_secs(10), answering: Duration::from_secs(30), idle: Duration::from_mins(2) }
    }
}

/// What a connection is doing, and since when.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// It has not asked for anything yet.
    Connected(Instant),
    /// An answer is made or sent.
    Answering(Instant),
    /// Its last answer has ended.
    Idle(Instant),
}

/// The phase of one connection, for whoever must know it.
#[derive(Clone, Debug)]
pub(super) struct Watch(Arc<watch::Sender<Phase>>);

impl Watch {
    /// Of a connection that was just accepted.
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Connected(Instant::now()))))
    }

    /// What it is doing now.
    pub(super) fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits until a phase lasts too long, and tells which.
    pub(super) async fn out_of(&self, patience: Patience) -> Phase {
        let mut changes = self.0.subscribe();
        loop {
            let phase = *changes.borrow_and_update();
            let deadline = match phase {
                Phase::Connected(since) => since + patience.connected,
                Phase::Answering(since) => since + patience.answering,
                Phase::Idle(since) => since + patience.idle,
            };
            tokio::select! {
                biased;
                // We hold the sender ourselves: there is always another change to wait for.
                _ = changes.changed() => (),
                () = sleep_until(deadline) => return phase,
            }
        }
    }
}

/// The pages for one connection, which notes when a request comes and when its answer has ended.
pub(super) fn watched(router: Router, watch: &Watch) -> Router {
    let watch = watch.clone();
    router.layer(from_fn(move |request: Request, next: Next| {
        let watch = watch.clone();
        async move {
            watch.0.send_replace(Phase::Answering(Instant::now()));
            let end = End(watch);
            let response: Response = next.run(request).await;
            response.map(|body| {
                // The body owns the end: it comes when the body was sent, or given up.
                Body::new(body.map_err(move |error| {
                    let _ = &end;
                    error
                }))
            })
        }
    }))
}

/// The end of an answer.
struct End(Watch);

impl Drop for End {
    fn drop(&mut self) {
        self.0.0.send_replace(Phase::Idle(Instant::now()));
    }
}
