//! What of a simulation's own time goes where.

use std::fmt;
use std::time::{Duration, Instant};

/// Time spent, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    time: Duration,
    times: u64,
}

impl Spent {
    /// Counts the time that `work` takes.
    pub fn on<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.time += began.elapsed();
        self.times += 1;
        done
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.time.as_secs_f64() * 1e3 / self.times.max(1) as f64;
        write!(f, "{:.1} s ({} × {each:.3} ms)", self.time.as_secs_f64(), self.times)
    }
}

/// Where the time goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Costs {
    /// What is known, for a plan.
    pub known: Spent,
    /// What is wanted of that.
    pub wants: Spent,
    /// Taking that as the plan.
    pub plan: Spent,
    /// Choosing calls.
    pub choose: Spent,
    /// Answers: the server's work, and decoding.
    pub read: Spent,
    /// Taking in what they say.
    pub apply: Spent,
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { known, wants, plan, choose, read, apply } = self;
        write!(f, "known {known}, wants {wants}, plan {plan}, choose {choose}, read {read}, apply {apply}")
    }
}
