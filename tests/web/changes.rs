//! Files that change while the exporter serves.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::harness::{Authority, Client, Folder, Server, basic, hash, status, until};

#[test]
fn users_change_without_a_restart() {
    let folder = Folder::new();
    let users = |text: &str| folder.write("web.yml", &format!("basic_auth_users:\n{text}"));
    let path = users(&format!("  anna: {}\n", hash("one")));
    let server = Server::start(Some(&path));
    let got = |user: &str, password: &str| status(&server.get("/-/healthy", &basic(user, password)));
    assert_eq!((got("anna", "one"), got("bert", "two")), (200, 401));
    users(&format!("  anna: {}\n  bert: {}\n", hash("new"), hash("two")));
    until("the new user comes in", || got("bert", "two") == 200);
    assert_eq!((got("anna", "one"), got("anna", "new")), (401, 200));

    // What is broken opens no door, and closes none.
    for broken in ["  anna: plain text\n", "  - no\n"] {
        users(broken);
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!((got("bert", "two"), got("anna", "one"), status(&server.get("/", ""))), (200, 401, 401), "{broken}");
    }
    std::fs::remove_file(&path).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!((got("bert", "two"), status(&server.get("/", ""))), (200, 401), "nor does a file that is gone");

    // A file that is being written is not taken before it stays as it is, however open its beginning would be.
    let whole = format!("basic_auth_users:\n  bert: {}\n", hash("two"));
    std::fs::write(&path, &whole).unwrap();
    let mut torn = 0;
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(1100));
        let start = Instant::now();
        std::fs::write(&path, "").unwrap();
        let (took, came_in) = std::thread::scope(|scope| {
            let request = scope.spawn(|| status(&server.get("/", "")));
            std::thread::sleep(Duration::from_millis(20));
            std::fs::write(&path, &whole).unwrap();
            (start.elapsed(), request.join().unwrap())
        });
        // On a busy machine the file is half for longer than anybody would wait.
        if took < Duration::from_millis(80) {
            assert_eq!((came_in, status(&server.get("/", ""))), (401, 401));
            torn += 1;
        }
        if torn == 2 {
            break;
        }
    }
    assert!(torn > 0);

    // Nor is it taken when it stays so: an empty file, one without users and one without any user open no door.
    for open in ["", "rate_limit: { interval: 1h, burst: 1 }\n", "basic_auth_users:\n"] {
        std::fs::write(&path, open).unwrap();
        std::thread::sleep(Duration::from_millis(1200));
        let got = [got("bert", "two"), status(&server.get("/", "")), got("bert", "two")];
        assert_eq!(got, [200, 401, 200], "{open:?}");
    }
    users(&format!("  carl: {}\n", hash("three")));
    until("what is good is taken again", || got("carl", "three") == 200);
    assert_eq!((got("bert", "two"), status(&server.get("/", ""))), (401, 401));
}

#[test]
fn a_new_certificate_is_shown_without_a_restart() {
    let folder = Folder::new();
    let server = Server::start(Some(&folder.tls("")));
    let client = Client::trusting(&folder.authority.pem);
    let shown = || {
        let stream = client.connect(server.connect()).unwrap();
        stream.conn.peer_certificates().unwrap()[0].to_vec()
    };
    let first = shown();
    assert_eq!(shown(), first);
    // Between the two files the key does not fit: the old pair stays.
    let (certificate, key) = folder.authority.issue(&["localhost", "new.example"]);
    folder.write("server.pem", &certificate);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(shown(), first);
    folder.write("server.key", &key);
    until("the new certificate is shown", || shown() != first);
    std::fs::remove_file(folder.path("server.key")).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    assert_ne!(shown(), first, "still served without a key file");
}

#[test]
fn the_authority_of_clients_changes_without_a_restart() {
    let folder = Folder::new();
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n";
    let (old, new) = (Authority::new("Old"), Authority::new("New"));
    folder.write("clients.pem", &old.pem);
    let server = Server::start(Some(&folder.tls(more)));
    let comes_in = |authority: &Authority| {
        let certificate = authority.issue(&["prometheus.example"]);
        let client = Client::new(&folder.authority.pem, rustls::ALL_VERSIONS, Some(&certificate));
        server.get_by_tls(&client, "/-/healthy", "").is_ok_and(|answer| status(&answer) == 200)
    };
    assert!(comes_in(&old) && !comes_in(&new));
    folder.write("clients.pem", &new.pem);
    until("the new authority counts", || comes_in(&new));
    assert!(!comes_in(&old));
}

/// Asks for a page over a connection that stays open: the status, or 0 when the connection has ended.
fn asked(stream: &mut (impl Read + Write)) -> u16 {
    let mut answer = Vec::new();
    let mut byte = [0];
    if stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n").is_err() {
        return 0;
    }
    while !answer.ends_with(b"Healthy.\n") {
        match stream.read(&mut byte) {
            Ok(1) => answer.extend(byte),
            _ => return 0,
        }
    }
    status(&String::from_utf8_lossy(&answer))
}

#[test]
fn a_connection_that_is_kept_open_does_not_outlive_its_tls() {
    let folder = Folder::new();
    let (old, new) = (Authority::new("Old"), Authority::new("New"));
    folder.write("clients.pem", &old.pem);
    let server = Server::start(Some(&folder.tls("")));
    let client = |authority: &Authority| {
        let certificate = authority.issue(&["prometheus.example"]);
        Client::new(&folder.authority.pem, rustls::ALL_VERSIONS, Some(&certificate))
    };
    let mut without = Client::trusting(&folder.authority.pem).connect(server.connect()).unwrap();
    assert_eq!((asked(&mut without), asked(&mut without)), (200, 200));

    // The policy gets stricter: who has shown no certificate asks for nothing more.
    folder.tls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n");
    until("who has shown none is cut off", || asked(&mut without) == 0);
    let mut known = client(&old).connect(server.connect()).unwrap();
    assert_eq!((asked(&mut known), asked(&mut known)), (200, 200));

    // So does whoever's authority is not one any more.
    folder.write("clients.pem", &new.pem);
    until("who is not known any more is cut off", || asked(&mut known) == 0);
    assert_eq!(asked(&mut client(&new).connect(server.connect()).unwrap()), 200);
}

#[test]
fn tls_stays_as_it_was_at_the_start_and_so_does_everything_else() {
    let folder = Folder::new();
    let encrypted = Server::start(Some(&folder.tls("")));
    let client = Client::trusting(&folder.authority.pem);
    let got = || status(&encrypted.get_by_tls(&client, "/", "").unwrap());
    let users = format!("basic_auth_users:\n  anna: {}\n", hash("one"));
    for open in [&users, ""] {
        folder.write("web.yml", open);
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!((got(), got()), (200, 200), "nothing of it is taken");
        assert_eq!(status(&encrypted.get("/", "")), 400, "it is still TLS");
    }

    let plain = Server::start(Some(&folder.write("web.yml", &users)));
    assert_eq!(status(&plain.get("/", "")), 401);
    folder.tls("");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(status(&plain.get("/", "")), 401);
    assert_eq!(status(&plain.get("/", "")), 401, "the password is still asked for");
    assert_eq!(status(&plain.get("/", &basic("anna", "one"))), 200);
    assert!(plain.get_by_tls(&client, "/", "").is_err(), "it is still plain");
}
