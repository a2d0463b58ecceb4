//! Backup & Recovery of N-sight devices: what ran, and what is chosen.

use jiff::Timestamp;

use super::nsight::{NsightDevice, NsightKind};
use super::{World, whole_second};

/// One run of a backup, or of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightSession {
    /// The session id.
    pub id: u64,
    /// `BACKUP` or `RESTORE`.
    pub kind: &'static str,
    /// What was saved: `FILE_SYSTEM`, `MSSQL` ….
    pub plugin: &'static str,
    /// Begin.
    pub start: Timestamp,
    /// End; some that never came to it have none.
    pub end: Option<Timestamp>,
    /// Bytes that were chosen.
    pub selected: u64,
    /// Bytes that were looked at.
    pub processed: u64,
    /// Bytes that were sent.
    pub transferred: u64,
    /// Errors.
    pub errors: u64,
    /// `COMPLETED`, `COMPLETED_WITH_ERRORS`, `FAILED`, `INTERRUPTED`, `NOT_STARTED`, `CANCELED`.
    pub status: &'static str,
}

/// What one storage slot of a device holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightSlot {
    /// The slot id.
    pub id: u64,
    /// Whether it is in use.
    pub active: bool,
    /// Element name of the plugin (`FsBackupPlugin`) and chosen bytes.
    pub plugins: Vec<(&'static str, u64)>,
}

/// A device that is no more, as far as the selection sizes remember it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightRemoved {
    /// Its former id.
    pub id: u64,
    /// What it was.
    pub kind: NsightKind,
    /// What it held.
    pub slots: Vec<NsightSlot>,
}

/// Word in the sessions, element in the selection, how often a server has it.
const PLUGINS: [(&str, &str, u64); 8] = [
    ("FILE_SYSTEM", "FsBackupPlugin", 950),
    ("SYSTEM_STATE", "SystemStateBackupPlugin", 600),
    ("MSSQL", "MssqlBackupPlugin", 200),
    ("EXCHANGE", "ExchangeBackupPlugin", 150),
    ("NETWORK_SHARES", "NetworkSharesBackupPlugin", 200),
    ("VMWARE", "VmwareBackupPlugin", 100),
    ("SHAREPOINT", "SharepointBackupPlugin", 80),
    ("ORACLE", "OracleBackupPlugin", 80),
];

const TROUBLE: [&str; 5] = ["COMPLETED_WITH_ERRORS", "FAILED", "INTERRUPTED", "NOT_STARTED", "CANCELED"];

impl World {
    /// All sessions of a device's life, in no order; none without Backup & Recovery.
    #[must_use]
    pub fn nsight_sessions(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightSession> {
        let mut sessions: Vec<_> =
            plugins(device).flat_map(|(index, plugin, _)| self.sessions_of(device, index, plugin, at)).collect();
        sessions.sort_by_key(|session| device.chance.of(600).of(session.id).number());
        sessions
    }

    fn sessions_of(
        &self,
        device: &NsightDevice,
        index: u64,
        plugin: &'static str,
        at: Timestamp,
    ) -> impl Iterator<Item = NsightSession> + use<> {
        let chance = device.chance.of(610).of(index);
        let until = device.awake_until(at);
        let step = self.minutes(8 + u32::try_from(chance.of(1).below(20)).unwrap_or(0));
        let window = chance.window(step, until);
        let lived = if chance.of(2).happens(60) { 300 } else { 40 };
        // Some devices never get through, and one plugin is only ever asked to restore.
        let never = device.chance.of(601).fails(250);
        let restore_only = plugin == "ORACLE";
        let device = device.clone();
        (0..lived).filter_map(move |back| {
            let number = window.number - back;
            let luck = chance.of(3).of(number.unsigned_abs());
            let start = window.start - back * step;
            // One in 30 is still running when the next begins.
            let share = if luck.of(1).below(30) == 0 { 130 } else { 5 + luck.of(2).below(55) };
            let end = start + step * i64::try_from(share).unwrap_or(5) / 100;
            // A session is listed when it is over.
            if end > until || !device.was_there(start) {
                return None;
            }
            let status = if !luck.of(3).fails(220) && !never { "COMPLETED" } else { luck.of(4).pick(&TROUBLE) };
            let endless = match status {
                "NOT_STARTED" => true,
                "INTERRUPTED" => luck.of(5).happens(500),
                _ => false,
            };
            let selected = (1 << 33) + (index + 1) * 7_000_000_000 + luck.of(6).below(1 << 32);
            let processed = if status == "NOT_STARTED" { 0 } else { luck.of(7).below(selected) };
            Some(NsightSession {
                id: number.unsigned_abs() % 100_000_000 * 10 + index,
                kind: if restore_only || luck.of(8).happens(60) { "RESTORE" } else { "BACKUP" },
                plugin,
                start: whole_second(start),
                end: (!endless).then(|| whole_second(end)),
                selected,
                processed,
                transferred: luck.of(9).below(processed.max(1)),
                errors: if status == "COMPLETED" || status == "NOT_STARTED" { 0 } else { 1 + luck.of(10).below(50) },
                status,
            })
        })
    }

    /// What is chosen for backup on a device; nothing without Backup & Recovery.
    #[must_use]
    pub fn nsight_selection(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightSlot> {
        let size = |part: u64| {
            let chance = device.chance.of(620).of(part);
            let window = chance.window(self.minutes(12), at.as_millisecond());
            chance.of(1).below(1 << 40) + chance.of(2).of(window.number.unsigned_abs()).below(1 << 30)
        };
        let mut slots: Vec<NsightSlot> = Vec::new();
        for (index, _, element) in plugins(device) {
            match slots.first_mut() {
                // Some keep the state of the system where they keep the files.
                Some(first) if index == 1 && device.chance.of(602).happens(400) => {
                    first.plugins.push((element, size(index)));
                }
                _ => slots.push(NsightSlot { id: index + 1, active: true, plugins: vec![(element, size(index))] }),
            }
        }
        if !slots.is_empty() && device.chance.of(603).happens(350) {
            slots.push(NsightSlot { id: 21, active: true, plugins: vec![("FsBackupPlugin", size(21))] });
        }
        if device.features.contains(&"mob") && device.chance.of(604).happens(250) {
            let plugins = vec![("FsBackupPlugin", size(31)), ("NetworkSharesBackupPlugin", size(32))];
            slots.push(NsightSlot { id: 31, active: false, plugins });
        }
        slots
    }
}

/// The plugins of a device: number, word, element.
fn plugins(device: &NsightDevice) -> impl Iterator<Item = (u64, &'static str, &'static str)> + use<> {
    let enabled = device.features.contains(&"mob");
    let server = device.kind == NsightKind::Server;
    let chance = device.chance.of(605);
    PLUGINS.into_iter().zip(0..).filter_map(move |((word, element, often), index)| {
        let often = if server || index == 0 { often } else { often / 4 };
        (enabled && chance.of(index).happens(often)).then_some((index, word, element))
    })
}
