//! Single questions, for `doctor`: what became of one request, without any meaning for the fleet.

use std::future::Future;

use jiff::Timestamp;

use super::Failure;
use super::transport::RawAnswer;
use crate::planner::{Permit, ReadCall};

/// What became of one question.
#[derive(Debug)]
pub struct Probed {
    /// The server's Date, if it answered at all.
    pub date: Option<Timestamp>,
    /// The answer, if its status and its envelope are good. Its records were not looked at.
    pub result: Result<RawAnswer, Failure>,
}

/// Asks the server of one account single questions.
pub trait Prober: Send + Sync {
    /// The closed set of calls that can be made.
    type Call: ReadCall;

    /// Makes the call: one request, one answer, judged by status and envelope alone.
    fn ask(&self, call: &Self::Call, permit: Permit) -> impl Future<Output = Probed> + Send;
}
