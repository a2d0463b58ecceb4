//! What the task of an account says about itself.

use std::time::Duration;

use jiff::Timestamp;

use crate::collector::Collector;
use crate::planner::{BackoffReason, Outcome};
use crate::platform::PlatformName;
use crate::state::Health;

/// How an account is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountStatus {
    /// Its platform.
    pub platform: PlatformName,
    /// Its name.
    pub account: String,
    /// Host name of its server, without scheme and path.
    pub server: String,
    /// Its port, where that is unusual.
    pub port: Option<u16>,
    /// The platform's console, for links out of Grafana; as configured, empty without one.
    pub console_url: String,
    /// Whether the last finished attempt of the call that decides `rmm_up` succeeded.
    pub up: bool,
    /// Whether it had its first inventory, or restored one.
    pub ready: bool,
    /// Why it is not ready, in words. No word of the server's, neither URL nor key.
    pub not_ready_reason: Option<String>,
    /// Least time between two identical calls.
    pub min_interval: Duration,
    /// Most calls a minute.
    pub budget_per_minute: u32,
    /// Calls that are due and wait for budget.
    pub queue_length: u64,
    /// How late the most overdue call is; zero when none waits.
    pub oldest_due: Duration,
    /// Until when no call is made, while the account is backing off.
    pub backoff_until: Option<Timestamp>,
    /// Why no call is made.
    pub backoff_reason: Option<BackoffReason>,
    /// The last error, while it lasts: call, outcome and what that means. No word of the server's, neither URL nor key.
    pub last_error: Option<String>,
    /// How writing its state down goes; `None` without a state directory.
    pub state: Option<Health>,
    /// The enabled collectors.
    pub collectors: Vec<(Collector, CollectorReport)>,
}

/// A call that failed, without a word of what the server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The `call` label.
    pub call: &'static str,
    /// The `outcome` label.
    pub outcome: Outcome,
    /// When it ended.
    pub at: Timestamp,
}

/// How an enabled collector is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectorReport {
    /// Configured interval.
    pub interval: Duration,
    /// False while the last attempt of any of its planned calls failed.
    pub success: bool,
    /// When it last succeeded.
    pub last_success: Option<Timestamp>,
    /// Wall time of the last finished run or sweep.
    pub last_duration: Option<Duration>,
    /// Its newest failed call since the account began, mended since or not.
    pub last_error: Option<CallError>,
    /// Calls in one full sweep.
    pub targets: u64,
    /// Of those, how many hold data that are not stale.
    pub fresh: u64,
    /// Of those, how many failed at their last attempt.
    pub failed: u64,
    /// Of those, how many are switched off because the key may not make them.
    pub off: u64,
    /// When the next of those is tried; `None` while none is off.
    pub off_until: Option<Timestamp>,
    /// When its next call is due.
    pub next_due: Option<Timestamp>,
}

impl AccountStatus {
    /// An account that has done nothing yet: not up, not ready.
    #[must_use]
    pub fn new(platform: PlatformName, account: &str, server: &str) -> Self {
        Self {
            platform,
            account: account.to_owned(),
            server: server.to_owned(),
            port: None,
            console_url: String::new(),
            up: false,
            ready: false,
            not_ready_reason: None,
            min_interval: Duration::ZERO,
            budget_per_minute: 0,
            queue_length: 0,
            oldest_due: Duration::ZERO,
            backoff_until: None,
            backoff_reason: None,
            last_error: None,
            state: None,
            collectors: Vec::new(),
        }
    }
}
