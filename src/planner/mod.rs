//! When which call may be made. The only place that lets an HTTP request start.
//!
//! Collectors declare what they want ([`Want`]); the planner decides when. It has no clock, no sockets and no tasks of its
//! own: every method takes the time, so its rules can be tested by the thousand in simulated time.

pub mod ledger;
pub mod permit;
pub mod want;

pub use ledger::{Entry, Ledger, MemoryLedger};
pub use permit::Permit;
pub use want::{Outcome, Priority, ReadCall, Want};
