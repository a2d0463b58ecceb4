//! The truth about the Tactical RMM server.

use jiff::Timestamp;

use super::chance::Chance;

pub use super::tactical_alerts::TacticalAlert;
pub use super::tactical_details::{TacticalDetail, TacticalDisk};
pub use super::tactical_fields::{FIELDS, FieldDefinition, FieldValue, TacticalField};
pub use super::tactical_server::{ServerStatus, ServicesRunning, VERSION};
pub use super::tactical_switches::{Permission, Role, ServicesForm, TacticalSwitches};

/// An agent's status as the server computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentStatus {
    /// Seen lately.
    Online,
    /// Not seen for a while, or never.
    Offline,
    /// Not seen for so long that somebody should know.
    Overdue,
}

/// One agent without its checks, tasks and updates.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the platform has them")]
pub struct TacticalAgent {
    /// The agent id: 40 letters.
    pub agent_id: String,
    /// The numeric id, which other objects refer to.
    pub pk: u64,
    /// Id of its client.
    pub client_id: u64,
    /// Name of its client.
    pub client: String,
    /// Id of its site.
    pub site_id: u64,
    /// Name of its site.
    pub site: String,
    /// Host name.
    pub hostname: String,
    /// Whether it is a server (else a workstation).
    pub server: bool,
    /// `windows`, `linux` or `darwin`.
    pub plat: &'static str,
    /// Operating system; `None` is null.
    pub operating_system: Option<&'static str>,
    /// Agent version.
    pub version: &'static str,
    /// Make and model; may be `unknown make/model`.
    pub make_model: &'static str,
    /// Description; `None` is null.
    pub description: Option<&'static str>,
    /// Status.
    pub status: AgentStatus,
    /// Last contact; `None` = never.
    pub last_seen: Option<Timestamp>,
    /// The field `boot_time`, Unix seconds: may be 0, in the future, or null.
    pub boot_time: Option<f64>,
    /// Waits for a restart.
    pub needs_reboot: bool,
    /// In maintenance.
    pub maintenance_mode: bool,
    /// Pending actions.
    pub pending_actions: u64,
    /// An approved update is not installed.
    pub patches_pending: bool,
    pub(super) chance: Chance,
}

/// State of a check or task result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultStatus {
    /// There is no result: `{}`.
    Never,
    /// The result says `pending`.
    Pending,
    /// Passing.
    Passing,
    /// Failing.
    Failing,
}

/// One check of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacticalCheck {
    /// The check id.
    pub id: u64,
    /// `check_type`.
    pub check_type: &'static str,
    /// `name`; `None` is null.
    pub name: Option<&'static str>,
    /// `readable_desc`.
    pub readable_desc: String,
    /// `disk`.
    pub disk: Option<&'static str>,
    /// `svc_name` and `svc_display_name`.
    pub service: Option<(&'static str, Option<&'static str>)>,
    /// `log_name`.
    pub log_name: Option<&'static str>,
    /// `script`: the script's id.
    pub script: Option<u64>,
    /// Made by a policy.
    pub policy: bool,
    /// A policy overrides it: it does not count.
    pub overridden: bool,
    /// `alert_severity` of the check.
    pub severity: &'static str,
    /// State of the result.
    pub status: ResultStatus,
    /// `alert_severity` of the result; may be left over from an earlier failure.
    pub result_severity: Option<&'static str>,
    /// `fail_count`.
    pub fail_count: u64,
    /// `last_run`.
    pub last_run: Option<Timestamp>,
}

/// The check counters of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckCounters {
    /// All that are not overridden.
    pub total: u64,
    /// Passing, and never run.
    pub passing: u64,
    /// Failing as error.
    pub failing: u64,
    /// Failing as warning.
    pub warning: u64,
    /// Failing as info.
    pub info: u64,
}

/// One task of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacticalTask {
    /// The task id.
    pub id: u64,
    /// Name.
    pub name: &'static str,
    /// Enabled.
    pub enabled: bool,
    /// Made by a policy.
    pub policy: bool,
    /// Name of the check that starts it.
    pub check_name: Option<&'static str>,
    /// `alert_severity`.
    pub severity: &'static str,
    /// State of the result.
    pub status: ResultStatus,
    /// `last_run`.
    pub last_run: Option<Timestamp>,
}

/// One Windows update of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacticalUpdate {
    /// The row's id.
    pub id: u64,
    /// Number of the knowledge base article.
    pub kb: u64,
    /// Title.
    pub title: String,
    /// `severity`; `None` is null.
    pub severity: Option<&'static str>,
    /// Installed.
    pub installed: bool,
    /// `action`.
    pub action: &'static str,
    /// `result`.
    pub result: &'static str,
}

/// An agent with everything.
#[derive(Clone, Debug, PartialEq)]
pub struct TacticalAgentTruth {
    /// The agent.
    pub agent: TacticalAgent,
    /// Its counters, never cold.
    pub counters: CheckCounters,
    /// Its checks.
    pub checks: Vec<TacticalCheck>,
    /// Its tasks.
    pub tasks: Vec<TacticalTask>,
    /// Its updates.
    pub updates: Vec<TacticalUpdate>,
    /// What only its detail tells.
    pub detail: TacticalDetail,
    /// Its custom fields.
    pub fields: Vec<TacticalField>,
}

impl TacticalAgentTruth {
    /// The value of the agent's custom field of that name; `None` when it was never set.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldValue> {
        self.fields.iter().find(|field| field.definition.name == name).map(|field| &field.value)
    }
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacticalClient {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacticalSite {
    /// Id.
    pub id: u64,
    /// Id of its client.
    pub client_id: u64,
    /// Name.
    pub name: String,
    /// Agents at it.
    pub agents: u64,
}

/// The server at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TacticalTruth {
    /// Clients.
    pub clients: Vec<TacticalClient>,
    /// Sites.
    pub sites: Vec<TacticalSite>,
    /// Agents.
    pub agents: Vec<TacticalAgentTruth>,
    /// Alerts: open, snoozed, hidden and resolved ones.
    pub alerts: Vec<TacticalAlert>,
    /// The status of the server itself.
    pub server: ServerStatus,
    /// What the key may do. Everything above is true all the same.
    pub role: Role,
}
