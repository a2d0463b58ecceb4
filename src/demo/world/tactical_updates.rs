//! Windows updates of Tactical RMM agents.

use jiff::Timestamp;

use super::World;
use super::tactical::{TacticalAgent, TacticalUpdate};

/// Updates in an agent's list.
const LISTED: i64 = 18;

impl World {
    /// The updates of an agent, newest first; none for other systems than Windows, and for agents that have not scanned.
    #[must_use]
    pub fn tactical_updates(&self, agent: &TacticalAgent, at: Timestamp) -> Vec<TacticalUpdate> {
        if agent.plat != "windows" || agent.last_seen.is_none() || agent.chance.of(130).happens(80) {
            return Vec::new();
        }
        let now = at.as_millisecond();
        let step = self.minutes(7);
        let window = agent.chance.of(131).window(step, now);
        let updates = (0..LISTED).map(|back| {
            let number = (window.number - back).unsigned_abs();
            let chance = agent.chance.of(132).of(number);
            let (installed, action, result) = stage(back, chance.of(1).below(1_000));
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
const fn stage(age: i64, luck: u64) -> (bool, &'static str, &'static str) {
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
