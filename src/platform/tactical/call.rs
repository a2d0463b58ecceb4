//! The calls that exist: nothing else can be sent to a Tactical RMM server.

use crate::fleet::DeviceId;
use crate::planner::ReadCall;

/// A read of the Tactical RMM API. Every one is a GET without query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `/clients/`: every client with its sites.
    Clients,
    /// `/agents/`: every agent, in detail.
    Agents,
    /// `/agents/{id}/checks/`: an agent's checks with their results.
    AgentChecks(DeviceId),
    /// `/agents/{id}/tasks/`: an agent's automated tasks with their results.
    AgentTasks(DeviceId),
    /// `/winupdate/{id}/`: the Windows updates that an agent reported.
    AgentUpdates(DeviceId),
}

impl Call {
    /// The path below the base URL, segment by segment, not yet percent-encoded. The last segment is empty: without the
    /// trailing slash the server only redirects.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        match self {
            Self::Clients => vec!["clients", ""],
            Self::Agents => vec!["agents", ""],
            Self::AgentChecks(DeviceId(id)) => vec!["agents", id, "checks", ""],
            Self::AgentTasks(DeviceId(id)) => vec!["agents", id, "tasks", ""],
            Self::AgentUpdates(DeviceId(id)) => vec!["winupdate", id, ""],
        }
    }

    /// The device that the call is for.
    #[must_use]
    pub const fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::Clients | Self::Agents => None,
            Self::AgentChecks(id) | Self::AgentTasks(id) | Self::AgentUpdates(id) => Some(id),
        }
    }

    /// The flag of the key's role that allows the call.
    #[must_use]
    pub const fn permission(&self) -> &'static str {
        match self {
            Self::Clients => "can_list_clients",
            Self::Agents => "can_list_agents",
            Self::AgentChecks(_) => "can_list_checks",
            Self::AgentTasks(_) => "can_list_autotasks",
            Self::AgentUpdates(_) => "can_manage_winupdates",
        }
    }

    /// The largest answer that is read, in bytes. 50,000 agents are about 70 MB.
    #[must_use]
    pub const fn max_bytes(&self) -> u64 {
        match self {
            Self::Agents => 160 * 1024 * 1024,
            _ => 64 * 1024 * 1024,
        }
    }

    /// The most records that are read from an answer.
    #[must_use]
    pub const fn max_records(&self) -> usize {
        match self {
            Self::Clients | Self::Agents => 200_000,
            Self::AgentChecks(_) | Self::AgentTasks(_) | Self::AgentUpdates(_) => 20_000,
        }
    }
}

impl ReadCall for Call {
    fn name(&self) -> &'static str {
        match self {
            Self::Clients => "/clients/",
            Self::Agents => "/agents/",
            Self::AgentChecks(_) => "/agents/{id}/checks/",
            Self::AgentTasks(_) => "/agents/{id}/tasks/",
            Self::AgentUpdates(_) => "/winupdate/{id}/",
        }
    }

    fn identity(&self) -> String {
        format!("GET /{}", self.segments().join("/"))
    }
}

/// Whether an agent's id can stand in a path without leading anywhere else. Servers decode `%2F`, drop dot segments and
/// line breaks, so encoding alone does not protect; real ids are 40 letters.
pub(super) fn is_safe_segment(DeviceId(id): &DeviceId) -> bool {
    let dots_only = id.chars().all(|c| c == '.');
    let dangerous = |c: char| c.is_control() || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}');
    !dots_only && id.len() <= 255 && !id.contains(dangerous)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_hides_the_id_and_identity_holds_it() {
        let id = DeviceId::new("HAvmqbOS");
        for (call, name, identity) in [
            (Call::Clients, "/clients/", "GET /clients/"),
            (Call::Agents, "/agents/", "GET /agents/"),
            (Call::AgentChecks(id.clone()), "/agents/{id}/checks/", "GET /agents/HAvmqbOS/checks/"),
            (Call::AgentTasks(id.clone()), "/agents/{id}/tasks/", "GET /agents/HAvmqbOS/tasks/"),
            (Call::AgentUpdates(id.clone()), "/winupdate/{id}/", "GET /winupdate/HAvmqbOS/"),
        ] {
            assert_eq!((call.name(), call.identity().as_str()), (name, identity));
        }
    }

    #[test]
    fn ids_that_lead_elsewhere_are_not_called() {
        for id in ["", ".", "..", "...", "a/b", "/", "..\\x", "a\nb", "a\tb", "\u{7f}", &"x".repeat(256)] {
            assert!(!is_safe_segment(&DeviceId::new(id)), "{id:?}");
        }
        for id in ["HAvmqbOSIqaWUSLOWCNjqWNloCPPXkGkEmeOejrj", "a b", "ü", "%2e%2e", "a.b", "x?y#z"] {
            assert!(is_safe_segment(&DeviceId::new(id)), "{id:?}");
        }
    }
}
