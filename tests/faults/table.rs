//! How a table of faults is written: one line for each, with what must come of it on each platform.

use rmm_exporter::demo::Fault;

use crate::gate::Way;

/// The platforms, in the order of everything that has two parts here.
pub const PLATFORMS: [&str; 2] = ["nsight", "tactical"];

/// What goes wrong.
#[derive(Clone)]
pub enum Cause {
    /// The server answers like this.
    Server(Fault),
    /// The way to the server is like this, where it was like that.
    Way(Way, Way),
}

/// One fault.
pub struct Case {
    pub name: &'static str,
    pub cause: Cause,
    /// The outcome of every call by platform; `ok` for what does no harm, `None` for what that platform cannot do.
    pub outcomes: [Option<&'static str>; 2],
}

/// The same on both platforms.
pub const fn both(name: &'static str, fault: Fault, outcome: &'static str) -> Case {
    each(name, fault, outcome, outcome)
}

/// Not the same on N-sight and Tactical RMM.
pub const fn each(name: &'static str, fault: Fault, nsight: &'static str, tactical: &'static str) -> Case {
    Case { name, cause: Cause::Server(fault), outcomes: [Some(nsight), Some(tactical)] }
}

/// Only on N-sight.
pub const fn nsight(name: &'static str, fault: Fault, outcome: &'static str) -> Case {
    Case { name, cause: Cause::Server(fault), outcomes: [Some(outcome), None] }
}

/// Only on Tactical RMM.
pub const fn tactical(name: &'static str, fault: Fault, outcome: &'static str) -> Case {
    Case { name, cause: Cause::Server(fault), outcomes: [None, Some(outcome)] }
}

/// The way to either server was `well`, and becomes `way`: no call gets through.
pub const fn way(name: &'static str, well: Way, way: Way) -> Case {
    Case { name, cause: Cause::Way(well, way), outcomes: [Some("connect_error"), Some("connect_error")] }
}
