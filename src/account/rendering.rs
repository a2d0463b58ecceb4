//! From the fleet to what is published, off the runtime's own threads.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinError;

use super::{Account, lock};
use crate::clock::{Moment, processor_time};
use crate::platform::Platform;

/// After a rendering that broke off the next one is tried.
const RETRY_RENDER: Duration = Duration::from_secs(30);
/// Changes within this time share one rendering.
pub(super) const RENDER_DELAY: Duration = Duration::from_millis(200);
/// From one rendering to the next, at least.
const RENDER_PERIOD: Duration = Duration::from_secs(1);
/// Rendering may take at most this share of a processor (one part in N).
const RENDER_SHARE: u32 = 10;

/// A rendering that is published.
#[derive(Debug)]
pub(super) struct Rendered {
    /// When the first of it is too old to be shown; `None` when there is nothing to show.
    valid_until: Option<Timestamp>,
    /// Processor time.
    took: Duration,
}

impl<P: Platform> Account<P> {
    pub(super) fn render_soon(&mut self, now: Moment) {
        self.render_due.get_or_insert(now.steady + RENDER_DELAY);
    }

    /// When to render; `None` while that is under way, or when nothing changed.
    pub(super) fn next_render(&self) -> Option<Duration> {
        let due = self.render_due.filter(|_| self.renders.is_empty())?;
        Some(due.max(self.render_rested))
    }

    /// Renders off the runtime's own threads: at 50,000 devices it takes seconds.
    pub(super) fn render(&mut self, now: Moment) {
        self.render_due = None;
        self.render_began = now.steady;
        let (fleet, publisher) = (Arc::clone(&self.fleet), Arc::clone(&self.publisher));
        let account = self.config.name.clone();
        self.renders.spawn_blocking(move || {
            let began = processor_time();
            let view = lock(&fleet).current(now.wall);
            let valid_until = view.valid_until;
            publisher.publish_fleet(&account, &Arc::new(view));
            Rendered { valid_until, took: processor_time().saturating_sub(began) }
        });
    }

    pub(super) fn rendered(&mut self, result: Result<Rendered, JoinError>) {
        match result {
            Ok(Rendered { valid_until, took }) => {
                self.valid_until = valid_until;
                // The first data need not wait because a fleet without any was rendered.
                if valid_until.is_some() {
                    self.render_rested = self.render_began + (took * RENDER_SHARE).max(RENDER_PERIOD);
                }
            }
            Err(error) => {
                self.journal.render_failed(&error);
                // What is published must not outlive its time.
                self.render_due = Some(self.clock.now().steady + RETRY_RENDER);
            }
        }
    }
}
