//! The thread that writes the state of one account down.
//!
//! It writes what changes, in the order in which it changed, and now and then the whole state into a new file that takes the
//! place of the old one. What is written is with the operating system at once, so that it outlives the process, and on disk
//! within a second. A file that others deleted or changed meanwhile is written anew as a whole. When writing fails, it says so
//! once, gives word to whoever waits, and tries the whole state again later.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::oneshot;
use tracing::{debug, info, warn};

use super::file::{Log, push_record};
use super::lock::Lock;
use super::pack::{Packer, packed};
use super::record::{Attempt, Change, Owner, Record};
use super::recorder::{Message, Recorder, Shared};
use crate::fleet::Fleet;
use crate::planner::MemoryLedger;

/// From a write to the moment when it is on disk.
const SYNC_AFTER: Duration = Duration::from_secs(1);
/// From one attempt to write the whole state after a failure to the next.
const RETRY_AFTER: Duration = if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(30) };
/// How long the file is not looked at where nothing is written.
const LOOK_EVERY: Duration = if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(30) };
/// A file that grew by less since it was whole is not replaced. Beyond that it may double.
const LEAST_GROWTH: u64 = 1 << 20;
/// Writing a file of more bytes than this can take longer than a call waits for word.
const LARGE: u64 = 16 << 20;
/// Records are written together up to about this many bytes.
const BATCH: u64 = 1 << 20;
/// Attempts in one record.
const ATTEMPTS: usize = 4096;

/// What is written, and where.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) owner: Owner,
    pub(super) ledger: Arc<Mutex<MemoryLedger>>,
    pub(super) fleet: Arc<Mutex<Fleet>>,
    /// The last pauses, so that a new file has them too.
    pub(super) pauses: Vec<u8>,
    /// Until when entries of the ledger are missing; the next process must know it too.
    pub(super) gap: Option<Timestamp>,
    /// What is the gap where not even the first whole state can be written: what this process calls, no other will know.
    pub(super) gap_unless_written: Option<Timestamp>,
    /// The options by which answers are read.
    pub(super) reading: String,
    /// The present file cannot be used and is set aside when there is another.
    pub(super) aside: bool,
    /// Keeps other processes out while anything can still be written.
    pub(super) lock: Option<Arc<Lock>>,
    /// The file to go on with, and how long it was when it was written as a whole; without one a new file is begun.
    pub(super) log: Option<(Log, u64)>,
}

/// A writer at work.
struct Work {
    writer: Writer,
    log: Option<Log>,
    shared: Arc<Shared>,
    packer: Packer,
    /// The file does not say what is true.
    is_outdated: bool,
    /// The file's length when it was written whole.
    whole_length: u64,
    /// Since when something is written and not on disk.
    unsynced: Option<Instant>,
    /// When it was last looked whether the file is still at its path.
    looked: Instant,
    /// When the whole state is tried again; only while writing fails.
    retry: Option<Instant>,
}

impl Writer {
    /// Starts the thread. It ends when the last recorder is dropped. Its first word is whether there is a file to go on with.
    pub(super) fn start(mut self) -> io::Result<(Recorder, JoinHandle<()>, Receiver<bool>)> {
        let (messages, queue) = channel();
        let (first_word, begun) = channel();
        let shared = Arc::new(Shared::default());
        let (log, whole) = self.log.take().map_or((None, 0), |(log, whole)| (Some(log), whole));
        shared.size.store(log.as_ref().map_or(0, Log::length), Ordering::Relaxed);
        let work = Work {
            writer: self,
            log,
            shared: Arc::clone(&shared),
            packer: Packer::new(),
            is_outdated: false,
            whole_length: whole,
            unsynced: None,
            looked: Instant::now(),
            retry: None,
        };
        let thread =
            std::thread::Builder::new().name("state".to_owned()).spawn(move || work.run(&queue, &first_word))?;
        Ok((Recorder::to(messages, shared), thread, begun))
    }
}

impl Work {
    fn run(mut self, queue: &Receiver<Message>, first_word: &Sender<bool>) {
        if self.log.is_none() {
            self.write_whole();
        }
        if self.log.is_none() {
            self.writer.gap = self.writer.gap_unless_written.or(self.writer.gap);
        }
        // Not everybody waits for it.
        let _gone = first_word.send(self.log.is_some());
        loop {
            let sync = self.unsynced.map(|since| since + SYNC_AFTER);
            let look = self.looked + LOOK_EVERY;
            let wake = [sync, self.retry].into_iter().flatten().fold(look, Instant::min);
            match queue.recv_timeout(wake.saturating_duration_since(Instant::now())) {
                Ok(message) => self.take(message, queue),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.tidy();
        }
        // Without a last look: when the disk hung, the file may be the successor's by now.
        self.sync_file();
    }

    /// Writes the message and those behind it, together.
    fn take(&mut self, first: Message, queue: &Receiver<Message>) {
        let (mut records, mut words, mut flushed) = (Vec::new(), Vec::new(), Vec::new());
        let mut taken = 0;
        let mut message = Some(first);
        while let Some(next) = message.take() {
            taken += next.bytes();
            let body = self.body(next, &mut words, &mut flushed);
            if let Some(body) = body
                && let Err(error) = push_record(&mut records, &body)
            {
                self.fail(&error);
            }
            if taken < BATCH {
                message = queue.try_recv().ok();
            }
        }
        self.shared.waiting.fetch_sub(taken, Ordering::Relaxed);
        self.write(&records);
        if self.is_outdated && self.retry.is_none() {
            self.write_whole();
        }
        give(words);
        if !flushed.is_empty() {
            self.sync();
            give(flushed);
        }
    }

    /// The record of a message.
    fn body(
        &mut self,
        message: Message,
        words: &mut Vec<oneshot::Sender<()>>,
        flushed: &mut Vec<oneshot::Sender<()>>,
    ) -> Option<Vec<u8>> {
        let deflated;
        let record = match &message {
            Message::Started { identity, at, .. } => Record::Started(identity, at.as_microsecond()),
            Message::Ended { identity, at, end } => Record::Ended(identity, at.as_microsecond(), *end),
            Message::Pauses { pauses, .. } => {
                self.writer.pauses.clone_from(pauses);
                Record::Pauses(pauses)
            }
            // Costly, and lost anyway while writing fails.
            Message::Answered { .. } | Message::Gone { .. } if self.log.is_none() => return None,
            Message::Answered { updates: bytes, revision, at } | Message::Gone { gone: bytes, revision, at } => {
                deflated = self.packer.pack(bytes);
                let change = Change { revision: *revision, at: at.as_microsecond() };
                let packed = packed(&deflated, bytes.len());
                if matches!(message, Message::Gone { .. }) {
                    Record::Gone(change, packed)
                } else {
                    Record::Answered(change, packed)
                }
            }
            Message::Whole { reading } => {
                self.writer.reading.clone_from(reading);
                self.is_outdated = true;
                return None;
            }
            Message::Flush(_) => {
                if let Message::Flush(word) = message {
                    flushed.push(word);
                }
                return None;
            }
        };
        let body = encode(&record);
        if let Message::Started { word, .. } | Message::Pauses { word, .. } = message {
            words.push(word);
        }
        body
    }

    fn write(&mut self, records: &[u8]) {
        if records.is_empty() || !self.look() {
            // A whole state that was written just now has what they say.
            return;
        }
        let Some(log) = &mut self.log else { return };
        match log.write(records) {
            Ok(()) => {
                self.shared.written.fetch_add(records.len() as u64, Ordering::Relaxed);
                self.shared.size.store(log.length(), Ordering::Relaxed);
                self.unsynced.get_or_insert_with(Instant::now);
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Whether the file can be gone on with: nobody deleted, replaced or changed it, and nobody else may write it. If not, the
    /// whole state is written anew; what is handed over is in memory already.
    fn look(&mut self) -> bool {
        self.looked = Instant::now();
        let Some(log) = &self.log else { return false };
        let is_there = log.is_at(&self.writer.path);
        if is_there && self.hold_lock().is_ok() {
            return true;
        }
        if !is_there {
            let path = self.writer.path.display();
            warn!(
                account = self.writer.owner.account,
                %path,
                "the state file was deleted or changed by another program: it is written anew"
            );
        }
        self.write_whole();
        false
    }

    fn hold_lock(&self) -> io::Result<()> {
        self.writer.lock.as_ref().map_or(Ok(()), |lock| lock.hold().map_err(io::Error::other))
    }

    /// What time asks for: the disk, a look at the file, another try, a new file.
    fn tidy(&mut self) {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.look();
        }
        if self.unsynced.is_some_and(|since| since.elapsed() >= SYNC_AFTER) {
            self.sync();
        }
        let grown =
            self.log.as_ref().is_some_and(|log| log.length() - self.whole_length > LEAST_GROWTH.max(self.whole_length));
        let due = self.retry.is_some_and(|retry| retry <= Instant::now());
        if due || (self.retry.is_none() && (grown || self.shared.lost.load(Ordering::Relaxed))) {
            self.write_whole();
        }
    }

    fn sync(&mut self) {
        // A new file is on disk.
        if self.look() {
            self.sync_file();
        }
    }

    fn sync_file(&mut self) {
        self.unsynced = None;
        if let Some(Err(error)) = self.log.as_ref().map(Log::sync) {
            self.fail(&error);
        }
    }

    /// Writes the whole state into a new file, and goes on with that.
    fn write_whole(&mut self) {
        let start = Instant::now();
        if self.whole_length > LARGE
            && let Some(log) = &self.log
        {
            // Calls wait for word only so long, and until the new file is there, nothing is written to the old one.
            let _unnoted = log.open_gap();
        }
        // What is lost from now on is not in it.
        self.shared.lost.store(false, Ordering::Relaxed);
        self.is_outdated = false;
        match self.try_write_whole() {
            Ok(log) => {
                self.whole_length = log.length();
                self.shared.written.fetch_add(self.whole_length, Ordering::Relaxed);
                self.shared.size.store(self.whole_length, Ordering::Relaxed);
                self.log = Some(log);
                self.unsynced = None;
                self.retry = None;
                debug!(account = self.writer.owner.account, bytes = self.whole_length, took = ?start.elapsed(), "state written");
                if self.shared.failing.swap(false, Ordering::Relaxed) {
                    info!(account = self.writer.owner.account, "the state is written down again");
                }
            }
            Err(error) => self.fail(&error),
        }
    }

    fn try_write_whole(&mut self) -> io::Result<Log> {
        self.hold_lock()?;
        let records = self.whole()?;
        let gap = self.writer.gap.map_or(0, Timestamp::as_microsecond);
        let log = Log::whole(&self.writer.path, gap, &records, self.writer.aside)?;
        self.writer.aside = false;
        Ok(log)
    }

    /// The whole state as records.
    fn whole(&mut self) -> io::Result<Vec<u8>> {
        let mut records = Vec::new();
        let mut add = |record: &Record<'_>| -> io::Result<()> {
            let body = encode(record).ok_or_else(|| io::Error::other("a record cannot be encoded"))?;
            push_record(&mut records, &body)
        };
        add(&Record::Account(self.writer.owner.clone()))?;
        let (attempts, earlier): (Vec<(String, Attempt)>, Vec<i64>) = {
            let ledger = self.writer.ledger.lock().unwrap_or_else(PoisonError::into_inner);
            let attempts = ledger.entries().map(|(identity, entry)| (identity.to_owned(), Attempt::from(entry)));
            (attempts.collect(), ledger.earlier().iter().map(|end| end.as_microsecond()).collect())
        };
        add(&Record::Earlier(earlier))?;
        for attempts in attempts.chunks(ATTEMPTS) {
            add(&Record::Attempts(attempts.to_vec()))?;
        }
        add(&Record::ReadBy(&self.writer.reading))?;
        if !self.writer.pauses.is_empty() {
            add(&Record::Pauses(&self.writer.pauses))?;
        }
        let fleet = self.writer.fleet.lock().unwrap_or_else(PoisonError::into_inner).to_bytes();
        let fleet = fleet.map_err(io::Error::other)?;
        let deflated = self.packer.pack(&fleet);
        add(&Record::Fleet(packed(&deflated, fleet.len())))?;
        Ok(records)
    }

    /// Writing failed: what comes is kept in memory until the whole state can be written.
    fn fail(&mut self, error: &io::Error) {
        let account = &self.writer.owner.account;
        self.retry = Some(Instant::now() + RETRY_AFTER);
        self.unsynced = None;
        if let Some(log) = self.log.take()
            && let Err(error) = log.open_gap()
        {
            debug!(account, %error, "the gap cannot be noted either");
        }
        let path = self.writer.path.display();
        if self.shared.failing.swap(true, Ordering::Relaxed) {
            debug!(account, %path, %error, "the state still cannot be written");
        } else {
            warn!(
                account,
                %path,
                %error,
                "the state cannot be written: it is kept in memory, and a restart will not know what comes now; tried again \
                 every 30 s"
            );
        }
    }
}

fn encode(record: &Record<'_>) -> Option<Vec<u8>> {
    postcard::to_stdvec(record).ok()
}

/// Nobody may be waiting any more.
fn give(words: Vec<oneshot::Sender<()>>) {
    for word in words {
        let _gone = word.send(());
    }
}
