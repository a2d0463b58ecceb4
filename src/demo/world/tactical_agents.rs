//! What the agents and sites of the Tactical RMM server are at a moment.

use jiff::Timestamp;

use super::chance::Chance;
use super::tactical::{
    AgentStatus, CheckCounters, TacticalAgent, TacticalAgentTruth, TacticalClient, TacticalSite, TacticalTruth,
};
use super::tactical_details::thresholds;
use super::{Generation, World, generation, last_tick};

/// Letters of an agent id.
const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Letters that carry the place and the generation; the other 32 only look like an id.
const CARRIED: usize = 8;

const NAMES: [&str; 10] = [
    "srv-münchen",
    "DESKTOP-7Q2K1L",
    "DESKTOP-DUPLICATE",
    "DESKTOP-DUPLICATE",
    "Karens-MacBook-Air.local",
    "he said \"hi\"",
    "back\\slash",
    "multi\nline\thost",
    " blank ",
    "host-\u{200b}zero\u{202e}rtl-🖥",
];

impl World {
    pub(super) fn tactical_truth(&self, at: Timestamp) -> TacticalTruth {
        let clients =
            self.tactical.clients.iter().map(|client| TacticalClient { id: client.id, name: client.name.clone() });
        TacticalTruth {
            clients: clients.collect(),
            sites: self.tactical.sites.iter().filter_map(|site| self.tactical_site(site.id, at)).collect(),
            agents: self
                .tactical_agents(0..self.tactical.places, at)
                .map(|agent| self.tactical_details(agent, at))
                .collect(),
            alerts: self.tactical_alerts(at),
            server: self.tactical_server(at),
            role: self.tactical_switches().role(),
        }
    }

    /// An agent with everything that is true of it.
    #[must_use]
    pub fn tactical_details(&self, agent: TacticalAgent, at: Timestamp) -> TacticalAgentTruth {
        let checks = self.tactical_checks(&agent, at);
        TacticalAgentTruth {
            counters: CheckCounters::of(&checks),
            checks,
            tasks: self.tactical_tasks(&agent, at),
            updates: self.tactical_updates(&agent, at),
            detail: self.agent_detail(&agent, at),
            fields: self.agent_fields(&agent, at),
            agent,
        }
    }

    /// A site with its number of agents.
    #[must_use]
    pub fn tactical_site(&self, id: u64, at: Timestamp) -> Option<TacticalSite> {
        let plan = self.tactical.site(id)?;
        let now = at.as_millisecond();
        let agents = plan.places.clone().filter(|place| self.tactical_generation(*place, now).is_some()).count();
        let client_id = self.tactical.clients.get(plan.client)?.id;
        Some(TacticalSite { id, client_id, name: plan.name.clone(), agents: agents as u64 })
    }

    /// The agents in these places.
    pub fn tactical_agents(
        &self,
        places: std::ops::Range<usize>,
        at: Timestamp,
    ) -> impl Iterator<Item = TacticalAgent> + use<'_> {
        places.filter_map(move |place| self.tactical_agent_at(place, at))
    }

    /// The agent with that id, when it exists now.
    #[must_use]
    pub fn tactical_agent(&self, agent_id: &str, at: Timestamp) -> Option<TacticalAgent> {
        let carried = agent_id.as_bytes().get(..CARRIED)?.iter().rev();
        let number = carried
            .map(|letter| LETTERS.iter().position(|known| known == letter))
            .try_fold(0_u64, |number, digit| Some(number * 52 + digit? as u64))?;
        let place = usize::try_from(number / 1_000).ok()?;
        self.tactical_agent_at(place, at).filter(|agent| agent.agent_id == agent_id)
    }

    pub(super) fn tactical_generation(&self, place: usize, at: i64) -> Option<Generation> {
        generation(place, self.seed.of(6).of(place as u64), self.minutes(16), at)
    }

    pub(super) fn tactical_agent_at(&self, place: usize, at: Timestamp) -> Option<TacticalAgent> {
        let site = self.tactical.site_of(place)?;
        let client = self.tactical.clients.get(site.client)?;
        let now = at.as_millisecond();
        let generation = self.tactical_generation(place, now)?;
        let pk = place as u64 * 1_000 + generation.number;
        let chance = self.seed.of(7).of(pk);
        let plat = match chance.of(1).below(10) {
            0 => "linux",
            1 => "darwin",
            _ => "windows",
        };
        let server = plat == "linux" || (plat == "windows" && place.is_multiple_of(3));
        let last_seen = self.last_seen(place, chance, now);
        let mut agent = TacticalAgent {
            agent_id: agent_id(pk, chance),
            pk,
            client_id: client.id,
            client: client.name.clone(),
            site_id: site.id,
            site: site.name.clone(),
            hostname: hostname(place, server, generation),
            server,
            plat,
            operating_system: operating_system(plat, server, chance),
            version: chance.of(3).pick(&["2.11.0", "2.11.0", "2.10.0"]),
            make_model: chance.of(4).pick(&["Demo Inc. Box 100", "QEMU pc", "unknown make/model", "Büro \"X\""]),
            description: [Some(""), None, Some("説明"), Some("multi\nline\ndescription")]
                .get(usize::try_from(chance.of(5).below(4)).unwrap_or(0))
                .copied()
                .flatten(),
            status: status(last_seen, thresholds(chance), at),
            last_seen,
            boot_time: self.boot_time(chance, now),
            needs_reboot: chance.of(7).episode(self.minutes(11), 120, now).is_some(),
            maintenance_mode: chance.of(8).episode(self.minutes(50), 60, now).is_some(),
            pending_actions: chance
                .of(9)
                .episode(self.minutes(9), 150, now)
                .map_or(0, |since| 1 + since.unsigned_abs() % 3),
            patches_pending: false,
            chance,
        };
        agent.patches_pending = self.patches_pending(&agent, at);
        Some(agent)
    }

    fn last_seen(&self, place: usize, chance: Chance, now: i64) -> Option<Timestamp> {
        if place % 40 == 17 {
            return None; // Installed, but it never called.
        }
        let down = chance.of(10).episode(self.minutes(9), 90, now);
        let seen = chance.of(11).window(35_000, down.map_or(now, |since| since - 1)).start;
        // Microseconds as the server writes them, now and then exactly zero.
        let micros =
            if chance.of(12).happens(100) { 0 } else { i64::try_from(chance.of(13).below(1_000)).unwrap_or(0) };
        let seen = seen.div_euclid(1_000) * 1_000_000 + micros;
        Timestamp::from_microsecond(seen).ok()
    }

    fn boot_time(&self, chance: Chance, now: i64) -> Option<f64> {
        let period = if chance.of(14).happens(200) { self.minutes(30) } else { 11 * 86_400_000 };
        let boot = last_tick(chance.of(15), period, now) / 1_000;
        match chance.of(16).below(20) {
            0 => None,
            1 => Some(0.0),
            2 => Some((now / 1_000 + 864_000) as f64),
            _ => Some(boot as f64 + 0.752_366),
        }
    }
}

/// The first letters say which place and generation, so that an id leads back to its agent without a table.
fn agent_id(number: u64, chance: Chance) -> String {
    let letter = |digit: u64| LETTERS.get(usize::try_from(digit % 52).unwrap_or(0)).copied().map_or('x', char::from);
    let carried = (0..CARRIED).scan(number, |rest, _| {
        let digit = *rest % 52;
        *rest /= 52;
        Some(letter(digit))
    });
    carried.chain((0..32).map(|index| letter(chance.of(17).of(index).number()))).collect()
}

/// The status as the server computes it from the thresholds (minutes). An agent that never called is offline for ever, and
/// one that is overdue sooner than offline is never offline.
fn status(last_seen: Option<Timestamp>, (offline, overdue): (u64, u64), at: Timestamp) -> AgentStatus {
    let Some(seen) = last_seen else { return AgentStatus::Offline };
    let silent = u64::try_from(at.as_microsecond() - seen.as_microsecond()).unwrap_or(0);
    let (offline, overdue) = (offline * 60_000_000, overdue * 60_000_000);
    if silent > offline && silent < overdue {
        AgentStatus::Offline
    } else if silent > offline && silent > overdue {
        AgentStatus::Overdue
    } else {
        AgentStatus::Online
    }
}

fn hostname(place: usize, server: bool, generation: Generation) -> String {
    match (NAMES.get(place), generation.since) {
        (Some(name), None) => (*name).to_owned(),
        (_, None) => format!("{}-{place:05}", if server { "srv" } else { "DESKTOP" }),
        (_, Some(_)) => format!("TEMP-{place:05}-{}", generation.number),
    }
}

fn operating_system(plat: &str, server: bool, chance: Chance) -> Option<&'static str> {
    if chance.of(6).happens(30) {
        return None;
    }
    Some(match (plat, server) {
        ("linux", _) => "Ubuntu 24.04 x86_64 6.8.0-45-generic",
        ("darwin", _) => "Darwin 14.6.1 arm64 23.6.0",
        (_, true) => "Windows Server 2022 Datacenter, 64 bit v21H2 (build 20348.2655)",
        (_, false) => "Windows 11 Pro, 64 bit v23H2 (build 22631.4460)",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_from_the_thresholds() {
        let at: Timestamp = "2026-03-04T09:15:02Z".parse().unwrap();
        let ago = |seconds: i64| Timestamp::from_second(at.as_second() - seconds).ok();
        for (seen, thresholds, expected) in [
            (None, (1, 5), AgentStatus::Offline),
            (ago(60), (1, 5), AgentStatus::Online),
            (ago(61), (1, 5), AgentStatus::Offline),
            (ago(301), (1, 5), AgentStatus::Overdue),
            (ago(301), (6, 3), AgentStatus::Online),
            (ago(361), (6, 3), AgentStatus::Overdue),
        ] {
            assert_eq!(status(seen, thresholds, at), expected, "{seen:?} {thresholds:?}");
        }
    }
}
