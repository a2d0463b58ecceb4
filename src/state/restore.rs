//! From the records of a file to what they say.

use std::io::Read;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::file::{Damage, OPEN_GAP, Reader};
use super::pack::unpack;
use super::record::{Change, Owner, Packed, Record, time};
use crate::fleet::stored::change;
use crate::fleet::{Fleet, FleetOptions};
use crate::planner::{Entry, Ledger as _, MemoryLedger};

/// Why a fleet in a file is not used.
const OTHER_MODEL: &str = "another version of rmm-exporter stored it";
/// Why there is none from a file that ends before it.
const NO_FLEET: &str = "there is none in the file";
/// Clocks of a machine are set right by less than this all the time.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What a file says, as far as it is good.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) ledger: MemoryLedger,
    /// `None` when no fleet of this model is in it; then no call has data.
    pub(super) fleet: Option<Fleet>,
    pub(super) pauses: Vec<u8>,
    /// How answers were read; see [`Record::ReadBy`].
    pub(super) reading: String,
    /// Attempts that ended until then may be missing in the ledger.
    pub(super) gap: Option<Timestamp>,
    /// Why the file, or its end, cannot be used.
    pub(super) damage: Option<Damage>,
    /// Why there is no fleet, in words, when that is news.
    pub(super) no_fleet: Option<&'static str>,
    /// Up to where the file is good.
    pub(super) end: u64,
    /// Up to where it was written as a whole; what follows are changes.
    pub(super) whole: u64,
}

/// What was read so far.
struct Reading {
    ledger: MemoryLedger,
    /// The fleet, or why there is none.
    fleet: Result<Fleet, &'static str>,
    options: FleetOptions,
    pauses: Vec<u8>,
    read_by: String,
    newest: Timestamp,
    whole: u64,
}

/// Reads the state of an account; `None` when there is no file. Damage is no error: what is before it counts.
pub(super) fn restore(path: &Path, owner: &Owner, options: &FleetOptions, now: Timestamp) -> Option<Restored> {
    let reader = match Reader::open(path) {
        Ok(reader) => Ok(reader?),
        Err(damage) => Err(damage),
    };
    Some(take_in(reader, owner, options, now))
}

/// What the file behind `reader` says, as far as it is good.
pub(super) fn take_in<R: Read>(
    reader: Result<Reader<R>, Damage>,
    owner: &Owner,
    options: &FleetOptions,
    now: Timestamp,
) -> Restored {
    let mut reading = Reading {
        ledger: MemoryLedger::default(),
        fleet: Err(NO_FLEET),
        options: options.clone(),
        pauses: Vec::new(),
        read_by: String::new(),
        whole: 0,
        newest: Timestamp::MIN,
    };
    let (damage, end, gap) = match reader {
        Err(damage) => (Some(damage), 0, 0),
        Ok(mut reader) => {
            let damage = reading.take_all(&mut reader, owner).err();
            (damage, reader.end(), reader.gap)
        }
    };
    if reading.newest > now.saturating_add(CLOCK_TOLERANCE).unwrap_or(Timestamp::MAX) {
        // How old the data are cannot be told, and they would look fresh until that time comes.
        reading.fleet = Err("its times are in the future: the clock was set back");
    }
    if reading.fleet.is_err() {
        reading.ledger.forget_successes();
    }
    // A floor from such a time would hold for ever.
    reading.ledger.bound(now);
    Restored {
        ledger: reading.ledger,
        gap: match gap {
            // Whoever could not write it down ended before now.
            OPEN_GAP => Some(now),
            _ if damage.is_some() => Some(now),
            0 => None,
            gap => Some(time(gap)),
        },
        pauses: reading.pauses,
        no_fleet: reading.fleet.as_ref().err().copied().filter(|_| damage.is_none()),
        fleet: reading.fleet.ok(),
        damage,
        end,
        whole: reading.whole,
        reading: reading.read_by,
    }
}

impl Reading {
    fn take_all<R: Read>(&mut self, reader: &mut Reader<R>, owner: &Owner) -> Result<(), Damage> {
        let mut is_owned = false;
        while let Some(body) = reader.next()? {
            let record: Record<'_> = postcard::from_bytes(&body).map_err(|_| reader.nonsense())?;
            let is_whole = matches!(record, Record::Fleet(_));
            match &record {
                Record::Account(of) if of != owner => {
                    let Owner { platform, account, server } = of;
                    return Err(Damage::Stranger(format!("{account} on {server} ({platform})")));
                }
                Record::Account(_) => is_owned = true,
                _ if !is_owned => return Err(reader.nonsense()),
                _ => self.take(record).ok_or_else(|| reader.nonsense())?,
            }
            if is_whole {
                self.whole = reader.end();
            }
        }
        // A file is never begun without its owner and its fleet.
        if self.whole > 0 { Ok(()) } else { Err(reader.nonsense()) }
    }

    /// `None` when the record makes no sense.
    fn take(&mut self, record: Record<'_>) -> Option<()> {
        match record {
            Record::Account(_) => {}
            Record::Attempts(attempts) => {
                for (identity, attempt) in attempts {
                    let entry = Entry::from(attempt);
                    self.saw(entry.end());
                    self.ledger.restore(identity, entry);
                }
            }
            Record::Earlier(ends) => self.ledger.restore_earlier(ends.into_iter().map(time)),
            Record::Started(identity, at) => {
                let at = self.saw(time(at));
                // A whole state may know it already, when it was written while the record waited. Otherwise it counts, also
                // when the clock was set back since; it was recorded by the process that made it.
                if self.ledger.last(identity).is_none_or(|entry| entry.started != at) {
                    let _ = self.ledger.started(identity, at);
                }
            }
            Record::Ended(identity, at, end) => {
                let at = self.saw(time(at));
                self.ledger.ended(identity, at, end);
            }
            Record::Pauses(pauses) => self.pauses = pauses.to_vec(),
            Record::ReadBy(reading) => reading.clone_into(&mut self.read_by),
            Record::Fleet(packed) if packed.is_known() => {
                self.fleet = Ok(Fleet::from_bytes(&unpack(packed)?, self.options.clone()).ok()?);
            }
            Record::Fleet(_) => self.fleet = Err(OTHER_MODEL),
            Record::Answered(at, packed) => self.change_fleet(packed, |fleet, bytes| {
                fleet.replay(at.revision, change::updates_from_bytes(bytes).ok()?, time(at.at));
                Some(())
            })?,
            Record::Gone(Change { revision, at }, packed) => self.change_fleet(packed, |fleet, bytes| {
                fleet.replay_gone(revision, &change::gone_from_bytes(bytes).ok()?, time(at));
                Some(())
            })?,
        }
        Some(())
    }

    /// A fleet of another model is no damage, and nothing that changes it counts.
    fn change_fleet(&mut self, packed: Packed<'_>, change: impl FnOnce(&mut Fleet, &[u8]) -> Option<()>) -> Option<()> {
        if !packed.is_known() {
            self.fleet = Err(OTHER_MODEL);
        }
        let Ok(fleet) = &mut self.fleet else { return Some(()) };
        change(fleet, &unpack(packed)?)
    }

    fn saw(&mut self, at: Timestamp) -> Timestamp {
        self.newest = self.newest.max(at);
        at
    }
}
