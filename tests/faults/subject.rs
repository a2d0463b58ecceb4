//! An account to which one fault happens.

use std::sync::Arc;

use rmm_exporter::demo::Demo;
use rmm_exporter::demo::server::SimulatedServer;

use crate::exporter::failed_collectors;
use crate::gate::{Gate, Way};
use crate::support::{SeriesMap, value};
use crate::table::Cause;

/// One collector besides the inventory, with one call for the whole account, by platform.
pub const COLLECTORS: [&str; 2] = ["failing_checks", "alerts"];
/// Its call.
pub const CALLS: [&str; 2] = ["list_failing_checks", "/alerts/"];

/// One fault on one platform.
pub struct Subject<'a> {
    pub account: String,
    pub platform: usize,
    pub outcome: &'static str,
    pub cause: &'a Cause,
    pub demo: Arc<Demo>,
    pub gate: Option<Gate>,
}

impl Subject<'_> {
    pub fn server(&self) -> &SimulatedServer {
        server(&self.demo, self.platform)
    }

    pub fn is_harmless(&self) -> bool {
        self.outcome == "ok"
    }

    /// Calls by outcome: with that of the subject, and with another one that is no success. A machine that stands still may
    /// run out of all time before a connection runs out of its own.
    pub fn counted(&self, all: &SeriesMap, which: impl Fn(&str) -> bool) -> (f64, f64) {
        let (mut own, mut other) = (0.0, 0.0);
        for ((name, labels), count) in all {
            if name == "rmm_api_requests_total" && labels["account"] == self.account && which(&labels["call"]) {
                match labels["outcome"].as_str() {
                    outcome if outcome == self.outcome => own += count,
                    "ok" => {}
                    "timeout" if self.gate.is_some() => own += count,
                    _ => other += count,
                }
            }
        }
        (own, other)
    }

    pub fn url(&self) -> String {
        match (&self.gate, self.cause) {
            (Some(gate), Cause::Way(Way::Tls(_), _)) => format!("https://localhost:{}", gate.address.port()),
            (Some(gate), _) => format!("http://{}", gate.address),
            (None, _) => self.server().url(),
        }
    }
}

pub fn server(demo: &Demo, platform: usize) -> &SimulatedServer {
    [&demo.nsight, &demo.tactical][platform]
}

/// Why an account does not show that every call fails; `counted` is how many of its other calls had failed before.
pub fn not_down(subject: &Subject<'_>, all: &SeriesMap, counted: f64) -> Option<String> {
    let Subject { account, outcome, .. } = subject;
    let (now, _) = subject.counted(all, |call| call != CALLS[subject.platform]);
    let failed = failed_collectors(all, account);
    let up = value(all, "rmm_up", &[("account", account)]);
    let well =
        if subject.is_harmless() { (Some(1.0), failed.is_empty()) } else { (Some(0.0), failed.contains(&"inventory")) };
    (now <= counted || (up, true) != (well.0, well.1))
        .then(|| format!("{account}: up {up:?}, failed {failed:?}, {outcome} {counted} then {now}"))
}
