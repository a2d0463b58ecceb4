//! Alerts of the Tactical RMM server.

use jiff::Timestamp;

use super::chance::Chance;
use super::tactical::TacticalAgent;
use super::{World, time};

/// Stretches of time, the present one and earlier ones, in which an alert may have begun.
const REMEMBERED: i64 = 4;
/// Places for alerts that belong to no agent.
const CUSTOM: u64 = 6;
/// Numbers below this are for those.
const FIRST_OF_AGENTS: u64 = 100;
/// In how many of 1,000 stretches of time an alert begins.
const OF_AGENTS: u64 = 90;
const OF_NOBODY: u64 = 400;
/// For how long (ms) an alert is snoozed: longer than any lasts.
const SNOOZED: i64 = 3 * 86_400_000;

/// One alert.
#[derive(Clone, Debug, PartialEq)]
pub struct TacticalAlert {
    /// Its id.
    pub id: u64,
    /// The agent; `None` for one that belongs to no agent.
    pub agent: Option<TacticalAgent>,
    /// `alert_type`: `availability`, `check`, `task`, `custom`.
    pub alert_type: &'static str,
    /// `severity`: `info`, `warning`, `error`.
    pub severity: &'static str,
    /// When it began.
    pub alert_time: Timestamp,
    /// When it was resolved; `None` while it is open.
    pub resolved_on: Option<Timestamp>,
    /// Until when it is snoozed; `None` when it is not.
    pub snooze_until: Option<Timestamp>,
    /// Not shown on the dashboard.
    pub hidden: bool,
    /// The check that failed.
    pub assigned_check: Option<u64>,
    /// The task that failed.
    pub assigned_task: Option<u64>,
}

impl World {
    /// Every alert that the server keeps: open, snoozed, hidden and resolved ones.
    #[must_use]
    pub fn tactical_alerts(&self, at: Timestamp) -> Vec<TacticalAlert> {
        let custom = self.seed.of(8);
        let mut alerts: Vec<_> = (0..CUSTOM)
            .flat_map(|slot| self.begun(custom.of(slot), slot, OF_NOBODY, at))
            .map(|alert| TacticalAlert { alert_type: "custom", ..alert })
            .collect();
        for place in 0..self.tactical.places {
            self.alerts_of(place, at, &mut alerts);
        }
        alerts
    }

    /// The alerts of the agent in that place. The agent itself is worked out only when it has one: most have none.
    fn alerts_of(&self, place: usize, at: Timestamp, alerts: &mut Vec<TacticalAlert>) {
        let Some(generation) = self.tactical_generation(place, at.as_millisecond()) else { return };
        let pk = place as u64 * 1_000 + generation.number;
        let since = generation.since.unwrap_or(i64::MIN);
        let mut agent = None;
        for (alert_type, slot) in ["availability", "check", "task"].into_iter().zip(0..) {
            let number = FIRST_OF_AGENTS + pk * 4 + slot;
            for alert in self.begun(self.seed.of(9).of(number), number, OF_AGENTS, at) {
                if alert.alert_time.as_millisecond() < since {
                    continue;
                }
                if agent.is_none() {
                    agent = self.tactical_agent_at(place, at);
                }
                alerts.push(TacticalAlert {
                    agent: agent.clone(),
                    alert_type,
                    assigned_check: (alert_type == "check").then_some(1),
                    assigned_task: (alert_type == "task").then_some(1),
                    ..alert
                });
            }
        }
    }

    /// What began in one slot lately. An alert lasts for a half to two and a half stretches of time.
    fn begun(&self, chance: Chance, number: u64, per_mille: u64, at: Timestamp) -> impl Iterator<Item = TacticalAlert> {
        let period = self.minutes(14);
        let now = at.as_millisecond();
        let window = chance.window(period, now);
        (0..REMEMBERED).filter_map(move |back| {
            let stretch = (window.number - back).unsigned_abs();
            let chance = chance.of(1).of(stretch);
            if !chance.fails(per_mille) {
                return None;
            }
            let start = window.start - back * period;
            let lasts = period / 10 * (5 + i64::try_from(chance.of(2).below(20)).unwrap_or(0));
            let resolved = start + lasts <= now;
            Some(TacticalAlert {
                id: stretch % 1_000 * 1_000_000_000 + number,
                agent: None,
                alert_type: "",
                severity: chance.of(3).pick(&["info", "warning", "error"]),
                alert_time: time(start),
                resolved_on: resolved.then(|| time(start + lasts)),
                snooze_until: (!resolved && chance.of(4).happens(200)).then(|| time(start + SNOOZED)),
                hidden: chance.of(5).happens(150),
                assigned_check: None,
                assigned_task: None,
            })
        })
    }
}
