//! What the key of an N-sight account sees, and which calls it may make.

use super::ask::{Asked, Asker};
use super::budget::{self, Known};
use super::permission::Needs;
use super::remedy::{finding, remedy};
use super::report::Line;
use super::sees::{listed, with_filter};
use super::{key, skew, skipped};
use crate::account::fleet_options;
use crate::collector::Collector;
use crate::config::AccountConfig;
use crate::config::plan::{FleetSize, Having};
use crate::fleet::{ClientView, Fleet, Kind, Update, View};
use crate::planner::ReadCall;
use crate::platform::Failure;
use crate::platform::nsight::call::Call;
use crate::platform::nsight::collectors::{Fallbacks, wants};
use crate::platform::nsight::probe::NsightProber;

/// Of so many clients the sites are counted.
const MOST_SITE_LISTS: usize = 5;

/// Everything that takes a request.
pub async fn examine(account: &AccountConfig, asker: &mut Asker<NsightProber>, lines: &mut Vec<Line>) {
    let mut patient =
        Patient { account, asker, fleet: Fleet::new(fleet_options(account)), listed_clients: 0, asked: Vec::new() };
    let Some(first) = patient.ask(Call::ListClients).await else { return };
    let heard = patient.hear(&Call::ListClients, &first);
    lines.extend(key::lines(account, &Call::ListClients, &first));
    lines.push(skew::line(&first));
    if let Err(failure) = heard {
        if first.result.is_ok() {
            lines.push(Line::bad("clients", finding(&failure), remedy(account, &failure)));
        }
        lines.extend(skipped(&["clients", "permission", "budget"], "the client list cannot be read", lines));
        return;
    }
    let (size, known) = patient.sees(lines).await;
    lines.extend(patient.permissions().await);
    lines.extend(budget::lines(account, size, known));
}

struct Patient<'a> {
    account: &'a AccountConfig,
    asker: &'a mut Asker<NsightProber>,
    /// What was heard, laid together as the exporter does.
    fleet: Fleet,
    asked: Vec<(Call, Option<Asked>)>,
    /// Clients before the filter.
    listed_clients: usize,
}

impl Patient<'_> {
    async fn ask(&mut self, call: Call) -> Option<Asked> {
        self.asker.ask(call).await
    }

    /// Takes the records of an answer in.
    fn hear(&mut self, call: &Call, asked: &Asked) -> Result<(), Failure> {
        let answer = match &asked.result {
            Ok(answer) => answer.clone(),
            Err(failure) => return Err(failure.clone()),
        };
        let now = self.asker.now().wall;
        for update in self.asker.prober.updates(call, answer, now)? {
            if let Update::Clients(clients) = &update {
                self.listed_clients = clients.len();
            }
            self.fleet.apply(update, now);
        }
        Ok(())
    }

    /// Asks for a list and takes it in; remembers what became of it.
    async fn list(&mut self, call: Call) -> bool {
        let asked = self.ask(call.clone()).await;
        let heard = asked.as_ref().is_some_and(|asked| self.hear(&call, asked).is_ok());
        self.asked.push((call, asked));
        heard
    }

    /// Clients, devices and sites.
    async fn sees(&mut self, lines: &mut Vec<Line>) -> (FleetSize, Known) {
        let all = self.fleet.known();
        let clients = &all.clients;
        let total =
            |kind| clients.iter().filter_map(|client| client.devices.get(kind)).fold(0_u64, u64::saturating_add);
        let (servers, workstations) = (total(Kind::Server), total(Kind::Workstation));
        lines.push(self.clients(clients));
        if clients.is_empty() {
            return (FleetSize::from_devices(0), Known::Counted);
        }
        let finding = format!("{servers} servers, {workstations} workstations, {} mobile devices", total(Kind::Mobile));
        lines.push(if servers + workstations == 0 {
            Line::warn(
                "devices",
                finding,
                "N-sight counts active devices only: are agents installed, and may the key's user see them (Client Groups)?",
            )
        } else {
            Line::ok("devices", finding)
        });
        let (sites, known) = self.sites(clients, lines).await;
        (
            FleetSize {
                servers,
                workstations,
                having: Having { mobile: Some(total(Kind::Mobile)), ..Having::default() },
                ..FleetSize::new(servers + workstations, Some(clients.len() as u64), Some(sites))
            },
            known,
        )
    }

    fn clients(&self, admitted: &[ClientView]) -> Line {
        let names: Vec<&str> = admitted.iter().map(|client| client.name.as_str()).collect();
        if let Some(line) = with_filter(self.account, self.listed_clients, admitted.len()) {
            return line;
        }
        match listed(&names) {
            Some(listed) => Line::ok("clients", format!("{}: {listed}", names.len())),
            None => Line::warn(
                "clients",
                "the key is accepted, but it sees no client",
                "the key acts as the Agent Key user of the account, and sees what that user's Client Groups hold: put the \
                 clients into a group of it (an empty group is no error to N-sight)",
            ),
        }
    }

    /// Counts the sites of some clients; those with servers first, since a device is sampled from them.
    async fn sites(&mut self, clients: &[ClientView], lines: &mut Vec<Line>) -> (u64, Known) {
        let mut order: Vec<&ClientView> = clients.iter().collect();
        order.sort_by_key(|client| std::cmp::Reverse(client.devices.server.map(|servers| servers.min(1))));
        let mut read = 0_u64;
        for client in order.iter().take(MOST_SITE_LISTS) {
            read += u64::from(self.list(Call::ListSites(client.key.clone())).await);
        }
        let (seen, all) = (self.fleet.known().sites.len() as u64, clients.len() as u64);
        if read == 0 {
            lines.push(Line::skip("sites", "no list of sites can be read"));
            return (all, Known::About);
        }
        if read == all {
            lines.push(Line::ok("sites", seen.to_string()));
            return (seen, Known::Counted);
        }
        let about = seen.saturating_mul(all).div_ceil(read);
        lines
            .push(Line::ok("sites", format!("{seen} at {read} of the {all} clients, so about {about} at all of them")));
        (about, Known::About)
    }

    /// Which calls the key may make. N-sight cannot be asked for permissions, so the calls are made for one device.
    async fn permissions(&mut self) -> Vec<Line> {
        let view = self.sample().await;
        let mut lines = Vec::new();
        let idle = self.account.needs();
        for collector in self.account.collectors.keys().filter(|collector| !idle.is_idle(**collector)) {
            let mut needs = Needs::of(*collector);
            if *collector == Collector::Inventory {
                for (call, asked) in first_of_each_name(&self.asked) {
                    needs.asked(self.account, call.name(), None, asked.as_ref());
                }
            }
            let mut made: Vec<&'static str> = self.asked.iter().map(|(call, _)| call.name()).collect();
            made.push(Call::ListClients.name());
            let wanted = wants(self.account, &view, Fallbacks::default());
            for want in wanted.into_iter().filter(|want| want.collector == *collector) {
                if made.contains(&want.call.name()) {
                    continue;
                }
                made.push(want.call.name());
                let asked = self.ask(want.call.clone()).await;
                needs.asked(self.account, want.call.name(), None, asked.as_ref());
            }
            lines.extend(needs.lines());
        }
        lines
    }

    /// A view of one device and its client, so that the collectors say which calls they would make for it. A server where
    /// there is one: most is asked of servers.
    async fn sample(&mut self) -> View {
        let known = self.fleet.known();
        let pick = |kind| {
            let has_some = |client: &&ClientView| client.devices.get(kind).is_some_and(|count| count > 0);
            let admitted = self.account.filter.admits_kind(kind);
            known.clients.iter().filter(|_| admitted).find(has_some).map(|client| (client.key.clone(), kind))
        };
        let Some((client, kind)) = pick(Kind::Server).or_else(|| pick(Kind::Workstation)) else { return known };
        self.list(Call::ListDevicesAtClient(client.clone(), kind)).await;
        let site = self.fleet.known().devices.first().map(|device| device.record.site.clone());
        if let Some(site) = site {
            let call = if kind == Kind::Server { Call::ListServers } else { Call::ListWorkstations };
            self.list(call(client.clone(), site)).await;
        }
        let mut view = self.fleet.known();
        view.clients.retain(|one| one.key == client);
        view.sites.retain(|one| one.client_key == client);
        // The detail record tells whether there is an agent.
        let best = view.devices.iter().position(|device| device.record.agentless == Some(false)).unwrap_or(0);
        view.devices = view.devices.into_iter().skip(best).take(1).collect();
        view
    }
}

/// One call for each name: the one that went worst.
fn first_of_each_name(asked: &[(Call, Option<Asked>)]) -> Vec<&(Call, Option<Asked>)> {
    let is_good = |asked: &Option<Asked>| asked.as_ref().is_some_and(|asked| asked.result.is_ok());
    let mut chosen: Vec<&(Call, Option<Asked>)> = Vec::new();
    for one in asked {
        match chosen.iter_mut().find(|other| other.0.name() == one.0.name()) {
            Some(other) if is_good(&other.1) && !is_good(&one.1) => *other = one,
            Some(_) => {}
            None => chosen.push(one),
        }
    }
    chosen
}
