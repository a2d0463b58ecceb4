//! What the platform said that it no longer knows, until it shows that it is well.
//!
//! On a fault one sort of answer comes to every call, and "no such object" may be that sort: believed at once, it would take
//! the whole fleet away. So a denial waits for the call that tells whether the platform is up: as long as that one fails,
//! nothing is gone.

use std::collections::HashMap;
use std::time::Duration;

use tracing::debug;

use super::{Account, without_holding_a_worker};
use crate::clock::Moment;
use crate::fleet::Gone;
use crate::platform::{Failure, Platform};

/// Objects that were denied and are still known, each with the moment when that was said first.
#[derive(Debug, Default)]
pub(super) struct Denials(HashMap<Gone, Moment>);

impl<P: Platform> Account<P> {
    /// The failure as it can be believed: while the platform cannot say what there is, no object of it is gone.
    pub(super) fn doubted(&self, failure: Failure) -> Failure {
        if self.up == Some(false) { Failure { gone: None, ..failure } } else { failure }
    }

    /// One call says that an object is gone. Whether that is so shows when the platform says next what there is.
    pub(super) fn denied(&mut self, gone: &Gone, now: Moment) {
        self.denials.0.entry(gone.clone()).or_insert(now);
        self.planner.hurry(&self.platform.up_call(), now);
    }

    /// The call that tells whether the platform is up began at `began` and has ended, well or not. Denials from before are
    /// withdrawn from the fleet, but none when it was no good: then the fault spoke. Nor when one of them was of an object that a
    /// list named since: who denies what is there is not believed about the others either, which their lists will tell.
    pub(super) fn settle_denials(&mut self, is_good: bool, began: Duration, now: Moment) {
        if self.denials.0.is_empty() {
            return;
        }
        let mut denials = std::mem::take(&mut self.denials.0);
        if is_good {
            // What was said while it was under way waits for the next.
            self.denials.0 = denials.extract_if(|_, denied| denied.steady >= began).collect();
            without_holding_a_worker(|| {
                let mut fleet = self.fleet();
                if denials.iter().any(|(gone, denied)| fleet.names_since(gone, denied.wall)) {
                    debug!(account = self.config.name, denials = denials.len(), "not gone: the platform lists it");
                    return;
                }
                for gone in denials.keys() {
                    fleet.forget(gone, now.wall);
                    self.recorder.gone(gone, fleet.revision(), now.wall);
                }
            });
        }
        // What was denied left the plan. It may be asked again where it is still known.
        self.plan_soon(now);
        self.render_soon(now);
        if !self.denials.0.is_empty() {
            self.planner.hurry(&self.platform.up_call(), now);
        }
    }
}
