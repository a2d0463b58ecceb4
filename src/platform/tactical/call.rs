//! The calls that exist: nothing else can be sent to a Tactical RMM server.

use std::time::Duration;

use reqwest::Method;

use crate::fleet::DeviceId;
use crate::planner::ReadCall;

/// The largest answer with all agents.
const MAX_AGENTS_BYTES: u64 = 160 * 1024 * 1024;
/// The largest answer that is a single object.
const MAX_OBJECT_BYTES: u64 = 1024 * 1024;
/// The largest other answer.
const MAX_BODY_BYTES: u64 = 64 * 1024 * 1024;
/// The most records of a list of the whole server.
const MAX_RECORDS: usize = 200_000;
/// The most records of another list.
const MAX_RECORDS_OF_AN_AGENT: usize = 20_000;

/// A read of the Tactical RMM API.
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
    /// `/agents/{id}/`: everything about an agent; large.
    Agent(DeviceId),
    /// `/alerts/`: every open alert. A read, although it is a PATCH.
    Alerts,
    /// `/core/v2/status/`: how the server is. Takes the monitoring token in place of the key.
    Status,
    /// `/core/dashinfo/`: the server's version. The server then calls its own vendor, so not too often.
    DashInfo,
    /// `/core/customfields/`: names of the custom fields.
    CustomFields,
    /// `/core/version/`: the version of the web interface. The cheapest question that takes a key.
    Version,
    /// `/agents/?detail=false`: names of agents, clients and sites only. Far cheaper than the whole list.
    AgentNames,
}

impl Call {
    /// The path below the base URL, segment by segment, not yet percent-encoded. The last segment is empty: without the
    /// trailing slash the server only redirects.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        match self {
            Self::Clients => vec!["clients", ""],
            Self::Agents | Self::AgentNames => vec!["agents", ""],
            Self::Agent(DeviceId(id)) => vec!["agents", id, ""],
            Self::Alerts => vec!["alerts", ""],
            Self::Status => vec!["core", "v2", "status", ""],
            Self::DashInfo => vec!["core", "dashinfo", ""],
            Self::CustomFields => vec!["core", "customfields", ""],
            Self::Version => vec!["core", "version", ""],
            Self::AgentChecks(DeviceId(id)) => vec!["agents", id, "checks", ""],
            Self::AgentTasks(DeviceId(id)) => vec!["agents", id, "tasks", ""],
            Self::AgentUpdates(DeviceId(id)) => vec!["winupdate", id, ""],
        }
    }

    /// The query of the URL.
    #[must_use]
    pub const fn query(&self) -> Option<&'static str> {
        match self {
            // Only this exact word is understood.
            Self::AgentNames => Some("detail=false"),
            _ => None,
        }
    }

    /// The method: GET, but for the alerts.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::Alerts => Method::PATCH,
            _ => Method::GET,
        }
    }

    /// The body, JSON.
    #[must_use]
    pub const fn body(&self) -> Option<&'static str> {
        match self {
            Self::Alerts => Some(r#"{"resolvedFilter":false,"snoozedFilter":false}"#),
            _ => None,
        }
    }

    /// Which secret it takes.
    #[must_use]
    pub const fn credential(&self) -> Credential {
        match self {
            Self::Status => Credential::MonitoringToken,
            _ => Credential::ApiKey,
        }
    }

    /// The device that the call is for.
    #[must_use]
    pub const fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::AgentChecks(id) | Self::AgentTasks(id) | Self::AgentUpdates(id) | Self::Agent(id) => Some(id),
            _ => None,
        }
    }

    /// The flag of the key's role that allows the call; `None` where any good key will do, or another secret.
    #[must_use]
    pub const fn permission(&self) -> Option<&'static str> {
        match self {
            Self::Clients => Some("can_list_clients"),
            Self::Agents | Self::Agent(_) | Self::AgentNames => Some("can_list_agents"),
            Self::AgentChecks(_) => Some("can_list_checks"),
            Self::AgentTasks(_) => Some("can_list_autotasks"),
            Self::AgentUpdates(_) => Some("can_manage_winupdates"),
            Self::Alerts => Some("can_list_alerts"),
            Self::CustomFields => Some("can_view_customfields"),
            Self::Status | Self::DashInfo | Self::Version => None,
        }
    }

    /// The largest answer that is read, in bytes. 50,000 agents are about 70 MB.
    #[must_use]
    pub const fn max_bytes(&self) -> u64 {
        match self {
            Self::Agents => MAX_AGENTS_BYTES,
            // A single small object, of which any part may be kept.
            Self::Status | Self::DashInfo | Self::Version => MAX_OBJECT_BYTES,
            _ => MAX_BODY_BYTES,
        }
    }

    /// The most records that are read from an answer.
    #[must_use]
    pub const fn max_records(&self) -> usize {
        match self {
            Self::Clients | Self::Agents | Self::AgentNames | Self::Alerts => MAX_RECORDS,
            _ => MAX_RECORDS_OF_AN_AGENT,
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
            Self::Agent(_) => "/agents/{id}/",
            Self::Alerts => "/alerts/",
            Self::Status => "/core/v2/status/",
            Self::DashInfo => "/core/dashinfo/",
            Self::CustomFields => "/core/customfields/",
            Self::Version => "/core/version/",
            Self::AgentNames => "/agents/?detail=false",
        }
    }

    fn identity(&self) -> String {
        let mut identity = format!("{} /{}", self.method(), self.segments().join("/"));
        for (mark, rest) in [('?', self.query()), (' ', self.body())] {
            if let Some(rest) = rest {
                identity.push(mark);
                identity.push_str(rest);
            }
        }
        identity
    }

    fn least_gap(&self) -> Duration {
        match self {
            // For it the server asks its vendor each time.
            Self::DashInfo => Duration::from_hours(1),
            _ => Duration::ZERO,
        }
    }

    fn takes_key(&self) -> bool {
        self.credential() == Credential::ApiKey
    }
}

/// Which secret a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The API key, in `X-API-KEY`.
    ApiKey,
    /// The monitoring token, in `X-Mon-Token`.
    MonitoringToken,
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
            (Call::Agent(id), "/agents/{id}/", "GET /agents/HAvmqbOS/"),
            (Call::AgentNames, "/agents/?detail=false", "GET /agents/?detail=false"),
            (Call::Alerts, "/alerts/", r#"PATCH /alerts/ {"resolvedFilter":false,"snoozedFilter":false}"#),
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
