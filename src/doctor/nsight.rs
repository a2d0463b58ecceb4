//! What the key of an N-sight account sees, and which calls it may make.

use std::collections::BTreeSet;

use super::ask::{Asked, Asker};
use super::budget::{self, Known};
use super::permission::Needs;
use super::remedy::{finding, remedy};
use super::report::Line;
use super::sees::{devices, listed, of_one_name, told_apart, with_filter};
use super::{key, sample, skew, skipped};
use crate::account::fleet_options;
use crate::collector::Collector;
use crate::config::AccountConfig;
use crate::config::plan::{AccountPlan, FleetSize, Having, plan_account};
use crate::config::text::in_quotes;
use crate::fleet::{ClientView, DeviceId, DeviceView, Feature, Fleet, Kind, Update, View};
use crate::planner::ReadCall;
use crate::platform::Failure;
use crate::platform::nsight::call::Call;
use crate::platform::nsight::collectors::antivirus_definitions::{is_called, nearest};
use crate::platform::nsight::collectors::{Fallbacks, wants};
use crate::platform::nsight::probe::NsightProber;

/// Of so many clients the sites are counted.
const MOST_SITE_LISTS: usize = 5;

/// So many lists of devices are read in search of devices that have what the collectors ask about.
const MOST_ROSTERS: usize = 4;

/// With so many devices the calls are tried: one that has much, and others for what it lacks.
const MOST_SAMPLED: usize = 3;

/// Everything that takes a request; the plan for the fleet that was seen.
pub async fn examine(
    account: &AccountConfig,
    asker: &mut Asker<NsightProber>,
    lines: &mut Vec<Line>,
) -> Option<AccountPlan> {
    let fleet = Fleet::new(fleet_options(account));
    let mut patient = Patient { account, asker, fleet, whole_fleet: false, listed_clients: 0, asked: Vec::new() };
    let first = patient.ask(Call::ListClients).await?;
    let heard = patient.hear(&Call::ListClients, &first);
    lines.extend(key::lines(account, &Call::ListClients, &first));
    lines.push(skew::line(&first));
    if let Err(failure) = heard {
        if first.result.is_ok() {
            lines.push(Line::bad("clients", finding(&failure), remedy(account, &failure)));
        }
        lines.extend(skipped(&["clients", "permission", "budget"], "the client list cannot be read", lines));
        return None;
    }
    let (mut size, known) = patient.sees(lines).await;
    lines.extend(patient.permissions().await);
    if patient.whole_fleet {
        size.having = Having { mobile: size.having.mobile, ..sample::having(&patient.fleet.known().devices) };
    }
    let plan = plan_account(account, size);
    lines.extend(budget::lines(&plan, known));
    Some(plan)
}

struct Patient<'a> {
    account: &'a AccountConfig,
    asker: &'a mut Asker<NsightProber>,
    /// What was heard, laid together as the exporter does.
    fleet: Fleet,
    /// Whether every list of devices was read.
    whole_fleet: bool,
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
            if let Update::Clients(clients) = update.said() {
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
        lines.extend(of_one_name(&names_and_ids(clients)));
        if clients.is_empty() {
            return (FleetSize::from_devices(0), Known::Counted);
        }
        lines.push(devices(&self.account.filter, total));
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
        let names = told_apart(&names_and_ids(admitted));
        if let Some(line) = with_filter(self.account, self.listed_clients, admitted.len()) {
            return line;
        }
        match listed(&names, ", ") {
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
        let mut read = 0_u64;
        for client in sample::servers_first(clients).into_iter().take(MOST_SITE_LISTS) {
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

    /// Which calls the key may make. N-sight cannot be asked for permissions, so the calls are made for a few devices.
    async fn permissions(&mut self) -> Vec<Line> {
        let mut view = self.sample().await;
        let looked_at = self.fleet.known().devices.len();
        let mut made: Vec<&'static str> = self.asked.iter().map(|(call, _)| call.name()).collect();
        made.push(Call::ListClients.name());
        let mut lines = Vec::new();
        let idle = self.account.needs();
        for collector in self.account.collectors.keys().filter(|collector| !idle.is_idle(**collector)) {
            let mut needs = Needs::of(*collector).if_idle(sample::why_no_call(*collector, looked_at));
            if *collector == Collector::Inventory {
                for (call, asked) in first_of_each_name(&self.asked) {
                    needs.asked(self.account, call.name(), None, asked.as_ref());
                }
            }
            while let Some(call) = next_call(self.account, *collector, &view, &made) {
                made.push(call.name());
                let asked = self.ask(call.clone()).await;
                needs.asked(self.account, call.name(), None, asked.as_ref());
                if let (Call::ListSupportedAvProducts, Some(asked)) = (&call, &asked) {
                    self.products(&mut needs, asked);
                    // What was found there gives reason for another call.
                    view.antivirus_products = self.fleet.known().antivirus_products;
                }
            }
            lines.extend(needs.lines());
        }
        lines
    }

    /// Whether the platform knows the antivirus products that the configuration names.
    fn products(&mut self, needs: &mut Needs, asked: &Asked) {
        if asked.result.is_err() {
            return;
        }
        if let Err(failure) = self.hear(&Call::ListSupportedAvProducts, asked) {
            needs.add(Line::warn("products", finding(&failure), remedy(self.account, &failure)));
            return;
        }
        let known = self.fleet.known().antivirus_products.unwrap_or_default();
        for wanted in self.account.nsight().antivirus_products {
            if let Some(product) = known.iter().find(|product| is_called(product, &wanted)) {
                needs.add(Line::ok("products", format!("{} is {}", product.id, product.name.as_str())));
                continue;
            }
            let remedy = match listed(&nearest(&wanted, &known), ", ") {
                Some(nearest) => {
                    format!("write an id or a name of its list in antivirus_products; the nearest ids are {nearest}")
                }
                None => "its list is empty: ask N-able, or take the product out of antivirus_products".to_owned(),
            };
            needs.add(Line::bad(
                "products",
                format!("N-sight knows no antivirus product {}", in_quotes(&wanted)),
                remedy,
            ));
        }
    }

    /// A view of a few devices and a client, so that the collectors say which calls they would make for them: one device that
    /// has most of what the collectors ask about, and others for what it lacks.
    async fn sample(&mut self) -> View {
        let wanted = sample::features(self.account);
        self.rosters(&wanted).await;
        let mut missing = wanted;
        let mut chosen: Vec<DeviceView> = Vec::new();
        while chosen.len() < MOST_SAMPLED {
            let Some(device) = self.pick(&missing) else { break };
            if !chosen.is_empty() && !has_any(&device, &missing) {
                break;
            }
            // The detail record tells whether there is an agent, and the system.
            self.details(&device).await;
            let Some(device) = self.pick(&missing) else { break };
            missing.retain(|feature| !device.record.has(*feature));
            chosen.push(device);
        }
        let mut view = self.fleet.known();
        let Some(first) = chosen.first().map(|device| device.record.client.clone()) else { return view };
        let chosen: Vec<DeviceId> = chosen.into_iter().map(|device| device.id).collect();
        view.clients.retain(|client| client.key == first);
        view.sites.retain(|site| site.client_key == first);
        view.devices.retain(|device| chosen.contains(&device.id));
        view
    }

    fn pick(&self, wanted: &BTreeSet<Feature>) -> Option<DeviceView> {
        sample::best(&self.fleet.known().devices, wanted).cloned()
    }

    /// Reads lists of devices until every wanted feature was seen.
    async fn rosters(&mut self, wanted: &BTreeSet<Feature>) {
        let rosters = sample::rosters(self.account, &self.fleet.known().clients);
        let mut read = 0;
        for (client, kind) in rosters.iter().take(MOST_ROSTERS) {
            let devices = self.fleet.known().devices;
            if !devices.is_empty() && sample::lacking(&devices, wanted).is_empty() {
                break;
            }
            read += usize::from(self.list(Call::ListDevicesAtClient(client.clone(), *kind)).await);
        }
        self.whole_fleet = read == rosters.len();
    }

    /// Reads the details of the device's site, once.
    async fn details(&mut self, device: &DeviceView) {
        let record = &device.record;
        let list = if record.kind == Some(Kind::Server) { Call::ListServers } else { Call::ListWorkstations };
        let call = list(record.client.clone(), record.site.clone());
        if !self.asked.iter().any(|(asked, _)| *asked == call) {
            self.list(call).await;
        }
    }
}

fn names_and_ids(clients: &[ClientView]) -> Vec<(&str, &str)> {
    clients.iter().map(|client| (client.name.as_str(), client.id.as_str())).collect()
}

fn has_any(device: &DeviceView, features: &BTreeSet<Feature>) -> bool {
    features.iter().any(|feature| device.record.has(*feature))
}

/// The next call of the collector whose name was not tried yet.
fn next_call(account: &AccountConfig, collector: Collector, view: &View, made: &[&'static str]) -> Option<Call> {
    let needs = account.needs();
    let wanted = wants(account, view, Fallbacks::default()).into_iter().filter(|want| want.collector == collector);
    let mut calls = wanted.map(|want| want.call).filter(|call| needs.asks(collector, call.name()));
    calls.find(|call| !made.contains(&call.name()))
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
