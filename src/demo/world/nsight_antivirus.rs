//! Managed antivirus of N-sight devices: what two engines found, put away and scanned.

use jiff::Timestamp;

use super::nsight::NsightDevice;
use super::{World, whole_second};

/// An antivirus engine. Each has its own words, and its own idea of time in the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NsightEngine {
    /// The older one: upper-case words, times in UTC.
    Vipre,
    /// The newer one: words in title case, times in the device's local time.
    Bitdefender,
}

impl NsightEngine {
    /// Its name in the answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Vipre => "VIPRE",
            Self::Bitdefender => "Bitdefender",
        }
    }
}

/// The newest occurrence of one threat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightThreat {
    /// Name.
    pub name: &'static str,
    /// Category.
    pub category: &'static str,
    /// `last_status`, in the engine's spelling.
    pub status: &'static str,
    /// When it was met last.
    pub last_event: Timestamp,
    /// What found it, in the engine's spelling.
    pub scan_type: &'static str,
    /// Who found it.
    pub engine: NsightEngine,
}

/// Something that is or was in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightQuarantined {
    /// The item's id.
    pub id: u64,
    /// Name of the threat.
    pub threat: &'static str,
    /// Category of the threat.
    pub category: &'static str,
    /// Status, in the engine's spelling.
    pub status: &'static str,
    /// Whether it is in quarantine now.
    pub current: bool,
    /// Begin and end of the scan that found it, if a scan did.
    pub scan: Option<(Timestamp, Timestamp)>,
    /// Who found it.
    pub engine: NsightEngine,
}

/// One scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsightScan {
    /// Type, in the engine's spelling.
    pub scan_type: &'static str,
    /// Status, in the engine's spelling.
    pub status: &'static str,
    /// Begin.
    pub start: Timestamp,
    /// End; `None` for one that runs or was never finished.
    pub end: Option<Timestamp>,
    /// `threat_count`.
    pub threats: u64,
    /// `quarantine_count`.
    pub quarantined: u64,
    /// `error_count`.
    pub errors: u64,
    /// Who scans.
    pub engine: NsightEngine,
}

const THREATS: [(&str, &str); 6] = [
    ("EICAR-Test-File", "Virus"),
    ("Trojan.Gen.2 <b>", "Trojan"),
    ("Adware/Bücher & Co", "Adware (Low Risk)"),
    ("JS:Miner-€]]>", "Riskware"),
    ("Gen:Variant.\"Zusy\".1", "Virus"),
    ("Cookie.Tracker", "Cookie"),
];

/// The words of an engine.
struct Words {
    threat: &'static [&'static str],
    threat_scan: &'static [&'static str],
    quarantined: &'static [&'static str],
    released: &'static [&'static str],
    /// Quick, deep, custom, and whatever else it calls a scan.
    scans: [&'static [&'static str]; 4],
    finished: &'static str,
    running: &'static str,
    broken: &'static [&'static str],
}

const VIPRE: Words = Words {
    threat: &[
        "QUARANTINED",
        "QUARANTINED",
        "RELEASE_PENDING",
        "RELEASED",
        "DELETE_PENDING",
        "DELETED",
        "REPORTED",
        "FAILED_TO_QUARANTINE",
        "FAILED_TO_RELEASE",
        "FAILED_TO_DELETE",
        "UNDER_REVIEW",
    ],
    threat_scan: &["QUICK", "DEEP", "ACTIVE", "CUSTOM"],
    quarantined: &["QUARANTINED", "QUARANTINED", "RELEASE_PENDING", "DELETE_PENDING", "FAILED_TO_DELETE"],
    released: &["RELEASED", "DELETED", "REPORTED"],
    scans: [&["QUICK"], &["DEEP"], &["CUSTOM"], &["ACTIVE"]],
    finished: "FINISHED",
    running: "RUNNING",
    broken: &["CANCELED", "ERROR", "PAUSED", "PENDING", "PENDING_AGENT", "NONE", "RUNNING"],
};

const BITDEFENDER: Words = Words {
    threat: &[
        "Quarantined",
        "Quarantined",
        "Ignored",
        "Detected",
        "Deleted",
        "Blocked",
        "Cleaned",
        "QuarantineRestored",
        "QuarantineDeleted",
        "Under Review",
    ],
    threat_scan: &["Active Protection", "Quick", "Deep", "Custom", "Behavioral", "IDS", "Device"],
    quarantined: &["Quarantined"],
    released: &["Deleted", "Restored"],
    scans: [&["Quick"], &["Deep"], &["Custom"], &["Active Protection", "Behavioral", "IDS", "Device"]],
    finished: "Scan Finished Normally",
    running: "Scan In Progress",
    broken: &["Scan Aborted", "Scan Stopped", "Scan In Progress"],
};

/// Minutes from one scan of a kind to the next, how many of them are listed, and how many devices have that kind.
const SCHEDULES: [(u32, i64, u64); 4] = [(9, 12, 900), (31, 8, 700), (60, 3, 300), (45, 4, 400)];

impl NsightDevice {
    /// The engines that this device has records of; none without managed antivirus.
    #[must_use]
    pub fn engines(&self) -> &'static [NsightEngine] {
        match (self.features.contains(&"mav"), self.features.contains(&"mavbreck")) {
            (false, false) => &[],
            (true, false) => &[NsightEngine::Vipre],
            (false, true) => &[NsightEngine::Bitdefender],
            (true, true) => &[NsightEngine::Vipre, NsightEngine::Bitdefender],
        }
    }

    /// Whether the second version of the antivirus answers shows nothing of this device. The platform leaves open what
    /// that version says of a device that has the older engine only, so one half of those is like this.
    #[must_use]
    pub fn hides_vipre(&self) -> bool {
        self.engines() == [NsightEngine::Vipre] && self.chance.of(500).happens(500)
    }
}

impl World {
    /// The threats that were met on a device.
    #[must_use]
    pub fn nsight_threats(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightThreat> {
        let mut threats = Vec::new();
        for (&engine, part) in device.engines().iter().zip(510..) {
            let words = words(engine);
            for ((name, category), index) in THREATS.into_iter().zip(0..) {
                let chance = device.chance.of(part).of(index);
                let window = chance.of(2).window(self.minutes(20), device.awake_until(at));
                let luck = chance.of(3).of(window.number.unsigned_abs());
                if chance.of(1).fails(350) && device.was_there(window.start) {
                    threats.push(NsightThreat {
                        name,
                        category,
                        status: luck.of(1).pick(words.threat),
                        last_event: whole_second(window.start),
                        scan_type: luck.of(2).pick(words.threat_scan),
                        engine,
                    });
                }
            }
        }
        threats
    }

    /// What is and was in a device's quarantine.
    #[must_use]
    pub fn nsight_quarantine(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightQuarantined> {
        let step = self.minutes(25);
        let mut items = Vec::new();
        for (&engine, part) in device.engines().iter().zip(520..) {
            let chance = device.chance.of(part);
            let words = words(engine);
            let window = chance.window(step, device.awake_until(at));
            for back in 0..8 {
                let number = (window.number - back).unsigned_abs();
                let luck = chance.of(number);
                let found = window.start - back * step;
                if !luck.of(1).happens(400) || !device.was_there(found) {
                    continue;
                }
                // The older it is, the more likely it has left.
                let current = luck.of(2).below(8) >= back.unsigned_abs();
                let (threat, category) = THREATS
                    .get(usize::try_from(luck.of(3).below(THREATS.len() as u64)).unwrap_or(0))
                    .copied()
                    .unwrap_or_default();
                items.push(NsightQuarantined {
                    id: number % 10_000_000 * 10 + part % 10,
                    threat,
                    category,
                    status: luck.of(4).pick(if current { words.quarantined } else { words.released }),
                    current,
                    scan: luck.of(5).happens(500).then(|| (whole_second(found - step / 4), whole_second(found))),
                    engine,
                });
            }
        }
        items
    }

    /// The scans of a device: the older engine lists the oldest first, the newer one the newest.
    #[must_use]
    pub fn nsight_scans(&self, device: &NsightDevice, at: Timestamp) -> Vec<NsightScan> {
        let mut scans = Vec::new();
        for (&engine, part) in device.engines().iter().zip(530..) {
            let mut of_engine: Vec<NsightScan> = (0..SCHEDULES.len())
                .flat_map(|kind| self.scans_of_kind(device, engine, device.chance.of(part).of(kind as u64), kind, at))
                .collect();
            of_engine.sort_by_key(|scan| scan.start);
            if engine == NsightEngine::Bitdefender {
                of_engine.reverse();
            }
            scans.append(&mut of_engine);
        }
        scans
    }

    fn scans_of_kind(
        &self,
        device: &NsightDevice,
        engine: NsightEngine,
        chance: super::chance::Chance,
        kind: usize,
        at: Timestamp,
    ) -> Vec<NsightScan> {
        let words = words(engine);
        let (Some(&(minutes, listed, often)), Some(names)) = (SCHEDULES.get(kind), words.scans.get(kind)) else {
            return Vec::new();
        };
        if !chance.of(1).happens(often) {
            return Vec::new();
        }
        let until = device.awake_until(at);
        let step = self.minutes(minutes);
        let window = chance.window(step, until);
        let scans = (0..listed).filter_map(|back| {
            let start = window.start - back * step;
            let luck = chance.of(2).of((window.number - back).unsigned_abs());
            if luck.of(1).happens(100) || !device.was_there(start) {
                return None; // The device was off.
            }
            let end = start + step * i64::try_from(5 + luck.of(2).below(60)).unwrap_or(5) / 100;
            let (status, end) = if end > until {
                (words.running, None)
            } else if !luck.of(3).fails(250) {
                (words.finished, Some(end))
            } else {
                let status = luck.of(4).pick(words.broken);
                // Some that were broken off have an end all the same.
                let ended = matches!(status, "CANCELED" | "ERROR" | "Scan Aborted" | "Scan Stopped");
                (status, (ended && luck.of(5).happens(400)).then_some(end))
            };
            let threats = if luck.of(6).happens(200) { 1 + luck.of(7).below(4) } else { 0 };
            Some(NsightScan {
                scan_type: luck.of(8).pick(names),
                status,
                start: whole_second(start),
                end: end.map(whole_second),
                threats,
                quarantined: luck.of(9).below(threats + 1),
                errors: if luck.of(10).happens(150) { 1 + luck.of(11).below(20) } else { 0 },
                engine,
            })
        });
        scans.collect()
    }
}

const fn words(engine: NsightEngine) -> &'static Words {
    match engine {
        NsightEngine::Vipre => &VIPRE,
        NsightEngine::Bitdefender => &BITDEFENDER,
    }
}
