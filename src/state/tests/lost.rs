//! State files that others delete, replace or lock while they are in use, and disks that take nothing from the start.

use super::*;

/// Waits until it is so.
#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn is_writing(process: &Process) -> bool {
    process.kept.recorder.health().unwrap().writing
}

/// A call that starts, and word that it is written.
fn begin(process: &mut Process, identity: &str, at: Timestamp) {
    let recorded = process.ledger.started(identity, at);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(recorded.wait());
}

/// What another process would read of the call.
fn started(path: &Path, identity: &str) -> Option<Timestamp> {
    let config = config("msp");
    let restored = restore::restore(path, &record::Owner::of(&config), &fleet_options(&config), after(100))?;
    assert!(restored.damage.is_none() && restored.gap.is_none(), "{:?}", restored.damage);
    restored.ledger.last(identity).map(|entry| entry.started)
}

/// Takes a directory away in one step: its writer puts new files into what is being emptied.
fn remove_directory(path: &Path) {
    let away = path.with_extension("away");
    fs::rename(path, &away).unwrap();
    fs::remove_dir_all(away).unwrap();
}

/// A process that has called and goes on, and its directory and file.
fn running() -> (tempfile::TempDir, PathBuf, Process) {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Process::start(&directory.path().join("state"), now());
    process.inventory(&["a", "b"], now());
    flush(&process.kept);
    let path = file_of(&directory.path().join("state"));
    (directory, path, process)
}

#[test]
fn a_file_that_is_deleted_or_changed_is_whole_again_before_the_next_call_leaves() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 5] = [
        ("deleted", |path| fs::remove_file(path).unwrap()),
        ("moved", |path| fs::rename(path, path.with_extension("old")).unwrap()),
        ("replaced", |path| {
            fs::copy(path, path.with_extension("copy")).unwrap();
            fs::rename(path.with_extension("copy"), path).unwrap();
        }),
        ("cut", |path| fs::OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap()),
        ("with its directory", |path| remove_directory(path.parent().unwrap())),
    ];
    for (harm, harm_to) in harms {
        let (_directory, path, mut process) = running();
        harm_to(&path);
        begin(&mut process, "GET /alerts/", after(60));
        assert_eq!(started(&path, "GET /alerts/"), Some(after(60)), "{harm}");
        assert_eq!(started(&path, LIST), Some(now()), "{harm}: and what was called before");
        assert!(is_writing(&process), "{harm}");
        let message = StateDirectory::open(path.parent().unwrap()).unwrap_err().to_string();
        assert!(message.contains("in use"), "{harm}: {message}");
        // And it goes on with that.
        begin(&mut process, "GET /alerts/", after(90));
        let size = fs::metadata(&path).unwrap().len();
        assert_eq!(process.kept.recorder.health().unwrap().size, size, "{harm}");
        process.end();
        let next = Process::start(path.parent().unwrap(), after(95));
        assert_eq!(next.devices(after(95)), ["a", "b"], "{harm}");
        assert_eq!(next.ledger.last("GET /alerts/").map(|entry| entry.started), Some(after(90)), "{harm}");
    }
}

#[test]
fn a_deleted_file_comes_back_also_while_nothing_is_called() {
    let (_directory, path, process) = running();
    fs::remove_file(&path).unwrap();
    until("the file is back", || started(&path, LIST) == Some(now()));
    remove_directory(path.parent().unwrap());
    until("the directory is back", || started(&path, LIST) == Some(now()));
    assert!(is_writing(&process));
}

#[test]
fn the_end_of_the_process_leaves_a_whole_file() {
    let (_directory, path, process) = running();
    fs::remove_file(&path).unwrap();
    process.end();
    assert_eq!(started(&path, LIST), Some(now()));
}

#[test]
fn where_a_deleted_file_cannot_be_made_again_that_is_told() {
    let (_directory, path, mut process) = running();
    let state = path.parent().unwrap();
    // The writer may make it anew in between.
    until("something is in the way", || {
        remove_directory(state);
        fs::write(state, "in the way").is_ok()
    });
    begin(&mut process, "GET /alerts/", after(60));
    assert!(!is_writing(&process));
    fs::remove_file(state).unwrap();
    until("it is written again", || is_writing(&process));
    assert_eq!(started(&path, "GET /alerts/"), Some(after(60)));
}

#[test]
fn who_deletes_the_lock_for_a_second_process_stops_the_first_ones_writing() {
    let (_directory, path, mut first) = running();
    let state = path.parent().unwrap();
    // Between two looks of the first at its lock.
    let second = loop {
        fs::remove_file(state.join("lock")).unwrap();
        if let Ok(directory) = StateDirectory::open(state) {
            break directory;
        }
    };
    let config = config("msp");
    let kept = second.account(&config, fleet_options(&config), after(10));
    flush(&kept);
    begin(&mut first, "GET /alerts/", after(60));
    assert!(!is_writing(&first), "two that write one file destroy it");
    assert!(kept.recorder.health().unwrap().writing);
    let mut ledger = KeptLedger::of(&kept);
    let _ = ledger.started("GET /core/", after(61));
    flush(&kept);
    let restored =
        restore::restore(&path, &record::Owner::of(&config), &fleet_options(&config), after(100)).expect("a file");
    assert!(restored.damage.is_none() && restored.ledger.last("GET /core/").is_some(), "{:?}", restored.damage);

    drop((ledger, kept, second));
    until("the first writes again", || is_writing(&first));
    assert_eq!(started(&path, "GET /alerts/"), Some(after(60)));
}

/// Nothing can be put in the place of a file while this is in the way.
fn obstruct(path: &Path) -> PathBuf {
    let obstacle = PathBuf::from(format!("{}.new", path.display()));
    fs::create_dir_all(&obstacle).unwrap();
    obstacle
}

#[test]
fn a_start_that_cannot_write_waits_for_a_floor() {
    let (directory, path) = written();
    fs::remove_file(&path).unwrap();
    let obstacle = obstruct(&path);
    // However often it starts: what the one before called, nobody knows.
    for start in [5, 10] {
        let mut process = Process::start(directory.path(), after(start));
        assert_eq!(process.ledger.gap(), Some(after(start)));
        process.inventory(&["c"], after(start + 1));
        assert!(!is_writing(&process));
        process.end();
    }
    let process = Process::start(directory.path(), after(15));
    fs::remove_dir(&obstacle).unwrap();
    until("it is written", || is_writing(&process));
    process.end();
    assert_eq!(
        Process::start(directory.path(), after(20)).ledger.gap(),
        Some(after(15)),
        "the next one must know it too"
    );
}

#[test]
fn a_good_file_that_cannot_be_gone_on_with_is_no_reason_to_call_at_once() {
    let (directory, path) = written_whole();
    let _obstacle = obstruct(&path);
    let directory = open(directory.path());
    let mut config = config("msp");
    // Then the whole file is written anew.
    config.checks_mode = crate::config::ChecksMode::All;
    let kept = directory.account(&config, fleet_options(&config), after(5));
    assert_eq!(kept.gap, Some(after(5)), "the next process would not know what this one calls");
    assert_eq!(kept.ledger.lock().unwrap().last(LIST).unwrap().ended, Some(now()), "what is known counts");
}

#[test]
fn a_start_that_can_write_waits_for_nothing() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(Process::start(directory.path(), now()).ledger.gap(), None);
    assert_eq!(Process::start(directory.path(), after(1)).ledger.gap(), None);
}
