//! Sessions of the platform's own backup, one call for each device that has it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::words::backup_plugin;
use super::{Context, with_agent};
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{
    DeviceId, Feature, Label, PluginSessions, Reading, Session as NewestSession, SessionStatus, Update, View,
};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::backup_sessions::{Session, list_mob_sessions};
use crate::platform::nsight::xml::Tally;

const SERVICE: &str = "list_mob_sessions";

/// The most plugins of a device. There are eight; each is some series.
const MAX_PLUGINS: usize = 32;

/// Twice a day: answers cover the device's whole life.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::BackupSessions, enabled: false, interval: Duration::from_hours(12) };

/// The calls. Without the feature there are no sessions.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    with_agent(view)
        .filter(|device| device.record.has(Feature::Backup))
        .map(|device| Call::ListMobSessions(device.id.clone()))
        .collect()
}

/// What list_mob_sessions says. The answer covers the device's whole life: only the newest session of each plugin is kept
/// while it is read.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, device: &DeviceId, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let mut plugins: BTreeMap<Label, Newest<'_>> = BTreeMap::new();
    let mut words = Words::default();
    list_mob_sessions(text, tally, |session| {
        if !is_backup(&session, context) {
            return;
        }
        let plugin = words.plugin(&session.plugin);
        if plugins.len() >= MAX_PLUGINS && !plugins.contains_key(&plugin) {
            context.noted.unknown_value(SERVICE, "plugin", &session.plugin);
            return;
        }
        plugins.entry(plugin).or_default().take(session, context.now);
    })?;
    let sessions = plugins.into_iter().filter_map(|(plugin, newest)| newest.into_sessions(plugin, context)).collect();
    Ok(vec![Update::Reading(device.clone(), Reading::Sessions(sessions))])
}

fn is_backup(session: &Session<'_>, context: &Context<'_>) -> bool {
    let is_backup = session.kind.eq_ignore_ascii_case("BACKUP");
    if !is_backup && !session.kind.eq_ignore_ascii_case("RESTORE") {
        context.noted.unknown_value(SERVICE, "type", &session.kind);
    }
    is_backup
}

/// The labels of plugins by their words, of which an answer has few.
#[derive(Default)]
struct Words(HashMap<String, Label>);

impl Words {
    fn plugin(&mut self, word: &str) -> Label {
        if let Some(label) = self.0.get(word) {
            return label.clone();
        }
        let label = backup_plugin(word);
        if self.0.len() < MAX_PLUGINS {
            self.0.insert(word.to_owned(), label.clone());
        }
        label
    }
}

/// What is kept of one plugin's sessions.
#[derive(Debug, Default)]
struct Newest<'a> {
    /// The newest session. Of two that ended at once it is the one with the greater id, whatever their order.
    session: Option<((Timestamp, Option<u64>), Session<'a>)>,
    /// End of the newest completed one.
    last_success: Option<Timestamp>,
}

impl<'a> Newest<'a> {
    fn take(&mut self, session: Session<'a>, now: Timestamp) {
        // A session that is still to come would stay the newest until then.
        let past = |time: &Timestamp| *time <= now;
        let session = Session { start: session.start.filter(past), end: session.end.filter(past), ..session };
        let Some(at) = session.end.or(session.start) else { return };
        if status(&session.status) == Some(SessionStatus::Completed) {
            self.last_success = self.last_success.max(session.end);
        }
        let order = (at, session.id);
        if self.session.as_ref().is_none_or(|(newest, _)| *newest < order) {
            self.session = Some((order, session));
        }
    }

    fn into_sessions(self, plugin: Label, context: &Context<'_>) -> Option<PluginSessions> {
        let (_, session) = self.session?;
        let status = status(&session.status);
        if status.is_none() {
            context.noted.unknown_value(SERVICE, "status", &session.status);
        }
        let newest = NewestSession {
            status,
            duration: session.start.zip(session.end).and_then(|(start, end)| end.duration_since(start).try_into().ok()),
            transferred_bytes: session.transferred_bytes,
            selected_bytes: session.selected_bytes,
            processed_bytes: session.processed_bytes,
            errors: session.errors,
        };
        Some(PluginSessions { plugin, last_success: self.last_success, newest })
    }
}

fn status(word: &str) -> Option<SessionStatus> {
    let words = [
        ("COMPLETED", SessionStatus::Completed),
        ("COMPLETED_WITH_ERRORS", SessionStatus::CompletedWithErrors),
        ("FAILED", SessionStatus::Failed),
        ("INTERRUPTED", SessionStatus::Interrupted),
        ("NOT_STARTED", SessionStatus::NotStarted),
        ("CANCELED", SessionStatus::Canceled),
    ];
    words.into_iter().find_map(|(known, status)| word.eq_ignore_ascii_case(known).then_some(status))
}

#[cfg(test)]
mod tests;
