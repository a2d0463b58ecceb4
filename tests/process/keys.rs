//! API keys: taken from files while it runs, and shown nowhere.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use rmm_exporter::demo::{Fault, RetryAfter, Scope};

use crate::servers::{LISTEN, NSIGHT_KEY, Servers, TACTICAL_KEY, until_logged, with_config};
use crate::support::child::{Process, exporter, run};
use crate::support::servers::until;
use crate::support::{PATIENCE, get};

#[test]
fn a_new_key_in_the_file_is_taken_without_a_restart() {
    let servers = Servers::start();
    let config = servers.config("wrong-key-1", "wrong-key-2");
    let mut process = Process::start(exporter().args([&with_config(&config), LISTEN]));
    let address = process.address();
    until_logged(&mut process, "outcome=auth_error", 2);
    assert_ne!(get(address, "/-/ready", &[]).unwrap().0, 200);
    servers.config(NSIGHT_KEY, TACTICAL_KEY);
    process.until_ok(address, "/-/ready");
    until_logged(&mut process, "the API key has changed", 1);
    search("the log", &process.stderr(), &[NSIGHT_KEY, TACTICAL_KEY]);
}

/// The key as it could show up: plain, in a URL, in base64, and parts of it.
fn forms(key: &str) -> Vec<String> {
    let mut forms = vec![key.to_owned(), key[..12].to_owned(), key[key.len() - 12..].to_owned()];
    forms.push(url::form_urlencoded::byte_serialize(key.as_bytes()).collect());
    let percent =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let encoded: String = key.bytes().map(percent).collect();
    forms.extend([encoded.to_lowercase(), encoded]);
    for skipped in 0..3 {
        // What of the key is the same wherever base64 begins.
        let base64 = base64(&key.as_bytes()[skipped..]);
        forms.push(base64[..key.len()].to_owned());
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sextets = bytes.chunks(3).flat_map(|chunk| {
        let number = (0..3).fold(0_usize, |sum, at| sum << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[number >> shift & 63]))
    });
    sextets.collect()
}

pub fn search(what: &str, text: &str, keys: &[&str]) {
    for form in keys.iter().flat_map(|key| forms(key)) {
        assert!(!text.contains(&form), "{what} holds the key as {form}: {text}");
    }
}

#[test]
fn the_key_is_nowhere() {
    assert_eq!(base64(b"key!key"), "a2V5IWtleQAA", "the test's own encoder");
    for format in ["logfmt", "json"] {
        let servers = Servers::start();
        let config = servers.config_within("700ms", NSIGHT_KEY, TACTICAL_KEY);
        let arguments =
            ["--log.level=trace", &format!("--log.format={format}"), LISTEN, &with_config(&config)].map(str::to_owned);
        let mut process = Process::start(exporter().args(&arguments));
        let address = process.address();
        process.until_ok(address, "/-/ready");
        let keys = [NSIGHT_KEY, TACTICAL_KEY, "Wrong+Key/0123456789%41=abcdef"];
        let pages = |round: &str| {
            for (page, headers) in [
                ("/metrics", &[][..]),
                ("/metrics", &["Accept: application/openmetrics-text"]),
                ("/", &[]),
                ("/api/v1/status", &[]),
                ("/-/ready", &[]),
                ("/metrics?account=x", &[]),
            ] {
                let (_, head, body) = get(address, page, headers).unwrap();
                search(&format!("{page} {round}"), &(head + &String::from_utf8(body).unwrap()), &keys);
            }
        };
        pages("when well");
        let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for fault in [
            Fault::Status(500),
            Fault::Status(401),
            Fault::TooManyRequests(RetryAfter::Seconds(0)),
            Fault::ForbiddenHtml,
            Fault::ForbiddenJson,
            Fault::HtmlPage,
            Fault::CutBody,
            Fault::EmptyBody,
            Fault::ResetMidBody,
            Fault::Fail(3),
            Fault::Fail(7),
            Fault::Redirect(302, format!("http://{dead}/{NSIGHT_KEY}")),
            Fault::DeepNesting(500),
            Fault::NeverAnswer,
        ] {
            for server in [&servers.demo.nsight, &servers.demo.tactical] {
                server.handle.clear_faults();
                server.handle.set_fault(fault.clone(), Scope::ALL);
            }
            let calls =
                || [&servers.demo.nsight, &servers.demo.tactical].map(|server| server.handle.audit().calls().len());
            let before = calls();
            until("each is called", PATIENCE, || calls().iter().zip(before).all(|(calls, before)| *calls > before));
            std::thread::sleep(Duration::from_millis(100));
            pages(&format!("during {fault:?}"));
        }
        servers.demo.stop(); // Connections are refused.
        std::thread::sleep(Duration::from_millis(600));
        servers.config(keys[2], keys[2]);
        pages("when gone");
        let command_line = std::fs::read(format!("/proc/{}/cmdline", process.id())).unwrap_or_default();
        search("the command line", &String::from_utf8_lossy(&command_line), &keys);
        process.signal("TERM");
        let ended = process.end(Duration::from_secs(6));
        assert_eq!(ended.status.code(), Some(0));
        for outcome in ["auth_error", "http_error", "blocked", "invalid_response", "connect_error"] {
            assert!(ended.stderr.contains(outcome), "the test did not provoke {outcome}: {}", ended.stderr);
        }
        search("stdout", &ended.stdout, &keys);
        search("stderr", &ended.stderr, &keys);
        // Wrong from the start, in the foreground.
        let servers = Servers::start();
        let config = servers.config(keys[2], keys[2]);
        let mut command = exporter();
        command.args(["collect", "--log.level=trace", &format!("--log.format={format}"), &with_config(&config)]);
        let ended = run(command.stdin(Stdio::null()).env("RUST_BACKTRACE", "full"));
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains("auth_error"), "{}", ended.stderr);
        search("collect", &(ended.stdout + &ended.stderr), &keys);
    }
}
