//! Reloads, by a signal and by HTTP.

use std::time::Duration;

use rmm_exporter::demo;

use crate::keys::search;
use crate::servers::{LISTEN, NSIGHT_KEY, Servers, TACTICAL_KEY, until_logged, with_config};
use crate::support::child::{Process, exporter};
use crate::support::servers::until;
use crate::support::{PATIENCE, ask, get, parse, value};

#[test]
fn a_hangup_reloads_and_post_does_so_only_with_the_flag() {
    let servers = Servers::start();
    let config = servers.config(NSIGHT_KEY, TACTICAL_KEY);
    let good = std::fs::read_to_string(&config).unwrap();
    let mut process = Process::start(exporter().args([&with_config(&config), LISTEN]));
    let address = process.address();
    process.until_ok(address, "/-/ready");
    for (method, status) in [("POST", 403), ("PUT", 403), ("GET", 405), ("DELETE", 405)] {
        assert_eq!(ask(address, method, "/-/reload", &[]).unwrap().0, status, "{method}");
    }
    assert!(!process.stderr().contains("reload"), "{}", process.stderr());
    let second = good.rfind("  - name").unwrap();
    std::fs::write(&config, &good[..second]).unwrap();
    process.signal("HUP");
    until_logged(&mut process, "configuration reloaded", 1);
    let log = process.stderr();
    assert!(log.contains("removed=tactical") && log.contains("unchanged=nsight"), "{log}");
    let metrics = String::from_utf8(get(address, "/metrics", &[]).unwrap().2).unwrap();
    assert!(!metrics.contains("account=\"tactical\"") && metrics.contains("account=\"nsight\""));
    std::fs::write(&config, "accounts: [").unwrap();
    process.signal("HUP");
    until_logged(&mut process, "nothing has changed", 1);
    let page = String::from_utf8(get(address, "/", &[]).unwrap().2).unwrap();
    assert!(page.contains("The last reload of the configuration failed"), "{page}");
    std::fs::write(&config, &good).unwrap();
    for _ in 0..20 {
        process.signal("HUP");
    }
    until_logged(&mut process, "added=tactical", 1);
    // A reload and the end, one right after the other.
    process.signal("HUP");
    process.signal("TERM");
    let ended = process.end(Duration::from_secs(5));
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    search("the log", &ended.stderr, &[NSIGHT_KEY, TACTICAL_KEY]);
}

#[test]
fn a_reload_by_http_answers_when_it_is_done_and_reads_keys_again() {
    let servers = Servers::start();
    let config = servers.config(NSIGHT_KEY, TACTICAL_KEY);
    let mut process = Process::start(exporter().args([&with_config(&config), LISTEN, "--web.enable-lifecycle"]));
    let address = process.address();
    process.until_ok(address, "/-/ready");
    assert_eq!(ask(address, "GET", "/-/reload", &[]).unwrap().0, 405);
    let reload = || {
        let (status, _, body) = ask(address, "POST", "/-/reload", &[]).unwrap();
        (status, String::from_utf8(body).unwrap())
    };
    assert_eq!(reload(), (200, "Reloaded.\n".to_owned()));
    // A key that is gone, and one that is none: nothing changes.
    let key_file = servers.directory.path().join("nsight.key");
    for broken in ["", "two words"] {
        std::fs::write(&key_file, broken).unwrap();
        let (status, body) = reload();
        assert!(status == 500 && body.contains("nsight.key") && body.contains("rmm-exporter.yml:5"), "{status} {body}");
    }
    std::fs::remove_file(&key_file).unwrap();
    assert_eq!(reload().0, 500);
    let all = parse(&String::from_utf8(get(address, "/metrics", &[]).unwrap().2).unwrap());
    assert_eq!(value(&all, "rmm_exporter_config_last_reload_success", &[]), Some(0.0));
    assert_eq!(value(&all, "rmm_up", &[("account", "nsight")]), Some(1.0));
    // Another key is taken by a reload, long before anybody refuses the old one.
    let accepted = |calls: Vec<demo::Call>| calls.last().is_some_and(|call| call.key_accepted);
    servers.config("Some+Other/Key0123456789abcdefgh", TACTICAL_KEY);
    assert!(!process.stderr().contains("key has changed"));
    assert_eq!(ask(address, "PUT", "/-/reload", &[]).unwrap().0, 200);
    until_logged(&mut process, "the API key has changed", 1);
    until_logged(&mut process, "new_key=nsight unchanged=tactical", 1);
    let changed = process.stderr().lines().find(|line| line.contains("the API key has changed")).map(str::to_owned);
    assert!(changed.as_ref().is_some_and(|line| line.contains(" account=nsight ")), "{changed:?}");
    let audit = servers.demo.nsight.handle.audit();
    until("the new key is refused", PATIENCE, || !accepted(audit.calls()));
    servers.config(NSIGHT_KEY, TACTICAL_KEY);
    assert_eq!(reload().0, 200);
    until("the old key is accepted", PATIENCE, || accepted(audit.calls()));
    let status: serde_json::Value = serde_json::from_slice(&get(address, "/api/v1/status", &[]).unwrap().2).unwrap();
    assert_eq!(status["configuration"]["success"], true);
    assert!(status["configuration"]["last_success"].is_string(), "{status}");
    process.signal("TERM");
    let ended = process.end(Duration::from_secs(5));
    // Once there and once back.
    assert_eq!(ended.stderr.matches("the API key has changed").count(), 2, "{}", ended.stderr);
    search("the log", &ended.stderr, &[NSIGHT_KEY, TACTICAL_KEY, "Some+Other/Key0123456789abcdefgh"]);
}
