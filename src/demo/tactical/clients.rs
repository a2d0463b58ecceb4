//! /clients/.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::server::Answer;
use crate::demo::world::World;
use crate::demo::world::layout::ClientPlan;

pub(super) fn list(world: &World, at: Timestamp) -> Answer {
    let mut plans: Vec<_> = world.tactical_layout().clients.iter().collect();
    plans.sort_by(|one, other| one.name.cmp(&other.name));
    super::json(&plans.into_iter().map(|plan| client(world, plan, at)).collect::<Vec<_>>())
}

fn client(world: &World, plan: &ClientPlan, at: Timestamp) -> Value {
    let sites = world.tactical_layout().sites_of(plan).iter().filter_map(|site| world.tactical_site(site.id, at));
    let mut sites: Vec<_> = sites.collect();
    sites.sort_by(|one, other| one.name.cmp(&other.name));
    let agents: u64 = sites.iter().map(|site| site.agents).sum();
    let sites: Vec<_> = sites
        .iter()
        .map(|site| {
            json!({
                "id": site.id,
                "name": site.name,
                "server_policy": null,
                "workstation_policy": null,
                "alert_template": null,
                "client_name": plan.name,
                "client": plan.id,
                "custom_fields": [{"id": site.id, "field": 9, "site": site.id, "value": "S0"}],
                "agent_count": site.agents,
                "block_policy_inheritance": false,
                "maintenance_mode": false,
                "failing_checks": {"error": false, "warning": false},
            })
        })
        .collect();
    json!({
        "id": plan.id,
        "name": plan.name,
        "server_policy": null,
        "workstation_policy": null,
        "alert_template": null,
        "block_policy_inheritance": false,
        "sites": sites,
        "custom_fields": [],
        "agent_count": agents,
        "maintenance_mode": false,
        "failing_checks": {"error": false, "warning": false},
    })
}
