//! What the key of a Tactical RMM server sees, and which calls it may make.

use super::ask::{Asked, Asker};
use super::budget::{self, Known};
use super::mappings::{self, Sample};
use super::permission::Needs;
use super::remedy::{finding, remedy};
use super::report::Line;
use super::sees::{listed, of_one_name, told_apart, with_filter};
use super::{key, skew, skipped};
use crate::collector::Collector;
use crate::config::plan::{AccountPlan, FleetSize, plan_account};
use crate::config::{AccountConfig, TacticalOptions};
use crate::planner::{Outcome, ReadCall};
use crate::platform::tactical::call::Call;
use crate::platform::tactical::probe::{SeenAgent, SeenClient, TacticalProber, agents, clients, fields};

/// The checks of so many agents are looked at for a mapping.
const MOST_SAMPLED: usize = 10;

/// Everything that takes a request; the plan for the fleet that was seen.
pub async fn examine(
    account: &AccountConfig,
    asker: &mut Asker<TacticalProber>,
    lines: &mut Vec<Line>,
) -> Option<AccountPlan> {
    let first = asker.ask(Call::Version).await?;
    lines.extend(key::lines(account, &Call::Version, &first));
    lines.push(skew::line(&first));
    if first.result.is_err() {
        let steps: &[&str] = &["clients", "agents", "permission", "budget", "mapping"];
        let steps = if has_mapping(&account.tactical()) { steps } else { steps.get(..4).unwrap_or_default() };
        lines.extend(skipped(steps, "the key is not accepted, or the server does not answer", lines));
        return None;
    }
    let mut patient = Patient { account, options: account.tactical(), asker, sample: Sample::default() };
    let listed = patient.lists(lines).await;
    let plan = listed.size().map(|size| plan_account(account, size));
    lines.extend(patient.permissions(&listed).await);
    match &plan {
        Some(plan) => lines.extend(budget::lines(plan, Known::Counted)),
        None => lines.push(Line::skip("budget", "the agents cannot be listed")),
    }
    lines.extend(mappings::lines(&patient.options.mappings, &patient.sample));
    plan
}

fn has_mapping(options: &TacticalOptions) -> bool {
    options.mappings.antivirus.is_some() || options.mappings.backup.is_some()
}

/// Whether a mapping looks at checks.
fn maps_checks(options: &TacticalOptions) -> bool {
    let both = [&options.mappings.antivirus, &options.mappings.backup];
    both.into_iter().flatten().any(|mapping| mapping.checks.is_some())
}

/// What the key sees, after the filter.
struct Listed {
    clients_asked: Option<Asked>,
    agents_asked: Option<Asked>,
    clients: Option<Vec<SeenClient>>,
    agents: Option<Vec<SeenAgent>>,
}

impl Listed {
    fn size(&self) -> Option<FleetSize> {
        let agents = self.agents.as_ref()?.len() as u64;
        let clients = self.clients.as_deref().unwrap_or_default();
        let sites: usize = clients.iter().map(|client| client.sites.len()).sum();
        // This list does not tell servers from workstations.
        Some(FleetSize { sites: sites as u64, ..FleetSize::new(agents, Some(clients.len() as u64), None) })
    }
}

struct Patient<'a> {
    account: &'a AccountConfig,
    options: TacticalOptions,
    asker: &'a mut Asker<TacticalProber>,
    sample: Sample,
}

impl Patient<'_> {
    /// The lists of clients and agents; never the dear one with everything about every agent.
    async fn lists(&mut self, lines: &mut Vec<Line>) -> Listed {
        let filter = &self.account.filter;
        let clients_asked = self.asker.ask(Call::Clients).await;
        let clients = clients_asked.as_ref().and_then(|asked| asked.result.as_ref().ok()).map(clients);
        let seen_clients = match clients {
            Some(Ok(all)) => {
                let seen = all.len();
                let admitted: Vec<SeenClient> =
                    all.into_iter().filter(|client| filter.clients.admits(client.name.as_str())).collect();
                lines.push(self.client_line(seen, &admitted));
                lines.extend(of_one_name(&names_and_ids(&admitted)));
                Some(admitted)
            }
            Some(Err(error)) => {
                lines.push(Line::bad("clients", error.to_string(), "look for a proxy that changes answers"));
                None
            }
            None => {
                lines.push(Line::skip("clients", "the list cannot be read; see permission inventory"));
                None
            }
        };
        let agents_asked = self.asker.ask(Call::AgentNames).await;
        let agents = agents_asked.as_ref().and_then(|asked| asked.result.as_ref().ok()).map(agents);
        let seen_agents = match agents {
            Some(Ok(all)) => {
                let seen = all.len();
                let admitted: Vec<SeenAgent> = all
                    .into_iter()
                    .filter(|agent| {
                        filter.clients.admits(agent.client.as_str())
                            && filter.sites.admits(agent.site.as_str())
                            && filter.devices.admits(agent.name.as_str())
                    })
                    .collect();
                lines.push(agent_line(seen, &admitted, seen_clients.as_deref(), seen_clients.is_some()));
                Some(admitted)
            }
            Some(Err(error)) => {
                lines.push(Line::bad("agents", error.to_string(), "look for a proxy that changes answers"));
                None
            }
            None => {
                lines.push(Line::skip("agents", "the list cannot be read; see permission inventory"));
                None
            }
        };
        Listed { clients_asked, agents_asked, clients: seen_clients, agents: seen_agents }
    }

    fn client_line(&self, seen: usize, admitted: &[SeenClient]) -> Line {
        if let Some(line) = with_filter(self.account, seen, admitted.len()) {
            return line;
        }
        let names = told_apart(&names_and_ids(admitted));
        let sites: usize = admitted.iter().map(|client| client.sites.len()).sum();
        match listed(&names, ", ") {
            Some(listed) => Line::ok("clients", format!("{} with {sites} sites: {listed}", names.len())),
            None => Line::warn(
                "clients",
                "the key is accepted, but it sees no client",
                "look whether the server has clients, and which clients and sites the role of the key's user is limited to",
            ),
        }
    }

    /// Which calls the key may make, asked for one agent.
    async fn permissions(&mut self, seen: &Listed) -> Vec<Line> {
        let agent = seen.agents.as_ref().and_then(|agents| agents.first()).map(|agent| agent.id.clone());
        let mut lines = Vec::new();
        let idle = self.account.needs();
        let collectors = self.account.collectors.keys().copied();
        for collector in collectors.filter(|collector| !idle.is_idle(*collector)) {
            let mut needs = Needs::of(collector);
            let per_agent: Option<fn(crate::fleet::DeviceId) -> Call> = match collector {
                Collector::Inventory => {
                    self.inventory(&mut needs, seen).await;
                    None
                }
                Collector::Alerts => {
                    self.ask(&mut needs, Call::Alerts).await;
                    None
                }
                Collector::Server => {
                    self.status(&mut needs).await;
                    None
                }
                Collector::Checks => Some(Call::AgentChecks),
                Collector::Tasks => Some(Call::AgentTasks),
                // For agents without Windows the answer is an empty list, so any agent tells.
                Collector::Patches => Some(Call::AgentUpdates),
                Collector::Details => Some(Call::Agent),
                _ => continue,
            };
            match (per_agent, &agent) {
                (Some(_), _) if collector == Collector::Checks && maps_checks(&self.options) => {
                    self.checks(&mut needs, seen.agents.as_deref().unwrap_or_default()).await;
                }
                (Some(call), Some(agent)) => {
                    self.ask(&mut needs, call(agent.clone())).await;
                }
                (Some(_), None) => needs.add(Line::skip("permission", "there is no agent to ask about")),
                (None, _) => {}
            }
            lines.extend(needs.lines());
        }
        self.sample.collects_checks = self.account.collectors.contains_key(&Collector::Checks);
        lines
    }

    async fn ask(&mut self, needs: &mut Needs, call: Call) -> Option<Asked> {
        let asked = self.asker.ask(call.clone()).await;
        needs.asked(self.account, call.name(), call.permission(), asked.as_ref());
        asked
    }

    async fn inventory(&mut self, needs: &mut Needs, seen: &Listed) {
        for (call, asked) in [(Call::Clients, &seen.clients_asked), (Call::AgentNames, &seen.agents_asked)] {
            needs.asked(self.account, call.name(), call.permission(), asked.as_ref());
        }
        if self.options.mappings.use_fields() {
            let asked = self.ask(needs, Call::CustomFields).await;
            self.sample.fields = asked.and_then(|asked| fields(&asked.result.ok()?).ok());
        }
    }

    /// The checks of some agents, spread over the list. A refusal is the same for all.
    async fn checks(&mut self, needs: &mut Needs, agents: &[SeenAgent]) {
        let step = agents.len().div_ceil(MOST_SAMPLED).max(1);
        let mut sampled = Vec::new();
        let mut last = None;
        for agent in agents.iter().step_by(step) {
            let call = Call::AgentChecks(agent.id.clone());
            let Some(Asked { began, took, date, result }) = self.asker.ask(call.clone()).await else { break };
            let result = result.and_then(|answer| {
                sampled.push(self.asker.prober.checks(&call, answer.clone())?);
                Ok(answer)
            });
            let failed = result.is_err();
            last = Some((call, Asked { began, took, date, result }));
            if failed {
                break;
            }
        }
        match last {
            Some((call, asked)) => needs.asked(self.account, call.name(), call.permission(), Some(&asked)),
            None => needs.add(Line::skip("permission", "there is no agent to ask about")),
        }
        self.sample.checks = (!sampled.is_empty()).then_some(sampled);
    }

    /// The server's own status takes the monitoring token in place of the key.
    async fn status(&mut self, needs: &mut Needs) {
        if let Some(problem) = self.asker.prober.token_problem() {
            let text = problem.to_string();
            needs.add(Line::bad(
                "permission",
                format!("the monitoring token: {text}"),
                "put the token where the configuration says",
            ));
            return;
        }
        if self.options.monitoring_token.is_none() {
            needs.add(Line::ok("permission", "without a monitoring token the version only, for which any key is good"));
            return;
        }
        let call = Call::Status;
        let asked = self.asker.ask(call.clone()).await;
        match asked.as_ref().and_then(|asked| asked.result.as_ref().err()) {
            Some(failure) if failure.outcome == Outcome::AuthError => needs.add(Line::bad(
                "permission",
                "/core/v2/status/: the server does not accept the monitoring token, or has none",
                "set MON_TOKEN in the server's local_settings.py, restart its services, and configure the same value as \
                 monitoring token here",
            )),
            Some(failure) => needs.add(Line::warn(
                "permission",
                format!("{}: {}", call.name(), finding(failure)),
                remedy(self.account, failure),
            )),
            None => needs.asked(self.account, call.name(), Some("monitoring token"), asked.as_ref()),
        }
    }
}

fn names_and_ids(clients: &[SeenClient]) -> Vec<(&str, &str)> {
    clients.iter().map(|client| (client.name.as_str(), client.id.as_str())).collect()
}

/// A client counts all its agents, also those that the key does not see.
fn agent_line(seen: usize, admitted: &[SeenAgent], clients: Option<&[SeenClient]>, unfiltered: bool) -> Line {
    let of_clients = clients.map(|clients| clients.iter().map(|client| client.agents).sum::<u64>());
    let mut finding =
        if admitted.len() == seen { format!("{seen}") } else { format!("{} of {seen} after filter", admitted.len()) };
    if let Some(all) = of_clients.filter(|all| unfiltered && *all > seen as u64) {
        let limited =
            format!("; the clients have {all}, so the role of the key's user covers only some of their sites");
        finding.push_str(&limited);
    }
    match (seen, admitted.len()) {
        (0, _) => Line::warn(
            "agents",
            "the key sees no agent",
            "look whether agents are installed, and which clients and sites the role of the key's user is limited to",
        ),
        (_, 0) => {
            Line::warn("agents", finding, "compare filter with the names in the RMM: expressions match whole names")
        }
        _ => Line::ok("agents", finding),
    }
}
