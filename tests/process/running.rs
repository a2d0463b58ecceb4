//! Its start, its health and its end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rmm_exporter::demo::{Fault, Scope};

use crate::servers::{LISTEN, NSIGHT_KEY, Servers, TACTICAL_KEY, until_logged, with_config};
use crate::support::child::{Process, exporter, run};
use crate::support::stopwatch::Stopwatch;

#[test]
fn the_demo_serves_and_both_signals_end_it_also_under_a_scrape() {
    for signal in ["TERM", "INT"] {
        let mut process = Process::start(exporter().args(["demo", "--devices=2000", LISTEN]));
        let address = process.address();
        process.until_ok(address, "/-/ready");
        // A client that has asked and does not read holds its scrape open.
        let mut stalled = TcpStream::connect(address).unwrap();
        stalled.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        stalled.read_exact(&mut [0; 16]).unwrap();
        let began = Stopwatch::start();
        process.signal(signal);
        let ended = process.end(Duration::from_secs(6));
        assert!(began.elapsed() < Duration::from_secs(5), "{signal}: {:?}", began.elapsed());
        assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
        assert!(ended.stdout.contains(&format!("http://localhost:{}/", address.port())), "{}", ended.stdout);
    }
}

#[test]
fn the_demo_survives_a_hangup() {
    let mut process = Process::start(exporter().args(["demo", "--devices=300", LISTEN]));
    let address = process.address();
    process.signal("HUP");
    until_logged(&mut process, "unchanged=\"demo-nsight, demo-tactical\"", 1);
    process.until_ok(address, "/-/ready");
    process.signal("TERM");
    assert_eq!(process.end(Duration::from_secs(5)).status.code(), Some(0));
}

#[test]
fn healthcheck_tells_by_its_exit_code() {
    let servers = Servers::start();
    let check = |address: SocketAddr| run(exporter().args(["healthcheck", &format!("--web.listen-address={address}")]));
    servers.demo.nsight.handle.set_fault(Fault::Status(500), Scope::ALL);
    let mut process =
        Process::start(exporter().args([&with_config(&servers.config(NSIGHT_KEY, TACTICAL_KEY)), LISTEN]));
    let address = process.address();
    let ended = check(address);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("Not ready: account ") && ended.stderr.contains("nsight"), "{}", ended.stderr);
    assert_eq!(ended.stderr.to_lowercase().matches("not ready").count(), ended.stderr.matches(" account ").count());
    servers.demo.nsight.handle.clear_faults();
    process.until_ok(address, "/-/ready");
    assert_eq!(check(address).status.code(), Some(0));
    process.signal("TERM");
    assert_eq!(process.end(Duration::from_secs(5)).status.code(), Some(0));
    let ended = check(address);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("no answer"), "{}", ended.stderr);
}
