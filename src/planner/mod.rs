//! When which call may be made. The only place that lets an HTTP request start.
//!
//! Collectors declare what they want ([`Want`]); the planner decides when. It has no clock, no sockets and no tasks of its
//! own: every method takes the time, so its rules can be tested by the thousand in simulated time.

pub mod ledger;
pub mod limits;
pub mod memory;
pub mod permit;
#[allow(clippy::module_inception, reason = "the file of the type of the same name")]
pub mod planner;
pub mod recorded;
pub mod status;
pub mod want;

mod backoff;
mod budget;
mod plan;
mod queue;
mod refusals;
mod schedule;
mod slots;
mod steady;
mod steps;
mod sweeps;
mod switch;
#[cfg(test)]
#[allow(clippy::unchecked_time_subtraction, reason = "a test may panic")]
mod tests;

pub use backoff::BackoffReason;
pub use ledger::{End, Entry, Ledger, MemoryLedger};
pub use limits::{Finish, Limits, Next, Start, Switched};
pub use memory::Memory;
pub use permit::Permit;
pub use planner::Planner;
pub use recorded::Recorded;
pub(crate) use schedule::LEAST_REAL_FLOOR;
pub use status::{CollectorStatus, PlannerStatus};
pub use want::{Outcome, Priority, ReadCall, Want};
