//! /agents/.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{JSON, iso, page};
use crate::demo::server::{Answer, Content, Received};
use crate::demo::world::World;
use crate::demo::world::tactical::{AgentStatus, CheckCounters, FieldValue, TacticalAgent, TacticalField};

/// Places whose agents make one piece of the list.
const PIECE: usize = 64;

/// One entry of the list: 33 fields, in the server's order. `policy` is left out where there is none.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the wire has them")]
pub(super) struct Entry<'a> {
    agent_id: &'a str,
    alert_template: Option<Value>,
    hostname: &'a str,
    site_name: &'a str,
    client_name: &'a str,
    monitoring_type: &'static str,
    description: Option<&'a str>,
    needs_reboot: bool,
    pending_actions_count: u64,
    status: &'static str,
    overdue_text_alert: bool,
    overdue_email_alert: bool,
    overdue_dashboard_alert: bool,
    last_seen: Option<String>,
    boot_time: Option<f64>,
    checks: Counters,
    maintenance_mode: bool,
    logged_username: Option<&'static str>,
    italic: bool,
    block_policy_inheritance: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<u64>,
    plat: &'static str,
    goarch: Option<&'static str>,
    has_patches_pending: bool,
    version: &'static str,
    operating_system: Option<&'static str>,
    public_ip: Option<&'static str>,
    cpu_model: [&'static str; 1],
    graphics: &'static str,
    local_ips: &'static str,
    make_model: &'static str,
    physical_disks: Vec<&'static str>,
    custom_fields: Vec<Value>,
    serial_number: String,
}

/// The counters as the server writes them.
#[derive(Default, Serialize)]
struct Counters {
    total: u64,
    passing: u64,
    failing: u64,
    warning: u64,
    info: u64,
    has_failing_checks: bool,
}

impl From<CheckCounters> for Counters {
    fn from(counters: CheckCounters) -> Self {
        let CheckCounters { total, passing, failing, warning, info } = counters;
        Self { total, passing, failing, warning, info, has_failing_checks: failing + warning > 0 }
    }
}

/// Which agents a request wants.
#[derive(Clone, Copy)]
struct Filter {
    server: Option<bool>,
    client: Option<u64>,
    site: Option<u64>,
}

impl Filter {
    /// The filter, or the error that the server gives.
    fn new(request: &Received) -> Result<Self, Answer> {
        let id = |name| request.parameter(name).map(str::parse::<u64>).transpose().map_err(|_| page(500));
        let server = match request.parameter("monitoring_type") {
            None | Some("") => None,
            Some("server") => Some(true),
            Some("workstation") => Some(false),
            Some(_) => return Err(Answer::new(400, JSON, "\"monitoring type does not exist\"")),
        };
        let site = id("site")?;
        // The site wins over the client.
        Ok(Self { server, client: if site.is_some() { None } else { id("client")? }, site })
    }

    fn fits(self, agent: &TacticalAgent) -> bool {
        self.server.is_none_or(|server| agent.server == server)
            && self.client.is_none_or(|client| agent.client_id == client)
            && self.site.is_none_or(|site| agent.site_id == site)
    }
}

pub(super) fn list(world: &Arc<World>, request: &Received, at: Timestamp) -> Answer {
    let filter = match Filter::new(request) {
        Ok(filter) => filter,
        Err(answer) => return answer,
    };
    let detailed = request.parameter("detail").is_none_or(|detail| detail == "true");
    let (_, places) = world.places();
    let cold = world.is_cache_cold();
    let world = Arc::clone(world);
    let mut first = true;
    let pieces = (0..places).step_by(PIECE).map(move |start| {
        let mut piece = Vec::with_capacity(PIECE * 1_400);
        for agent in world.tactical_agents(start..places.min(start + PIECE), at).filter(|agent| filter.fits(agent)) {
            if !std::mem::take(&mut first) {
                piece.push(b',');
            }
            // Writing these types to memory cannot fail.
            let _ = if detailed {
                serde_json::to_writer(&mut piece, &entry(&world, &agent, cold, at))
            } else {
                serde_json::to_writer(&mut piece, &short(&agent))
            };
        }
        piece
    });
    let pieces = std::iter::once(b"[".to_vec()).chain(pieces).chain(std::iter::once(b"]".to_vec()));
    let content = Content::pieces(places / PIECE, pieces);
    Answer { content, ..super::json(&()) }
}

fn short(agent: &TacticalAgent) -> Value {
    json!({
        "id": agent.pk, "hostname": agent.hostname, "agent_id": agent.agent_id, "client": agent.client, "site": agent.site,
    })
}

const fn status(agent: &TacticalAgent) -> &'static str {
    match agent.status {
        AgentStatus::Online => "online",
        AgentStatus::Offline => "offline",
        AgentStatus::Overdue => "overdue",
    }
}

pub(super) fn entry<'a>(world: &World, agent: &'a TacticalAgent, cold: bool, at: Timestamp) -> Entry<'a> {
    let counters = if cold { CheckCounters::default() } else { CheckCounters::of(&world.tactical_checks(agent, at)) };
    let odd = agent.pk % 2 == 1;
    Entry {
        agent_id: &agent.agent_id,
        alert_template: odd.then(
            || json!({"name": "Tmpl \"A\" \\ ü", "always_email": null, "always_text": null, "always_alert": true}),
        ),
        hostname: &agent.hostname,
        site_name: &agent.site,
        client_name: &agent.client,
        monitoring_type: if agent.server { "server" } else { "workstation" },
        description: agent.description,
        needs_reboot: agent.needs_reboot,
        pending_actions_count: agent.pending_actions,
        status: status(agent),
        overdue_text_alert: false,
        overdue_email_alert: odd,
        overdue_dashboard_alert: true,
        last_seen: agent.last_seen.map(iso),
        boot_time: agent.boot_time,
        checks: counters.into(),
        maintenance_mode: agent.maintenance_mode,
        logged_username: if odd { Some("müller") } else { Some("-") },
        italic: odd,
        block_policy_inheritance: false,
        policy: agent.pk.is_multiple_of(3).then_some(1),
        plat: agent.plat,
        goarch: if agent.plat == "darwin" { Some("arm64") } else { Some("amd64") },
        has_patches_pending: agent.patches_pending,
        version: agent.version,
        operating_system: agent.operating_system,
        public_ip: if odd { Some("203.0.113.6") } else { None },
        cpu_model: ["Demo CPU 1000 @ 3.10GHz, 8C/16T"],
        graphics: "Demo Graphics 100",
        local_ips: "10.1.2.3/24, 2001:db8::5/64",
        make_model: agent.make_model,
        physical_disks: if odd { vec!["Demo SSD 500 466GB SCSI"] } else { Vec::new() },
        custom_fields: world.agent_fields(agent, at).iter().map(|field| custom_field(agent, field)).collect(),
        serial_number: if odd { format!("MSN-{}", agent.pk) } else { String::new() },
    }
}

fn custom_field(agent: &TacticalAgent, field: &TacticalField) -> Value {
    let value = match &field.value {
        FieldValue::Null => Value::Null,
        FieldValue::Text(text) => json!(text),
        FieldValue::Checkbox(ticked) => json!(ticked),
        FieldValue::Multiple(chosen) => json!(chosen),
    };
    json!({"id": field.id, "field": field.definition.id, "agent": agent.pk, "value": value})
}
