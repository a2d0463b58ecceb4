//! Windows updates of Tactical RMM agents.

use jiff::Timestamp;

use super::World;
use super::tactical::{TacticalAgent, TacticalUpdate};

/// Updates in an agent's list.
const LISTED: i64 = 18;

/// Installed, action, result.
type Stage = (bool, &'static str, &'static str);

impl World {
    /// Whether an approved update of the agent is not installed.
    pub(super) fn patches_pending(&self, agent: &TacticalAgent, at: Timestamp) -> bool {
        self.update_stages(agent, at).any(|(_, (installed, action, _))| !installed && action == "approve")
    }

    /// The updates of an agent: the number of each, and where it stands.
    fn update_stages(&self, agent: &TacticalAgent, at: Timestamp) -> impl Iterator<Item = (u64, Stage)> + use<> {
        let listed = if agent.plat != "windows" || agent.last_seen.is_none() || agent.chance.of(130).happens(80) {
            0
        } else {
            LISTED
        };
        let newest = agent.chance.of(131).window(self.minutes(7), at.as_millisecond()).number;
        let updates = agent.chance.of(132);
        (0..listed).map(move |back| {
            let number = (newest - back).unsigned_abs();
            (number, stage(back, updates.of(number).of(1).luck()))
        })
    }

    /// The updates of an agent, newest first; none for other systems than Windows, and for agents that have not scanned.
    #[must_use]
    pub fn tactical_updates(&self, agent: &TacticalAgent, at: Timestamp) -> Vec<TacticalUpdate> {
        let updates = self.update_stages(agent, at).map(|(number, (installed, action, result))| {
            let chance = agent.chance.of(132).of(number);
            let severity = chance.of(2).below(6);
            let severities = [Some("Critical"), Some("Important"), Some("Moderate"), Some("Low"), Some(""), None];
            let kb = 5_000_000 + chance.of(3).below(99_999);
            TacticalUpdate {
                id: number % 10_000_000 * 1_000 + agent.pk % 1_000,
                kb,
                title: format!("2026 Kumulatives \"Update\" für Windows (KB{kb})"),
                severity: usize::try_from(severity).ok().and_then(|index| severities.get(index).copied()).flatten(),
                installed,
                action,
                result,
            }
        });
        updates.collect()
    }
}

/// Where an update stands after so many steps of time: installed, action, result.
const fn stage(age: i64, luck: u64) -> Stage {
    match (luck, age) {
        (0..60, _) => (false, "ignore", "n/a"),
        (60..90, ..=9) => (false, "approve", "failed"),
        (90..110, ..=9) => (false, "nothing", "failed"),
        (110..130, _) => (false, "ignore", "failed"),
        (130..300, ..=2) => (false, "inherit", "n/a"),
        (_, ..=1) => (false, "nothing", "n/a"),
        (_, ..=3) => (false, "approve", "n/a"),
        // What was decided once means nothing for an installed update.
        (300..500, _) => (true, "ignore", "success"),
        (500..600, _) => (true, "nothing", "n/a"),
        (600..620, _) => (true, "approve", "failed"),
        _ => (true, "approve", "success"),
    }
}
