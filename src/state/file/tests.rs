use super::*;

fn write(path: &Path, bodies: &[&[u8]]) -> Log {
    let mut log = Log::whole(path, 0, &[], false).unwrap();
    append(&mut log, bodies);
    log
}

fn append(log: &mut Log, bodies: &[&[u8]]) {
    let mut records = Vec::new();
    for body in bodies {
        push_record(&mut records, body).unwrap();
    }
    log.write(&records).unwrap();
}

/// The good records, and what is wrong after them.
fn read(path: &Path) -> (Vec<Vec<u8>>, Option<String>) {
    let mut reader = match Reader::open(path) {
        Ok(reader) => reader.unwrap(),
        Err(damage) => return (Vec::new(), Some(damage.to_string())),
    };
    let mut bodies = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(body)) => bodies.push(body),
            Ok(None) => return (bodies, None),
            Err(damage) => return (bodies, Some(damage.to_string())),
        }
    }
}

#[test]
fn records_come_back_in_their_order_and_more_can_follow() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    assert!(Reader::open(&path).unwrap().is_none());
    drop(write(&path, &[b"one", b"two"]));
    let (bodies, damage) = read(&path);
    assert_eq!((bodies, damage), (vec![b"one".to_vec(), b"two".to_vec()], None));
    let mut log = Log::append(&path, fs::metadata(&path).unwrap().len()).unwrap();
    append(&mut log, &[b"three"]);
    assert_eq!(read(&path).0.len(), 3);
    assert_eq!(log.length(), fs::metadata(&path).unwrap().len());
    assert!(!with_ending(&path, ".new").exists());
}

#[test]
fn whatever_is_cut_off_or_flipped_the_records_before_it_are_good() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    let bodies: [&[u8]; 3] = [b"first record", b"second", b"the third one"];
    drop(write(&path, &bodies));
    let whole = fs::read(&path).unwrap();
    let ends = [32, 52, 66, 87];
    assert_eq!(ends[3], whole.len());
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let (read, damage) = read(&path);
        let good = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
        assert_eq!(read, bodies[..good], "cut at {cut}");
        assert_eq!(damage.is_none(), ends.contains(&cut), "cut at {cut}: {damage:?}");
    }
    for flipped in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[flipped] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        let (read, damage) = read(&path);
        let good = ends.iter().filter(|end| **end <= flipped).count().saturating_sub(1);
        if (20..32).contains(&flipped) {
            assert_eq!(read, bodies, "nothing, and the gap");
        } else {
            assert_eq!(read, bodies[..good], "flipped {flipped}");
            assert!(damage.is_some(), "flipped {flipped}");
        }
    }
}

#[test]
fn what_is_no_state_file_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    for (content, hint) in [
        (Vec::new(), "no state file"),
        (b"SQLite format 3\0 and so on, and so on".to_vec(), "no state file"),
        ([MAGIC.as_slice(), &7_u32.to_le_bytes(), &[0; 12]].concat(), "newer version"),
        ([MAGIC.as_slice(), &VERSION.to_le_bytes(), &[0; 12], &[0; 64]].concat(), "damaged"),
        ([MAGIC.as_slice(), &VERSION.to_le_bytes(), &[0; 12], &[0xff; 64]].concat(), "middle of a record"),
    ] {
        fs::write(&path, content).unwrap();
        let (bodies, damage) = read(&path);
        assert!(bodies.is_empty() && damage.as_ref().unwrap().contains(hint), "{damage:?}");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(read(&path).1.is_some());
    let sparse = directory.path().join("sparse");
    File::create(&sparse).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
    assert!(read(&sparse).1.unwrap().contains("at most"));
}

#[test]
fn a_pipe_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    for pipe in [path.clone(), with_ending(&path, ".new")] {
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    let (told, answer) = std::sync::mpsc::channel();
    std::thread::spawn({
        let path = path.clone();
        move || {
            told.send(read(&path).1).unwrap();
            // More than a pipe holds.
            drop(write(&path, &[&vec![7; 1 << 20]]));
            told.send(read(&path).1).unwrap();
        }
    });
    let damage = || answer.recv_timeout(std::time::Duration::from_mins(1)).expect("it waits for the other end");
    assert!(damage().unwrap().contains("no state file"));
    assert_eq!(damage(), None, "a file takes its place");
}

#[test]
fn a_gap_is_noted_in_place_and_gone_with_the_next_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    let gap = || Reader::open(&path).unwrap().unwrap().gap;
    let log = write(&path, &[b"one"]);
    assert_eq!(gap(), 0);
    log.open_gap().unwrap();
    assert_eq!(gap(), OPEN_GAP);
    assert_eq!(read(&path).0.len(), 1);
    drop(Log::whole(&path, 77, &[], false).unwrap());
    assert_eq!(gap(), 77);
}

#[test]
fn only_its_user_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    drop(write(&path, &[]));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
