//! An account that begins with what an earlier process, or an earlier configuration, knew.

use std::sync::Arc;

use jiff::Timestamp;

use super::Account;
use crate::clock::Moment;
use crate::collector::Collector;
use crate::planner::Entry;
use crate::platform::Platform;

impl<P: Platform> Account<P> {
    /// Publishes what is known before anything is asked, so that a restart leaves no gap.
    pub(super) fn restore(&mut self, up_before: Option<Entry>, now: Moment) {
        // An answer of long ago does not say that the platform is up now.
        let good_for = self.stale_after.get(&Collector::Inventory).copied().unwrap_or_default();
        let is_recent = |end: &Timestamp| now.wall < end.saturating_add(good_for).unwrap_or(Timestamp::MAX);
        self.up = match up_before {
            _ if self.planner.is_key_refused() => Some(false),
            Some(Entry { failed: true, ended: Some(ended), .. }) if is_recent(&ended) => Some(false),
            // Of a call that was given up, the one before tells.
            Some(Entry { failed: false, succeeded: Some(succeeded), .. }) if is_recent(&succeeded) => Some(true),
            // After a reload, what the predecessor said is still what is known.
            _ => self.was_published_up().then_some(true),
        };
        self.plan(now);
        let view = self.fleet().current(now.wall);
        self.valid_until = view.valid_until;
        self.journal.restored(&view);
        self.publisher.publish_fleet(&self.config.name, &Arc::new(view));
        self.render_due = None;
        self.report(now);
    }

    /// Whether a predecessor of the same name was up, and nothing was published since.
    fn was_published_up(&self) -> bool {
        self.publisher.snapshot().account(&self.config.name).is_some_and(|account| account.status().up)
    }
}
