//! State that outlives its process: what was handed over comes back, whatever became of the file meanwhile.

mod lost;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::file::{Log, Reader, push_record};
use super::record::{Packed, Record};
use super::*;
use crate::account::fleet_options;
use crate::config::{self, AccountConfig};
use crate::fleet::{
    ClientKey, ClientRecord, CustomField, CustomValue, DeviceChecks, DeviceId, DeviceList, DeviceRecord, Gone, Label,
    SiteKey, SiteRecord, Update,
};
use crate::planner::{End, Entry, Ledger};

const LIST: &str = "GET /agents/";
/// Longer than anything here is waited for, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn config(name: &str) -> AccountConfig {
    let yaml = format!(
        "accounts:\n  - name: {name}\n    platform: tactical\n    server: http://127.0.0.1:9\n    api_key: abcdef\n"
    );
    config::parse(&yaml, Path::new("test"), &|_| None).unwrap().accounts.remove(0)
}

fn now() -> Timestamp {
    "2026-03-04T10:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn flush(kept: &Kept) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    while !runtime.block_on(kept.recorder.flush()) {}
}

/// The writer of the process before holds the lock until it has ended.
fn open(path: &Path) -> StateDirectory {
    let begin = Instant::now();
    loop {
        match StateDirectory::open(path) {
            Ok(directory) => return directory,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An account of one process: what it calls, and what it learns.
struct Process {
    kept: Kept,
    ledger: KeptLedger,
    path: PathBuf,
    // Last, so that the lock is free when the writer is gone.
    _directory: StateDirectory,
}

impl Process {
    fn start(path: &Path, now: Timestamp) -> Self {
        let directory = open(path);
        let config = config("msp");
        let kept = directory.account(&config, fleet_options(&config), now);
        // A whole state that is written while calls are made counts some of them twice.
        flush(&kept);
        Self { ledger: KeptLedger::of(&kept), kept, path: path.to_owned(), _directory: directory }
    }

    /// A call that brings `updates`.
    fn call(&mut self, identity: &str, at: Timestamp, updates: Vec<Update>) {
        let _ = self.ledger.started(identity, at);
        let prepared = self.kept.recorder.prepare(&updates);
        let mut fleet = self.kept.fleet.lock().unwrap();
        for update in updates {
            fleet.apply(update, at);
        }
        self.kept.recorder.answered(prepared, fleet.revision(), at);
        drop(fleet);
        self.ledger.ended(identity, at, End::Succeeded);
    }

    fn inventory(&mut self, devices: &[&str], at: Timestamp) {
        let client = ClientRecord { devices: None, ..client("Acme") };
        let updates = vec![
            Update::ClientsAndSites(vec![client], vec![site("Acme", "Berlin")]),
            Update::Devices(DeviceList::Account, devices.iter().map(|name| device(name)).collect()),
        ];
        self.call(LIST, at, updates);
    }

    fn devices(&self, at: Timestamp) -> Vec<String> {
        let view = self.kept.fleet.lock().unwrap().current(at);
        view.devices.iter().map(|device| device.record.name.as_str().to_owned()).collect()
    }

    /// The process is killed: what was handed over before is written, and nothing is tidied up.
    fn end(self) {
        flush(&self.kept);
        let path = self.path.clone();
        drop(self);
        // Its writer has a last look at the file.
        drop(open(&path));
    }
}

fn client(name: &str) -> ClientRecord {
    ClientRecord {
        key: ClientKey(name.into()),
        id: Label::new("1"),
        name: Label::new(name),
        timezone: None,
        devices: None,
    }
}

fn site(client: &str, name: &str) -> SiteRecord {
    SiteRecord {
        key: SiteKey(name.into()),
        client: ClientKey(client.into()),
        id: Label::new("7"),
        name: Label::new(name),
        connection_up: None,
    }
}

fn device(name: &str) -> DeviceRecord {
    let mut device =
        DeviceRecord::new(DeviceId::new(name), Label::new(name), ClientKey("Acme".into()), SiteKey("Berlin".into()));
    device.online = Some(true);
    device
}

fn file_of(directory: &Path) -> PathBuf {
    let is_state = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "state");
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).find(is_state).unwrap()
}

#[test]
fn calls_and_data_come_back_with_their_true_times() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Process::start(directory.path(), now());
    assert!(first.kept.fleet.lock().unwrap().is_empty() && first.ledger.gap().is_none());
    first.inventory(&["a", "b"], now());
    first.call("GET /agents/a/checks/", after(1), vec![Update::Checks(DeviceId::new("a"), DeviceChecks::default())]);
    let _ = first.ledger.started(LIST, after(60));
    first.ledger.ended(LIST, after(61), End::Failed);
    let _ = first.ledger.started("GET /alerts/", after(62));
    first.end();

    let second = Process::start(directory.path(), after(70));
    assert_eq!(second.devices(after(70)), ["a", "b"]);
    let list = Entry { started: after(60), ended: Some(after(61)), succeeded: Some(now()), failed: true };
    assert_eq!(second.ledger.last(LIST), Some(list));
    let alerts = Entry { started: after(62), ended: None, succeeded: None, failed: false };
    assert_eq!(second.ledger.last("GET /alerts/"), Some(alerts), "it was under way");
    assert_eq!(second.ledger.last("GET /agents/a/checks/").unwrap().succeeded, Some(after(1)));
    assert_eq!(second.ledger.gap(), None);
    let mut recent = second.ledger.recent(now());
    recent.sort_unstable();
    assert_eq!(recent, [now(), after(1), after(61), after(122)], "every attempt counts against the budget");
    assert!(second.devices(after(7 * 86_400)).is_empty(), "data have their true age");
}

#[test]
fn what_went_stays_gone() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Process::start(directory.path(), now());
    first.inventory(&["a", "b", "c"], now());
    first.inventory(&["a", "b"], after(10));
    let gone = Gone::Device(DeviceId::new("b"));
    {
        let mut fleet = first.kept.fleet.lock().unwrap();
        fleet.forget(&gone, after(20));
        first.kept.recorder.gone(&gone, fleet.revision(), after(20));
    }
    first.end();
    assert_eq!(Process::start(directory.path(), after(30)).devices(after(30)), ["a"]);
}

#[test]
fn a_file_that_has_grown_is_replaced_and_says_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Process::start(directory.path(), now());
    // Names that do not compress.
    let name = |n: u64| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for round in 0..60 {
        let names: Vec<String> = (0..2000).map(|n| name(n + round)).collect();
        first.inventory(&names.iter().map(String::as_str).collect::<Vec<_>>(), after(round.cast_signed()));
    }
    let expected = first.devices(after(60));
    flush(&first.kept);
    let health = first.kept.recorder.health().unwrap();
    first.end();
    assert!(health.writing && health.written > 2 * health.size, "{health:?}");
    let second = Process::start(directory.path(), after(60));
    assert!(expected.len() == 2000 && second.devices(after(60)) == expected);
    assert!(!directory.path().join("x.new").exists());
}

/// A file with two devices, in its own directory.
fn written() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Process::start(directory.path(), now());
    process.inventory(&["a", "b"], now());
    process.end();
    let path = file_of(directory.path());
    (directory, path)
}

#[test]
fn a_file_that_cannot_be_used_is_set_aside_and_calls_wait_for_the_floor() {
    let (_whole, path) = written();
    let good = fs::read(path).unwrap();
    let mut newer = good.clone();
    newer[16] = 9;
    let mut damaged = good.clone();
    let middle = good.len() / 2;
    damaged[middle] ^= 0xff;
    let cases = [
        ("foreign", b"<!DOCTYPE html>\n and more of it, so that it is long enough".to_vec()),
        ("empty", Vec::new()),
        ("newer", newer),
        ("damaged", damaged),
        ("cut", good[..good.len() - 3].to_vec()),
        ("zeros", vec![0; 4096]),
    ];
    for (case, content) in cases {
        let (directory, path) = written();
        fs::write(&path, &content).unwrap();
        let mut process = Process::start(directory.path(), after(5));
        assert_eq!(process.ledger.gap(), Some(after(5)), "{case}");
        // It works, and what comes now is kept.
        process.inventory(&["c"], after(6));
        process.end();
        assert_eq!(fs::read(file::aside(&path)).unwrap(), content, "{case}");
        let next = Process::start(directory.path(), after(7));
        assert_eq!(next.devices(after(7)), ["c"], "{case}");
        assert_eq!(next.ledger.gap(), Some(after(5)), "{case}: the next process must know it too");
    }
}

#[test]
fn a_file_of_another_account_is_not_used() {
    let (directory, path) = written();
    let other = directory.path().join("other");
    let kept = StateDirectory::open(&other).unwrap().account(&config("other"), fleet_options(&config("other")), now());
    flush(&kept);
    fs::copy(file_of(&other), &path).unwrap();
    let process = Process::start(directory.path(), after(5));
    assert!(process.devices(after(5)).is_empty() && process.ledger.last(LIST).is_none());
    assert!(process.ledger.gap().is_some());
}

/// A file like `path`'s, with every fleet changed by `change`.
fn rewrite(path: &Path, change: impl Fn(&mut Packed<'_>)) {
    let mut reader = Reader::open(path).unwrap().unwrap();
    let mut records = Vec::new();
    while let Some(body) = reader.next().unwrap() {
        let mut record: Record<'_> = postcard::from_bytes(&body).unwrap();
        if let Record::Fleet(packed) | Record::Answered(_, packed) | Record::Gone(_, packed) = &mut record {
            change(packed);
        }
        push_record(&mut records, &postcard::to_stdvec(&record).unwrap()).unwrap();
    }
    drop(Log::whole(path, 0, &records, false).unwrap());
}

#[test]
fn another_versions_fleet_is_read_again_and_its_floors_hold() {
    let (directory, path) = written();
    rewrite(&path, |packed| packed.format += 1);
    let process = Process::start(directory.path(), after(5));
    assert!(process.kept.fleet.lock().unwrap().is_empty());
    let entry = process.ledger.last(LIST).unwrap();
    assert_eq!((entry.ended, entry.succeeded, entry.failed), (Some(now()), None, false), "its data are lost");
    assert_eq!(process.ledger.gap(), None);
    assert!(!file::aside(&path).exists(), "it is not damaged");
}

/// A file whose whole state has calls and a fleet.
fn written_whole() -> (tempfile::TempDir, PathBuf) {
    let (directory, path) = written();
    let process = Process::start(directory.path(), now());
    process.kept.recorder.renew(&config("msp"));
    process.end();
    (directory, path)
}

#[test]
fn a_call_whose_data_are_lost_counts_as_one_without_data() {
    let (directory, path) = written_whole();
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let process = Process::start(directory.path(), after(5));
    assert!(process.kept.fleet.lock().unwrap().is_empty());
    let entry = process.ledger.last(LIST).unwrap();
    assert_eq!((entry.ended, entry.succeeded), (Some(now()), None), "it is due, and its floor holds");
}

#[test]
fn a_file_does_not_grow_over_many_short_lives() {
    let (directory, path) = written_whole();
    let name = |n: u64| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut longest = 0;
    for life in 0..12_u64 {
        let mut process = Process::start(directory.path(), after(life.cast_signed()));
        // A third of a megabyte, which does not compress.
        for round in 0..8 {
            let names: Vec<String> = (0..2000).map(|n| name(n + 100 * round + 1000 * life)).collect();
            process.inventory(&names.iter().map(String::as_str).collect::<Vec<_>>(), after(life.cast_signed()));
        }
        process.end();
        longest = longest.max(fs::metadata(&path).unwrap().len());
    }
    assert!(longest < 3 << 20, "{longest} bytes");
}

#[test]
fn answers_that_are_read_in_another_way_are_read_again() {
    let (directory, _) = written_whole();
    let directory_again = open(directory.path());
    let mut config = config("msp");
    config.checks_mode = crate::config::ChecksMode::All;
    let kept = directory_again.account(&config, fleet_options(&config), after(5));
    let entry = kept.ledger.lock().unwrap().last(LIST).unwrap();
    assert_eq!((entry.ended, entry.succeeded, entry.failed), (Some(now()), None, false));
    assert!(!kept.fleet.lock().unwrap().is_empty(), "what is known stays until then");
}

#[test]
fn custom_fields_that_nobody_asked_for_are_never_written() {
    let (directory, path) = written();
    let mut process = Process::start(directory.path(), now());
    let mut secretive = device("a");
    let field = CustomField { definition: 3, value: CustomValue::Text(Label::new("hunter2hunter2")) };
    secretive.custom_fields = Some([field].into());
    let list = vec![Update::Devices(DeviceList::Account, vec![secretive])];
    let stored = process.kept.fleet.lock().unwrap().without_unmapped_fields(&list).expect("something is left out");
    let bytes = crate::fleet::stored::change::updates_to_bytes(&stored).unwrap();
    let is_in = |bytes: &[u8]| bytes.windows(7).any(|window| window == b"hunter2");
    assert!(!is_in(&bytes) && is_in(&crate::fleet::stored::change::updates_to_bytes(&list).unwrap()));
    // The list itself goes into the fleet; the whole state must not have it either.
    process.call("other", after(1), stored);
    process.kept.fleet.lock().unwrap().apply(list.into_iter().next().unwrap(), after(2));
    let whole = process.kept.fleet.lock().unwrap().to_bytes().unwrap();
    assert!(!is_in(&whole));
    process.end();
    assert!(path.exists());
}

#[test]
fn bytes_that_are_no_fleet_are_damage() {
    let (directory, path) = written();
    rewrite(&path, |packed| packed.length += 1);
    let process = Process::start(directory.path(), after(5));
    assert!(process.kept.fleet.lock().unwrap().is_empty() && process.ledger.gap().is_some());
}

#[test]
fn data_from_the_future_are_not_shown_as_fresh() {
    let (directory, _) = written();
    let process = Process::start(directory.path(), now() - SignedDuration::from_hours(24));
    assert!(process.kept.fleet.lock().unwrap().is_empty());
    assert_eq!(process.ledger.last(LIST).unwrap().succeeded, None);
    let yesterday = now() - SignedDuration::from_hours(24);
    assert_eq!(process.ledger.last(LIST).unwrap().ended, Some(yesterday), "the floor holds, and not for a day");
}

#[test]
fn a_directory_serves_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let first = StateDirectory::open(&path).unwrap();
    let message = StateDirectory::open(&path).unwrap_err().to_string();
    for word in [&path.display().to_string(), "in use", &format!("process {}", std::process::id()), "--state.dir"] {
        assert!(message.contains(word), "{word} in {message}");
    }
    drop(first);
    drop(open(&path));
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(StateDirectory::open(&file).unwrap_err().to_string().contains("not a directory"));
}

#[test]
fn nobody_else_may_look_into_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/state");
    Process::start(&path, now()).end();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&file_of(&path)), mode(&path.join("lock"))), (0o700, 0o600, 0o600));
}

#[test]
fn what_cannot_be_written_is_kept_in_memory_and_written_when_it_can_be() {
    let (directory, path) = written();
    let before = fs::read(&path).unwrap();
    fs::write(&path, b"foreign").unwrap();
    // Nothing can be put in place while this is in the way.
    let obstacle = PathBuf::from(format!("{}.new", path.display()));
    fs::create_dir(&obstacle).unwrap();
    let mut process = Process::start(directory.path(), after(5));
    process.inventory(&["c"], after(6));
    let recorded = process.ledger.started(LIST, after(100));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let start = Instant::now();
    runtime.block_on(recorded.wait());
    assert!(start.elapsed() < PATIENCE / 2, "calls go on");
    let health = process.kept.recorder.health().unwrap();
    assert!(!health.writing && health.written == 0, "{health:?}");
    assert_eq!(process.devices(after(6)), ["c"]);

    fs::remove_dir(&obstacle).unwrap();
    let start = Instant::now();
    while !process.kept.recorder.health().unwrap().writing {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
    process.end();
    let next = Process::start(directory.path(), after(101));
    assert_eq!(next.devices(after(101)), ["c"]);
    assert_eq!(next.ledger.last(LIST).unwrap().started, after(100));
    assert_ne!(fs::read(&path).unwrap(), before);
}
